"""What clients of brokers and queues show of a record or a message, and what tools between them hand on, one row each.

Sources: KafkaJS, Node.js' `Buffer`, confluent-kafka-go and -dotnet, kaf, Kafdrop, Lenses' exports, Conduit's OpenCDC,
Cloudflare Queues, the queues of Azure and Yandex, topics of Huawei's SMN and Tencent's CMQ, Event Hubs and Service Bus
as their clients show them, OpenWhisk's feed of Kafka, Redis's connector for streams, Step Functions, EventBridge's
pipes, Argo Events, Hermes, Nakadi, JSON-RPC 2.0, Moleculer, KurrentDB, OpenShift's logs.
"""

from __future__ import annotations

from typing import Any

from consumer.errors import Malformed
from consumer.wire.changes import row_at
from consumer.wire.fields import Json
from consumer.wire.payloads import (
    ANY_VALUE,
    Envelope,
    Nothing,
    Payload,
    at,
    has,
    has_any,
    json_or_base64_at,
    json_or_base64_or_itself,
    lacks,
    list_at,
    one_has,
    or_tombstone,
    shown,
)
from consumer.wire.rows import opened_row

_OPERATIONS = {"create": "c", "snapshot": "r", "update": "u", "delete": "d"}


def _of_kafkajs(node: Json) -> Payload:
    value = node["message"]["value"]
    return Nothing("no_value") if value is None else value


def _buffer(node: Json) -> Payload:
    try:
        return bytes(node["data"])
    except (TypeError, ValueError):
        raise Malformed("a Buffer of Node.js that is not of bytes") from None


def _row_of_conduit(node: Json) -> Any:
    return json_or_base64_or_itself(node["payload"].get("after"))


def _operation_of_conduit(node: Json) -> str | None:
    return _OPERATIONS.get(node["operation"])


def _of_dotnet(node: Json) -> Payload:
    return shown("Value")(node["Message"])


def _of_redis(node: Json) -> Payload:
    """The fields of an entry, of which one holds the event, or which are the event's."""
    body = node["body"]
    return next(iter(body.values())) if len(body) == 1 else opened_row(body)


def _is_of_argo(node: Json) -> bool:
    return bool(node["context"].keys() >= {"source", "specversion", "type"})


CLIENTS = (
    Envelope(
        "KafkaJS", {"topic": str, "partition": int, "message": dict}, _of_kafkajs, frozenset(),
        lambda node: node["message"].keys() >= {"value", "offset"},
    ),
    Envelope("KafkaJS", {"magicByte": int, "batchContext": dict, "value": ANY_VALUE}, shown("value")),
    Envelope("Node.js", {"type": str, "data": list}, _buffer, frozenset(), has(type="Buffer")),
    Envelope("confluent-kafka-go", {"TopicPartition": dict, "Value": (str, type(None))}, shown("Value")),
    Envelope(
        "confluent-kafka-dotnet", {"Topic": str, "Message": dict, "IsPartitionEOF": bool}, _of_dotnet,
        holds=lambda node: "Value" in node["Message"],
    ),
    Envelope(
        "Kafdrop", {"partition": int, "offset": int, "message": (str, type(None))}, shown("message"),
        frozenset({"headers", "key", "timestamp"}),
    ),
    Envelope(
        "kaf", {"partition": int, "offset": int, "payload": ANY_VALUE}, shown("payload"),
        frozenset({"headers", "key", "timestamp"}),
    ),
    Envelope(
        "Lenses", {"value": ANY_VALUE, "metadata": dict}, or_tombstone("value"), frozenset({"key"}),
        lambda node: node["metadata"].keys() >= {"partition", "offset"},
    ),
    Envelope(
        "Conduit", {"position": str, "operation": str, "metadata": dict, "payload": dict},
        row_at(_row_of_conduit, _operation_of_conduit), holds=lambda node: node["operation"] in _OPERATIONS,
    ),
    Envelope(
        "Cloudflare's queue", {"body": (dict, list, str), "id": str, "timestamp_ms": int, "attempts": int},
        json_or_base64_at("body"),
    ),
    Envelope(
        "Cloudflare's queue", {"success": bool, "result": dict}, lambda node: list_at("messages")(node["result"]),
        frozenset({"errors", "messages", "result_info"}),
        lambda node: isinstance(node["result"].get("messages"), list),
    ),
    Envelope(
        "Yandex's triggers", {"messages": list}, list_at("messages"), frozenset(),
        one_has("messages", "event_metadata", "details"),
    ),
    Envelope(
        "Yandex's queue", {"event_metadata": dict, "details": dict}, json_or_base64_at("details", "message", "body"),
        frozenset(), lambda node: isinstance(node["details"].get("message"), dict),
    ),
    Envelope(
        "OpenWhisk", {"messages": list}, list_at("messages"), frozenset(),
        one_has("messages", "topic", "partition", "offset", "value"),
    ),
    Envelope(
        "SMN", dict.fromkeys(("topic_urn", "message_id", "type", "message"), str), at("message"),
        holds=has(type="Notification"),
    ),
    Envelope(
        "CMQ", dict.fromkeys(("TopicOwner", "subscriptionName", "msgId", "msgBody"), str),
        json_or_base64_at("msgBody"), shares=frozenset({"topicName"}),
    ),
    Envelope("Azure's queue", {"messageText": str, "popReceipt": str}, json_or_base64_at("messageText")),
    Envelope("Azure's queue", {"MessageText": str, "PopReceipt": str}, json_or_base64_at("MessageText")),
    Envelope(
        "Event Hubs", {"body": (dict, list, str), "enqueuedTimeUtc": str, "sequenceNumber": int},
        json_or_base64_at("body"),
    ),
    Envelope(
        "Service Bus", {"body": (dict, list, str), "messageId": str, "deliveryCount": int, "enqueuedTimeUtc": str},
        json_or_base64_at("body"),
    ),
    Envelope("Redis", {"id": str, "stream": str, "body": dict}, _of_redis, frozenset()),
    Envelope("Step Functions", {"executionArn": str, "input": str}, at("input")),
    Envelope(
        "EventBridge's pipe", {"context": dict, "version": str, "timestamp": str, "payload": (dict, list, str)},
        json_or_base64_at("payload"), frozenset(),
    ),
    Envelope(
        "Argo Events", {"context": dict, "data": (dict, str)}, json_or_base64_at("data"), frozenset(), _is_of_argo
    ),
    Envelope(
        "Hermes", {"metadata": dict, "message": dict}, at("message"), frozenset(),
        lambda node: node["metadata"].keys() >= {"id", "timestamp"},
    ),
    Envelope(
        "Nakadi", {"metadata": dict, "data_op": str, "data": dict}, row_at(at("data"), at("data_op")),
        holds=lambda node: "eid" in node["metadata"],
    ),
    Envelope(
        "Nakadi", {"cursor": dict, "events": list}, list_at("events"), frozenset({"info"}),
        one_has("events", "metadata"),
    ),
    Envelope("JSON-RPC", {"jsonrpc": str, "method": str, "params": (dict, list)}, at("params"), frozenset({"id"})),
    Envelope(
        "Moleculer", {"ver": str, "sender": str, "event": str, "data": (dict, list, str)}, at("data"),
        shares=frozenset({"sender"}),
    ),
    Envelope(
        "KurrentDB", {"eventId": str, "eventType": str, "data": (dict, str)}, json_or_base64_at("data"),
        holds=has_any({"eventNumber", "eventStreamId", "streamId"}),
    ),
    Envelope(
        "OpenShift's logs", {"@timestamp": str, "message": str, "openshift": dict}, at("message"),
        holds=lacks("@metadata", "@version", "agent"),
    ),
)  # fmt: skip

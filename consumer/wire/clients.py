"""What clients of brokers and queues show of a record or a message, and what tools between them hand on, one row each.

Sources: KafkaJS, Node.js' `Buffer`, confluent-kafka-go, Lenses' exports, Conduit's OpenCDC, Cloudflare Queues, Azure's
queues, Event Hubs and Service Bus as their clients show them, Step Functions, EventBridge's pipes, JSON-RPC 2.0,
Moleculer, KurrentDB, OpenShift's logs.
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
    or_tombstone,
    shown,
)

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


CLIENTS = (
    Envelope(
        "KafkaJS", {"topic": str, "partition": int, "message": dict}, _of_kafkajs, frozenset(),
        lambda node: node["message"].keys() >= {"value", "offset"},
    ),
    Envelope("Node.js", {"type": str, "data": list}, _buffer, frozenset(), has(type="Buffer")),
    Envelope("confluent-kafka-go", {"TopicPartition": dict, "Value": (str, type(None))}, shown("Value")),
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
    Envelope("Step Functions", {"executionArn": str, "input": str}, at("input")),
    Envelope(
        "EventBridge's pipe", {"context": dict, "version": str, "timestamp": str, "payload": (dict, list, str)},
        json_or_base64_at("payload"), frozenset(),
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

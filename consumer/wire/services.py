"""The envelopes that services, automations and frameworks of messaging put around events, one row each.

Sources: Firehose's and Lambda's records of what failed, Confluent's connectors for Service Bus and Pub/Sub, the HTTP
source connector, `rpk`, Segment's and RudderStack's track calls, Node-RED, n8n, rules of EMQX, JetStream's API,
NServiceBus, Alibaba's MNS with its topics and its EventBridge, Ably's integrations, Snowflake's connector for Kafka,
Elasticsearch's search, Dapr's bulk subscriptions, the `Envelope` of Wolverine, CAP's stored messages, Salesforce's
streaming API, Azure's Functions, IoT Hub and Event Grid's namespaces, jobs of Celery and Dramatiq, Axon, NestJS,
Eventuate, Watermill's forwarder, Pulsar's WebSocket API, and what interfaces of Kafka show of a record: kafka-ui, AKHQ,
Redpanda Console, Confluent's.
"""

from __future__ import annotations

from typing import Any

from consumer.errors import Malformed
from consumer.wire.coded import of_base64
from consumer.wire.fields import Json, may_be_json
from consumer.wire.parsing import parse
from consumer.wire.payloads import (
    ANY_VALUE,
    OF_RECORDS,
    Envelope,
    Nothing,
    Payload,
    Several,
    at,
    base64_at,
    each_of,
    field_of,
    has,
    json_or_base64,
    json_or_base64_at,
    json_or_base64_or_itself,
    lacks,
    list_at,
    of_base64_or_itself,
    one_has,
    or_tombstone,
    shown,
)
from consumer.wire.pubsub import TELLING_ATTRIBUTES

_COUNT = (int, str)
_TEXT = (str, type(None))
_OF_SEARCHES = frozenset({"_scroll_id", "_shards", "aggregations", "pit_id", "timed_out", "took"})

_OF_SVIX = frozenset({"channels", "deliverAt", "eventId", "id", "tags", "timestamp"})


def _published_by_ably(message: Any) -> Payload:
    """Its encodings stand behind each other, the last one first to be taken off."""
    data = field_of(message, "data")
    encoded = data is not message and str(message.get("encoding")).endswith("base64")
    return of_base64_or_itself(data) if encoded else data


def _delivered_by_dapr(entry: Any) -> Payload:
    """An entry of a bulk: a CloudEvent, or what was published raw."""
    return json_or_base64_or_itself(field_of(entry, "event"))


def _to_do(listed: Any, named: Any) -> Payload:
    """What a job works on: that of its arguments which may be an event. Its named ones may be the event's fields."""
    named = named if isinstance(named, dict) else {}
    if not TELLING_ATTRIBUTES.isdisjoint(named):
        return named
    arguments = [*(listed if isinstance(listed, list) else ()), *named.values()]
    found = [each for each in arguments if isinstance(each, dict | list) or may_be_json(each)]
    if not found:
        raise Malformed("a job with no argument that may be an event")
    return found[0] if len(found) == 1 else Several(found)


def _of_celery(node: Json) -> Payload:
    """Its arguments, those by name, and what is to be called next; one object in its first protocol."""
    is_coded = node["properties"].get("body_encoding") == "base64"
    try:
        body = parse(of_base64(node["body"]) if is_coded else node["body"])
    except Malformed:
        raise Malformed("a message of Celery whose body is no JSON: set `task_serializer=json`") from None
    if isinstance(body, list) and len(body) == 3:
        return _to_do(body[0], body[1])
    return _to_do(body.get("args"), body.get("kwargs")) if isinstance(body, dict) else _to_do(None, None)


def _decoded(node: Json) -> Payload:
    value = node["value"]
    return Nothing("no_value") if value.get("isPayloadNull") is True else value.get("payload")


def _elsewhere(node: Json) -> Payload:
    raise Malformed("it tells of an object in S3, which is not read: have what the object holds sent in its place")


def _is_no_batch_s(node: Json) -> bool:
    """Lambda and Spark write records with their topics and kinds of time."""
    return not node.keys() >= {"topic", "timestampType"}


def _is_streamed(node: Json) -> bool:
    channel: str = node["channel"]
    return channel.startswith(("/event/", "/data/", "/topic/", "/u/"))


def _is_of_cap(node: Json) -> bool:
    return "cap-msg-id" in node["Headers"]


def _is_of_nservicebus(node: Json) -> bool:
    return any(name.startswith("NServiceBus.") for name in node["Headers"])


SERVICES = (
    Envelope(
        "Firehose failure",
        {"rawData": str, "attemptsMade": _COUNT, "arrivalTimestamp": _COUNT, "attemptEndingTimestamp": _COUNT},
        base64_at("rawData"),
    ),
    Envelope(
        "Lambda destination", {"requestContext": dict, "KafkaBatchInfo": dict, "payload": (dict, str)}, at("payload")
    ),
    Envelope(
        "Service Bus", {"messageBody": str, "deliveryCount": int, "lockedUntilUtc": int, "enqueuedTimeUtc": int},
        json_or_base64_at("messageBody"),
    ),
    Envelope(
        "Pub/Sub message", {"MessageData": str, "AttributeMap": (dict, type(None))}, json_or_base64_at("MessageData"),
        frozenset(),
    ),
    Envelope(
        "Pub/Sub message", {"MessageData": str, "AttributesMap": (dict, type(None))}, json_or_base64_at("MessageData"),
        frozenset(),
    ),
    Envelope(
        "track call", {"type": str, "event": str, "messageId": str, "properties": dict}, at("properties"),
        holds=has(type="track"), shares=frozenset({"channel"}),
    ),
    Envelope("HTTP source", {"key": str, "value": str, "timestamp": int}, at("value"), frozenset()),
    Envelope("Node-RED", {"_msgid": str, "payload": (dict, list, str)}, at("payload")),
    Envelope("n8n item", {"json": dict}, at("json"), frozenset({"binary", "pairedItem"})),
    Envelope("EMQX", {"event": str, "clientid": str, "topic": str, "payload": (dict, str)}, at("payload")),
    Envelope(
        "EMQX", {"event": str, "node": str, "metadata": dict, "payload": (dict, str)}, at("payload"),
        holds=lambda node: "clientid" not in node and "rule_id" in node["metadata"],
    ),
    Envelope(
        "EMQX", {"topic": str, "offset": int, "ts_type": str, "value": _TEXT},
        lambda node: json_or_base64(or_tombstone("value")(node)),
    ),
    Envelope(
        "EMQX", {"message_id": str, "publishing_time": str, "value": str}, json_or_base64_at("value")
    ),
    Envelope(
        "MQTT", {"topic": str, "payload": (dict, str), "qos": int}, json_or_base64_at("payload"), holds=lacks("event")
    ),
    Envelope(
        "JetStream", {"type": str, "message": dict}, base64_at("message", "data"),
        holds=lambda node: node["type"].startswith("io.nats."),
    ),
    Envelope("NServiceBus", {"Headers": dict, "Body": str}, json_or_base64_at("Body"), holds=_is_of_nservicebus),
    Envelope("Snowflake", {"RECORD_METADATA": dict, "RECORD_CONTENT": (dict, str)}, at("RECORD_CONTENT"), frozenset()),
    Envelope(
        "Elasticsearch", {"hits": dict}, lambda node: list_at("hits")(node["hits"]), _OF_SEARCHES,
        lambda node: isinstance(node["hits"].get("hits"), list),
    ),
    Envelope(
        "MNS", dict.fromkeys(("TopicOwner", "TopicName", "SubscriptionName", "MessageId", "Message"), str),
        json_or_base64_at("Message"),
    ),
    Envelope("MNS", {"messageId": str, "messageBody": str, "requestId": str}, json_or_base64_at("messageBody")),
    Envelope("MNS", {"messageId": str, "messageBody": str, "receiptHandle": str}, json_or_base64_at("messageBody")),
    Envelope("MNS", {"MessageId": str, "MessageBody": str, "ReceiptHandle": str}, json_or_base64_at("MessageBody")),
    Envelope(
        "Ably", {"source": str, "channel": str, "ruleId": str, "messages": list},
        each_of("messages", _published_by_ably), holds=has(source="channel.message"), shares=frozenset({"channel"}),
    ),
    Envelope(
        "Ably batch", {"items": list}, list_at("items"), frozenset(), one_has("items", "webhookId", "source", "data")
    ),
    Envelope("Ably", {"webhookId": str, "source": str, "data": dict}, at("data")),
    Envelope(
        "Ably", {"channelId": str, "messages": list}, each_of("messages", _published_by_ably), frozenset({"site"})
    ),
    Envelope(
        "Dapr", {"entries": list, "pubsubname": str, "topic": str, "type": str},
        each_of("entries", _delivered_by_dapr), holds=has(type="com.dapr.event.sent.bulk"),
    ),
    Envelope("Dapr", {"entryId": str, "event": (dict, str), "contentType": str}, _delivered_by_dapr),
    Envelope("Wolverine", dict.fromkeys(("Id", "Data", "MessageType", "SentAt"), str), json_or_base64_at("Data")),
    Envelope("CAP", {"Headers": dict, "Value": (dict, str)}, at("Value"), frozenset(), _is_of_cap),
    Envelope(
        "Salesforce", {"data": dict, "channel": str}, at("data"), frozenset({"clientId", "ext", "id"}), _is_streamed,
        shares=frozenset({"channel"}),
    ),
    Envelope(
        "Salesforce", {"event": dict, "payload": (dict, str)}, at("payload"), frozenset(),
        lambda node: node["event"].keys() >= {"createdDate", "replayId"},
    ),
    Envelope(
        "kafka-ui", {"Value": _TEXT, "Offset": int, "Partition": int, "Timestamp": str}, shown("Value"),
        frozenset({"Headers", "Key"}),
    ),
    Envelope(
        "kafka-ui", {"partition": int, "offset": int, "timestampType": str, "content": _TEXT}, shown("content"),
        holds=lacks("topic", "value"),
    ),
    Envelope(
        "kafka-ui", {"partition": int, "offset": int, "valueSerde": str, "value": _TEXT}, shown("value"),
        holds=lacks("content", "topic"),
    ),
    Envelope(
        "AKHQ", {"partition": _COUNT, "offset": _COUNT, "exceptions": list, "value": _TEXT}, shown("value"),
        holds=lambda node: not isinstance(node.get("topic"), str),
    ),
    Envelope(
        "Redpanda Console", {"partitionID": int, "offset": int, "isTransactional": bool, "value": dict}, _decoded
    ),
    Envelope(
        "Kafka record", {"partition": _COUNT, "offset": _COUNT, "value": ANY_VALUE},
        lambda node: json_or_base64_or_itself(or_tombstone("value")(node)), OF_RECORDS, _is_no_batch_s,
    ),
    Envelope(
        "Azure Functions", {"Topic": str, "Partition": int, "Offset": int, "Value": _TEXT}, shown("Value")
    ),
    Envelope(
        "IoT Hub", {"EnqueuedTimeUtc": str, "SystemProperties": dict, "Body": (dict, list, str)},
        json_or_base64_at("Body"), holds=lacks("SequenceNumber"),
    ),
    Envelope(
        "Celery", {"body": str, "content-encoding": str, "content-type": str, "headers": dict, "properties": dict},
        _of_celery,
    ),
    Envelope(
        "Dramatiq", {"actor_name": str, "queue_name": str, "args": list, "kwargs": dict},
        lambda node: _to_do(node["args"], node["kwargs"]),
    ),
    Envelope(
        "Watermill", {"destination_topic": str, "uuid": str, "payload": str, "metadata": dict}, base64_at("payload")
    ),
    Envelope(
        "Pulsar", {"messageId": str, "payload": str, "publishTime": str, "redeliveryCount": int}, base64_at("payload")
    ),
    Envelope("Event Grid", {"value": list}, list_at("value"), frozenset(), one_has("value", "brokerProperties")),
    Envelope("Event Grid", {"brokerProperties": dict, "event": dict}, at("event"), frozenset()),
    Envelope("Svix", {"eventType": str, "payload": dict}, at("payload"), _OF_SVIX),
    Envelope("S3", {"eventSource": str, "s3": dict}, _elsewhere, holds=has(eventSource="aws:s3")),
    Envelope("S3", {"s3BucketName": str, "s3Key": str}, _elsewhere, frozenset()),
    Envelope("Axon", {"payloadType": str, "payload": (dict, str), "metaData": dict}, json_or_base64_at("payload")),
    Envelope("NestJS", {"pattern": (str, dict), "data": (dict, str)}, at("data"), frozenset({"id"})),
    Envelope(
        "Eventuate", {"payload": str, "headers": dict}, at("payload"), frozenset(),
        lambda node: node["headers"].keys() >= {"ID", "PARTITION_ID"},
    ),
)  # fmt: skip

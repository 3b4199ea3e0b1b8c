"""The envelopes that transports put around events, one row each: its complete signature, and where its payload is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consumer.errors import Malformed
from consumer.wire.fields import Json


@dataclass(frozen=True, slots=True)
class Nothing:
    """An envelope that by its own word holds no event."""

    is_value: bool  # false: the record stands for the absence of one, as a tombstone does


@dataclass(frozen=True, slots=True)
class Several:
    """Several payloads, each an event of its own."""

    payloads: Sequence[Any]


Payload = Any  # JSON that was parsed already; a text or bytes that hold JSON; `Several` or `Nothing`


@dataclass(frozen=True, slots=True)
class Envelope:
    """`requires`: keys and the types of their values; `allows`: if given, no key but these may be there besides."""

    name: str
    requires: Mapping[str, type | tuple[type, ...]]
    payload: Callable[[Json], Payload]
    allows: frozenset[str] | None = None
    holds: Callable[[Json], bool] | None = None

    def matches(self, node: Json) -> bool:
        requires = self.requires
        for key in requires:
            if key not in node or not isinstance(node[key], requires[key]):
                return False
        if self.allows is not None and not node.keys() <= requires.keys() | self.allows:
            return False
        return self.holds is None or self.holds(node)


def of_base64(text: object) -> bytes:
    if not isinstance(text, str):
        raise Malformed("an envelope without its payload")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("an envelope's payload is not base64") from None


def _at(*path: str) -> Callable[[Json], Payload]:
    def payload(node: Json) -> Payload:
        inner: Any = node
        for key in path:
            inner = inner.get(key) if isinstance(inner, dict) else None
        return inner

    return payload


def _base64_at(*path: str) -> Callable[[Json], Payload]:
    inner = _at(*path)
    return lambda node: of_base64(inner(node))


def _list_at(key: str) -> Callable[[Json], Payload]:
    return lambda node: Several(node[key])


def _has(**values: str | tuple[str, ...]) -> Callable[[Json], bool]:
    """Whether each of these keys has its value, or one of its values."""
    return lambda node: all(node[key] == value or node[key] in value for key, value in values.items())


def _all_data(key: str) -> Callable[[Json], bool]:
    return lambda node: all(isinstance(each, dict) and isinstance(each.get("data"), str) for each in node[key])


def _records_of_all_partitions(node: Json) -> Payload:
    return Several([record for records in node["records"].values() if isinstance(records, list) for record in records])


def _event_grid(node: Json) -> Payload:
    """Genesys's blueprint for Event Grid puts the event of EventBridge into `data.message`, whatever schema is asked
    for."""
    data = node["data"]
    return data["message"] if isinstance(data, dict) and data.keys() == {"message"} else data


def _cloud_event(node: Json) -> Payload:
    return _event_grid(node) if node.get("data") is not None else of_base64(node.get("data_base64"))


def _is_of_blueprint(node: Json) -> bool:
    return isinstance(node["message"].get("detail-type"), str) and "detail" in node["message"]


def _connect(node: Json) -> Payload:
    schema, payload = node["schema"], node["payload"]
    if payload is None:
        return Nothing(is_value=False)
    return of_base64(payload) if schema is not None and schema["type"] == "bytes" else payload


def _is_connect_schema(node: Json) -> bool:
    return node["schema"] is None or isinstance(node["schema"].get("type"), str)


def _gateway_body(node: Json) -> Payload:
    return of_base64(node["body"]) if node["isBase64Encoded"] else node["body"]


def _guest_body(node: Json) -> Payload:
    return node["body"] if node["class"] == "StructuredMessage" else Nothing(is_value=True)


def _logged(node: Json) -> Payload:
    """A control message says that the subscription works."""
    events = node["logEvents"] if node["messageType"] == "DATA_MESSAGE" else []
    return Several([event.get("message") if isinstance(event, dict) else event for event in events])


def _binary_or_json(node: Json) -> Payload:
    return of_base64(node["value"]) if isinstance(node["value"], str) else node["value"]


# ---- rows of a database, as change data capture brings them

DELETED = ("d", "D", "t", "delete", "DELETE", "drop", "truncate")


def _row_at(key: str, *operation: str) -> Callable[[Json], Payload]:
    """The row as it is now; none once it is deleted. `operation`: where that stands."""
    read = _at(*operation)

    def payload(node: Json) -> Payload:
        row = None if read(node) in DELETED else node.get(key)
        if row is None:
            return Nothing(is_value=False)
        return Several(row) if isinstance(row, list) else row

    return payload


def _is_of_dms(node: Json) -> bool:
    return bool(node["metadata"].get("record-type") == "data")


_ROW = (dict, str, type(None))

_PAGES = frozenset({
    "pageSize", "pageNumber", "pageCount", "total", "totalHits", "firstUri", "lastUri", "nextUri", "previousUri",
    "selfUri", "cursor", "startId", "aggregations", "dataAvailabilityDate",
})  # fmt: skip

ENVELOPES = (
    # Amazon: "Using AWS Lambda with …", "Amazon SNS message formats", the API references of SQS, Kinesis and Firehose.
    Envelope("Lambda batch", {"Records": list}, _list_at("Records"), frozenset()),
    Envelope("SQS", {"messageId": str, "receiptHandle": str, "body": str}, _at("body")),
    Envelope("SQS", {"MessageId": str, "ReceiptHandle": str, "Body": str}, _at("Body")),
    Envelope(
        "SQS", {"messageId": str, "eventSource": str, "body": str}, _at("body"), holds=_has(eventSource="aws:sqs")
    ),
    Envelope(
        "SNS", {"Type": str, "MessageId": str, "TopicArn": str, "Message": str}, _at("Message"),
        holds=_has(Type="Notification"),
    ),
    Envelope("Lambda SNS record", {"EventSource": str, "Sns": dict}, _at("Sns"), holds=_has(EventSource="aws:sns")),
    Envelope(
        "Kinesis", {"kinesis": dict, "eventSource": str}, _base64_at("kinesis", "data"),
        holds=_has(eventSource="aws:kinesis"),
    ),
    Envelope("Kinesis", {"partitionKey": str, "sequenceNumber": str, "data": str}, _base64_at("data")),
    Envelope("Kinesis", {"PartitionKey": str, "SequenceNumber": str, "Data": str}, _base64_at("Data")),
    Envelope(
        "Firehose", {"requestId": str, "timestamp": int, "records": list},
        lambda node: Several([of_base64(record["data"]) for record in node["records"]]), holds=_all_data("records"),
    ),
    Envelope("Firehose", {"invocationId": str, "deliveryStreamArn": str, "records": list}, _list_at("records")),
    Envelope("Firehose record", {"recordId": str, "approximateArrivalTimestamp": int, "data": str}, _base64_at("data")),
    Envelope(
        "Lambda Kafka batch", {"eventSource": str, "records": dict}, _records_of_all_partitions,
        holds=_has(eventSource=("aws:kafka", "SelfManagedKafka")),
    ),
    Envelope(
        "Lambda Kafka record",
        {"topic": str, "partition": int, "offset": int, "timestampType": str, "value": str},
        _base64_at("value"),
    ),
    Envelope("API Gateway", {"requestContext": dict, "body": str, "isBase64Encoded": bool}, _gateway_body),
    # Event Grid's event schema, CloudEvents 1.0 (structured mode), Kafka Connect's JsonConverter, Pub/Sub's push.
    Envelope(
        "Event Grid", dict.fromkeys(("id", "subject", "eventType", "eventTime"), str) | {"data": (dict, list, str)},
        _event_grid,
    ),
    Envelope("Event Grid's data", {"message": dict}, _at("message"), frozenset({"topic"}), _is_of_blueprint),
    Envelope("CloudEvents", dict.fromkeys(("specversion", "id", "type", "source"), str), _cloud_event),
    Envelope(
        "Kafka Connect", {"schema": (dict, type(None)), "payload": (dict, list, str, type(None))}, _connect,
        frozenset(), _is_connect_schema,
    ),
    Envelope(
        "Pub/Sub push", {"message": dict, "subscription": str}, _base64_at("message", "data"),
        holds=lambda node: isinstance(node["message"].get("data"), str),
    ),
    Envelope("Pub/Sub pull", {"receivedMessages": list}, _list_at("receivedMessages"), frozenset()),
    Envelope(
        "Pub/Sub message", {"ackId": str, "message": dict}, _base64_at("message", "data"),
        holds=lambda node: isinstance(node["message"].get("data"), str),
    ),
    Envelope("Pub/Sub message", {"messageId": str, "publishTime": str, "data": str}, _base64_at("data")),
    # Amazon: subscriptions of CloudWatch Logs, destinations of Lambda. Azure: Event Hubs Capture.
    Envelope("CloudWatch Logs", {"messageType": str, "logGroup": str, "logStream": str, "logEvents": list}, _logged),
    Envelope(
        "Lambda destination", {"requestContext": dict, "requestPayload": (dict, list), "timestamp": str},
        _at("requestPayload"),
    ),
    Envelope(
        "Event Hubs", {"SequenceNumber": int, "EnqueuedTimeUtc": str, "Body": (dict, list, str)}, _at("Body")
    ),
    Envelope("Service Bus", {"messageId": str, "sequenceNumber": int, "body": (dict, list, str)}, _at("body")),
    # Shippers of logs: Elastic Beats, Logstash. Records of Kafka: kcat -J, Confluent's REST Proxy.
    Envelope("Beats", {"@timestamp": str, "@metadata": dict, "message": str}, _at("message")),
    Envelope("Logstash", {"@timestamp": str, "@version": str, "message": str}, _at("message")),
    Envelope("kcat", {"topic": str, "partition": int, "offset": int, "tstype": str, "payload": str}, _at("payload")),
    Envelope(
        "Kafka REST", {"topic": str, "partition": int, "offset": int, "value": (dict, list, str)}, _binary_or_json,
        frozenset({"key"}),
    ),
    # Change data capture: Debezium and its outbox, MongoDB's change streams, Amazon DMS, Maxwell and Canal.
    Envelope("Debezium", {"op": str, "source": dict, "after": _ROW}, _row_at("after", "op")),
    Envelope(
        "outbox", dict.fromkeys(("aggregatetype", "aggregateid", "type"), str) | {"payload": (dict, str)},
        _at("payload"),
    ),
    Envelope(
        "MongoDB", {"operationType": str, "ns": dict, "documentKey": dict}, _row_at("fullDocument", "operationType")
    ),
    Envelope(
        "DMS", {"data": dict, "metadata": dict}, _row_at("data", "metadata", "operation"), frozenset(), _is_of_dms
    ),
    Envelope(
        "Maxwell", {"database": str, "table": str, "type": str, "ts": int, "data": (dict, list, type(None))},
        _row_at("data", "type"),
    ),
    # Genesys: the guest's socket of web messaging, and what its APIs list.
    Envelope(
        "guest socket", {"type": str, "class": str, "code": int, "body": (dict, str)}, _guest_body,
        holds=_has(type=("message", "response")),
    ),
    Envelope("listing", {"entities": list}, _list_at("entities"), _PAGES),
    Envelope("listing", {"conversations": list}, _list_at("conversations"), _PAGES),
)  # fmt: skip

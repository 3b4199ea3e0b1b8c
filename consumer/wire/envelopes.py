"""What transports put around events, and how it is taken off.

An envelope is known by its complete signature, never by one key: what customers write stands in the values of an event,
and must not pass for one. Strings are opened at an envelope's own payload alone. To add an envelope is to add a row.
"""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from consumer.errors import Malformed
from consumer.wire.fields import Json
from consumer.wire.parsing import documents

MAX_EVENTS = 5_000  # in one record: 1 MB of "0,0,0,…" would be half a million dead letters
MAX_WRAPPING = 8  # arrays, strings and envelopes around one event

# No transport's envelope has one of these.
GENESYS_FIELDS = frozenset(
    {"conversationId", "conversation", "topicName", "eventBody", "detail", "participants", "channel", "sender"}
)


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
    """Genesys's blueprint puts the event of EventBridge into `data.message`."""
    data = node["data"]
    return data["message"] if isinstance(data, dict) and data.keys() == {"message"} else data


def _cloud_event(node: Json) -> Payload:
    return node["data"] if node.get("data") is not None else of_base64(node.get("data_base64"))


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
    Envelope("CloudEvents", dict.fromkeys(("specversion", "id", "type", "source"), str), _cloud_event),
    Envelope(
        "Kafka Connect", {"schema": (dict, type(None)), "payload": (dict, list, str, type(None))}, _connect,
        frozenset(), _is_connect_schema,
    ),
    Envelope(
        "Pub/Sub push", {"message": dict, "subscription": str}, _base64_at("message", "data"),
        holds=lambda node: isinstance(node["message"].get("data"), str),
    ),
    # Genesys: the guest's socket of web messaging, and what its APIs list.
    Envelope(
        "guest socket", {"type": str, "class": str, "code": int, "body": (dict, str)}, _guest_body,
        holds=_has(type=("message", "response")),
    ),
    Envelope("listing", {"entities": list}, _list_at("entities"), _PAGES),
    Envelope("listing", {"conversations": list}, _list_at("conversations"), _PAGES),
)  # fmt: skip


def _by_first_key() -> dict[str, list[Envelope]]:
    """Nodes have few keys, and this table has many rows: a row is looked at where its rarest key is there."""
    found: dict[str, list[Envelope]] = defaultdict(list)
    for envelope in ENVELOPES:
        found[max(envelope.requires, key=_rarity)].append(envelope)
    return dict(found)


def _rarity(key: str) -> tuple[int, int]:
    """How few rows require it; then how long it is."""
    return -sum(key in envelope.requires for envelope in ENVELOPES), len(key)


_BY_KEY = _by_first_key()


def envelope_of(node: Json) -> Envelope | None:
    """The envelope that `node` is, by its complete signature."""
    if GENESYS_FIELDS.isdisjoint(node):
        for key in _BY_KEY.keys() & node.keys():
            for envelope in _BY_KEY[key]:
                if envelope.matches(node):
                    return envelope
    return None


@dataclass(slots=True)
class Leaf:
    """One event, still as JSON: with what its own bytes are made of, and its place in the record's arrays."""

    node: Any
    own: Any  # bytes; or the element of an array, to be written
    path: str = ""
    envelope: tuple[str, ...] = ()
    fault: Malformed | None = None  # why its envelope can't be opened

    @property
    def value(self) -> bytes:
        """Raises `Malformed`."""
        return self.own if isinstance(self.own, bytes) else _written(self.own)


def leaves(value: bytes) -> Iterator[Leaf]:
    """The events inside a record, in order. Raises `Malformed` for what can't be taken apart as a whole."""
    found = 0
    waiting = [(Leaf(value, value), 0)]
    while waiting:
        leaf, depth = waiting.pop()
        inside = _opened(leaf)
        if inside is leaf:
            yield leaf
            continue
        if depth > MAX_WRAPPING:
            raise Malformed(f"more than {MAX_WRAPPING} wrappings around an event")
        if isinstance(inside, Leaf):
            waiting.append((inside, depth + 1))
            continue
        found += len(inside)
        if found > MAX_EVENTS:
            raise Malformed(f"more than {MAX_EVENTS} events in one record")
        waiting.extend((each, depth + 1) for each in reversed(inside))


def _opened(leaf: Leaf) -> Leaf | list[Leaf]:
    """What is one wrapping further inside; `leaf` itself if it is an event, or if nothing is known of it."""
    node, name = leaf.node, ""
    try:
        if isinstance(node, dict):
            envelope = envelope_of(node)
            if envelope is None:
                return leaf
            name, node = envelope.name, envelope.payload(node)
        if isinstance(node, str):
            node, name = node.encode(), name or "text"
        if isinstance(node, bytes):
            return _documents(leaf, node, name)
    except Malformed as fault:
        return Leaf(None, leaf.own, leaf.path, (*leaf.envelope, *filter(None, (name,))), fault)
    elements = node.payloads if isinstance(node, Several) else node if isinstance(node, list) else None
    if elements is None:
        return Leaf(node, leaf.own, leaf.path, (*leaf.envelope, name)) if name else leaf
    if len(elements) > MAX_EVENTS:
        raise Malformed(f"more than {MAX_EVENTS} events in one record")
    envelope_names = (*leaf.envelope, name or "array")
    return [Leaf(each, each, f"{leaf.path}[{index}]", envelope_names) for index, each in enumerate(elements)]


def _documents(leaf: Leaf, payload: bytes, name: str) -> Leaf | list[Leaf]:
    """The JSON values of a payload: one keeps the bytes around it, several have their own. Raises `Malformed`."""
    found = documents(payload, MAX_EVENTS)
    envelope = (*leaf.envelope, *filter(None, (name, found[0].framing)))
    if len(found) == 1:
        return Leaf(found[0].node, leaf.own, leaf.path, envelope)
    envelope = (*envelope, "several values")
    return [Leaf(each.node, each.own, f"{leaf.path}[{index}]", envelope) for index, each in enumerate(found)]


def _written(element: Any) -> bytes:
    try:  # orjson reads deeper nesting than it writes
        return orjson.dumps(element)
    except TypeError:
        raise Malformed("nested too deeply") from None

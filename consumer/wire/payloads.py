"""What an envelope is: its complete signature, and how its payload is taken out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any, Literal

from consumer.errors import Malformed
from consumer.wire.coded import of_base64
from consumer.wire.fields import Json

NothingKind = Literal["no_value", "guest_session", "bookkeeping"]


@dataclass(frozen=True, slots=True)
class Nothing:
    """An envelope that by its own word holds no event."""

    why: NothingKind


@dataclass(frozen=True, slots=True)
class Several:
    """Several payloads, each an event of its own."""

    payloads: list[Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """One of several that can't be opened. `own`: its envelope with nothing but this one in it."""

    own: Any
    fault: Malformed


Payload = Any  # JSON that was parsed already; a text or bytes that hold JSON; `Several`, `Broken` or `Nothing`

MAX_EVENTS = 5_000  # in one record: 1 MB of "0,0,0,…" would be half a million dead letters
ANY_VALUE = (dict, list, str, type(None))  # of a record of Kafka, as JSON shows it


@dataclass(frozen=True, slots=True)
class Envelope:
    """`requires`: keys and the types of their values; `allows`: if given, no key but these may be there besides."""

    name: str
    requires: Mapping[str, type | tuple[type, ...]]
    payload: Callable[[Json], Payload]
    allows: frozenset[str] | None = None
    holds: Callable[[Json], bool] | None = None
    shares: frozenset[str] = frozenset()  # keys of its own that Genesys has as well, for other things

    def matches(self, node: Json) -> bool:
        requires = self.requires
        for key in requires:
            if key not in node or not isinstance(node[key], requires[key]):
                return False
        if self.allows is not None and not node.keys() <= requires.keys() | self.allows:
            return False
        return self.holds is None or self.holds(node)


def at(*path: str) -> Callable[[Json], Payload]:
    """`path` may be empty: the node itself."""

    def payload(node: Json) -> Payload:
        inner: Any = node
        for key in path:
            inner = inner.get(key) if isinstance(inner, dict) else None
        return inner

    return payload


def base64_at(*path: str) -> Callable[[Json], Payload]:
    inner = at(*path)
    return lambda node: of_base64(inner(node))


OF_RECORDS = frozenset({
    "__confluent_index", "broker", "checksum", "deliveryCount", "exceededFields", "headers", "highWaterOffset", "key",
    "key_schema_id", "leaderEpoch", "leader_epoch", "metadata", "offset", "partition", "serializedKeySize",
    "serializedValueSize", "serialized_header_size", "serialized_key_size", "serialized_value_size", "size", "stream",
    "timestamp", "timestampType", "timestamp_type", "topic", "ts", "ts_type", "tstype", "value_schema_id",
})  # fmt: skip


def or_tombstone(key: str) -> Callable[[Json], Payload]:
    """A record of Kafka without a value, as some write it down, and with nothing else in its place."""

    def payload(node: Json) -> Payload:
        if node[key] is None and not node.keys() <= OF_RECORDS | {key}:
            raise Malformed("a record of Kafka without its value")
        return Nothing("no_value") if node[key] is None else node[key]

    return payload


def shown(key: str) -> Callable[[Json], Payload]:
    """The value of a record, which may be a tombstone."""
    return lambda node: Nothing("no_value") if node[key] is None else json_or_base64_or_itself(node[key])


def base64_in(field: str) -> Callable[[Any], Payload]:
    """As `field_of`, of base64."""
    return lambda one: of_base64_or_itself(field_of(one, field)) if field_of(one, field) is not one else one


def of_base64_or_itself(text: Any) -> Payload:
    """Of one of several: as it is, it is no JSON either, mostly, and its own bytes say the same again."""
    try:
        return of_base64(text)
    except Malformed:
        return text


def json_or_base64(value: Any) -> Payload:
    """A text that begins like no JSON is base64: writers differ, and some do as their settings say."""
    return of_base64(value) if isinstance(value, str) and value else value


def json_or_base64_or_itself(value: Any) -> Payload:
    try:
        return json_or_base64(value)
    except Malformed:
        return value


def produced(record: Any) -> Payload:
    """Through Kafka's REST proxy."""
    value = field_of(record, "value")
    if value is record or (value is None and not record.keys() <= OF_RECORDS | {"value"}):
        return record
    return Nothing("no_value") if value is None else json_or_base64_or_itself(value)


def json_or_base64_at(*path: str) -> Callable[[Json], Payload]:
    inner = at(*path)
    return lambda node: json_or_base64(inner(node))


def list_at(key: str) -> Callable[[Json], Payload]:
    return lambda node: Several(node[key])


def opened(one: Any, read: Callable[[Any], Payload], around: Callable[[Any], Any]) -> Payload:
    """One of several: if it can't be opened, it spoils no other."""
    try:
        return read(one)
    except Malformed as fault:
        return Broken(around(one), fault.with_traceback(None))  # which keeps all that was read so far


def each_of(key: str, read: Callable[[Any], Payload]) -> Callable[[Json], Payload]:
    """The elements of a list, each opened for itself. `read` raises nothing."""
    return lambda node: Several([read(one) for one in few(node[key])])


def few(listed: list[Any]) -> list[Any]:
    """Raises `Malformed` for more than one record may hold, before anything is made of them."""
    if len(listed) > MAX_EVENTS:
        raise Malformed(f"more than {MAX_EVENTS} events in one record")
    return listed


def field_of(one: Any, field: str) -> Any:
    """Of an element of a list; the element itself, if it has none."""
    return one[field] if isinstance(one, dict) and field in one else one


def has(**values: str | tuple[str, ...]) -> Callable[[Json], bool]:
    """Whether each of these keys has its value, or one of its values."""
    allowed = {key: (value,) if isinstance(value, str) else value for key, value in values.items()}
    first, words = allowed.popitem()
    if not allowed:
        return lambda node: node[first] in words
    return lambda node: node[first] in words and all(node[key] in some for key, some in allowed.items())


def one_has(key: str, *fields: str) -> Callable[[Json], bool]:
    """Whether any element of a list has all of them: others may be broken."""
    return lambda node: any(isinstance(each, dict) and each.keys() >= {*fields} for each in node[key][:MAX_EVENTS])


def one_has_or_none(key: str, *fields: str) -> Callable[[Json], bool]:
    """The same, or there is no element."""
    have = one_has(key, *fields)
    return lambda node: not node[key] or have(node)


def lists_in(key: str) -> Callable[[Json], Payload]:
    """Those that the values of an object are: of each partition, of each queue. What is none is one of them itself."""
    return lambda node: Several(
        [each for listed in node[key].values() for each in (listed if isinstance(listed, list) else [listed])]
    )


def has_any(fields: Set[str]) -> Callable[[Json], bool]:
    return lambda node: not fields.isdisjoint(node)


def text_or_bytes(node: Json) -> Payload:
    return of_base64(node["bytes"]) if node["text"] is None else node["text"]


def put_event(node: Json) -> Payload:
    """As EventBridge writes it for whom it sends it to."""
    names = {"Source": "source", "DetailType": "detail-type", "Detail": "detail", "Time": "time"}
    return {names[name]: value for name, value in node.items() if name in names}


def none_of(why: NothingKind) -> Callable[[Json], Payload]:
    return lambda node: Nothing(why)


def event_grid(node: Json) -> Payload:
    """Genesys's blueprint for Event Grid puts the event of EventBridge into `data.message`, whatever schema is asked
    for. Event Grid itself speaks of subscriptions, which are to be validated or have ended."""
    if str(node.get("eventType") or node.get("type")).startswith("Microsoft.EventGrid.Subscription"):
        return Nothing("bookkeeping")
    data = node["data"]
    return data["message"] if isinstance(data, dict) and data.keys() == {"message"} else data


def cloud_event(node: Json) -> Payload:
    if node.get("data") is None:
        return of_base64(node.get("data_base64"))
    return of_base64(node["data"]) if node.get("datacontentencoding") == "base64" else event_grid(node)


def is_of_blueprint(node: Json) -> bool:
    return isinstance(node["message"].get("detail-type"), str) and "detail" in node["message"]


def gateway_body(node: Json) -> Payload:
    return of_base64(node["body"]) if node["isBase64Encoded"] else node["body"]


def lattice_body(node: Json) -> Payload:
    return of_base64(node["body"]) if node["is_base64_encoded"] else node["body"]


def guest_body(node: Json) -> Payload:
    body = node["body"]
    return body if node["class"] == "StructuredMessage" and body is not None else Nothing("guest_session")


def kong_body(node: Json) -> Payload:
    return of_base64(node["body"]) if node.get("body_base64") is True else node["body"]


def encoded_payload(node: Json) -> Payload:
    return of_base64(node["payload"]) if node["payload_encoding"] == "base64" else node["payload"]


def rest_value(node: Json) -> Payload:
    data = node["value"]["data"]
    return of_base64(data) if node["value"]["type"] == "BINARY" else data


def is_rest_value(node: Json) -> bool:
    return node["value"].keys() == {"type", "data"} and node["value"]["type"] in ("BINARY", "JSON", "STRING")


def is_of_masstransit(node: Json) -> bool:
    """Genesys has one word there, and MassTransit a list of types, mostly."""
    return isinstance(node["messageType"], list) or node["messageType"].startswith("urn:message:")


def lacks(*fields: str) -> Callable[[Json], bool]:
    return lambda node: node.keys().isdisjoint(fields)

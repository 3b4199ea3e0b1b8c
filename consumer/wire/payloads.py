"""What an envelope is: its complete signature, and how its payload is taken out of it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence, Set
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


def at(*path: str) -> Callable[[Json], Payload]:
    def payload(node: Json) -> Payload:
        inner: Any = node
        for key in path:
            inner = inner.get(key) if isinstance(inner, dict) else None
        return inner

    return payload


def base64_at(*path: str) -> Callable[[Json], Payload]:
    inner = at(*path)
    return lambda node: of_base64(inner(node))


def json_or_base64(value: Any) -> Payload:
    """A text that begins like no JSON is base64: writers differ, and some do as their settings say."""
    begins = value.lstrip()[:1] if isinstance(value, str) else ""
    return of_base64(value) if begins and begins not in '{["' else value


def json_or_base64_at(*path: str) -> Callable[[Json], Payload]:
    inner = at(*path)
    return lambda node: json_or_base64(inner(node))


def list_at(key: str) -> Callable[[Json], Payload]:
    return lambda node: Several(node[key])


def has(**values: str | tuple[str, ...]) -> Callable[[Json], bool]:
    """Whether each of these keys has its value, or one of its values."""
    return lambda node: all(node[key] == value or node[key] in value for key, value in values.items())


def all_data(key: str) -> Callable[[Json], bool]:
    return lambda node: all(isinstance(each, dict) and isinstance(each.get("data"), str) for each in node[key])


def all_have(key: str, *fields: str) -> Callable[[Json], bool]:
    return lambda node: (
        bool(node[key]) and all(isinstance(each, dict) and each.keys() >= {*fields} for each in node[key])
    )


def lists_in(key: str) -> Callable[[Json], Payload]:
    """Those that the values of an object are: of each partition, of each queue."""
    return lambda node: Several([each for listed in node[key].values() if isinstance(listed, list) for each in listed])


def has_any(fields: Set[str]) -> Callable[[Json], bool]:
    return lambda node: not fields.isdisjoint(node)


def text_or_bytes(node: Json) -> Payload:
    return of_base64(node["bytes"]) if node["text"] is None else node["text"]


def put_event(node: Json) -> Payload:
    """As EventBridge writes it for whom it sends it to."""
    names = {"Source": "source", "DetailType": "detail-type", "Detail": "detail", "Time": "time"}
    return {names[name]: value for name, value in node.items() if name in names}


def event_grid(node: Json) -> Payload:
    """Genesys's blueprint for Event Grid puts the event of EventBridge into `data.message`, whatever schema is asked
    for."""
    data = node["data"]
    return data["message"] if isinstance(data, dict) and data.keys() == {"message"} else data


def cloud_event(node: Json) -> Payload:
    if node.get("data") is None:
        return of_base64(node.get("data_base64"))
    return of_base64(node["data"]) if node.get("datacontentencoding") == "base64" else event_grid(node)


def is_of_blueprint(node: Json) -> bool:
    return isinstance(node["message"].get("detail-type"), str) and "detail" in node["message"]


def connect(node: Json) -> Payload:
    schema, payload = node["schema"], node["payload"]
    if payload is None:
        return Nothing(is_value=False)
    return of_base64(payload) if schema is not None and schema["type"] == "bytes" else payload


def is_connect_schema(node: Json) -> bool:
    return node["schema"] is None or isinstance(node["schema"].get("type"), str)


def gateway_body(node: Json) -> Payload:
    return of_base64(node["body"]) if node["isBase64Encoded"] else node["body"]


def guest_body(node: Json) -> Payload:
    return node["body"] if node["class"] == "StructuredMessage" else Nothing(is_value=True)


def logged(node: Json) -> Payload:
    """A control message says that the subscription works."""
    events = node["logEvents"] if node["messageType"] == "DATA_MESSAGE" else []
    return Several([event.get("message") if isinstance(event, dict) else event for event in events])


def binary_or_json(node: Json) -> Payload:
    return of_base64(node["value"]) if isinstance(node["value"], str) else node["value"]


# ---- rows of a database, as change data capture brings them

DELETED = ("d", "D", "t", "delete", "DELETE", "drop", "truncate")


def row_at(key: str, *operation: str) -> Callable[[Json], Payload]:
    """The row as it is now; none once it is deleted. `operation`: where that stands."""
    read = at(*operation)

    def payload(node: Json) -> Payload:
        row = None if read(node) in DELETED else node.get(key)
        if row is None:
            return Nothing(is_value=False)
        return Several(row) if isinstance(row, list) else row

    return payload


def is_of_dms(node: Json) -> bool:
    return bool(node["metadata"].get("record-type") == "data")

"""The envelopes of change data capture, one row each: how pipelines bring a row of a table, and what stands in it.

Sources: Debezium's connectors, its outbox and its converter for CloudEvents, MongoDB's change streams, the targets of
Amazon DMS, Maxwell, Canal, Oracle GoldenGate, Qlik Replicate and Airbyte, Singer's messages, DynamoDB's streams.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from consumer.errors import Malformed
from consumer.wire.fields import Json
from consumer.wire.parsing import parse
from consumer.wire.payloads import Envelope, Left, Nothing, Payload, Several, at, has, of_base64

DELETED = ("d", "D", "t", "T", "delete", "DELETE", "REMOVE", "drop", "truncate", "true")
# Of what is no event in a column of a table, but an envelope or an event of its own.
NO_TABLE = frozenset({
    "aggregatetype", "conversationId", "conversation_id", "eventBody", "messageId", "message_id", "payload_encoding",
    "schema",
})  # fmt: skip
NUMBER = 64  # digits, more than DynamoDB keeps

_ROW = (dict, str, type(None))


def row_at(row: Callable[[Json], Any], operation: Callable[[Json], Any]) -> Callable[[Json], Payload]:
    """The row as it is now; none once it is deleted."""

    def payload(node: Json) -> Payload:
        now = None if operation(node) in DELETED else row(node)
        if now is None:
            return Nothing(is_value=False)
        return Several(now) if isinstance(now, list) else _opened(now)

    return payload


def _opened(row: Any) -> Payload:
    """A table that only keeps events has them in its column `payload`."""
    events = isinstance(row, dict) and isinstance(row.get("payload"), str) and NO_TABLE.isdisjoint(row)
    return row["payload"] if events else row


def _message_or_nothing(node: Json) -> Payload:
    """What was written into the log of the database alone, or that a table was emptied."""
    if node["op"] == "t":
        return Nothing(is_value=False)
    message = node.get("message")
    return of_base64(message.get("content") if isinstance(message, dict) else None)


def item(node: Json) -> Payload:
    """Of DynamoDB, whose values say their types."""
    image = node["dynamodb"].get("NewImage")
    if node["eventName"] == "REMOVE" or not isinstance(image, dict):
        return Nothing(is_value=False)
    left = Left()
    return _opened({name: _untyped(value, left) for name, value in image.items()})


def _untyped(typed: Any, left: Left) -> Any:
    """Raises `Malformed`."""
    if not isinstance(typed, dict) or len(typed) != 1:
        raise Malformed("an item of DynamoDB with a value that does not say its type")
    ((kind, value),) = typed.items()
    with left:
        if kind == "M" and isinstance(value, dict):
            return {name: _untyped(each, left) for name, each in value.items()}
        if kind == "L" and isinstance(value, list):
            return [_untyped(each, left) for each in value]
    if kind == "N" and isinstance(value, str):
        return parse(value[:NUMBER])
    return None if kind == "NULL" else value


def is_of_dms(node: Json) -> bool:
    return bool(node["metadata"].get("record-type") == "data")


CHANGES = (
    Envelope("Debezium", {"op": str, "source": dict, "after": _ROW}, row_at(at("after"), at("op"))),
    Envelope(
        "Debezium", {"op": str, "source": dict}, _message_or_nothing,
        holds=lambda node: node["op"] in ("t", "m") and "after" not in node,
    ),
    Envelope("Debezium", {"before": _ROW, "after": _ROW}, row_at(at("after"), lambda node: ""), frozenset()),
    Envelope(
        "Debezium", {"__op": str, "payload": (dict, str)}, row_at(at("payload"), at("__deleted")),
        holds=NO_TABLE.isdisjoint,
    ),
    Envelope(
        "outbox", dict.fromkeys(("aggregatetype", "aggregateid", "type"), str) | {"payload": (dict, str)},
        at("payload"),
    ),
    Envelope(
        "MongoDB", {"operationType": str, "ns": dict, "documentKey": dict},
        row_at(at("fullDocument"), at("operationType")),
    ),
    Envelope(
        "DMS", {"data": dict, "metadata": dict}, row_at(at("data"), at("metadata", "operation")), frozenset(),
        is_of_dms,
    ),
    Envelope(
        "Maxwell", {"database": str, "table": str, "type": str, "ts": int, "data": (dict, list, type(None))},
        row_at(at("data"), at("type")),
    ),
    Envelope(
        "GoldenGate", dict.fromkeys(("table", "op_type", "op_ts", "pos"), str), row_at(at("after"), at("op_type"))
    ),
    Envelope(
        "Qlik Replicate", {"magic": str, "type": str, "message": dict},
        row_at(at("message", "data"), at("message", "headers", "operation")), holds=has(magic="atMSG"),
    ),
    Envelope(
        "DynamoDB", {"eventName": str, "eventSource": str, "dynamodb": dict}, item,
        holds=has(eventSource="aws:dynamodb"),
    ),
    Envelope(
        "Airbyte", {"_airbyte_stream": str, "_airbyte_emitted_at": (int, str), "_airbyte_data": dict},
        at("_airbyte_data"),
    ),
    Envelope("Singer", {"type": str, "stream": str, "record": dict}, at("record"), holds=has(type="RECORD")),
)  # fmt: skip

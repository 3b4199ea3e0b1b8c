"""Rows of tables, as change data capture and Kafka Connect bring them: which column holds the event. Pure."""

from __future__ import annotations

from typing import Any

from consumer.errors import Malformed
from consumer.wire.coded import of_base64
from consumer.wire.fields import Json
from consumer.wire.parsing import parse
from consumer.wire.payloads import Nothing, Payload, json_or_base64_or_itself

# Of what is no event in a column of a table, but an envelope or an event of its own.
NO_TABLE = frozenset({
    "aggregatetype", "conversationId", "conversation_id", "eventBody", "messageId", "message_id", "payload_encoding",
    "schema",
})  # fmt: skip

_OF_CELLS = frozenset({"set", "value"})  # as YugabyteDB and ScyllaDB write them


def opened_row(row: Any) -> Payload:
    """A table that only keeps events has them in its column `payload`, as text, bytes or JSON. Documents are texts."""
    if isinstance(row, str) and isinstance(parsed := _document(row), dict):
        row = parsed
    if not isinstance(row, dict) or not NO_TABLE.isdisjoint(row):
        return row
    payload = row.get("payload", row.get("PAYLOAD"))  # as Oracle, Db2 and Snowflake write names
    if isinstance(payload, dict) and "value" in payload and payload.keys() <= _OF_CELLS:
        payload = payload["value"]
    if not payload:
        return row
    beside = (value for value in row.values() if value is not payload)  # an envelope of its own has objects there
    as_json = isinstance(payload, dict) and not any(isinstance(value, dict | list) for value in beside)
    return json_or_base64_or_itself(payload) if as_json or isinstance(payload, str) else row


def _document(text: str) -> Any:
    try:
        return parse(text)
    except Malformed:
        return text


def connect(node: Json) -> Payload:
    """By Kafka Connect's converter for JSON, whose schema says what is bytes. Who reads tables with it adds nothing."""
    schema, payload = node["schema"], node["payload"]
    if payload is None:
        return Nothing("no_value")
    if schema is not None and schema["type"] == "bytes":
        return of_base64(payload)
    if schema is None or not isinstance(payload, dict) or any(_is_of_no_column(*each) for each in payload.items()):
        return payload
    return of_base64(payload["message"]) if _is_of_google(schema) and "message" in payload else opened_row(payload)


def _is_of_no_column(name: str, value: Any) -> bool:
    """In a row of Debezium's, or in what is none."""
    return name.startswith("__") or isinstance(value, dict | list)


def _is_of_google(schema: Json) -> bool:
    """Of its connector for Pub/Sub: the data of a message, beside attributes."""
    fields = schema.get("fields")
    return isinstance(fields, list) and any(
        isinstance(field, dict) and (field.get("field"), field.get("type")) == ("message", "bytes") for field in fields
    )


def is_connect_schema(node: Json) -> bool:
    return node["schema"] is None or isinstance(node["schema"].get("type"), str)

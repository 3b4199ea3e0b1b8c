"""Values that say their types, as DynamoDB and OpenTelemetry write them: without these. How many of them a record may
hold is told by its objects."""

from __future__ import annotations

from typing import Any

from consumer.errors import Malformed
from consumer.wire.coded import of_base64
from consumer.wire.parsing import parse

LEVELS = 64  # in each other
LISTED = 20_000  # of whatever type
NUMBER = 64  # digits, more than DynamoDB keeps
_TYPED = {"array_value": "arrayValue", "bytes_value": "bytesValue", "kvlist_value": "kvlistValue"}


def of_dynamodb(typed: Any, level: int = 1) -> Any:
    """Raises `Malformed`."""
    if not isinstance(typed, dict) or len(typed) != 1 or level > LEVELS:
        raise Malformed(f"an item of DynamoDB with a value that does not say its type, or {LEVELS} in each other")
    ((kind, value),) = typed.items()
    if kind == "S":
        return value
    if kind == "M" and isinstance(value, dict):
        return {name: of_dynamodb(each, level + 1) for name, each in value.items()}
    if kind == "L" and isinstance(value, list):
        return [of_dynamodb(each, level + 1) for each in value]
    if kind == "N" and isinstance(value, str):
        return parse(value[:NUMBER])
    return None if kind == "NULL" else value


def of_opentelemetry(typed: Any, level: int = 0) -> Any:
    """Raises `Malformed`."""
    if not isinstance(typed, dict) or len(typed) != 1 or level > LEVELS:
        raise Malformed("a log record without a body that can be read")
    ((kind, value),) = typed.items()
    if kind == "stringValue":
        return value
    kind = _TYPED.get(kind, kind)
    if kind in ("kvlistValue", "arrayValue") and isinstance(value, dict):
        values = [each for each in listed(value.get("values")) if isinstance(each, dict)]
        if kind == "arrayValue":
            return [of_opentelemetry(each, level + 1) for each in values]
        return {str(pair.get("key")): of_opentelemetry(pair.get("value"), level + 1) for pair in values}
    return of_base64(value) if kind == "bytesValue" else value


def listed(raw: Any) -> list[Any]:
    """What stands for itself is a list of it. Raises `Malformed`."""
    elements = raw if isinstance(raw, list) else [raw]
    if len(elements) > LISTED:
        raise Malformed(f"more than {LISTED} log records, or values in one")
    return elements

"""Records as a topic holds them, in a file: one JSON object a line, bytes in base64."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Kept:
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp_ms: int


def write(file: Path, records: Iterable[Kept]) -> None:
    lines = [
        json.dumps(
            {
                "key": _text(record.key),
                "value": _text(record.value),
                "headers": [[name, _text(value)] for name, value in record.headers],
                "timestamp": record.timestamp_ms,
            }
        )
        for record in records
    ]
    file.write_text("\n".join([*lines, ""]))


def read(file: Path) -> Iterator[Kept]:
    for line in file.read_text().splitlines():
        told = json.loads(line)
        headers = tuple((name, _bytes(value)) for name, value in told["headers"])
        yield Kept(_bytes(told["key"]), _bytes(told["value"]), headers, told["timestamp"])


def _text(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)

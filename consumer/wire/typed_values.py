"""Values that say their types, as DynamoDB and OpenTelemetry write them: how many of them are read."""

from __future__ import annotations

from consumer.errors import Malformed

VALUES, LEVELS = 20_000, 64  # 1 MB of `{"S":""},` would be 116,000


class Left:
    """How many values that say their types may still come. Raises `Malformed` where there are too many, or too deep."""

    __slots__ = ("_levels", "_values")

    def __init__(self) -> None:
        self._values, self._levels = VALUES, LEVELS

    def __enter__(self) -> None:
        if self._values <= 0 or self._levels <= 0:
            raise Malformed(f"more than {VALUES} values that say their types, or more than {LEVELS} in each other")
        self._values -= 1
        self._levels -= 1

    def __exit__(self, *exc: object) -> None:
        self._levels += 1

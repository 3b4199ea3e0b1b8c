"""Values that say their types, as DynamoDB and OpenTelemetry write them: how many of them are read."""

from __future__ import annotations

from consumer.errors import Malformed

VALUES, LEVELS = 20_000, 64  # 1 MB of `{"S":""},` would be 116,000


class Left:
    """How many values that say their types may still come."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values = VALUES

    def take(self, values: int, level: int) -> None:
        """Raises `Malformed` where there are too many, or too deep."""
        self._values -= values
        if self._values < 0 or level > LEVELS:
            raise Malformed(f"more than {VALUES} values that say their types, or more than {LEVELS} in each other")

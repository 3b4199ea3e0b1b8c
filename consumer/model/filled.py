"""Frozen dataclasses that are made by the thousand."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, TypeVar

T = TypeVar("T")


def filled_at_once(made: type[T]) -> type[T]:
    """A frozen dataclass sets each of its fields by a call of its own, which is most of what one of many fields costs.
    This one, without slots, has all of them set by one; what it takes, and what it refuses, stays the same."""
    names = [field.name for field in fields(made)]  # type: ignore[arg-type] # a dataclass
    defaults = {field.name: field.default for field in fields(made) if field.default is not MISSING}  # type: ignore[arg-type]

    def fill(self: T, *values: Any, **named: Any) -> None:
        own = {**defaults, **named}
        if values:
            own.update(zip(names, values, strict=False))
        if len(own) != len(names):
            raise TypeError(f"{made.__name__} has other fields")
        object.__setattr__(self, "__dict__", own)

    setattr(made, "__init__", fill)  # noqa: B010 # it takes what the one before did, which a checker goes on to see
    return made

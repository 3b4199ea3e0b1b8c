"""What a running process says of itself in its `/readyz`, which names no customer and no file. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class AskedProcess:
    """One that was asked. `problem`: why nothing is known of it."""

    name: str
    state: str = ""
    partitions: tuple[int, ...] = ()  # of tasks, that it has
    conditions: tuple[str, ...] = ()  # the sentence of each that holds, with its detail and since when
    problem: str | None = None

    @classmethod
    def of(cls, name: str, ready: Mapping[str, Any], problem: str | None) -> Self:
        """`ready`: the body of its `/readyz`, which may be anything that answers there."""
        try:
            return cls(name, str(ready["state"]), tuple(ready["assignedPartitions"]), _held(ready["conditions"]))
        except (KeyError, TypeError, AttributeError):
            return cls(name, problem=problem or "what answers there is not this service")


def _held(conditions: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    told = []
    for one in conditions:
        detail = f" ({one['detail'].partition(chr(10))[0]})" if one["detail"] else ""
        told.append(f"{one['sentence']}{detail} Since {one['since']}.")
    return tuple(told)

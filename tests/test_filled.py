"""Dataclasses whose fields are set at once take what the others take, and refuse what those refuse."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, replace
from typing import Any

import pytest

from consumer.model.filled import filled_at_once


@dataclass(frozen=True)
class Slow:
    first: str
    second: int = 2
    third: tuple[str, ...] = ()


@filled_at_once
@dataclass(frozen=True)
class Quick(Slow):
    pass


@pytest.mark.parametrize(
    ("values", "named"),
    [(("a",), {}), (("a", 3), {}), ((), {"first": "a", "third": ("b",)}), (("a",), {"second": 5}), (("a", 1, ()), {})],
)
def test_they_hold_the_same(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    slow, quick = Slow(*values, **named), Quick(*values, **named)
    assert vars(quick) == vars(slow)
    assert replace(quick, second=9) == Quick(slow.first, 9, slow.third)
    assert hash(quick) == hash(Quick(*values, **named))
    with pytest.raises(FrozenInstanceError):
        quick.first = "b"  # type: ignore[misc] # it is frozen


@pytest.mark.parametrize(("values", "named"), [((), {}), ((), {"second": 1}), (("a",), {"fourth": 1})])
def test_they_refuse_the_same(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    for made in (Slow, Quick):
        with pytest.raises(TypeError):
            made(*values, **named)

"""What stands beside a committed offset that brings a condition about."""

from __future__ import annotations

import asyncio

from consumer.kafka.starting import Start
from consumer.stream.caution import Caution
from tests.conditions.stage import Stage


async def crash_loop(stage: Stage) -> None:
    """Beside the offset stands what three lives left that came no further."""
    reporter, conditions, metrics = stage.part()
    caution = Caution(0, 100, "0" * 16, asyncio.Event().set, reporter)
    note = caution.begin(Start(7, 9, "lives/1 3 0123456789abcdef"))
    assert note is not None
    stage.look(conditions, metrics)
    caution.committed(9, caution.note(9))
    assert not stage.holds(conditions)

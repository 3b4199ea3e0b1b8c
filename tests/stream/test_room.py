"""How many tasks may be in flight, and how often a fuller process commits."""

from __future__ import annotations

from typing import Any, cast

import pytest

from consumer.settings.model import KafkaSettings, LimitSettings, TopicSettings
from tests.stream.harness import NamesJudge, make_stream

NOBODY = KafkaSettings(bootstrap_servers="127.0.0.1:9")


@pytest.mark.parametrize(
    ("partitions", "taken", "tick_s"),
    [(1, 0, 0.1), (12, 0, 0.12), (12, 30, 0.12), (12, 50, 0.15), (12, 100, 0.3), (50, 100, 0.5)],
)
def test_who_has_more_partitions_or_more_to_do_commits_less_often(partitions: int, taken: int, tick_s: float) -> None:
    stream = make_stream(NamesJudge(), NOBODY, TopicSettings(), limits=LimitSettings(tasks=100))
    stream.assignments = cast("dict[int, Any]", dict.fromkeys(range(partitions)))
    for _ in range(taken):
        stream.room.started(1)
    assert stream.tick_s() == pytest.approx(tick_s)

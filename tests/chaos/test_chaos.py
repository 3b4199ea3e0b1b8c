"""A short run of the long one: `make chaos`."""

from pathlib import Path

import pytest

from tests.chaos.run import run

SEED, SECONDS, EVENTS = 4, 60, 2_000


@pytest.mark.kafka
@pytest.mark.timeout(400)
async def test_killed_frozen_and_restarted_workers_give_each_attachment_one_answer(tmp_path: Path) -> None:
    report = await run(SEED, SECONDS, EVENTS, tmp_path)

    assert not report.problems, report
    assert sum(report.troubles.values()) >= 10, report.troubles

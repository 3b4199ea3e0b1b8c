"""What the logs of a run say of conditions, between two moments."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.chaos.witness import logged

LINES = [(1.0, "files_away", "a.example", True), (2.0, "files_away", "b.example", True),
         (4.0, "files_away", "b.example", False), (6.0, "kafka_away", "", True), (7.0, "kafka_away", "", False),
         (8.0, "files_away", "a.example", False)]  # fmt: skip


@pytest.mark.parametrize(
    ("since", "until", "held"),
    [
        (0.0, 0.5, set()),
        (0.0, 1.5, {"files_away"}),
        (3.0, 3.5, {"files_away"}),
        (5.0, 5.5, {"files_away"}),  # of one of the two it is over
        (6.5, 6.8, {"files_away", "kafka_away"}),
        (7.5, 20.0, {"files_away"}),
        (9.0, 20.0, set()),
    ],
)
def test_a_condition_holds_from_the_line_that_it_begins_to_the_line_that_it_is_over(
    tmp_path: Path, since: float, until: float, held: set[str]
) -> None:
    zero = time.monotonic()
    lines = [
        {"timestamp": at(zero + second), "condition": condition, "about": about, "detail" if begins else "seconds": ""}
        for second, condition, about, begins in LINES
    ]
    (tmp_path / "1.log").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "2.log").write_text("")

    assert logged(tmp_path, zero + since, zero + until) == held


def at(moment: float) -> str:
    return datetime.fromtimestamp(time.time() - time.monotonic() + moment, UTC).isoformat()

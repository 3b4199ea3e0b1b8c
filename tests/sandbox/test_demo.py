"""`demo` as people and machines run it: everything in one process, each answer the expected one, and said so."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from consumer.sandbox.cases import NOT_CAUSED, Outcome
from consumer.sandbox.check import Score
from consumer.sandbox.demo import Report
from consumer.sandbox.demo_view import LiveView, as_json, summary
from consumer.sandbox.expectation import Expectation, Expected
from consumer.sandbox.traffic import Traffic, plan_traffic

KEYS = [
    "events", "attachments", "expected", "published", "accepted", "rejected", "dead_lettered", "by_reason",
    "missing", "duplicated", "wrong", "seconds",
]  # fmt: skip


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "consumer", "demo", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=110, check=False)


@pytest.mark.timeout(120)
def test_every_answer_comes_once_and_json_is_all_there_is_on_stdout(tmp_path: Path) -> None:
    done = demo(tmp_path, "--events", "120", "--seed", "2", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert list(report) == KEYS
    assert (report["missing"], report["duplicated"], report["wrong"]) == (0, 0, 0)
    expected = plan_traffic(120, 2).expectation.answers
    assert report["accepted"] == sum(answer.outcome is Outcome.ACCEPTED for answer in expected)
    assert report["published"] == report["expected"] == len(expected)
    stored = [path for path in (tmp_path / ".demo" / "attachments").rglob("*") if path.is_file()]
    assert len(stored) == report["accepted"]


def report_of(traffic: Traffic, score: Score) -> Report:
    return Report(traffic, score.tally(), 1.5, "http://127.0.0.1:9464/metrics", Path("/files"), {"bulk": 3})


def shown(renderable: object) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(renderable)
    return console.export_text()


def test_the_summary_says_where_everything_is_and_what_could_not_be_shown() -> None:
    traffic = plan_traffic(20, 1)
    text = shown(summary(report_of(traffic, Score(traffic.expectation))))
    for told in ("/files", "http://127.0.0.1:9464/metrics", "bulk 3", *(reason.value for reason in NOT_CAUSED)):
        assert told in text
    assert f"missing {len(traffic.expectation.answers)}, duplicated 0, wrong 0" in text


def test_the_summary_of_a_good_run_says_so_in_words() -> None:
    traffic = plan_traffic(20, 1)
    empty = Traffic(traffic.world, traffic.records, Expectation(20, 1, ()))
    assert "every answer came once, and as expected" in shown(summary(report_of(empty, Score(empty.expectation))))


def test_the_json_has_the_promised_names() -> None:
    traffic = plan_traffic(20, 1)
    assert list(as_json(report_of(traffic, Score(traffic.expectation)))) == KEYS


def test_the_live_table_shows_what_came_beside_what_must_come() -> None:
    expectation = Expectation(1, 1, (Expected("00" * 16, Outcome.REJECTED, "too_large", "too_large_declared"),) * 7)
    console = Console(width=120, record=True, file=io.StringIO())
    with LiveView(expectation, console) as view:
        view.serving("http://127.0.0.1:1/metrics")
        score = Score(expectation)
        score.by_row[Outcome.REJECTED, "too_large"] = 3
        view.came(score)
    text = console.export_text()
    row = next(line for line in text.splitlines() if "too_large" in line)
    assert row.split()[:4] == ["rejected", "too_large", "3", "7"]
    assert "3/7" in text

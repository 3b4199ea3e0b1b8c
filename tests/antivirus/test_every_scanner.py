"""What each antivirus has to do, whatever is spoken with it: clamd by TCP and by its socket, c-icap by ICAP."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import anyio
import pytest

from consumer.inspection.antivirus.clamd import Clamd
from consumer.inspection.antivirus.icap import Icap
from consumer.inspection.inspect import Antivirus
from consumer.model import Facts, Finding, Reason
from consumer.settings.scanners import address_of
from tests.antivirus.c_icap import RunningIcap
from tests.antivirus.conftest import MIB, RunningClamd, scanned
from tests.antivirus.hidden import EICAR, docx_with, pdf_with, zipped

CLEAN = {
    "text": b"hello",
    "as long as a preview": b"x" * 1024,
    "a byte longer": b"x" * 1025,
    "random": os.urandom(3 * MIB),
    "zip": zipped(("a", b"b")),
    "pdf": pdf_with(b"hello"),
}
INFECTED = {
    "plain": EICAR,
    "with a newline": EICAR + b"\n",
    "at the end": b"x" * 2 * MIB + EICAR,
    "zip": zipped(("a/b.txt", EICAR)),
    "docx": docx_with(EICAR),
    "pdf stream": pdf_with(EICAR),
}


@pytest.fixture(params=["tcp", "unix", "icap"])
async def scanner(request: pytest.FixtureRequest) -> AsyncIterator[Clamd | Icap]:
    opened: Clamd | Icap
    if request.param == "icap":
        c_icap: RunningIcap = request.getfixturevalue("c_icap")
        opened = Icap(address_of(c_icap.avscan), connections=2, timeout_s=20)
    else:
        clamd: RunningClamd = request.getfixturevalue("clamd")
        opened = Clamd(getattr(clamd, request.param), connections=2, timeout_s=20)
    yield opened
    await opened.aclose()


@pytest.mark.parametrize("name", CLEAN)
async def test_a_clean_file_is_scanned_and_has_no_finding(scanner: Antivirus, name: str) -> None:
    before = Facts(size=5, findings=(Finding(Reason.TRAILING_DATA),), detectors={"libmagic": "5.44"})
    facts = await scanned(scanner, CLEAN[name], before)
    assert (facts.scanned, facts.findings, facts.size) == (True, before.findings, 5)
    assert facts.detectors["libmagic"] == "5.44"
    if isinstance(scanner, Icap):
        assert facts.detectors["icap"].startswith("C-ICAP/")
    else:
        assert facts.detectors["clamav"][0].isdigit()


@pytest.mark.parametrize("name", INFECTED)
async def test_eicar_is_infected_wherever_it_hides(scanner: Antivirus, name: str) -> None:
    facts = await scanned(scanner, INFECTED[name])
    assert facts.scanned
    (finding,) = facts.findings
    assert finding.code is Reason.INFECTED
    assert finding.detail.startswith("Test.EICAR_")


async def test_many_scans_share_few_connections_and_none_is_mixed_up(scanner: Antivirus) -> None:
    wrong: list[int] = []

    async def scan(number: int) -> None:
        facts = await scanned(scanner, EICAR if number % 2 else b"clean %d" % number)
        if bool(facts.findings) != bool(number % 2):
            wrong.append(number)

    async with anyio.create_task_group() as group:
        for number in range(60):
            group.start_soon(scan, number)
    assert wrong == []

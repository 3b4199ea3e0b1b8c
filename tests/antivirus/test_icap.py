"""Against a real c-icap, whose virus scanner asks a real clamd."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from consumer.download.body import Body
from consumer.errors import Unavailable
from consumer.inspection.antivirus.icap import Icap
from consumer.inspection.antivirus.icap_answers import NOT_ALL_READ
from consumer.inspection.inspect import Antivirus
from consumer.model import Dependency, Facts, Finding, Reason
from consumer.settings.scanners import address_of
from tests.antivirus.c_icap import AS_SHIPPED, EVERYTHING, RunningIcap, needs_c_icap, running_c_icap
from tests.antivirus.conftest import MIB, RunningClamd, needs_clamd, running_clamd
from tests.antivirus.test_clamd import EICAR, docx_with, pdf_with, zipped


def fits_where_the_inspector_wants_an_antivirus(scanner: Icap) -> Antivirus:
    """Checked by mypy."""
    return scanner


@contextmanager
def icap_and_clamd(folder: Path, types: str = EVERYTHING) -> Iterator[tuple[RunningIcap, RunningClamd]]:
    needs_clamd()
    needs_c_icap()
    with running_clamd(folder) as clamd, running_c_icap(folder, clamd.unix.removeprefix("unix://"), types) as running:
        yield running, clamd


@pytest.fixture(scope="session")
def c_icap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningIcap]:
    folder = tmp_path_factory.mktemp("icap")
    with icap_and_clamd(folder) as (running, _):
        yield running


@pytest.fixture
async def scanner(c_icap: RunningIcap) -> AsyncIterator[Icap]:
    scanner = Icap(address_of(c_icap.avscan), connections=2, timeout_s=20)
    yield scanner
    await scanner.aclose()


async def scanned(scanner: Icap, data: bytes, facts: Facts | None = None) -> Facts:
    with Body.of(data) as body:
        return await scanner.scan(body, facts or Facts())


@pytest.mark.parametrize(
    "data",
    [b"hello", b"x" * 1024, b"x" * 1025, os.urandom(3 * MIB), zipped(("a", b"b")), pdf_with(b"hello")],
    ids=["text", "as long as the preview", "a byte longer", "random", "zip", "pdf"],
)
async def test_a_clean_file_is_scanned_and_has_no_finding(scanner: Icap, data: bytes) -> None:
    before = Facts(size=5, findings=(Finding(Reason.TRAILING_DATA),), detectors={"libmagic": "5.44"})
    facts = await scanned(scanner, data, before)
    assert (facts.scanned, facts.findings, facts.size) == (True, before.findings, 5)
    assert facts.detectors["libmagic"] == "5.44"
    assert facts.detectors["icap"].startswith("C-ICAP/")


@pytest.mark.parametrize(
    "data",
    [EICAR, b"x" * 2 * MIB + EICAR, zipped(("a/b.txt", EICAR)), docx_with(EICAR), pdf_with(EICAR)],
    ids=["plain", "at the end", "zip", "docx", "pdf stream"],
)
async def test_eicar_is_infected_wherever_it_hides(scanner: Icap, data: bytes) -> None:
    facts = await scanned(scanner, data)
    assert facts.scanned
    (finding,) = facts.findings
    assert finding.code is Reason.INFECTED
    assert finding.detail.startswith("Test.EICAR_")


async def test_a_type_that_the_server_waves_through_was_not_scanned(tmp_path: Path) -> None:
    """As c-icap is shipped it scans no PDF: it says so by not asking for what follows the preview."""
    with icap_and_clamd(tmp_path, AS_SHIPPED) as (running, _):
        scanner = Icap(address_of(running.avscan), timeout_s=20)
        facts = await scanned(scanner, b"%PDF-1.4\n" + b"x" * MIB + EICAR)
        await scanner.aclose()
    assert not facts.scanned
    assert facts.findings == (Finding(Reason.SCAN_LIMIT_EXCEEDED, NOT_ALL_READ),)


async def test_a_file_that_is_larger_than_the_server_takes_was_not_scanned(c_icap: RunningIcap) -> None:
    """`MaxObjectSize`: it waves such a file through, and does not ask for what follows the preview either."""
    scanner = Icap(address_of(f"icap://{c_icap.authority}/virus_scan"), timeout_s=20)
    facts = await scanned(scanner, bytes(21 * MIB) + EICAR)
    await scanner.aclose()
    assert not facts.scanned
    assert facts.findings == (Finding(Reason.SCAN_LIMIT_EXCEEDED, NOT_ALL_READ),)


async def test_a_service_that_passes_bytes_on_is_clean_by_comparing_them(c_icap: RunningIcap) -> None:
    """c-icap's echo answers 200 with the bytes, while they are still being sent."""
    scanner = Icap(address_of(f"icap://{c_icap.authority}/echo"), timeout_s=20)
    facts = await scanned(scanner, os.urandom(3 * MIB))
    assert (facts.scanned, facts.findings) == (True, ())
    await scanner.aclose()


async def test_many_scans_share_few_connections_and_none_is_mixed_up(scanner: Icap) -> None:
    wrong: list[int] = []

    async def scan(number: int) -> None:
        facts = await scanned(scanner, EICAR if number % 2 else b"clean %d" % number)
        if bool(facts.findings) != bool(number % 2):
            wrong.append(number)

    async with anyio.create_task_group() as group:
        for number in range(60):
            group.start_soon(scan, number)
    assert wrong == []


async def test_a_service_that_is_not_there_is_unavailable(c_icap: RunningIcap) -> None:
    scanner = Icap(address_of(f"icap://{c_icap.authority}/nowhere"), timeout_s=20)
    with pytest.raises(Unavailable, match="404"):
        await scanned(scanner, b"hello")


async def test_it_tells_who_it_is_and_its_tag(scanner: Icap) -> None:
    version = await scanner.probe()
    assert "Antivirus service" in version
    assert " CI0001-" in version


async def test_a_server_whose_clamd_died_never_says_clean(tmp_path: Path) -> None:
    with running_clamd(tmp_path) as clamd, running_c_icap(tmp_path, clamd.unix.removeprefix("unix://")) as running:
        scanner = Icap(address_of(running.avscan), timeout_s=20)
        assert (await scanned(scanner, b"hello")).scanned
        clamd.process.kill()
        clamd.process.wait()
        try:
            facts = await scanned(scanner, b"hello")
        except Unavailable as away:
            assert away.dependency is Dependency.ANTIVIRUS
        else:
            assert facts.findings
        await scanner.aclose()

"""Against a real c-icap, whose virus scanner asks a real clamd."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consumer.errors import Unavailable
from consumer.inspection.antivirus.icap import Icap
from consumer.inspection.antivirus.icap_answers import NOT_ALL_READ
from consumer.inspection.inspect import Antivirus
from consumer.model import Dependency, Finding, Reason
from consumer.settings.scanners import address_of
from tests.antivirus.c_icap import AS_SHIPPED, RunningIcap
from tests.antivirus.conftest import MIB, icap_and_clamd, scanned
from tests.antivirus.hidden import EICAR


def fits_where_the_inspector_wants_an_antivirus(scanner: Icap) -> Antivirus:
    """Checked by mypy."""
    return scanner


@pytest.fixture
async def scanner(c_icap: RunningIcap) -> AsyncIterator[Icap]:
    scanner = Icap(address_of(c_icap.avscan), connections=2, timeout_s=20)
    yield scanner
    await scanner.aclose()


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


async def test_a_service_that_is_not_there_is_unavailable(c_icap: RunningIcap) -> None:
    scanner = Icap(address_of(f"icap://{c_icap.authority}/nowhere"), timeout_s=20)
    with pytest.raises(Unavailable, match="404"):
        await scanned(scanner, b"hello")


async def test_it_tells_who_it_is_and_its_tag(scanner: Icap) -> None:
    version = await scanner.probe()
    assert "Antivirus service" in version
    assert " CI0001-" in version


async def test_a_server_whose_clamd_died_never_says_clean(tmp_path: Path) -> None:
    with icap_and_clamd(tmp_path) as (running, clamd):
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

"""Against a real clamd."""

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from consumer.errors import Unavailable
from consumer.inspection.antivirus.clamd import Clamd
from consumer.inspection.inspect import Antivirus
from consumer.model import Dependency, Facts, Reason
from tests.antivirus.conftest import MIB, STREAM_LIMIT, RunningClamd, scanned
from tests.antivirus.hidden import encrypted_zip


def fits_where_the_inspector_wants_an_antivirus(scanner: Clamd) -> Antivirus:
    """Checked by mypy."""
    return scanner


@pytest.fixture(params=["tcp", "unix"])
async def scanner(clamd: RunningClamd, request: pytest.FixtureRequest) -> AsyncIterator[Clamd]:
    scanner = Clamd(getattr(clamd, request.param), connections=2, timeout_s=20)
    yield scanner
    await scanner.aclose()


async def test_an_encrypted_archive_is_not_called_infected(scanner: Clamd) -> None:
    facts = await scanned(scanner, encrypted_zip())
    assert [finding.code for finding in facts.findings] == [Reason.ENCRYPTED]


async def test_what_exceeds_a_limit_inside_clamd_was_not_scanned_in_full(scanner: Clamd) -> None:
    facts = await scanned(scanner, os.urandom(6 * MIB))
    assert [finding.code for finding in facts.findings] == [Reason.SCAN_LIMIT_EXCEEDED]
    assert not facts.scanned


async def test_a_stream_over_the_limit_is_not_clean_and_the_next_one_is_scanned(scanner: Clamd) -> None:
    for _ in range(3):
        facts = await scanned(scanner, bytes(STREAM_LIMIT + MIB))
        assert [finding.code for finding in facts.findings] == [Reason.SCAN_LIMIT_EXCEEDED]
        assert not facts.scanned
        assert (await scanned(scanner, b"hello")).scanned


async def test_its_version_is_asked_for_by_a_probe(scanner: Clamd) -> None:
    assert (await scanner.probe())[0].isdigit()


async def test_a_clamd_that_dies_while_idle_is_unavailable_and_never_clean(clamd_to_kill: RunningClamd) -> None:
    scanner = Clamd(clamd_to_kill.tcp)
    assert (await scanned(scanner, b"hello")).scanned
    clamd_to_kill.process.kill()
    clamd_to_kill.process.wait()
    with pytest.raises(Unavailable) as caught:
        await scanned(scanner, b"hello")
    assert caught.value.dependency is Dependency.ANTIVIRUS
    await scanner.aclose()


async def test_a_clamd_killed_in_the_middle_of_a_scan_is_unavailable(clamd_to_kill: RunningClamd) -> None:
    class KillsItHalfWay:
        def chunks(self) -> Iterator[bytes]:
            yield bytes(MIB)
            clamd_to_kill.process.kill()
            clamd_to_kill.process.wait()
            for _ in range(20):
                yield bytes(MIB)

    scanner = Clamd(clamd_to_kill.unix)
    with pytest.raises(Unavailable) as caught:
        await scanner.scan(KillsItHalfWay(), Facts())
    assert caught.value.dependency is Dependency.ANTIVIRUS
    await scanner.aclose()

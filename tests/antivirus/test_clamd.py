"""Against a real clamd."""

import io
import os
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterator

import anyio
import pytest

from consumer.download.body import Body
from consumer.errors import Unavailable
from consumer.inspection.antivirus.clamd import Clamd
from consumer.inspection.inspect import Antivirus
from consumer.model import Dependency, Facts, Finding, Reason
from tests.antivirus.conftest import MIB, STREAM_LIMIT, RunningClamd

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + rb"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def fits_where_the_inspector_wants_an_antivirus(scanner: Clamd) -> Antivirus:
    """Checked by mypy."""
    return scanner


def zipped(*entries: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def docx_with(content: bytes) -> bytes:
    return zipped(
        ("[Content_Types].xml", b"<Types/>"),
        ("word/document.xml", b"<document/>"),
        ("word/embeddings/oleObject1.bin", content),
    )


def pdf_with(content: bytes) -> bytes:
    stream = zlib.compress(content)
    return b"".join(
        (
            b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n",
            b"3 0 obj<</Type/EmbeddedFile/Filter/FlateDecode/Length %d>>stream\n" % len(stream),
            stream,
            b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
        )
    )


def encrypted_zip() -> bytes:
    """The flag of encryption set in both headers: nobody has to know how to decrypt it to see that it is."""
    content = bytearray(zipped(("secret.txt", b"x" * 40)))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    return bytes(content)


@pytest.fixture(params=["tcp", "unix"])
async def scanner(clamd: RunningClamd, request: pytest.FixtureRequest) -> AsyncIterator[Clamd]:
    scanner = Clamd(getattr(clamd, request.param), connections=2, timeout_s=20)
    yield scanner
    await scanner.aclose()


async def scanned(scanner: Clamd, data: bytes, facts: Facts | None = None) -> Facts:
    with Body.of(data) as body:
        return await scanner.scan(body, facts or Facts())


@pytest.mark.parametrize("data", [b"hello", os.urandom(3 * MIB), zipped(("a", b"b"))], ids=["text", "random", "zip"])
async def test_a_clean_file_is_scanned_and_has_no_finding(scanner: Clamd, data: bytes) -> None:
    before = Facts(size=5, findings=(Finding(Reason.TRAILING_DATA),), detectors={"libmagic": "5.44"})
    facts = await scanned(scanner, data, before)
    assert (facts.scanned, facts.findings, facts.size) == (True, before.findings, 5)
    assert facts.detectors["libmagic"] == "5.44"
    assert facts.detectors["clamav"][0].isdigit()


@pytest.mark.parametrize(
    "data",
    [EICAR, EICAR + b"\n", zipped(("a/b.txt", EICAR)), docx_with(EICAR), pdf_with(EICAR)],
    ids=["plain", "with a newline", "zip", "docx", "pdf stream"],
)
async def test_eicar_is_infected_wherever_it_hides(scanner: Clamd, data: bytes) -> None:
    facts = await scanned(scanner, data)
    assert facts.scanned
    (finding,) = facts.findings
    assert finding.code is Reason.INFECTED
    assert finding.detail.startswith("Test.EICAR_")


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


async def test_many_scans_share_few_connections_and_none_is_mixed_up(scanner: Clamd) -> None:
    wrong: list[int] = []

    async def scan(number: int) -> None:
        facts = await scanned(scanner, EICAR if number % 2 else b"clean %d" % number)
        if bool(facts.findings) != bool(number % 2):
            wrong.append(number)

    async with anyio.create_task_group() as group:
        for number in range(100):
            group.start_soon(scan, number)
    assert wrong == []


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

"""From the bytes to the verdict with a real clamd: real workers, the shipped policy, folders as storages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import orjson
import pytest

from consumer.download.body import Body
from consumer.errors import Unavailable
from consumer.inspection.antivirus.clamd import Clamd
from consumer.inspection.inspect import Inspector, Stores
from consumer.inspection.policy.policy import SHIPPED, Policy
from consumer.inspection.workers.pool import Bounds, Workers
from consumer.model import Accepted, Attachment, Decision, Dependency, Facts, Reason, Rejected, Source, Verdict
from consumer.storage.folder import Folder
from consumer.wire.results import encode_result
from tests.antivirus.conftest import MIB, RunningClamd
from tests.antivirus.hidden import EICAR
from tests.inspection.files import BENIGN, archive, attachment, ooxml, pdf
from tests.reports import Recorder

T = TypeVar("T")
HARMLESS = b"Dear Sir or Madam,\nplease find my claim below.\n"
INFECTED = {
    "a.txt": EICAR,
    "a.pdf": pdf(b"9 0 obj\n<< /Type /EmbeddedFile /Length 68 >>\nstream\n" + EICAR + b"\nendstream\nendobj\n"),
    "a.docx": ooxml("docx", {"word/embeddings/oleObject1.bin": EICAR}),
    "a.xlsx": ooxml("xlsx", {"xl/media/image1.png": EICAR}),
    "a.zip": archive({"inner/a.txt": EICAR}),
}


class Served:
    """Links and downloads of one file."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def locate(self, attachment: Attachment, again: bool = False) -> str:
        return "https://files.example/a"

    async def fetch(self, url: str, cap: int, attachment: Attachment, believed: str = "") -> Body:
        return Body.of(self._data)


def told(verdict: Verdict) -> dict[str, Any]:
    """The published result."""
    at = datetime(2026, 11, 23, tzinfo=UTC)
    decision = Decision(attachment(), verdict, Source("events", 0, 0, 0), None, at, attempts=1, policy_version="1")
    result: dict[str, Any] = orjson.loads(encode_result(decision).value or b"")
    return result


async def once(step: Callable[[], Awaitable[T]], dependency: Dependency | None = None) -> T:
    return await step()


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def workers(policy: Policy) -> AsyncIterator[Workers]:
    async with Workers(1, bounds=Bounds(deadline_s=20.0), limits=lambda: policy.limits, reports=Recorder()) as running:
        yield running


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """The shipped one, which lets archives in as well: else none would get as far as to the antivirus."""
    file = tmp_path_factory.mktemp("policy") / "policy.toml"
    file.write_text(SHIPPED.read_text().replace("[types] ", '[types]\n"application/zip" = "1 MiB"\n#'))
    return Policy.load(file)


class House:
    """An inspector with a storage and, if asked for, a quarantine, both folders."""

    def __init__(self, workers: Workers, policy: Policy, folder: Path) -> None:
        self.workers = workers
        self.policy = policy
        self.stored, self.quarantine = folder / "stored", folder / "quarantine"

    async def judge(self, name: str, data: bytes, scanner: Clamd | None, *, keep: bool = False) -> Verdict:
        served = Served(data)
        accepted = Folder(self.stored, mode=0o640, durable=False)
        rejected = Folder(self.quarantine, mode=0o640, durable=False)
        stores = Stores(accepted, rejected if keep else None)
        inspector = Inspector(
            links=served,
            downloads=served,
            examiner=self.workers,
            stores=stores,
            policy=lambda: self.policy,
            antivirus=scanner,
            reports=Recorder(),
        )
        try:
            return await inspector.inspect(attachment(name), once)
        finally:
            await accepted.aclose()
            await rejected.aclose()

    def kept(self) -> list[Path]:
        return [file for place in (self.stored, self.quarantine) for file in place.rglob("*") if file.is_file()]


@pytest.fixture
def house(workers: Workers, policy: Policy, tmp_path: Path) -> House:
    return House(workers, policy, tmp_path)


@pytest.fixture
async def scanner(clamd: RunningClamd) -> AsyncIterator[Clamd]:
    scanner = Clamd(clamd.unix, connections=2, timeout_s=20)
    yield scanner
    await scanner.aclose()


@pytest.mark.parametrize("name", INFECTED)
async def test_what_is_infected_is_rejected_wherever_it_hides(name: str, house: House, scanner: Clamd) -> None:
    without = await house.judge(name, INFECTED[name], None)
    assert isinstance(without, Accepted), "nothing but the antivirus sees it"
    with_it = await house.judge(name, INFECTED[name], scanner)
    assert isinstance(with_it, Rejected)
    assert (with_it.reason, with_it.facts.scanned) == (Reason.INFECTED, True)
    assert with_it.detail == house.policy.sentence(Reason.INFECTED)


async def test_an_archive_is_no_business_of_the_shipped_policy(house: House, scanner: Clamd) -> None:
    house.policy = Policy.load()
    verdict = await house.judge("a.zip", INFECTED["a.zip"], scanner)
    assert isinstance(verdict, Rejected)
    assert (verdict.reason, verdict.facts.scanned) == (Reason.CONTENT_NOT_ALLOWED, False)


async def test_our_limits_come_before_those_of_a_clamd_that_is_silent_about_its_own(
    house: House, clamd_by_default: RunningClamd
) -> None:
    """It looks into no member over 100 MiB, and says of the whole that it is fine."""
    hidden = bytes(101 * MIB) + EICAR
    small = ooxml("docx", {"word/media/image1.bin": hidden})
    assert len(small) < MIB
    scanner = Clamd(clamd_by_default.unix, timeout_s=20)
    with Body.of(small) as body:
        facts = await scanner.scan(body, Facts())
    assert (facts.scanned, facts.findings) == (True, ())
    verdict = await house.judge("a.docx", small, scanner)
    assert isinstance(verdict, Rejected)
    assert (verdict.reason, verdict.facts.scanned) == (Reason.ARCHIVE_LIMITS, False)
    await scanner.aclose()


@pytest.mark.parametrize("with_antivirus", [True, False])
async def test_the_result_says_whether_it_was_scanned(house: House, scanner: Clamd, with_antivirus: bool) -> None:
    verdict = await house.judge("a.txt", HARMLESS, scanner if with_antivirus else None)
    assert isinstance(verdict, Accepted)
    assert told(verdict)["scanned"] is with_antivirus
    assert ("clamav" in told(verdict)["detectors"]) is with_antivirus


async def test_without_its_clamd_nothing_is_accepted_and_nothing_rejected(
    house: House, clamd_to_kill: RunningClamd
) -> None:
    scanner = Clamd(clamd_to_kill.unix, timeout_s=20)
    assert isinstance(await house.judge("a.txt", HARMLESS, scanner), Accepted)
    before = house.kept()
    clamd_to_kill.process.kill()
    clamd_to_kill.process.wait()
    for data in (HARMLESS + b"another\n", EICAR):
        with pytest.raises(Unavailable) as caught:
            await house.judge("a.txt", data, scanner, keep=True)
        assert caught.value.dependency is Dependency.ANTIVIRUS
    assert house.kept() == before
    await scanner.aclose()


async def test_samples_are_kept_under_digests_where_a_quarantine_is_set(house: House, scanner: Clamd) -> None:
    await house.judge("a.txt", EICAR, scanner, keep=True)
    (sample,) = house.kept()
    assert sample.read_bytes() == EICAR
    conversation, _, name = sample.relative_to(house.quarantine).as_posix().partition("/")
    assert len(conversation) == 32
    assert len(name) == 32 + 1 + 64
    assert set(conversation + name) <= set("0123456789abcdef-")


async def test_without_a_quarantine_no_sample_is_kept(house: House, scanner: Clamd) -> None:
    await house.judge("a.txt", EICAR, scanner)
    await house.judge("a.docx", BENIGN["png"], scanner)
    assert house.kept() == []


async def test_what_is_accepted_is_in_no_quarantine(house: House, scanner: Clamd) -> None:
    await house.judge("a.txt", HARMLESS, scanner, keep=True)
    (kept,) = house.kept()
    assert kept.is_relative_to(house.stored)

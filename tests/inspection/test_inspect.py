"""One attachment to its verdict: which step follows which, what ends the way early, and what is asked again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self, TypeVar

import pytest

from consumer.errors import Doubtful, NotYet, Strange, Unavailable
from consumer.inspection.inspect import BELIEFS, RESOLVES, Body, Inspector, Stores
from consumer.inspection.policy.policy import SHIPPED, Policy
from consumer.model import (
    YOUNG,
    Accepted,
    Attachment,
    Dependency,
    Expired,
    Facts,
    Finding,
    Reason,
    Rejected,
    Tries,
    Verdict,
)
from consumer.model.heard import Asked
from tests.reports import Recorder

T = TypeVar("T")

NOW = datetime(2026, 6, 1, tzinfo=UTC)
OLD, FRESH = NOW - YOUNG - timedelta(seconds=1), NOW - timedelta(seconds=1)
PNG = Attachment(
    "c",
    "m",
    "a",
    "id:a",
    name="a.png",
    declared_type="image/png",
    url="https://x/1",
    message_time=OLD,
    announced_at=NOW,
)
GOOD = Facts(size=3, sha256="0" * 64, detected_type="image/png")
CLEAN = replace(GOOD, scanned=True)
POLICY = Policy.load(SHIPPED)


class Bytes:
    size, sha256, closed = 3, "0" * 64, False

    def takes_long(self) -> None:
        pass

    def waits(self) -> None:
        pass

    def fileno(self) -> int:
        raise AssertionError("nobody here reads it")

    def chunks(self, size: int = 1) -> Iterator[bytes]:
        yield b"abc"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.closed = True


@dataclass
class World:
    """Everything that an inspector asks, answering as the test says; `said` is the order in which it was asked."""

    located: list[str | Reason] = field(default_factory=lambda: ["https://x/1"])
    fetched: list[Body | Expired | Reason] = field(default_factory=list)
    facts: Facts = GOOD
    scanned: Facts = CLEAN
    body: Bytes = field(default_factory=Bytes)
    said: list[Any] = field(default_factory=list)
    reports: Recorder = field(default_factory=Recorder)

    async def locate(self, attachment: Attachment, again: bool = False) -> str | Reason:
        self.said.append("locate again" if again else "locate")
        return self.located.pop(0) if len(self.located) > 1 else self.located[0]

    async def fetch(self, url: str, cap: int, attachment: Attachment, believed: str = "") -> Body | Expired | Reason:
        self.said.append(f"fetch {url}")
        return self.fetched.pop(0) if self.fetched else self.body

    async def examine(self, body: Body, attachment: Attachment) -> Facts:
        self.said.append("examine")
        return self.facts

    async def scan(self, body: Body, facts: Facts) -> Facts:
        self.said.append("scan")
        return self.scanned

    async def inspect(self, attachment: Attachment = PNG, **parts: Any) -> Verdict:
        stores: Stores[Any] = Stores(Kept("store", self.said), parts.get("quarantine"))
        inspector = Inspector(self, self, self, stores, lambda: POLICY, parts.get("antivirus"), self.reports)
        return await inspector.inspect(attachment, once)


@dataclass
class Kept:
    name: str
    said: list[Any]

    async def put(self, conversation_id: str, identity: bytes, body: Body, facts: Facts) -> str:
        self.said.append(self.name)
        return f"{self.name}://{conversation_id}"


async def once(step: Callable[[], Awaitable[T]], dependency: Dependency | None = None) -> T:
    return await step()


def reason_of(verdict: Verdict) -> Reason:
    assert isinstance(verdict, Rejected)
    assert verdict.detail == POLICY.sentence(verdict.reason)
    return verdict.reason


async def test_what_has_no_try_left_is_undetectable_and_not_even_downloaded() -> None:
    world = World()
    assert reason_of(await world.inspect(replace(PNG, tries=Tries.NONE))) is Reason.UNDETECTABLE
    assert world.said == []


async def test_what_is_fine_is_examined_scanned_and_only_then_stored() -> None:
    world = World()
    verdict = await world.inspect(antivirus=world, quarantine=Kept("quarantine", world.said))

    assert verdict == Accepted(world.scanned, "store://c")
    assert world.said == ["locate", "fetch https://x/1", "examine", "scan", "store"]
    assert world.reports.of("timed") == ["fetch", "examine", "scan", "store"]
    assert world.body.closed


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"removed": True}, Reason.REMOVED),
        ({"declared_type": "video/mp4"}, Reason.TYPE_NOT_ALLOWED),
        ({"declared_size": 200 * 1024 * 1024}, Reason.TOO_LARGE),
    ],
)
async def test_what_is_declared_wrong_is_rejected_before_anything_is_asked(
    fields: dict[str, Any], reason: Reason
) -> None:
    world = World()
    assert reason_of(await world.inspect(replace(PNG, **fields))) is reason
    assert world.said == []


async def test_a_generic_type_is_judged_by_its_bytes() -> None:
    world = World()
    assert isinstance(await world.inspect(replace(PNG, declared_type="application/octet-stream")), Accepted)


@pytest.mark.parametrize("reason", [Reason.UPLOAD_FAILED, Reason.NO_LONGER_AVAILABLE])
async def test_what_has_no_link_is_rejected_for_what_the_lookup_says(reason: Reason) -> None:
    assert reason_of(await World(located=[reason]).inspect()) is reason


@pytest.mark.parametrize("reason", [Reason.TOO_LARGE, Reason.HTML_PAGE, Reason.URL_NOT_ALLOWED])
async def test_what_the_download_refuses_is_never_examined(reason: Reason) -> None:
    world = World(fetched=[reason])
    assert reason_of(await world.inspect()) is reason
    assert "examine" not in world.said


async def test_an_expired_link_is_resolved_again() -> None:
    world = World(located=["https://x/1", "https://x/2"], fetched=[Expired(403)])
    assert isinstance(await world.inspect(), Accepted)
    assert world.said[:4] == ["locate", "fetch https://x/1", "locate again", "fetch https://x/2"]


async def test_links_that_stay_expired_are_waited_for_and_asked_a_bounded_number_of_times() -> None:
    world = World(fetched=[Expired(403)] * 9)
    with pytest.raises(Unavailable) as raised:
        await world.inspect()
    assert not isinstance(raised.value, NotYet | Doubtful), "nobody can say that the file is gone"
    assert len(world.said) == 2 * RESOLVES


@pytest.mark.parametrize("status", [404, 410])
async def test_a_file_of_an_old_message_that_is_not_there_is_gone(status: int) -> None:
    assert reason_of(await World(fetched=[Expired(status)] * 9).inspect()) is Reason.NO_LONGER_AVAILABLE


@pytest.mark.parametrize("sent", [FRESH, None], ids=["fresh", "nobody knows when"])
async def test_a_file_that_may_still_come_is_waited_for_before_it_is_called_gone(sent: datetime | None) -> None:
    waited = 0

    async def patiently(step: Callable[[], Awaitable[T]], dependency: Dependency | None = None) -> T:
        nonlocal waited
        try:
            return await step()
        except NotYet:
            waited += 1
            raise

    world = World(fetched=[Expired(404)] * 9)
    stores = Stores(Kept("store", world.said), None)
    inspector = Inspector(world, world, world, stores, lambda: POLICY, None, Recorder())
    verdict = await inspector.inspect(replace(PNG, message_time=sent), patiently)
    assert reason_of(verdict) is Reason.NO_LONGER_AVAILABLE
    assert waited == 1


async def test_what_the_examination_rejects_is_not_shown_to_the_antivirus_and_not_stored() -> None:
    world = World(facts=replace(GOOD, detected_type="application/x-msdownload"))
    assert reason_of(await world.inspect(antivirus=world)) is Reason.CONTENT_NOT_ALLOWED
    assert world.said[-1] == "examine"


async def test_what_the_antivirus_names_is_rejected() -> None:
    world = World(scanned=replace(GOOD, scanned=True, findings=(Finding(Reason.INFECTED, "Eicar"),)))
    verdict = await world.inspect(antivirus=world)
    assert reason_of(verdict) is Reason.INFECTED
    assert isinstance(verdict, Rejected)
    assert verdict.facts.scanned
    assert "store" not in world.said


async def test_rejected_bytes_go_into_the_quarantine_where_there_is_one() -> None:
    world = World(facts=replace(GOOD, detected_type="application/x-msdownload"))
    await world.inspect(quarantine=Kept("quarantine", world.said))
    assert world.said[-1] == "quarantine"


async def test_bytes_of_another_hash_than_announced_are_rejected() -> None:
    announced = replace(PNG, declared_sha256="1" * 64)
    assert reason_of(await World().inspect(announced)) is Reason.HASH_MISMATCH


async def test_what_nobody_can_tell_is_rejected() -> None:
    assert reason_of(await World(facts=replace(GOOD, detected_type=None)).inspect()) is Reason.UNDETECTABLE


@pytest.mark.parametrize(
    ("doubted", "asked"),
    [
        ("A", ["", "A"]),
        ("AB", ["", "A", "B"]),
        ("aA", ["", "", "A"]),
        ("Aa", ["", "A", "A"]),
        ("aba", ["", "", "", ""]),
        ("aa", ["", "", "a"]),
        ("baa", ["", "", "", "a"]),
    ],
)
async def test_a_doubted_body_is_asked_for_by_its_hash_once_it_is_known_to_be_no_outage_of_the_last_attempt(
    doubted: str, asked: list[str]
) -> None:
    """Each letter is what came at the end of one round of attempts; a large one came for this file alone."""
    told: list[str] = []

    class Doubting(World):
        async def fetch(
            self, url: str, cap: int, attachment: Attachment, believed: str = ""
        ) -> Body | Expired | Reason:
            told.append(believed)
            if len(told) > len(doubted):
                return self.body
            sha256 = doubted[len(told) - 1]
            strange = Strange("words", asked=Asked("files", "f"), host=None, settled=None, sha256=sha256)
            strange.is_own = sha256.isupper()
            raise strange

    assert isinstance(await Doubting().inspect(), Accepted)
    assert told == asked


async def test_what_is_another_body_each_time_gets_no_verdict() -> None:
    class Doubting(World):
        async def fetch(
            self, url: str, cap: int, attachment: Attachment, believed: str = ""
        ) -> Body | Expired | Reason:
            self.said.append("fetch")
            sha256 = str(len(self.said))
            raise Strange("words", asked=Asked("files", "f"), host=None, settled=None, sha256=sha256)

    world = Doubting()
    with pytest.raises(Strange):
        await world.inspect()
    assert world.said.count("fetch") == 1 + BELIEFS

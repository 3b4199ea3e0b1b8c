"""Files that may end the whole process: each is examined under its name, and a suspect alone."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace

import anyio
import pytest

from consumer.inspection.workers.pool import NAMED_A_WORKER, Bounds, Workers
from consumer.model import Facts, Reason
from consumer.model.caution import CAUTION
from tests.inspection.files import MemoryBody, attachment
from tests.inspection.planted import plant, planted
from tests.inspection.tally import Tally
from tests.present import as_task
from tests.reports import Busy

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no other kernel tells what a process has cost")

LONG = "[max(range(10_000_000))] and Seen('text/csv')"  # some 0.2 s: longer than files of its size take


@dataclass
class Wary:
    """Of a partition, with what is written down as long as it can be."""

    wary: bool = True
    writes: bool = True
    suspected: bool = True
    ended_us: set[str] = field(default_factory=set)
    story: list[tuple[str, str]] = field(default_factory=list)
    acquitted: list[str] = field(default_factory=list)
    asked: anyio.Event = field(default_factory=anyio.Event)
    commits: anyio.Event | None = None  # a name is written once it is set
    waiting: int = 0  # names that are not yet
    can_write: anyio.Event = field(default_factory=anyio.Event)

    def suspects(self, _: str) -> bool:
        return self.suspected

    def has_ended_us(self, sha256: str) -> bool:
        return sha256 in self.ended_us

    @asynccontextmanager
    async def named(self, sha256: str) -> AsyncIterator[bool]:
        self.asked.set()
        if self.commits is not None:
            self.waiting += 1
            await self.commits.wait()
            self.waiting -= 1
        self.story.append(("begins", sha256))
        yield self.writes
        self.story.append(("is over", sha256))

    def acquit(self, sha256: str) -> None:
        self.acquitted.append(sha256)

    async def able(self, _: str) -> None:
        if not self.writes:
            await self.can_write.wait()


@contextmanager
def judged_by(caution: Wary) -> Iterator[None]:
    token = CAUTION.set(caution)
    try:
        yield
    finally:
        CAUTION.reset(token)


class Files:
    def __init__(self, workers: Workers) -> None:
        self.workers = workers
        self.facts: dict[str, Facts] = {}

    async def examine(self, conversation: str, expression: str) -> None:
        with plant(expression) as body:
            of = replace(attachment(), conversation_id=conversation)
            self.facts[conversation] = await self.workers.examine(body, of)


async def test_each_suspect_s_name_is_gone_before_the_next_file_begins() -> None:
    caution, tally = Wary(), Tally()
    async with Workers(2, bounds=Bounds(deadline_s=60.0, cpu_s=60.0), command=planted(), reports=tally) as workers:
        files = Files(workers)
        with judged_by(caution):
            async with anyio.create_task_group() as group:
                for number in range(4):
                    group.start_soon(files.examine, f"c{number}", f"{number} or Seen('text/csv')")
    assert [what for what, _ in caution.story] == ["begins", "is over"] * 4
    assert [one for _, one in caution.story[::2]] == [one for _, one in caution.story[1::2]]
    assert len({one for _, one in caution.story}) == 4
    assert files.facts["c0"].detected_type == "text/csv"


async def test_who_is_no_suspect_yet_has_neighbours() -> None:
    caution, tally = Wary(suspected=False), Tally()
    async with Workers(2, bounds=Bounds(deadline_s=60.0, cpu_s=60.0), command=planted(), reports=tally) as workers:
        files = Files(workers)
        with judged_by(caution):
            async with anyio.create_task_group() as group:
                for name in ("one", "two"):
                    group.start_soon(files.examine, name, f"[{name!r}] and {LONG}")
    assert [what for what, _ in caution.story] == ["begins", "begins", "is over", "is over"]


async def test_nothing_of_others_is_examined_beside_a_suspect_however_long_that_takes() -> None:
    caution, tally = Wary(), Tally()
    during: list[int] = []
    async with Workers(2, bounds=Bounds(deadline_s=60.0, cpu_s=60.0), command=planted(), reports=tally) as workers:
        files = Files(workers)

        async def others() -> None:
            await files.examine("other", "Seen('text/csv')")
            during.append(len(caution.story))

        async with anyio.create_task_group() as group:
            with judged_by(caution):
                group.start_soon(files.examine, "suspect", LONG)
            await caution.asked.wait()
            for _ in range(2):
                group.start_soon(others)
    assert during == [2, 2], "its name was gone by then"
    assert files.facts["suspect"].detected_type == "text/csv"


async def test_what_can_not_be_named_is_not_examined_and_others_are_meanwhile() -> None:
    caution, tally = Wary(writes=False), Tally()
    async with Workers(1, bounds=Bounds(deadline_s=60.0), command=planted(), reports=tally) as workers:
        files = Files(workers)
        async with anyio.create_task_group() as group:
            caution.can_write.set()
            with judged_by(caution):
                group.start_soon(files.examine, "suspect", "Seen('text/csv')")
            await caution.asked.wait()
            caution.can_write = anyio.Event()
            await files.examine("other", "Seen('text/csv')")
            assert list(files.facts) == ["other"]
            caution.writes = True
            caution.can_write.set()
    assert files.facts["suspect"].detected_type == "text/csv"


async def test_while_names_are_written_down_files_keep_no_worker_from_those_that_need_none() -> None:
    """A broker that is busy takes a second for it, and one that is away has the partition go on only after that."""
    caution, tally = Wary(suspected=False, commits=(commits := anyio.Event())), Tally()
    async with Workers(1, bounds=Bounds(deadline_s=60.0), command=planted(), reports=tally) as workers:
        files = Files(workers)
        async with anyio.create_task_group() as group:
            with judged_by(caution):
                for number in range(3):
                    group.start_soon(files.examine, f"c{number}", f"[{number}] and Seen('text/csv')")
            await anyio.wait_all_tasks_blocked()
            with anyio.fail_after(60):
                await files.examine("other", "Seen('text/csv')")
            assert list(files.facts) == ["other"]
            commits.set()
    assert {facts.detected_type for facts in files.facts.values()} == {"text/csv"}


async def test_few_files_have_a_name_at_once_since_each_of_them_is_suspected_when_this_process_ends() -> None:
    caution, tally = Wary(suspected=False, commits=(commits := anyio.Event())), Tally()
    async with Workers(1, bounds=Bounds(deadline_s=60.0), command=planted(), reports=tally) as workers:
        files = Files(workers)
        async with anyio.create_task_group() as group:
            with judged_by(caution):
                for number in range(2 * NAMED_A_WORKER):
                    group.start_soon(files.examine, f"c{number}", f"[{number}] and Seen('text/csv')")
            await anyio.wait_all_tasks_blocked()
            assert caution.waiting == NAMED_A_WORKER
            commits.set()
    assert len(files.facts) == 2 * NAMED_A_WORKER


async def test_a_file_is_acquitted_by_its_answer_and_not_by_an_end_that_need_not_be_its_own() -> None:
    caution, tally = Wary(), Tally()
    async with Workers(1, bounds=Bounds(deadline_s=60.0), command=planted(), reports=tally) as workers:
        with judged_by(caution), plant("Seen('text/csv')") as honest, plant("os.kill(os.getpid(), 9)") as dies:
            await workers.examine(dies, attachment())
            assert caution.acquitted == []
            await workers.examine(honest, attachment())
            assert caution.acquitted == [honest.sha256]


async def test_while_its_name_can_not_be_written_down_a_file_rests_and_keeps_nothing_that_others_need() -> None:
    caution, tally = Wary(writes=False), Tally()
    async with Workers(1, bounds=Bounds(deadline_s=60.0), command=planted(), reports=tally) as workers:
        with judged_by(caution), plant("Seen('text/csv')") as body, as_task(seat := Busy(1)):
            async with anyio.create_task_group() as group:
                group.start_soon(workers.examine, body, attachment())
                await caution.asked.wait()
                await anyio.wait_all_tasks_blocked()
                assert (seat.parts, body.kept, workers.busy) == (0, False, 0)
                group.cancel_scope.cancel()


async def test_a_file_that_ended_the_service_is_undetectable_without_another_try() -> None:
    tally = Tally()
    async with Workers(1, bounds=Bounds(deadline_s=60.0), command=planted(), reports=tally) as workers:
        with plant("Seen('text/csv')") as body, judged_by(Wary(ended_us={body.sha256})):
            facts = await workers.examine(body, attachment())
    assert [finding.code for finding in facts.findings] == [Reason.UNDETECTABLE]
    assert "the whole service was ended" in facts.findings[0].detail
    assert (facts.sha256, facts.detected_type) == (body.sha256, None)
    assert not tally.of("examined")


async def test_who_is_not_wary_names_nothing() -> None:
    caution, tally = Wary(wary=False), Tally()
    async with Workers(1, bounds=Bounds(deadline_s=60.0), reports=tally) as workers:
        with MemoryBody(b"text") as body, judged_by(caution):
            assert (await workers.examine(body, attachment())).detected_type == "text/plain"
    assert caution.story == []

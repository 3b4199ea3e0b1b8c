"""Lives of one partition, one after the other, and what each leaves to the next one beside the offset."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio.lowlevel import checkpoint

from consumer.kafka.starting import Start
from consumer.model import Condition
from consumer.stream.caution import Caution, Note
from consumer.stream.lives import MOST_NAMES, name_of
from tests.reports import Recorder

WINDOW = 100
BOMB, PHOTO = "b" * 64, "0" * 64


class Partition:
    """Offset and metadata as a broker keeps them, the log's end, and one life of its owner."""

    def __init__(self, offset: int = 10, end: int = 20) -> None:
        self.offset, self.end, self.metadata = offset, end, ""
        self.commits = 0
        self._lives = 0
        self.reports = Recorder()

    def begin(self) -> Caution:
        """A new process; the one before may have ended in any way."""
        self._lives += 1
        caution = Caution(3, WINDOW, f"{self._lives:016x}", self.stirred, self.reports)
        self.prepare(caution)
        return caution

    def prepare(self, caution: Caution) -> None:
        note = caution.begin(Start(self.offset, self.end, self.metadata))
        if note is not None:
            self.commit(caution, self.offset, note)

    def stirred(self) -> None:
        """The next tick is left to the test."""

    def tick(self, caution: Caution, offset: int | None = None) -> None:
        offset = self.offset if offset is None else offset
        note = caution.note(offset)
        if offset > self.offset or caution.is_news(note):
            self.commit(caution, offset, note)

    def commit(self, caution: Caution, offset: int, note: Note) -> None:
        self.offset, self.metadata = offset, note.text
        self.commits += 1
        caution.committed(offset, note)

    def wary(self) -> Caution:
        for _ in range(2):
            self.begin()
        caution = self.begin()
        assert caution.wary
        return caution

    async def ends_in(self, sha256: str) -> None:
        """A process ends while it examines a file."""
        caution = self.begin()
        async with anyio.create_task_group() as group:
            begun = anyio.Event()

            async def examine() -> None:
                async with caution.named(sha256):
                    begun.set()
                    await anyio.sleep_forever()

            group.start_soon(examine)
            await checkpoint()
            self.tick(caution)
            await begun.wait()
            group.cancel_scope.cancel()


@asynccontextmanager
async def ticking(partition: Partition, caution: Caution) -> AsyncIterator[None]:
    async def tick() -> None:
        while True:
            await checkpoint()
            partition.tick(caution)

    async with anyio.create_task_group() as group:
        group.start_soon(tick)
        yield
        group.cancel_scope.cancel()


async def test_a_partition_without_waiting_tasks_writes_nothing_down() -> None:
    partition = Partition(20, 20)
    for _ in range(5):
        assert not partition.begin().wary
    assert (partition.commits, partition.metadata) == (0, "")


async def test_the_third_life_that_begins_at_one_offset_is_wary_and_says_so() -> None:
    partition = Partition()
    assert not partition.begin().wary
    assert not partition.begin().wary
    assert not partition.reports.holding
    assert partition.begin().wary
    ((condition, about), detail), *_ = partition.reports.holding.items()
    assert (condition, about) == (Condition.CRASH_LOOP, "partition 3")
    assert "2 processes ended at offset 10" in detail


async def test_a_commit_further_on_forgets_the_lives_before() -> None:
    partition = Partition()
    partition.begin()
    partition.tick(partition.begin(), 11)
    assert partition.metadata == ""
    partition.begin()
    assert not partition.begin().wary


async def test_a_life_that_is_let_go_in_order_counts_for_nothing() -> None:
    """Deployments and rebalances while nothing can be settled, as behind a closed gate."""
    partition = Partition()
    partition.begin()
    for _ in range(9):
        caution = partition.begin()
        assert not caution.wary
        caution.leave()
        partition.tick(caution)
    assert not partition.begin().wary, "the first one and the last one"
    assert partition.begin().wary


async def test_a_producer_that_is_replaced_begins_no_new_life() -> None:
    partition = Partition()
    caution = partition.begin()
    for _ in range(9):
        caution.lost()
        partition.prepare(caution)
        assert not caution.wary
    assert partition.commits == 1


async def test_who_is_wary_stays_so_and_so_does_its_successor_until_all_that_waited_is_settled() -> None:
    partition = Partition()
    caution = partition.wary()
    partition.tick(caution, 15)
    assert caution.wary
    caution = partition.begin()
    before = caution.wary
    partition.tick(caution, 20)
    assert (before, caution.wary) == (True, False)
    assert partition.metadata == ""
    assert not partition.reports.holding


async def test_what_no_predecessor_can_have_taken_is_not_waited_for() -> None:
    partition = Partition(0, 10_000)
    caution = partition.wary()
    partition.tick(caution, WINDOW - 1)
    assert caution.wary
    partition.tick(caution, WINDOW)
    assert not caution.wary


async def test_tasks_that_nobody_had_before_are_examined_as_ever_while_an_older_one_waits() -> None:
    partition = Partition()
    for _ in range(2):
        partition.begin()
    for _ in range(3):
        await partition.ends_in(BOMB)
    caution = partition.begin()
    assert [caution.of(offset).wary for offset in (10, 19, 20, 99)] == [True, True, False, False]
    assert caution.of(99).has_ended_us(BOMB), "a copy of it is no less of a bomb"


async def test_the_marks_of_transactions_behind_the_last_task_keep_nobody_wary() -> None:
    partition = Partition()
    caution = partition.wary()
    partition.tick(caution, 19)  # 19 is such a mark: no record, and nothing moves beyond it
    assert caution.wary
    caution.passed()
    partition.tick(caution, 19)
    assert (caution.wary, partition.metadata) == (False, "")


async def test_without_need_nothing_is_named() -> None:
    partition = Partition()
    caution = partition.begin()
    async with caution.named(BOMB) as written:
        assert written
    assert partition.commits == 1


async def test_names_of_all_that_is_examined_stand_there_before_it_begins() -> None:
    partition = Partition()
    caution = partition.wary()
    async with ticking(partition, caution):
        async with caution.named(BOMB) as first, caution.named(PHOTO) as second, caution.named(PHOTO) as again:
            assert first and second and again
            assert {f"{name_of(sha256)}:1" in partition.metadata for sha256 in (BOMB, PHOTO)} == {True}
        while "0" * 32 in partition.metadata or "b" * 32 in partition.metadata:
            await checkpoint()
    assert not caution.has_ended_us(BOMB)


async def test_a_suspect_s_name_is_gone_before_the_next_one_begins() -> None:
    partition = Partition()
    for _ in range(2):
        partition.begin()
    await partition.ends_in(BOMB)
    caution = partition.begin()
    assert (caution.suspects(BOMB), caution.suspects(PHOTO)) == (True, False)
    async with ticking(partition, caution):
        async with caution.named(BOMB) as written:
            assert written
            assert f"{name_of(BOMB)}:2" in partition.metadata
        assert f"{name_of(BOMB)}:1" in partition.metadata, "as suspect as it was"
        caution.acquit(BOMB)
        while name_of(BOMB) in partition.metadata:
            await checkpoint()
    assert not caution.suspects(BOMB)


async def test_a_file_under_whose_name_two_lives_ended_while_it_was_alone_is_known_for_it() -> None:
    partition = Partition()
    for _ in range(2):
        partition.begin()
    for _ in range(2):
        await partition.ends_in(BOMB)
        assert not partition.begin().has_ended_us(BOMB), "a neighbour may have done it, and anybody may be killed once"
    await partition.ends_in(BOMB)
    caution = partition.begin()
    assert caution.has_ended_us(BOMB)
    assert not caution.has_ended_us(PHOTO)


async def test_a_file_that_was_examined_to_its_end_is_suspected_no_more() -> None:
    partition = Partition()
    for _ in range(2):
        partition.begin()
    for _ in range(2):
        await partition.ends_in(PHOTO)
    caution = partition.begin()
    async with ticking(partition, caution):
        async with caution.named(PHOTO) as written:
            assert written
        caution.acquit(PHOTO)
        while name_of(PHOTO) in partition.metadata:
            await checkpoint()
    for _ in range(2):
        await partition.ends_in(PHOTO)
    assert not partition.begin().has_ended_us(PHOTO)


async def test_a_file_that_ends_a_later_one_of_its_examinations_is_found() -> None:
    """What it is was told in time each time; its rules, or a second try, are what ends the process."""
    partition = Partition()
    for _ in range(2):
        partition.begin()
    for _ in range(3):
        caution = partition.begin()
        async with ticking(partition, caution), caution.named(BOMB) as written:
            assert written
        await partition.ends_in(BOMB)
    assert partition.begin().has_ended_us(BOMB)


async def test_a_name_for_which_there_is_no_room_waits_until_there_is() -> None:
    partition = Partition()
    caution = partition.wary()
    heard: list[bool] = []

    async def examine(number: int) -> None:
        async with caution.named(f"{number:064d}"[::-1]) as written:
            heard.append(written)
            await anyio.sleep_forever()

    async with anyio.create_task_group() as group:
        for number in range(MOST_NAMES + 8):
            group.start_soon(examine, number)
        await anyio.wait_all_tasks_blocked()
        partition.tick(caution)
        await anyio.wait_all_tasks_blocked()
        assert heard == [True] * MOST_NAMES
        group.cancel_scope.cancel()


async def test_a_file_whose_examination_was_broken_off_is_as_suspect_as_before() -> None:
    partition = Partition()
    for _ in range(2):
        partition.begin()
    for _ in range(2):
        await partition.ends_in(BOMB)
    caution = partition.begin()
    async with ticking(partition, caution):
        with anyio.CancelScope() as scope:
            async with caution.named(BOMB):
                scope.cancel()
                await checkpoint()
        while f"{name_of(BOMB)}:2" not in partition.metadata:
            await checkpoint()
    await partition.ends_in(BOMB)
    assert partition.begin().has_ended_us(BOMB)


async def test_while_nothing_can_be_written_down_nothing_is_examined() -> None:
    partition = Partition()
    caution = partition.wary()
    caution.lost()
    async with caution.named(BOMB) as written:
        assert not written
    with anyio.move_on_after(0) as waited:
        await caution.able(BOMB)
    assert waited.cancelled_caught
    partition.prepare(caution)
    await caution.able(BOMB)
    async with ticking(partition, caution), caution.named(BOMB) as written:
        assert written


async def test_while_it_is_let_go_what_is_no_suspect_is_examined_to_its_end() -> None:
    """Its name says nothing then: who comes next is as wary, whatever happens now."""
    partition = Partition()
    for _ in range(2):
        partition.begin()
    await partition.ends_in(BOMB)
    caution = partition.begin()
    caution.leave()
    await caution.able(PHOTO)
    async with caution.named(PHOTO) as written:
        assert written
    async with caution.named(BOMB) as written:
        assert not written
    partition.tick(caution)
    assert partition.begin().suspects(BOMB)


async def test_a_producer_that_fails_in_the_middle_is_no_reason_to_wait_for_ever() -> None:
    partition = Partition()
    caution = partition.wary()
    heard: list[bool] = []

    async def examine() -> None:
        async with caution.named(BOMB) as written:
            heard.append(written)

    async with anyio.create_task_group() as group:
        group.start_soon(examine)
        await checkpoint()
        caution.lost()
    assert heard == [False]


async def test_an_examination_that_outlives_its_producer_stays_under_its_name() -> None:
    partition = Partition()
    caution = partition.wary()
    async with ticking(partition, caution), caution.named(BOMB) as written:
        assert written
        caution.lost()
        partition.prepare(caution)
        assert f"{name_of(BOMB)}:1" in partition.metadata
    assert not caution.has_ended_us(BOMB)


async def test_going_back_by_a_release_and_forth_begins_anew() -> None:
    """An older release reads the offset alone, and leaves the metadata empty."""
    partition = Partition()
    partition.wary()
    partition.metadata = ""
    assert not partition.begin().wary

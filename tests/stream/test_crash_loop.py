"""Processes that end at the same tasks again and again, on a real broker, until one comes beyond them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

import anyio
import pytest
from anyio.lowlevel import checkpoint

from consumer.identity import identity
from consumer.judge.answers import Answer, Answers, Inspection
from consumer.model import AnswerKind, Condition, LedgerEntry, Task
from consumer.model.caution import CAUTION
from consumer.model.resting import Resting
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.stream import stream as source
from consumer.stream.transaction import Offsets, ProducerRecord, Transactor
from consumer.wire.results import Outgoing, Output
from tests.reports import Recorder
from tests.service.composed import until_true
from tests.stream.harness import Answered, committed, everything, make_stream, running, until_committed, write_tasks

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

LIVES = 6  # two that are counted, one beside others, two alone, and one that knows it
BOMB = "bomb"
TASKS = [("c1", BOMB), ("c1", "photo 1"), ("c2", "photo 2"), ("c1", "photo 3")]  # a commit further on would forget


class Examines:
    """As a pool of workers does: under its name where it has to be. The bomb ends the process."""

    def __init__(self) -> None:
        self.met_the_bomb, self.ended = anyio.Event(), False
        self.rejected: list[str] = []
        self.wary: list[bool] = []
        self._alone = anyio.Lock()

    async def __call__(self, task: Task, answers: Answers, resting: Resting) -> None:
        assert task.value is not None
        name = task.value.decode()
        await answers.once(identity("attachment", name), b"m" * 16, self._inspection(name))

    def _inspection(self, name: str) -> Inspection:
        content = sha256(name.encode()).hexdigest()

        async def examine(resting: Resting) -> Answer | None:
            caution = CAUTION.get()
            assert caution is not None
            self.wary.append(caution.wary)
            if caution.has_ended_us(content):
                self.rejected.append(name)
                self.met_the_bomb.set()
            else:
                async with self._alone, caution.named(content) as written:
                    assert written
                    if name == BOMB:
                        self.ended = True
                        self.met_the_bomb.set()
                        await anyio.sleep_forever()
            outgoing = Outgoing(Output.ACCEPTED, b"", name.encode(), ())
            return Answer(LedgerEntry(identity("attachment", name), AnswerKind.VERDICT), outgoing)

        return examine


def mortal(examines: Examines) -> type[Transactor]:
    class Mortal(Transactor):
        """Nothing leaves a process that has ended, whatever is cancelled in which order."""

        async def commit(self, records: Sequence[ProducerRecord], offsets: Offsets) -> list[int]:
            if examines.ended:
                await anyio.sleep_forever()
            return await super().commit(records, offsets)

    return Mortal


async def life(kafka: KafkaSettings, topics: TopicSettings, reports: Recorder) -> Examines:
    """One process: until the bomb ends it with all that it has in memory, or until all is settled."""
    shutdown, examines = anyio.Event(), Examines()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "Transactor", mortal(examines))
        async with anyio.create_task_group() as group:
            group.start_soon(make_stream(examines, kafka, topics, reports=reports).run, shutdown)
            with anyio.fail_after(60):
                await examines.met_the_bomb.wait()
            if examines.ended:
                group.cancel_scope.cancel()
            else:
                await until_committed(kafka, topics)
                shutdown.set()
    return examines


async def test_the_file_that_ends_them_is_found_and_its_neighbours_are_answered(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    await write_tasks(kafka_settings, topics, TASKS)
    told = [Recorder() for _ in range(LIVES)]
    lives = [await life(kafka_settings, topics, recorder) for recorder in told]
    begun = [[condition for condition, *_ in one.of("begin")] for one in told]
    assert [Condition.CRASH_LOOP in conditions for conditions in begun] == [False, False, True, True, True, True]
    assert [one.rejected for one in lives] == [[], [], [], [], [], [BOMB]]
    answers = await everything(kafka_settings, topics.accepted)
    assert Counter(answers) == Counter(name.encode() for _, name in TASKS)
    assert len(await everything(kafka_settings, topics.ledger)) == len(TASKS)
    assert len(await everything(kafka_settings, topics.tasks)) == len(TASKS), "none is written again"


async def test_what_comes_behind_the_crash_loop_is_examined_as_ever(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    await write_tasks(kafka_settings, topics, TASKS)
    for _ in range(LIVES - 1):
        await life(kafka_settings, topics, Recorder())
    recorder, after = Recorder(), [("c1", "photo 4"), ("c2", "photo 5")]
    examines = Examines()
    stream = make_stream(examines, kafka_settings, topics, reports=recorder)
    async with Answered(kafka_settings, topics) as answered, running(stream):
        await answered.until({name for _, name in TASKS})
        await until_committed(kafka_settings, topics)
        await until_true(lambda: not recorder.holding)
        examines.wary.clear()
        await write_tasks(kafka_settings, topics, after)
        assert set(await answered.until({name for _, name in after})) == {name for _, name in (*TASKS, *after)}
    assert examines.wary == [False, False]


async def let_go_while_it_counts_itself(kafka: KafkaSettings, topics: TopicSettings) -> None:
    """One process, of which the only partition with tasks moves on before it is ready."""
    shutdown, leaves = anyio.Event(), anyio.Event()

    class Slow(Transactor):
        async def commit(self, records: Sequence[ProducerRecord], offsets: Offsets) -> list[int]:
            try:
                return await super().commit(records, offsets)
            finally:
                with anyio.CancelScope(shield=True):
                    await leaves.wait()

    async def leave(partition: int) -> None:
        async with anyio.create_task_group() as closing:
            closing.start_soon(stream.assignments[partition].close)
            await checkpoint()  # as far as it goes at once
            leaves.set()
        shutdown.set()

    def on_step(partition: int, step: str) -> None:
        if step == "commit" and not leaves.is_set():
            group.start_soon(leave, partition)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "Transactor", Slow)
        reports = Recorder()
        reports.on_step = on_step
        stream = make_stream(Examines(), kafka, topics, reports=reports)
        with anyio.fail_after(60):
            async with anyio.create_task_group() as group:
                group.start_soon(stream.run, shutdown)


async def test_a_life_that_is_let_go_while_it_counts_itself_counts_for_nothing(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    """Rebalances follow one another where processes start side by side."""
    await write_tasks(kafka_settings, topics, TASKS[1:2])
    for _ in range(3):
        await let_go_while_it_counts_itself(kafka_settings, topics)
    examines = Examines()
    async with Answered(kafka_settings, topics) as answered, running(make_stream(examines, kafka_settings, topics)):
        await answered.until({name for _, name in TASKS[1:2]})
    assert examines.wary == [False]


async def test_a_partition_that_has_nothing_to_do_commits_nothing(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    recorder = Recorder()
    stream = make_stream(Examines(), kafka_settings, topics, reports=recorder)
    async with running(stream):
        await until_true(lambda: sum(a.is_idle for a in stream.assignments.values()) == topics.partitions)
    assert await committed(kafka_settings, topics) == {}
    assert not recorder.of("transacted")

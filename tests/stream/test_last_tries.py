"""A file that takes the whole process with it is not begun for ever."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import pytest

from consumer.judge.answers import Answer, Answers, Inspection
from consumer.model import AnswerKind, Attachment, LedgerEntry, Source, Task, Tries
from consumer.model.resting import Resting
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.stream.last_tries import LastTries
from consumer.wire.results import Outgoing, Output
from consumer.wire.tasks import decode_task, encode_task
from tests.stream.harness import Answered, everything, make_stream, running, write_tasks

FILE = Attachment("c1", "m1", "bomb", "bomb")
NAME = FILE.identity or b""
SOURCE = Source("events", 0, 7, 0)


def test_a_task_says_of_which_attachments_only_the_last_try_is_left() -> None:
    task = Task(SOURCE, b"{}", tried=frozenset({b"\x01" * 16, b"\xff" * 16}))
    assert decode_task(b"{}", encode_task(task), SOURCE).tried == task.tried
    assert decode_task(b"{}", encode_task(Task(SOURCE, b"{}")), SOURCE).tried == frozenset()


def test_only_who_wrote_a_task_again_makes_the_last_try() -> None:
    first, again = Task(SOURCE, b"{}"), Task(SOURCE, b"{}", tried=frozenset({b"x"}))
    ours, others = LastTries(), LastTries()
    assert ours.left(b"x", first) is Tries.BUT_LAST
    ours.note(b"x")
    assert (ours.left(b"x", first), ours.left(b"x", again)) == (None, Tries.LAST)
    assert (others.left(b"x", first), others.left(b"x", again)) == (Tries.BUT_LAST, Tries.NONE)


def test_a_task_that_may_not_have_been_written_again_is_judged_itself() -> None:
    first, again, tries = Task(SOURCE, b"{}"), Task(SOURCE, b"{}", tried=frozenset({b"x"})), LastTries()
    tries.note(b"x")
    tries.rebuilt()
    assert (tries.left(b"x", first), tries.left(b"x", again)) == (Tries.BUT_LAST, Tries.LAST)
    tries.note(b"x")
    tries.forget(b"x")
    assert tries.left(b"x", first) is Tries.BUT_LAST


class Examines:
    """One file, with whatever tries are left to it; `last` is its last one."""

    def __init__(self, last: Callable[[], object]) -> None:
        self.tries: list[Tries | None] = []
        self._last = last

    async def __call__(self, task: Task, answers: Answers, resting: Resting) -> None:
        await answers.once(NAME, b"m" * 16, self._inspection(task, answers))

    def _inspection(self, task: Task, answers: Answers) -> Inspection:
        async def examine(resting: Resting) -> Answer | None:
            tries = answers.tries(NAME, task)
            self.tries.append(tries)
            if tries is None or (tries is Tries.BUT_LAST and answers.try_last(task, FILE)):
                return None
            if tries is Tries.LAST:
                self._last()
                await anyio.sleep_forever()
            return Answer(LedgerEntry(NAME, AnswerKind.VERDICT), Outgoing(Output.ACCEPTED, b"c1", b"bomb", ()))

        return examine


@pytest.mark.kafka
@pytest.mark.timeout(120)
async def test_who_takes_over_from_a_process_that_ended_in_the_last_try_answers_without_one(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    """The process ends with everything that it has in memory; its successor reads the task that was written again."""
    in_last_try = anyio.Event()
    first = Examines(in_last_try.set)
    await write_tasks(kafka_settings, topics, [("c1", "bomb"), ("c1", "bomb")])
    async with anyio.create_task_group() as group:
        group.start_soon(make_stream(first, kafka_settings, topics).run, anyio.Event())
        with anyio.fail_after(60):
            await in_last_try.wait()
        group.cancel_scope.cancel()  # no drain: it is gone

    second = Examines(lambda: pytest.fail("it was tried once more"))
    async with Answered(kafka_settings, topics) as answered, running(make_stream(second, kafka_settings, topics)):
        assert await answered.until({"bomb"}) == {"bomb": 1}

    assert await everything(kafka_settings, topics.accepted) == [b"bomb"]
    assert set(first.tries) <= {Tries.BUT_LAST, None, Tries.LAST}
    assert first.tries.count(Tries.LAST) == 1
    assert Tries.NONE in second.tries

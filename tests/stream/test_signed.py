"""Signed entries on real Kafka: switched on, with keys that change or are lost, and with somebody who forges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from pydantic import SecretStr

from consumer.identity import identity
from consumer.judge.answers import Answers
from consumer.kafka.client import consumer_options, partition_of
from consumer.kafka.signing import signatures_of
from consumer.model import AnswerKind, Condition, Headers, LedgerEntry, Replay, Source, Task
from consumer.model.resting import Resting
from consumer.settings.model import KafkaSettings, SignatureSettings, TopicSettings
from consumer.stream.ledger import Ledger
from consumer.stream.restore import Odd, restore
from consumer.stream.trust import Distrusted, Trust
from consumer.wire.entries import encode_entry
from consumer.wire.signatures import Signatures
from consumer.wire.tasks import encode_task
from tests.reports import Recorder
from tests.service.composed import until_true
from tests.stream.harness import (
    SIXTY,
    Answered,
    NamesJudge,
    make_stream,
    names,
    running,
    until_committed,
    write_tasks,
)

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

A, B, LOST = "a" * 32, "b" * 32, "c" * 32
REPLAY = Replay(b"r" * 16, 1)


def signing(mode: str, key: str = A, other: str | None = None, **more: Any) -> SignatureSettings:
    return SignatureSettings.model_validate({"mode": mode, "key": key, "other_key": other, **more})


def signed_by(key: str) -> Signatures:
    return Signatures([key.encode()])


Written = tuple[bytes, bytes, Headers]


def entry(topics: TopicSettings, partition: int, name: str, by: str | None) -> Written:
    """The ledger's record of a verdict about the attachment that `NamesJudge` calls so."""
    key, value = encode_entry(LedgerEntry(identity("attachment", name), AnswerKind.VERDICT))
    return key, value, signed_by(by).sign(topics.ledger, partition, key, value) if by else ()


async def write(kafka: KafkaSettings, topic: str, partition: int, records: list[Written]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers) as producer:
        for key, value, headers in records:
            await producer.send(topic, value, key, partition, headers=list(headers))
        await producer.flush()


def of_one_partition(topics: TopicSettings) -> tuple[int, list[tuple[str, str]]]:
    """Those of `SIXTY` that belong to the partition of the first one."""
    home: Callable[[str], int] = lambda key: partition_of(key.encode(), topics.partitions)  # noqa: E731
    first = home(SIXTY[0][0])
    return first, [(key, name) for key, name in SIXTY if home(key) == first]


def forgeries(topics: TopicSettings, partition: int, names: list[str]) -> list[Written]:
    """What somebody can write who sees the topics and knows no key: whole entries from elsewhere, and false ones."""
    elsewhere = entry(topics, partition + 1, names[0], by=A)
    key, value, _ = entry(topics, partition, names[1], by=None)
    _, _, of_another = entry(topics, partition, "another", by=A)
    return [elsewhere, (key, value, of_another), entry(topics, partition, names[2], by=LOST)]


@pytest.mark.parametrize("mode", ["require", "sign"])
async def test_a_forged_entry_takes_an_answer_away_where_all_are_believed_and_nowhere_else(
    mode: str, kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    partition, tasks = of_one_partition(topics)
    forged = [name for _, name in tasks[:3]]
    ours = [entry(topics, partition, f"old {n}", by=A) for n in range(400)]
    await write(kafka_settings, topics.ledger, partition, [*ours, *forgeries(topics, partition, forged)])
    await write_tasks(kafka_settings, topics, tasks)
    believed = set(forged) if mode == "sign" else set()

    recorder = Recorder()
    stream = make_stream(NamesJudge(), kafka_settings, topics, reports=recorder, signatures=signing(mode))
    async with Answered(kafka_settings, topics) as answered, running(stream):
        found = await answered.until(names(tasks) - believed)
        await until_committed(kafka_settings, topics)

    assert found == dict.fromkeys(names(tasks) - believed, 1)
    odd = [told for told in recorder.of("odd_entries") if told[0] == partition]
    assert odd == ([(partition, 0, 0, 3, 400)] if mode == "require" else [])
    doubted = {told[1]: told[2] for told in recorder.of("doubted") if told[0] == "ledger"}
    assert doubted == ({"forged": 2, "other_key": 1} if mode == "require" else {"other_key": 1})


async def test_signatures_are_required_once_all_answers_have_one_and_believed_until_then(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    """Too early, as after a release that does not sign: the partitions stop, and nothing is answered twice."""
    before = [(f"c{n}", f"before{n}") for n in range(40)]
    after = [(f"c{n}", f"before{n} after{n}") for n in range(40)]
    async with Answered(kafka_settings, topics) as answered:
        await write_tasks(kafka_settings, topics, before)
        async with running(make_stream(NamesJudge(), kafka_settings, topics)):
            await answered.until(names(before))
            await until_committed(kafka_settings, topics)
        await write_tasks(kafka_settings, topics, after)

        recorder = Recorder()
        required = make_stream(NamesJudge(), kafka_settings, topics, reports=recorder, signatures=signing("require"))
        async with running(required):
            await until_true(lambda: len(begun(recorder, Condition.SIGNATURES_MISSING)) == topics.partitions)
            assert not any(assignment.window for assignment in required.assignments.values())
        over = {about for condition, about in recorder.of("end") if condition is Condition.SIGNATURES_MISSING}
        assert over >= begun(recorder, Condition.SIGNATURES_MISSING)
        assert set(recorder.of("rebuilt")) == {"distrusted"}

        recorder = Recorder()
        believing = make_stream(NamesJudge(), kafka_settings, topics, reports=recorder, signatures=signing("sign"))
        async with running(believing):
            found = await answered.until(names(after))
            await until_committed(kafka_settings, topics)
        assert found == dict.fromkeys(names(after), 1)
        assert sum(told[2] for told in recorder.of("doubted") if told[:2] == ("ledger", "unsigned")) == 40
        assert sum(told[2] for told in recorder.of("doubted") if told[:2] == ("tasks", "unsigned")) >= 40

        # The unsigned ones are somebody else's, an operator says: the answers of before are given once more.
        since = datetime.now(UTC) - timedelta(hours=1)
        told_so = signing("require", forged_since=since)
        await write_tasks(kafka_settings, topics, after)
        async with running(make_stream(NamesJudge(), kafka_settings, topics, signatures=told_so)):
            with anyio.fail_after(40):
                while any(answered.names[name] < 2 for name in names(before)):
                    await answered.until(set())
            await until_committed(kafka_settings, topics)
        found = await answered.until(set())
    assert found == {**dict.fromkeys(names(after), 1), **dict.fromkeys(names(before), 2)}


def begun(recorder: Recorder, condition: Condition) -> set[str]:
    return {told[2] for told in recorder.of("begin") if told[0] is condition}


@pytest.mark.parametrize(
    ("settings", "condition"),
    [
        (signing("require", A, other=B), None),
        (signing("require", B, other=A), None),
        (signing("require", B), Condition.SIGNATURES_WRONG),
        (signing("require", LOST), Condition.SIGNATURES_WRONG),
        (signing("sign", LOST), None),
        (signing("require", LOST, forged_since=datetime(2026, 1, 1, tzinfo=UTC)), None),
    ],
    ids=["the next key", "the last key", "too early", "lost", "lost, and believed", "lost, and said to be forged"],
)
async def test_keys_change_by_way_of_both(
    settings: SignatureSettings, condition: Condition | None, kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    ledger, tp = Ledger(topics.ledger_days), TopicPartition(topics.ledger, 0)
    since = settings.forged_since
    trust = Trust(
        signatures_of(settings), topics.ledger, 0, topics.ledger_days, int(since.timestamp() * 1000) if since else None
    )
    both = [entry(topics, 0, f"{by} {n}", by=by) for by in (A, B) for n in range(50)]
    await write(kafka_settings, topics.ledger, 0, both)
    odd = await restore(ledger, trust, tp, consumer_options(kafka_settings))
    if condition is None:
        trust.check()
    else:
        with pytest.raises(Distrusted) as distrusted:
            trust.check()
        assert distrusted.value.condition is condition
    unknown = 100 - 50 * sum(key in (settings.key, settings.other_key) for key in (SecretStr(A), SecretStr(B)))
    assert len(ledger) == (100 if settings.mode == "sign" else 100 - unknown)
    assert odd.unbelieved == 100 - len(ledger)
    assert odd == Odd(unbelieved=odd.unbelieved, first=odd.first, doubted=odd.doubted)


class Noting:
    """A judge that notes tasks, and moves each that was not moved yet."""

    def __init__(self) -> None:
        self.taken: list[Task] = []

    async def __call__(self, task: Task, answers: Answers, resting: Resting) -> None:
        self.taken.append(task)
        if task.value == b"moves" and not task.moves:
            assert answers.move(task, "elsewhere")

    def of(self, value: bytes) -> list[tuple[Replay | None, str | None, int, int]]:
        """What only we may say of the tasks with this value."""
        taken = [task for task in self.taken if task.value == value]
        return [(task.replay, task.conversation_id, task.moves, len(task.tried)) for task in taken]


@pytest.mark.parametrize("mode", ["require", "sign"])
async def test_a_task_that_does_not_verify_is_judged_without_what_only_we_may_say_of_it(
    mode: str, kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    """And one that moves is signed for where it goes to."""
    key, place = b"c", partition_of(b"c", topics.partitions)
    other = (place + 1) % topics.partitions
    told = replace(Task(Source("events", 0, 7, 1), b"", headers=(("h", b"1"),)), replay=REPLAY)
    told = replace(told, conversation_id="told", moves=2, tried=frozenset({b"i" * 16}))
    headers = encode_task(told)
    ours = signed_by(A)
    await write(
        kafka_settings,
        topics.tasks,
        place,
        [
            (key, b"ours", ours.sign(topics.tasks, place, key, b"ours", headers)),
            (key, b"unsigned", headers),
            (key, b"copied", ours.sign(topics.tasks, other, key, b"copied", headers)),
            (key, b"changed", (*ours.sign(topics.tasks, place, key, b"changed", headers[:1]), *headers[1:])),
            (key, b"another key", signed_by(LOST).sign(topics.tasks, place, key, b"another key", headers)),
            (key, b"moves", headers[:1]),
        ],
    )
    judge, recorder = Noting(), Recorder()
    stream = make_stream(judge, kafka_settings, topics, reports=recorder, signatures=signing(mode))
    async with running(stream):
        await until_true(lambda: len(judge.taken) == 7)

    whole, bare = (REPLAY, "told", 2, 1), (None, None, 0, 0)
    assert judge.of(b"ours") == [whole]
    for forged in (b"unsigned", b"copied", b"changed", b"another key"):
        assert judge.of(forged) == [bare if mode == "require" else whole], forged
    assert judge.of(b"moves") == [bare, (None, "elsewhere", 1, 0)]
    assert {task.source for task in judge.taken} == {told.source}
    assert {task.headers for task in judge.taken if task.value != b"moves"} == {told.headers}
    counted = [told[1] for told in recorder.of("doubted") if told[0] == "tasks"]
    assert sorted(counted) == sorted(
        ["unsigned", "unsigned", "other_key", *(["forged", "forged"] if mode == "require" else [])]
    )

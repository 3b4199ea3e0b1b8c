"""What the second loop does on its bad days, on real Kafka: nothing is lost, nothing is answered twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import anyio
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from consumer.identity import identity
from consumer.kafka.client import client_options, partition_of
from consumer.model import AnswerKind, LedgerEntry
from consumer.model.resting import Resting
from consumer.settings.model import KafkaSettings, LimitSettings, TopicSettings
from consumer.stream import stream as source
from consumer.stream.partition_log import PartitionLog
from consumer.stream.stream import Stream
from consumer.stream.transaction import ProducerRecord, Transactor
from consumer.wire.entries import encode_entry
from tests.brokers import create_topics, delete_topics
from tests.reports import Recorder
from tests.service.composed import until_true
from tests.stream.broken import WaitsForTheNextAssignment
from tests.stream.harness import (
    SIXTY,
    Answered,
    GivenLimits,
    NamesJudge,
    create_narrow_topics,
    everything,
    ignored,
    make_stream,
    names,
    running,
    until_committed,
    write_tasks,
)

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


@pytest.fixture
async def one(kafka_settings: KafkaSettings) -> AsyncIterator[TopicSettings]:
    """Topics with one tasks partition, so that all tasks go the same way."""
    prefix = f"{kafka_settings.group}-one"
    topics = TopicSettings(events=f"{prefix}.events", prefix=prefix, partitions=1, replication=1)
    await create_topics(kafka_settings.bootstrap_servers, topics)
    yield topics
    await delete_topics(kafka_settings.bootstrap_servers, topics)


async def commit(kafka: KafkaSettings, topics: TopicSettings, offset: int) -> None:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers, group_id=kafka.group, enable_auto_commit=False
    )
    await consumer.start()
    try:
        tp = TopicPartition(topics.tasks, 0)
        consumer.assign([tp])
        await consumer.commit({tp: offset})
    finally:
        await consumer.stop()


async def delete_records(kafka: KafkaSettings, topics: TopicSettings, before: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(topics.tasks, 0): RecordsToDelete(before_offset=before)})
    finally:
        await admin.close()


# ---- a transaction that its brokers forgot to end


@pytest.mark.parametrize("commits", [True, False], ids=["committed", "aborted"])
async def test_no_task_is_taken_while_a_transaction_in_the_ledger_is_open(
    kafka_settings: KafkaSettings, one: TopicSettings, commits: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Brokers may end a producer's transaction and leave a partition out: then it holds answers nobody can see yet."""
    await write_tasks(kafka_settings, one, SIXTY)
    judge = NamesJudge()
    forgotten = AIOKafkaProducer(bootstrap_servers=kafka_settings.bootstrap_servers, transactional_id=f"{one.tasks}-x")
    async with forgotten, Answered(kafka_settings, one) as answered:
        await forgotten.begin_transaction()
        key, value = encode_entry(LedgerEntry(identity("attachment", "a0"), AnswerKind.VERDICT))
        await forgotten.send_and_wait(one.ledger, value, key, partition=0)
        await forgotten.send_and_wait(one.accepted, b"a0", partition=0)
        async with running(make_stream(judge, kafka_settings, one)):
            await until_true(lambda: "a transaction is open from offset 0 on" in caplog.text)
            assert not judge.begun
            await (forgotten.commit_transaction() if commits else forgotten.abort_transaction())
            found = await answered.until(names(SIXTY))

    assert found == dict.fromkeys(names(SIXTY), 1)
    assert ("a0" in judge.begun) != commits


# ---- offsets that the log does not have


async def test_a_committed_offset_below_the_log_start_is_counted_and_said(
    kafka_settings: KafkaSettings, one: TopicSettings, caplog: pytest.LogCaptureFixture
) -> None:
    await write_tasks(kafka_settings, one, SIXTY)
    await commit(kafka_settings, one, 10)
    await delete_records(kafka_settings, one, 30)
    recorder = Recorder()
    async with running(make_stream(NamesJudge(), kafka_settings, one, reports=recorder)):
        await until_committed(kafka_settings, one)

    assert sorted(await everything(kafka_settings, one.accepted)) == sorted(f"a{n}".encode() for n in range(30, 60))
    assert recorder.of("lost_to_retention") == [20]
    assert "retention took 20 records before they were read" in caplog.text


async def test_a_committed_offset_above_the_end_means_a_topic_made_anew(
    kafka_settings: KafkaSettings, one: TopicSettings, caplog: pytest.LogCaptureFixture
) -> None:
    await write_tasks(kafka_settings, one, SIXTY)
    await commit(kafka_settings, one, 5_000)
    async with Answered(kafka_settings, one) as answered, running(make_stream(NamesJudge(), kafka_settings, one)):
        found = await answered.until(names(SIXTY))

    assert found == dict.fromkeys(names(SIXTY), 1)
    assert "was made anew (committed 5000, end 60)" in caplog.text


async def test_records_that_retention_takes_while_the_gate_is_closed_do_not_stop_the_partition(
    kafka_settings: KafkaSettings, one: TopicSettings
) -> None:
    opened = [True]
    stream = make_stream(NamesJudge(), kafka_settings, one, may_take=lambda: opened[0])
    first, rest = SIXTY[:20], SIXTY[20:]
    async with Answered(kafka_settings, one) as answered, running(stream):
        await write_tasks(kafka_settings, one, first)
        await answered.until(names(first))
        opened[0] = False
        await write_tasks(kafka_settings, one, rest)
        await delete_records(kafka_settings, one, 50)
        opened[0] = True
        await until_committed(kafka_settings, one)
        found = await answered.until({"a59"})

    assert set(found.values()) == {1}
    assert names(first) | {f"a{n}" for n in range(50, 60)} <= set(found)


# ---- a ledger that can't be read, results that can't be published


async def test_an_entry_of_a_later_version_is_an_answer_and_one_that_names_nothing_stops_nothing(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    """What a later release answered is not answered again after a rollback."""
    key, answered_later = SIXTY[7]
    partition = partition_of(key.encode(), topics.partitions)
    async with AIOKafkaProducer(bootstrap_servers=kafka_settings.bootstrap_servers) as producer:
        entry = bytes([9]) + b"v" + bytes(4), identity("attachment", answered_later)
        await producer.send_and_wait(topics.ledger, *entry, partition=partition)
        await producer.send_and_wait(topics.ledger, b"junk", b"no identity", partition=partition)
    await write_tasks(kafka_settings, topics, SIXTY)
    others, recorder = names(SIXTY) - {answered_later}, Recorder()
    async with (
        Answered(kafka_settings, topics) as answered,
        running(make_stream(NamesJudge(), kafka_settings, topics, reports=recorder)),
    ):
        found = await answered.until(others)
        await until_committed(kafka_settings, topics)

    assert found == dict.fromkeys(others, 1)
    assert [told for told in recorder.of("odd_entries") if any(told[1:3])] == [(partition, 1, 1, 0, 0)]


@pytest.mark.parametrize("known", [True, False], ids=["limit known", "limit unknown"])
async def test_a_result_that_its_topic_does_not_take_is_kept_until_it_does(
    kafka_settings: KafkaSettings, known: bool
) -> None:
    prefix = f"{kafka_settings.group}-narrow"
    topics = TopicSettings(events=f"{prefix}.events", prefix=prefix, partitions=1, replication=1)
    await create_narrow_topics(kafka_settings, topics, 2_000)
    large = "x" * 3_000
    limits = {topics.accepted: 2_000} if known else {}
    complaints, judge = Recorder(), NamesJudge()
    stream = make_stream(judge, kafka_settings, topics, topic_limits=GivenLimits(limits), reports=complaints)
    async with Answered(kafka_settings, topics) as answered, running(stream):
        await write_tasks(kafka_settings, topics, [("c", large), *SIXTY])
        if known:
            await complaints.until("raise its max.message.bytes")
        else:
            await until_told(complaints, "rebuilt")
        await set_max_message_bytes(kafka_settings, topics.accepted, 1_000_000)
        limits[topics.accepted] = 1_000_000
        found = await answered.until({large} | names(SIXTY))
    await delete_topics(kafka_settings.bootstrap_servers, topics)

    assert found == dict.fromkeys({large} | names(SIXTY), 1)
    assert set(judge.begun.values()) == {1}, "a rebuild inspects nothing again"
    assert not complaints.holding


async def test_many_small_results_go_in_batches_that_their_topic_takes(kafka_settings: KafkaSettings) -> None:
    """A topic's limit is that of a batch, and the results of one tick may be many."""
    prefix = f"{kafka_settings.group}-narrow"
    topics = TopicSettings(events=f"{prefix}.events", prefix=prefix, partitions=1, replication=1)
    await create_narrow_topics(kafka_settings, topics, 100_000)
    many = " ".join(f"{n}-{'x' * 3_000}" for n in range(120))
    recorder = Recorder()
    stream = make_stream(
        NamesJudge(), kafka_settings, topics, topic_limits=GivenLimits({topics.accepted: 100_000}), reports=recorder
    )
    async with Answered(kafka_settings, topics) as answered, running(stream):
        await write_tasks(kafka_settings, topics, [("c", many)])
        found = await answered.until(set(many.split()))
    await delete_topics(kafka_settings.bootstrap_servers, topics)

    assert found == dict.fromkeys(many.split(), 1)
    assert not recorder.of("rebuilt")


async def test_a_result_topic_that_is_deleted_is_said_and_what_was_answered_goes_into_the_new_one(
    kafka_settings: KafkaSettings, one: TopicSettings
) -> None:
    complaints, judge = Recorder(), NamesJudge()
    async with running(make_stream(judge, kafka_settings, one, reports=complaints)):
        await write_tasks(kafka_settings, one, SIXTY[:30])
        await until_committed(kafka_settings, one)
        await delete_topic(kafka_settings, one.accepted)
        await write_tasks(kafka_settings, one, SIXTY[30:])
        await complaints.until("partition 0 can't commit", seconds=60)
        await create_topics(kafka_settings.bootstrap_servers, one)
        await until_committed(kafka_settings, one)
        found = await everything(kafka_settings, one.accepted)

    assert sorted(found) == sorted(name.encode() for name in names(SIXTY[30:]))
    assert set(judge.begun.values()) == {1}
    assert not complaints.holding


async def delete_topic(kafka: KafkaSettings, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_topics([topic])
    finally:
        await admin.close()


async def set_max_message_bytes(kafka: KafkaSettings, topic: str, size: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": str(size)})])
    finally:
        await admin.close()


async def until_told(recorder: Recorder, name: str, least: int = 1, seconds: float = 30) -> None:
    """Waits until something was told `least` times."""
    with anyio.fail_after(seconds):
        while len(recorder.of(name)) < least:  # noqa: ASYNC110 - looks from outside, as Prometheus does
            await anyio.sleep(0.02)


# ---- fenced and still assigned


async def thaws_takes_the_id_and_dies(kafka: KafkaSettings, topics: TopicSettings) -> None:
    """A worker that was frozen before its initialisation: it leaves an open transaction and is gone."""
    zombie = Transactor(
        f"{topics.tasks}-0", client_options(kafka), group=kafka.group, limits=GivenLimits(), step=ignored
    )
    await zombie.open()
    await zombie._producer.begin_transaction()
    await zombie._produce([ProducerRecord(topics.accepted, b"k", b"never")])
    await zombie.dispose()


async def test_who_is_fenced_and_still_assigned_goes_on(kafka_settings: KafkaSettings, one: TopicSettings) -> None:
    judge = NamesJudge()
    async with Answered(kafka_settings, one) as answered, running(make_stream(judge, kafka_settings, one)):
        await write_tasks(kafka_settings, one, SIXTY[:30])
        await answered.until(names(SIXTY[:30]))
        await thaws_takes_the_id_and_dies(kafka_settings, one)
        await write_tasks(kafka_settings, one, SIXTY)
        found = await answered.until(names(SIXTY))

    assert found == dict.fromkeys(names(SIXTY), 1)
    assert set(judge.begun.values()) == {1}, "a rebuild inspects nothing again"


async def test_control_who_waits_for_the_next_assignment_when_fenced_stalls(
    kafka_settings: KafkaSettings, one: TopicSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "Assignment", WaitsForTheNextAssignment)
    async with Answered(kafka_settings, one) as answered, running(make_stream(NamesJudge(), kafka_settings, one)):
        await write_tasks(kafka_settings, one, SIXTY[:30])
        await answered.until(names(SIXTY[:30]))
        await thaws_takes_the_id_and_dies(kafka_settings, one)
        await write_tasks(kafka_settings, one, SIXTY)
        found = await answered.until(names(SIXTY), seconds=6)

    assert len(found) == 30


# ---- membership


class PreparesInTheListener(Stream):
    """Its listener returns when the partitions are ready: no heartbeats until then."""

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        await super().on_partitions_assigned(assigned)
        while any(a.window is None for a in self.assignments.values()):  # noqa: ASYNC110 - a control: no beauty
            await anyio.sleep(0.01)


class RestoresSlowly(PartitionLog):
    async def restore_ledger(self) -> None:
        await anyio.sleep(2.5)  # the work itself, not a wait for something
        await super().restore_ledger()


@pytest.mark.parametrize(
    ("kind", "expelled"), [(Stream, False), (PreparesInTheListener, True)], ids=["product", "control"]
)
async def test_a_preparation_longer_than_the_session_does_not_expel_the_member(
    kafka_settings: KafkaSettings,
    one: TopicSettings,
    kind: type[Stream],
    expelled: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    impatient = kafka_settings.model_copy(update={"session_timeout_ms": 1_000, "heartbeat_ms": 200})
    monkeypatch.setattr("tests.stream.harness.Stream", kind)
    monkeypatch.setattr(source, "PartitionLog", RestoresSlowly)
    recorder = Recorder()
    stream = make_stream(NamesJudge(), impatient, one, reports=recorder)
    await write_tasks(impatient, one, SIXTY)
    async with Answered(impatient, one) as answered, running(stream):
        await answered.until({"a59"}, seconds=6)
        if expelled:
            await until_told(recorder, "rebalanced", 2)

    assert (len(recorder.of("rebalanced")) > 1) == expelled


# ---- a tasks topic that is not as it was


async def test_a_tasks_topic_that_grew_stops_the_intake_of_tasks_and_says_so(
    kafka_settings: KafkaSettings, one: TopicSettings
) -> None:
    """What is keyed into the new partition has no ledger beside it: it is not judged, and not lost."""
    complaints, judge = Recorder(), NamesJudge()
    async with running(make_stream(judge, kafka_settings, one, reports=complaints, metadata_ms=500)):
        await write_tasks(kafka_settings, one, SIXTY[:30])
        await until_committed(kafka_settings, one)
        await add_a_partition(kafka_settings, one.tasks)
        await complaints.until("has 2 partitions, not 1")
        grown = one.model_copy(update={"partitions": 2})
        await write_tasks(kafka_settings, grown, SIXTY[30:])

    assert names(SIXTY[:30]) == set(judge.begun)


async def add_a_partition(kafka: KafkaSettings, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        await admin.create_partitions({topic: NewPartitions(total_count=2)})
    finally:
        await admin.close()


# ---- partitions that move in the middle of the work


async def test_a_second_worker_joins_and_leaves_in_the_middle_of_the_work(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    async def inspect(name: str, resting: Resting) -> None:
        await anyio.sleep(0.02)

    tasks = [(f"c{n % 40}", f"c{n % 40}/{n} c{n % 40}/{(n - 40 * (n % 3)) % 1200}") for n in range(1200)]
    limits = LimitSettings(tasks=20)
    first, second = NamesJudge(inspect), NamesJudge(inspect)
    stream, other = (make_stream(judge, kafka_settings, topics, limits=limits) for judge in (first, second))
    async with Answered(kafka_settings, topics) as answered, running(stream):
        await write_tasks(kafka_settings, topics, tasks[:400])
        await answered.until({"c0/0"})
        async with running(other):
            with anyio.fail_after(30):
                while not any(a.window for a in other.assignments.values()):  # noqa: ASYNC110 - looks from outside
                    await anyio.sleep(0.01)
            await write_tasks(kafka_settings, topics, tasks[400:800])
            with anyio.fail_after(30):
                while not second.begun:  # noqa: ASYNC110 - looks from outside
                    await anyio.sleep(0.01)
        await write_tasks(kafka_settings, topics, tasks[800:])
        found = await answered.until(names(tasks))

    assert found == dict.fromkeys(names(tasks), 1)


async def test_a_partition_that_moves_away_in_the_middle_of_the_last_drain(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    finish = anyio.Event()
    began = anyio.Event()

    async def inspect(name: str, resting: Resting) -> None:
        if name == "slow" and not finish.is_set():
            began.set()
            await finish.wait()

    patient = kafka_settings.model_copy(update={"drain_s": 3.0})
    second = make_stream(NamesJudge(), patient, topics)
    async with Answered(kafka_settings, topics) as answered:  # noqa: SIM117 - it outlives the worker
        async with running(make_stream(NamesJudge(inspect), patient, topics)) as shutdown:
            await write_tasks(kafka_settings, topics, [("c", "slow"), *SIXTY])
            await began.wait()
            await answered.until(names(SIXTY))
            shutdown.set()
            async with running(second):
                found = await answered.until({"slow"}, seconds=30)
                finish.set()

    assert found == dict.fromkeys({"slow"} | names(SIXTY), 1)

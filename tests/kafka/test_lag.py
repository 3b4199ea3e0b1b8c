"""How far a loop is behind, told whether it polls or not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from consumer.kafka.knock import silence
from consumer.kafka.lag import ARRIVALS, UNKNOWN_S, Arrivals, Lag
from consumer.model import Condition
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.intake.harness import commit_events, delete_events, taking_in
from tests.reports import Recorder
from tests.stream.harness import NamesJudge, make_stream, running, until_committed, write_tasks


def test_a_record_came_when_the_end_was_first_seen_behind_it() -> None:
    arrivals = Arrivals(10)
    for end, now in ((10, 0.0), (12, 10.0), (12, 20.0), (15, 30.0)):
        arrivals.saw(end, now)
    assert [arrivals.of(offset) for offset in (9, 10, 11, 12, 14, 15)] == [None, 10, 10, 30, 30, None]


def test_an_outage_of_days_is_remembered_in_bounded_space_and_never_as_older_than_it_is() -> None:
    arrivals = Arrivals(0)
    for second in range(1, 5 * ARRIVALS):
        arrivals.saw(second, float(second))
        assert len(arrivals._seen) <= ARRIVALS
    came = arrivals.of(100)
    assert came is not None
    assert 101 <= came <= 1_000


def last(recorder: Recorder) -> dict[int, tuple[int, bool]]:
    """Partition → records, and whether one of them is told to wait."""
    return {p: (records, since is not None) for _, p, records, since in recorder.of("lags")}


async def write(kafka: KafkaSettings, topic: str, values: list[bytes], transactional: bool = False) -> None:
    more = {"transactional_id": f"{topic}-writer"} if transactional else {}
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, **more)
    await producer.start()
    try:
        if transactional:
            async with producer.transaction():
                for value in values:
                    await producer.send_and_wait(topic, value, partition=0)
            return
        for value in values:
            await producer.send_and_wait(topic, value, partition=0)
    finally:
        await producer.stop()


@asynccontextmanager
async def looking(lag: Lag) -> AsyncIterator[None]:
    async with anyio.create_task_group() as group:
        group.start_soon(lag.run)
        yield
        group.cancel_scope.cancel()


@pytest.mark.kafka
async def test_behind_a_closed_gate_the_lag_is_told_from_the_assignment_and_its_age_by_the_records_own_time(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    before = time.time()
    await write_tasks(kafka_settings, topics, [(f"c{n}", f"a{n}") for n in range(40)])
    recorder = Recorder()
    stream = make_stream(NamesJudge(), kafka_settings, topics, reports=recorder, may_take=lambda: False)
    async with running(stream), looking(stream.lag):
        with anyio.fail_after(30):
            while len(last(recorder)) < topics.partitions:  # noqa: ASYNC110 # a broker is asked
                await anyio.sleep(0.05)
        assert sum(records for records, _ in last(recorder).values()) == 40
        ages = [since for *_, since in recorder.of("lags") if since is not None]
        assert all(before - 1 <= since <= time.time() for since in ages)
    assert sorted(told for told in recorder.of("lag_gone")) == [(topics.tasks, p) for p in range(4)]


@pytest.mark.kafka
async def test_who_has_answered_everything_has_no_lag_whatever_marks_lie_behind_the_last_record(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    recorder = Recorder()
    async with taking_in(kafka_settings, topics, recorder) as intake:
        await write(kafka_settings, topics.events, [b'{"conversationId": "c"}'], transactional=True)
        with anyio.fail_after(30):
            while sum(recorder.of("wrote")) < 1:  # noqa: ASYNC110
                await anyio.sleep(0.05)
        async with looking(intake.lag):
            with anyio.fail_after(30):
                while not recorder.of("lags"):  # noqa: ASYNC110 # a broker is asked
                    await anyio.sleep(0.05)
        assert set(last(recorder).values()) == {(0, False)}


@pytest.mark.kafka
async def test_after_its_last_answer_a_stream_has_no_lag(kafka_settings: KafkaSettings, topics: TopicSettings) -> None:
    await write_tasks(kafka_settings, topics, [(f"c{n}", f"a{n}") for n in range(20)])
    recorder = Recorder()
    stream = make_stream(NamesJudge(), kafka_settings, topics, reports=recorder)
    async with running(stream):
        await until_committed(kafka_settings, topics)
        async with looking(stream.lag):
            with anyio.fail_after(30):
                while len(last(recorder)) < topics.partitions:  # noqa: ASYNC110 # a broker is asked
                    await anyio.sleep(0.05)
        assert set(last(recorder).values()) == {(0, False)}


async def test_a_lag_that_can_not_be_refreshed_is_told_no_longer_and_a_condition_says_so() -> None:
    clock = [1_000.0]
    recorder = Recorder()
    nowhere = KafkaSettings(bootstrap_servers="127.0.0.1:1", group="g")
    lag = Lag("events", "events", nowhere, lambda tp: True, recorder, lambda: clock[0])
    lag._shown.add(TopicPartition("events", 3))
    clock[0] += UNKNOWN_S - 1
    lag.look()
    assert not recorder.told
    clock[0] += 1
    lag.look()
    assert recorder.of("lag_gone") == [("events", 3)]
    assert recorder.holding == {(Condition.LAG_UNKNOWN, "events"): "of events"}


@pytest.mark.kafka
async def test_brokers_that_are_gone_are_told_though_the_loop_has_nothing_to_do(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    clock = [1_000.0]
    recorder = Recorder()
    nowhere = KafkaSettings(bootstrap_servers="127.0.0.1:1", group="g")
    lag = Lag(topics.events, "events", nowhere, lambda tp: True, recorder, lambda: clock[0])
    async with looking(lag):
        clock[0] += UNKNOWN_S
        await recorder.until("nobody listens there")
        assert {condition for condition, _ in recorder.holding} == {Condition.LAG_UNKNOWN, Condition.KAFKA_AWAY}
        consumer = AIOKafkaConsumer(bootstrap_servers=kafka_settings.bootstrap_servers)
        await consumer.start()
        try:
            consumer.assign([TopicPartition(topics.events, 0)])
            lag.consumer = consumer
            with anyio.fail_after(30):
                while recorder.holding:  # noqa: ASYNC110 # a broker is asked
                    await anyio.sleep(0.05)
            await lag.let_go()
        finally:
            await consumer.stop()


async def test_one_broker_that_answers_is_no_silence_and_one_that_refuses_us_is_none() -> None:
    async def hang_up(_: object, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        assert "nobody listens there" in await silence(KafkaSettings(bootstrap_servers="127.0.0.1:1"))
        assert await silence(KafkaSettings(bootstrap_servers=f"127.0.0.1:1,127.0.0.1:{port}")) == ""
    finally:
        server.close()


@pytest.mark.kafka
async def test_what_retention_took_of_the_events_is_counted_and_said(
    kafka_settings: KafkaSettings, topics: TopicSettings, caplog: pytest.LogCaptureFixture
) -> None:
    await write(kafka_settings, topics.events, [b'{"conversationId": "%d"}' % n for n in range(50)])
    await commit_events(kafka_settings, topics, 10)
    await delete_events(kafka_settings, topics, 50)
    recorder = Recorder()
    async with taking_in(kafka_settings, topics, recorder):
        with anyio.fail_after(30):
            while not recorder.of("lost_to_retention"):  # noqa: ASYNC110
                await anyio.sleep(0.05)
        await write(kafka_settings, topics.events, [b'{"conversationId": "after"}'])
        with anyio.fail_after(30):
            while sum(recorder.of("wrote")) < 1:  # noqa: ASYNC110
                await anyio.sleep(0.05)
    assert recorder.of("lost_to_retention") == [40]
    assert "retention took 40 records before they were read" in caplog.text


@pytest.mark.kafka
async def test_the_mark_of_a_transaction_that_retention_took_is_no_loss(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    recorder = Recorder()
    await write(kafka_settings, topics.events, [b'{"conversationId": "c"}'], transactional=True)
    async with taking_in(kafka_settings, topics, recorder):
        with anyio.fail_after(30):
            while sum(recorder.of("wrote")) < 1 or len(recorder.of("polled")) < 40:  # noqa: ASYNC110
                await anyio.sleep(0.05)
    await delete_events(kafka_settings, topics, 2)
    later = Recorder()
    async with taking_in(kafka_settings, topics, later):
        await write(kafka_settings, topics.events, [b'{"conversationId": "after"}'])
        with anyio.fail_after(30):
            while sum(later.of("wrote")) < 1:  # noqa: ASYNC110
                await anyio.sleep(0.05)
    assert later.of("lost_to_retention") == []

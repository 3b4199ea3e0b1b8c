"""The first loop on real Kafka: every record becomes its tasks, wherever and whenever it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from consumer.model import Headers, Source, Task
from consumer.settings.model import KafkaSettings, SignatureSettings, TopicSettings
from consumer.wire.results import record_size
from consumer.wire.signatures import Signatures
from consumer.wire.splitting import TaskRecord, tasks_of
from consumer.wire.tasks import decode_task
from tests import raw_names
from tests.brokers import EVENTS_PARTITIONS
from tests.intake.harness import Always, taking_in
from tests.reports import Recorder
from tests.stream.harness import GivenLimits

pytestmark = pytest.mark.kafka


async def write(kafka: KafkaSettings, topic: str, partition: int, conversation_id: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
    await producer.start()
    try:
        await producer.send_and_wait(topic, orjson.dumps({"conversationId": conversation_id}), partition=partition)
    finally:
        await producer.stop()


@asynccontextmanager
async def reading(kafka: KafkaSettings, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def test_a_partition_that_the_events_topic_gains_is_read_from_its_beginning(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    async with reading(kafka_settings, topics.tasks) as tasks, taking_in(kafka_settings, topics, Recorder()):
        await write(kafka_settings, topics.events, 0, "before")
        with anyio.fail_after(30):
            assert (await tasks.getone()).key == b"before"

        admin = AIOKafkaAdminClient(bootstrap_servers=kafka_settings.bootstrap_servers)
        await admin.start()
        try:
            await admin.create_partitions({topics.events: NewPartitions(EVENTS_PARTITIONS + 1)})
            with anyio.fail_after(30):
                while len((await admin.describe_topics([topics.events]))[0]["partitions"]) <= EVENTS_PARTITIONS:  # noqa: ASYNC110 # the broker tells nobody
                    await anyio.sleep(0.02)  # the controller answers before the broker knows
        finally:
            await admin.close()
        await write(kafka_settings, topics.events, EVENTS_PARTITIONS, "behind")

        with anyio.fail_after(30):
            assert (await tasks.getone()).key == b"behind"


async def test_records_that_come_one_by_one_are_written_together(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    recorder = Recorder()
    async with (
        reading(kafka_settings, topics.tasks) as tasks,
        AIOKafkaProducer(bootstrap_servers=kafka_settings.bootstrap_servers) as producer,
        taking_in(kafka_settings, topics, recorder, demand=Always(gather_s=3.0)),
    ):
        for number in range(21):
            await producer.send_and_wait(topics.events, orjson.dumps({"conversationId": str(number)}), partition=0)
            if number == 0:
                with anyio.fail_after(30):
                    await tasks.getone()
        with anyio.fail_after(60):
            for _ in range(20):
                await tasks.getone()
        assert 2 <= len(recorder.of("wrote")) <= 10


async def test_each_task_is_signed_for_its_partition_and_fits_into_its_topic_with_that(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    limit, values = 600, [b'{"conversationId":"c%d","x":"%b"}' % (n, b"x" * 8 * n) for n in range(60)]
    signing = SignatureSettings.model_validate({"mode": "sign", "key": "k" * 32})
    intake = taking_in(
        kafka_settings, topics, Recorder(), signatures=signing, limits=GivenLimits({topics.tasks: limit})
    )
    await raw_names.write(kafka_settings.bootstrap_servers, topics.events, 0, *[(None, value, ()) for value in values])
    async with reading(kafka_settings, topics.tasks) as tasks, intake:
        with anyio.fail_after(30):
            found = [await tasks.getone() for _ in values]

    assert len({record.partition for record in found}) > 1
    whole = [record for record in found if record.value is not None]
    assert len(values) > len(whole) > 5, "of the others the hash is there"
    assert max(record_size(record.key, record.value, tuple(record.headers)) for record in whole) in range(590, 601)
    service = Signatures([b"k" * 32], required=True)
    for record in found:
        told = record.topic, record.partition, record.key, record.value, tuple(record.headers)
        assert service.doubt(*told) is None


async def test_a_record_that_a_bug_meets_goes_on_as_it_is_and_keeps_no_other_back(
    kafka_settings: KafkaSettings, topics: TopicSettings, caplog: pytest.LogCaptureFixture
) -> None:
    def buggy(value: bytes, key: bytes, headers: Headers, at: Source, *rest: Any) -> list[TaskRecord]:
        if headers:
            raise LookupError
        return tasks_of(value, key, headers, at, *rest)

    values = [orjson.dumps([{"conversationId": f"{name}-{n}"} for n in range(2)]) for name in ("a", "b", "c")]
    written = [(b"k", values[0], ()), (b"k", values[1], ((b"h", None),)), (b"k", values[2], ())]
    async with reading(kafka_settings, topics.tasks) as tasks:
        for _ in range(2):
            await raw_names.write(kafka_settings.bootstrap_servers, topics.events, 0, *written)
            recorder = Recorder()
            async with taking_in(kafka_settings, topics, recorder, buggy):
                found = [await read(tasks) for _ in range(5)]
                whole = [task for task in found if task.value == values[1]]

                assert sorted(task.value or b"" for task in found) == sorted(
                    [b'{"conversationId":"%s-%d"}' % (name, n) for name in (b"a", b"c") for n in range(2)] + [values[1]]
                )
                assert [(task.source.partition, task.source.path, task.headers) for task in whole] == [(0, "", ())]
                assert len(recorder.of("crashed")) == 1
                assert "LookupError" in caplog.text


async def read(tasks: AIOKafkaConsumer) -> Task:
    with anyio.fail_after(30):
        record: ConsumerRecord[bytes, bytes] = await tasks.getone()
    return decode_task(record.value, tuple(record.headers), Source("tasks", 0, 0, 0))

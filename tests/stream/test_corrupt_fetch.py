"""A fetch that was damaged on its way: aiokafka's poll raises in the middle, and forgets what it had taken by then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException

from consumer.kafka.client import partition_of
from consumer.kafka.records import Records
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.stream.stream import Stream
from tests.reports import Recorder
from tests.stream.harness import Answered, NamesJudge, make_stream, running, write_tasks

pytestmark = pytest.mark.kafka


class DamagedOnce(Records):
    damaged = False

    def _unpack_records(self) -> Iterator[Any]:
        for record in super()._unpack_records():
            if record.value == b"damaged" and not DamagedOnce.damaged:
                DamagedOnce.damaged = True
                raise CorruptRecordException
            yield record


async def test_what_a_poll_had_taken_before_it_failed_is_taken_again(
    kafka_settings: KafkaSettings, topics: TopicSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = False
    recorder = Recorder()
    stream = make_stream(NamesJudge(), kafka_settings, topics, may_take=lambda: opened, reports=recorder)
    async with Answered(kafka_settings, topics) as answered, running(stream):
        await until(lambda: recorder.of("ready")[-1:] == [topics.partitions])
        monkeypatch.setattr(fetcher, "PartitionRecords", DamagedOnce)
        keys = {partition_of(f"c{n}".encode(), topics.partitions): f"c{n}" for n in range(100)}
        for count, (_, key) in enumerate(sorted(keys.items()), 1):  # a poll goes through them as they were fetched
            name = "damaged" if count == len(keys) else f"a{count}"
            await write_tasks(kafka_settings, topics, [(key, name)])
            await until_fetched(stream, count)
        opened = True
        expected = {"a1", "a2", "a3", "damaged"}

        assert await answered.until(expected) == dict.fromkeys(expected, 1)
        assert DamagedOnce.damaged


async def until_fetched(stream: Stream, partitions: int) -> None:
    fetching: Any = stream._consumer._fetcher
    await until(lambda: len(fetching._records) == partitions)


async def until(what: Callable[[], bool]) -> None:
    with anyio.fail_after(30):
        while not what():  # noqa: ASYNC110 # a fact inside of aiokafka, which nobody announces
            await anyio.sleep(0.02)

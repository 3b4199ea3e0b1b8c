"""Keeps a state as a release: `python -m tests.released.keep FOLDER`, for what is installed as FOLDER says.

FOLDER holds the wheel and `requirements.txt`. What is added: `ledger.jsonl` and `tasks.jsonl`, the records that this
release writes for a hundred events, on a real broker.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import anyio
from aiokafka import AIOKafkaConsumer, TopicPartition

from consumer.kafka.client import consumer_options
from consumer.sandbox.check import OutputReader, read_to_end
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.traffic import plan_traffic
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.brokers import create_topics, private_broker
from tests.chaos.workers import Workers
from tests.released import install, records
from tests.service.composed import Kept, settings_for, write
from tests.service.test_restart import variables

EVENTS, SEED = 100, 3


async def keep(release: Path, folder: Path) -> None:
    topics, traffic = TopicSettings(partitions=1, replication=1), plan_traffic(EVENTS, SEED)
    program = (str(install(release, folder / "venv")),)
    with private_broker() as broker:
        await create_topics(broker.bootstrap_servers, topics)
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, session_timeout_ms=6_000)
        async with Emulator(traffic.world) as emulator, OutputReader(kafka, topics) as reader:
            settings = settings_for(emulator, kafka, topics, folder)
            await write(settings, traffic.records)
            with Workers(1, variables(emulator, settings), folder, program=program):
                await read_to_end(reader, Kept(traffic.expectation), patience_s=60)
        for name in (topics.ledger, topics.tasks):
            kept = await _all(kafka, name)
            records.write(release / f"{name.rpartition('.')[2]}.jsonl", kept)


async def _all(kafka: KafkaSettings, topic: str) -> list[records.Kept]:
    consumer = AIOKafkaConsumer(
        **consumer_options(kafka), isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="none"
    )
    await consumer.start()
    try:
        place = TopicPartition(topic, 0)
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        end = (await consumer.end_offsets([place]))[place]
        found: list[records.Kept] = []
        while await consumer.position(place) < end:
            polled = await consumer.getmany(place, timeout_ms=100)
            found += [records.Kept(r.key, r.value, tuple(r.headers), r.timestamp) for r in polled.get(place, ())]
        return found
    finally:
        await consumer.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        anyio.run(keep, Path(sys.argv[1]), Path(scratch))

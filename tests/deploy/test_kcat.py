"""The command that the README gives for reading the results, run by kcat against a real broker."""

import re
import subprocess
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from anyio.to_thread import run_sync

from consumer.settings.model import TopicSettings
from tests.brokers import Broker
from tests.quick import installed

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.kafka
@pytest.mark.timeout(120)
async def test_kcat_reads_what_was_committed_and_nothing_that_was_aborted(kafka: Broker, topics: TopicSettings) -> None:
    command = _command(kafka.bootstrap_servers, topics.rejected)
    await _transaction(kafka, topics.rejected, b"never given", commit=False)
    await _transaction(kafka, topics.rejected, b"the verdict", commit=True)
    done = await run_sync(lambda: subprocess.run([*command, "-e", "-q"], capture_output=True, text=True, timeout=60))
    assert done.stdout.split("\n") == ["the verdict", ""], done.stderr


def _command(address: str, topic: str) -> list[str]:
    kcat = installed("kcat", "kcat")
    shown = re.search(r"^kcat -b \S+ -t \S+ (.+)$", README.read_text(), re.MULTILINE)
    assert shown
    return [kcat, "-b", address, "-t", topic, *shown[1].split()]


async def _transaction(kafka: Broker, topic: str, value: bytes, *, commit: bool) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, transactional_id=topic)
    await producer.start()
    await producer.begin_transaction()
    await producer.send_and_wait(topic, value, partition=0)
    await (producer.commit_transaction() if commit else producer.abort_transaction())
    await producer.stop()

"""The real broker of the tests: what it promises to those who stop, kill and freeze it."""

import hashlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from anyio import fail_after
from anyio.to_thread import run_sync

from consumer.sandbox.kafka import PORTS
from consumer.sandbox.kafka_jars import JarMissing, LockedJar, WrongJar, class_path, locked_jars
from tests.brokers import private_broker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]


async def test_what_was_committed_survives_stop_kill_and_freeze_at_the_same_address() -> None:
    with private_broker() as broker:
        address = broker.bootstrap_servers
        await _create_topic(address, "kept")
        await _write(address, "kept", b"before")
        await run_sync(broker.stop)
        await run_sync(broker.start)
        await _write(address, "kept", b"after the stop")
        await run_sync(broker.kill)
        await run_sync(broker.start)
        broker.freeze()
        broker.thaw()
        await _write(address, "kept", b"after the kill")
        assert broker.bootstrap_servers == address
        assert await _read_committed(address, "kept", 3) == [b"before", b"after the stop", b"after the kill"]


@pytest.mark.usefixtures("kafka")  # which says so where there is no broker to be had
def test_the_broker_dies_and_leaves_nothing_behind_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, signal\n"
        "from consumer.sandbox.kafka import KafkaBroker\n"
        "broker = KafkaBroker().__enter__()\n"
        "print(broker.pid, broker.log.parent, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", script]
    parent = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert parent.returncode == -signal.SIGKILL
    pid, folder = parent.stdout.split()
    _wait_until_gone(int(pid), Path(folder))


@pytest.mark.usefixtures("kafka")
def test_a_port_that_was_taken_costs_one_more_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = random.sample(PORTS, 6)
        choices = iter([[taken.getsockname()[1], *free[:2]], free[3:]])
        monkeypatch.setattr("consumer.sandbox.kafka.random.sample", lambda *_: next(choices))
        with private_broker() as broker:
            assert broker.bootstrap_servers == f"127.0.0.1:{free[3]}"


@pytest.mark.usefixtures("kafka")
def test_every_jar_of_the_lock_is_there_and_the_second_run_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    first = class_path()
    assert len(first) == len(locked_jars()) > 40
    monkeypatch.setattr("jgo.util.http.requests", None)  # any further download would now fail
    assert class_path() == first


def test_a_jar_with_another_hash_never_reaches_the_class_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, forger: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(WrongJar, match=r"org\.example:forged"):
        class_path([LockedJar("org.example:forged:1.0", hashlib.sha256(b"the true jar").hexdigest())], forger)
    assert not list((tmp_path / "attachment-consumer").rglob("*.jar"))


def test_a_jar_that_nobody_has_is_said_to_be_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, forger: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(JarMissing, match=r"org\.example:absent"):
        class_path([LockedJar("org.example:absent:1.0", "0" * 64)], forger)


@pytest.fixture
def forger(tmp_path: Path) -> Iterator[str]:
    """A repository on loopback that sends other bytes than were locked."""
    jar = tmp_path / "repository/org/example/forged/1.0/forged-1.0.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(b"another jar")
    jar.with_suffix(".jar.sha1").write_text(hashlib.sha1(b"another jar").hexdigest())
    handler = partial(_Silent, directory=str(tmp_path / "repository"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


async def _create_topic(address: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1)])
    await admin.close()


async def _write(address: str, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=address, transactional_id="writer")
    await producer.start()
    async with producer.transaction():
        await producer.send_and_wait(topic, value)
    await producer.stop()


async def _read_committed(address: str, topic: str, count: int) -> list[bytes | None]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=address, auto_offset_reset="earliest", isolation_level="read_committed"
    )
    await consumer.start()
    with fail_after(60):
        values = [(await consumer.getone()).value for _ in range(count)]
    await consumer.stop()
    return values


def _wait_until_gone(pid: int, folder: Path) -> None:
    deadline = time.monotonic() + 30
    while _runs(pid) or folder.exists():
        assert time.monotonic() < deadline, f"process {pid} or {folder} is still there"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:  # a machine without an init process keeps the entry of a dead orphan, with an empty command line
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except FileNotFoundError:
        return False

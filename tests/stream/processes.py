"""The test's side of `tests.stream.worker`: starting workers, hearing what they say, and traffic for them."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from consumer.settings.model import TopicSettings
from tests.brokers import Broker
from tests.stream.worker import Orders, Stop

PATIENCE_S = 40.0


class Worker:
    """A worker process and what it said so far."""

    def __init__(self, process: Process, name: str) -> None:
        self.name = name
        self.said: list[str] = []
        self.ready: frozenset[int] = frozenset()
        self._process = process
        self._heard = anyio.Event()

    async def listen(self) -> None:
        assert self._process.stdout is not None
        stream = BufferedByteReceiveStream(self._process.stdout)
        try:
            while True:
                self._note((await stream.receive_until(b"\n", 1_000)).decode())
        except (anyio.EndOfStream, anyio.IncompleteRead, anyio.ClosedResourceError):
            return

    def _note(self, line: str) -> None:
        self.said.append(line)
        if line.startswith("ready"):
            self.ready = frozenset(int(partition) for partition in line.split()[1:])
        self._heard.set()
        self._heard = anyio.Event()

    async def until(self, holds: Callable[[Worker], bool]) -> None:
        with anyio.fail_after(PATIENCE_S):
            while not holds(self):
                await self.next()

    async def next(self) -> None:
        """Waits until it says anything."""
        await self._heard.wait()

    async def says(self, line: str) -> None:
        """Waits until it said `line`, now or before."""
        await self.until(lambda worker: line in worker.said)

    async def begin(self, orders: Orders) -> None:
        assert self._process.stdin is not None
        await self.says("loaded")
        await self._process.stdin.send(orders.encode().encode() + b"\n")

    async def stopped(self) -> None:
        """Waits until the worker stopped itself (SIGSTOP)."""
        with anyio.fail_after(PATIENCE_S):
            while not self._is_stopped():
                assert self._process.returncode is None, f"{self.name} ended in place of stopping"
                await anyio.sleep(0.005)

    def _is_stopped(self) -> bool:
        return os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOHANG) is not None

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()

    async def died(self) -> None:
        """Waits for its end by SIGKILL."""
        with anyio.fail_after(PATIENCE_S):
            assert await self._process.wait() == -signal.SIGKILL

    async def drain(self) -> None:
        """Tells it to stop in order, and waits until it did."""
        assert self._process.stdin is not None
        await self._process.stdin.aclose()
        with anyio.fail_after(PATIENCE_S):
            assert await self._process.wait() == 0


@asynccontextmanager
async def started(name: str) -> AsyncIterator[Worker]:
    """A worker that is loaded soon and then waits for its orders."""
    async with await anyio.open_process([sys.executable, "-m", "tests.stream.worker"], stderr=None) as process:
        worker = Worker(process, name)
        async with anyio.create_task_group() as group:
            group.start_soon(worker.listen)
            try:
                yield worker
            finally:
                if process.returncode is None:
                    process.kill()  # SIGKILL ends a stopped process too
                with anyio.CancelScope(shield=True):
                    await process.wait()
                group.cancel_scope.cancel()


def orders(broker: Broker, topics: TopicSettings, name: str, *stops: Stop, **options: object) -> Orders:
    return Orders(broker.bootstrap_servers, topics.prefix, topics.partitions, name, stops=list(stops), **options)  # type: ignore[arg-type] # the names are checked by the dataclass


async def shared_out(first: Worker, second: Worker) -> None:
    """Waits until each of two workers has its half of the four partitions, ready."""
    with anyio.fail_after(PATIENCE_S):
        while not (len(first.ready) == len(second.ready) == 2 and not first.ready & second.ready):
            await _next_of(first, second)


async def _next_of(*workers: Worker) -> None:
    async with anyio.create_task_group() as group:

        async def hear(worker: Worker) -> None:
            await worker.next()
            group.cancel_scope.cancel()

        for worker in workers:
            group.start_soon(hear, worker)


def traffic(seed: int, tasks: int = 120) -> list[tuple[str, str]]:
    """Tasks as (conversation, names of 1 to 3 attachments); a third of the names were named before."""
    seeded = random.Random(seed)
    known: dict[str, list[str]] = {}
    written = []
    for number in range(tasks):
        conversation = f"conversation-{seed}-{seeded.randrange(24)}"
        earlier = known.setdefault(conversation, [])
        fresh = [f"{conversation}/{number}.{n}" for n in range(seeded.randint(1, 2))]
        repeats = [seeded.choice(earlier)] if earlier and seeded.random() < 0.75 else []
        earlier.extend(fresh)
        names = fresh + repeats
        seeded.shuffle(names)
        written.append((conversation, " ".join(names)))
    return written


def again(tasks: list[tuple[str, str]], seed: int) -> list[tuple[str, str]]:
    """Every name once more, each in a task of its own: whatever was forgotten shows."""
    named = [(conversation, name) for conversation, names in tasks for name in dict.fromkeys(names.split())]
    random.Random(seed).shuffle(named)
    return named


def names_of(tasks: list[tuple[str, str]]) -> set[str]:
    return {name for _, names in tasks for name in names.split()}

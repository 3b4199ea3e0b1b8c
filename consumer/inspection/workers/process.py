"""The processes as the service sees them: a template, and the workers that it forks. What a worker says is checked."""

from __future__ import annotations

import itertools
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from consumer.download.body import Body
from consumer.inspection.workers import codes, frames
from consumer.inspection.workers.channel import Channel, Died
from consumer.inspection.workers.codes import Examined, Unheard
from consumer.inspection.workers.starting import WorkersNotStarted, detectors_of, spawned
from consumer.inspection.workers.worker import Plan
from consumer.inspection.yara.rules import Rules

START_S, SILENT_S = 30.0, 20.0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a worker's life ended, as the template was told by the kernel."""

    signal: int  # 0: it ended by itself
    code: int
    killed: bool  # by us: it still lived when we asked for its end
    cpu_s: float  # in its whole life


class WorkerProcess:
    """One worker, from its order on. It is there once `ready` came back."""

    def __init__(self, number: int, template: Template, channel: Channel, plan: Plan) -> None:
        self.number = number
        self.plan = plan
        self.files = 0  # that it was given
        self.pid = 0
        self.in_force: frozenset[str] = frozenset()
        self.missing: Mapping[str, str] = {}  # step of the confinement → why it is not in force
        self._template = template
        self._channel = channel
        self._cpu_limit_s = plan.first_cpu_s
        self._answers_wide = False
        self._greeted = False
        self._ended = False

    async def ready(self) -> None:
        """Once it has closed itself in. `WorkersNotStarted` if it does not come up.

        May be cancelled and awaited again.
        """
        if self._greeted:
            return
        try:
            with anyio.fail_after(START_S):
                if not self.pid:
                    self.pid = self._pid_of(await self._template.told(self.number))
                if not self._greeted:
                    greeting = await self._channel.message()
                    self.in_force = frozenset(map(str, greeting.get("in_force", ())))
                    self.missing = dict(greeting.get("missing", {}))
                    self._greeted = True
        except (Died, Unheard, TimeoutError) as problem:
            await self.end()
            raise WorkersNotStarted(f"the worker process did not come up: {problem}") from None

    def _pid_of(self, told: dict[str, Any]) -> int:
        if told["pid"] is None:
            raise Died(f"no process could be forked: {told['error']}")
        return int(told["pid"])

    def cpu_s(self) -> float:
        """CPU time that it has used, in seconds; 0 where the kernel tells nobody."""
        if sys.platform != "linux":
            return 0.0
        try:
            return time.clock_gettime((~self.pid << 3) | 2)  # the clock of another process, see clock_getcpuclockid(3)
        except OSError:
            return 0.0  # it is gone

    async def allow_cpu(self, until_s: float) -> None:
        """The kernel ends it at that much CPU time in all, in whole seconds, even if nobody is left to kill it.

        Most files need no other limit than the one before. `Died` if the template is gone.
        """
        limit = math.ceil(until_s)
        if limit != self._cpu_limit_s:
            await self._template.limit(self.number, limit)
            self._cpu_limit_s = limit

    def give(self, descriptor: int, size: int, claimed: str | None = None) -> None:
        """`claimed`: the type that it is said to be, in the name of our own table. `Died` if the worker is gone."""
        self._put(descriptor, size, codes.PLACES.get(claimed, 0))
        self._answers_wide = self.plan.wide

    def give_to_rules(self, descriptor: int, size: int) -> None:
        """It says which one by its place, counted from 1; 0 if none matches. `Died` if it is gone."""
        self._put(descriptor, size, frames.BY_RULES)
        self._answers_wide = False

    def _put(self, descriptor: int, size: int, question: int) -> None:
        self._channel.send(frames.FILE.pack(size, question), [descriptor])
        self.files += 1

    async def answer(self) -> Examined:
        """Of the file that it was given. `Died` if it is gone, `Unheard` for what no worker of ours says.

        May be cancelled and awaited again.
        """
        if self.plan.wide:
            return codes.opened_wide(await self._channel.sized(codes.WIDE_CAP))
        return codes.opened(await self.said())

    async def said(self) -> bytes:
        """An answer as it came, in 8 bytes. As `answer`."""
        return await self._channel.alone(frames.ANSWER.size)

    def when_said(self, tell: Callable[[bytes], None] | None) -> None:
        """Whom to tell at once, while whoever awaits the answer still has to wake. None: nobody."""
        self._channel.when_filled = None if self.plan.wide else tell

    def has_answered(self) -> bool:
        return self._channel.has(frames.LENGTH.size if self._answers_wide else frames.ANSWER.size)

    def waits(self) -> bool:
        """Whether it sleeps, of its own will: it could go on and does not. As the kernel tells."""
        with suppress(OSError):
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"
        return False

    def stop(self) -> bool:
        """It stands still until `go_on`, with all that it has done; False if nothing may stop it here."""
        return self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> bool:
        """The template waits for it only when it is told to: until then the process id is nobody else's."""
        if self._ended:
            return False
        try:
            os.kill(self.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    async def end(self, kill: bool = True) -> Ending:
        """It is gone when this comes back, also when cancelled. Without `kill` it should be gone already."""
        self._ended = True
        with anyio.CancelScope(shield=True):
            ending = await self._template.end(self.number, kill)
        return ending  # noqa: RET504 # a scope may swallow what is returned inside it, mypy believes

    def retire(self) -> None:
        """Ends it without waiting for that, unless it has ended."""
        if not self._ended:
            self._ended = True
            self._template.forget(self.number)


class Template:
    """The process that workers are forked from. One order after the other; its replies come in any reader's hand."""

    def __init__(self, process: subprocess.Popen[bytes], channel: Channel) -> None:
        self._process = process
        self._channel = channel
        self._numbers = itertools.count(1)
        self._channels: dict[int, Channel] = {}  # of workers that have not ended
        self._told: dict[int, dict[str, Any]] = {}
        self._rules: Rules | None = None  # that it has
        self._forgotten: set[int] = set()
        self._reading = anyio.Lock()
        self.detectors: Mapping[str, str] = {}

    @classmethod
    async def start(cls, command: Sequence[str]) -> Template:
        """One that has loaded everything. `WorkersNotStarted` if it does not come up."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        channel = Channel(ours)
        try:
            with theirs:
                process = await anyio.to_thread.run_sync(spawned, list(command), theirs)
        except OSError as error:
            channel.close()
            raise WorkersNotStarted(f"no worker process could be started: {error.strerror}") from None
        template = cls(process, channel)
        try:
            with anyio.fail_after(START_S):
                template.detectors = detectors_of(await channel.message())
        except (Died, Unheard, TimeoutError) as problem:
            raise WorkersNotStarted(f"the worker process did not come up: {problem}") from None
        finally:
            if not template.detectors:
                await template.close()
        return template

    @property
    def end_code(self) -> int | None:
        """None while it lives."""
        return self._process.poll()

    @property
    def pid(self) -> int:
        return self._process.pid

    def fork(self, plan: Plan) -> WorkerProcess:
        """A worker that is on its way: it is forked while others work."""
        number = next(self._numbers)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._channels[number] = Channel(ours)
        worker = WorkerProcess(number, self, self._channels[number], plan)
        with theirs, suppress(Died), self._rules_to_send(plan) as descriptors:  # `ready` tells
            self._order({"do": "fork", "worker": number, **plan.order()}, theirs.fileno(), *descriptors)
        return worker

    @contextmanager
    def _rules_to_send(self, plan: Plan) -> Iterator[tuple[int, ...]]:
        """A descriptor of rules that it does not have yet: each worker is forked with them."""
        if plan.rules is None or plan.rules == self._rules:
            yield ()
            return
        with Body.of(plan.rules.compiled.content) as body:
            yield (body.fileno(),)
        if not plan.rules_once:
            self._rules = plan.rules

    async def limit(self, number: int, cpu_s: int) -> None:
        self._order({"do": "limit", "worker": number, "cpu_s": cpu_s})
        await self.told(number)

    async def end(self, number: int, kill: bool) -> Ending:
        """Ends a worker and waits until it is gone. What a template that is gone can't tell was killed from outside."""
        self._channels.pop(number).close()
        try:
            self._order({"do": "end", "worker": number, "kill": kill})
            while "signal" not in (told := await self.told(number)):
                pass  # an earlier order's reply, which nobody waits for any more
        except Died:
            return Ending(signal.SIGKILL, 0, False, 0.0)
        return Ending(told["signal"], told["code"], told["killed"], told["cpu_s"])

    def forget(self, number: int) -> None:
        self._channels.pop(number).close()
        self._forgotten.add(number)
        with suppress(Died):
            self._order({"do": "end", "worker": number, "kill": True})

    async def told(self, number: int) -> dict[str, Any]:
        """What the template says next of that worker. `Died` once the template is gone."""
        while number not in self._told:
            async with self._reading:
                if number not in self._told:
                    self._note(await self._next())
        return self._told.pop(number)

    async def _next(self) -> dict[str, Any]:
        """One that says nothing is ended: it may be stopped, and what waits for it can't be cancelled."""
        try:
            with anyio.fail_after(SILENT_S):
                return await self._channel.message()
        except TimeoutError:
            self._process.kill()
            raise Died("it said nothing") from None

    def _note(self, message: dict[str, Any]) -> None:
        number = message["worker"]
        if "error" in message:  # it may have been short of memory for these rules: they are sent once more
            self._rules = None
        if number not in self._forgotten:
            self._told[number] = message
        elif "signal" in message:
            self._forgotten.discard(number)

    def _order(self, order: Mapping[str, object], *descriptors: int) -> None:
        self._channel.send(frames.packed(order), descriptors)

    async def close(self) -> None:
        """Ends the template, and by that its workers."""
        for channel in (*self._channels.values(), self._channel):
            channel.close()
        with suppress(ProcessLookupError):
            self._process.kill()
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._process.wait)

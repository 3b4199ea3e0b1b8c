"""Workers, warm before they are needed: forked from one template, used up, replaced."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import anyio

from consumer.inspection.workers.bounds import Reports
from consumer.inspection.workers.losses import Losses
from consumer.inspection.workers.process import Template, WorkerProcess
from consumer.inspection.workers.starting import WorkersNotStarted
from consumer.inspection.workers.worker import Plan

PAUSES_S = (0.05, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)  # between two starts of a worker that does not come up
TOLD_AFTER = 4  # such starts
LOOKED_EVERY_S = 10.0  # whether the template lives


class WorkerSupply:
    """`spare` workers that nobody uses now wait here. A worker that was taken is given back, or ended by its taker.

    `plan` says how they have to be by now: those that were started by another one are replaced.
    """

    def __init__(self, command: Sequence[str], plan: Callable[[], Plan], spare: int, reports: Reports) -> None:
        self._plan = plan
        self._command = command
        self._spare = spare
        self._reports = reports
        self._losses = Losses(reports)
        self._warm: deque[WorkerProcess] = deque()  # the right end is taken next, so that the left ends have time
        self._template: Template | None = None
        self._starting = anyio.Lock()
        self._failures = 0  # starts without a worker, since the last one with one

    @property
    def detectors(self) -> Mapping[str, str]:
        return self._template.detectors if self._template else {}

    async def template(self) -> Template:
        """The one that runs; a new one if it does not. `WorkersNotStarted` if none can."""
        async with self._starting:
            if self._template is not None and (code := self._template.end_code) is not None:
                await self._template.close()
                self._template = None
                self._warm.clear()  # they went with it
                self._losses.note(code)
            if self._template is None:
                self._template = await Template.start(self._command)
            return self._template

    async def watch(self) -> None:
        """Replaces a template that was ended before a file needs another, until it is cancelled."""
        while True:
            await anyio.sleep(LOOKED_EVERY_S)
            self._losses.look()
            await self.look()

    async def look(self) -> None:
        before = self._template
        with suppress(WorkersNotStarted):  # whoever needs it tries again, and tells
            if await self.template() is not before:
                for _ in range(self._spare):
                    await self.warm_one()

    async def fill(self) -> None:
        """Starts the spare ones. `WorkersNotStarted` if the first one does not come up."""
        first = await self._forked()
        for _ in range(self._spare - 1):
            await self.warm_one()
        self._warm.append(first)

    async def take(self) -> WorkerProcess:
        plan = self._plan()
        while self._warm:
            worker = self._warm.pop()
            if worker.plan != plan:
                worker.retire()
                await self.warm_one()
                continue
            try:
                await worker.ready()
            except WorkersNotStarted:
                continue
            except BaseException:
                self.give_back(worker)
                raise
            return worker
        return await self.fresh()

    def give_back(self, worker: WorkerProcess) -> None:
        if len(self._warm) < self._spare:
            self._warm.append(worker)
        else:
            worker.retire()

    async def warm_one(self) -> None:
        """Sends for one more, without waiting for it, unless there are enough."""
        if len(self._warm) >= self._spare:
            return
        try:
            self._warm.appendleft((await self.template()).fork(self._plan()))
        except WorkersNotStarted:
            return  # whoever needs it tries again, and tells

    async def fresh(self) -> WorkerProcess:
        """One that has seen no file. While none comes up this waits, longer and longer, and says why."""
        while True:
            try:
                worker = await self._forked()
            except WorkersNotStarted as problem:
                self._failures += 1
                if self._failures == TOLD_AFTER:
                    self._reports.workers_start(str(problem))
                await anyio.sleep(PAUSES_S[min(self._failures, len(PAUSES_S)) - 1])
            else:
                if self._failures >= TOLD_AFTER:
                    self._reports.workers_start(None)
                self._failures = 0
                return worker

    async def alone(self, plan: Plan) -> WorkerProcess:
        """One of another plan, for one file; whoever asked ends it. `WorkersNotStarted` if it does not come up."""
        worker = (await self.template()).fork(plan)
        await worker.ready()
        return worker

    async def close(self) -> None:
        self._warm.clear()
        if self._template is not None:
            await self._template.close()

    async def _forked(self) -> WorkerProcess:
        worker = (await self.template()).fork(self._plan())
        try:
            await worker.ready()
        except BaseException:
            worker.retire()
            raise
        return worker

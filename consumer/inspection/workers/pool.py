"""The pool of worker processes: examines files, survives what they do to it, and is sure of what holds them in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self, TypeVar

import anyio

from consumer.errors import LastTryAhead
from consumer.inspection.policy.extensions import claimed_type
from consumer.inspection.readers.seen import Evidence, Limits
from consumer.inspection.workers.asking import (
    ENDS_US,
    NOT_ITS_OWN,
    SENTENCES,
    Allowed,
    Examination,
    FileBody,
    Matched,
    Question,
    Watcher,
    WhatIsIt,
    WhichRule,
)
from consumer.inspection.workers.bounds import Bounds, Reports, offered
from consumer.inspection.workers.codes import Examined
from consumer.inspection.workers.confinement import Confinement, hide_from_peers
from consumer.inspection.workers.facts import facts_of, undetectable
from consumer.inspection.workers.frames import WITH_RULES
from consumer.inspection.workers.proof import shortfall
from consumer.inspection.workers.ruling import Ruling
from consumer.inspection.workers.starting import LibmagicMissing, WorkersNotStarted, default_command, versions
from consumer.inspection.workers.supply import WorkerSupply
from consumer.inspection.workers.turned import TurnEnding, TurnKept
from consumer.inspection.workers.worker import Plan
from consumer.inspection.yara.rules import Rules
from consumer.model import Attachment, Facts, Tries
from consumer.model.caution import CAUTION, Caution
from consumer.model.resting import resting
from consumer.telemetry.labels import WorkerEnd
from consumer.turns import LONG, SHORT, SHORT_FILE, Slots, Turn

__all__ = [
    "Bounds", "Confinement", "LibmagicMissing", "Reports", "Workers", "WorkersNotStarted", "hide_from_peers", "offered",
    "versions",
]  # fmt: skip

T = TypeVar("T", Examined, Matched)

# Of a file whose worker ended for a reason that need not be the file's: all but the first one are alone.
TRIES = {Tries.ALL: (0, 1, 2), Tries.BUT_LAST: (0, 1), Tries.LAST: (2,)}
FORK_S = 0.004  # CPU time that a new worker costs
NAMED_A_WORKER = 4  # files whose names are written down: with one, it would wait for a commit before each of them
PROVED_EVERY_S, ASKED_AGAIN_S = 3_600.0, 30.0


class Workers:
    """`count` processes, each examining one file at a time, and others that are warm. Leaving it ends them.

    At most `count` more stand still with a file that takes long, while shorter ones are examined.

    Waiting for a free worker counts for no bound. `limits` are asked before each file: workers that were started for
    others get none. Where workers are not held in as `bounds` ask, the `patient` wait until they are; for others the
    start fails.
    """

    def __init__(
        self,
        count: int = 2,
        *,
        bounds: Bounds = Bounds(),  # noqa: B008 # frozen
        limits: Callable[[], Limits] = Limits,
        rules: Callable[[], Rules] | None = None,
        reports: Reports,
        patient: bool = False,
        command: Sequence[str] | None = None,
    ) -> None:
        self._limits = limits
        self._rules = rules
        self._ruling = Ruling(self, rules, reports) if rules else None
        self._bounds, self._reports, self._patient = bounds, reports, patient
        command = (*(command or default_command()), *([WITH_RULES] if rules else []))
        self._supply = WorkerSupply(command, self._plan, 2 * count + 1, self._reports)
        self._slots = Slots(count, aside=count, again=FORK_S)
        self._names = Slots(count * NAMED_A_WORKER)
        self._held_in = asyncio.Event()

    @property
    def count(self) -> int:
        return self._slots.room

    @property
    def busy(self) -> int:
        return self._slots.taken

    @property
    def detectors(self) -> dict[str, str]:
        """Name to version, as the workers told when they started; and that nothing holds them in, if so."""
        unheld = {"confinement": "none"} if self._bounds.confinement is Confinement.NONE else {}
        by_rules = {"yara": self._rules().version} if self._rules else {}
        return {**self._supply.detectors, **by_rules, **unheld}

    async def __aenter__(self) -> Self:
        """`LibmagicMissing` or `WorkersNotStarted` if they can't run here, or not as they should."""
        try:
            await self._supply.template()  # without one there is nothing to wait for
            why = await self.prove()
            if why and not self._patient:
                raise WorkersNotStarted(f"workers can't be held in as they have to be: {why}")
            await self._supply.fill()
        except BaseException:
            await self._supply.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._supply.close()

    async def examine(self, body: FileBody, attachment: Attachment) -> Facts:
        """What the bytes are and hold. Bytes that end their worker by themselves give `UNDETECTABLE` at once."""
        facts, _ = await self.explain(body, attachment)
        return facts

    async def explain(self, body: FileBody, attachment: Attachment) -> tuple[Facts, tuple[Evidence, ...]]:
        """The same, and where its findings were seen, if these workers answer wide.

        An end that need not be theirs is no evidence: they are tried again in fresh workers, alone, at most twice.
        `LastTryAhead` if `attachment.tries` stops before the last time.
        """
        caution = CAUTION.get()
        if caution is not None and caution.has_ended_us(body.sha256):
            return facts_of(body, attachment, undetectable(ENDS_US), self.detectors), ()
        claimed = claimed_type(attachment.name, attachment.declared_type)
        outcome = await self._settled(WhatIsIt(claimed), body, attachment.conversation_id, TRIES[attachment.tries])
        if isinstance(outcome, str) and outcome in NOT_ITS_OWN and attachment.tries is Tries.BUT_LAST:
            raise LastTryAhead
        if isinstance(outcome, str):
            return facts_of(body, attachment, undetectable(SENTENCES[outcome]), self.detectors), ()
        if outcome.failure:
            self._reports.reader_failed(outcome.failure)
        if self._ruling and outcome.detected_type:
            ruled = await self._ruling.finding(body, attachment.conversation_id)
            outcome = outcome.with_finding(ruled) if ruled else outcome
        if caution is not None:
            caution.acquit(body.sha256)
        return facts_of(body, attachment, outcome, self.detectors), outcome.evidence

    async def matched(self, body: FileBody, conversation: str) -> Matched | WorkerEnd:
        return await self._settled(WhichRule(), body, conversation, TRIES[Tries.BUT_LAST])

    async def exceed(self, rules: Rules, body: FileBody, conversation: str) -> bool:
        plan = replace(self._plan(), rules=rules, rules_once=True)
        try:
            return await self._in_turn(WhichRule(), body, conversation, alone=False, plan=plan) == "budget"
        except WorkersNotStarted:
            return False

    async def _settled(
        self, question: Question[T], body: FileBody, conversation: str, tries: Sequence[int]
    ) -> T | WorkerEnd:
        """The answer; else how the worker ended: the first one's end if that was the file's doing, else the last's."""
        outcome: T | WorkerEnd = "outside"
        for number in tries:
            outcome = await self._in_turn(question, body, conversation, alone=number > 0)
            if not isinstance(outcome, str) or outcome not in NOT_ITS_OWN:
                break
        return outcome

    async def _in_turn(
        self, question: Question[T], body: FileBody, conversation: str, alone: bool, plan: Plan | None = None
    ) -> T | WorkerEnd:
        """What takes longer than files of its size do makes room for those that wait. What was late or out of memory
        may have been so by its neighbours: `alone`, there are none while it runs."""
        caution = CAUTION.get()
        if caution is not None and caution.wary:
            return await self._named(caution, question, body, conversation, alone, plan)
        turned = TurnEnding(self._slots, await self._turn(self._slots, body, conversation, alone), body)
        try:
            while True:
                outcome, more = await self._asked(question, body, turned, alone, plan)
                turned.spent += more
                if outcome != "overtaken":
                    return outcome
                await self._slots.again(turned.turn)
        finally:
            self._slots.give_back(turned.turn, turned.spent)

    async def _named(
        self, caution: Caution, question: Question[T], body: FileBody, conversation: str, alone: bool, plan: Plan | None
    ) -> T | WorkerEnd:
        """It makes room for nobody, and has its name before it has a worker. But a suspect's stands only while nothing
        else is examined: what ends this whole process meanwhile is this file, or comes from outside."""
        while True:
            alone = alone or caution.suspects(body.sha256)
            place = None if alone else await self._turn(self._names, body, conversation, alone)
            turn, spent = None, 0.0
            try:
                turn = await self._turn(self._slots, body, conversation, alone) if alone else None
                async with caution.named(body.sha256) as written:
                    if written:
                        turn = turn or await self._turn(self._slots, body, conversation, alone)
                        outcome, spent = await self._asked(question, body, TurnKept(body), alone, plan)
                        return outcome
            finally:
                if turn is not None:
                    self._slots.give_back(turn, spent)
                if place is not None:
                    self._names.give_back(place, spent)
            body.takes_long()
            with resting():
                await caution.able(body.sha256)

    async def _turn(self, slots: Slots, body: FileBody, conversation: str, alone: bool) -> Turn:
        """Small files first."""
        rank = LONG if alone or body.size > SHORT_FILE else SHORT
        if not slots.has():
            (body.takes_long if rank == LONG else body.waits)()
        return await slots.take(conversation, rank, slots.room if alone else 1, body.takes_long)

    async def watch(self) -> None:
        """Proves again and again that workers are held in, and that there are some, until it is cancelled."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._supply.watch)
            while True:
                await anyio.sleep(PROVED_EVERY_S if self._held_in.is_set() else ASKED_AGAIN_S)
                await self.prove()

    async def prove(self) -> str | None:
        """Why workers get no file from now on; None if they do. By workers of its own that have seen none."""
        try:
            why = await shortfall(await self._supply.template(), self._plan(), self._bounds.confinement)
        except WorkersNotStarted as problem:
            why = f"it can't be shown: {problem}"
        if why is None:
            self._held_in.set()
        elif self._held_in.is_set():
            self._held_in.clear()
        self._reports.confined(self._bounds.confinement.value, why)
        return why

    def _plan(self) -> Plan:
        return Plan(
            address_space_bytes=self._bounds.address_space_bytes,
            first_cpu_s=self._bounds.first_s,
            life_cpu_s=self._bounds.life_s,
            limits=self._limits(),
            wide=self._bounds.wide,
            rules=self._rules() if self._rules else None,
        )

    async def _asked(
        self,
        question: Question[T],
        body: FileBody,
        watcher: Watcher,
        fresh: bool,
        plan: Plan | None,
    ) -> tuple[T | WorkerEnd, float]:
        """And the CPU time that it took, in seconds. `plan`: of a worker for this file alone."""
        await self._held_in.wait()
        fresh = fresh or plan is not None
        worker = await (self._supply.alone(plan) if plan else self._supply.fresh() if fresh else self._supply.take())
        last = fresh or worker.files + 1 >= self._bounds.files_per_worker
        examination = Examination(worker, question, self._allowed(question.share, body.size, fresh), watcher)
        outcome: T | WorkerEnd = "cancelled"
        try:
            if last and not fresh:
                await self._supply.warm_one()  # while this one is at its last file
            outcome = await examination.run(body)
            if outcome != "overtaken":
                question.spent(outcome, body.size, examination.spent(), self._reports)
        finally:
            if isinstance(outcome, str):
                worker.retire()
                self._reports.worker_ended(outcome)
                with anyio.CancelScope(shield=True):
                    if not last:
                        await self._supply.warm_one()
        if not isinstance(outcome, str):
            if last:
                worker.retire()
            else:
                self._supply.give_back(worker)
        return outcome, examination.spent()

    def _allowed(self, share: float, size: int, alone: bool) -> Allowed:
        deadline_s = self._bounds.deadline_s * (2 if alone else 1)
        return Allowed(self._bounds.short_s(size), share * self._bounds.budget_s(size), deadline_s)

"""The attempts of one piece of work, and which of its failures count.

A failure counts only when it is known to be this work's own (`heard`): the same call was answered for others since it
failed here last, or, where nobody else asks, its probe was. So an outage is waited out, whoever answers in it, and no
single task keeps a gate closed for ever or waits for ever. Each kind of answer to each call is counted for itself: what
somebody else said in Genesys's place, once, never finishes what Genesys was about to say for good.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import anyio

from consumer.attempts.backoff import HOST_BACKOFF_MAX_S, Backoff
from consumer.attempts.crowd import Crowd, Waiter
from consumer.attempts.flapping import Flapping, enough_by_chance
from consumer.attempts.gates import Gate, Gates, Reports, Sleep
from consumer.attempts.kinds import FailureKind, Said, retry_after_s
from consumer.attempts.repeats import Repeats
from consumer.attempts.unknown import Unknown
from consumer.errors import Doubtful, HostNotAllowed, Incomplete, NotYet, Refused, RefusedAlone, Throttled, Unavailable
from consumer.model import DeadReason, Dependency
from consumer.model.heard import Asked
from consumer.model.resting import IN_ITS_TURN, Resting, marked

T = TypeVar("T")

FEW_AT_ONCE = 5  # new files that are missed, and may each be gone
QUICK = 2  # waits after which it is asked again at once, whoever else is answered
GIVEN_UP = "given up early: more wait than LIMITS__RESTING allows, or than an event may have, and most for the like"


@dataclass(frozen=True, slots=True)
class Patience:
    """What every attempt of the service shares."""

    gates: Gates
    backoff: Backoff
    host_patience_s: float
    repeats: Repeats
    reports: Reports
    sleep: Sleep = anyio.sleep
    clock: Callable[[], float] = time.monotonic
    crowd: Crowd = field(default_factory=Crowd)
    flapping: Flapping = field(default_factory=Flapping)

    def attempts(self, resting: Resting, of: str = "", given_up: bool = False) -> Attempts:
        """`of`: the conversation that is asked about. `given_up`: in vain before, so that the first is a repeat."""
        return Attempts(self, resting, of, given_up)

    def in_step(self) -> Patience:
        """With one jitter for a whole task: what was asked in vain together is asked again together, in one call. Each
        field by hand, since `replace` takes ten times as long, for each task."""
        jitter, own = self.backoff.jitter(), self
        backoff = Backoff(own.backoff.attempts, own.backoff.over_s, lambda: jitter)
        shared = own.sleep, own.clock, own.crowd, own.flapping
        return Patience(own.gates, backoff, own.host_patience_s, own.repeats, own.reports, *shared)


@dataclass(slots=True)
class Attempts:
    """The attempts of one piece of work: `await attempts(step)` runs the step until it is answered.

    Raises the last failure when the attempts ran out, and never `Refused`: that is waited out behind its gate, unless
    it is this work alone that is refused; then the last refusal comes as `Unavailable`.
    `resting` surrounds every wait: work that only waits may be cancelled at once when its partition moves away. Where
    too much waits, what waits for a host outside, or for an id that Genesys does not know, may end early.
    """

    patience: Patience
    resting: Resting
    of: str = ""
    given_up: bool = False
    made: int = 0  # attempts that were answered or counted as failed, over all steps
    _waiter: Waiter = field(default_factory=Waiter, init=False)
    _unknown: Unknown | None = field(default=None, init=False)  # once what was asked for was not known, or not taken
    _refused: int = field(default=0, init=False)  # how often it alone was
    _in_vain: int = field(default=0, init=False)  # failures in a row that did not count
    _said: dict[FailureKind, Said] = field(default_factory=dict, init=False)  # its failures
    _failed: dict[str, int] = field(default_factory=dict, init=False)  # when each call failed last, as `heard` counts
    _limited: dict[str, int] = field(default_factory=dict, init=False)  # the same of limits
    _gates: set[Gate] = field(default_factory=set, init=False)  # that were told of a failure
    _asked_in_vain: set[Asked] = field(default_factory=set, init=False)

    async def __call__(self, step: Callable[[], Awaitable[T]], dependency: Dependency | None = None) -> T:
        """The step's result. `dependency`, if named, is the one that a result is an answer of."""
        gate = self.patience.gates[dependency] if dependency else None
        try:
            if self.given_up:
                unasked = NotYet(Dependency.API, "Genesys did not know it before", dead=DeadReason.NOT_FOUND)
                with self._in_crowd(f"conversation {self.of}", unasked):
                    await self._asking_for_the_unknown().wait_first()
            while True:
                if gate is not None and gate.closed:
                    await self._pass(gate)
                try:
                    with marked(self.made > 0 or self.given_up, self.patience.crowd.line(self._waiter)):
                        result = await step()
                except RefusedAlone as failure:
                    await self._hear_again(failure)
                except (Refused, Unavailable) as failure:
                    await self._after(failure)
                else:
                    self._answered(gate)
                    return result
        finally:
            IN_ITS_TURN.set(False)
            for failed in self._gates:
                failed.left(self._name)
            for asked in self._asked_in_vain:
                self.patience.gates.heard.left(asked, self._name)

    def _answered(self, gate: Gate | None) -> None:
        self.made += 1
        if self._unknown is not None:
            self._unknown.answered()
        if self._refused:
            self.patience.flapping.taken_back(self.patience.clock())
        if gate is not None:
            gate.answered(Asked(gate.dependency.value, self._name))

    async def _after(self, failure: Unavailable | Refused) -> None:
        """Waits before the next attempt. Raises what the failure comes to when it was the last."""
        patience = self.patience
        patience.reports.attempt_failed(failure.dependency)
        gate = patience.gates[failure.dependency]
        if isinstance(failure, Unavailable) and failure.host is not None:
            await self._be_patient_with_host(failure, failure.host)
        elif isinstance(failure, Throttled):
            await self._slow_down(gate, failure)
        elif isinstance(failure, NotYet) and failure.dead is DeadReason.NOT_FOUND:
            await self._ask_again(gate, failure)
        elif isinstance(failure, NotYet) or await self._is_own(gate, failure):
            await self._count(gate, failure)

    async def _is_own(self, gate: Gate, failure: Unavailable | Refused) -> bool:
        """Whether it counts. If not, waits behind the gate; and where that did not wait, or this is not the first time,
        a while longer, so that others get through before it asks again."""
        asked = self._asked(failure)
        heard, since = self.patience.gates.heard, self._failed.get(asked.call)
        own = since is not None and heard.is_own(asked, since)
        gate.failed(failure, asked, work=self._name)
        self._gates.add(gate)
        self._asked_in_vain.add(asked)
        self._failed[asked.call] = heard.now
        if not own:
            at_once = gate.closed and since is None
            await self._wait_probed(gate)
            if not at_once:
                self._in_vain += 1
                await self._rest(self.patience.backoff.wait_in_vain_s(self._in_vain, retry_after_s(failure)))
                await self._wait_probed(gate)
        return own

    async def _slow_down(self, gate: Gate, failure: Throttled) -> None:
        """A limit is everybody's, and proves nothing. What alone meets one, each time that others are answered, is
        given up all the same: it would wait for ever, and its limit holds everybody's calls each time."""
        asked, heard = self._asked(failure), self.patience.gates.heard
        since = self._limited.get(asked.call)
        alone = since is not None and heard.is_limited_alone(asked, since)
        heard.limited(asked)
        self._limited[asked.call] = heard.now
        if alone:
            await self._count(gate, failure)
        else:
            self._in_vain += 1
            await self._rest(self.patience.backoff.wait_in_vain_s(self._in_vain, failure.retry_after_s))

    async def _count(self, gate: Gate, failure: Unavailable | Refused) -> None:
        backoff, said = self.patience.backoff, self._said_so(failure)
        self._in_vain = 0
        enough = _enough(failure, backoff.attempts)
        doubted = said.times > min(QUICK, enough - 1) and self._is_doubted(failure, said)
        if said.times >= enough:
            if isinstance(failure, Refused):  # what refuses everybody was waited out: it is this work alone
                raise Unavailable(failure.dependency, failure.detail, settled=failure.settled)
            if not doubted:
                raise failure
            gate.waits_for_others(failure, self._asked(failure), self._name)
            self._gates.add(gate)
        wait_s = backoff.wait_s(said.times, retry_after_s(failure))
        await self._rest(wait_s)
        if failure.asked is not None and said.times > QUICK:  # who is ill in turns is well when he is well to others
            with gate.until_others_are_answered(failure.asked):
                await self._rest(wait_s)
        await self._wait_probed(gate)

    def _said_so(self, failure: Unavailable | Refused) -> Said:
        """What is said not to be there may be said so of everything: it counts if others' was there since."""
        asked, heard = self._asked(failure), self.patience.gates.heard
        said = self._said.setdefault(FailureKind.of(asked, failure), Said(self.patience.clock(), heard.now))
        self.made += 1
        said.times += 1
        if said.times == 1 or heard.is_answered_for_others(asked, said.heard_last):
            said.counted += 1
            said.heard_last = heard.now
        return said

    def _is_doubted(self, failure: Unavailable | Refused, said: Said) -> bool:
        """Where many new files are missed at once, it is no customer who took them away."""
        backoff = self.patience.backoff
        if not isinstance(failure, NotYet) or failure.asked is None:
            return False
        self._asked_in_vain.add(failure.asked)
        many = self.patience.gates.heard.missed(failure.asked, self._name) > FEW_AT_ONCE and failure.enough is None
        is_over = self.patience.clock() - said.at >= backoff.doubted_s
        return not is_over and (many or said.counted < (failure.enough or backoff.attempts))

    async def _ask_again(self, gate: Gate, failure: NotYet) -> None:
        self.made += 1
        unknown = self._asking_for_the_unknown()
        wait_s = unknown.in_vain(failure.retry_after_s)
        if wait_s is None:
            raise failure
        with self._in_crowd(f"conversation {self.of}", failure):
            await unknown.wait(wait_s)
        await self._pass(gate)

    def _asking_for_the_unknown(self) -> Unknown:
        if self._unknown is None:
            own, number = self.patience, self._waiter.number
            self._unknown = Unknown(own.repeats, own.backoff, own.clock, self._rest, self.of, number, self.given_up)
        return self._unknown

    async def _hear_again(self, failure: RefusedAlone) -> None:
        """Whoever refuses one question and answers the next is not well: it is settled once it was said often enough,
        apart by the backoff, and was not taken back. Ids that Genesys does not take can be made up as well as unknown
        ones, and wait for the same turns: when all their time is over it was said often enough, too."""
        patience, backoff = self.patience, self.patience.backoff
        self.made += 1
        self._refused += 1
        enough = patience.flapping.enough(patience.clock(), backoff.attempts, backoff.over_s)
        unknown = self._asking_for_the_unknown()
        wait_s = unknown.in_vain(None) if self.of else None
        if self._refused >= enough or (self.of and wait_s is None and enough < backoff.attempts):
            raise failure
        if wait_s is not None:
            await unknown.wait(wait_s)
        else:
            await self._rest(backoff.wait_s(self._refused))

    async def _be_patient_with_host(self, failure: Unavailable, host: str) -> None:
        """A host outside the region has no gate: nobody else waits for it, and only the clock ends its patience."""
        patience, asked = self.patience, self._asked(failure)
        now, heard = patience.clock(), patience.gates.heard
        if isinstance(failure, HostNotAllowed):
            patience.reports.host_not_allowed(host)
        said = self._said_so(failure)
        left = said.at + patience.host_patience_s - now
        if left <= 0:
            if isinstance(failure, Doubtful) and not heard.is_own(asked, said.heard):
                raise Unavailable(failure.dependency, failure.detail, host=host, settled=failure.settled)
            raise failure
        wait = min(patience.backoff.wait_s(said.times, failure.retry_after_s), HOST_BACKOFF_MAX_S)
        with self._in_crowd(f"host {host}", failure):
            await self._rest(min(wait, max(left, 0.01)))

    @contextmanager
    def _in_crowd(self, of: str, failure: Unavailable) -> Iterator[None]:
        """Surrounds a wait that may end early: then it is a dead letter, whatever verdict longer waiting might give."""
        with self.patience.crowd.waiting(of, self._waiter, shown=isinstance(failure, Incomplete)):
            yield
        if self._waiter.given_up:
            detail = f"{failure.detail}; {GIVEN_UP}"
            if isinstance(failure, NotYet):
                raise NotYet(failure.dependency, detail, dead=failure.dead, settled=failure.settled)
            raise Unavailable(failure.dependency, detail, host=failure.host, settled=failure.settled)

    @property
    def _name(self) -> str:
        return f"work {self._waiter.number}"

    def _asked(self, failure: Unavailable | Refused) -> Asked:
        host = failure.host if isinstance(failure, Unavailable) else None
        return failure.asked or Asked(host or failure.dependency.value, self._name)

    async def _pass(self, gate: Gate) -> None:
        if gate.closed:
            with self.resting():
                await gate.wait_open()

    async def _wait_probed(self, gate: Gate) -> None:
        if gate.closed or gate.doubted:
            with self.resting():
                await gate.wait_probed()

    async def _rest(self, seconds: float) -> None:
        with self.resting():
            await self.patience.sleep(seconds)


def _enough(failure: Unavailable | Refused, attempts: int) -> int:
    if isinstance(failure, NotYet):
        return failure.enough or attempts
    return enough_by_chance(failure.taken_back, attempts) if isinstance(failure, Unavailable) else attempts

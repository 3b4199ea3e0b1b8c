"""Inspections that are running for one assignment, each shared by every task that names the same attachment."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio

from consumer.judge.answers import Answer, Answers, Inspection
from consumer.model import OF_VERDICT
from consumer.model.resting import resting


@dataclass(eq=False, slots=True)
class Flight:
    """One piece of work. While it rests (backs off, waits for a gate) it may be cancelled without losing anything."""

    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    resting: bool = False
    over: anyio.Event | None = None  # of those that joined it

    async def wait(self) -> None:
        if self.over is None:
            self.over = anyio.Event()
        with resting():  # whoever flies it works
            await self.over.wait()


class Flights:
    """They belong to the assignment: they outlive a rebuild of its producer, not a revoke."""

    def __init__(self) -> None:
        self._by_identity: dict[bytes, Flight] = {}
        self._draining = False
        self._quiet = anyio.Event()

    def __len__(self) -> int:
        return len(self._by_identity)

    async def until_answered(self, identity: bytes, message: bytes, inspection: Inspection, answers: Answers) -> None:
        """As `judge.answers.Answers.once` says it."""
        message_before, before = answers.generation(message), answers.generation(identity)

        def answered() -> bool:
            """By a verdict, by its message's death, or (while our producer was replaced) by a thawed worker, whose
            entry came with the ledger."""
            died = answers.generation(message) != message_before and answers.generation(message)
            return before == OF_VERDICT or bool(died) or answers.generation(identity) != before

        over = before == OF_VERDICT

        def land(answer: Answer | None) -> None:
            nonlocal over
            over = True
            if answer is not None and not answered():
                answers.give(answer)

        while not over:  # the flight that was joined may have begun before its message died: a replay flies anew
            await self.join(identity, inspection, land)
            over = over or answered()

    def join(
        self, identity: bytes, inspection: Inspection, land: Callable[[Answer | None], None]
    ) -> Coroutine[Any, Any, None]:
        """Until the flight of `identity` is over: the one that is under way, or `inspection`, by whoever asks first.

        `land` gets the answer (None: it comes from elsewhere), in one step with the end of the flight. While the
        partition is drained this begins nothing, and never comes back from what the drain cancelled: that task belongs
        to the next owner.
        """
        flight = self._by_identity.get(identity)
        if flight is not None:
            return flight.wait()
        return anyio.sleep_forever() if self._draining else self._fly(identity, inspection, land)

    async def _fly(self, identity: bytes, inspection: Inspection, land: Callable[[Answer | None], None]) -> None:
        flight = self._by_identity[identity] = Flight()
        landed = False
        try:
            with flight.scope:
                land(await inspection(partial(self._rest, flight)))
                landed = True
        finally:
            del self._by_identity[identity]
            if flight.over is not None:
                flight.over.set()
            if not self._by_identity:
                self._quiet.set()
        if not landed:
            await anyio.sleep_forever()

    @contextmanager
    def _rest(self, flight: Flight) -> Iterator[None]:
        flight.resting = True
        if self._draining:
            flight.scope.cancel()
        try:
            with resting():
                yield
        finally:
            flight.resting = False

    async def drain(self, seconds: float) -> None:
        """Cancels what only waits at once, and what still runs after `seconds`."""
        self._draining = True
        for flight in list(self._by_identity.values()):
            if flight.resting:
                flight.scope.cancel()
        with anyio.move_on_after(seconds):
            while self._by_identity:
                self._quiet = anyio.Event()
                await self._quiet.wait()
        for flight in list(self._by_identity.values()):
            flight.scope.cancel()

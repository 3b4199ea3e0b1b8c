"""Inspections that are running for one assignment, each shared by every task that names the same attachment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup

from consumer.judge.answers import Answer, Resting


@dataclass(eq=False, slots=True)
class Flight:
    """One piece of work. While it rests (backs off, waits for a gate) it may be cancelled without losing anything."""

    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    landed: anyio.Event = field(default_factory=anyio.Event)
    resting: bool = False


class Flights:
    """They belong to the assignment: they outlive a rebuild of its producer, not a revoke."""

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks
        self._by_identity: dict[bytes, Flight] = {}
        self._draining = False
        self._quiet = anyio.Event()

    def __len__(self) -> int:
        return len(self._by_identity)

    def join(
        self, identity: bytes, work: Callable[[Resting], Awaitable[Answer]], land: Callable[[Answer], None]
    ) -> anyio.Event:
        """The event that is set when `identity` is answered: by the work that runs for it, or by `work`, begun now.

        `land` gets the answer, in one step with the end of the flight. Of a flight that was cancelled, or would begin
        while the partition is drained, nothing is heard: its task belongs to the next owner.
        """
        flight = self._by_identity.get(identity)
        if flight is None and self._draining:
            return anyio.Event()
        if flight is None:
            flight = self._by_identity[identity] = Flight()
            self._tasks.start_soon(self._fly, identity, flight, work, land)
        return flight.landed

    async def _fly(
        self,
        identity: bytes,
        flight: Flight,
        work: Callable[[Resting], Awaitable[Answer]],
        land: Callable[[Answer], None],
    ) -> None:
        try:
            with flight.scope:
                land(await work(lambda: self._rest(flight)))
                flight.landed.set()
        finally:
            del self._by_identity[identity]
            if not self._by_identity:
                self._quiet.set()

    @contextmanager
    def _rest(self, flight: Flight) -> Iterator[None]:
        flight.resting = True
        if self._draining:
            flight.scope.cancel()
        try:
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

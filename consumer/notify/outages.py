"""What keeps everybody from being told is waited out, however long. What fails alone gets a few attempts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from consumer.attempts import Gates, Probe, Sleep
from consumer.errors import Failure, Refused, Throttled, Unavailable
from consumer.genesys.api import Missing
from consumer.model import Dependency

T = TypeVar("T")


class Outages:
    """`await outages(step)` makes the step, which must bear repeating, until it is answered.

    The gates only show what is waited for: one thing at a time, since records are told of one after the other. `probe`
    asks the API for something that has to do with no conversation.
    """

    def __init__(
        self,
        gates: Gates,
        probe: Probe,
        *,
        attempts: int,
        first_s: float,
        longest_s: float,
        sleep: Sleep = anyio.sleep,
    ) -> None:
        self._gates = gates
        self._probe = probe
        self._attempts = attempts
        self._first_s, self._longest_s = first_s, longest_s
        self.sleep = sleep

    async def __call__(self, step: Callable[[], Awaitable[T]]) -> T:
        """The step's result. Raises what no waiting mends, and what fails `attempts` times while the probe does not."""
        alone, wait_s = 0, self._first_s
        while True:
            try:
                result = await step()
            except Missing:
                raise
            except Throttled as failure:
                retry_after_s = failure.retry_after_s
            except Refused as refusal:
                self._closed(refusal.dependency, refusal)
                retry_after_s = None
            except Unavailable as failure:
                if not await self._is_for_everybody(failure):
                    alone += 1
                    if alone >= self._attempts:
                        raise
                retry_after_s = failure.retry_after_s
            else:
                self._open_all()
                return result
            await self.sleep(max(wait_s, retry_after_s or 0.0))
            wait_s = min(wait_s * 2, self._longest_s)

    async def _is_for_everybody(self, failure: Unavailable) -> bool:
        try:
            await self._probe()
        except Failure as other:
            blamed = other if isinstance(other, Unavailable | Refused) else failure
            self._closed(blamed.dependency, other)
            return True
        self._open_all()
        return False

    def _closed(self, dependency: Dependency, failure: Failure) -> None:
        for gate in self._gates.closed:
            if gate.dependency is not dependency:
                gate.open()
        self._gates[dependency].failed(failure)

    def _open_all(self) -> None:
        for gate in self._gates.closed:
            gate.open()

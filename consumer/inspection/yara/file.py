"""The file of YARA rules while the service runs: a change comes into force, a mistake does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import anyio.to_thread

from consumer.inspection.policy.file import stamp
from consumer.inspection.yara.rules import Rules, RulesError, load


class Reports(Protocol):
    def rules_in_force(self, version: str, count: int) -> None:
        """Of each set of rules that comes into force, the first included."""

    def rules_not_reloaded(self, problem: str) -> None: ...


class RulesFile:
    """The rules in force. A changed file replaces them; a bad one changes nothing. `RulesError` if it is bad now."""

    def __init__(self, path: Path, reports: Reports) -> None:
        self._path = path
        self._reports = reports
        self._seen = stamp(path)
        self._rules = load(path)
        self._told()

    def __call__(self) -> Rules:
        return self._rules

    async def reload(self) -> bool:
        """Reads the file again, changed or not; whether the rules in it are in force now."""
        self._seen = stamp(self._path)
        try:
            self._rules = await anyio.to_thread.run_sync(load, self._path)
        except RulesError as error:
            self._reports.rules_not_reloaded(str(error))
            return False
        self._told()
        return True

    async def watch(self, interval_s: float, sleep: Callable[[float], Awaitable[object]]) -> None:
        """Looks for a change every `interval_s` seconds, until cancelled."""
        while True:
            await sleep(interval_s)
            if stamp(self._path) != self._seen:
                await self.reload()

    def _told(self) -> None:
        self._reports.rules_in_force(self._rules.version, len(self._rules.rules))

"""The policy file while the service runs: a change comes into force, a mistake does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol

from consumer.inspection.policy.policy import SHIPPED, Policy
from consumer.inspection.policy.reading import PolicyError


class Reports(Protocol):
    def policy_in_force(self, version: str, warnings: Sequence[str]) -> None:
        """Of each policy that comes into force, the first included."""

    def policy_not_reloaded(self, problem: str) -> None: ...


class PolicyFile:
    """The policy in force. A changed file replaces it; a bad one changes nothing."""

    def __init__(
        self,
        path: Path | None,
        most_bytes: int,
        reports: Reports,
    ) -> None:
        """`most_bytes`: of a file in memory; a policy that allows larger ones is as bad as one that can't be read."""
        self.path = path or SHIPPED
        self._reports = reports
        self._most_bytes = most_bytes
        self._seen = stamp(self.path)
        self._policy = self._load()
        reports.policy_in_force(self._policy.version, self._policy.warnings)

    def __call__(self) -> Policy:
        return self._policy

    @property
    def current(self) -> Policy:
        return self._policy

    def reload(self) -> bool:
        """Reads the file again, changed or not; whether the policy in it is in force now."""
        self._seen = stamp(self.path)
        try:
            self._policy = self._load()
        except PolicyError as error:
            self._reports.policy_not_reloaded(str(error))
            return False
        self._reports.policy_in_force(self._policy.version, self._policy.warnings)
        return True

    def _load(self) -> Policy:
        policy = Policy.load(self.path)
        if policy.largest > self._most_bytes:
            raise PolicyError(f"{self.path}: it allows files of more than the {self._most_bytes} bytes of all memory")
        return policy

    async def watch(self, interval_s: float, sleep: Callable[[float], Awaitable[object]]) -> None:
        """Looks for a change every `interval_s` seconds, until cancelled."""
        while True:
            await sleep(interval_s)
            if stamp(self.path) != self._seen:
                self.reload()


def stamp(path: Path) -> tuple[int, int, int] | None:
    """Differs when the file was replaced or written, also through a link as Kubernetes swaps it; None: no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size

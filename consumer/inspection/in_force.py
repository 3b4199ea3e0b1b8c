"""What an operator's files say that verdicts follow: the policy, and YARA rules where there are some."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from consumer.inspection.policy.file import PolicyFile
from consumer.inspection.yara.file import RulesFile


@dataclass(frozen=True, slots=True)
class InForce:
    policies: PolicyFile
    rules: RulesFile | None

    async def watch(self, interval_s: float, sleep: Callable[[float], Awaitable[object]]) -> None:
        """Looks for changes of both every `interval_s` seconds, until cancelled."""
        async with anyio.create_task_group() as group:
            group.start_soon(self.policies.watch, interval_s, sleep)
            if self.rules is not None:
                group.start_soon(self.rules.watch, interval_s, sleep)

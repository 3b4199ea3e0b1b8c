"""What an operator's own rules say of a file: one finding at most, and none that makes a file undetectable."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from consumer.inspection.workers.asking import FileBody, Matched
from consumer.inspection.workers.bounds import Reports
from consumer.inspection.yara.culprit import culprit, only
from consumer.inspection.yara.rules import Rules
from consumer.model import Finding, Reason
from consumer.telemetry.labels import WorkerEnd

SEARCHED_EVERY_S = 60.0  # at most: a search costs the rules' share of the time some twenty times
NOT_APPLIED: dict[WorkerEnd, str] = {
    "filter": "they made the worker process ask the kernel for what no rule needs",
    "crash": "they ended the worker process",
    "babble": "the worker process answered what none does",
    "outside": "the worker process was ended each time",
    "deadline": "they did not end in time",
}


class Asks(Protocol):
    async def matched(self, body: FileBody, conversation: str) -> Matched | WorkerEnd:
        """By a worker with the rules in force; how it ended, if it did without an answer."""

    async def exceed(self, rules: Rules, body: FileBody, conversation: str) -> bool:
        """Whether these rules take longer than their share, tried in a worker of their own."""


class Ruling:
    """Remembers which rule took too long last: it is tried first, and others are searched once a minute."""

    def __init__(
        self, asks: Asks, rules: Callable[[], Rules], reports: Reports, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._asks = asks
        self._rules = rules
        self._reports = reports
        self._now = now
        self._slow: str | None = None
        self._searched_at = float("-inf")

    async def finding(self, body: FileBody, conversation: str) -> Finding | None:
        outcome = await self._asks.matched(body, conversation)
        if isinstance(outcome, Matched):
            rule = outcome.rule
            return Finding(Reason.YARA, f"the rule {rule.name} matches", rule.rejects) if rule else None
        if outcome != "budget":
            return Finding(Reason.YARA, f"the rules could not be applied: {NOT_APPLIED[outcome]}", rejects=False)
        name = await self._named(body, conversation)
        self._reports.rules_exceeded(name)
        who = f"the rule {name} takes" if name else "the rules together take"
        return Finding(Reason.YARA, f"{who} longer than a file's share of the time", rejects=False)

    async def _named(self, body: FileBody, conversation: str) -> str | None:
        rules = self._rules()
        exceeds: Callable[[Rules], Awaitable[bool]] = lambda some: self._asks.exceed(some, body, conversation)  # noqa: E731
        if self._slow is not None and await only(self._slow, rules, exceeds):
            return self._slow
        if self._now() - self._searched_at < SEARCHED_EVERY_S:
            return None
        self._searched_at = self._now()
        self._slow = await culprit(rules, exceeds)
        return self._slow

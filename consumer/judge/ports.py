"""What the judge needs of others, what an operator set for it, and what it reports."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from consumer.attempts import Attempts
from consumer.judge.boundary import Reports as BoundaryReports
from consumer.judge.wanted import Reports as WantedReports
from consumer.model import Attachment, Event, Message, Verdict
from consumer.telemetry.labels import Noise
from consumer.wire.topics import wants_lookup


class Inspector(Protocol):
    @property
    def policy_version(self) -> str:
        """Of the policy in force."""

    async def inspect(self, attachment: Attachment, attempt: Attempts) -> Verdict: ...


class Organization(Protocol):
    """That of Genesys Cloud which the credentials belong to."""

    @property
    def id(self) -> str | None:
        """None while it is not known."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an operator set."""

    horizon: timedelta
    dead_letter_bytes: Callable[[], int]  # that the dead-letter topic takes as one record
    looks_up_bare: Callable[[Event], bool]  # whether an event without messages is worth a call
    trusts: Callable[[Message], bool]  # whether an event describes its media so completely that no call is needed


def looks_up_bare(patterns: Collection[str]) -> Callable[[Event], bool]:
    """By the topics that are worth a call, as `wire.topics.wants_lookup` reads them."""
    return lambda event: wants_lookup(event, patterns)


class Reports(BoundaryReports, WantedReports, Protocol):
    def dropped(self, kind: Noise) -> None: ...
    def foreign(self, foreign: bool) -> None:
        """True of an event that names another organisation and nothing that Genesys has; false of what it has."""

    def inspecting(self) -> AbstractContextManager[object]:
        """Surrounds one inspection."""

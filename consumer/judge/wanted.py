"""Which messages and attachments of a task still need an answer; those that need none are counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from consumer.judge.known import Known
from consumer.judge.reading import is_beyond, no_answer_needed, unseen_of
from consumer.model import Attachment, Direction, Message, Task
from consumer.telemetry.labels import Skipped


class Reports(Protocol):
    def skipped(self, cause: Skipped, attachments: int = 1) -> None:
        """So many attachments need no answer of ours."""


@dataclass(frozen=True, slots=True)
class Wanted:
    task: Task
    known: Known
    horizon: timedelta
    reports: Reports

    def message(self, message: Message) -> bool:
        """Whether there may be something to answer in it; if not, it is counted."""
        if self._is_open(message):
            return True
        self.count(message)
        return False

    def attachments(self, message: Message, count: bool = False) -> list[Attachment]:
        """Those that get an answer of ours, be it there already or not."""
        wanted = []
        for attachment in message.attachments:
            cause = no_answer_needed(message, attachment, self.task, self.horizon)
            if cause is None:
                wanted.append(attachment)
            elif count:
                self.reports.skipped(cause)
        return wanted

    def are_all_there(self, message: Message) -> bool:
        """Whether it describes as many attachments as it counts, each so that it can be told from others."""
        described = all(attachment.key is not None for attachment in self.attachments(message))
        return described and len(message.attachments) >= message.announced

    def count(self, message: Message) -> None:
        self.reports.skipped(self._unasked(message) or "answered", max(1, len(message.attachments)))

    def is_old_by_the_record(self, message: Message) -> bool:
        """Whether nothing but the record's own time says that it lies beyond the horizon."""
        told = message.time is not None or any(attachment.message_time for attachment in message.attachments)
        return not told and is_beyond(self.task.source.time, self.task, self.horizon)

    def _unasked(self, message: Message) -> Skipped | None:
        """Why nobody is asked about it, be it by an event's word alone: so nothing is noted of it either."""
        if message.direction is Direction.OUTBOUND:
            return "outbound"
        return "beyond_horizon" if is_beyond(message.time, self.task, self.horizon) else None

    def _is_open(self, message: Message) -> bool:
        if self.known.dead(message.identity) or self._unasked(message) is not None:
            return False
        if self.task.replay is not None:
            return True
        if self.known.verdict(unseen_of(message).identity or b""):
            return False
        named = [attachment.identity for attachment in self.attachments(message)]
        if any(identity is not None and not self.known.answered(identity) for identity in named):
            return True
        if (named and self.are_all_there(message)) or self.known.verdict(message.identity):
            return False
        return bool(message.announced) or not self.known.verdict(message.shown_empty)

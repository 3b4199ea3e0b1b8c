"""What workers report, counted."""

from __future__ import annotations

from collections import Counter

from tests.reports import Recorder


class Tally(Recorder):
    @property
    def ended(self) -> Counter[str]:
        return Counter(self.of("worker_ended"))

    @property
    def failures(self) -> Counter[str]:
        return Counter(self.of("reader_failed"))

    @property
    def why_unconfined(self) -> str | None:
        """As it was told last."""
        why: str | None = self.of("confined")[-1][1]
        return why

    @property
    def why_not_starting(self) -> str | None:
        """As it was told last."""
        told: list[str | None] = self.of("workers_start")
        return told[-1] if told else None

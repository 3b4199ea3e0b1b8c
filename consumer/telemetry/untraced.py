"""What is reported for traces alone, where there are none (`telemetry.spans` has them)."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from consumer.model import Headers, Source

NO_SPAN = nullcontext(None)


class Untraced:
    def passing_on(self, at: Source, headers: Headers) -> AbstractContextManager[str | None]:
        return NO_SPAN

    def judging(self, at: Source, trace: str | None, headers: Headers) -> AbstractContextManager[object]:
        return NO_SPAN

    def given(self, partition: int) -> None:
        """An answer waits for the next commit of the partition."""

"""Files that may end this whole process: where that has to be reckoned with, each is examined under its name.

The kernel ends all processes of a container, and not just the largest, where its `memory.oom.group` is set, as kubelets
set it. What such a file was called is known afterwards only if it was written down before.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from typing import Protocol


class Caution(Protocol):
    """Of those who took the task that is judged here."""

    @property
    def wary(self) -> bool:
        """Whether each of its files is to be examined under its name."""

    def suspects(self, sha256: str) -> bool:
        """Whether a process ended while a file of that content was examined: alone it is to be, from now on."""

    def has_ended_us(self, sha256: str) -> bool:
        """Whether processes ended while a file of that content was examined, at last alone: often enough to be its
        doing."""

    def named(self, sha256: str) -> AbstractAsyncContextManager[bool]:
        """Surrounds one examination: its name is kept in Kafka before it begins, and a suspect's is gone there when
        this is over. False: the name can't be written down now, and nothing is to be examined."""

    def acquit(self, sha256: str) -> None:
        """All that is done with a file of that content was done, and this process lives."""

    async def able(self, sha256: str) -> None:
        """Until its name can be written down, or need not be."""


CAUTION: ContextVar[Caution | None] = ContextVar("CAUTION", default=None)
"""None where the service, or an operator, asks for itself."""

"""Attachments whose task was written to tasks again before their last try. Pure.

A file may take so much memory that the kernel ends the whole process, and the next one would begin it again, for ever.
So before the last try of a file the task is written again and names it. Who wrote that makes the try; whoever else
reads it takes over from a process that ended in it.
"""

from __future__ import annotations

from consumer.model import Task, Tries


class LastTries:
    """Of one assignment."""

    def __init__(self) -> None:
        self._ours: set[bytes] = set()  # identities of attachments that we may try once more: nobody else does
        self._written: set[bytes] = set()  # of those, whose first task needs no judging any more

    def note(self, identity: bytes) -> None:
        """The task was written again."""
        self._ours.add(identity)
        self._written.add(identity)

    def forget(self, identity: bytes) -> None:
        """It is answered."""
        self._ours.discard(identity)
        self._written.discard(identity)

    def rebuilt(self) -> None:
        """After a producer was lost: what was written again may not have been committed."""
        self._written.clear()

    def left(self, identity: bytes, task: Task) -> Tries | None:
        """How often the task may have the attachment examined; None: it was written again for that."""
        if identity not in task.tried:
            return None if identity in self._written else Tries.BUT_LAST
        return Tries.LAST if identity in self._ours else Tries.NONE

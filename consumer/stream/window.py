"""Which offsets of one partition are taken and not settled, and so what may be committed. Pure, and finished."""

from __future__ import annotations

from collections import deque


class Window:
    """The offsets of one assignment of one partition, from its committed offset upwards.

    A low watermark over *taken* offsets: the log has gaps (compaction, control records), and an offset that was never
    handed out is nobody's to wait for. Each assignment has a window of its own, so that a late `settle` from an
    earlier one lands nowhere.
    """

    __slots__ = ("_position", "_settled", "_taken")

    def __init__(self, committed: int) -> None:
        self._position = committed  # one above the highest taken offset
        self._taken: deque[int] = deque()  # not below the watermark, in order
        self._settled: set[int] = set()  # of those, the ones that are settled

    def take(self, offset: int) -> bool:
        """Notes that `offset` was handed out. False, and nothing noted, if it lies below what was taken already."""
        if offset < self._position:
            return False
        self._taken.append(offset)
        self._position = offset + 1
        return True

    def settle(self, offset: int) -> None:
        """All attachments of the task at `offset` are answered. Once for each taken offset."""
        self._settled.add(offset)
        while self._taken and self._taken[0] in self._settled:
            self._settled.remove(self._taken.popleft())

    @property
    def committable(self) -> int:
        """The offset that may be committed: the lowest one that is not settled."""
        return self._taken[0] if self._taken else self._position

    @property
    def position(self) -> int:
        """One above the highest offset that was taken."""
        return self._position

    @property
    def uncommitted(self) -> int:
        """How many offsets were taken at or above `committable`."""
        return len(self._taken)

    def __repr__(self) -> str:
        return f"<Window committable={self.committable} uncommitted={self.uncommitted} settled={len(self._settled)}>"

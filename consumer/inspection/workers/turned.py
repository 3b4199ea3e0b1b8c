"""What becomes of a file's turn at the workers while its examination goes on. Both satisfy `asking.Watcher`."""

from __future__ import annotations

from dataclasses import dataclass

from consumer.inspection.workers.asking import FileBody
from consumer.turns import LONG, LongWork, Slots, Turn


@dataclass(slots=True)
class TurnEnding:
    """What takes long makes room for shorter ones. The turn ends when the answer is there, not when whoever awaits it
    has woken: while the event loop is busy, the worker would stand idle for that long."""

    slots: Slots
    turn: Turn
    body: FileBody
    spent: float = 0.0  # CPU time of earlier tries, in seconds

    def grown(self, work: LongWork) -> None:
        self.body.takes_long()
        self.slots.grown(self.turn, LONG, work)

    def answered(self, work: LongWork) -> None:
        self.slots.give_back(self.turn, self.spent + work.spent())


@dataclass(frozen=True, slots=True)
class TurnKept:
    """It makes room for nobody, and its turn ends with what else it holds."""

    body: FileBody

    def grown(self, work: LongWork) -> None:
        self.body.takes_long()

    def answered(self, work: LongWork) -> None:
        pass

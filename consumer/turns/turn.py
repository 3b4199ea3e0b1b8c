"""One piece of work, from the moment that it asks until it is over."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

SHORT, LONG = 0, 1  # ranks
SHORT_FILE = 4 * 1024 * 1024  # bytes; work on a larger one is long from its start


class Stand(Enum):
    WAITS = auto()
    RUNS = auto()
    ASIDE = auto()  # it had begun, makes room for a shorter one, and goes on later
    OVER = auto()


class Turn:
    """`size` is what it takes of the room, `cost` what it has cost so far, as far as was told."""

    __slots__ = (
        "conversation", "cost", "due", "grew", "number", "rank", "size", "stand", "started_again", "when_long",
    )  # fmt: skip

    def __init__(self, conversation: str, rank: int, size: int, number: int) -> None:
        self.conversation = conversation
        self.rank = rank
        self.size = size
        self.number = number  # in the order in which they came
        self.cost = 0.0
        self.stand = Stand.WAITS
        self.due = False  # it runs since others have overtaken it for long enough: it makes no room for them
        self.grew = False  # it has cost more than was thought
        self.when_long: Callable[[], None] | None = None  # told if it waits with the long ones
        self.started_again = False  # what it had done was thrown away once

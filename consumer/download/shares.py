"""How much of the memory for files one conversation may take, and how much files that are not small. Who waits for that
holds nothing that others need: no slot of a download, and no connection."""

from __future__ import annotations

from collections.abc import Callable

from consumer.model.units import MIB
from consumer.turns import LONG, SHORT, SHORT_FILE, Slots, Turn

SMALL_FILE = MIB  # there is always memory for those
OF_ONE, KEPT_FOR_SMALL = 2, 4  # one conversation may take the half; a fourth part is for small files alone


class Shares:
    """Of memory for `total` bytes. It goes by what files are said to have."""

    def __init__(self, total: int) -> None:
        self._of_one = max(1, total // OF_ONE)
        self._own: dict[str, Slots] = {}  # by conversation
        self._all = Slots(max(1, total - total // KEPT_FOR_SMALL))

    async def take(self, conversation: str, size: int) -> Callable[[], None]:
        """Waits until a file of that size may be fetched. What comes back gives the share back, once or more."""
        if size <= SMALL_FILE:
            return _nothing
        own = self._own.setdefault(conversation, Slots(self._of_one))
        held: list[tuple[Slots, Turn]] = []

        def give_back() -> None:
            for slots, turn in held:
                slots.give_back(turn, size)
            if not own.taken and not own.waiting:
                self._own.pop(conversation, None)

        try:
            for slots in (own, self._all):
                rank = SHORT if size <= SHORT_FILE else LONG
                held.append((slots, await slots.take(conversation, rank, min(size, slots.room))))
        except BaseException:
            give_back()
            raise
        return give_back


def _nothing() -> None:
    """A small file has no share to give back."""

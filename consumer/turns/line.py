"""Those who wait for the same thing, by conversation: whose conversation has had least is next. Pure."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator

from consumer.turns.turn import Turn

Weight = Callable[[str], float]  # what a conversation has had


class Line:
    """In a conversation, and between conversations that have had the same, who came first is first."""

    __slots__ = ("_by_conversation", "_heap", "length")

    def __init__(self) -> None:
        self._by_conversation: dict[str, deque[Turn]] = {}
        self._heap: list[tuple[float, int, str]] = []  # what it had when it was put here, its first turn, conversation
        self.length = 0

    def __iter__(self) -> Iterator[Turn]:
        for waiting in self._by_conversation.values():
            yield from waiting

    def join(self, turn: Turn, weight: Weight) -> None:
        waiting = self._by_conversation.setdefault(turn.conversation, deque())
        waiting.append(turn)
        self.length += 1
        if len(waiting) == 1:
            self._put(turn, weight)

    def first(self, weight: Weight) -> Turn | None:
        """What has become less since is known by `look_again` and `sort`."""
        while self._heap:
            then, number, conversation = self._heap[0]
            waiting = self._by_conversation.get(conversation)
            if not waiting or waiting[0].number != number:
                heapq.heappop(self._heap)  # it has gone
            elif (now := weight(conversation)) > then:
                heapq.heapreplace(self._heap, (now, number, conversation))
            else:
                return waiting[0]
        return None

    def leave(self, turn: Turn, weight: Weight) -> None:
        waiting = self._by_conversation[turn.conversation]
        was_first = waiting[0] is turn
        if was_first:
            waiting.popleft()
        else:
            waiting.remove(turn)
        self.length -= 1
        if not waiting:
            del self._by_conversation[turn.conversation]
        elif was_first:
            self._put(waiting[0], weight)

    def look_again(self, conversation: str, weight: Weight) -> None:
        """After its weight may have become less."""
        if waiting := self._by_conversation.get(conversation):
            self._put(waiting[0], weight)

    def sort(self, weight: Weight) -> None:
        """Anew, after all weights may have become less."""
        self._heap = [(weight(c), turns[0].number, c) for c, turns in self._by_conversation.items()]
        heapq.heapify(self._heap)

    def _put(self, turn: Turn, weight: Weight) -> None:
        heapq.heappush(self._heap, (weight(turn.conversation), turn.number, turn.conversation))

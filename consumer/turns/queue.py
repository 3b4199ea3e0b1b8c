"""Who begins next, where there is room for so many at once. Pure: time is passed in, nothing is awaited.

Short before long: a lower rank goes first, and what runs may be put aside for it. What is overtaken is owed a tenth of
what overtook it: once that is enough it goes first, so that nothing waits for ever. Within a rank the conversation that
had least in the last minute goes first. Whose latest one grew long has its next ones wait with the long ones. No room
stays free while anything that fits into it waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from consumer.turns.line import Line
from consumer.turns.turn import LONG, SHORT, Stand, Turn
from consumer.turns.usage import RecentCosts

OWED_SHARE, ENOUGH = 0.1, 1.0  # of a cost; a cost
WASTE_SHARE = 0.03  # of what long ones cost: that much of their work may be thrown away for short ones
WASTE_UNKNOWN = 5.0  # a cost, once: before the first one that is long has told what it costs
LATELY = 0.25  # weight of the last one in what is typical


class Queue:
    """`room` in units of `Turn.size`. At most `aside` turns are put aside at once; `again` is what it costs to start
    one again, beside what it had cost."""

    def __init__(self, room: int, now: float, *, aside: int = 0, again: float = 0.0) -> None:
        self.room = room
        self.free = room
        self.waiting = 0  # aside ones as well
        self._aside: list[Turn] = []
        self._most_aside, self._again = aside, again
        self._lines: dict[int, Line] = {}  # by rank
        self._owed: dict[int, float] = {}  # by rank
        self._usage = RecentCosts(now)
        self._spans_begun = 0
        self._running_of: dict[str, int] = {}  # conversation → turns that run
        self._due_ones = 0  # that run
        self._dear: set[str] = set()  # conversations whose latest turn has grown
        self._typical = 0.0  # cost of one turn
        self._typical_long: float | None = None  # of one that was not short; None: none has ended
        self._wasted = 0.0  # until then
        self._asked = 0

    # ---- what happens to a turn

    def ask(self, conversation: str, rank: int, now: float, size: int = 1) -> Turn:
        """It runs if there is room and nobody waits; else `admit` gives it when it may begin."""
        assert size <= self.room, "it would wait for ever"
        self._asked += 1
        turn = Turn(conversation, rank, size, self._asked)
        if not self.waiting and size <= self.free:
            self._run(turn)
        else:
            self._usage.begin(conversation, now)
            self._wait(turn)
        return turn

    def admit(self, now: float) -> Turn | None:
        """The next one that begins or goes on now. To be called until there is none, after whatever changed."""
        turn = self._next(now) if self.waiting and self.free else None
        if turn is None or turn.size > self.free:
            return None
        self._leave_line(turn)
        if self._is_due(turn.rank):
            turn.due = True
            self._due_ones += 1
        self._run(turn)
        return turn

    def in_the_way(self, now: float, able: Iterable[Turn], spent: Callable[[Turn], float]) -> Turn | None:
        """Of those that are able to, the one that should make room for the next one: it is of a higher rank, and of
        another conversation, since nobody is helped by one's own standing still."""
        first = self._next(now) if self.waiting else None
        if first is None or first.size <= self.free:
            return None
        others = (turn for turn in able if turn.stand is Stand.RUNS and turn.conversation != first.conversation)
        longer = {turn: spent(turn) for turn in others if turn.rank > first.rank and not turn.due}
        if not self.can_put_aside:
            longer = {turn: cost for turn, cost in longer.items() if self._may_start_again(turn, cost)}
        return min(longer, key=longer.__getitem__, default=None)

    @property
    def can_put_aside(self) -> bool:
        return len(self._aside) < self._most_aside

    def _may_start_again(self, turn: Turn, cost: float) -> bool:
        wasted = cost + self._again
        if turn.started_again:
            return False
        if self._typical_long is None:
            return self._wasted + wasted <= WASTE_UNKNOWN
        return wasted <= WASTE_SHARE * self._typical_long

    def put_aside(self, turn: Turn, cost: float, now: float) -> None:
        self._stop(turn, cost, now)
        turn.stand = Stand.ASIDE
        self._aside.append(turn)
        self.waiting += 1

    def start_again(self, turn: Turn, cost: float, now: float) -> None:
        """What it has done is thrown away, and it waits like one that has not begun."""
        self._stop(turn, cost, now)
        self._wasted += cost + self._again
        turn.started_again = True
        self._wait(turn)

    def grown(self, turn: Turn, rank: int, cost: float, now: float) -> None:
        """It runs and has cost so much that it is of a higher rank."""
        self._charge(turn, cost, now)
        turn.rank, turn.grew = rank, True
        self._dear.add(turn.conversation)

    def shrink(self, turn: Turn, size: int) -> None:
        """It runs, and takes less of the room from now on."""
        self.free += turn.size - size
        turn.size = size

    def end(self, turn: Turn, cost: float, now: float) -> None:
        """It is over, wherever it stood; `cost` is all that it cost."""
        if turn.stand is Stand.RUNS:
            self._stop(turn, cost, now)
            if not turn.grew:
                self._dear.discard(turn.conversation)
            self._typical += (cost - self._typical) * LATELY
            if turn.rank:
                before = cost if self._typical_long is None else self._typical_long
                self._typical_long = max(cost, before + (cost - before) * LATELY)
        elif turn.stand is not Stand.OVER:
            self._leave_line(turn)
            self._look_again(turn.conversation)
        turn.stand = Stand.OVER

    def running_of(self, conversation: str) -> int:
        """How many of its turns run."""
        return self._running_of.get(conversation, 0)

    # ---- who is next

    def _next(self, now: float) -> Turn | None:
        self._usage.roll(now)
        if self._spans_begun != self._usage.spans_begun:
            self._spans_begun = self._usage.spans_begun
            for line in self._lines.values():
                line.sort(self._weight)
            self._dear = {conversation for conversation in self._dear if self._usage.of(conversation)}
        self._put_dear_ones_back()
        for rank in self._order():
            if (first := self._first_of(rank)) is not None:
                # What stands still for others makes no room for more of its own conversation.
                return first if not self._aside else self._aside_of(first.conversation) or first
        return None

    def _put_dear_ones_back(self) -> None:
        """Else each of them would have another stand still until it has grown as well, and then nobody more can."""
        while self._dear and (line := self._lines.get(SHORT)) is not None:
            first = line.first(self._weight)
            if first is None or first.conversation not in self._dear:
                return
            self._leave_line(first)
            first.rank = LONG
            self._wait(first)
            if first.when_long is not None:
                first.when_long()

    def _aside_of(self, conversation: str) -> Turn | None:
        return next((turn for turn in self._aside if turn.conversation == conversation), None)

    def _order(self) -> list[int]:
        if not self._aside and len(self._lines) == 1:
            return list(self._lines)
        ranks = sorted({*self._lines, *(turn.rank for turn in self._aside)})
        return sorted(ranks, key=lambda rank: not self._is_due(rank)) if self._owed else ranks

    def _first_of(self, rank: int) -> Turn | None:
        """One that was put aside goes on before another of its rank begins: it takes memory."""
        for turn in self._aside:
            if turn.rank <= rank:
                return turn
        line = self._lines.get(rank)
        return line.first(self._weight) if line is not None else None

    def _weight(self, conversation: str) -> float:
        """What stands still weighs as what runs: else its conversation would be first again by standing still."""
        aside = sum(turn.conversation == conversation for turn in self._aside)
        return self._usage.of(conversation) + (self.running_of(conversation) + aside) * self._typical

    # ---- books

    def _run(self, turn: Turn) -> None:
        turn.stand = Stand.RUNS
        self.free -= turn.size
        self._running_of[turn.conversation] = self._running_of.get(turn.conversation, 0) + 1

    def _stop(self, turn: Turn, cost: float, now: float) -> None:
        self._charge(turn, cost, now)
        self.free += turn.size
        if turn.due:
            turn.due = False
            self._due_ones -= 1
        if left := self._running_of[turn.conversation] - 1:
            self._running_of[turn.conversation] = left
        else:
            del self._running_of[turn.conversation]
        self._look_again(turn.conversation)

    def _look_again(self, conversation: str) -> None:
        """It may weigh less now."""
        if self.waiting:
            for line in self._lines.values():
                line.look_again(conversation, self._weight)

    def _charge(self, turn: Turn, cost: float, now: float) -> None:
        more, turn.cost = max(cost - turn.cost, 0.0), cost
        self._usage.add(turn.conversation, more, now)
        if self.waiting:
            self._owe(turn, more)
        elif self._owed:
            self._owed.clear()

    def _owe(self, turn: Turn, cost: float) -> None:
        """Each rank that waits is owed a share of what a lower one took; what is due pays it back."""
        if turn.due:
            self._owed[turn.rank] = self._owed.get(turn.rank, 0.0) - cost
        for rank in {*self._lines, *(aside.rank for aside in self._aside)}:
            if rank > turn.rank:
                self._owed[rank] = self._owed.get(rank, 0.0) + cost * OWED_SHARE

    def _is_due(self, rank: int) -> bool:
        """One at a time: the others of its rank still make room."""
        return not self._due_ones and self._owed.get(rank, 0.0) >= ENOUGH

    def _wait(self, turn: Turn) -> None:
        turn.stand = Stand.WAITS
        self.waiting += 1
        line = self._lines.get(turn.rank)
        if line is None:
            line = self._lines[turn.rank] = Line()
        line.join(turn, self._weight)

    def _leave_line(self, turn: Turn) -> None:
        self.waiting -= 1
        if turn.stand is Stand.ASIDE:
            self._aside.remove(turn)
            return
        line = self._lines[turn.rank]
        line.leave(turn, self._weight)
        if not line.length:
            del self._lines[turn.rank]

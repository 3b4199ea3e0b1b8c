"""The window: which offset may be committed, whatever is taken and settled in whatever order."""

from __future__ import annotations

from itertools import accumulate
from typing import ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from consumer.stream.window import Window
from tests.quick import examples
from tests.stream.machines import explore

FIRST = 3  # the offset that was committed before the first assignment


class Windows(RuleBasedStateMachine):
    """The log of one partition, its window, and the windows of earlier assignments that late settles go to."""

    kind: type[Window] = Window

    def __init__(self) -> None:
        super().__init__()
        self.there: list[int] = []  # the log's offsets; those between them were compacted away
        self.committed = FIRST
        self.answered: set[int] = set()  # offsets whose tasks were settled, under any window
        self.old: list[tuple[Window, int]] = []  # windows of before, and an offset each that is still judged there
        self.assign()

    def assign(self) -> None:
        self.window = self.kind(self.committed)
        self.position = self.committed
        self.taken: dict[int, bool] = {}  # offset → settled

    @initialize(gaps=st.lists(st.integers(1, 3), min_size=8, max_size=30))
    def records_are_written(self, gaps: list[int]) -> None:
        self.there = [FIRST + offset for offset in accumulate(gaps)]

    @precondition(lambda self: any(offset >= self.position for offset in self.there))
    @rule()
    def next_record_is_taken(self) -> None:
        offset = min(offset for offset in self.there if offset >= self.position)
        assert self.window.take(offset)
        self.position = offset + 1
        self.taken[offset] = False

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def record_comes_again(self, data: st.DataObject) -> None:
        before = (self.window.committable, self.window.uncommitted)
        assert not self.window.take(data.draw(st.sampled_from(sorted(self.taken))))
        assert (self.window.committable, self.window.uncommitted) == before

    @precondition(lambda self: not all(self.taken.values()))
    @rule(data=st.data())
    def task_is_settled(self, data: st.DataObject) -> None:
        offset = data.draw(st.sampled_from([offset for offset, settled in self.taken.items() if not settled]))
        self.window.settle(offset)
        self.taken[offset] = True
        self.answered.add(offset)

    @rule()
    def tick_commits(self) -> None:
        assert self.window.committable >= self.committed
        self.committed = self.window.committable

    @rule()
    def partition_is_revoked_and_comes_back(self) -> None:
        self.old += [(self.window, offset) for offset, settled in self.taken.items() if not settled]
        self.assign()

    @precondition(lambda self: self.old)
    @rule(data=st.data())
    def task_of_an_old_assignment_is_settled(self, data: st.DataObject) -> None:
        late = data.draw(st.sampled_from(range(len(self.old))))
        window, offset = self.old.pop(late)
        before = (self.window.committable, self.window.uncommitted)
        window.settle(offset)
        assert (self.window.committable, self.window.uncommitted) == before

    @invariant()
    def nothing_below_the_committable_offset_waits(self) -> None:
        waiting = [offset for offset, settled in self.taken.items() if not settled]
        assert self.window.committable == min(waiting, default=self.position)

    @invariant()
    def what_is_committed_was_answered(self) -> None:
        assert {offset for offset in self.there if offset < self.committed} <= self.answered

    @invariant()
    def uncommitted_counts_what_was_taken_from_the_committable_offset_on(self) -> None:
        assert self.window.uncommitted == sum(offset >= self.window.committable for offset in self.taken)


def test_the_window_commits_what_is_answered_and_nothing_else() -> None:
    explore(Windows, examples(150))


def test_offsets_that_the_log_lacks_are_nobodys_to_wait_for() -> None:
    window = Window(10)
    for offset in (12, 20, 21):
        window.take(offset)
    assert window.committable == 12
    window.settle(20)
    window.settle(12)
    assert window.committable == 21
    window.settle(21)
    assert (window.committable, window.uncommitted) == (22, 0)


# ---- planted faults: the machine must find each


class CommitsTheHighest(Window):
    """Forgets what lies below."""

    @property
    def committable(self) -> int:
        return max(self._settled, default=super().committable - 1) + 1


class WaitsForGaps(Window):
    """Takes every offset for one that will be handed out."""

    __slots__ = ("_next", "_seen")

    def __init__(self, committed: int) -> None:
        super().__init__(committed)
        self._next, self._seen = committed, set[int]()

    def settle(self, offset: int) -> None:
        super().settle(offset)
        self._seen.add(offset)
        while self._next in self._seen:
            self._next += 1

    @property
    def committable(self) -> int:
        return self._next


class TakesAgain(Window):
    """A record that comes twice is noted twice."""

    def take(self, offset: int) -> bool:
        self._taken.append(offset)
        self._position = max(self._position, offset + 1)
        return True


class SettlesInOrderOnly(Window):
    """Forgets what was settled before its turn."""

    def settle(self, offset: int) -> None:
        if self._taken and self._taken[0] == offset:
            self._taken.popleft()


class StaysOnTheLastSettled(Window):
    """Commits the offset of the last settled task in place of the one above it."""

    @property
    def committable(self) -> int:
        return self._taken[0] if self._taken else max(self._position - 1, FIRST)


class CountsSettledOnes(Window):
    """Counts only what waits: a window that is full of settled tasks would never be full."""

    @property
    def uncommitted(self) -> int:
        return len(self._taken) - len(self._settled)


class KeepsWhatWasSettledElsewhere(Window):
    """All assignments of a partition share what is settled."""

    everywhere: ClassVar[set[int]] = set()

    def __init__(self, committed: int) -> None:
        super().__init__(committed)
        self._settled = self.everywhere
        if committed == FIRST:
            self.everywhere.clear()


@pytest.mark.parametrize(
    "broken",
    [
        CommitsTheHighest,
        WaitsForGaps,
        TakesAgain,
        SettlesInOrderOnly,
        StaysOnTheLastSettled,
        CountsSettledOnes,
        KeepsWhatWasSettledElsewhere,
    ],
)
def test_control_a_planted_fault_is_found(broken: type[Window]) -> None:
    machine = type(f"Windows{broken.__name__}", (Windows,), {"kind": broken})
    with pytest.raises(AssertionError):
        explore(machine)

"""The ledger: what is answered stays answered until the horizon, and a million entries have their bound."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from consumer.model import OF_VERDICT, AnswerKind, LedgerEntry
from consumer.model.units import DAY_MS
from consumer.stream.ledger import SPAN_DAYS, Ledger
from tests.quick import examples
from tests.stream.machines import explore

HORIZON_DAYS = 2 * SPAN_DAYS + 1
IDENTITIES = [bytes([number]) * 16 for number in range(5)]

identities = st.sampled_from(IDENTITIES)
times = st.integers(0, DAY_MS - 1)


class Ledgers(RuleBasedStateMachine):
    """One partition's ledger beside a plain list of all records that it read."""

    kind: type[Ledger] = Ledger

    def __init__(self) -> None:
        super().__init__()
        self.today = 20_000
        self.ledger = self.kind(HORIZON_DAYS)
        self.read: list[tuple[int, int, bytes]] = []  # day, generation, identity

    def live(self) -> set[tuple[int, int, bytes]]:
        """Span, generation, identity: whole spans are kept."""
        newest = max((day for day, _, _ in self.read), default=0)
        spans = {(day // SPAN_DAYS, generation, identity) for day, generation, identity in self.read}
        return {entry for entry in spans if entry[0] >= newest // SPAN_DAYS - 3}

    def add(self, day: int, generation: int, identity: bytes, time: int) -> None:
        kind = AnswerKind.DEAD if generation else AnswerKind.VERDICT
        self.ledger.add(LedgerEntry(identity, kind, generation), day * DAY_MS + time)
        if (day, generation, identity) not in self.read:
            self.read.append((day, generation, identity))

    @rule(identity=identities, time=times)
    def verdict(self, identity: bytes, time: int) -> None:
        self.add(self.today, OF_VERDICT, identity, time)

    @rule(identity=identities, generation=st.integers(1, 4), time=times)
    def dead_letter(self, identity: bytes, generation: int, time: int) -> None:
        self.add(self.today, generation, identity, time)

    @rule(identity=identities, generation=st.integers(0, 2), days=st.integers(1, HORIZON_DAYS + 2), time=times)
    def record_of_an_earlier_day(self, identity: bytes, generation: int, days: int, time: int) -> None:
        self.add(self.today - days, generation, identity, time)

    @rule(days=st.integers(1, HORIZON_DAYS + 2))
    def days_pass(self, days: int) -> None:
        self.today += days

    @precondition(lambda self: self.read)
    @rule(data=st.data(), time=times)
    def record_is_read_again(self, data: st.DataObject, time: int) -> None:
        day, generation, identity = data.draw(st.sampled_from(self.read))
        self.add(day, generation, identity, time)

    @rule()
    def all_is_read_again(self) -> None:
        for day, generation, identity in list(self.read):
            self.add(day, generation, identity, 0)

    @invariant()
    def a_verdict_outweighs_and_the_latest_generation_counts(self) -> None:
        for identity in IDENTITIES:
            generations = [generation for _, generation, known in self.live() if known == identity]
            expected = OF_VERDICT if OF_VERDICT in generations else max(generations, default=None)
            assert self.ledger.generation(identity) == expected

    @invariant()
    def no_entry_is_counted_twice_nor_kept_beyond_the_horizon(self) -> None:
        assert len(self.ledger) == len(self.live())


def test_the_ledger_knows_each_answer_up_to_the_horizon() -> None:
    explore(Ledgers, examples(150))


@pytest.mark.parametrize("day", range(20_000, 20_000 + SPAN_DAYS))
@pytest.mark.parametrize("horizon_days", [1, 3, SPAN_DAYS, 35, 42])
def test_an_answer_is_known_for_the_horizon_and_at_most_two_spans_longer(horizon_days: int, day: int) -> None:
    def known_after(days: int) -> bool:
        ledger = Ledger(horizon_days)
        verdict(ledger, b"a" * 16, day * DAY_MS)
        verdict(ledger, b"b" * 16, (day + days + 1) * DAY_MS - 1)
        return ledger.generation(b"a" * 16) == OF_VERDICT

    assert known_after(horizon_days)
    assert not known_after(horizon_days + 2 * SPAN_DAYS)


# ---- what is open

DAY = 20_000
NOON_MS = DAY * DAY_MS + DAY_MS // 2


def dead(ledger: Ledger, identity: bytes, generation: int, at_ms: int) -> None:
    ledger.add(LedgerEntry(identity, AnswerKind.DEAD, generation), at_ms)


def verdict(ledger: Ledger, identity: bytes, at_ms: int) -> None:
    ledger.add(LedgerEntry(identity, AnswerKind.VERDICT), at_ms)


def opened(ledger: Ledger, days: int = 30, now_ms: int = NOON_MS) -> tuple[int, float | None]:
    return ledger.open_for(days, now_ms / 1000)


def test_a_dead_letter_is_open_until_its_verdict_and_none_opens_behind_a_verdict() -> None:
    ledger = Ledger(HORIZON_DAYS)
    dead(ledger, b"a" * 16, 1, NOON_MS - 9_000)
    dead(ledger, b"b" * 16, 1, NOON_MS - 5_000)
    assert opened(ledger) == (2, (NOON_MS - 9_000) / 1000)
    verdict(ledger, b"a" * 16, NOON_MS)
    dead(ledger, b"a" * 16, 1, NOON_MS - 9_000)
    assert opened(ledger) == (1, (NOON_MS - 5_000) / 1000)


def test_a_replay_that_fails_again_is_a_new_letter_and_the_old_one_read_again_is_none() -> None:
    ledger = Ledger(HORIZON_DAYS)
    dead(ledger, b"a" * 16, 1, NOON_MS - 9_000)
    dead(ledger, b"a" * 16, 2, NOON_MS - 1_000)
    dead(ledger, b"a" * 16, 1, NOON_MS - 9_000)
    assert opened(ledger) == (1, (NOON_MS - 1_000) / 1000)


def test_a_dead_answer_that_is_noted_later_once_more_was_replayed_and_stays_closed_when_all_is_read_again() -> None:
    ledger = Ledger(HORIZON_DAYS)
    for _ in range(2):
        dead(ledger, b"a" * 16, 1, NOON_MS - 9_000)
        assert opened(ledger)[0] == 1  # the same record is no news
    dead(ledger, b"a" * 16, 1, NOON_MS - 2_000)
    dead(ledger, b"a" * 16, 1, NOON_MS - 9_000)
    dead(ledger, b"a" * 16, 1, NOON_MS - 2_000)
    assert opened(ledger) == (0, None)
    assert ledger.generation(b"a" * 16) == 1


def test_a_letter_that_retention_took_is_open_no_more() -> None:
    ledger = Ledger(42)
    dead(ledger, b"a" * 16, 1, NOON_MS - 31 * DAY_MS)
    dead(ledger, b"b" * 16, 1, NOON_MS - 29 * DAY_MS)
    assert opened(ledger) == (1, (NOON_MS - 29 * DAY_MS) / 1000)


# ---- planted faults: the machine must find each


class Forgetful(Ledger):
    """Ages a day too early."""

    def __init__(self, horizon_days: int) -> None:
        super().__init__(horizon_days - 1)


class Hoarding(Ledger):
    """Never ages."""

    def __init__(self, horizon_days: int) -> None:
        super().__init__(horizon_days * 1_000)


class TakesTheLast(Ledger):
    """What was said last counts: a dead letter that is read again takes a verdict back."""

    def __init__(self, horizon_days: int) -> None:
        super().__init__(horizon_days)
        self.last: dict[bytes, int] = {}

    def add(self, entry: LedgerEntry, timestamp_ms: int) -> None:
        super().add(entry, timestamp_ms)
        self.last[entry.identity] = entry.generation

    def generation(self, identity: bytes) -> int | None:
        return None if super().generation(identity) is None else self.last[identity]


class TakesTheFirst(Ledger):
    """A dead letter stays of the generation that it first had."""

    def __init__(self, horizon_days: int) -> None:
        super().__init__(horizon_days)
        self.first: dict[bytes, int] = {}

    def add(self, entry: LedgerEntry, timestamp_ms: int) -> None:
        super().add(entry, timestamp_ms)
        self.first.setdefault(entry.identity, entry.generation)

    def generation(self, identity: bytes) -> int | None:
        found = super().generation(identity)
        return self.first[identity] if found else found


class TakesDeadForAnswered(Ledger):
    """Files dead answers as verdicts: a replay would not pass."""

    def add(self, entry: LedgerEntry, timestamp_ms: int) -> None:
        super().add(LedgerEntry(entry.identity, AnswerKind.VERDICT), timestamp_ms)


class TrustsAnyClock(Ledger):
    """A record with a time of tomorrow ages the rest a day early."""

    def add(self, entry: LedgerEntry, timestamp_ms: int) -> None:
        super().add(entry, timestamp_ms)
        super().add(LedgerEntry(b"x" * 16, AnswerKind.VERDICT), timestamp_ms + DAY_MS)


@pytest.mark.parametrize(
    "broken", [Forgetful, Hoarding, TakesTheLast, TakesTheFirst, TakesDeadForAnswered, TrustsAnyClock]
)
def test_control_a_planted_fault_is_found(broken: type[Ledger]) -> None:
    machine = type(f"Ledgers{broken.__name__}", (Ledgers,), {"kind": broken})
    with pytest.raises(AssertionError):
        explore(machine, examples=150)


# ---- memory

FILL = """
import os, sys
from consumer.model import AnswerKind, LedgerEntry
from consumer.model.units import DAY_MS
from consumer.stream.ledger import Ledger

partitions, days, dead_of_ten = map(int, sys.argv[1:])

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")

before = resident()
ledgers = [Ledger(35) for _ in range(partitions)]
for number in range(1_000_000):
    dead = number % 10 < dead_of_ten
    entry = LedgerEntry(os.urandom(16), AnswerKind.DEAD if dead else AnswerKind.VERDICT, int(dead))
    ledgers[number % partitions].add(entry, (20_000 + number * days // 1_000_000) * DAY_MS)
assert sum(map(len, ledgers)) == 1_000_000
print((resident() - before) / 1e6)
"""


@pytest.mark.parametrize(("partitions", "days", "dead_of_ten"), [(1, 1, 0), (1, 36, 0), (12, 36, 1)], ids=str)
def test_a_million_entries_take_at_most_120_megabytes(partitions: int, days: int, dead_of_ten: int) -> None:
    arguments = [str(partitions), str(days), str(dead_of_ten)]
    done = subprocess.run([sys.executable, "-c", FILL, *arguments], capture_output=True, text=True, check=True)
    assert float(done.stdout) <= 120

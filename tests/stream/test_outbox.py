"""The outbox: what is put comes out in a commit, once, whatever commits fail in between."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from consumer.judge.answers import Answer
from consumer.model import OF_VERDICT, AnswerKind, LedgerEntry
from consumer.model.units import DAY_MS
from consumer.stream.ledger import Ledger
from consumer.stream.outbox import Batch, Outbox
from consumer.stream.transaction import ProducerRecord
from consumer.wire.results import Outgoing, Output
from tests.quick import examples
from tests.stream.machines import explore

IDENTITIES = [bytes([number]) * 16 for number in range(4)]
NOW_MS = 20_000 * DAY_MS


def answer(identity: bytes, generation: int, size: int = 10) -> Answer:
    kind = AnswerKind.DEAD if generation else AnswerKind.VERDICT
    return Answer(
        LedgerEntry(identity, kind, generation), Outgoing(Output.ACCEPTED, identity, b"x" * size, (("h", b"v"),))
    )


class Outboxes(RuleBasedStateMachine):
    """An assignment that puts answers as a judge does, commits them, fails to, and is rebuilt."""

    kind: type[Outbox] = Outbox

    def __init__(self) -> None:
        super().__init__()
        self.outbox = self.kind()
        self.ledger = Ledger(35)
        self.waiting: dict[bytes, int] = {}  # identity → generation, not committed
        self.published: list[tuple[bytes, int]] = []
        self.batch: Batch | None = None
        self.moved = 0

    def generation(self, identity: bytes) -> int | None:
        known = [g for g in (self.outbox.generation(identity), self.ledger.generation(identity)) if g is not None]
        return OF_VERDICT if OF_VERDICT in known else max(known, default=None)

    @rule(identity=st.sampled_from(IDENTITIES), dead=st.booleans(), size=st.integers(0, 5_000))
    def judge_answers(self, identity: bytes, dead: bool, size: int) -> None:
        if self.generation(identity) is None:
            self.put(identity, 1 if dead else OF_VERDICT, size)

    @rule(identity=st.sampled_from(IDENTITIES), dead=st.booleans())
    def replay_answers(self, identity: bytes, dead: bool) -> None:
        known = self.generation(identity)
        if known:
            self.put(identity, known + 1 if dead else OF_VERDICT, 10)

    def put(self, identity: bytes, generation: int, size: int) -> None:
        self.outbox.put(answer(identity, generation, size))
        self.waiting[identity] = generation

    @rule(identity=st.sampled_from(IDENTITIES))
    def late_dead_letter_comes(self, identity: bytes) -> None:
        if self.outbox.generation(identity) == OF_VERDICT:
            self.outbox.put(answer(identity, 1))

    @rule()
    def task_is_moved(self) -> None:
        self.outbox.move(ProducerRecord("tasks", b"k", b"v"))
        self.moved += 1

    @precondition(lambda self: self.batch is None)
    @rule()
    def transaction_begins(self) -> None:
        self.batch = self.outbox.take()
        entries = {a.entry.identity: a.entry.generation for a in self.batch.answers}
        assert entries == self.waiting
        assert len(self.batch.moved) == self.moved

    @precondition(lambda self: self.batch is not None)
    @rule()
    def transaction_is_committed(self) -> None:
        assert self.batch is not None
        self.note_committed(self.batch)
        self.outbox.committed(self.batch)
        for sent in self.batch.answers:
            if self.waiting.get(sent.entry.identity) == sent.entry.generation:
                del self.waiting[sent.entry.identity]
        self.moved -= len(self.batch.moved)
        self.batch = None

    @precondition(lambda self: self.batch is not None)
    @rule(after_all=st.booleans())
    def transaction_fails_and_the_producer_is_rebuilt(self, after_all: bool) -> None:
        assert self.batch is not None
        if after_all:
            self.note_committed(self.batch)
        self.batch = None
        self.outbox.rebuilt(self.ledger)
        self.moved = 0
        for identity, generation in list(self.waiting.items()):
            known = self.ledger.generation(identity)
            if known is not None and (known == OF_VERDICT or (generation != OF_VERDICT and known >= generation)):
                del self.waiting[identity]

    def note_committed(self, batch: Batch) -> None:
        for sent in batch.answers:
            self.ledger.add(sent.entry, NOW_MS)
            self.published.append((sent.entry.identity, sent.entry.generation))

    @invariant()
    def the_outbox_holds_what_waits(self) -> None:
        assert len(self.outbox) == len(self.waiting) + self.moved
        for identity in IDENTITIES:
            assert self.outbox.generation(identity) == self.waiting.get(identity)

    @invariant()
    def no_answer_is_published_twice(self) -> None:
        assert len(self.published) == len(set(self.published))

    @invariant()
    def its_size_is_that_of_what_it_holds(self) -> None:
        waiting = self.outbox.take()
        answers = sum(64 + a.outgoing.size for a in waiting.answers if a.outgoing)
        assert self.outbox.size_bytes == answers + sum(record.size for record in waiting.moved)


def test_the_outbox_keeps_what_is_not_committed_and_gives_nothing_twice() -> None:
    explore(Outboxes, examples(150))


# ---- planted faults: the machine must find each


class EmptiesItselfAtOnce(Outbox):
    """A transaction that fails takes its answers with it."""

    def take(self) -> Batch:
        batch = super().take()
        self.committed(batch)
        return batch


class ForgetsWhatCameMeanwhile(Outbox):
    def committed(self, batch: Batch) -> None:
        super().committed(batch)
        self._answers.clear()
        self._moved.clear()
        self.size_bytes = 0


class PublishesAgain(Outbox):
    """Does not look into the ledger after a commit whose outcome was unknown."""

    def rebuilt(self, ledger: Ledger) -> None:
        self._moved.clear()


class ForgetsOnRebuild(Outbox):
    def rebuilt(self, ledger: Ledger) -> None:
        super().rebuilt(ledger)
        self._answers.clear()
        self.size_bytes = 0


class KeepsMovedTasks(Outbox):
    """Moves a task that its own partition reads again."""

    def rebuilt(self, ledger: Ledger) -> None:
        moved = list(self._moved)
        super().rebuilt(ledger)
        self._moved.extend(moved)


class TakesTheLast(Outbox):
    """A late dead letter replaces a verdict."""

    def put(self, answer: Answer) -> None:
        self.size_bytes -= sum(
            64 + old.outgoing.size for i, old in self._answers.items() if i == answer.entry.identity and old.outgoing
        )
        self._answers.pop(answer.entry.identity, None)
        super().put(answer)


@pytest.mark.parametrize(
    "broken",
    [
        EmptiesItselfAtOnce,
        ForgetsWhatCameMeanwhile,
        PublishesAgain,
        ForgetsOnRebuild,
        KeepsMovedTasks,
        TakesTheLast,
    ],
)
def test_control_a_planted_fault_is_found(broken: type[Outbox]) -> None:
    machine = type(f"Outboxes{broken.__name__}", (Outboxes,), {"kind": broken})
    with pytest.raises(AssertionError):
        explore(machine, examples=150)

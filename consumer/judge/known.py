"""Which answers are there already, as one task sees them: a replay passes the one that it names."""

from __future__ import annotations

from dataclasses import dataclass

from consumer.judge.answers import VERDICT, Answer, Answers, replayed
from consumer.model import Replay


@dataclass(frozen=True, slots=True)
class Known:
    answers: Answers
    replay: Replay | None

    def verdict(self, identity: bytes) -> bool:
        return self.answers.generation(identity) == VERDICT

    def dead(self, identity: bytes) -> bool:
        """Dead, and not the very answer that a replay names."""
        generation = self.answers.generation(identity)
        return bool(generation) and self.replay != Replay(identity, generation or 0)

    def answered(self, identity: bytes) -> bool:
        return self.verdict(identity) or self.dead(identity)

    def give_dead(self, answer: Answer) -> None:
        """Another task may have answered for it while this one was still trying."""
        if not self.answered(answer.entry.identity):
            self.answers.give(answer)

    def close_replay(self) -> None:
        """To be called once the task is judged: the dead answer that its replay named is open no more."""
        if self.replay is not None and self.answers.generation(self.replay.identity) == self.replay.generation:
            self.answers.give(replayed(self.replay))

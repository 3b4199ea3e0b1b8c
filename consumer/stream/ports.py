"""What an assignment needs of others, and what it reports."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from consumer.judge.answers import Answers
from consumer.kafka.limits import TopicLimits
from consumer.model import Condition, DeadLetter, Decision, Doubt, Headers, Source, Task
from consumer.model.resting import Resting
from consumer.stream.transaction import Step, Transactor
from consumer.telemetry.labels import RebuildCause, Signed, Standing, Transacted
from consumer.wire.signatures import Signatures


class JudgeTask(Protocol):
    async def __call__(self, task: Task, answers: Answers, resting: Resting) -> None: ...


class Reports(Protocol):
    def begin(self, condition: Condition, detail: str = "", about: str = "") -> None: ...
    def end(self, condition: Condition, about: str = "") -> None: ...

    def step(self, partition: int, step: str) -> None:
        """What is about to be done for the partition, in words for the operator."""

    def stands(self, partition: int, standing: Standing) -> None: ...
    def judging(self, at: Source, trace: str | None, headers: Headers) -> AbstractContextManager[object]:
        """Surrounds one task: its record, what the intake gave it for its trace, the original record's headers."""

    def given(self, partition: int) -> None:
        """The task that is judged here handed over an answer, which waits for the next commit of the partition."""

    def committing(self, partition: int) -> AbstractContextManager[object]:
        """Surrounds the stage that publishes all that wait."""

    def rebuilt(self, cause: RebuildCause) -> None: ...
    def transacted(self, outcome: Transacted) -> None: ...

    def doubted(self, of: Signed, doubts: Mapping[Doubt, int]) -> None:
        """So many records need not be of this service; whether they count is another matter."""

    def answered(self, answer: Decision | DeadLetter) -> None:
        """The answer is committed."""


class ProcessState(Protocol):
    """What the process is up to, beside its tasks."""

    @property
    def takes_tasks(self) -> bool:
        """Whether nothing keeps it from that."""

    @property
    def load(self) -> float:
        """How near it is to what it can do, up to 1."""


class Producers(Protocol):
    """Gives transactional producers, and says what holds for all that they write."""

    limits: TopicLimits
    signatures: Signatures

    def open(self, partition: int, step: Step) -> Transactor:
        """One that is not initialised yet."""

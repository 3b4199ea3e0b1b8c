"""A tasks partition that remembers its answers and commits nothing: for tests of what the judge asks of Genesys."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import anyio

from consumer.judge.answers import Answer, Inspection
from consumer.model import Attachment, Task, Tries


@dataclass
class Partition:
    """All conversations are its own, and each attachment has all its tries at once."""

    answers: dict[bytes, Answer] = field(default_factory=dict)
    running: dict[bytes, anyio.Event] = field(default_factory=dict)
    published: list[Answer] = field(default_factory=list)  # in the order that they were given in

    def generation(self, identity: bytes) -> int | None:
        answer = self.answers.get(identity)
        return None if answer is None else answer.entry.generation

    async def once(self, identity: bytes, message: bytes, inspection: Inspection) -> None:
        if identity in self.running:
            await self.running[identity].wait()
            return
        self.running[identity] = anyio.Event()
        answer = await inspection(resting)
        if answer is not None:
            self.give(answer)
        self.running.pop(identity).set()

    def give(self, answer: Answer) -> None:
        self.answers[answer.entry.identity] = answer
        if answer.outgoing is not None:
            self.published.append(answer)

    def owns(self, conversation_id: str) -> bool:
        return True

    def move(self, task: Task, conversation_id: str) -> bool:
        raise AssertionError("all are at home here")

    def tries(self, identity: bytes, task: Task) -> Tries | None:
        return Tries.ALL

    def try_last(self, task: Task, attachment: Attachment) -> bool:
        raise AssertionError("each has all its tries at once")


def resting() -> AbstractContextManager[None]:
    return nullcontext()

"""One task, from its bytes until everything that it announces is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeVar

import anyio

from consumer.attempts import Attempts, Patience
from consumer.errors import NotYet
from consumer.judge.answers import VERDICT, Answer, Answers, Resting, mark
from consumer.judge.boundary import Boundary, Subject
from consumer.metrics import Metrics, Skipped
from consumer.model import (
    AnswerKind,
    Attachment,
    DeadReason,
    Decision,
    Dependency,
    Direction,
    Event,
    Kind,
    LedgerEntry,
    Message,
    Replay,
    Shape,
    Task,
    Verdict,
    conversation_identity,
    message_identity,
    unreadable_identity,
)
from consumer.wire.events import Noise, Unreadable, decode
from consumer.wire.results import encode_result

T = TypeVar("T")

MAX_MOVES = 3  # a conversation has one key: a task that keeps moving is a bug of ours


class Lookup(Protocol):
    """Genesys, as far as the judge needs it. Both raise `errors.Failure`s."""

    async def find(self, conversation_id: str, message_ids: frozenset[str]) -> dict[str, Message]:
        """The messages with these ids; with none, all that carry attachments. What is not there is not in it."""

    async def conversation_of(self, message_id: str) -> str: ...


class Inspector(Protocol):
    async def inspect(self, attachment: Attachment, attempt: Attempts) -> Verdict: ...


@dataclass(frozen=True, slots=True)
class Judge:
    lookup: Lookup
    inspector: Inspector
    patience: Patience
    metrics: Metrics
    policy_version: Callable[[], str]
    horizon: timedelta
    dead_letter_bytes: int
    on_outcome: Callable[[bool], None] = lambda bug: None
    looks_up_bare: Callable[[Event], bool] = lambda event: True
    trusts: Callable[[Message], bool] = lambda message: False  # event media so complete that no call is needed
    organization_id: Callable[[], str | None] = lambda: None
    on_foreign: Callable[[bool], None] = lambda foreign: None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def judge(self, task: Task, answers: Answers, resting: Resting) -> None:
        """Returns when all attachments that the task names are answered. Raises nothing but a cancellation."""
        boundary = Boundary(
            task, self.now(), self.now, answers.generation, self.dead_letter_bytes, self.metrics, self.on_outcome
        )
        await _Judging(self, task, answers, resting, boundary).run()


@dataclass(frozen=True, slots=True)
class _Judging:
    """One task while it is judged."""

    judge: Judge
    task: Task
    answers: Answers
    resting: Resting
    boundary: Boundary

    async def run(self) -> None:
        if self.task.value is None:
            self._dead_bytes(DeadReason.UNREADABLE, "larger than the tasks topic takes")
            return
        for item in decode(self.task.value):
            match item:
                case Event():
                    await self._event(_at_home(item, self.task.conversation_id))
                case Unreadable():
                    self._dead_bytes(item.reason, item.detail)
                case Noise():
                    self.judge.metrics.noise_dropped[item.kind].inc()

    # ---- what the event is about

    async def _event(self, event: Event) -> None:
        foreign = self._is_foreign(event)
        self.judge.on_foreign(foreign)
        if foreign:
            self._dead_event(event, DeadReason.OTHER_ORGANIZATION, "an event of another Genesys organisation")
        elif not event.conversation_id:
            await self._find_its_conversation(event, event.messages[0])
        elif not self.answers.owns(event.conversation_id):
            self._move(event.conversation_id)
        elif event.messages:
            await _all([partial(self._announced, event, message) for message in event.messages])
        elif self.judge.looks_up_bare(event):
            await self._whole_conversation(event, event.conversation_id)

    def _is_foreign(self, event: Event) -> bool:
        ours = self.judge.organization_id()
        return ours is not None and event.organization_id is not None and event.organization_id != ours

    async def _find_its_conversation(self, event: Event, message: Message) -> None:
        if self._answered(message.identity):
            return
        subject = Subject(message.identity, "metadata", None, message.message_id)
        found = await self._ask(subject, lambda: self.judge.lookup.conversation_of(message.message_id))
        if isinstance(found, Answer):
            self._give_dead(found)
        elif self.answers.owns(found):
            await self._event(_at_home(event, found))
        else:
            self._move(found)

    def _move(self, conversation_id: str) -> None:
        if self.task.moves < MAX_MOVES:
            self.answers.move(self.task, conversation_id)
        else:
            self._dead_bytes(DeadReason.BUG, f"moved {self.task.moves} times and never at home")

    # ---- its messages

    async def _whole_conversation(self, event: Event, conversation_id: str) -> None:
        identity = conversation_identity(conversation_id)
        if self._is_dead(identity):
            return
        subject = Subject(identity, "metadata", conversation_id)
        found = await self._ask(subject, lambda: self.judge.lookup.find(conversation_id, frozenset()))
        if isinstance(found, Answer):
            self._give_dead(found)
        else:
            await _all([partial(self._found, event, message, ()) for message in found.values()])

    async def _announced(self, event: Event, announced: Message) -> None:
        """A message that the event names: found, or dead. What is answered already costs no call."""
        if not self._is_open(announced):
            self.judge.metrics.attachments_skipped["answered"].inc(max(1, len(announced.attachments)))
            return
        if announced.removed or self.judge.trusts(announced):
            await self._found(event, announced, ())
            return
        subject = Subject(announced.identity, "metadata", announced.conversation_id, announced.message_id)
        found = await self._ask(subject, lambda: self._find(announced))
        if isinstance(found, Answer):
            self._give_dead(found)
        else:
            missing = [a for a in self._judgeable(announced) if not any(_is_same(a, f) for f in found.attachments)]
            await self._found(event, found, missing)

    async def _find(self, announced: Message) -> Message:
        message = await self._show(announced.conversation_id, announced.message_id, announced.attachments)
        if message is None:
            raise NotYet(Dependency.API, "Genesys does not show the announced message", dead=DeadReason.NOT_FOUND)
        if any(attachment.key is None for attachment in self._judgeable(message)):
            raise NotYet(Dependency.API, "an attachment has neither an id nor a link yet")
        return _with_communication(message, announced.communication_id)

    async def _show(self, conversation_id: str, message_id: str, announced: Iterable[Attachment]) -> Message | None:
        """The tutorial's world knows no call but the conversation's."""
        whole = any(attachment.shape is Shape.TUTORIAL for attachment in announced)
        found = await self.judge.lookup.find(conversation_id, frozenset(() if whole else (message_id,)))
        return found.get(message_id)

    async def _found(self, event: Event, message: Message, missing: Sequence[Attachment]) -> None:
        """Each attachment goes its own way: those that are there, and those that the event announced beside them."""
        here = [(a, partial(self._inspect, event, a)) for a in self._judgeable(message, count=True)]
        late = [(a, partial(self._find_and_inspect, event, a)) for a in missing]
        await _all([partial(self._once, a, work) for a, work in here + late])
        if self._generation(message.identity) != VERDICT and not self._is_dead(message.identity):
            self.answers.give(mark(message.identity))

    def _judgeable(self, message: Message, count: bool = False) -> list[Attachment]:
        """The message's attachments that need an answer of ours."""
        judgeable = []
        for attachment in message.attachments:
            cause = self._no_answer_needed(message, attachment)
            if cause is None:
                judgeable.append(attachment)
            elif count:
                self.judge.metrics.attachments_skipped[cause].inc()
        return judgeable

    def _no_answer_needed(self, message: Message, attachment: Attachment) -> Skipped | None:
        if Direction.OUTBOUND in (message.direction, attachment.direction):
            return "outbound"
        if attachment.kind is Kind.LINK:
            return "link"
        sent = attachment.message_time or message.time
        taken = datetime.fromtimestamp(self.task.taken_ms / 1000, UTC)
        if sent is not None and taken - sent > self.judge.horizon:
            return "beyond_horizon"  # its own event announced it in its time; what the ledger knew of it has aged
        return None

    # ---- its attachments

    async def _once(self, attachment: Attachment, work: Callable[[Resting], Awaitable[Answer]]) -> None:
        identity = attachment.identity
        if identity is None:
            return  # only a trusted event's: without id and link there is nothing to judge, and the API is not asked
        if self._answered(identity):
            self.judge.metrics.attachments_skipped["answered"].inc()
            return
        await self.answers.once(identity, message_identity(attachment.conversation_id, attachment.message_id), work)

    async def _inspect(self, event: Event, attachment: Attachment, resting: Resting) -> Answer:
        async def found(attempts: Attempts) -> Attachment:
            return attachment

        return await self._verdict(event, attachment, found, resting)

    async def _find_and_inspect(self, event: Event, announced: Attachment, resting: Resting) -> Answer:
        async def find() -> Attachment:
            message = await self._show(announced.conversation_id, announced.message_id, (announced,))
            for attachment in message.attachments if message else ():
                if _is_same(announced, attachment):
                    return attachment
            raise NotYet(Dependency.API, "Genesys does not show the announced attachment", dead=DeadReason.NOT_FOUND)

        return await self._verdict(event, announced, lambda attempts: attempts(find, Dependency.API), resting)

    async def _verdict(
        self,
        event: Event,
        announced: Attachment,
        find: Callable[[Attempts], Awaitable[Attachment]],
        resting: Resting,
    ) -> Answer:
        judge, attempts = self.judge, self.judge.patience.attempts(resting)
        identity = announced.identity
        assert identity is not None
        subject = Subject(identity, "inspect", announced.conversation_id, announced.message_id, announced.attachment_id)

        async def inspect() -> Decision:
            attachment = await find(attempts)
            judge.metrics.inspections.inc()
            with judge.metrics.inspections_in_flight.track_inprogress():
                verdict = await judge.inspector.inspect(attachment, attempts)
            return Decision(
                attachment=attachment,
                verdict=verdict,
                source=self.task.source,
                event_time=event.time,
                decided_at=judge.now(),
                attempts=attempts.made,
                policy_version=judge.policy_version(),
                replay=self.task.replay,
            )

        decision = await self.boundary.run(subject, attempts, inspect)
        if isinstance(decision, Answer):
            return decision
        return Answer(LedgerEntry(identity, AnswerKind.VERDICT), encode_result(decision), decision)

    # ---- answers that are there, and dead ones

    def _generation(self, identity: bytes) -> int | None:
        return self.answers.generation(identity)

    def _is_dead(self, identity: bytes) -> bool:
        """Dead, and not the very answer that a replay names."""
        generation = self._generation(identity)
        return bool(generation) and self.task.replay != Replay(identity, generation or 0)

    def _answered(self, identity: bytes) -> bool:
        return self._generation(identity) == VERDICT or self._is_dead(identity)

    def _is_open(self, message: Message) -> bool:
        if self._is_dead(message.identity) or message.direction is Direction.OUTBOUND:
            return False
        if self.task.replay is not None:
            return True
        named = [a.identity for a in self._judgeable(message)]
        if not named or None in named:
            return self._generation(message.identity) != VERDICT
        return not all(identity and self._answered(identity) for identity in named)

    async def _ask(self, subject: Subject, call: Callable[[], Awaitable[T]]) -> T | Answer:
        attempts = self.judge.patience.attempts(self.resting)
        return await self.boundary.run(subject, attempts, lambda: attempts(call, Dependency.API))

    def _give_dead(self, answer: Answer) -> None:
        """Another task may have answered for it while this one was still trying."""
        if not self._answered(answer.entry.identity):
            self.answers.give(answer)

    def _dead_bytes(self, reason: DeadReason, detail: str) -> None:
        value = self.task.value if self.task.value is not None else (self.task.value_sha256 or "").encode()
        subject = Subject(unreadable_identity(self.task.source, value), "decode")
        self._give_dead(self.boundary.dead(subject, reason, detail))

    def _dead_event(self, event: Event, reason: DeadReason, detail: str) -> None:
        conversation_id = event.conversation_id or ""
        subjects = [Subject(m.identity, "decode", conversation_id, m.message_id) for m in event.messages]
        if not subjects:
            subjects = [Subject(conversation_identity(conversation_id), "decode", conversation_id)]
        for subject in subjects:
            self._give_dead(self.boundary.dead(subject, reason, detail))


def _at_home(event: Event, conversation_id: str | None) -> Event:
    """The event with the conversation that a call told, if it names none itself."""
    if event.conversation_id or conversation_id is None:
        return event
    messages = tuple(
        replace(
            message,
            conversation_id=conversation_id,
            attachments=tuple(replace(a, conversation_id=conversation_id) for a in message.attachments),
        )
        for message in event.messages
    )
    return replace(event, conversation_id=conversation_id, messages=messages)


def _is_same(announced: Attachment, found: Attachment) -> bool:
    """An event may lack the id that the message API gives: the link tells as well which attachment it is."""
    return announced.key == found.key or (announced.attachment_id is None and announced.url == found.url)


def _with_communication(message: Message, communication_id: str | None) -> Message:
    """Only snapshots name the communication, and only by it can the status of an upload be asked."""
    known = tuple(replace(a, communication_id=a.communication_id or communication_id) for a in message.attachments)
    return replace(message, attachments=known)


async def _all(works: Iterable[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    async with anyio.create_task_group() as tg:
        for work in works:
            tg.start_soon(work)

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
from consumer.judge.answers import Answer, Answers, Resting, mark
from consumer.judge.boundary import Boundary, Subject
from consumer.judge.known import Known
from consumer.judge.reading import at_home, is_same, no_answer_needed, with_communication
from consumer.metrics import Metrics
from consumer.model import (
    AnswerKind,
    Attachment,
    DeadReason,
    Decision,
    Dependency,
    Direction,
    Event,
    LedgerEntry,
    Message,
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

TOO_LARGE = "larger than the tasks topic takes"
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
    on_outcome: Callable[[bool], None] = lambda bug: None  # of each bug, and of each verdict: many bugs stop the intake
    looks_up_bare: Callable[[Event], bool] = lambda event: True
    trusts: Callable[[Message], bool] = lambda message: False  # event media so complete that no call is needed
    organization_id: Callable[[], str | None] = lambda: None
    on_foreign: Callable[[bool], None] = lambda foreign: None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def judge(self, task: Task, answers: Answers, resting: Resting) -> None:
        """Returns when all attachments that the task names are answered. Raises nothing but a cancellation."""
        boundary = Boundary(
            task, self.now(), self.now, answers.generation, self.dead_letter_bytes, self.metrics,
            on_bug=lambda: self.on_outcome(True),
        )  # fmt: skip
        judging = _Judging(self, task, answers, resting, boundary, Known(answers, task.replay))
        try:
            await judging.run()
        except Exception as error:  # noqa: BLE001 # or one event would end the service, again and again
            judging.known.give_dead(boundary.bug(judging.whole, error))


@dataclass(frozen=True, slots=True)
class _Judging:
    """One task while it is judged."""

    judge: Judge
    task: Task
    answers: Answers
    resting: Resting
    boundary: Boundary
    known: Known

    @property
    def whole(self) -> Subject:
        """The task itself, where it can't be said what it is about."""
        value = self.task.value if self.task.value is not None else (self.task.value_sha256 or "").encode()
        return Subject(unreadable_identity(self.task.source, value), "decode")

    async def run(self) -> None:
        if self.task.value is None:
            self._dead_bytes(DeadReason.UNREADABLE, TOO_LARGE)
            return
        for item in decode(self.task.value):
            match item:
                case Event():
                    await self._alone(item)._event(at_home(item, self.task.conversation_id))
                case Unreadable():
                    self._alone(item)._dead_bytes(item.reason, item.detail)
                case Noise():
                    self.judge.metrics.noise_dropped[item.kind].inc()

    def _alone(self, item: Event | Unreadable) -> _Judging:
        """An element of an array that is a task as a whole is moved, and dies, alone and with its own bytes."""
        if not item.path:
            return self
        source = replace(self.task.source, path=self.task.source.path + item.path)
        task = replace(self.task, source=source, value=item.value)
        return replace(self, task=task, boundary=replace(self.boundary, task=task))

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
        if self.known.answered(message.identity):
            return
        subject = Subject(message.identity, "metadata", None, message.message_id)
        found = await self._ask(subject, lambda: self.judge.lookup.conversation_of(message.message_id))
        if isinstance(found, Answer):
            self.known.give_dead(found)
        elif self.answers.owns(found):
            await self._event(at_home(event, found))
        else:
            self._move(found)

    def _move(self, conversation_id: str) -> None:
        if self.task.moves >= MAX_MOVES:
            self._dead_bytes(DeadReason.BUG, f"moved {self.task.moves} times and never at home")
        elif not self.answers.move(self.task, conversation_id):
            self._dead_bytes(DeadReason.UNREADABLE, TOO_LARGE)

    # ---- its messages

    async def _whole_conversation(self, event: Event, conversation_id: str) -> None:
        identity = conversation_identity(conversation_id)
        if self.known.dead(identity):
            return
        subject = Subject(identity, "metadata", conversation_id)
        found = await self._ask(subject, lambda: self.judge.lookup.find(conversation_id, frozenset()))
        if isinstance(found, Answer):
            self.known.give_dead(found)
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
            self.known.give_dead(found)
        else:
            missing = [a for a in self._judgeable(announced) if not any(is_same(a, f) for f in found.attachments)]
            await self._found(event, found, missing)

    async def _find(self, announced: Message) -> Message:
        message = await self._show(announced.conversation_id, announced.message_id, announced.attachments)
        if message is None:
            raise NotYet(Dependency.API, "Genesys does not show the announced message", dead=DeadReason.NOT_FOUND)
        if any(attachment.key is None for attachment in self._judgeable(message)):
            raise NotYet(Dependency.API, "an attachment has neither an id nor a link yet")
        return with_communication(message, announced.communication_id)

    async def _show(self, conversation_id: str, message_id: str, announced: Iterable[Attachment]) -> Message | None:
        """The tutorial's world knows no call but the conversation's."""
        whole = any(attachment.shape is Shape.TUTORIAL for attachment in announced)
        found = await self.judge.lookup.find(conversation_id, frozenset(() if whole else (message_id,)))
        return found.get(message_id)

    async def _found(self, event: Event, message: Message, missing: Sequence[Attachment]) -> None:
        """Each attachment goes its own way: those that are there, and those that the event announced beside them.

        A message that was given up, be it while we were asking, has its answer for all of them in its dead letter.
        """
        if self.known.dead(message.identity):
            self.judge.metrics.attachments_skipped["answered"].inc(len(message.attachments))
            return
        here = [(a, partial(self._inspect, event, a)) for a in self._judgeable(message, count=True)]
        late = [(a, partial(self._find_and_inspect, event, a)) for a in missing]
        await _all([partial(self._once, a, work) for a, work in here + late])
        if not self.known.answered(message.identity):
            self.answers.give(mark(message.identity))

    def _judgeable(self, message: Message, count: bool = False) -> list[Attachment]:
        """The message's attachments that need an answer of ours."""
        judgeable = []
        for attachment in message.attachments:
            cause = no_answer_needed(message, attachment, self.task, self.judge.horizon)
            if cause is None:
                judgeable.append(attachment)
            elif count:
                self.judge.metrics.attachments_skipped[cause].inc()
        return judgeable

    # ---- its attachments

    async def _once(self, attachment: Attachment, work: Callable[[Resting], Awaitable[Answer]]) -> None:
        identity = attachment.identity
        if identity is None:
            return  # only a trusted event's: without id and link there is nothing to judge, and the API is not asked
        if self.known.answered(identity):
            self.judge.metrics.attachments_skipped["answered"].inc()
            return
        await self.answers.once(identity, message_identity(attachment.conversation_id, attachment.message_id), work)

    async def _find_and_inspect(self, event: Event, announced: Attachment, resting: Resting) -> Answer:
        async def find() -> Attachment:
            message = await self._show(announced.conversation_id, announced.message_id, (announced,))
            for attachment in message.attachments if message else ():
                if is_same(announced, attachment):
                    return attachment
            raise NotYet(Dependency.API, "Genesys does not show the announced attachment", dead=DeadReason.NOT_FOUND)

        found = await self._ask(_subject(announced), find, resting)
        if isinstance(found, Answer):
            return found
        if found.identity == announced.identity:
            return await self._inspect(event, found, resting)
        await self._once(found, partial(self._inspect, event, found))  # it has an id now, and is known by that
        return mark(announced.identity or b"")

    async def _inspect(self, event: Event, attachment: Attachment, resting: Resting) -> Answer:
        judge, attempts, subject = self.judge, self.judge.patience.attempts(resting), _subject(attachment)

        async def inspect() -> Answer:
            judge.metrics.inspections.inc()
            with judge.metrics.inspections_in_flight.track_inprogress():
                verdict = await judge.inspector.inspect(attachment, attempts)
            decision = Decision(
                attachment=attachment,
                verdict=verdict,
                source=self.task.source,
                event_time=event.time,
                decided_at=judge.now(),
                attempts=attempts.made,
                policy_version=judge.policy_version(),
                replay=self.task.replay,
            )
            answer = Answer(LedgerEntry(subject.identity, AnswerKind.VERDICT), encode_result(decision), decision)
            judge.on_outcome(False)
            return answer

        return await self.boundary.run(subject, attempts, inspect)

    # ---- asking, and dead ones

    def _is_open(self, message: Message) -> bool:
        if self.known.dead(message.identity) or message.direction is Direction.OUTBOUND:
            return False
        if self.task.replay is not None:
            return True
        named = [a.identity for a in self._judgeable(message)]
        if not named or None in named:
            return not self.known.verdict(message.identity)
        return not all(identity and self.known.answered(identity) for identity in named)

    async def _ask(
        self, subject: Subject, call: Callable[[], Awaitable[T]], resting: Resting | None = None
    ) -> T | Answer:
        attempts = self.judge.patience.attempts(resting or self.resting)
        return await self.boundary.run(subject, attempts, lambda: attempts(call, Dependency.API))

    def _dead_bytes(self, reason: DeadReason, detail: str) -> None:
        self.known.give_dead(self.boundary.dead(self.whole, reason, detail))

    def _dead_event(self, event: Event, reason: DeadReason, detail: str) -> None:
        conversation_id = event.conversation_id or ""
        subjects = [Subject(m.identity, "decode", conversation_id, m.message_id) for m in event.messages]
        if not subjects:
            subjects = [Subject(conversation_identity(conversation_id), "decode", conversation_id)]
        for subject in subjects:
            self.known.give_dead(self.boundary.dead(subject, reason, detail))


def _subject(attachment: Attachment) -> Subject:
    identity = attachment.identity
    assert identity is not None, "only an attachment with a key is worked on"
    return Subject(identity, "inspect", attachment.conversation_id, attachment.message_id, attachment.attachment_id)


async def _all(works: Iterable[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    async with anyio.create_task_group() as tg:
        for work in works:
            tg.start_soon(work)

"""What a task asks Genesys: each question again and again, until it is answered or given up."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from consumer.attempts import Patience
from consumer.errors import Incomplete, NotJudged, NotYet
from consumer.judge.answers import Answer
from consumer.judge.boundary import Boundary, Subject
from consumer.judge.reading import is_same
from consumer.model import Attachment, DeadReason, Dependency, Event, Message, Settled, Shape
from consumer.model.resting import Resting

T = TypeVar("T")

ASKED_AT_ONCE = 3  # of the messages of an event that does not name their conversation


def not_shown(what: str) -> NotYet:
    """Genesys answered, and what was announced is not in its answer."""
    return NotYet(Dependency.API, what, dead=DeadReason.NOT_FOUND, settled=Settled("messages", "answered"))


def not_all_shown(what: str) -> Incomplete:
    """The same, where what is around it is there."""
    return Incomplete(Dependency.API, what, dead=DeadReason.NOT_FOUND, settled=Settled("messages", "answered"))


class Genesys(Protocol):
    """Genesys, as far as the judge needs it. All raise `errors.Failure`s."""

    async def find(self, conversation_id: str, message_ids: frozenset[str]) -> dict[str, Message]:
        """The messages with these ids. What is not there is not in it."""

    async def find_listed(self, conversation_id: str, wanted: Callable[[Message], bool]) -> Sequence[Message]:
        """Of the messages that the conversation lists and that may carry files, those that are wanted, in full."""

    async def conversation_of(self, message_id: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Questions:
    lookup: Genesys
    patience: Patience
    boundary: Boundary
    resting: Resting

    async def ask(
        self,
        subject: Subject,
        call: Callable[[], Awaitable[T]],
        *,
        resting: Resting | None = None,
        given_up: bool = False,
    ) -> T | Answer:
        """The call's result, or the subject's dead letter. `given_up`: its announcement has one already."""
        of = subject.conversation_id or subject.message_id or ""
        attempts = self.patience.attempts(resting or self.resting, of, given_up)
        with self.boundary.reports.timed("metadata"):
            return await self.boundary.run(subject, attempts, lambda: attempts(call, Dependency.API))

    def conversation_of(self, messages: Iterable[Message]) -> Callable[[], Awaitable[str]]:
        """As the first of them tells that can. If none can, raises rather what waiting may help against. Each time the
        next few are asked: any of them tells, and a record may name thousands that are not there."""
        line = deque(message.message_id for message in messages if message.message_id)

        async def ask() -> str:
            none = "none of its messages has an id that could be one"
            failure: NotJudged | NotYet = NotJudged(DeadReason.NO_IDS, none)
            for _ in range(min(ASKED_AT_ONCE, len(line))):
                try:
                    return await self.lookup.conversation_of(line[0])
                except (NotYet, NotJudged) as failed:
                    failure = failure if isinstance(failure, NotYet) else failed
                    line.rotate(-1)
            raise failure

        return ask

    async def knows(self, event: Event) -> bool:
        """Whether Genesys has anything of what the event names: asked once, waiting for nothing to come."""
        try:
            if event.conversation_id is None:
                return bool(await self.conversation_of(event.messages)())
            if not event.messages:
                await self.lookup.find_listed(event.conversation_id, lambda message: False)
                return True
            named = frozenset(message.message_id for message in event.messages if message.message_id)
            return bool(named and await self.lookup.find(event.conversation_id, named))
        except (NotYet, NotJudged):
            return False

    async def show(self, message: Message | Attachment, announced: Iterable[Attachment]) -> Message | None:
        """The message, or that of the attachment, as Genesys has it now."""
        conversation_id, message_id = message.conversation_id, message.message_id
        if any(attachment.shape is Shape.TUTORIAL for attachment in announced):  # it has no call but this one
            listed = await self.lookup.find_listed(conversation_id, lambda one: one.message_id == message_id)
            return next(iter(listed), None)
        return (await self.lookup.find(conversation_id, frozenset((message_id,)))).get(message_id)

    def shows(self, announced: Attachment, just_shown: Message) -> Callable[[], Awaitable[Attachment]]:
        """Whether Genesys shows it by now. `just_shown`: its message, as whoever asks this was answered a moment ago,
        which is the first answer to this question too."""
        before = [just_shown]

        async def show() -> Attachment:
            message = before.pop() if before else await self.show(announced, (announced,))
            if message is None or message.conversation_id != announced.conversation_id:
                raise not_shown("Genesys does not show the announced attachment")
            for attachment in message.attachments:
                if is_same(announced, attachment):
                    return attachment
            raise not_all_shown("Genesys does not show the announced attachment")

        return show

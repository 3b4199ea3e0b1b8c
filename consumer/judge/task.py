"""One task, from its bytes until everything that it announces is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from consumer.attempts import Patience
from consumer.errors import LastTryAhead
from consumer.identity import announcement_identity, message_identity
from consumer.judge.answers import Answer, Answers, Inspection, Resting, mark
from consumer.judge.boundary import Boundary, Subject
from consumer.judge.decoding import decoded_beside
from consumer.judge.known import Known
from consumer.judge.moving import TOO_LARGE, Homes, about, move
from consumer.judge.parts import Work, together
from consumer.judge.ports import Inspector, Organization, Reports, Terms
from consumer.judge.questions import Genesys, Questions, not_all_shown, not_shown
from consumer.judge.reading import at_home, is_elsewhere, not_shown_in, with_communication
from consumer.judge.wanted import Wanted
from consumer.model import (
    AnswerKind,
    Attachment,
    DeadReason,
    Decision,
    Event,
    LedgerEntry,
    Message,
    Replay,
    Task,
    Tries,
)
from consumer.wire import events
from consumer.wire.events import UnreadableEvent
from consumer.wire.results import encode_result


@dataclass(frozen=True, slots=True)
class Judge:
    lookup: Genesys
    inspector: Inspector
    patience: Patience
    terms: Terms
    organization: Organization
    reports: Reports
    now: Callable[[], datetime]

    async def judge(self, task: Task, answers: Answers, resting: Resting) -> None:
        """Returns when all attachments that the task names are answered. Raises nothing but a cancellation."""
        most = self.terms.dead_letter_bytes()
        boundary = Boundary(task, self.now(), self.now, answers.generation, most, self.reports)
        questions = Questions(self.lookup, self.patience.in_step(), boundary, resting)
        known = Known(answers, task.replay, task.given_up)
        wanted = Wanted(task, known, self.terms.horizon, self.reports)
        judging = _Judging(self, task, answers, questions, boundary, known, wanted, Homes(self.patience.gates))
        try:
            await judging.run()
            known.close_replay()
        except Exception as error:  # noqa: BLE001 # or one event would end the service, again and again
            known.give_dead(boundary.bug(judging.whole, error))


@dataclass(frozen=True, slots=True)
class _Judging:
    """One task while it is judged."""

    judge: Judge
    task: Task
    answers: Answers
    questions: Questions
    boundary: Boundary
    known: Known
    wanted: Wanted
    homes: Homes

    @property
    def whole(self) -> Subject:
        """The task itself, where it can't be said what it is about."""
        value = self.task.value if self.task.value is not None else (self.task.value_sha256 or "").encode()
        return Subject(self.task.source.identity_of(value), "decode")

    async def run(self) -> None:
        if self.task.value is None:
            self._dead_bytes(DeadReason.UNREADABLE, TOO_LARGE)
            return
        for item in await decoded_beside(self.task.value):
            match item:
                case Event():
                    await self._alone(item)._event(at_home(item, self.task.conversation_id))
                case UnreadableEvent():
                    self._alone(item)._dead_bytes(item.reason, item.detail)
                case events.Noise():
                    self.judge.reports.dropped(item.kind)

    def _alone(self, item: Event | UnreadableEvent) -> _Judging:
        """An element of an array that is a task as a whole is moved, and dies, alone and with its own bytes."""
        if not item.path:
            return self
        source = replace(self.task.source, path=self.task.source.path + item.path)
        task = replace(self.task, source=source, value=item.value)
        return replace(self, task=task, boundary=replace(self.boundary, task=task))

    # ---- what the event is about

    async def _event(self, event: Event) -> None:
        if self._is_foreign(event) and not await self._is_ours_after_all(event):
            return
        if not event.conversation_id:
            await self._find_its_conversation(event)
        elif not self.answers.owns(event.conversation_id):
            self._move(event.conversation_id)
        else:
            works: list[Work] = [partial(self._announced, event, message) for message in event.messages]
            if event.cut_down or (not works and self.judge.terms.looks_up_bare(event)):
                works.append(partial(self._whole_conversation, event, event.conversation_id))
            if works:
                await together(works)
            else:
                self.judge.reports.dropped("not_looked_up")

    def _is_foreign(self, event: Event) -> bool:
        if self.judge.organization.id in (None, event.organization_id) or event.organization_id is None:
            return False
        return bool(event.messages) or self.judge.terms.looks_up_bare(event)

    async def _is_ours_after_all(self, event: Event) -> bool:
        """The organisation is the record's own word: Genesys has the last one. A letter that rests on that word names
        the record, and silences nothing else."""
        known = await self.questions.ask(self.whole, lambda: self.questions.knows(event))
        if isinstance(known, Answer):
            self.known.give_dead(known)
            return False
        self.judge.reports.foreign(not known)
        if not known:
            self._dead_bytes(DeadReason.OTHER_ORGANIZATION, "an event of another Genesys organisation")
        return known

    async def _find_its_conversation(self, event: Event) -> None:
        """Whichever of its messages can tell it; if none can, each of them is dead."""
        messages = tuple(message for message in event.messages if self.wanted.message(message))
        if not messages:
            return
        first, given_up = Subject.of_message(messages[0]), all(self.known.gave_up(message) for message in messages)
        found = await self.questions.ask(first, self.questions.conversation_of(messages), given_up=given_up)
        if isinstance(found, Answer):
            for message in messages:
                self.known.give_dead(self.boundary.likewise(Subject.of_message(message), found))
        elif self.answers.owns(found):
            await self._event(at_home(replace(event, messages=messages), found))
        else:
            self._move(found, self.known.given_up_alone(messages))

    def _move(self, conversation_id: str, given_up: tuple[Replay, ...] = ()) -> None:
        if refused := move(self.task, self.answers, conversation_id, given_up):
            self._dead_bytes(*refused)

    def _elsewhere(self, found: Message) -> None:
        """Whose a message is says Genesys, and no event: it is judged where all of its conversation are, once, by what
        Genesys shows. Nothing is noted here: Genesys may say another thing there."""
        replace(self, task=about(self.task, found))._move(found.conversation_id)

    # ---- its messages

    async def _whole_conversation(self, event: Event, conversation_id: str) -> None:
        subject = Subject.of_conversation(conversation_id)
        if self.known.dead(subject.identity):
            return
        lookup, given_up = self.judge.lookup, self.known.dead(announcement_identity(conversation_id))
        listed: dict[str | tuple[str, ...], Message] = {}

        def wanted(message: Message) -> bool:
            listed[message.message_id or message.trace] = message
            return self.wanted.message(message)

        ask = partial(lookup.find_listed, conversation_id, wanted)
        found = await self.questions.ask(subject, ask, given_up=given_up)
        if isinstance(found, Answer):
            self.known.give_dead(found)
        else:
            self.judge.reports.foreign(False)
            await together([partial(self._listed, event, listed[one.message_id or one.trace], one) for one in found])

    async def _listed(self, event: Event, listed: Message, found: Message) -> None:
        """As Genesys shows it, if that is all that the conversation lists; else it is waited for as if announced."""
        shown = self.wanted.are_all_there(replace(found, announced=listed.announced))
        all_told = found.removed or not found.message_id or (shown and not self._missing(listed, found))
        if all_told and not is_elsewhere(listed, found):
            await self._found(event, found, [])
        else:
            await self._announced(event, listed)

    async def _announced(self, event: Event, announced: Message) -> None:
        """A message that the event names: found, or dead. What is answered already costs no call."""
        if not self.wanted.message(announced):
            return
        if not announced.message_id or self.judge.terms.trusts(announced):
            await self._found(event, announced, [])
            return
        subject, given_up = Subject.of_message(announced), self.known.gave_up(announced)
        found = await self.questions.ask(subject, lambda: self._find(announced), given_up=given_up)
        if isinstance(found, Answer):
            if self.wanted.message(announced):  # another task may have found it meanwhile
                self.known.give_dead(found)
            return
        self.judge.reports.foreign(False)
        if is_elsewhere(announced, found):
            self._elsewhere(found)
            return
        missing = self._missing(announced, found)
        if found.removed:  # Genesys no longer shows what was in it
            await self._found(event, self.known.with_unseen(announced, found, missing), [])
            return
        late = [partial(self._late, event, attachment, found) for attachment in missing]
        announced = replace(announced, announced=max(announced.announced, found.announced))
        if len(found.attachments) + len(missing) < announced.announced:
            late.append(partial(self._rest, event, announced, found))
        await self._found(event, found, late, announced)
        self.known.note_links(self.wanted.attachments(announced), found.attachments)

    def _missing(self, announced: Message, found: Message) -> list[Attachment]:
        return not_shown_in(found, self.wanted.attachments(announced))

    async def _find(self, announced: Message) -> Message:
        message = await self.questions.show(announced, announced.attachments)
        if message is None:
            raise not_shown("Genesys does not show the announced message")
        self.homes.check(announced, message, self.task.moves)
        if any(attachment.key is None for attachment in self.wanted.attachments(message)):
            raise not_all_shown("an attachment has neither an id nor a link yet")
        return with_communication(message, announced.communication_id)

    async def _rest(self, event: Event, announced: Message, just_shown: Message) -> None:
        """The attachments that the event counts beside those that Genesys shows: judged when they come, or dead.
        Only the event says that there are more. So the letter names the announcement: the message stays open."""
        before = [just_shown]

        async def find() -> Message:
            message = before.pop() if before else await self._find(announced)
            if len(message.attachments) < announced.announced or is_elsewhere(announced, message):
                raise not_all_shown("Genesys does not show all attachments")
            return message

        subject = replace(Subject.of_message(announced), identity=announced.counted, announcement=None)
        found = await self.questions.ask(subject, find, given_up=self.known.dead(subject.identity))
        if isinstance(found, Answer):
            self.known.give_dead(found)
        else:
            await together(self._inspections(event, self.wanted.attachments(found)))

    async def _found(self, event: Event, message: Message, late: Sequence[Work], said: Message | None = None) -> None:
        """Each attachment goes its own way: those that are there, and `late` ones that the event announced beside them.
        While Genesys does not show what was announced the message stays open.

        A message that was given up, be it while we were asking, has its answer for all of them in its dead letter.
        """
        if self.known.dead(message.identity):
            self.wanted.count(message)
            return
        judgeable = self.wanted.attachments(message, count=True)
        if message.message_id:
            await together([*self._inspections(event, judgeable), *late])
            done = all(self.known.answered(a.identity) for a in judgeable if a.identity)  # none was written again
            shown = said is None or not self.known.gave_up_some(said, message)
            if (
                done
                and shown
                and not (self.known.answered(message.identity) or self.wanted.is_old_by_the_record(message))
            ):
                self.answers.give(mark(message.identity if message.attachments or late else message.shown_empty))
                self.known.close_superseded(message)
        elif judgeable or not message.attachments:
            detail = "a message that may carry files has no id that could be one"
            self.known.give_dead(self.boundary.dead(Subject.of_message(message), DeadReason.NO_IDS, detail))

    # ---- its attachments

    def _inspections(self, event: Event, attachments: Iterable[Attachment]) -> list[Work]:
        return [partial(self._once, a, partial(self._inspect, event, a)) for a in attachments]

    async def _once(self, attachment: Attachment, inspection: Inspection) -> None:
        identity = attachment.identity
        if identity is None:
            return  # only a trusted event's: without id and link there is nothing to judge, and the API is not asked
        if self.known.settled(attachment):
            self.judge.reports.skipped("answered")
            return
        whole = message_identity(attachment.conversation_id, attachment.message_id)
        await self.answers.once(identity, whole, inspection)

    async def _late(self, event: Event, announced: Attachment, just_shown: Message) -> None:
        """Only the event says that there is such a thing: its letter names the announcement. Each task waits for
        itself: who joined one that began long ago would have what is left of its time."""
        if self.known.settled(announced):
            self.judge.reports.skipped("answered")
            return
        subject = replace(Subject.of_attachment(announced), announcement=announced.announcement)
        show, given_up = self.questions.shows(announced, just_shown), self.known.gave_up(announced)
        found = await self.questions.ask(subject, show, given_up=given_up)
        if isinstance(found, Answer):
            if not self.known.settled(announced):  # another task may have found it meanwhile
                self.known.give_dead(found)
            return
        await self._once(found, partial(self._inspect, event, found))
        self.known.note_links((announced,), (found,))

    async def _inspect(self, event: Event, attachment: Attachment, resting: Resting) -> Answer | None:
        judge, attempts, subject = self.judge, self.judge.patience.attempts(resting), Subject.of_attachment(attachment)
        tries = self.answers.tries(subject.identity, self.task)
        if tries is None:
            return None

        async def inspect() -> Answer | None:
            asked = attachment.examined(self.task.announced, tries)
            with judge.reports.inspecting():
                try:
                    verdict = await judge.inspector.inspect(asked, attempts)
                except LastTryAhead:
                    if self.answers.try_last(self.task, attachment):
                        return None
                    verdict = await judge.inspector.inspect(
                        attachment.examined(self.task.announced, Tries.LAST), attempts
                    )
            letter = self.known.letter_of(attachment)
            decision = Decision(
                attachment=attachment,
                verdict=verdict,
                source=self.task.source,
                event_time=event.time,
                decided_at=judge.now(),
                attempts=attempts.made,
                policy_version=judge.inspector.policy_version,
                replay=self.task.replay,
                supersedes=letter or self.known.superseded(attachment.conversation_id, attachment.message_id),
            )
            if letter is not None:
                self.known.close(letter)
            answer = Answer(LedgerEntry(subject.identity, AnswerKind.VERDICT), encode_result(decision), decision)
            judge.reports.judged(bug=False)
            return answer

        return await self.boundary.run(subject, attempts, inspect)

    # ---- dead ones

    def _dead_bytes(self, reason: DeadReason, detail: str) -> None:
        self.known.give_dead(self.boundary.dead(self.whole, reason, detail))

"""Which answers are there already, as one task sees them: a replay passes the one that it names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product

from consumer.identity import announcement_identity, message_identity
from consumer.judge.answers import Answer, Answers, mark, replayed
from consumer.judge.reading import announcements_of, is_same, not_shown_in, unseen_of
from consumer.model import OF_VERDICT, Attachment, Message, Replay


@dataclass(frozen=True, slots=True)
class Known:
    answers: Answers
    replay: Replay | None
    elsewhere: tuple[Replay, ...]  # dead letters that another partition knows of

    def verdict(self, identity: bytes) -> bool:
        return self.answers.generation(identity) == OF_VERDICT

    def dead(self, identity: bytes) -> bool:
        """Dead, and not the very answer that a replay names."""
        return self._is_dead(identity, self.answers.generation(identity))

    def gave_up(self, announced: Message | Attachment) -> bool:
        """Whether it was announced before, and Genesys did not know it."""
        return announced.announcement is not None and self.dead(announced.announcement)

    def gave_up_some(self, announced: Message, found: Message) -> bool:
        """Whether Genesys did not show as many attachments, or not each that was named."""
        return self.dead(announced.counted) or any(map(self.gave_up, not_shown_in(found, announced.attachments)))

    def letter_of(self, found: Attachment) -> Replay | None:
        """The dead letter of what announced it, be it by its link, when Genesys did not show it yet."""
        for identity in announcements_of(found):
            if generation := self.answers.generation(identity):
                return Replay(identity, generation)
        return None

    def superseded(self, conversation_id: str, message_id: str) -> Replay | None:
        """The dead letter of what announced a message that Genesys knows by now: of the message in its conversation,
        of the message alone, or of the conversation."""
        for named in ((conversation_id, message_id), ("", message_id), (conversation_id, "")):
            identity = announcement_identity(*named)
            if generation := self.answers.generation(identity):
                return Replay(identity, generation)
            for letter in self.elsewhere:
                if letter.identity == identity:
                    return letter
        return None

    def given_up_alone(self, messages: Iterable[Message]) -> tuple[Replay, ...]:
        """The dead letters of messages that were announced without their conversation."""
        letters = (self.superseded("", message.message_id) for message in messages)
        return tuple(letter for letter in letters if letter is not None)

    def answered(self, identity: bytes) -> bool:
        generation = self.answers.generation(identity)
        return generation == OF_VERDICT or self._is_dead(identity, generation)

    def settled(self, attachment: Attachment) -> bool:
        """By an answer of its own, or by its message's dead letter."""
        own, message = attachment.identity, message_identity(attachment.conversation_id, attachment.message_id)
        return (own is not None and self.answered(own)) or self.dead(message)

    def with_unseen(self, announced: Message, removed: Message, missing: Iterable[Attachment]) -> Message:
        """A removed message, with what the event says was in it, if that may have no answer yet."""
        is_open = any(a.identity is None or not self.answered(a.identity) for a in missing)
        if self.answered(removed.identity) or not (is_open or len(removed.attachments) < announced.announced):
            return removed
        return replace(removed, attachments=(*removed.attachments, unseen_of(removed)))

    def give_dead(self, answer: Answer) -> None:
        """Another task may have answered for it while this one was still trying."""
        if not self.answered(answer.entry.identity):
            self.answers.give(answer)

    def note_links(self, announced: Iterable[Attachment], found: Iterable[Attachment]) -> None:
        """What an event named by its link alone is answered under its id: so no repeat of the event asks for it."""
        linked = [one for one in announced if one.attachment_id is None and one.identity is not None]
        for one, shown in product(linked, found):
            answered = shown.identity is not None and self.answered(shown.identity)
            if answered and is_same(one, shown) and not self.answered(one.identity or b""):
                self.answers.give(mark(one.identity or b""))

    def close_replay(self) -> None:
        """To be called once the task is judged: the dead answer that its replay named is open no more."""
        if self.replay is not None:
            self.close(self.replay)

    def close_superseded(self, message: Message) -> None:
        """To be called once all of the message is answered: so is what its announcement was given up for."""
        letter = self.superseded(message.conversation_id, message.message_id)
        if letter is not None:
            self.close(letter)
        for count in range(1, len(message.attachments) + 1):  # as many as an event counted are there by now
            identity = announcement_identity(message.conversation_id, message.message_id, count)
            if generation := self.answers.generation(identity):
                self.close(Replay(identity, generation))

    def _is_dead(self, identity: bytes, generation: int | None) -> bool:
        return bool(generation) and self.replay != Replay(identity, generation or 0)

    def close(self, letter: Replay) -> None:
        """It is open no more."""
        if self.answers.generation(letter.identity) == letter.generation:
            self.answers.give(replayed(letter))

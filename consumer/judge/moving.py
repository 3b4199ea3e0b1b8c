"""Tasks that go on in another partition, where their conversation is at home."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import orjson

from consumer.attempts import Gates
from consumer.errors import Unavailable
from consumer.judge.answers import Answers
from consumer.judge.reading import is_elsewhere
from consumer.model import DeadReason, Dependency, Message, Replay, Settled, Task
from consumer.model.heard import Asked

TOO_LARGE = "larger than the tasks topic takes"
MAX_MOVES = 3  # at once: a message has one conversation
MOST_MOVES = 10  # in all: each beyond those Genesys has to say twice, while it is well about others
AT_HOME = "messages at home"  # in place of a call's name: answered with a message of the conversation that was asked


def move(
    task: Task, answers: Answers, conversation_id: str, given_up: tuple[Replay, ...] = ()
) -> tuple[DeadReason, str] | None:
    """Why it can't be moved there; None once it is."""
    if task.moves >= MOST_MOVES:
        return DeadReason.UNAVAILABLE, f"moved {task.moves} times and never at home"
    if not answers.move(replace(task, given_up=given_up), conversation_id):
        return DeadReason.UNREADABLE, TOO_LARGE
    return None


def about(task: Task, message: Message) -> Task:
    """The same task with nothing in it but this message, in the conversation that Genesys says."""
    value = orjson.dumps({"conversationId": message.conversation_id, "messageId": message.message_id})
    return replace(task, value=value)


@dataclass(frozen=True, slots=True)
class Homes:
    """Where messages are at home, as Genesys says. What names another conversation each time is no answer."""

    gates: Gates
    _named: dict[str, tuple[str, int]] = field(default_factory=dict, init=False)  # by message, and when

    def check(self, announced: Message, found: Message, moves: int) -> None:
        """Raises `Unavailable` if the message has moved often enough, unless Genesys says the same conversation again,
        and found another message at home meanwhile."""
        asked = Asked(AT_HOME, announced.conversation_id)
        if not is_elsewhere(announced, found):
            self.gates[Dependency.API].answered(asked)
        elif MAX_MOVES <= moves < MOST_MOVES:  # who has moved more often, or says so, does not even wait
            heard, named = self.gates.heard, found.conversation_id
            before, since = self._named.get(announced.message_id, ("", 0))
            self._named[announced.message_id] = named, heard.now
            if named != before or not heard.is_own(asked, since):
                detail = "Genesys names another conversation of the message each time"
                settled = Settled("messages", "not_genesys")
                raise Unavailable(Dependency.API, detail, asked=asked, settled=settled)

"""Tasks that go on in another partition, where their conversation is at home."""

from __future__ import annotations

from dataclasses import replace

import orjson

from consumer.judge.answers import Answers
from consumer.model import DeadReason, Message, Replay, Task

TOO_LARGE = "larger than the tasks topic takes"
MAX_MOVES = 3  # a conversation has one key: a task that keeps moving is a bug of ours


def move(
    task: Task, answers: Answers, conversation_id: str, given_up: tuple[Replay, ...] = ()
) -> tuple[DeadReason, str] | None:
    """Why it can't be moved there; None once it is."""
    if task.moves >= MAX_MOVES:
        return DeadReason.BUG, f"moved {task.moves} times and never at home"
    if not answers.move(replace(task, given_up=given_up), conversation_id):
        return DeadReason.UNREADABLE, TOO_LARGE
    return None


def about(task: Task, message: Message) -> Task:
    """The same task with nothing in it but this message, in the conversation that Genesys says."""
    value = orjson.dumps({"conversationId": message.conversation_id, "messageId": message.message_id})
    return replace(task, value=value)

"""Answers about what was asked for, by its id, that lack what they are asked for: a stub, or a store that is behind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.ill import clock
from tests.ill.cloud import Part
from tests.ill.test_ill_answers import always, play

Json = dict[str, Any]


def only(*names: str) -> Part:
    return lambda said: {name: said[name] for name in names if name in said}


def without(name: str, instead: object = None) -> Part:
    return lambda said: {**said, name: instead}


def normalized(**fields: object) -> Part:
    return lambda said: {**said, "normalizedMessage": {**said["normalizedMessage"], **fields}}


def each(of_message: Part) -> Part:
    return lambda said: {"entities": [of_message(entity) for entity in said["entities"]]}


MESSAGES: dict[str, Part] = {
    "its id": only("id"),
    "its ids": only("id", "conversationId"),
    "null": without("normalizedMessage"),
    "nothing normalized": without("normalizedMessage", {}),
    "a text": without("normalizedMessage", "x"),
    "no type and no content": normalized(type=None, content=None),
    "content that is no list": normalized(content={}),
    "content that is null": normalized(content=[None]),
}
CALLS: dict[str, Callable[[Part], Part]] = {"bulk": each, "message": lambda part: part}
CONVERSATIONS: dict[str, Part] = {
    "its id": only("id"),
    "null": without("participants"),
    "nobody": without("participants", []),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_that_does_not_say_what_is_in_it_is_waited_for(call: str, name: str) -> None:
    clock.run(partial(play, always({call}, CALLS[call](MESSAGES[name]))))


@pytest.mark.parametrize("part", CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_a_conversation_without_anybody_in_it_is_waited_for(part: Part) -> None:
    clock.run(partial(play, always({"conversation"}, part)))


@pytest.mark.parametrize("named", [None, ""])
def test_a_message_that_does_not_say_of_which_conversation_it_is_is_waited_for(named: str | None) -> None:
    clock.run(partial(play, always({"details"}, without("conversationId", named))))

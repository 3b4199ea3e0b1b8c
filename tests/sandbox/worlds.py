"""Small worlds for the emulator's tests: a file of a named case, in a message, in a conversation."""

from __future__ import annotations

from dataclasses import replace

from consumer.sandbox.cases import CASES
from consumer.sandbox.files import dice
from consumer.sandbox.plan import Dealer
from consumer.sandbox.world import Conversation, SentFile, SentMessage, World

CONVERSATION = "f3d0ab2e-7f1c-4f0b-9a55-1f0c8d1f2a10"
COMMUNICATION = "c1b9e0a4-5a3f-4a53-9d43-6f7f2f6f0001"
CUSTOMER = "0a5d7c7e-41a3-4b1c-8f59-2f3a4d8d0001"
AGENT = "0a5d7c7e-41a3-4b1c-8f59-2f3a4d8d0002"
MESSAGE = "5c1f9f8d0a4b6a0f2f1c0f1f3a9d7e21"


def file_of(case: str) -> SentFile:
    return Dealer(dice("tests", case)).file(next(one for one in CASES if one.name == case))


def talk_with(*files: SentFile) -> Conversation:
    message = SentMessage(CONVERSATION, MESSAGE, files, "here is my form")
    return Conversation(CONVERSATION, COMMUNICATION, CUSTOMER, AGENT, (message,))


def world_with(*cases: str) -> World:
    return World([talk_with(*map(file_of, cases))])


def legacy(talk: Conversation) -> Conversation:
    return replace(talk, messages=tuple(replace(message, legacy=True) for message in talk.messages))

"""Small traffic made by hand: conversations of one message, each announced by its ids as often as wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import orjson

from consumer.kafka.client import partition_of
from consumer.model import DeadReason
from consumer.sandbox.cases import ACCEPTED, CASES, Case, Delivery, Due, ExpectedOutcome
from consumer.sandbox.envelopes import random_uuid
from consumer.sandbox.expectation import Expectation, Expected, of_world
from consumer.sandbox.files import dice
from consumer.sandbox.plan import Dealer
from consumer.sandbox.traffic import InputRecord, Traffic
from consumer.sandbox.world import Conversation, SentFile, SentMessage, World

GOOD = next(case for case in CASES if case.name == "genuine")
DEAD = Due(ExpectedOutcome.DEAD, DeadReason.UNAVAILABLE.value)
STUCK = Case("stuck", ACCEPTED, ("txt",), delivery=Delivery(seconds=36_000.0))  # an hour for each of its pieces


class Maker:
    """Conversations, the same ones for the same seed."""

    def __init__(self, seed: str, partitions: int) -> None:
        self._rng = dice("crafted", seed)
        self._dealer = Dealer(dice("crafted files", seed))
        self._partitions = partitions

    def talk(self, *cases: Case, partition: int | None = None, failing: bool = False) -> Conversation:
        """One message with a file of each case; its tasks go to `partition`, if one is named."""
        while True:
            conversation = random_uuid(self._rng)
            if partition in (None, partition_of(conversation.encode(), self._partitions)):
                break
        files = tuple(self._dealer.file(case) for case in cases)
        message = SentMessage(conversation, self._rng.randbytes(16).hex(), files)
        one, two, three = (random_uuid(self._rng) for _ in range(3))
        return Conversation(conversation, one, two, three, messages=(message,), failing=failing)

    def talks(self, count: int, partition: int | None = None) -> list[Conversation]:
        return [self.talk(GOOD, partition=partition) for _ in range(count)]


def traffic_of(talks: Sequence[Conversation], order: Iterable[Conversation] | None = None) -> Traffic:
    """`order` says what is announced when, if not each of `talks` once. Failing ones must end as dead letters."""
    world = World(list(talks))
    sane = World([talk for talk in talks if not talk.failing], world.now)
    answers = [*of_world(sane), *(_dead(talk) for talk in talks if talk.failing)]
    records = tuple(map(announced, talks if order is None else order))
    return Traffic(world, records, Expectation(len(records), 0, tuple(answers)))


def announced(talk: Conversation) -> InputRecord:
    value = {"conversationId": talk.conversation_id, "messageId": talk.messages[0].message_id}
    return InputRecord(talk.conversation_id.encode(), orjson.dumps(value), slot=0)


def _dead(talk: Conversation) -> Expected:
    message = talk.messages[0]
    reason = DeadReason.UNAVAILABLE.value
    return Expected(
        message.identity.hex(), ExpectedOutcome.DEAD, reason, "failing", (), talk.conversation_id, message.message_id
    )


def release(world: World, file: SentFile) -> None:
    """From its next delivery on a stuck file comes at once."""
    message, _ = world.files[file.download_id]
    world.files[file.download_id] = message, replace(file, case=replace(file.case, delivery=Delivery()))


def poison(name: str, delivery: Delivery) -> Case:
    return Case(name, DEAD, ("pdf",), delivery=delivery)

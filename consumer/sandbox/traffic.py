"""The traffic of a seed: records for the input topic, with repeats, noise and rubbish, and the answers to come."""

from __future__ import annotations

import random
import zlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer

from consumer.kafka.client import client_options
from consumer.kafka.closing import close
from consumer.model import Direction, Reason
from consumer.sandbox.announcements import KINDS, announce, noise, unreadable
from consumer.sandbox.cases import ExpectedOutcome
from consumer.sandbox.expectation import Expectation, Expected, of_world
from consumer.sandbox.files import dice
from consumer.sandbox.plan import NOISE, REPEATS, UNREADABLE, plan_world
from consumer.sandbox.world import Conversation, World
from consumer.settings.model import KafkaSettings

EARLY = 0.2  # what takes long is sent in this first part, so that nothing waits for it at the end
AT_THE_END = 2.0  # behind all that is sent between 0 and 1, or again


@dataclass(frozen=True, slots=True)
class InputRecord:
    """For the input topic; it goes to partition `slot` modulo their number. `events` is how many an array holds."""

    key: bytes | None
    value: bytes | None
    slot: int
    events: int = 1


@dataclass(frozen=True, slots=True)
class Traffic:
    world: World
    records: tuple[InputRecord, ...]
    expectation: Expectation
    last: tuple[str, ...] = ()
    """Conversations of one good file each, that the last records announce: doubtful files wait until another's came."""

    @property
    def first(self) -> int:
        """How many records come before the last ones."""
        return len(self.records) - len(self.last)


@dataclass(frozen=True, slots=True)
class _Fresh:
    at: float  # when it is sent: 0 is the first, 1 the last
    talk: Conversation
    upto: int
    event: Any


def plan_traffic(events: int, seed: int, now: datetime | None = None, *, antivirus: bool = False) -> Traffic:
    """Pure but for `now`, from which messages are dated back: the same numbers give the same ids and answers."""
    world = plan_world(events, seed, now)
    rng = dice("traffic", events, seed)
    fresh = list(_fresh(world, rng))
    timed: list[tuple[float, InputRecord]] = [(one.at, _record(one.talk.conversation_id, one.event)) for one in fresh]
    usual = [one for one in fresh if not one.talk.last]
    timed += _repeats(world, usual, round(events * REPEATS), rng)
    talks = [talk for talk in world.conversations.values() if not talk.last]
    for _ in range(round(events * NOISE)):
        talk = rng.choice(talks)
        timed.append((rng.random(), _record(talk.conversation_id, noise(world, talk, rng))))
    answers: list[Expected] = list(of_world(world, antivirus=antivirus))
    for number in range(round(events * UNREADABLE)):
        value, expected = unreadable(number if number < len(KINDS) else number % (len(KINDS) - 1) + 1, rng)
        answers.append(expected)
        timed.append((rng.random(), InputRecord(rng.choice([None, b"", b"\xff\x00"]), value, rng.randrange(2**16))))
    timed.sort(key=lambda entry: entry[0])
    last = tuple(talk.conversation_id for talk in world.conversations.values() if talk.last)
    return Traffic(world, tuple(record for _, record in timed), Expectation(events, seed, tuple(answers)), last)


def _fresh(world: World, rng: random.Random) -> Iterator[_Fresh]:
    """Each inbound message once, in its conversation's order."""
    for talk in world.conversations.values():
        at = rng.uniform(0, EARLY if _takes_long(talk) else 0.7)
        inbound = [n for n, message in enumerate(talk.messages) if message.direction is not Direction.OUTBOUND]
        for upto in inbound or [0]:
            yield _Fresh(AT_THE_END if talk.last else at, talk, upto, announce(world, talk, upto, rng))
            at += rng.uniform(0, 0.02 if _takes_long(talk) else 0.1)


def _takes_long(talk: Conversation) -> bool:
    files = [file for message in talk.messages for file in message.files]
    lost = any(file.case.answer.outcome is ExpectedOutcome.DEAD for file in files)
    odd = not talk.known or not talk.readable or any(not m.known or m.ghosts for m in talk.messages)
    # Bytes that are not the store's settle nothing until others are delivered.
    doubtful = any(file.case.is_doubtful or file.case.answer.reason == Reason.HTML_PAGE for file in files)
    cut = any(file.case.delivery.cuts > 1 for file in files)
    return lost or odd or doubtful or cut


def _record(key: str, event: Any, slot: int | None = None) -> InputRecord:
    return InputRecord(key.encode(), orjson.dumps(event), zlib.crc32(key.encode()) if slot is None else slot)


def _repeats(world: World, fresh: list[_Fresh], count: int, rng: random.Random) -> Iterator[tuple[float, InputRecord]]:
    """Events that come again: half of them where their conversation's key does not lead, or inside an array."""
    array: list[_Fresh] = []
    for _ in range(count):
        one = rng.choice(fresh)
        same = rng.random() < 0.5
        event = one.event if same else announce(world, one.talk, one.upto, rng)
        again = _Fresh(one.at + rng.uniform(0, 0.3), one.talk, one.upto, event)
        key = one.talk.conversation_id
        place = rng.choice(["same", "same", "same", "partition", "key", "array"])
        if place == "array":
            array.append(again)
            if len(array) >= rng.randint(2, 5):
                yield _bundle(array)
                array = []
        elif place == "partition":
            yield again.at, _record(key, event, zlib.crc32(key.encode()) + rng.randint(1, 7))
        elif place == "key":
            yield again.at, _record(f"agent-{rng.randrange(40)}", event)
        else:
            yield again.at, _record(key, event)
    if array:
        yield _bundle(array)


def _bundle(parts: list[_Fresh]) -> tuple[float, InputRecord]:
    value = orjson.dumps([part.event for part in parts])
    slot = zlib.crc32("".join(part.talk.conversation_id for part in parts).encode())
    return max(part.at for part in parts), InputRecord(None, value, slot, len(parts))


async def write(
    records: tuple[InputRecord, ...],
    kafka: KafkaSettings,
    topic: str,
    *,
    pause: Callable[[int], Awaitable[None]] | None = None,
) -> int:
    """`publish` by a producer of its own. What it counts has been taken by all replicas, and once: a service that does
    not answer it is at fault."""
    producer = AIOKafkaProducer(**client_options(kafka), acks="all", enable_idempotence=True, linger_ms=5)
    try:
        await producer.start()
        return await publish(records, producer, topic, pause=pause)
    finally:
        await close(producer)  # one that did not start has to be stopped as well


async def publish(
    records: tuple[InputRecord, ...],
    producer: AIOKafkaProducer,
    topic: str,
    *,
    pause: Callable[[int], Awaitable[None]] | None = None,
) -> int:
    """Writes the records in their order, each to its partition; how many were acknowledged.

    `pause` is awaited before each record with its number, for callers that want them spread over time.
    """
    partitions = sorted(await producer.partitions_for(topic))
    sent = []
    for number, record in enumerate(records):
        if pause is not None:
            await pause(number)
        partition = partitions[record.slot % len(partitions)]
        sent.append(await producer.send(topic, record.value, record.key, partition))
    for acknowledged in sent:
        await acknowledged
    return len(sent)

"""The world of a seed: which conversations, messages and files there are. Pure: same numbers, same world."""

from __future__ import annotations

import hashlib
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from consumer.model import Direction, Kind
from consumer.sandbox.cases import CASES, GOOD, Case
from consumer.sandbox.envelopes import random_uuid
from consumer.sandbox.files import MIME, build, dice
from consumer.sandbox.media import WORDS
from consumer.sandbox.world import Conversation, SentFile, SentMessage, World

REPEATS, NOISE, UNREADABLE = 0.30, 0.10, 0.03  # of all events
EXTENSIONS = {"jpeg": "jpg"}
GENUINE_CASE = GOOD[0]
LAST, LAST_SHARE = 3, 0.25  # good files that come last, and of how few messages they are so many at most


def fresh_events(events: int) -> int:
    """How many of `events` announce something new: one message each."""
    return max(1, events - round(events * REPEATS) - round(events * NOISE) - round(events * UNREADABLE))


def plan_world(events: int, seed: int, now: datetime | None = None) -> World:
    """As many messages as there are fresh events; the odd conversations first, then every case once, then by weight,
    and a few good ones for the end."""
    last = min(LAST, int(LAST_SHARE * fresh_events(events)))
    room = fresh_events(events) - last
    rng = dice("world", seed)
    dealer = Dealer(dice("files", seed))
    talks: list[Conversation] = []
    for talk in _conversations(rng, dealer):
        messages = [message for message in talk.messages if message.direction is not Direction.OUTBOUND]
        used = max(1, len(messages))
        if used > room:
            talk = replace(talk, messages=tuple(messages[:room]))
            used = room
        room -= used
        talks.append(talk)
        if room == 0:
            break
    return World([*talks, *(_last(rng, dealer) for _ in range(last))], now)


class Dealer:
    """Deals files: each case once, in a random order, and then by weight."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._once = deque(rng.sample(CASES, len(CASES)))
        self._weights = [case.weight for case in CASES]

    def deal(self) -> SentFile:
        case = self._once.popleft() if self._once else self._rng.choices(CASES, self._weights)[0]
        return self.file(case)

    def file(self, case: Case, recipe: str | None = None) -> SentFile:
        """A file of the case, by one of its recipes."""
        rng = self._rng
        recipe = recipe or rng.choice(case.recipes)
        seed = rng.randrange(2**32)
        attachment_id = random_uuid(rng)
        extension = case.extension or recipe
        return SentFile(
            case=case,
            recipe=recipe,
            seed=seed,
            attachment_id=attachment_id if case.names_itself else None,
            download_id=rng.randbytes(8).hex(),
            name=case.file_name or f"{'-'.join(rng.choices(WORDS, k=2))}.{EXTENSIONS.get(extension, extension)}",
            mime=case.mime or MIME[recipe],
            kind=case.kind or _kind(case.mime or MIME[recipe]),
            declared_size=_size(case, recipe, seed),
            declared_sha256=_sha256(case, recipe, seed),
        )


def _size(case: Case, recipe: str, seed: int) -> int | None:
    return len(build(recipe, seed)) if case.size == "true" else case.size


def _sha256(case: Case, recipe: str, seed: int) -> str | None:
    if case.sha256 is None:
        return None
    counted = hashlib.sha256(build(recipe, seed)).hexdigest()
    return counted if case.sha256 == "true" else hashlib.sha256(counted.encode()).hexdigest()


def _kind(mime: str) -> Kind:
    return Kind.IMAGE if mime.startswith("image/") else Kind.FILE


def _conversations(rng: random.Random, dealer: Dealer) -> Iterator[Conversation]:
    yield from _odd(rng, dealer)
    while True:
        yield _usual(rng, dealer)


def _odd(rng: random.Random, dealer: Dealer) -> Iterator[Conversation]:
    """What is special about a whole conversation or message, once each."""
    good = dealer.file

    talk = _talk(rng)
    yield replace(talk, messages=(replace(_message(rng, talk, good(GENUINE_CASE)), removed=True),))
    talk = _talk(rng)
    yield replace(talk, messages=(_message(rng, talk, good(GENUINE_CASE)),), readable=False)
    talk = _talk(rng)
    yield replace(talk, known=False)
    talk = _talk(rng)
    yield replace(talk, messages=(replace(_message(rng, talk, good(GENUINE_CASE)), known=False),))
    talk = _talk(rng)
    real = _message(rng, talk, good(GENUINE_CASE))
    yield replace(talk, messages=(replace(real, ghosts=(good(GENUINE_CASE),)),))
    talk = _talk(rng)
    sent = replace(_message(rng, talk, good(GENUINE_CASE)), direction=Direction.OUTBOUND)
    yield replace(talk, messages=(_message(rng, talk, good(GENUINE_CASE)), sent))
    for _ in range(2):
        talk = _talk(rng)
        files = [good(GENUINE_CASE) for _ in range(2)]
        yield replace(talk, messages=(_message(rng, talk, *files),), tutorial=True)


def _usual(rng: random.Random, dealer: Dealer) -> Conversation:
    talk = _talk(rng)
    messages = []
    for _ in range(rng.choices((1, 2, 3, 4), (4, 3, 2, 1))[0]):
        files = [dealer.deal() for _ in range(rng.choices((1, 2, 3), (6, 3, 1))[0])]
        messages.append(_message(rng, talk, *files))
    unsure = any(file.case.delivery.upload_fails or file.case.delivery.uploading for m in messages for file in m.files)
    return replace(talk, messages=tuple(messages), snapshots_only=unsure)


def _last(rng: random.Random, dealer: Dealer) -> Conversation:
    talk = _talk(rng)
    return replace(talk, messages=(_message(rng, talk, dealer.file(GENUINE_CASE)),), last=True)


def _talk(rng: random.Random) -> Conversation:
    return Conversation(random_uuid(rng), random_uuid(rng), random_uuid(rng), random_uuid(rng))


def _message(rng: random.Random, talk: Conversation, *files: SentFile) -> SentMessage:
    return SentMessage(
        conversation_id=talk.conversation_id,
        message_id=rng.randbytes(16).hex(),
        files=files,
        text=" ".join(rng.choices(WORDS, k=3)),
        legacy=rng.random() < 0.3,
        age_s=rng.uniform(1_200, 36_000),
    )

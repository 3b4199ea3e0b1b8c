"""A tasks partition without Kafka: the real assignment with its outbox, flights and ledger, and Genesys as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import anyio
import anyio.lowlevel
import orjson
from aiokafka import ConsumerRecord
from anyio.abc import TaskGroup

from consumer.attempts import Attempts, Backoff, Gates, Patience, Repeats
from consumer.errors import NotJudged, NotYet
from consumer.identity import attachment_key
from consumer.judge.answers import Answer
from consumer.judge.ports import Terms
from consumer.judge.task import Judge
from consumer.model import (
    Attachment,
    DeadReason,
    Dependency,
    Message,
    Reason,
    Rejected,
    Replay,
    Source,
    Task,
    Tries,
    Verdict,
)
from consumer.settings.model import KafkaSettings, LimitSettings, TopicSettings
from consumer.stream.ledger import Ledger
from consumer.stream.trust import Trust
from consumer.stream.window import Window
from consumer.wire.results import Output
from consumer.wire.signatures import UNSIGNED
from consumer.wire.tasks import encode_task
from tests.reports import Recorder
from tests.stream.harness import make_stream

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
CONVERSATION = "11111111-1111-4111-8111-111111111111"


def attachment(name: str, message: str = "m1", **fields: Any) -> Attachment:
    return Attachment(CONVERSATION, message, name, attachment_key(name, None, None), **fields)


def message(name: str = "m1", *attachments: Attachment, **fields: Any) -> Message:
    return Message(CONVERSATION, name, attachments, announces_media=True, **fields)


def event(attachments: list[str], message: str = "m1", conversation: str = CONVERSATION) -> bytes:
    """A conversation event that announces one message with these attachments."""
    media = [{"id": name, "url": f"https://api.mypurecloud.com/api/v2/downloads/{name}"} for name in attachments]
    said = {"messageId": message, "messageMetadata": {"type": "Structured"}, "media": media}
    return orjson.dumps({"id": conversation, "participants": [{"messages": [{"id": "comm", "messages": [said]}]}]})


class Genesys:
    """The messages that there are. `before` runs before each answer, and may wait or raise.

    A message is listed as it is, unless `listings` says how; `read` holds those that were read in full.
    """

    def __init__(self, *messages: Message) -> None:
        self.messages = {m.message_id: m for m in messages}
        self.listings: dict[str, Message] = {}
        self.read: list[str] = []
        self.conversations: dict[str, str] = {}
        self.forbidden: set[str] = set()  # messages
        self.unknown: set[str] = set()  # conversations
        self.careless = False  # it finds a message in whichever conversation it is asked for
        self.calls = 0
        self.before: Callable[[int], Awaitable[None]] = _nothing

    async def find(self, conversation_id: str, message_ids: frozenset[str]) -> dict[str, Message]:
        self.calls += 1
        await self.before(self.calls)
        if message_ids & self.forbidden:
            raise NotJudged(DeadReason.FORBIDDEN, "not this one")
        messages = self.messages.values()
        ours = {m.message_id: m for m in messages if self.careless or m.conversation_id == conversation_id}
        return {name: m for name, m in ours.items() if name in message_ids}

    async def find_listed(self, conversation_id: str, wanted: Callable[[Message], bool]) -> list[Message]:
        self.calls += 1
        await self.before(self.calls)
        if conversation_id in self.unknown:
            raise NotYet(Dependency.API, "unknown", dead=DeadReason.NOT_FOUND)
        messages = self.messages.values()
        ours = [m for m in messages if self.careless or m.conversation_id == conversation_id]
        chosen = [m for m in ours if wanted(self.listings.get(m.message_id, m))]
        self.read += [m.message_id for m in chosen]
        return chosen

    async def conversation_of(self, message_id: str) -> str:
        self.calls += 1
        await self.before(self.calls)
        if message_id not in self.conversations:
            raise NotYet(Dependency.API, "unknown", dead=DeadReason.NOT_FOUND)
        return self.conversations[message_id]


TERMS = Terms(timedelta(days=35), lambda: 1_000_000, lambda event: True, lambda message: False)


class Unknown:
    """The organisation, as long as nobody told which it is."""

    id: str | None = None


class Inspecting:
    """Rejects everything as empty, once `before` has returned."""

    policy_version = "1"

    def __init__(self) -> None:
        self.begun: Counter[str | None] = Counter()
        self.tries: list[Tries] = []
        self.before: Callable[[str | None, Attempts], Awaitable[None]] = _nothing

    async def inspect(self, attachment: Attachment, attempt: Attempts) -> Verdict:
        self.begun[attachment.attachment_id] += 1
        self.tries.append(attachment.tries)
        await self.before(attachment.attachment_id, attempt)
        return Rejected(Reason.EMPTY, "it is empty")


async def _nothing(*_: object) -> None:
    await anyio.lowlevel.checkpoint()


class Home:
    """One partition, its judge, and what came out of it."""

    def __init__(self, genesys: Genesys, partitions: int = 1, limits: LimitSettings | None = None) -> None:
        self.genesys, self.inspecting = genesys, Inspecting()
        self.reports = Recorder()
        self.waited: list[float] = []
        self.waits: anyio.Event | None = None  # for which whatever waits for a time waits; None: no time passes
        self.gates = gates = Gates(failures=5, probe_s=1, probe_max_s=30, probes={}, reports=self.reports)
        backoff = Backoff(attempts=4, over_s=7, jitter=lambda: 0.0)
        self.per_minute = 1_000_000
        self.repeats = Repeats(lambda: self.per_minute, jitter=lambda of: 0.0)
        patience = Patience(
            gates, backoff, 10, self.repeats, self.reports, sleep=self._sleep, clock=lambda: sum(self.waited)
        )
        self.judge = Judge(
            lookup=genesys,
            inspector=self.inspecting,
            patience=patience,
            terms=TERMS,
            organization=Unknown(),
            reports=self.reports,
            now=lambda: NOW,
        )
        self.published: list[Answer] = []
        self.moved: list[Any] = []
        self._ledger = Ledger(35)
        self._commits = 0
        self._offset = -1
        topics = TopicSettings(partitions=partitions)
        kafka = KafkaSettings(bootstrap_servers="127.0.0.1:9")
        crowd = patience.crowd
        stream = make_stream(self.judge.judge, kafka, topics, reports=self.reports, limits=limits, crowd=crowd)
        stream._consumer, stream._ledgers = cast("Any", None), {0: self._ledger}
        stream._trust = {0: Trust(UNSIGNED, topics.ledger, 0, topics.ledger_days)}
        self.room, self.assignment = stream.room, stream._assignment(0)

    @property
    def bugs(self) -> list[bool]:
        """Of each verdict and each bug, in order."""
        return self.reports.of("judged")

    @property
    def skipped(self) -> Counter[str]:
        counted: Counter[str] = Counter()
        for cause, attachments in self.reports.of("skipped"):
            counted[cause] += attachments
        return counted

    @property
    def backoffs(self) -> list[float]:
        """The waits between attempts, without those for others that share a call."""
        return [seconds for seconds in self.waited if seconds >= 1.0]

    async def _sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        await (self.waits.wait() if self.waits else anyio.lowlevel.checkpoint())

    def poll(self, group: TaskGroup, values: list[tuple[str, bytes]]) -> None:
        """Tasks of conversations, as the stream hands them over: they go on in `group`."""
        self.assignment._tasks, self.assignment.window = group, self.assignment.window or Window(0)
        for conversation, value in values:
            self._offset += 1
            headers: Any = tuple(encode_task(Task(Source("events", 0, self._offset, NOW_MS), value, taken_ms=NOW_MS)))
            record = ConsumerRecord(
                "tasks", 0, self._offset, NOW_MS, 0, conversation.encode(), value, None, 0, len(value), headers
            )
            self.assignment.take(record)

    async def take(self, value: bytes | None, **fields: Any) -> None:
        """One task, until it is settled."""
        task = Task(Source("events", 0, 7, NOW_MS), value, taken_ms=NOW_MS)
        await self.judge.judge(replace(task, **fields), self.assignment, nullcontext)

    def owns(self, conversation: str) -> bool:
        return self.assignment.owns(conversation)

    def commit(self) -> None:
        """What a tick does with the outbox, but for Kafka."""
        batch = self.assignment._outbox.take()
        self._commits += 1
        for answer in batch.answers:
            self._ledger.add(answer.entry, NOW_MS + self._commits)
        self.assignment._outbox.committed(batch)
        self.published.extend(answer for answer in batch.answers if answer.outgoing is not None)
        self.moved.extend(batch.moved)

    @property
    def verdicts(self) -> list[str]:
        self.commit()
        return sorted(str(a.decision.attachment.attachment_id) for a in self.published if a.decision is not None)

    @property
    def letters(self) -> list[tuple[str, str, int]]:
        """Reason, whose it is, and the generation, of each dead letter."""
        self.commit()
        found = [a.letter for a in self.published if a.outgoing and a.outgoing.output is Output.DEAD_LETTER]
        named = [(x, x.attachment_id or x.message_id or x.conversation_id or "bytes") for x in found if x is not None]
        return [(x.reason.value, name, x.generation) for x, name in named]

    @property
    def open_letters(self) -> int:
        """That were neither replayed nor answered later, as the ledger tells."""
        self.commit()
        return self._ledger.open_for(30, NOW.timestamp())[0]

    def replay(self) -> Replay:
        """Of the last dead letter."""
        self.commit()
        last = next(a for a in reversed(self.published) if a.letter is not None)
        return Replay(last.entry.identity, last.entry.generation)


@asynccontextmanager
async def at_home(*messages: Message, partitions: int = 1, limits: LimitSettings | None = None) -> AsyncIterator[Home]:
    home = Home(Genesys(*messages), partitions, limits)
    async with anyio.create_task_group() as group:
        yield home
        group.cancel_scope.cancel()

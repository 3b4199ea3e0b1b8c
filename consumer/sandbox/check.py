"""Compares what came out with what had to: a `read_committed` reader of the three output topics, and its score."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import orjson
from aiokafka import AIOKafkaConsumer

from consumer.identity import conversation_identity, message_identity
from consumer.kafka.client import consumer_options
from consumer.kafka.closing import close
from consumer.sandbox.cases import ExpectedOutcome
from consumer.sandbox.expectation import Expectation, Expected, value_id
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.wire.results import Output

SHOWN = 20  # of each list in a tally
POLL_MS = 250
SETTLED_S = 1.0
Headers = Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Came:
    """One record of an output topic: an answer."""

    id: str
    outcome: ExpectedOutcome
    reason: str | None
    where: str  # topic, partition and offset


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts; of what is not as it must be, the first few in words."""

    expected: int
    published: int
    accepted: int
    rejected: int
    dead_lettered: int
    by_reason: dict[str, int]
    missing: int
    duplicated: int
    wrong: int
    which: dict[str, list[str]] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        return not (self.missing or self.duplicated or self.wrong)


@dataclass(slots=True)
class _Faults:
    missing: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Score:
    """Takes answers as they come; can be asked at any time."""

    def __init__(self, expectation: Expectation) -> None:
        self._expected: dict[str, list[Expected]] = defaultdict(list)
        self._around: dict[str, list[Expected]] = defaultdict(list)  # by what a dead letter may carry instead
        for answer in expectation.answers:
            self._expected[answer.id].append(answer)
            for other in _around(answer):
                self._around[other].append(answer)
        self._total = len(expectation.answers)
        self._came: dict[str, list[Came]] = defaultdict(list)
        self._read: set[str] = set()  # where records were
        self.by_row: Counter[tuple[ExpectedOutcome, str]] = Counter()  # by outcome and reason
        self.replayed = 0

    def take(self, output: Output, value: bytes | None, headers: Headers, where: str = "") -> None:
        """An answer that an operator's replay added is counted apart: it is a second one on purpose. `where` names the
        record: one that is read twice was not written twice."""
        if where and where in self._read:
            return
        self._read.add(where)
        came, replayed = self._dead(value, headers, where) if output is Output.DEAD_LETTER else _result(value, where)
        if replayed:
            self.replayed += 1
            return
        self._came[came.id].append(came)
        self.by_row[came.outcome, came.reason or ""] += 1

    def _dead(self, value: bytes | None, headers: Headers, where: str) -> tuple[Came, bool]:
        """Ours are the last of their names, behind what the original record may have carried."""
        ours = {
            name: (content or b"").decode("utf-8", "replace") for name, content in headers if name.startswith("dlq.")
        }
        known = ours.get("dlq.id", "")
        if known not in self._expected and known not in self._around:
            known = f"sha256:{ours['dlq.value-sha256']}" if ours.get("dlq.value-sha256") else value_id(value)
        came = Came(known, ExpectedOutcome.DEAD, ours.get("dlq.reason"), where)
        return came, ours.get("dlq.generation", "1") != "1"

    def tally(self) -> Tally:
        """Walks through everything; for thousands of answers some milliseconds."""
        faults = _Faults()
        explained = set(self._expected)
        for known, answers in self._expected.items():
            own = self._came.get(known, [])
            again = own[len(answers) :]
            faults.duplicated += [f"{_named(answers[0])}: at {own[0].where}, again at {came.where}" for came in again]
            faults.wrong += [_differs(answers[0], came) for came in own if not _fits(answers[0], came)]
            for answer in answers[len(own) :]:
                covering = self._covering(answer)
                explained.update(came.id for came in covering)
                faults.missing += [] if covering else [_named(answer)]
                faults.wrong += [_differs(answer, came) for came in covering[:1] if not _fits(answer, came)]
        for known, all_came in self._came.items():
            if known not in explained:
                faults.wrong += [f"nobody asked for {came.reason or came.outcome} at {came.where}" for came in all_came]
            elif known not in self._expected:
                faults.duplicated += [f"{known}: again at {came.where}" for came in all_came[1:]]
        return self._tallied(faults)

    def _tallied(self, faults: _Faults) -> Tally:
        counts: Counter[ExpectedOutcome] = Counter()
        by_reason: Counter[str] = Counter()
        for (outcome, reason), count in self.by_row.items():
            counts[outcome] += count
            by_reason[reason] += count
        del by_reason[""]
        return Tally(
            expected=self._total,
            published=counts.total(),
            accepted=counts[ExpectedOutcome.ACCEPTED],
            rejected=counts[ExpectedOutcome.REJECTED],
            dead_lettered=counts[ExpectedOutcome.DEAD],
            by_reason=dict(sorted(by_reason.items())),
            missing=len(faults.missing),
            duplicated=len(faults.duplicated),
            wrong=len(faults.wrong),
            which={kind: lines[:SHOWN] for kind, lines in asdict(faults).items()},
        )

    def _covering(self, answer: Expected) -> list[Came]:
        """Dead letters of its message or conversation: they answer for what has no other answer."""
        return [came for other in _around(answer) for came in self._came.get(other, []) if other not in self._expected]


def _around(answer: Expected) -> set[str]:
    found = set(answer.covers)
    if answer.conversation_id is not None:
        found.add(conversation_identity(answer.conversation_id).hex())
        if answer.message_id is not None:
            found.add(message_identity(answer.conversation_id, answer.message_id).hex())
    return found - {answer.id}


def _result(value: bytes | None, where: str) -> tuple[Came, bool]:
    body: dict[str, Any] = orjson.loads(value or b"{}")
    came = Came(body.get("id", ""), ExpectedOutcome(body.get("verdict", "accepted")), body.get("reason"), where)
    return came, body.get("replayOf") is not None


def _fits(answer: Expected, came: Came) -> bool:
    return (answer.outcome, answer.reason) == (came.outcome, came.reason)


def _named(answer: Expected) -> str:
    place = "/".join(part for part in (answer.conversation_id, answer.message_id, answer.attachment_id) if part)
    return f"{answer.case} {place or answer.id}"


def _differs(answer: Expected, came: Came) -> str:
    expected, got = (
        " ".join(filter(None, pair)) for pair in ((answer.outcome, answer.reason), (came.outcome, came.reason))
    )
    return f"{_named(answer)}: {got} at {came.where}, not {expected}"


class OutputReader:
    """Reads the three output topics from their beginning, `read_committed`, while the context is open.

    Raises aiokafka's errors when the broker can't be reached, or a topic is missing.
    """

    def __init__(self, kafka: KafkaSettings, topics: TopicSettings) -> None:
        self._outputs = {
            topics.accepted: Output.ACCEPTED,
            topics.rejected: Output.REJECTED,
            topics.dead_letter: Output.DEAD_LETTER,
        }
        self._consumer = AIOKafkaConsumer(
            *self._outputs,
            **consumer_options(kafka),
            group_id=None,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
        )

    async def __aenter__(self) -> Self:
        try:
            await self._consumer.start()
        except BaseException:
            await close(self._consumer)
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await close(self._consumer)

    async def poll(self, score: Score, timeout_ms: int = POLL_MS) -> int:
        """Hands what is there to the score; how many records that were."""
        found = await self._consumer.getmany(timeout_ms=timeout_ms)
        records = [record for some in found.values() for record in some]
        for record in records:
            where = f"{record.topic}-{record.partition}@{record.offset}"
            score.take(self._outputs[record.topic], record.value, record.headers, where)
        return len(records)

    async def catch_up(self, score: Score) -> None:
        """Reads all that the topics hold at the call, however long a fetch takes."""
        ends = await self._consumer.end_offsets(self._consumer.assignment())
        for partition, end in ends.items():
            while await self._consumer.position(partition) < end:
                await self.poll(score)


async def read_to_end(reader: OutputReader, score: Score, *, patience_s: float) -> None:
    """Until nothing is missing, and nothing more comes for a second; else until nothing came for `patience_s`."""
    quiet_since = time.monotonic()
    while True:
        if await reader.poll(score):
            quiet_since = time.monotonic()
            continue
        quiet = time.monotonic() - quiet_since
        if quiet >= patience_s or (quiet >= SETTLED_S and score.tally().missing == 0):
            return await reader.catch_up(score)

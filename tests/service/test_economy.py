"""What a mix of events costs in API calls, beside the least that is possible and the tutorial's way; and at a limit.

The least is a bulk call for each change of a conversation, and a resolve for each file; a bare event at the end of each
conversation is not in it, though nothing but a call can tell that all is answered. The tutorial's way is a call for the
conversation at each event, and a resolve for each file that the event shows.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx
import orjson
import pytest

from consumer.attempts import Attempts, Backoff, Gates, Patience, Repeats
from consumer.genesys.api import Api
from consumer.genesys.hosts import Hosts
from consumer.genesys.limiter import Limiter
from consumer.genesys.login import Login
from consumer.genesys.lookup import Lookup
from consumer.genesys.sender import Sender
from consumer.http.clients import api_client
from consumer.judge.task import Judge
from consumer.model import AnswerKind, Attachment, Dependency, Event, Reason, Rejected, Source, Task, Verdict
from consumer.sandbox import envelopes, payloads
from consumer.sandbox.check import OutputReader, read_to_end
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.expectation import Expectation, of_world
from consumer.sandbox.files import dice
from consumer.sandbox.plan import GENUINE_CASE, Dealer
from consumer.sandbox.traffic import InputRecord
from consumer.sandbox.world import REGION, Conversation, SentMessage, World
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.wire.events import decode
from consumer.wire.fields import Json
from tests.chaos.workers import Worker, Workers, worker_env
from tests.judge.home import TERMS, Unknown
from tests.judge.partition import Partition
from tests.reports import Recorder
from tests.service.composed import LONGEST_S, Kept, all_settled, settings_for, write

CONVERSATIONS, MESSAGES = 200, 3
NOISE = 0.3  # of all events
PER_MINUTE = 150
BACKLOG = 240  # conversations: 1,350 calls, more than ten minutes' worth
TOPIC_PAIR = (("user", payloads.conversation_body), ("queue_messages", payloads.message_event_body))


def world_of(conversations: int) -> World:
    rng = dice("economy", conversations)
    dealer = Dealer(dice("economy files", conversations))

    def talk(number: int) -> Conversation:
        conversation, communication, customer, agent = (envelopes.random_uuid(rng) for _ in range(4))
        messages = [
            SentMessage(
                conversation, rng.randbytes(16).hex(), tuple(dealer.file(GENUINE_CASE, "png") for _ in range(count))
            )
            for count in (1 + (number + m) % 2 for m in range(MESSAGES))
        ]
        return Conversation(conversation, communication, customer, agent, tuple(messages))

    return World([talk(number) for number in range(conversations)])


def events_of(world: World) -> list[InputRecord]:
    """In the order of messages: each snapshot on a topic of a user's and on one of a queue's, with noise between."""
    rng = random.Random(5)
    snapshots = [
        _record(talk.conversation_id, envelopes.notification(envelopes.TOPICS[topic], body, "correlation"))
        for count in range(1, MESSAGES + 1)
        for talk in world.conversations.values()
        for topic, body in (
            (topic, body_of(talk, talk.messages[:count], lambda m: world.now - timedelta(hours=1), payloads.event_link))
            for topic, body_of in TOPIC_PAIR
        )
    ]
    talks = list(world.conversations.values())
    for _ in range(round(len(snapshots) * NOISE / (1 - NOISE))):
        snapshots.insert(rng.randrange(len(snapshots) + 1), _noise(rng.choice(talks), rng))
    return snapshots


def ends_of(world: World) -> list[InputRecord]:
    """A bare event at the end of each conversation, and one at a beginning, which is not worth a look."""

    def bare(talk: Conversation, what: str) -> InputRecord:
        body = {"conversationId": talk.conversation_id, "mediaType": "MESSAGE"}
        topic = f"v2.detail.events.conversation.{talk.conversation_id}.{what}"
        return _record(talk.conversation_id, envelopes.notification(topic, body, "correlation"))

    talks = list(world.conversations.values())
    return [bare(talks[0], "customer.start"), *(bare(talk, "customer.end") for talk in talks)]


def _record(key: str, event: Json) -> InputRecord:
    return InputRecord(key.encode(), orjson.dumps(event), int(key[:4], 16))


def _noise(talk: Conversation, rng: random.Random) -> InputRecord:
    heartbeat = {"topicName": "channel.metadata", "eventBody": {"message": "WebSocket Heartbeat"}}
    message = talk.messages[0].message_id
    receipt = {
        "id": message,
        "conversationId": talk.conversation_id,
        "type": "Receipt",
        "channel": {},
        "status": "Read",
    }
    return _record(talk.conversation_id, rng.choice([heartbeat, receipt]))


def files_in(world: World) -> int:
    return len(world.files)


def least(world: World) -> int:
    return len(world.messages) + files_in(world)


def tutorial_calls(records: Sequence[InputRecord]) -> int:
    named = [item for record in records for item in decode(record.value) if isinstance(item, Event)]
    return len(named) + sum(len(message.attachments) for event in named for message in event.messages)


def api_calls(emulator: Emulator) -> int:
    return sum(count for answer, count in emulator.state.answers.items() if answer.startswith("api "))


def test_the_mix_is_what_it_says() -> None:
    world = world_of(CONVERSATIONS)
    records = events_of(world)
    told = [item for record in records for item in decode(record.value)]
    snapshots = [item for item in told if isinstance(item, Event)]
    assert len(world.messages) == CONVERSATIONS * MESSAGES
    assert files_in(world) == CONVERSATIONS * MESSAGES * 1.5
    assert len(snapshots) == 2 * CONVERSATIONS * MESSAGES
    assert 0.29 < 1 - len(snapshots) / len(told) < 0.31


@pytest.mark.kafka
@pytest.mark.timeout(240)
@pytest.mark.parametrize("processes", [1, 2])
async def test_the_whole_service_stays_near_the_least(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path, processes: int
) -> None:
    """`attachment-consumer run`, once or twice: each is a member of the group with a login and a lookup of its own."""
    world = world_of(CONVERSATIONS)
    changes, ends = events_of(world), ends_of(world)
    async with Emulator(world) as emulator, AsyncExitStack() as stack:
        settings = settings_for(emulator, kafka_settings, topics, tmp_path)
        env = worker_env(emulator, settings.kafka, settings.topics, settings.storage.url)
        workers = stack.enter_context(Workers(processes, env, tmp_path)).all
        reader = await stack.enter_async_context(OutputReader(settings.kafka, settings.topics))
        logs = [tmp_path / f"{worker.name}.log" for worker in workers]
        await all_ready(logs, topics.partitions // processes)
        score = Kept(Expectation(len(changes), 0, tuple(of_world(world))))
        await write(settings, changes)
        await read_to_end(reader, score, patience_s=60)
        before = api_calls(emulator)
        await write(settings, ends)
        await all_settled(settings)
        await reader.catch_up(score)
        assert score.tally().good, score.tally()
        calls = api_calls(emulator)
        assert calls == before + CONVERSATIONS, "what is all answered is not read once more"
        assert emulator.state.calls["login"] == processes
        assert [await end(worker) for worker in workers] == [0] * processes
    every = [*changes, *ends]
    print(f"{processes} process(es): {calls} calls; the least {least(world)}; the tutorial's {tutorial_calls(every)}")
    assert files_in(world) < calls <= 1.25 * least(world)
    # The faster a change is answered, the fewer others share its call: a quiet machine makes more calls.
    assert calls <= tutorial_calls(every) / 2.7


async def all_ready(workers: Sequence[Path], share: int) -> None:
    """Until each process, known by its log, takes tasks from its share of the partitions."""
    async with httpx.AsyncClient(trust_env=False) as client:
        with anyio.fail_after(LONGEST_S):
            while [await _ready_partitions(client, port_of(log)) for log in workers] != [share] * len(workers):  # noqa: ASYNC110 # a fact of others
                await anyio.sleep(0.1)


async def _ready_partitions(client: httpx.AsyncClient, port: int | None) -> float:
    if port is None:
        return 0
    shown = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    return float(shown.partition("\nattachment_consumer_ready_partitions ")[2].split()[0])


def port_of(log: Path) -> int | None:
    told = [orjson.loads(line) for line in log.read_bytes().splitlines() if b'"port"' in line]
    return told[0]["port"] if told else None


async def end(worker: Worker) -> int | None:
    worker.send(signal.SIGTERM)
    return await anyio.to_thread.run_sync(worker.wait, 30)


@dataclass
class Clock:
    """Runs as fast as the limiter waits, so that minutes of calls take seconds, whatever the machine."""

    seconds: float = field(default_factory=time.time)

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += max(seconds, 0.001)  # less would be lost in rounding, and the clock stand still for ever
        await anyio.lowlevel.checkpoint()


@dataclass(frozen=True)
class Resolving:
    """Stands in for the inspector: as far as the link, which is the last that the API is asked."""

    lookup: Lookup
    policy_version: str = "1"

    async def inspect(self, attachment: Attachment, attempt: Attempts) -> Verdict:
        link = await attempt(lambda: self.lookup.locate(attachment), Dependency.API)
        assert isinstance(link, str)
        return Rejected(Reason.EMPTY, "nothing was downloaded here")


@asynccontextmanager
async def judge_on(emulator: Emulator, clock: Clock) -> AsyncIterator[Judge]:
    hosts = Hosts.of(REGION, login_url=emulator.login_url, api_url=emulator.api_url)
    async with api_client(hosts.login_url) as to_login, api_client(hosts.api_url) as to_api:
        login = Login(to_login, lambda: ("sandbox", "sandbox-secret"), reports=Recorder())
        limiter = Limiter(PER_MINUTE, now=clock.now, sleep=clock.sleep, reports=Recorder())
        api = Api(Sender(to_api, login, limiter, reports=Recorder()), expected_organization=None, reports=Recorder())
        lookup = Lookup(api, hosts.link_origins)
        gates = Gates(failures=5, probe_s=1, probe_max_s=1, probes={}, reports=Recorder(), sleep=clock.sleep)
        repeats = Repeats(lambda: limiter.allowed)
        patience = Patience(gates, Backoff(attempts=8, over_s=600), 600, repeats, Recorder(), clock.sleep, clock.now)
        yield Judge(
            lookup=lookup,
            inspector=Resolving(lookup),
            patience=patience,
            terms=TERMS,
            organization=Unknown(),
            reports=Recorder(),
            now=lambda: datetime.now(UTC),
        )


@pytest.mark.timeout(180)
async def test_a_backlog_of_ten_minutes_stays_within_the_enforced_limit() -> None:
    """All of it at once, as after an outage: 1,024 tasks in flight, as the service has at most."""
    world, clock, partition = world_of(BACKLOG), Clock(), Partition()
    waiting = iter([record for record in events_of(world) if isinstance(decode(record.value)[0], Event)])
    began = clock.now()
    async with Emulator(world, now=clock.now) as emulator, judge_on(emulator, clock) as judge:
        emulator.state.switch({"limit_per_minute": PER_MINUTE})

        async def worker() -> None:
            for record in waiting:
                await judge.judge(Task(Source("events", 0, 0, 0), record.value), partition, nullcontext)

        async with anyio.create_task_group() as group:
            for _ in range(1_024):
                group.start_soon(worker)
        refused, calls = emulator.state.answers["api 429"], api_calls(emulator)
    minutes = (clock.now() - began) / 60
    print(f"{calls} calls in {minutes:.1f} minutes of a limit of {PER_MINUTE}, {refused} of them refused")
    assert minutes >= 10, "the backlog was worth ten minutes"
    assert refused <= calls / 100
    kinds = {answer.entry.kind for answer in partition.published}
    assert (kinds, len(partition.published)) == ({AnswerKind.VERDICT}, files_in(world))

"""Rejected results on a real topic, the emulator that is told of them, and members of the group that tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import anyio
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from consumer.genesys.api import Api
from consumer.genesys.limiter import Limiter
from consumer.genesys.login import Login
from consumer.genesys.sender import Sender
from consumer.notify.loop import Polled, notify
from consumer.notify.notifier import Notified, Notifier, WaitOut
from consumer.notify.rejections import consuming
from consumer.notify.shutdown import Shutdown
from consumer.sandbox.emulator import Emulator
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.genesys.cloud import client_of
from tests.kafka_fixtures import PARTITIONS
from tests.reports import Recorder
from tests.sandbox.worlds import CONVERSATION, MESSAGE, world_with

T = TypeVar("T")
TOLD = re.compile(r'"([^"]+)" \((\w+)\): .*')  # `"file-2" (PDF): No.`


@dataclass(frozen=True)
class Scene:
    kafka: KafkaSettings
    topics: TopicSettings
    emulator: Emulator

    @property
    def told(self) -> Counter[str]:
        """How often the customer was told of each file, by the name that was sent in."""
        texts = (str(body["textBody"]) for body in self.emulator.state.sent)
        return Counter(TOLD.sub(lambda file: f"{file[1]}.{file[2].lower()}", text) for text in texts)

    def partition(self, number: int) -> TopicPartition:
        return TopicPartition(self.topics.rejected, number)

    async def write(self, names: Iterable[str]) -> None:
        """Rejected results, one after the other into each partition."""
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka.bootstrap_servers)
        await producer.start()
        try:
            for number, name in enumerate(names):
                await producer.send_and_wait(self.topics.rejected, rejected(name), partition=number % PARTITIONS)
        finally:
            await producer.stop()

    async def committed(self) -> list[int | None]:
        async with self.member() as consumer:
            return [await consumer.committed(self.partition(number)) for number in range(PARTITIONS)]

    async def begin_at_the_start(self) -> None:
        """As a group that has been there before anything was written."""
        async with self.member() as consumer:
            partitions = [self.partition(number) for number in range(PARTITIONS)]
            consumer.assign(partitions)
            await consumer.commit(dict.fromkeys(partitions, 0))

    @asynccontextmanager
    async def member(self) -> AsyncIterator[AIOKafkaConsumer]:
        """Of the same group, and so far without a topic."""
        servers, group = self.kafka.bootstrap_servers, f"{self.kafka.group}-notify"
        consumer = AIOKafkaConsumer(
            bootstrap_servers=servers, group_id=group, enable_auto_commit=False, heartbeat_interval_ms=300
        )
        await consumer.start()
        try:
            yield consumer
        finally:
            await consumer.stop()

    @asynccontextmanager
    async def api(self) -> AsyncIterator[Api]:
        emulator = self.emulator
        async with client_of(emulator.api_url) as http, client_of(emulator.login_url) as login_http:
            login = Login(login_http, lambda: ("sandbox", emulator.state.switches.client_secret), reports=Recorder())
            limiter = Limiter(1_000_000, reports=Recorder())
            yield Api(Sender(http, login, limiter, reports=Recorder()), expected_organization=None, reports=Recorder())


@asynccontextmanager
async def on_stage(kafka: KafkaSettings, topics: TopicSettings) -> AsyncIterator[Scene]:
    async with Emulator(world_with()) as emulator:
        yield Scene(kafka, topics, emulator)


def rejected(name: str) -> bytes:
    return orjson.dumps(
        {
            "verdict": "rejected",
            "reason": "too_large",
            "conversationId": CONVERSATION,
            "messageId": MESSAGE,
            "name": name,
        }
    )


async def at_once(step: Callable[[], Awaitable[T]]) -> T:
    return await step()


@dataclass
class Member:
    """One process that tells, as far as it shows."""

    shutdown: Shutdown = field(default_factory=Shutdown)
    told: list[Notified] = field(default_factory=list)
    recorder: Recorder = field(default_factory=Recorder)
    ended: anyio.Event = field(default_factory=anyio.Event)

    @property
    def assigned(self) -> list[int]:
        return next(iter(self.recorder.of("assigned")[-1:]), [])

    async def leave(self) -> None:
        self.shutdown.request()
        await self.ended.wait()

    async def run(
        self,
        scene: Scene,
        wait_out: WaitOut,
        through: Callable[[AsyncIterator[Polled]], AsyncIterator[Polled]] = lambda records: records,
    ) -> None:
        """`through` may look at, and change, what passes from the topic to the notifier."""
        async with (
            scene.api() as api,
            consuming(scene.kafka, scene.topics.rejected, self.recorder) as rejections,
            aclosing(rejections.records(self.shutdown)) as records,
        ):
            notifier = Notifier(api, lambda reason, language: "No.", wait_out=wait_out)
            await notify(through(records), notifier, self.shutdown, self.told.append)
        self.ended.set()

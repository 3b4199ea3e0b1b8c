"""What happens to single brokers of a cluster: each fault with its length, and none of them harms a process of ours."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass

import anyio
from anyio.to_thread import run_sync
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType

from consumer.kafka.topic_rules import wanted
from consumer.sandbox.kafka import KafkaBroker, KafkaCluster
from consumer.settings.model import TopicSettings
from tests.chaos import network

REPLICATION = 3

Fault = Callable[["Faults", KafkaBroker, float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Happened:
    """One fault. `began` and `ended` by the monotonic clock."""

    kind: str
    node: int
    began: float
    ended: float


class Faults:
    """To be done to a cluster that holds the topics of the service."""

    def __init__(self, cluster: KafkaCluster, topics: TopicSettings) -> None:
        self.happened: list[Happened] = []
        self.cluster = cluster
        self._ours = [topic.name for topic in wanted(topics)]

    async def do(self, kind: str, node: int, seconds: float) -> Happened:
        """`kind` is one of `KINDS`, `node` counts from 0. Back to health when it returns."""
        broker = self.cluster.nodes[node]
        began = time.monotonic()
        await KINDS[kind](self, broker, seconds)
        self.happened.append(Happened(kind, broker.node, began, time.monotonic()))
        return self.happened[-1]

    async def want_in_sync(self, replicas: int) -> None:
        """What a write with `acks=all` to a topic of ours needs from now on."""
        value = str(replicas)
        entry = ConfigEntry("min.insync.replicas", value, incremental_operation=AlterConfigOpType.SET)
        resources = [ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry]) for name in self._ours]
        admin = AdminClient({"bootstrap.servers": self.cluster.internal_servers, "log_level": 0})
        for done in (await run_sync(admin.incremental_alter_configs, resources)).values():
            await run_sync(done.result)


async def freeze(faults: Faults, broker: KafkaBroker, seconds: float) -> None:
    """As a dead disk or a lost route: sockets stay open and nobody answers."""
    broker.freeze()
    try:
        await anyio.sleep(seconds)
    finally:
        broker.thaw()


async def kill(faults: Faults, broker: KafkaBroker, seconds: float) -> None:
    await run_sync(broker.kill)
    await anyio.sleep(seconds)
    await run_sync(broker.start)


async def restart(faults: Faults, broker: KafkaBroker, seconds: float) -> None:
    """In order, as a rolling deploy does it."""
    await run_sync(broker.stop)
    await anyio.sleep(seconds)
    await run_sync(broker.start)


async def refuse(faults: Faults, broker: KafkaBroker, seconds: float) -> None:
    """Every write that wants all of its replicas, by two brokers of three that live and answer."""
    await faults.want_in_sync(REPLICATION)
    await run_sync(broker.stop)
    await anyio.sleep(seconds)
    await run_sync(broker.start)
    await faults.want_in_sync(REPLICATION - 1)


async def split(faults: Faults, broker: KafkaBroker, seconds: float) -> None:
    """Between this broker and the first process alone: what it leads and coordinates for the others it keeps."""
    with network.cut(broker.bootstrap_servers):
        await anyio.sleep(seconds)


KINDS: dict[str, Fault] = {"freeze": freeze, "kill": kill, "restart": restart, "refuse": refuse, "split": split}
LENGTHS = {
    "freeze": (12.0, 70.0),
    "kill": (0.0, 40.0),
    "restart": (0.0, 10.0),
    "refuse": (20.0, 150.0),
    "split": (15.0, 70.0),
}
WEIGHTS = {"freeze": 4, "kill": 3, "restart": 2, "refuse": 1, "split": 3}


def shuffled(rng: random.Random, kinds: Iterable[str]) -> Iterator[str]:
    """Each of `kinds` once, and then, for ever, some more often than others."""
    known = sorted(kinds)
    yield from rng.sample(known, len(known))
    while True:
        yield rng.choices(known, [WEIGHTS[kind] for kind in known])[0]


def choose(rng: random.Random, kind: str, left_s: float) -> tuple[str, int, float]:
    """Kind, node and length of the next fault, which is over in about `left_s`."""
    least, most = LENGTHS[kind]
    return kind, rng.randrange(REPLICATION), min(rng.uniform(least, most), max(left_s, least))

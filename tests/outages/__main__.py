"""`python -m tests.outages [NAME …]`: each outage at full length, two minutes, and twelve for the API.

One JSON object a line on stdout; exit 1 if one of them lost, repeated or gave up anything.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import anyio

from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import KafkaBroker
from consumer.sandbox.traffic import plan_traffic
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.brokers import create_topics
from tests.outages.dependencies import Outage, clamd, of_genesys, of_kafka, s3_server
from tests.outages.ill import BETWEEN_S, KINDS, run_ill
from tests.outages.later import with_later
from tests.outages.run import run
from tests.outages.scene import Scale

TWO_MINUTES = Scale(120.0, 60.0, host_patience_s=60.0, probe_s=1.0, probe_max_s=30.0, read_timeout_s=10.0)
TWELVE_MINUTES = Scale(720.0, 600.0, host_patience_s=600.0, probe_s=1.0, probe_max_s=30.0, read_timeout_s=30.0)
EVENTS_IN_TWO_MINUTES, A_SECOND, SEED = 1_500, 10.0, 5

Open = Callable[[Emulator, KafkaBroker, Path], AbstractAsyncContextManager[Outage]]


def ready(make: Callable[[Emulator, KafkaBroker], Outage]) -> Open:
    @asynccontextmanager
    async def opened(emulator: Emulator, broker: KafkaBroker, folder: Path) -> AsyncIterator[Outage]:
        yield make(emulator, broker)

    return opened


OUTAGES: dict[str, Open] = {
    "login": ready(lambda emulator, broker: of_genesys(emulator, "login", "unavailable")),
    "api": ready(lambda emulator, broker: of_genesys(emulator, "api", "unavailable")),
    "api-hangs": ready(lambda emulator, broker: of_genesys(emulator, "api", "hang")),
    "files": ready(lambda emulator, broker: of_genesys(emulator, "files", "unavailable")),
    "storage": lambda emulator, broker, folder: s3_server(),
    "antivirus": lambda emulator, broker, folder: clamd(folder),
    "kafka": ready(lambda emulator, broker: of_kafka(broker, "stop")),
    "kafka-freezes": ready(lambda emulator, broker: of_kafka(broker, "freeze")),
    "twelve-minutes": ready(lambda emulator, broker: of_genesys(emulator, "api", "unavailable")),
}


ILL, EACH_ILL_S = "ill-answers", 25.0


async def play_ill(name: str) -> tuple[dict[str, object], list[str]]:
    """Twelve kinds of ill answers, each for 25 s, in front of traffic that goes on for all of that time."""
    topics = TopicSettings(replication=1)
    events = round(A_SECOND * len(KINDS) * (EACH_ILL_S + BETWEEN_S))
    planned = with_later(plan_traffic(events, SEED), topics.partitions)
    with KafkaBroker() as broker, tempfile.TemporaryDirectory() as text:
        await create_topics(broker.bootstrap_servers, topics)
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        async with Emulator(planned[0].world) as emulator:
            return await run_ill(*planned, emulator, kafka, topics, Path(text), each_s=EACH_ILL_S, a_second=A_SECOND)


async def play(name: str) -> tuple[dict[str, object], list[str]]:
    scale = TWELVE_MINUTES if name == "twelve-minutes" else TWO_MINUTES
    topics = TopicSettings(replication=1)
    with KafkaBroker() as broker, tempfile.TemporaryDirectory() as text:
        await create_topics(broker.bootstrap_servers, topics)
        events = round(EVENTS_IN_TWO_MINUTES * scale.outage_s / 120)
        planned = with_later(plan_traffic(events, SEED, antivirus=name == "antivirus"), topics.partitions)
        async with AsyncExitStack() as stack:
            emulator = await stack.enter_async_context(Emulator(planned[0].world))
            outage = await stack.enter_async_context(OUTAGES[name](emulator, broker, Path(text)))
            kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
            report = await run(outage, *planned, emulator, kafka, topics, Path(text), scale, A_SECOND)
            return report.as_json(), report.problems(outage, scale)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.outages")
    parser.add_argument("names", nargs="*", help=f"of {', '.join([*OUTAGES, ILL])}; all of them if none is named")
    names = parser.parse_args().names or [*OUTAGES, ILL]
    if unknown := set(names) - {*OUTAGES, ILL}:
        parser.error(f"no such outage: {', '.join(sorted(unknown))}")
    failed = 0
    for name in names:
        report, problems = anyio.run(play_ill if name == ILL else play, name)
        print(json.dumps({"outage": name, "problems": problems, **report}), flush=True)
        failed += bool(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

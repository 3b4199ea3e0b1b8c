"""Records an hour of honest traffic: `python -m tests.deploy.honest_hour FOLDER [--minutes 60]`.

Two processes on a real Kafka, with a real clamd; traffic that rises, falls and ceases; a rolling restart; and of each
dependency an outage of 30 s. What Prometheus would have seen of the series that alerts ask for is written as a test for
promtool (`honest_hour.yml`), which replays it in a second: no alert may fire.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

import anyio
import httpx
import orjson
import yaml
from aiokafka import AIOKafkaProducer
from anyio.to_thread import run_sync

from consumer.inspection.workers.pool import offered
from consumer.sandbox.cases import CASES
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import KafkaBroker
from consumer.sandbox.traffic import Traffic
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.antivirus.conftest import RunningClamd, running_clamd
from tests.brokers import create_topics
from tests.chaos.workers import Worker, worker_env
from tests.deploy.recorded import Recording
from tests.loopback import free_port
from tests.outages.crafted import Maker, traffic_of

ALERTS = Path(__file__).parents[2] / "deploy" / "prometheus" / "alerts.yml"
PARTITIONS, SCRAPE_S, OUTAGE_S = 6, 15.0, 30.0
A_SECOND = (
    (0.0, 1.0),
    (0.15, 1.0),
    (0.3, 4.0),
    (0.5, 3.0),
    (0.7, 0.3),
    (0.75, 0.0),
    (0.83, 0.0),
    (0.85, 5.0),
    (1.0, 1.0),
)
"""Conversations a second, at parts of the time."""
MIX = ("genuine",) * 40 + ("genuine_with_hash", "generic_type", "video", "too_large_declared", "video")
REPEATED, LATER_S = 5, 20.0  # each so many'th event comes once more, so much later


@dataclass
class Hour:
    """What an outage is made with."""

    emulator: Emulator
    broker: KafkaBroker
    clamd: RunningClamd
    workers: Sequence[Worker]
    urls: Sequence[str]
    files: Path


async def restart(hour: Hour) -> None:
    for worker, url in zip(hour.workers, hour.urls, strict=True):
        worker.send(signal.SIGTERM)
        await run_sync(worker.wait, 40.0)
        worker.start()
        async with httpx.AsyncClient(trust_env=False) as client:
            while not await _is_ready(client, url):  # noqa: ASYNC110 # another process
                await anyio.sleep(0.5)


async def _is_ready(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/readyz")).status_code == 200
    except httpx.TransportError:
        return False


async def emulated_outage(of: str, hour: Hour) -> None:
    changes = {"expire_tokens": True} if of == "login" else {}
    hour.emulator.state.switch({"outage": {of: "unavailable"}, **changes})
    await anyio.sleep(OUTAGE_S)
    hour.emulator.state.switch({"outage": {of: "off"}})


async def storage_away(hour: Hour) -> None:
    """Something else stands where its folder was."""
    aside = hour.files.with_name("aside")
    hour.files.rename(aside)
    hour.files.touch()
    await anyio.sleep(OUTAGE_S)
    hour.files.unlink()
    aside.rename(hour.files)


async def antivirus_away(hour: Hour) -> None:
    hour.clamd.process.send_signal(signal.SIGSTOP)
    await anyio.sleep(OUTAGE_S)
    hour.clamd.process.send_signal(signal.SIGCONT)


async def kafka_away(hour: Hour) -> None:
    hour.broker.freeze()
    await anyio.sleep(OUTAGE_S)
    hour.broker.thaw()


HAPPENS: tuple[tuple[float, str, Callable[[Hour], Awaitable[None]]], ...] = (
    (0.20, "rolling restart", restart),
    (0.33, "the API is away", partial(emulated_outage, "api")),
    (0.40, "the login is away", partial(emulated_outage, "login")),
    (0.47, "the file hosts are away", partial(emulated_outage, "files")),
    (0.54, "the storage is away", storage_away),
    (0.61, "the antivirus is away", antivirus_away),
    (0.68, "Kafka is away", kafka_away),
)
"""At which part of the time."""


def moments(seconds: float) -> list[float]:
    """When each conversation is announced."""
    found, due = [], 0.0
    for second in range(int(seconds)):
        part = second / seconds
        (before, low), (after, high) = next(pair for pair in pairwise(A_SECOND) if pair[1][0] > part)
        due += low + (high - low) * (part - before) / (after - before)
        while due >= 1:
            found.append(second + 1 - due / (due + 1))
            due -= 1
    return found


def traffic_for(count: int) -> Traffic:
    maker, cases = Maker("an honest hour", PARTITIONS), {case.name: case for case in CASES}
    return traffic_of([maker.talk(cases[MIX[number % len(MIX)]]) for number in range(count)])


async def announce(hour: Hour, events: str, traffic: Traffic, at: Sequence[float]) -> None:
    """An event at each of these moments; some of them come again a little later."""
    began = anyio.current_time()
    due = [(moment, record) for moment, record in zip(at, traffic.records, strict=True)]
    due = sorted([*due, *((moment + LATER_S, record) for moment, record in due[::REPEATED])], key=lambda one: one[0])

    servers = hour.broker.bootstrap_servers
    producer = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True, request_timeout_ms=300_000)
    async with producer:
        for moment, record in due:
            await anyio.sleep(max(began + moment - anyio.current_time(), 0))
            told = orjson.loads(record.value or b"") | {"eventTime": datetime.now(UTC).isoformat()}
            await producer.send(events, orjson.dumps(told), record.key)


async def happen(hour: Hour, seconds: float) -> None:
    began = anyio.current_time()
    for part, name, what in HAPPENS:
        await anyio.sleep(max(began + part * seconds - anyio.current_time(), 0))
        print(f"{anyio.current_time() - began:.0f} s: {name}", file=sys.stderr)
        await what(hour)


async def scrape(hour: Hour, recording: Recording, write_down: Callable[[], object]) -> None:
    began = anyio.current_time()
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        while True:
            answers = {url: await _metrics(client, url) for url in hour.urls}
            recording.scraped(dict(zip("ab", answers.values(), strict=True)))
            write_down()
            await anyio.sleep(max(began + recording.scrapes * SCRAPE_S - anyio.current_time(), 0))


async def _metrics(client: httpx.AsyncClient, url: str) -> str | None:
    try:
        return (await client.get(f"{url}/metrics")).raise_for_status().text
    except httpx.HTTPError:
        return None


@asynccontextmanager
async def playing(traffic: Traffic, topics: TopicSettings, folder: Path) -> AsyncIterator[Hour]:
    (folder / "clamd").mkdir()
    with KafkaBroker() as broker, running_clamd(folder / "clamd", limits="") as clamd:
        await create_topics(broker.bootstrap_servers, topics)
        async with Emulator(traffic.world) as emulator:
            kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, group=topics.prefix)
            env = worker_env(emulator, kafka, topics, str(folder / "files"))
            env |= {"ANTIVIRUS__ADDRESS": clamd.unix, "INSPECTION__CONFINEMENT": offered().value}
            del env["GENESYS__CALLS_PER_MINUTE"]
            ports = {name: (free_port(), free_port()) for name in "ab"}
            own = {n: env | {"WEB__PORT": str(web), "STATUS__PORT": str(page)} for n, (web, page) in ports.items()}
            workers = [Worker(name, own[name], folder) for name in "ab"]
            told = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in own["a"].items())
            (folder / "env.sh").write_text(told)
            urls = [f"http://127.0.0.1:{web}" for web, _ in ports.values()]
            try:
                for worker in workers:
                    worker.start()
                yield Hour(emulator, broker, clamd, workers, urls, folder / "files")
            finally:
                for worker in workers:
                    worker.send(signal.SIGTERM)
                for worker in workers:
                    await run_sync(worker.wait, 40.0)


async def record(folder: Path, seconds: float, into: Path) -> None:
    recording = Recording(
        rule["expr"] for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
    )
    at = moments(seconds)
    traffic, topics = traffic_for(len(at)), TopicSettings(partitions=PARTITIONS, replication=1)
    async with playing(traffic, topics, folder) as hour, anyio.create_task_group() as group:
        for url in hour.urls:
            async with httpx.AsyncClient(trust_env=False) as client:
                while not await _is_ready(client, url):  # noqa: ASYNC110 # another process
                    await anyio.sleep(0.5)
        group.start_soon(scrape, hour, recording, lambda: into.write_text(promtool_test(recording)))
        group.start_soon(announce, hour, topics.events, traffic, at)
        group.start_soon(happen, hour, seconds)
        await anyio.sleep(seconds + SCRAPE_S)
        group.cancel_scope.cancel()


def promtool_test(recording: Recording) -> str:
    series = "".join(f"      - {{ series: '{name}', values: \"{values}\" }}\n" for name, values in recording.lines())
    minutes = int((recording.scrapes - 1) * SCRAPE_S // 60)
    fired = 'count by (alertname) (count_over_time(ALERTS{alertstate="firing", severity="%s"}[%dm]))'
    expected = "".join(
        f"      - expr: '{fired % (severity, minutes)}'\n        eval_time: {minutes}m\n        exp_samples: []\n"
        for severity in ("page", "ticket")
    )
    return f"""# Recorded from a run of `python -m tests.deploy.honest_hour`: the series are not to be edited.
rule_files: [../../deploy/prometheus/alerts.yml]
evaluation_interval: {SCRAPE_S:.0f}s
tests:
  - name: honest traffic wakes nobody
    interval: {SCRAPE_S:.0f}s
    input_series:
{series}    promql_expr_test:
{expected}"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.deploy.honest_hour")
    parser.add_argument("folder", type=Path, help="for logs, files and env.sh: the environment of the first process")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--into", type=Path, default=Path(__file__).with_suffix(".yml"))
    given = parser.parse_args()
    given.folder.mkdir(parents=True)
    anyio.run(record, given.folder, given.minutes * 60, given.into)


if __name__ == "__main__":
    main()

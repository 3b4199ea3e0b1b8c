"""Two who look at the service from outside while its brokers falter: a reader of the answers, and one of the probes.

The reader is librdkafka's, with deadlines of its own, so that a slow client of ours can't hide or make a silence.
"""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import anyio
from confluent_kafka import Consumer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families

LOOK_S = 0.5
ASKED_S = 2.0
PREFIX = "attachment_consumer_"
REBALANCES, REBUILDS, FAILED = "rebalances_total", "rebuilds_total", "transactions_total:failed"


class Reader:
    """When an answer was readable for `read_committed`, by tasks partition: results have the same key as tasks."""

    def __init__(self, servers: str, topics: list[str], partitions: int) -> None:
        self.came: dict[int, list[float]] = defaultdict(list)  # partition → monotonic seconds, ascending
        self._partitions = partitions
        self._assigned = [TopicPartition(topic, number, 0) for topic in topics for number in range(partitions)]
        self._consumer = Consumer(
            {
                "bootstrap.servers": servers,
                "group.id": "witness",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
                "socket.timeout.ms": 3_000,
                "socket.connection.setup.timeout.ms": 2_000,
                "reconnect.backoff.max.ms": 500,
                "topic.metadata.refresh.interval.ms": 1_000,
                "log_level": 0,
            }
        )
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        self._consumer.assign(self._assigned)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._consumer.close()

    def _read(self) -> None:
        while not self._ended.is_set():
            record = self._consumer.poll(0.1)
            if record is not None and record.error() is None and (partition := record.partition()) is not None:
                self.came[partition].append(time.monotonic())

    async def until_served(self, seconds: float = 150.0) -> None:
        """Until answers come from more than half of the partitions: all processes take part then."""
        with anyio.fail_after(seconds):
            while len(self.came) <= self._partitions / 2:  # noqa: ASYNC110 # a thread reads
                await anyio.sleep(0.2)

    def silence(self, since: float, until: float, end: float) -> tuple[float, float]:
        """The longest time without an answer that began in this window, counted to `end` at most: of all partitions,
        and of the worst one."""
        everything = sorted(when for times in self.came.values() for when in times)
        each = [_longest(times, since, until, end) for times in self.came.values()]
        return _longest(everything, since, until, end), max(each, default=0.0)


def _longest(times: list[float], since: float, until: float, end: float) -> float:
    longest, before = 0.0, since
    for when in times:
        if when <= since:
            continue
        if before > until:
            break
        longest, before = max(longest, min(when, end) - before), when
    return longest


@dataclass(frozen=True, slots=True)
class Seen:
    """What one process said of itself at one moment."""

    at: float  # monotonic
    alive: bool | None  # None: no answer
    ready: dict[str, Any]
    gauges: frozenset[str]  # conditions whose gauge is not 0
    counts: dict[str, float]  # of what it had to do again since it started

    @property
    def conditions(self) -> frozenset[str]:
        """Those of `/readyz`."""
        return frozenset(held["condition"] for held in self.ready.get("conditions", []))


class Probes:
    """Asks each process for `/livez`, `/readyz` and `/metrics` twice a second, as Kubernetes and Prometheus would."""

    def __init__(self, ports: list[int]) -> None:
        self.seen: dict[int, list[Seen]] = {port: [] for port in ports}
        self._counters: dict[int, dict[str, float]] = {port: {} for port in ports}
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=[port]) for port in ports]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def total(self, name: str) -> float:
        """A counter's sum over processes and labels; of `name:value`, of the series with that value of a label."""
        return sum(counters.get(PREFIX + name, 0.0) for counters in self._counters.values())

    def grew(self, name: str, since: float, until: float) -> float:
        """How often that happened in all processes, by what they said last before `since` and before `until`."""
        return sum(_last(every, name, until) - _last(every, name, since) for every in self.seen.values())

    def dead(self) -> list[float]:
        """When a `/livez` said that its process is not alive."""
        return [seen.at for every in self.seen.values() for seen in every if seen.alive is False]

    def within(self, since: float, until: float) -> list[Seen]:
        """What any process said in that time."""
        return [seen for every in self.seen.values() for seen in every if since <= seen.at < until]

    async def until_content(self, seconds: float) -> list[str]:
        """Waits until no condition holds any more; those that do when the time is over."""
        with anyio.move_on_after(seconds):
            while self._held():  # noqa: ASYNC110 # a thread asks
                await anyio.sleep(LOOK_S)
        return self._held()

    def _held(self) -> list[str]:
        latest = [every[-1].ready for every in self.seen.values() if every]
        return [told["detail"] for ready in latest for told in ready.get("conditions", [])]

    def _ask(self, port: int) -> None:
        while not self._ended.wait(LOOK_S):
            live = _get(f"http://127.0.0.1:{port}/livez")
            ready = _get(f"http://127.0.0.1:{port}/readyz")
            metrics = _get(f"http://127.0.0.1:{port}/metrics")
            alive = None if live is None else live[0] == 200
            if metrics is not None:
                self._counters[port] = _summed(metrics[1].decode())
            gauge = f"{PREFIX}condition:"
            gauges = frozenset(
                name.removeprefix(gauge)
                for name, value in self._counters[port].items()
                if name.startswith(gauge) and value
            )
            counts = {name: self._counters[port].get(PREFIX + name, 0.0) for name in (REBALANCES, REBUILDS, FAILED)}
            self.seen[port].append(Seen(time.monotonic(), alive, json.loads(ready[1]) if ready else {}, gauges, counts))


def _last(every: list[Seen], name: str, before: float) -> float:
    return next((seen.counts[name] for seen in reversed(every) if seen.at < before), 0.0)


def logged(logs: Path, since: float, until: float) -> frozenset[str]:
    """The conditions that hold by what the logs say, at any time between two moments of the monotonic clock: those of
    which a line says that they begin, before or meanwhile, and none before `since` that they are over."""
    to_wall = time.time() - time.monotonic()
    found: set[str] = set()
    for log in logs.glob("*.log"):
        holds: set[tuple[str, str]] = set()
        for line in (json.loads(line) for line in log.read_text().splitlines() if '"condition"' in line):
            at = datetime.fromisoformat(line["timestamp"]).timestamp() - to_wall
            if at >= until:
                break
            if at >= since:
                found |= {condition for condition, _ in holds}
            held = {(line["condition"], line["about"])}
            holds = holds | held if "detail" in line else holds - held
        found |= {condition for condition, _ in holds}
    return frozenset(found)


def _get(url: str) -> tuple[int, bytes] | None:
    try:
        with urlopen(url, timeout=ASKED_S) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()
    except (URLError, OSError):
        return None


def _summed(text: str) -> dict[str, float]:
    total: dict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            total[sample.name] += sample.value
            for value in sample.labels.values():
                total[f"{sample.name}:{value}"] += sample.value
    return total

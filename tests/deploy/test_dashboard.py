"""The dashboard on a real Prometheus that scrapes a running service: idle, under load, and while the API is away."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from consumer.sandbox.emulator import Emulator
from consumer.sandbox.traffic import InputRecord
from consumer.settings.model import KafkaSettings, Settings, TopicSettings
from tests.deploy import dashboard
from tests.outages.crafted import Maker, traffic_of
from tests.quick import installed
from tests.service.composed import changed, serving, settings_for, write

SCRAPE_S = 1  # and a busy machine may miss some
RATE_S = 4 * SCRAPE_S
REPLACED = {
    "$__rate_interval": f"{RATE_S}s",
    "$__range": "60s",
    '"$namespace"': '".*"',
    '"$pod"': '".*"',
}
CONFIG = f"""
global: {{ scrape_interval: {SCRAPE_S}s, scrape_timeout: {SCRAPE_S}s }}
scrape_configs:
  - job_name: any
    static_configs: [{{ targets: ["127.0.0.1:%d"] }}]
"""
LOAD, WAITING = 40, 6  # files that are answered, and files that wait for the API
LONGEST_S = 90.0


def panels() -> list[dict[str, Any]]:
    return [panel for panel in json.loads(dashboard.PAGE.read_text())["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def test_the_dashboard_is_what_its_rows_say() -> None:
    assert dashboard.PAGE.read_text() == dashboard.page(), "run `python -m tests.deploy.dashboard`"


def test_each_panel_says_what_it_shows_in_which_unit_and_what_it_shows_of_nothing() -> None:
    for panel in panels():
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["fieldConfig"]["defaults"].get("noValue", dashboard.NONE) in (dashboard.NONE, dashboard.NOT_KNOWN)
        assert panel["datasource"]["uid"] == "${datasource}"


def test_each_metric_in_it_is_of_the_chosen_namespace_and_pod_and_of_no_job_by_name() -> None:
    for title, expression in expressions():
        metrics = re.findall(r"\b(?:attachment_consumer|process)_\w+(\{[^}]*\})?", expression)
        assert metrics, title
        assert all('namespace=~"$namespace"' in one and 'pod=~"$pod"' in one for one in metrics), title
        assert 'job="' not in expression


def test_both_choices_begin_with_all_and_take_what_has_no_such_label() -> None:
    document = json.loads(dashboard.PAGE.read_text())
    choices = {one["name"]: one for one in document["templating"]["list"] if one["type"] == "query"}
    assert choices.keys() == {"namespace", "pod"}
    assert all(one["allValue"] == ".*" and one["includeAll"] and one["multi"] for one in choices.values())


@dataclass(frozen=True)
class Answered:
    values: list[tuple[float, float]]  # when, and what
    problem: str = ""


class Prometheus:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def now(self, expression: str) -> list[float]:
        """The values of an instant; it must be one that Prometheus understands."""
        answer = (await self._client.get("/api/v1/query", params={"query": expression})).json()
        return [float(one["value"][1]) for one in answer["data"]["result"]]

    async def over(self, expression: str, start: float, end: float) -> Answered:
        told = {"query": _filled(expression), "start": str(start), "end": str(end), "step": "0.2"}
        answer = (await self._client.get("/api/v1/query_range", params=told)).json()
        if answer["status"] != "success" or answer.get("warnings"):
            return Answered([], str(answer.get("error") or answer["warnings"]))
        series = answer["data"]["result"]
        return Answered([(float(when), float(value)) for one in series for when, value in one["values"]])

    async def until(self, expression: str, enough: Callable[[float], bool]) -> float:
        """The time at which it was seen."""
        with anyio.fail_after(LONGEST_S):
            while not any(map(enough, await self.now(expression))):  # noqa: ASYNC110 # another process
                await anyio.sleep(SCRAPE_S / 4)
        return time.time()


def _filled(expression: str) -> str:
    for variable, value in REPLACED.items():
        expression = expression.replace(variable, value)
    return expression


@asynccontextmanager
async def scraping(port: int, folder: Path) -> AsyncIterator[Prometheus]:
    program = installed("prometheus", "prometheus")
    (folder / "prometheus.yml").write_text(CONFIG % port)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        own = free.getsockname()[1]
    process = subprocess.Popen(  # noqa: ASYNC220 # it is only started
        [
            program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
            f"--web.listen-address=127.0.0.1:{own}", "--log.level=error",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{own}", trust_env=False, timeout=30) as client:
            with anyio.fail_after(LONGEST_S):
                while not await _ready(client):  # noqa: ASYNC110 # another process
                    await anyio.sleep(0.1)
            yield Prometheus(client)
    finally:
        process.kill()
        process.wait()


async def _ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/-/ready")).status_code == 200
    except httpx.TransportError:
        return False


ANSWERED = "sum(attachment_consumer_attachments_total)"
BUSY = f"sum(rate(attachment_consumer_attachments_total[{RATE_S}s])) > 0"


async def seen_in(
    settings: Settings, emulator: Emulator, prometheus: Prometheus, records: Sequence[InputRecord]
) -> dict[str, tuple[float, float]]:
    """From when to when Prometheus saw each state. At the end the API is away."""
    await prometheus.until("sum(attachment_consumer_ready_partitions)", lambda n: n == settings.topics.partitions)
    lags = "attachment_consumer_lag_records"
    idle = await prometheus.until(f"count({lags})", lambda n: n == 2 * settings.topics.partitions)
    began = await prometheus.until(f"min(count_over_time({lags}[{RATE_S}s]))", lambda n: n > 2)
    await write(settings, records[:LOAD])
    await prometheus.until(f"{ANSWERED} and {BUSY}", lambda n: n >= LOAD)
    ended = time.time()
    emulator.state.switch({"outage": {"api": "unavailable"}})
    await write(settings, records[LOAD:])
    away = await prometheus.until('attachment_consumer_condition{condition="api_away"}', lambda n: n > 0)
    quiet = await prometheus.until(f"{ANSWERED} unless {BUSY}", lambda n: n >= LOAD)
    return {"idle": (idle, began), "load": (began, ended), "outage": (away, quiet)}


@pytest.mark.kafka
@pytest.mark.timeout(300)
async def test_every_query_of_the_dashboard_gives_numbers_or_says_that_there_are_none(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    maker = Maker("dashboard", topics.partitions)
    traffic = traffic_of(maker.talks(LOAD + WAITING))
    wrong: list[str] = []
    async with Emulator(traffic.world) as emulator:
        settings = settings_for(emulator, kafka_settings, topics, tmp_path)
        settings = changed(settings, "attempts", gate_failures=2, probe_s=0.2, probe_max_s=0.2)
        async with serving(settings) as running, scraping(running.metrics_port, tmp_path) as prometheus:
            seen = await seen_in(settings, emulator, prometheus, traffic.records)
            for panel in panels():
                wrong += await problems_of(panel, prometheus, seen)
    assert wrong == []


async def problems_of(
    panel: dict[str, Any], prometheus: Prometheus, seen: Mapping[str, tuple[float, float]]
) -> list[str]:
    found, shown = [], set()
    for target in panel["targets"]:
        answer = await prometheus.over(target["expr"], seen["idle"][0], seen["outage"][1])
        found += [f"{panel['title']}: {answer.problem}"] if answer.problem else []
        found += [f"{panel['title']}: {value} in {target['expr']}" for _, value in answer.values if not isfinite(value)]
        shown |= {state for state, (start, end) in seen.items() for when, _ in answer.values if start <= when <= end}
    missing = set() if "noValue" in panel["fieldConfig"]["defaults"] else seen.keys() - shown
    return found + [f"{panel['title']}: nothing to show, {state}" for state in missing]

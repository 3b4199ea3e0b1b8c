"""The dashboard on a real Prometheus that scrapes a running service: idle, under load, and while the API is away."""

from __future__ import annotations

import json
import math
import re
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
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
from tests.service.composed import changed, serving, settings_for, write

SCRAPE_MS = 250
REPLACED = {
    "$__rate_interval": "2s",
    "$__range": "60s",
    '"$namespace"': '".*"',
    '"$pod"': '".*"',
}
CONFIG = f"""
global: {{ scrape_interval: {SCRAPE_MS}ms, scrape_timeout: {SCRAPE_MS}ms }}
scrape_configs:
  - job_name: any
    static_configs: [{{ targets: ["127.0.0.1:%d"] }}]
"""
LOAD, WAITING = 40, 6  # files that are answered, and files that wait for the API
LONGEST_S = 60.0


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
    values: list[float]
    problem: str = ""


class Prometheus:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def at(self, expression: str, when: float | None = None) -> Answered:
        told: dict[str, str] = {"query": _filled(expression)} | ({"time": str(when)} if when else {})
        answer = (await self._client.get("/api/v1/query", params=told)).json()
        if answer["status"] != "success" or answer.get("warnings"):
            return Answered([], str(answer.get("error") or answer["warnings"]))
        return Answered([float(one["value"][1]) for one in answer["data"]["result"]])

    async def over(self, expression: str, start: float, end: float) -> Answered:
        told = {"query": _filled(expression), "start": str(start), "end": str(end), "step": "0.5"}
        answer = (await self._client.get("/api/v1/query_range", params=told)).json()
        if answer["status"] != "success" or answer.get("warnings"):
            return Answered([], str(answer.get("error") or answer["warnings"]))
        return Answered([float(value) for one in answer["data"]["result"] for _, value in one["values"]])

    async def until(self, expression: str, enough: Callable[[float], bool]) -> float:
        """The time at which it was seen; some scrapes later, so that rates know of it."""
        with anyio.fail_after(LONGEST_S):
            while not any(map(enough, (await self.at(expression)).values)):  # noqa: ASYNC110 # another process
                await anyio.sleep(SCRAPE_MS / 1000)
        return time.time()


def _filled(expression: str) -> str:
    for variable, value in REPLACED.items():
        expression = expression.replace(variable, value)
    return expression


@asynccontextmanager
async def scraping(port: int, folder: Path) -> AsyncIterator[Prometheus]:
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed (Debian: prometheus)")
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


STATES = ("idle", "load", "outage")
ANSWERED = "sum(attachment_consumer_attachments_total)"


async def seen_in(
    settings: Settings, emulator: Emulator, prometheus: Prometheus, records: Sequence[InputRecord]
) -> dict[str, float]:
    """When Prometheus had seen enough of each state. It keeps on serving, with the API away at the end."""
    seen = {}
    await prometheus.until("sum(attachment_consumer_ready_partitions)", lambda n: n == settings.topics.partitions)
    await prometheus.until("count(attachment_consumer_lag_records)", lambda n: n == 2 * settings.topics.partitions)
    seen["idle"] = await prometheus.until("count_over_time(attachment_consumer_build_info[4s])", lambda n: n >= 12)
    await write(settings, records[:LOAD])
    seen["load"] = await prometheus.until(
        f"{ANSWERED} and sum(rate(attachment_consumer_attachments_total[2s])) > 0", lambda n: n >= LOAD
    )
    emulator.state.switch({"outage": {"api": "unavailable"}})
    await write(settings, records[LOAD:])
    await prometheus.until('attachment_consumer_condition{condition="api_away"}', lambda n: n > 0)
    seen["outage"] = await prometheus.until(
        f"{ANSWERED} unless sum(rate(attachment_consumer_attachments_total[2s])) > 0", lambda n: n >= LOAD
    )
    return seen


@pytest.mark.kafka
@pytest.mark.timeout(180)
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


async def problems_of(panel: dict[str, Any], prometheus: Prometheus, seen: Mapping[str, float]) -> list[str]:
    found = []
    for target in panel["targets"]:
        expression = target["expr"]
        over = await prometheus.over(expression, seen["idle"] - 2, seen["outage"])
        found += [f"{panel['title']}: {over.problem}"] if over.problem else []
        found += [f"{panel['title']}: {value} in {expression}" for value in over.values if not math.isfinite(value)]
    if "noValue" not in panel["fieldConfig"]["defaults"]:
        for state in STATES:
            answers = [await prometheus.at(target["expr"], seen[state]) for target in panel["targets"]]
            if not any(answer.values for answer in answers):
                found.append(f"{panel['title']}: nothing to show, {state}")
    return found

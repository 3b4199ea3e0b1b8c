"""`/metrics`, `/livez` and `/readyz`, asked over HTTP."""

from __future__ import annotations

import socket

import httpx
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from consumer.model import Dependency
from consumer.service.health import STILL_S, Health, serving
from consumer.settings.load import SettingsProblem
from consumer.settings.model import WebSettings
from consumer.telemetry.metrics import Metrics

LOOPBACK = WebSettings(host="127.0.0.1", port=0)


async def get(port: int, path: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://127.0.0.1:{port}{path}")


async def test_metrics_are_what_prometheus_reads() -> None:
    metrics = Metrics(CollectorRegistry())
    metrics.tasks_written.inc(3)
    async with serving(Health(), metrics.registry, LOOPBACK) as port:
        answer = await get(port, "/metrics")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert families["attachment_consumer_tasks_written"].samples[0].value == 3
    assert answer.headers["content-type"].startswith("text/plain")


async def test_alive_until_one_of_the_loops_stood_still_too_long() -> None:
    clock = [1_000.0]
    health = Health(polls={"intake": 1_000.0, "stream": 1_000.0})
    async with serving(health, CollectorRegistry(), LOOPBACK, now=lambda: clock[0]) as port:
        clock[0] += STILL_S - 1
        assert (await get(port, "/livez")).status_code == 200
        clock[0] += 1
        health.poller_seen("intake", clock[0])
        stuck = await get(port, "/livez")
        health.poller_seen("stream", clock[0])
        assert (await get(port, "/livez")).status_code == 200
    assert stuck.status_code == 503
    assert stuck.json() == {"alive": False, "lastPollSeconds": {"intake": 0.0, "stream": STILL_S}}


async def test_not_ready_before_the_assignment_and_while_something_refuses_us() -> None:
    health = Health()
    async with serving(health, CollectorRegistry(), LOOPBACK) as port:
        assert (await get(port, "/readyz")).status_code == 503
        health.ready, health.assigned = True, [4, 1]
        ready = await get(port, "/readyz")
        health.refusals.append("the client lacks the permission conversation:message:view")
        refused = await get(port, "/readyz")
    assert (ready.status_code, ready.json()["assignedPartitions"]) == (200, [1, 4])
    assert (refused.status_code, refused.json()["refusals"]) == (503, health.refusals)


async def test_a_closed_gate_is_told_with_the_time_and_leaves_the_service_ready() -> None:
    health = Health(ready=True, closed_gates={Dependency.API: 1_795_460_000.0})
    async with serving(health, CollectorRegistry(), LOOPBACK) as port:
        answer = await get(port, "/readyz")
    assert (answer.status_code, answer.json()["closedGates"]) == (200, {"api": "2026-11-23T18:53:20+00:00"})


async def test_a_port_that_is_taken_is_a_problem_of_the_settings() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = WebSettings(host="127.0.0.1", port=taken.getsockname()[1])
        with pytest.raises(SettingsProblem, match="WEB__PORT"):
            async with serving(Health(), CollectorRegistry(), settings):
                pass

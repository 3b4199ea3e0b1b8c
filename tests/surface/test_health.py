"""`/metrics`, `/livez` and `/readyz`, asked over HTTP."""

from __future__ import annotations

import socket

import httpx
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from consumer.model import Condition
from consumer.service.conditions import Conditions
from consumer.service.health import STILL_S, Health, serving
from consumer.settings.load import SettingsProblem
from consumer.settings.model import WebSettings
from consumer.telemetry.metrics import Metrics
from consumer.telemetry.reporter import Reporter

LOOPBACK = WebSettings(host="127.0.0.1", port=0)
REGISTRY = CollectorRegistry()
METRICS = Metrics(REGISTRY)


async def get(port: int, path: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://127.0.0.1:{port}{path}")


async def test_metrics_are_what_prometheus_reads() -> None:
    metrics = Metrics(CollectorRegistry())
    conditions = Conditions(metrics, 20)
    metrics.tasks_written.inc(3)
    async with serving(Health(conditions, Reporter(metrics, conditions), []), metrics.registry, LOOPBACK) as port:
        answer = await get(port, "/metrics")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert families["attachment_consumer_tasks_written"].samples[0].value == 3
    assert answer.headers["content-type"].startswith("text/plain")


async def test_alive_until_one_of_the_loops_stood_still_too_long() -> None:
    clock = [1_000.0]
    reporter = Reporter(METRICS, Conditions(METRICS, 20), now=lambda: clock[0])
    reporter.polled("intake")
    reporter.polled("stream")
    async with serving(Health(Conditions(METRICS, 20), reporter, [], lambda: clock[0]), REGISTRY, LOOPBACK) as port:
        clock[0] += STILL_S - 1
        assert (await get(port, "/livez")).status_code == 200
        clock[0] += 1
        reporter.polled("intake")
        stuck = await get(port, "/livez")
        reporter.polled("stream")
        assert (await get(port, "/livez")).status_code == 200
    assert stuck.status_code == 503
    assert stuck.json() == {"alive": False, "lastPollSeconds": {"intake": 0.0, "stream": STILL_S}}


async def test_not_ready_before_everything_has_worked_once_and_while_our_own_set_up_is_wrong() -> None:
    conditions = Conditions(METRICS, 20, now=lambda: 1_795_460_000.0)
    reporter = Reporter(METRICS, conditions)
    async with serving(Health(conditions, reporter, ["kafka", "login"]), REGISTRY, LOOPBACK) as port:
        starting = await get(port, "/readyz")
        reporter.assigned([1, 4])
        without_token = await get(port, "/readyz")
        reporter.proved("login")
        ready = await get(port, "/readyz")
        conditions.begin(Condition.API_REFUSED, "the client lacks the permission conversation:message:view")
        refused = await get(port, "/readyz")
        conditions.end(Condition.API_REFUSED)
    assert (starting.status_code, starting.json()["state"]) == (503, "starting")
    assert starting.json()["notYet"] == ["kafka", "login"]
    assert (without_token.status_code, without_token.json()["notYet"]) == (503, ["login"])
    assert (ready.status_code, ready.json()) == (
        200,
        {"ready": True, "state": "ready", "notYet": [], "assignedPartitions": [1, 4], "conditions": []},
    )
    assert (refused.status_code, refused.json()["state"]) == (503, "stopped")
    assert refused.json()["conditions"] == [
        {
            "condition": "api_refused",
            "about": "",
            "sentence": "Genesys Cloud refuses the API calls of this client.",
            "detail": "the client lacks the permission conversation:message:view",
            "remedy": "Give its role the permission that is named, or allow the address that is named.",
            "since": "2026-11-23T18:53:20+00:00",
        }
    ]


async def test_an_outage_of_others_is_told_and_leaves_the_service_ready() -> None:
    conditions = Conditions(METRICS, 20)
    reporter = Reporter(METRICS, conditions)
    reporter.assigned([])
    reporter.proved("login")
    conditions.begin(Condition.API_AWAY, "it does not answer")
    async with serving(Health(conditions, reporter, ["kafka", "login"]), REGISTRY, LOOPBACK) as port:
        answer = await get(port, "/readyz")
    conditions.end(Condition.API_AWAY)
    assert (answer.status_code, answer.json()["state"]) == (200, "waiting")
    assert [one["condition"] for one in answer.json()["conditions"]] == ["api_away"]


async def test_a_port_that_is_taken_is_a_problem_of_the_settings() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = WebSettings(host="127.0.0.1", port=taken.getsockname()[1])
        with pytest.raises(SettingsProblem, match="WEB__PORT"):
            conditions = Conditions(METRICS, 20)
            async with serving(Health(conditions, Reporter(METRICS, conditions), []), REGISTRY, settings):
                pass

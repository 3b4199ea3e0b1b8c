"""`/readyz` before everything has worked once, and in an outage after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from consumer.model import Condition
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.traffic import plan_traffic
from consumer.service.life import Running
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.storage.writer import PROBE
from tests.service.composed import serving, settings_for

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


async def readyz(running: Running) -> tuple[int, dict[str, Any]]:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{running.metrics_port}/readyz")
    return answer.status_code, answer.json()


async def until(running: Running, status: int, not_yet: list[str]) -> dict[str, Any]:
    with anyio.fail_after(40):
        while True:
            found, facts = await readyz(running)
            if (found, facts["notYet"]) == (status, not_yet):
                return facts
            await anyio.sleep(0.1)


async def test_no_rollout_goes_on_before_token_and_storage_have_worked_once_and_no_outage_after_that_takes_it_back(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    async with Emulator(plan_traffic(1, 5).world) as emulator:
        good = emulator.state.switches.client_secret
        settings = settings_for(emulator, kafka_settings, topics, tmp_path)
        in_the_way = Path(settings.storage.url) / PROBE
        in_the_way.mkdir(parents=True)
        emulator.state.switches.client_secret = "another"  # of an emulator on loopback
        async with serving(settings) as running:
            facts = await until(running, 503, ["login", "storage"])
            assert facts["assignedPartitions"] or facts["state"] == "stopped"
            emulator.state.switches.client_secret = good
            await until(running, 503, ["storage"])
            in_the_way.rmdir()
            assert (await until(running, 200, []))["state"] in ("ready", "waiting")

            running.conditions.begin(Condition.API_AWAY, "it does not answer")
            assert (await readyz(running))[0] == 200

"""Each alert has its page in the runbook, and each command that stands there works on a running service."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml

from consumer.sandbox.arrangement import environment
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.world import World
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.service.composed import serving, settings_for, until_true

DEPLOY = Path(__file__).parents[2] / "deploy"
RUNBOOK = (DEPLOY / "runbook.md").read_text()
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL))
COMMANDS = sorted({line for block in re.findall(r"```sh\n(.*?)```", RUNBOOK, re.DOTALL) for line in block.splitlines()})


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_whom_it_wakes_what_it_means_and_where_it_is_explained(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    told = rule["annotations"]
    assert told.keys() == {"summary", "description", "runbook_url"}
    assert told["runbook_url"] == f"deploy/runbook.md#{rule['alert'].lower()}"
    assert 'job="' not in rule["expr"], "whatever the job is called"
    page = SECTIONS[rule["alert"]]
    assert page.strip().startswith(f"*{rule['labels']['severity'].capitalize()}.*")
    assert "See why:" in page
    assert "Do: " in page


def test_the_runbook_tells_of_no_alert_that_is_gone() -> None:
    assert list(SECTIONS) == [rule["alert"] for rule in RULES]


@pytest.mark.kafka
@pytest.mark.timeout(180)
async def test_each_command_of_the_runbook_works_on_a_running_service(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    assert len(COMMANDS) > 15
    async with Emulator(World([])) as emulator:
        settings = settings_for(emulator, kafka_settings, topics, tmp_path)
        env = environment(emulator) | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "KAFKA__BOOTSTRAP_SERVERS": kafka_settings.bootstrap_servers,
            "TOPICS__EVENTS": topics.events,
            "TOPICS__PREFIX": topics.prefix,
            "TOPICS__PARTITIONS": str(topics.partitions),
            "TOPICS__REPLICATION": "1",
            "STORAGE__URL": settings.storage.url,
            "INSPECTION__CONFINEMENT": settings.inspection.confinement,
        }
        async with serving(settings) as running:
            await until_true(lambda: running.health.ready and not running.conditions.held)
            env["WEB__PORT"] = str(running.metrics_port)
            for command in COMMANDS:
                here = command.replace("localhost:9464", f"127.0.0.1:{running.metrics_port}")
                done = await anyio.run_process(["sh", "-c", here], check=False, env=env, cwd=tmp_path)
                assert done.returncode == 0, f"{command}: {done.stdout.decode()} {done.stderr.decode()}"
                assert done.stdout or "dlq" in command, f"{command} says nothing"

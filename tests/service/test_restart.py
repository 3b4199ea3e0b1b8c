"""The service as a process: killed, told to stop, started again; and what readers of the results then find."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.to_thread import run_sync
from jsonschema import Draft202012Validator

from consumer.sandbox.check import OutputReader
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.traffic import InputRecord, Traffic, plan_traffic
from consumer.settings.model import KafkaSettings, Settings, TopicSettings
from consumer.wire.results import Output
from tests.brokers import create_topics, private_broker
from tests.chaos.workers import Worker, Workers, worker_env
from tests.outages.later import read_on, with_later
from tests.quick import installed
from tests.service.composed import Kept, serving, settings_for, until, until_true, write

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

EVENTS, SEED = 300, 7
GRACE_S = 30.0  # that Kubernetes gives between SIGTERM and SIGKILL; all that takes part of it is as it is shipped
CATCH_UP_S = 60.0
SCHEMAS = Path(__file__).parents[2] / "schemas"


@dataclass(frozen=True, slots=True)
class Scene:
    """A broker's topics with the traffic in them, the emulator, and a process that is not started yet."""

    settings: Settings
    traffic: Traffic
    later: tuple[InputRecord, ...]
    emulator: Emulator
    reader: OutputReader
    score: Kept
    env: dict[str, str]
    logs: Path

    def a_third_is_done(self) -> bool:
        return len(self.score.records) >= len(self.traffic.records) / 3

    async def read_to_end(self) -> None:
        await read_on(self.reader, self.score, self.later, self.settings, CATCH_UP_S)


@pytest.fixture
async def scene(kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path) -> AsyncIterator[Scene]:
    traffic, later = with_later(plan_traffic(EVENTS, SEED), topics.partitions)
    logs = tmp_path / "logs"
    logs.mkdir()
    async with Emulator(traffic.world) as emulator:
        settings = settings_for(emulator, kafka_settings, topics, tmp_path)
        env = variables(emulator, settings)
        await write(settings, traffic.records)
        async with OutputReader(settings.kafka, settings.topics) as reader:
            yield Scene(settings, traffic, later, emulator, reader, Kept(traffic.expectation), env, logs)


def variables(emulator: Emulator, settings: Settings) -> dict[str, str]:
    shorter = {"DOWNLOAD__HOST_PATIENCE_S": "3", "ATTEMPTS__ATTEMPTS": "5", "ATTEMPTS__OVER_S": "4"}
    return worker_env(emulator, settings.kafka, settings.topics, settings.storage.url, **shorter)


def logged(scene: Scene, worker: Worker) -> list[dict[str, Any]]:
    lines = (scene.logs / f"{worker.name}.log").read_text().splitlines()
    return [json.loads(line) for line in lines]


async def test_a_process_that_is_killed_in_the_middle_and_started_again_gives_every_result_once(scene: Scene) -> None:
    with Workers(1, scene.env, scene.logs) as workers:
        (worker,) = workers.all
        await until(scene.reader, scene.score, scene.a_third_is_done)
        worker.send(signal.SIGKILL)
        assert worker.wait(10) == -signal.SIGKILL
        assert scene.score.tally().missing, "it was killed in the middle"
        worker.start()
        await scene.read_to_end()
        assert scene.score.tally().good, scene.score.tally()
    check_what_was_published(scene)


async def test_sigterm_with_work_in_flight_ends_with_0_in_time_and_loses_nothing(scene: Scene) -> None:
    with Workers(1, scene.env, scene.logs) as workers:
        (worker,) = workers.all
        await until(scene.reader, scene.score, scene.a_third_is_done)
        asked = scene.emulator.state.calls["file"]
        scene.emulator.state.switch({"outage": {"files": "hang"}})
        await until_true(lambda: scene.emulator.state.calls["file"] > asked)
        worker.send(signal.SIGTERM)
        assert worker.wait(GRACE_S) == 0
        waiting = [line for line in logged(scene, worker) if line["event"] == "waiting for what runs"]
        assert waiting[0]["inspections"] > 0, "there was work in flight"
        scene.emulator.state.switch({"outage": {"files": "off"}})
        worker.start()
        await scene.read_to_end()
        worker.send(signal.SIGTERM)
        assert worker.wait(GRACE_S) == 0
    assert scene.score.tally().good, scene.score.tally()
    assert not [line for line in logged(scene, worker) if "exception" in line]


async def test_a_second_signal_stops_at_once_and_costs_no_answer(scene: Scene) -> None:
    with Workers(1, scene.env, scene.logs) as workers:
        (worker,) = workers.all
        await until(scene.reader, scene.score, scene.a_third_is_done)
        scene.emulator.state.switch({"outage": {"files": "hang"}})
        worker.send(signal.SIGTERM)
        await until_true(lambda: any(line["event"] == "waiting for what runs" for line in logged(scene, worker)))
        worker.send(signal.SIGTERM)
        assert worker.wait(3) == 128 + signal.SIGTERM
        scene.emulator.state.switch({"outage": {"files": "off"}})
        worker.start()
        await scene.read_to_end()
    assert scene.score.tally().good, scene.score.tally()


async def test_sigterm_while_the_broker_is_frozen_ends_in_time(tmp_path: Path) -> None:
    topics = TopicSettings(partitions=4, replication=1)
    traffic, later = with_later(plan_traffic(EVENTS, SEED), topics.partitions)
    with private_broker() as broker:
        await create_topics(broker.bootstrap_servers, topics)
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, session_timeout_ms=6_000)
        async with Emulator(traffic.world) as emulator, OutputReader(kafka, topics) as reader:
            settings = settings_for(emulator, kafka, topics, tmp_path)
            await write(settings, traffic.records)
            score = Kept(traffic.expectation)
            with Workers(1, variables(emulator, settings), tmp_path) as workers:
                (worker,) = workers.all
                await until(reader, score, lambda: len(score.records) >= EVENTS / 6)
                emulator.state.switch({"outage": {"files": "hang"}})  # so that the drain takes its whole time
                await run_sync(broker.freeze)
                worker.send(signal.SIGTERM)
                status = await run_sync(worker.wait, GRACE_S)
                await run_sync(broker.thaw)
                assert status == 0
                emulator.state.switch({"outage": {"files": "off"}})
                worker.start()
                await read_on(reader, score, later, settings, CATCH_UP_S)
            assert score.tally().good, score.tally()


def check_what_was_published(scene: Scene) -> None:
    """By a validator that the service does not use itself."""
    validators = {output: _validator(output) for output in Output}
    assert {record.output for record in scene.score.records} == set(Output)
    for record in scene.score.records:
        headers = {name: content.decode() for name, content in record.ours.items()}
        if record.output is Output.DEAD_LETTER:
            validators[record.output].validate({n: text for n, text in headers.items() if n.startswith("dlq.")})
            continue
        body = json.loads(record.value or b"")
        validators[record.output].validate(body)
        assert headers == {
            "ce_specversion": "1.0",
            "ce_id": body["id"],
            "ce_type": f"genesys.attachment.{record.output}.v1",
            "ce_source": "/attachment-consumer",
            "ce_subject": f"conversations/{body['conversationId']}/messages/{body['messageId']}",
            "ce_time": body["decidedAt"],
            "ce_dataschema": f"urn:attachment-consumer:schema:{record.output}:1",
            "content-type": "application/json",
        }


def _validator(output: Output) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{output}.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


async def test_kcat_reads_each_result_under_its_conversation(scene: Scene) -> None:
    """A reader that is nobody's of ours: key and body, of what is committed."""
    kcat = installed("kcat", "kcat")
    async with serving(scene.settings):
        await scene.read_to_end()
    for output in (Output.ACCEPTED, Output.REJECTED):
        topic = f"{scene.settings.topics.prefix}.{output}"
        rows = await read_with(kcat, scene.settings.kafka.bootstrap_servers, topic)
        ours = [json.loads(record.value or b"") for record in scene.score.records if record.output is output]
        assert sorted(body["id"] for _, body in rows) == sorted(body["id"] for body in ours) != []
        assert all(key == body["conversationId"] for key, body in rows)


async def read_with(kcat: str, servers: str, topic: str) -> list[tuple[str, dict[str, Any]]]:
    command = [kcat, "-b", servers, "-C", "-e", "-q", "-t", topic, "-f", "%k\\t%s\\n"]
    read = await anyio.run_process([*command, "-X", "isolation.level=read_committed"])
    rows = [line.split("\t", 1) for line in read.stdout.decode().splitlines()]
    return [(key, json.loads(body)) for key, body in rows]

"""`sandbox emulator`, `traffic` and `check` as processes of their own: they agree, and they end as they say."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from anyio.streams.buffered import BufferedByteReceiveStream

from consumer.sandbox.arrangement import topic_partitions
from consumer.sandbox.cases import AWAY_HOST, ExpectedOutcome
from consumer.sandbox.embedded import EmbeddedBroker
from consumer.sandbox.expectation import Expectation, Expected
from consumer.sandbox.traffic import plan_traffic
from consumer.settings.load import load
from consumer.settings.model import TopicSettings

EVENTS, SEED = 80, 9
SAME = ("--events", str(EVENTS), "--seed", str(SEED))
TOPICS = TopicSettings()


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "consumer", "sandbox", *arguments]


async def ran(arguments: Sequence[str], folder: Path, **environment: str) -> tuple[int, str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("KAFKA", "GENESYS"))}
    env |= {"PYTHONPATH": str(Path(__file__).parents[2])} | environment
    done = await anyio.run_process(command(*arguments), check=False, env=env, cwd=folder)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@asynccontextmanager
async def emulator() -> AsyncIterator[tuple[dict[str, str], anyio.abc.Process]]:
    """The settings that it prints, and its process."""
    process = await anyio.open_process(command("emulator", *SAME, "--port", "0", "--json"))
    try:
        assert process.stdout is not None
        with anyio.fail_after(30):
            line = await BufferedByteReceiveStream(process.stdout).receive_until(b"\n", 10_000)
        yield json.loads(line), process
    finally:
        if process.returncode is None:
            process.kill()
        await process.aclose()


async def test_an_emulator_in_another_process_knows_what_the_traffic_names() -> None:
    world = plan_traffic(EVENTS, SEED).world
    async with emulator() as (settings, _), httpx.AsyncClient(base_url=settings["GENESYS__API_URL"]) as http:
        auth = (settings["GENESYS_CLIENT_ID"], settings["GENESYS_CLIENT_SECRET"])
        form = {"grant_type": "client_credentials"}
        login = await http.post(f"{settings['GENESYS__LOGIN_URL']}/oauth/token", data=form, auth=auth)
        http.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
        for talk in world.conversations.values():
            answer = await http.get(f"/api/v2/conversations/{talk.conversation_id}")
            assert answer.status_code == (404 if not talk.known else 200 if talk.readable else 403)
        plain = [file for _, file in world.files.values() if file.case.name == "genuine"]
        for file in plain:
            link = await http.get(f"/api/v2/downloads/{file.download_id}", params={"issueRedirect": "false"})
            async with httpx.AsyncClient() as anonymous:
                body = (await anonymous.get(link.json()["url"])).content
            assert hashlib.sha256(body).digest() == hashlib.sha256(file.body).digest()
    assert len(plain) > 5


async def test_an_emulator_ends_at_a_signal_without_a_word() -> None:
    async with emulator() as (_, process):
        process.send_signal(signal.SIGTERM)
        with anyio.fail_after(10):
            assert await process.wait() == 0


async def test_a_port_that_is_taken_is_said_in_words() -> None:
    async with emulator() as (settings, _):
        port = settings["GENESYS__API_URL"].rpartition(":")[2]
        done = await anyio.run_process(command("emulator", "--events", "1", "--port", port), check=False)
    assert done.returncode == 3
    assert f"can't listen on 127.0.0.1:{port}".encode() in done.stderr


async def answers_to(broker: str, answers: Sequence[Expected]) -> None:
    """What a faultless service would publish."""
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    async with producer:
        for answer in answers:
            if answer.outcome is ExpectedOutcome.DEAD:
                headers = [("dlq.id", answer.id.encode()), ("dlq.reason", (answer.reason or "").encode())]
                if answer.id.startswith("sha256:"):
                    headers.append(("dlq.value-sha256", answer.id[7:].encode()))
                await producer.send_and_wait(TOPICS.dead_letter, b"{}", headers=headers)
            else:
                topic = TOPICS.accepted if answer.outcome is ExpectedOutcome.ACCEPTED else TOPICS.rejected
                body = {"id": answer.id, "verdict": answer.outcome, "reason": answer.reason}
                await producer.send_and_wait(topic, orjson.dumps(body))


async def events_in(broker: str) -> dict[int, int]:
    """Records of the input topic by partition."""
    consumer = AIOKafkaConsumer(TOPICS.events, bootstrap_servers=broker)
    async with consumer:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(consumer.assignment())
    return {partition.partition: end for partition, end in ends.items()}


@pytest.mark.usefixtures("embedded")
async def test_traffic_and_check_agree_about_what_must_come_out(tmp_path: Path) -> None:
    file = tmp_path / "expected.json"
    planned = plan_traffic(EVENTS, SEED)
    with EmbeddedBroker(topic_partitions(EVENTS)) as broker:
        kafka = {"KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers}
        code, out, err = await ran(["traffic", *SAME, "--expect", str(file), "--json"], tmp_path, **kafka)
        assert (code, err) == (0, "")
        assert json.loads(out)["records"] == len(planned.records)
        found = await events_in(broker.bootstrap_servers)
        assert sum(found.values()) == len(planned.records)
        assert found[0] == sum(record.slot % 4 == 0 for record in planned.records)

        answers = Expectation.read(file).answers
        assert answers == planned.expectation.answers
        await answers_to(broker.bootstrap_servers, answers[1:])
        check = ["check", str(file), "--wait", "1", "--json"]
        assert counts(await ran(check, tmp_path, **kafka)) == (1, 1, 0, 0)
        await answers_to(broker.bootstrap_servers, answers[:1])
        assert counts(await ran(check, tmp_path, **kafka)) == (0, 0, 0, 0)
        await answers_to(broker.bootstrap_servers, answers[:1])
        assert counts(await ran(check, tmp_path, **kafka)) == (1, 0, 1, 0)


def counts(done: tuple[int, str, str]) -> tuple[int, int, int, int]:
    """Exit code, missing, duplicated, wrong."""
    report: dict[str, Any] = json.loads(done[1])
    return done[0], report["missing"], report["duplicated"], report["wrong"]


@pytest.mark.usefixtures("embedded")
async def test_what_is_not_as_it_must_be_is_named_for_people(tmp_path: Path) -> None:
    file = tmp_path / "expected.json"
    Expectation(1, 1, (Expected("00" * 16, ExpectedOutcome.ACCEPTED, None, "genuine", (), "c-1", "m-1", "a-1"),)).write(
        file
    )
    with EmbeddedBroker(topic_partitions(1)) as broker:
        kafka = {"KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers}
        code, out, _ = await ran(["check", str(file), "--wait", "0.5"], tmp_path, **kafka)
    assert code == 1
    assert "missing: genuine c-1/m-1/a-1" in out


async def test_a_broker_that_is_away_is_exit_code_3(tmp_path: Path) -> None:
    file = tmp_path / "expected.json"
    arguments = ["traffic", "--events", "1", "--expect", str(file)]
    for command in (arguments, ["check", str(file)]):
        code, _, err = await ran(command, tmp_path, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
        assert code == 3
        assert "kafka: 127.0.0.1:1: no broker answers" in err
        assert "Unclosed" not in err


async def test_what_an_emulator_prints_are_settings_that_the_service_takes() -> None:
    async with emulator() as (printed, _):
        settings = load(env=printed | {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092"}, dotenv=Path("none"))
    api_url = printed["GENESYS__API_URL"]
    assert settings.download.allowed_origins == (api_url,)
    assert settings.download.allowed_hosts == (AWAY_HOST,)
    assert str(settings.genesys.api_url).rstrip("/") == api_url

"""`reconcile` as an operator types it, beside the running service, on the real broker."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread
from typer.testing import Result

from consumer.kafka.grants import Role, least
from consumer.sandbox.arrangement import environment
from consumer.sandbox.check import OutputReader
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.world import Conversation
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.cli.conftest import Command, command
from tests.outages.crafted import Maker, announced, traffic_of
from tests.service.composed import Kept, all_settled, serving, settings_for, until, write
from tests.service.test_grants import guarded, login  # noqa: F401 # fixtures
from tests.stream.grants import Login, give

__all__ = ["command"]

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

SINCE = ("--since", "2h", "--until", "10m")


async def typed(command: Command, env: dict[str, str], *more: str) -> tuple[Result, list[dict[str, Any]]]:
    """In a thread, so that the emulator goes on beside it."""
    run = partial(command, "reconcile", *SINCE, "--json", *more, **env)
    result: Result = await to_thread.run_sync(run)
    return result, [json.loads(line) for line in result.stdout.splitlines()]


def env_of(emulator: Emulator, kafka: KafkaSettings, topics: TopicSettings) -> dict[str, str]:
    return environment(emulator) | {
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "TOPICS__EVENTS": topics.events,
        "TOPICS__PREFIX": topics.prefix,
        "TOPICS__PARTITIONS": str(topics.partitions),
        "TOPICS__REPLICATION": "1",
    }


def missing_in(lines: list[dict[str, Any]]) -> set[str]:
    return {line["conversationId"] for line in lines if line["kind"] == "missing"}


async def test_lost_events_are_found_and_fed_and_then_nothing_is_missing(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path, command: Command
) -> None:
    talks = Maker("reconcile", topics.partitions).talks(8)
    told, lost = talks[:5], talks[5:]
    traffic, score = traffic_of(talks), Kept(traffic_of(talks).expectation)
    async with Emulator(traffic.world) as emulator, OutputReader(kafka_settings, topics) as reader:
        settings, env = settings_for(emulator, kafka_settings, topics, tmp_path), {}
        env = env_of(emulator, kafka_settings, topics)
        async with serving(settings) as running:
            await write(settings, [announced(talk) for talk in told])
            await until(reader, score, lambda: len(score.records) == len(told))
            await all_settled(settings)
            assert emulator.state.calls["analytics"] == 0
            rebalances = running.metrics.rebalances.value
            result, lines = await typed(command, env)
            assert (result.exit_code, missing_in(lines)) == (1, {talk.conversation_id for talk in lost}), result.stderr
            days = 7 + len({line["time"][:10] for line in lines[:-1]})  # of the look-back, and of the time itself
            assert days <= emulator.state.calls["analytics"] <= 2 * days + 2, "a page, and the one with nothing on it"
            assert lines[-1] == {
                "kind": "summary", "conversations": 8, "messages": 8, "missing": 3, "unreadable": 0, "fed": 0,
            }  # fmt: skip

            result, lines = await typed(command, env, "--feed", "--rate", "100")
            assert (result.exit_code, lines[-1]["fed"]) == (0, len(lost))
            await until(reader, score, lambda: len(score.records) == len(talks))
            await all_settled(settings)
            result, lines = await typed(command, env)
            assert (result.exit_code, missing_in(lines), lines[-1]["messages"]) == (0, set(), 8)
            assert running.metrics.rebalances.value == rebalances, "no group was disturbed"
        await reader.catch_up(score)
    assert score.tally().good, score.tally()
    assert len(score.records) == len(talks)


async def test_what_was_suppressed_before_it_existed_is_found_with_its_dead_letter(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path, command: Command
) -> None:
    (talk,) = Maker("suppressed", topics.partitions).talks(1)
    traffic, score = traffic_of([talk]), Kept(traffic_of([talk]).expectation)
    async with Emulator(traffic.world) as emulator, OutputReader(kafka_settings, topics) as reader:
        settings = settings_for(emulator, kafka_settings, topics, tmp_path)
        traffic.world.conversations[talk.conversation_id] = hidden(talk)
        async with serving(settings):
            await write(settings, [announced(talk)])
            await until(reader, score, lambda: len(score.records) == 1)
            await all_settled(settings)
        traffic.world.conversations[talk.conversation_id] = talk
        result, (line, _) = await typed(command, env_of(emulator, kafka_settings, topics))
    assert result.exit_code == 1
    assert line["deadLetter"] == {"id": score.records[0].ours["dlq.id"].decode(), "generation": 1}


def hidden(talk: Conversation) -> Conversation:
    return replace(talk, messages=tuple(replace(message, known=False) for message in talk.messages))


async def test_with_exactly_its_own_grants_it_reads_and_feeds(
    login: Login,  # noqa: F811 # the fixture
    command: Command,
) -> None:
    talks = Maker("granted", login.topics.partitions).talks(2)
    await give(login.root.bootstrap_servers, "svc", least(Role.RECONCILER, login.ours, login.topics))
    async with Emulator(traffic_of(talks).world) as emulator:
        env = env_of(emulator, login.ours, login.topics) | {
            "KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "KAFKA__SASL_MECHANISM": "PLAIN",
            "KAFKA__SASL_USERNAME": "svc",
            "KAFKA__SASL_PASSWORD": "secret",
        }
        result, lines = await typed(command, env, "--feed", "--rate", "100")
    assert (result.exit_code, lines[-1]["fed"]) == (0, 2), result.stderr


async def test_what_is_missing_to_ask_is_said_with_its_exit_code(
    kafka_settings: KafkaSettings, topics: TopicSettings, command: Command
) -> None:
    async with Emulator(traffic_of([]).world) as emulator:
        env = env_of(emulator, kafka_settings, topics)
        emulator.state.switch({"permissions": ["conversation:communication:view"]})
        result, _ = await typed(command, env)
        assert (result.exit_code, "analytics:conversationDetail:view" in result.stderr) == (1, True)
        result, _ = await typed(command, env | {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"})
        assert (result.exit_code, "kafka" in result.stderr) == (3, True)
        result, _ = await typed(command, env | {"TOPICS__PARTITIONS": str(topics.partitions + 1)})
        assert (result.exit_code, "TOPICS__PARTITIONS" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--since", "last week"), "is no time"),
        (("--since", "10m", "--until", "1h"), "before --until"),
        (("--since", "2h", "--until", "2999-01-01"), "before now"),
        (("--since", "40d"), "horizon"),
        ((), "since"),
    ],
)
def test_times_that_mean_nothing_end_with_2(command: Command, options: tuple[str, ...], told: str) -> None:
    result = command("reconcile", *options)
    assert (result.exit_code, told in result.stderr) == (2, True)

"""`check-config --online`: what is wrong with a set-up is named by one command, on the real parts."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
import trustme
from anyio import to_thread
from typer.testing import Result

from consumer.inspection.workers.pool import offered
from consumer.kafka.grants import Grant, Operation, Resource, Role, least
from consumer.kafka.knock import Cause, knock
from consumer.kafka.topics import create
from consumer.sandbox.arrangement import environment
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.emulator_state import PERMISSIONS
from consumer.sandbox.traffic import Traffic, plan_traffic
from consumer.service.doctor.doctor import worst
from consumer.service.doctor.lines import CheckLine, Outcome
from consumer.service.doctor.machine import age_of_signatures
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.cli.conftest import Command
from tests.cli.secured import LONG_AGO, PASSWORD, USER, Secured, secured_broker
from tests.stream.grants import give, take

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

Checks = list[dict[str, Any]]
NOT_GOOD = ("wrong", "away")


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured_broker(tmp_path_factory.mktemp("secured")) as broker:
        yield broker


@pytest.fixture
def traffic() -> Traffic:
    return plan_traffic(3, 1)


@pytest.fixture
async def emulator(traffic: Traffic) -> AsyncIterator[Emulator]:
    async with Emulator(traffic.world) as emulator:
        yield emulator


@pytest.fixture
async def topics(secured: Secured) -> TopicSettings:
    prefix = f"doctor-{os.urandom(3).hex()}"
    topics = TopicSettings(events=f"{prefix}.events", prefix=prefix, partitions=1, replication=1)
    await create(KafkaSettings(bootstrap_servers=secured.broker.internal_servers), topics, events_partitions=1)
    return topics


def needed(topics: TopicSettings) -> list[Grant]:
    return least(Role.SERVICE, KafkaSettings(bootstrap_servers="any:1", group=topics.prefix), topics)


@pytest.fixture
async def good(secured: Secured, emulator: Emulator, topics: TopicSettings, tmp_path: Path) -> dict[str, str]:
    """The environment of a set-up that lacks nothing."""
    await give(secured.broker.internal_servers, USER, needed(topics))
    return environment(emulator) | {
        "KAFKA_BOOTSTRAP_SERVERS": secured.broker.bootstrap_servers,
        "KAFKA__GROUP": topics.prefix,
        "KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA__SASL_MECHANISM": "PLAIN",
        "KAFKA__SASL_USERNAME": USER,
        "KAFKA__SASL_PASSWORD": PASSWORD,
        "KAFKA__CA_FILE": str(secured.ca_file),
        "TOPICS__EVENTS": topics.events,
        "TOPICS__PREFIX": topics.prefix,
        "TOPICS__PARTITIONS": "1",
        "TOPICS__REPLICATION": "1",
        "STORAGE__URL": str(tmp_path / "files"),
        "INSPECTION__CONFINEMENT": offered().value,
    }


async def online(command: Command, env: dict[str, str], *arguments: str) -> tuple[Result, Checks]:
    """In a thread, so that the emulator goes on beside it."""
    run = partial(command, "check-config", "--online", "--json", *arguments, **env)
    result: Result = await to_thread.run_sync(run)
    checks: Checks = json.loads(result.stdout)["checks"]
    assert [one for one in checks if one["outcome"] != "fine" and not one["remedy"]] == []
    return result, checks


def bad(checks: Checks) -> Checks:
    return [one for one in checks if one["outcome"] in NOT_GOOD]


async def test_a_set_up_that_lacks_nothing_ends_with_0_and_says_what_it_could_not_look_at(
    command: Command, good: dict[str, str], emulator: Emulator, traffic: Traffic
) -> None:
    result, checks = await online(command, good)
    assert (result.exit_code, bad(checks)) == (0, [])
    unseen = {one["check"]: one["came"] for one in checks if one["outcome"] == "not checked"}
    assert set(unseen) == {"kafka.clock", "genesys.conversation", "antivirus"}
    assert all(why.startswith("because ") for why in unseen.values())
    told = {one["check"] for one in checks if one["outcome"] == "fine"}
    assert told >= {"kafka.login", "kafka.topics", "kafka.acls", "genesys.login", "genesys.permission", "genesys.clock"}
    assert told >= {"genesys.organization", "genesys.files", "storage", "workers"}
    assert good["KAFKA__SASL_PASSWORD"] not in result.output
    assert good["GENESYS_CLIENT_SECRET"] not in result.output
    for conversation in traffic.world.conversations:
        _, checks = await online(command, good, "--conversation", conversation)
        (read,) = [one for one in checks if one["check"] == "genesys.conversation"]
        assert "can be read" in read["came"] or read["came"].startswith("read, files: ")
        break


@pytest.mark.parametrize(
    ("changed", "check", "came", "exit_code"),
    [
        ({"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}, "kafka.connection", "nobody listens there", 3),
        ({"KAFKA_BOOTSTRAP_SERVERS": "nowhere.invalid:9092"}, "kafka.address", "the name is not known", 1),
        ({"KAFKA__SASL_MECHANISM": "SCRAM-SHA-512"}, "kafka.login", "it does not offer SCRAM-SHA-512", 1),
        ({"KAFKA__SASL_PASSWORD": "another"}, "kafka.login", "it does not accept the login", 1),
        ({"KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT"}, "kafka.tls", "closes the connection at the first word", 1),
        ({"KAFKA__SECURITY_PROTOCOL": "SSL"}, "kafka.login", "it asks for a login", 1),
        ({"TOPICS__PARTITIONS": "3"}, "kafka.topics", "has 1 partitions and TOPICS__PARTITIONS is 3", 1),
        ({"GENESYS_CLIENT_SECRET": "another"}, "genesys.login", "refuses the client credentials", 1),
        ({"GENESYS__ORGANIZATION_ID": "another"}, "genesys.organization", "GENESYS__ORGANIZATION_ID is another", 1),
        ({"STORAGE__URL": "/dev/null/files"}, "storage", "the folder can't be made", 1),
        ({"ANTIVIRUS__ADDRESS": "tcp://127.0.0.1:1"}, "antivirus", "it can't be reached", 3),
    ],
    ids=lambda value: next(iter(value.values())) if isinstance(value, dict) else "",
)
async def test_a_wrong_setting_is_named(
    command: Command, good: dict[str, str], changed: dict[str, str], check: str, came: str, exit_code: int
) -> None:
    result, checks = await online(command, {**good, **changed})
    assert result.exit_code == exit_code
    told = [one for one in bad(checks) if one["check"] == check]
    assert told, bad(checks)
    assert any(came in one["came"] for one in told)
    assert all(one["remedy"] for one in told)
    assert {one["check"] for one in bad(checks)} == {check}, "and nothing else is blamed"


async def test_a_wrong_authority_host_name_or_an_expired_certificate_is_told_apart(
    command: Command, good: dict[str, str], secured: Secured, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    elsewhere = good["KAFKA_BOOTSTRAP_SERVERS"].replace("127.0.0.1", "localhost")
    for changed, came in (
        ({"KAFKA__CA_FILE": str(other)}, "an authority (CA) that is not trusted"),
        ({"KAFKA_BOOTSTRAP_SERVERS": elsewhere}, "for another host name"),
    ):
        result, checks = await online(command, {**good, **changed})
        assert result.exit_code == 1
        (told,) = bad(checks)
        assert (told["check"], came in told["came"]) == ("kafka.tls", True)
    secured.use_certificate(LONG_AGO)
    try:
        await until(good, expired=True)
        result, checks = await online(command, good)
        assert result.exit_code == 1, bad(checks)
        (told,) = bad(checks)
        assert (told["check"], told["came"]) == ("kafka.tls", "its certificate has expired")
    finally:
        secured.use_certificate()
        await until(good, expired=False)


async def until(good: dict[str, str], *, expired: bool) -> None:
    """The broker takes a new certificate in the background, each of its threads at a time of its own."""
    settings = KafkaSettings(
        bootstrap_servers=good["KAFKA_BOOTSTRAP_SERVERS"],
        security_protocol="SASL_SSL",
        sasl_mechanism="PLAIN",
        sasl_username=USER,
        sasl_password=PASSWORD,
        ca_file=good["KAFKA__CA_FILE"],
    )
    with anyio.fail_after(20):
        seen: list[bool] = []
        while seen[-8:] != [expired] * 8:
            seen.append(isinstance(await knock(settings, settings.bootstrap_servers), Cause))


@pytest.mark.parametrize("resource", list(Resource))
async def test_a_grant_that_is_missing_is_named(
    command: Command, good: dict[str, str], secured: Secured, topics: TopicSettings, resource: Resource
) -> None:
    missing = next(grant for grant in needed(topics) if grant.resource is resource)
    await take(secured.broker.internal_servers, USER, [missing])
    result, checks = await online(command, good)
    assert result.exit_code == 1
    told = [one for one in bad(checks) if one["check"] == "kafka.acls"]
    assert len(told) == 1
    assert missing.name in told[0]["tried"] + told[0]["remedy"]
    assert "not allowed" in told[0]["came"]


async def test_a_topic_that_is_missing_is_named(
    command: Command, good: dict[str, str], secured: Secured, topics: TopicSettings
) -> None:
    missing = f"{topics.prefix}.elsewhere"
    await give(secured.broker.internal_servers, USER, [Grant(Resource.TOPIC, missing, Operation.READ)])
    result, checks = await online(command, {**good, "TOPICS__EVENTS": missing})
    assert result.exit_code == 1
    (told,) = bad(checks)
    assert (told["check"], f"{missing} is missing" in told["came"]) == ("kafka.topics", True)


async def test_a_permission_that_is_missing_is_named_and_so_is_an_api_that_is_away(
    command: Command, good: dict[str, str], emulator: Emulator
) -> None:
    emulator.state.switch({"permissions": [one for one in PERMISSIONS if one != "conversation:communication:view"]})
    result, checks = await online(command, good)
    assert (result.exit_code, {one["check"] for one in bad(checks)}) == (1, {"genesys.permission"})
    assert any("conversation:communication:view" in one["came"] for one in bad(checks))
    emulator.state.switch({"permissions": PERMISSIONS, "outage": {"api": "unavailable"}})
    result, checks = await online(command, good)
    assert result.exit_code == 3
    assert {one["outcome"] for one in bad(checks)} == {"away"}


async def test_people_get_a_table(command: Command, good: dict[str, str]) -> None:
    result: Result = await to_thread.run_sync(partial(command, "check-config", "--online", **good))
    header, *rows = result.stdout.splitlines()
    assert header.split()[:3] == ["result", "check", "tried"]
    assert any("kafka.acls" in row and "allowed" in row for row in rows)


def test_what_has_to_be_changed_comes_before_what_is_waited_for() -> None:
    def lines(*outcomes: Outcome) -> list[CheckLine]:
        return [CheckLine("storage", outcome, "", "") for outcome in outcomes]

    assert worst(lines(Outcome.FINE, Outcome.AWAY, Outcome.WRONG)) is Outcome.WRONG
    assert worst(lines(Outcome.NOT_CHECKED, Outcome.AWAY)) is Outcome.AWAY
    assert worst(lines(Outcome.WARNING, Outcome.NOT_CHECKED)) is Outcome.FINE


@pytest.mark.parametrize(
    ("version", "outcome"),
    [
        ("1.4.3/27800/Mon Nov 23 08:00:00 2026", Outcome.FINE),
        ("1.4.3/27700/Mon Oct 26 08:00:00 2026", Outcome.WRONG),
        ("1.4.3", Outcome.NOT_CHECKED),
        ("", Outcome.NOT_CHECKED),
    ],
)
def test_signatures_that_are_older_than_a_week_have_to_be_renewed(version: str, outcome: Outcome) -> None:
    assert age_of_signatures(version, datetime(2026, 11, 29)).outcome is outcome

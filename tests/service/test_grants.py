"""The least that a role has to be allowed: with exactly that it works, and what is missing is named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import TopicAuthorizationFailedError

from consumer.kafka import topics as our_topics
from consumer.kafka.allowed import may_begin_transactions
from consumer.kafka.grants import Grant, Operation, Resource, Role, least
from consumer.kafka.knock import BrokersRefuse
from consumer.sandbox.check import OutputReader, read_to_end
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import KafkaBroker
from consumer.sandbox.traffic import plan_traffic
from consumer.service.life import Running
from consumer.service.whereabouts.gathered import gathered
from consumer.settings.model import KafkaSettings, SignatureSettings, TopicSettings
from tests.brokers import create_topics, guarded_broker
from tests.service.composed import LONGEST_S, Kept, serving, settings_for, write
from tests.stream.grants import Login, give, take

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

USER = "svc"


@pytest.fixture(scope="module")
def guarded() -> Iterator[KafkaBroker]:
    with guarded_broker({USER: "secret"}) as broker:
        yield broker


@pytest.fixture
async def login(guarded: KafkaBroker) -> Login:
    """A user that may do nothing."""
    prefix = f"least-{os.urandom(3).hex()}"
    topics = TopicSettings(events=f"{prefix}.events", prefix=prefix, partitions=1, replication=1)
    await create_topics(guarded.internal_servers, topics, events=1)
    root = KafkaSettings(bootstrap_servers=guarded.internal_servers, group=prefix)
    ours = root.model_dump() | {
        "bootstrap_servers": guarded.bootstrap_servers,
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_username": USER,
        "sasl_password": "secret",
        "session_timeout_ms": 2_000,
        "heartbeat_ms": 200,
    }
    return Login(KafkaSettings.model_validate(ours), root, topics)


def needed(login: Login, role: Role = Role.SERVICE) -> list[Grant]:
    return least(role, login.ours, login.topics)


async def readyz(running: Running) -> tuple[int, list[dict[str, Any]]]:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{running.metrics_port}/readyz")
    return answer.status_code, answer.json()["conditions"]


async def told(running: Running, what: str) -> int:
    """The status of `/readyz` while it tells of a refusal that names `what`."""
    with anyio.fail_after(LONGEST_S):
        while True:
            status, conditions = await readyz(running)
            if any(one["condition"] == "kafka_refused" and what in one["detail"] for one in conditions):
                return status
            await anyio.sleep(0.1)


@pytest.mark.parametrize("kind", [Resource.GROUP, Resource.TOPIC, Resource.TRANSACTIONS])
async def test_with_exactly_the_least_the_service_answers_and_with_one_missing_readyz_names_it(
    login: Login, kind: Resource, tmp_path: Path
) -> None:
    grants = needed(login)
    missing = next(grant for grant in grants if grant.resource is kind)
    await give(login.root.bootstrap_servers, USER, [grant for grant in grants if grant != missing])
    traffic = plan_traffic(5, 3)
    async with Emulator(traffic.world) as emulator:
        settings = settings_for(emulator, login.ours, login.topics, tmp_path)
        seen_by_root = settings.model_copy(update={"kafka": login.root})
        await write(seen_by_root, traffic.records)
        score = Kept(traffic.expectation)
        async with serving(settings) as running:
            name = "transactional ids" if kind is Resource.TRANSACTIONS else str(missing)
            assert await told(running, name) == 503
            await give(login.root.bootstrap_servers, USER, [missing])
            async with OutputReader(login.root, login.topics) as reader:
                await read_to_end(reader, score, patience_s=30)
    assert score.tally().good, score.tally()


async def test_each_grant_that_is_missing_is_named_alone(login: Login) -> None:
    every = needed(login)
    await give(login.root.bootstrap_servers, USER, every)
    await our_topics.check(login.ours, login.topics)
    assert await may_begin_transactions(login.ours, login.topics)
    for grant in every:
        await take(login.root.bootstrap_servers, USER, [grant])
        if grant.resource is Resource.TRANSACTIONS:
            assert not await may_begin_transactions(login.ours, login.topics)
        else:
            with pytest.raises(BrokersRefuse) as refused:
                await our_topics.check(login.ours, login.topics)
            assert refused.value.detail.splitlines()[1:] == [str(grant)]
        await give(login.root.bootstrap_servers, USER, [grant])


async def test_a_service_with_a_wrong_password_says_so_and_is_not_ready(login: Login, tmp_path: Path) -> None:
    wrong = KafkaSettings.model_validate(login.ours.model_dump() | {"sasl_password": "another"})
    async with (
        Emulator(plan_traffic(1, 3).world) as emulator,
        serving(settings_for(emulator, wrong, login.topics, tmp_path)) as running,
    ):
        assert await told(running, "it does not accept the login") == 503


async def test_an_operator_s_least_creates_and_describes_the_topics(login: Login) -> None:
    other = login.topics.model_copy(update={"prefix": f"{login.topics.prefix}-new"})
    grants = least(Role.OPERATOR, login.ours, other)
    await give(login.root.bootstrap_servers, USER, grants)
    assert len(await our_topics.create(login.ours, other)) == 5
    _, differing = await our_topics.describe(login.ours, other)
    assert not differing


async def test_who_is_asked_where_a_file_is_may_look_and_no_more(login: Login) -> None:
    grants = needed(login, Role.SUPPORT)
    await give(login.root.bootstrap_servers, USER, grants)
    seen = await gathered(login.ours, login.topics, SignatureSettings(), "c-1", None)
    assert {one.topic for one in seen.searched} == {login.topics.events, *login.topics.ours} - {login.topics.ledger}
    assert {grant.operation for grant in grants} == {Operation.READ, Operation.DESCRIBE}


@pytest.mark.parametrize("role", [Role.NOTIFY, Role.READER])
async def test_who_reads_results_reads_them_in_a_group_of_its_own(login: Login, role: Role) -> None:
    grants = needed(login, role)
    await give(login.root.bootstrap_servers, USER, grants)
    (group,) = {grant.name for grant in grants if grant.resource is Resource.GROUP}
    topics = [grant.name for grant in grants if grant.resource is Resource.TOPIC]
    consumer = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=login.ours.bootstrap_servers,
        group_id=group,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        sasl_plain_username=USER,
        sasl_plain_password="secret",
        isolation_level="read_committed",
    )
    await consumer.start()
    try:
        assert {partition.topic for partition in consumer.assignment()} == set(topics)
        await consumer.getmany(timeout_ms=100)
        await consumer.commit()
    finally:
        await consumer.stop()
    assert {grant.operation for grant in grants} == {Operation.READ}


def producing(login: Login, *, idempotent: bool) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        bootstrap_servers=login.ours.bootstrap_servers,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="PLAIN",
        sasl_plain_username=USER,
        sasl_plain_password="secret",
        enable_idempotence=idempotent,
    )


async def test_who_brings_events_in_writes_them_and_nothing_else(login: Login) -> None:
    grants = needed(login, Role.BRIDGE)
    async with producing(login, idempotent=False) as producer:
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait(login.topics.events, b"{}")
    await give(login.root.bootstrap_servers, USER, grants)
    async with producing(login, idempotent=True) as producer:
        await producer.send_and_wait(login.topics.events, b"{}")
    for topic in login.topics.ours:
        async with producing(login, idempotent=False) as producer:
            with pytest.raises(TopicAuthorizationFailedError):
                await producer.send_and_wait(topic, b"{}")
    assert grants == [Grant(Resource.TOPIC, login.topics.events, Operation.WRITE)]

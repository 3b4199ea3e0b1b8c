"""The topics: created as they must be, never changed, and refused where answers would be lost or repeated."""

from __future__ import annotations

import secrets

import anyio
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from consumer.errors import Refused, Unavailable
from consumer.kafka.topic_rules import (
    IN_SYNC,
    LARGEST_DEAD_HEADERS,
    LARGEST_RECORD,
    Topic,
    differences,
    wanted,
    weaknesses,
)
from consumer.kafka.topics import check, create, describe
from consumer.model.units import DAY_MS
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.brokers import Broker

pytestmark = pytest.mark.kafka


@pytest.fixture
def settings() -> TopicSettings:
    prefix = f"topics-{secrets.token_hex(4)}"
    return TopicSettings(events=f"{prefix}.events", prefix=prefix, partitions=2, replication=1)


@pytest.fixture
def server(kafka: Broker) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=kafka.bootstrap_servers)


async def make(server: KafkaSettings, *topics: NewTopic) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=server.bootstrap_servers)
    await admin.start()
    try:
        answer = await admin.create_topics(list(topics))
        assert not [error for error in answer.to_object()["topic_errors"] if error["error_code"]]
        names = [topic.name for topic in topics]
        with anyio.fail_after(30):
            while any(there["error_code"] for there in await admin.describe_topics(names)):  # noqa: ASYNC110 # the broker tells nobody
                await anyio.sleep(0.02)  # the controller answers before the broker knows
    finally:
        await admin.close()


async def test_what_is_missing_is_created_as_wanted_and_then_passes_the_check(
    server: KafkaSettings, settings: TopicSettings
) -> None:
    made = await create(server, settings, events_partitions=3)
    assert set(made) == {settings.events, *(topic.name for topic in wanted(settings))}
    there, differing = await describe(server, settings)
    assert differing == []
    assert {topic.name: topic.partitions for topic in there} == {
        settings.events: 3,
        **{topic.name: 2 for topic in wanted(settings)},
    }
    assert {topic.name: topic.configs["max.message.bytes"] for topic in there}[settings.events] == str(LARGEST_RECORD)
    checked = await check(server, settings)
    assert checked.max_message_bytes[settings.accepted] == 1024 * 1024
    assert not checked.weaknesses
    for name in (settings.tasks, settings.dead_letter):
        assert checked.max_message_bytes[name] == LARGEST_RECORD >= 5_000_000 + LARGEST_DEAD_HEADERS


async def test_more_replicas_than_brokers_are_said_in_a_sentence(
    server: KafkaSettings, settings: TopicSettings
) -> None:
    with pytest.raises(Refused, match="fewer brokers than replicas asked for: see TOPICS__REPLICATION"):
        await create(server, settings.model_copy(update={"replication": 7}))


async def test_creating_again_creates_nothing_and_fills_only_gaps(
    server: KafkaSettings, settings: TopicSettings
) -> None:
    (ledger,) = [topic for topic in wanted(settings) if topic.name == settings.ledger]
    await make(server, NewTopic(ledger.name, 2, 1, topic_configs=dict(ledger.configs)))
    assert settings.ledger not in await create(server, settings)
    assert await create(server, settings) == []


async def test_a_topic_that_differs_is_named_and_neither_changed_nor_worked_around(
    server: KafkaSettings, settings: TopicSettings
) -> None:
    await make(server, NewTopic(settings.tasks, 5, 1))
    with pytest.raises(Refused) as refused:
        await create(server, settings)
    assert f"{settings.tasks}: partitions is 5, not 2" in refused.value.detail
    assert f"{settings.tasks}: message.timestamp.type is CreateTime, not LogAppendTime" in refused.value.detail
    there, _ = await describe(server, settings)
    assert [(topic.name, topic.partitions) for topic in there] == [(settings.tasks, 5)]


async def test_the_service_may_not_start_without_its_topics_and_is_told_what_to_run(
    server: KafkaSettings, settings: TopicSettings
) -> None:
    with pytest.raises(Refused) as refused:
        await check(server, settings)
    assert refused.value.detail.count("is missing") == 6
    assert f"{settings.tasks} is missing, or may not be described: run `topics create`" in refused.value.detail


async def test_what_would_lose_or_repeat_answers_is_refused_in_one_message(
    server: KafkaSettings, settings: TopicSettings
) -> None:
    stamped = {"message.timestamp.type": "LogAppendTime"}
    await make(
        server,
        NewTopic(settings.events, 1, 1),
        NewTopic(settings.tasks, 2, 1, topic_configs={**stamped, "retention.ms": str(40 * DAY_MS)}),
        NewTopic(
            settings.ledger,
            3,
            1,
            topic_configs={"retention.ms": str(34 * DAY_MS), "retention.bytes": "1000000", "cleanup.policy": "compact"},
        ),
        NewTopic(settings.accepted, 1, 1, topic_configs={"max.message.bytes": "1000"}),
        NewTopic(settings.rejected, 1, 1),
        NewTopic(settings.dead_letter, 1, 1, topic_configs={"max.message.bytes": "1000"}),
    )
    with pytest.raises(Refused) as refused:
        await check(server, settings)
    problems = refused.value.detail.splitlines()[1:]
    assert len(problems) == 8
    for topic, part in [
        (settings.tasks, "longer than answers are remembered"),
        (settings.ledger, "3 partitions and TOPICS__PARTITIONS is 2"),
        (settings.ledger, f"retention.ms to {(35 + 7) * DAY_MS} or more"),
        (settings.ledger, "retention.bytes to -1"),
        (settings.ledger, "cleanup.policy to delete"),
        (settings.ledger, "message.timestamp.type to LogAppendTime"),
        (settings.accepted, "max.message.bytes"),
        (settings.dead_letter, "max.message.bytes"),
    ]:
        assert [problem for problem in problems if problem.startswith(topic) and part in problem]


async def test_what_weakens_existing_topics_is_said_and_stops_nothing(
    server: KafkaSettings, settings: TopicSettings
) -> None:
    await create(server, settings, events_partitions=1)
    stronger = settings.model_copy(update={"replication": 3})
    assert await create(server, stronger) == []
    checked = await check(server, stronger)
    assert len(checked.weaknesses) == len(wanted(settings))
    assert f"{settings.ledger} has partitions with 1 replicas, and TOPICS__REPLICATION is 3" in checked.weaknesses[-1]
    _, differing = await describe(server, stronger)
    assert {(d.what, d.wanted, d.found) for d in differing} == {("replication", "3", "1"), (IN_SYNC, "2", "1")}


@pytest.mark.parametrize(
    ("copies", "in_sync", "said"),
    [
        (3, 2, None),
        (
            3,
            1,
            "with 1 of 3 copies, and is lost or given twice if their brokers do not come back: set its min.insync.r",
        ),
        (3, 3, "takes no writes while one broker is away: set its min.insync.replicas to 2"),
        (4, 2, "with 2 of 4 copies"),
    ],
)
def test_too_few_and_too_many_replicas_in_sync_are_told_apart(copies: int, in_sync: int, said: str | None) -> None:
    settings = TopicSettings(replication=3)
    topic = Topic(settings.ledger, 12, {IN_SYNC: str(in_sync)}, replication=copies)
    told = list(weaknesses(settings, {settings.ledger: topic}))
    assert len(told) == (said is not None)
    assert said is None or said in told[0]


def test_a_write_needs_all_replicas_but_one_and_a_single_one_itself() -> None:
    for replication, in_sync in [(1, "1"), (2, "1"), (3, "2"), (5, "4")]:
        for topic in wanted(TopicSettings(replication=replication)):
            assert (topic.replication, topic.configs[IN_SYNC]) == (replication, in_sync)


async def test_brokers_that_do_not_answer_are_a_dependency_that_is_down(settings: TopicSettings) -> None:
    with pytest.raises(Unavailable, match="nobody listens there"):
        await check(KafkaSettings(bootstrap_servers="127.0.0.1:1"), settings)


def test_more_room_than_wanted_is_no_difference() -> None:
    asked = [Topic("t", 2, {"retention.ms": "1000", "max.message.bytes": "10", "cleanup.policy": "delete"})]
    roomy = Topic("t", 2, {"retention.ms": "-1", "max.message.bytes": "11", "cleanup.policy": "delete"})
    tight = Topic("t", 2, {"retention.ms": "999", "max.message.bytes": "9", "cleanup.policy": "compact"})
    assert differences(asked, {"t": roomy}) == []
    assert [d.what for d in differences(asked, {"t": tight})] == ["retention.ms", "max.message.bytes", "cleanup.policy"]

"""The laws of a transactional producer, each on a real broker, and what happens to who does not keep it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError
from confluent_kafka.admin._acl import AclOperation

from consumer.kafka.client import client_options
from consumer.kafka.closing import close_by_force
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.stream.transaction import ProducerRecord, TooLarge, TransactionFailed, Transactor
from tests.brokers import create_topics, delete_topics, private_broker
from tests.stream.broken import AbortsAndGoesOn, ForgetsFutures, NeverForces, WaitsBetweenSends
from tests.stream.grants import Login, grant, revoke
from tests.stream.harness import GivenLimits, committed, create_narrow_topics, everything, ignored, sockets

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]


def transactor(
    kafka: KafkaSettings, topics: TopicSettings, kind: type[Transactor] = Transactor, **options: Any
) -> Transactor:
    defaults: dict[str, Any] = {"group": kafka.group, "limits": GivenLimits(), "step": ignored}
    return kind(f"{topics.tasks}-0", client_options(kafka), **defaults | options)


def offset(topics: TopicSettings, number: int) -> dict[TopicPartition, int]:
    return {TopicPartition(topics.tasks, 0): number}


@pytest.fixture
async def narrow(kafka_settings: KafkaSettings) -> AsyncIterator[TopicSettings]:
    """Topics of which the one for accepted files takes no record above 2,000 bytes."""
    prefix = f"{kafka_settings.group}-narrow"
    topics = TopicSettings(events=f"{prefix}.events", prefix=prefix, partitions=1, replication=1)
    await create_narrow_topics(kafka_settings, topics, 2_000)
    yield topics
    await delete_topics(kafka_settings.bootstrap_servers, topics)


async def test_a_refused_record_takes_offset_and_answers_with_it(
    kafka_settings: KafkaSettings, narrow: TopicSettings
) -> None:
    records = [ProducerRecord(narrow.rejected, b"k", b"small"), ProducerRecord(narrow.accepted, b"k", b"x" * 3_000)]
    first = transactor(kafka_settings, narrow)
    await first.open()
    with pytest.raises(TransactionFailed, match="await sends: MessageSizeTooLargeError"):
        await first.commit(records, offset(narrow, 1))
    await first.dispose()

    second = transactor(kafka_settings, narrow)  # its initialisation ends what the first one left
    await second.open()
    await second.dispose()

    assert await committed(kafka_settings, narrow) == {}
    assert await everything(kafka_settings, narrow.rejected) == []


async def test_control_who_forgets_futures_commits_the_offset_of_a_record_that_is_gone(
    kafka_settings: KafkaSettings, narrow: TopicSettings
) -> None:
    forgetful = transactor(kafka_settings, narrow, ForgetsFutures)
    await forgetful.open()
    await forgetful.commit([ProducerRecord(narrow.accepted, b"k", b"x" * 3_000)], offset(narrow, 1))
    await forgetful.dispose()

    assert await committed(kafka_settings, narrow) == {0: 1}
    assert await everything(kafka_settings, narrow.accepted) == []


async def test_a_producer_that_failed_is_finished_and_its_successor_goes_on(
    kafka_settings: KafkaSettings, narrow: TopicSettings
) -> None:
    first, second = transactor(kafka_settings, narrow), transactor(kafka_settings, narrow)
    await first.open()
    with pytest.raises(TransactionFailed):
        await first.commit([ProducerRecord(narrow.accepted, b"k", b"x" * 3_000, partition=0)], {})
    with pytest.raises(TransactionFailed, match="begin: IllegalOperation"):
        await first.commit([ProducerRecord(narrow.accepted, b"k", b"small", partition=0)], {})
    await first.dispose()
    await second.open()
    await second.commit([ProducerRecord(narrow.accepted, b"k", b"small", partition=0)], {})
    await second.dispose()

    assert await everything(kafka_settings, narrow.accepted) == [b"small"]


async def test_control_who_aborts_and_goes_on_has_a_broken_sequence(
    kafka_settings: KafkaSettings, narrow: TopicSettings
) -> None:
    stubborn = transactor(kafka_settings, narrow, AbortsAndGoesOn)
    await stubborn.open()
    with pytest.raises(KafkaError, match="MessageSizeTooLarge"):
        await stubborn.commit([ProducerRecord(narrow.accepted, b"k", b"x" * 3_000, partition=0)], {})
    with pytest.raises(KafkaError, match="OutOfOrderSequence"):
        await stubborn.commit([ProducerRecord(narrow.accepted, b"k", b"small", partition=0)], {})
    await stubborn.dispose()

    assert await everything(kafka_settings, narrow.accepted) == []


async def test_a_known_limit_is_checked_before_anything_is_sent(
    kafka_settings: KafkaSettings, narrow: TopicSettings
) -> None:
    producer = transactor(kafka_settings, narrow, limits=GivenLimits({narrow.accepted: 2_000}))
    await producer.open()
    with pytest.raises(TooLarge, match=r"takes 2000: raise its max\.message\.bytes"):
        await producer.commit([ProducerRecord(narrow.accepted, b"k", b"x" * 3_000, partition=0)], {})
    headers = (("name", b"x" * 500),) * 2
    largest = ProducerRecord(
        narrow.accepted, b"k", b"x" * (2_000 - ProducerRecord("t", b"k", b"", headers).size), headers, 0
    )
    await producer.commit([largest], {})  # what is counted as small enough is small enough for the broker
    await producer.dispose()

    assert await everything(kafka_settings, narrow.accepted) == [largest.value]


# ---- grants


async def refused(root: KafkaSettings, topics: TopicSettings) -> list[ProducerRecord]:
    """Of two records the second one goes where the user may look and not write."""
    foreign = f"foreign.{topics.prefix}"
    await create_topics(root.bootstrap_servers, topics.model_copy(update={"prefix": foreign, "events": f"{foreign}.e"}))
    await grant(root.bootstrap_servers, "svc", "topic", foreign, AclOperation.DESCRIBE)
    return [ProducerRecord(topics.accepted, b"k", b"failed"), ProducerRecord(f"{foreign}.accepted", b"k", b"failed")]


async def test_after_a_missing_grant_nothing_of_the_failed_transaction_comes_out(login: Login) -> None:
    ours, root, topics = login
    first, second = transactor(ours, topics), transactor(ours, topics)
    records = await refused(root, topics)
    await first.open()
    with pytest.raises(TransactionFailed, match="await sends"):
        await first.commit(records, {})
    await first.dispose()
    await second.open()
    await second.commit([ProducerRecord(topics.accepted, b"k", b"after")], {})
    await second.dispose()

    assert await everything(root, topics.accepted) == [b"after"]


async def test_a_refusal_that_comes_between_two_sends_is_the_cause_of_the_failure(login: Login) -> None:
    """aiokafka forgets the first record's refusal and says "not in transaction" to the second one."""
    ours, root, topics = login
    seen, refusal = await refused(root, topics)
    producer = transactor(ours, topics, WaitsBetweenSends)
    await producer.open()
    with pytest.raises(TransactionFailed, match="await sends: TopicAuthorizationFailedError") as failed:
        await producer.commit([refusal, seen], {})
    await producer.dispose()

    assert isinstance(failed.value.cause, TopicAuthorizationFailedError)


async def test_control_who_aborts_and_goes_on_publishes_what_was_aborted(login: Login) -> None:
    ours, root, topics = login
    stubborn = transactor(ours, topics, AbortsAndGoesOn)
    records = await refused(root, topics)
    await stubborn.open()
    with pytest.raises(KafkaError, match="TopicAuthorizationFailedError"):
        await stubborn.commit(records, {})
    await stubborn.commit([ProducerRecord(topics.accepted, b"k", b"after")], {})
    await stubborn.dispose()

    assert sorted(await everything(root, topics.accepted)) == [b"after", b"failed"]


async def test_without_a_grant_on_the_group_the_transaction_fails_as_a_whole(login: Login) -> None:
    ours, root, topics = login
    first, second = transactor(ours, topics), transactor(ours, topics)
    await first.open()
    await revoke(root.bootstrap_servers, "svc", "group", root.group)
    with pytest.raises(TransactionFailed, match="send offsets: GroupAuthorizationFailedError"):
        await first.commit([ProducerRecord(topics.accepted, b"k", b"failed")], offset(topics, 1))
    await first.dispose()
    await second.open()
    await second.dispose()

    assert await everything(root, topics.accepted) == []


# ---- calls that hang


@pytest.mark.parametrize(("kind", "leaves"), [(Transactor, False), (NeverForces, True)], ids=["product", "control"])
async def test_a_call_that_hangs_has_a_deadline_and_leaves_no_socket_and_no_task(
    kind: type[Transactor], leaves: bool
) -> None:
    with private_broker() as broker:
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        topics = TopicSettings(prefix="frozen", events="frozen.events", partitions=1, replication=1)
        await create_topics(broker.bootstrap_servers, topics)
        before = sockets(), len(asyncio.all_tasks())
        producer = transactor(kafka, topics, kind, call_deadline_s=1.0)
        await producer.open()
        await producer.commit([ProducerRecord(topics.accepted, b"k", b"before")], {})
        broker.freeze()
        with anyio.fail_after(30), pytest.raises(TransactionFailed) as failed:
            await producer.commit([ProducerRecord(topics.accepted, b"k", b"during")], {})
        with anyio.fail_after(10):
            await producer.dispose()
        after = sockets(), len(asyncio.all_tasks())
        await close_by_force(producer._producer)
        assert (sockets(), len(asyncio.all_tasks())) == before

    assert isinstance(failed.value.cause, TimeoutError | KafkaError)
    assert (after != before) == leaves

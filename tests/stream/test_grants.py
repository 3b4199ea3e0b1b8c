"""Permissions that are missing or taken away in the middle: said, waited out, and nothing lost or repeated."""

from __future__ import annotations

import anyio
import pytest
from confluent_kafka.admin._acl import AclOperation

from consumer.settings.model import KafkaSettings, TopicSettings
from tests.reports import Recorder
from tests.stream.grants import Login, deny, grant, revoke
from tests.stream.harness import (
    SIXTY,
    Answered,
    NamesJudge,
    make_stream,
    names,
    running,
    write_tasks,
)

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

ENDLESS = [(f"c{n}", f"a{n}") for n in range(6_000)]


async def test_a_grant_that_is_missing_from_the_start_is_said_and_its_coming_is_noticed(login: Login) -> None:
    """No partition is assigned yet, so that nothing is asked for: aiokafka waits until somebody looks at its error."""
    complaints = Recorder()
    await revoke(login.root.bootstrap_servers, "svc", "group", login.topics.prefix)
    await write_tasks(login.root, login.topics, SIXTY)
    stream = make_stream(NamesJudge(), login.ours, login.topics, reports=complaints)
    async with Answered(login.root, login.topics) as answered, running(stream):
        await complaints.until("the group may not be used")
        await grant(login.root.bootstrap_servers, "svc", "group", login.topics.prefix)
        found = await answered.until(names(SIXTY))

    assert found == dict.fromkeys(names(SIXTY), 1)
    assert not complaints.holding


@pytest.mark.parametrize(
    ("resource", "suffix", "operation", "said"),
    [
        ("group", "", AclOperation.READ, "the group may not be used"),
        ("topic", ".tasks", AclOperation.READ, "tasks can't be read"),
        (
            "topic",
            ".accepted",
            AclOperation.WRITE,
            "partition 0 can't commit: its writes are not acknowledged: a topic may not be used",
        ),
        (
            "topic",
            ".ledger",
            AclOperation.WRITE,
            "partition 0 can't commit: its writes are not acknowledged: a topic may not be used",
        ),
        (
            "id",
            ".tasks-",
            AclOperation.WRITE,
            "partition 0 can't commit: initialising its producer: no transaction is allowed",
        ),
    ],
)
async def test_a_grant_that_is_taken_away_under_load_is_said_and_its_return_is_noticed(
    login: Login, resource: str, suffix: str, operation: AclOperation, said: str
) -> None:
    complaints, name = Recorder(), login.topics.prefix + suffix
    stream = make_stream(NamesJudge(), login.ours, login.topics, reports=complaints)
    async with Answered(login.root, login.topics) as answered, running(stream):
        async with anyio.create_task_group() as group:
            written = await group.start(write_on_and_on, login.root, login.topics)
            await answered.until(names(ENDLESS[:100]))
            if resource == "group":  # what was granted on the prefix goes away whole
                await revoke(login.root.bootstrap_servers, "svc", resource, name)
            else:
                await deny(login.root.bootstrap_servers, "svc", resource, name, operation)
            await complaints.until(said)
            if resource == "group":
                await grant(login.root.bootstrap_servers, "svc", resource, name)
            else:
                await revoke(login.root.bootstrap_servers, "svc", resource, name)
            group.cancel_scope.cancel()
        found = await answered.until(names(written))

    assert found == dict.fromkeys(names(written), 1)
    assert not complaints.holding


async def write_on_and_on(
    kafka: KafkaSettings,
    topics: TopicSettings,
    *,
    task_status: anyio.abc.TaskStatus[list[tuple[str, str]]],
) -> None:
    """Twenty tasks at a time, until cancelled; what is written is in the list that the caller gets."""
    written: list[tuple[str, str]] = []
    task_status.started(written)
    while len(written) < len(ENDLESS):
        some = ENDLESS[len(written) : len(written) + 20]
        with anyio.CancelScope(shield=True):
            await write_tasks(kafka, topics, some)
            written += some

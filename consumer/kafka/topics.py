"""The topics of this service: created, described, and looked at before the service may start.

Nothing that exists is ever changed here. The topic of the events is the customer's own, and is only looked at.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import anyio
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    NoError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from consumer.errors import Refused, Unavailable
from consumer.kafka.allowed import told_of
from consumer.kafka.client import client_options
from consumer.kafka.explain import condition_of, explain
from consumer.kafka.grants import Role, least
from consumer.kafka.knock import BrokersRefuse, nobody_answers, why_not
from consumer.kafka.topic_rules import (
    COMPARED,
    LARGEST_RECORD,
    Topic,
    TopicDifference,
    differences,
    number,
    problems,
    wanted,
    weaknesses,
)
from consumer.model import Condition, Dependency
from consumer.model.units import MIB
from consumer.settings.model import KafkaSettings, TopicSettings

ADMIN_DEADLINE_S = 30.0
SERVED_S = 0.05


@dataclass(frozen=True, slots=True)
class Checked:
    """What the service has to know of its topics."""

    max_message_bytes: Mapping[str, int]  # topic → what it takes
    weaknesses: tuple[str, ...]  # sentences: what would cost answers if a broker did not come back


async def create(kafka: KafkaSettings, settings: TopicSettings, *, events_partitions: int = 0) -> list[str]:
    """Creates what is missing and gives its names; with `events_partitions`, the topic of the events as well.

    Raises `Refused` when a topic exists and differs: what it holds may depend on how it is.
    """
    events = Topic(settings.events, events_partitions, {"max.message.bytes": str(LARGEST_RECORD)})
    asked = [*wanted(settings), events] if events_partitions else wanted(settings)
    async with connected(kafka) as admin:
        names = [topic.name for topic in asked]
        there = await found(admin, names)
        _refuse_what_differs(settings, there)
        created = await _create(admin, [topic for topic in asked if topic.name not in there], settings.replication)
        while len(there) < len(names):  # the controller answers before the brokers know; `connected` has the deadline
            await anyio.sleep(SERVED_S)
            there = await found(admin, names)
        _refuse_what_differs(settings, there)  # someone else may have created one at the same time
    return created


async def describe(kafka: KafkaSettings, settings: TopicSettings) -> tuple[list[Topic], list[TopicDifference]]:
    """The topics that exist, the events' included, and how ours differ from what `create` would make."""
    asked = wanted(settings)
    async with connected(kafka) as admin:
        there = await found(admin, [settings.events, *(topic.name for topic in asked)])
    missing = [] if settings.events in there else [TopicDifference(settings.events, "missing", "yours to create", "")]
    return list(there.values()), missing + differences(asked, there)


async def check(kafka: KafkaSettings, settings: TopicSettings) -> Checked:
    """At start: raises `Refused`, with everything that would cost or repeat answers and what to do about it."""
    names = [topic.name for topic in wanted(settings)]
    async with connected(kafka) as admin:
        there = await found(admin, [settings.events, *names])
        told = await told_of(admin, least(Role.SERVICE, kafka, settings))
    if missing := [str(grant) for grant, holds in told.items() if holds is False]:
        begin = "the brokers allow this service less than it needs; grant (`topics acls` prints all of it):"
        raise BrokersRefuse(Dependency.KAFKA, "\n".join([begin, *missing]))
    if wrong := list(problems(settings, there)):
        raise Refused(Dependency.KAFKA, "\n".join(["the topics can't be used:", *wrong]))
    limits = {name: number(there[name], "max.message.bytes", MIB) for name in names}
    return Checked(limits, tuple(weaknesses(settings, there)))


async def partitions(kafka: KafkaSettings, topic: str) -> list[int]:
    """Those of one topic. Raises `Refused` when there is no such topic; never creates it."""
    async with connected(kafka) as admin:
        there = await found(admin, [topic])
    if topic not in there:
        raise Refused(Dependency.KAFKA, f"{topic} is missing, or may not be described: run `topics create`")
    return list(range(there[topic].partitions))


def _refuse_what_differs(settings: TopicSettings, there: Mapping[str, Topic]) -> None:
    every = differences(wanted(settings), there)
    wrong = [difference for difference in every if difference.what != "missing" and not difference.weakens]
    if wrong:
        told = (f"{d.topic}: {d.what} is {d.found or 'unset'}, not {d.wanted}" for d in wrong)
        raise Refused(Dependency.KAFKA, "\n".join(["existing topics differ, and are not changed:", *told]))


@contextmanager
def kafka_failures(kafka: KafkaSettings) -> Iterator[None]:
    """Turns what aiokafka raises into `Unavailable`, in words that help."""
    try:
        yield
    except KafkaConnectionError:
        raise Unavailable(Dependency.KAFKA, nobody_answers(kafka)) from None
    except (TimeoutError, KafkaError) as error:
        told, refused = explain(error), condition_of(error) is Condition.KAFKA_REFUSED
        raise Unavailable(Dependency.KAFKA, f"the brokers refused: {told}" if refused else told) from None


@asynccontextmanager
async def connected(kafka: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client, closed afterwards; `Unavailable` for what it raises, and after `ADMIN_DEADLINE_S`.
    `BrokersRefuse` for a login or a certificate: whoever is not let in finds out why."""
    admin = AIOKafkaAdminClient(**client_options(kafka))
    try:
        with kafka_failures(kafka), anyio.fail_after(ADMIN_DEADLINE_S):
            try:
                await admin.start()
            except KafkaConnectionError:
                raise await why_not(kafka) from None
            yield admin
    finally:
        await admin.close()


async def found(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, Topic]:
    """Those of the topics that exist and that we may describe. Asks for all: asking by name may create a topic."""
    described: list[dict[str, Any]] = await admin.describe_topics()
    asked = set(names)
    found = {
        topic["topic"]: topic["partitions"]
        for topic in described
        if topic["topic"] in asked and topic["error_code"] == 0
    }
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in found]
    configs: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(resources) if resources else []:
        for resource in answer.to_object()["resources"]:
            entries = resource["config_entries"]
            configs[resource["resource_name"]] = {
                entry["config_names"]: entry["config_value"] for entry in entries if entry["config_names"] in COMPARED
            }
    return {
        name: Topic(
            name,
            len(partitions),
            configs.get(name, {}),
            replication=min(len(partition["replicas"]) for partition in partitions),
        )
        for name, partitions in found.items()
    }


def _why(error: type[KafkaError]) -> str:
    if issubclass(error, TopicAuthorizationFailedError | ClusterAuthorizationFailedError):
        return "not allowed: grant KAFKA__SASL_USERNAME CREATE on the cluster, or on the topics that begin so"
    return explain(error())


async def _create(admin: AIOKafkaAdminClient, missing: Iterable[Topic], replication: int) -> list[str]:
    new = [NewTopic(topic.name, topic.partitions, replication, topic_configs=dict(topic.configs)) for topic in missing]
    if not new:
        return []
    answers = (await admin.create_topics(new)).to_object()["topic_errors"]
    errors = {answer["topic"]: for_code(answer["error_code"]) for answer in answers}
    refused = {name: error for name, error in errors.items() if error not in (NoError, TopicAlreadyExistsError)}
    told = [f"{name}: {_why(error)}" for name, error in refused.items()]
    if told:
        raise Refused(Dependency.KAFKA, "\n".join(["the broker does not create:", *told]))
    return [name for name, error in errors.items() if error is NoError]

"""The topics of this service: what they should be, what they are, and what must be so before the service may start.

Nothing that exists is ever changed here. The topic of the events is the customer's own, and is only looked at.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, KafkaError, NoError, TopicAlreadyExistsError, for_code

from consumer.errors import Refused, Unavailable
from consumer.kafka.client import client_options
from consumer.model import Dependency
from consumer.settings.model import KafkaSettings, TopicSettings

DAY_MS = 24 * 60 * 60 * 1000
MIB = 1024 * 1024
LARGEST_RECORD = 6 * MIB  # that `create` lets topics with events in them take: 5 MB, the headers, and ours
LARGEST_RESULT = 96 * 1024  # `wire.results` promises no more, and a test compares
LARGEST_DEAD_HEADERS = 16 * 1024  # of a dead letter that had to leave out all that was the record's own
DEADLINE_S = 30.0
SERVED_S = 0.05
COMPARED = ("cleanup.policy", "retention.ms", "retention.bytes", "message.timestamp.type", "max.message.bytes")


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic, wanted or found. Of a wanted one that is not `fixed`, any number of partitions will do."""

    name: str
    partitions: int
    configs: Mapping[str, str] = field(default_factory=dict)
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    topic: str
    what: str  # "missing", "partitions", or the name of a configuration
    wanted: str
    found: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What the service has to know of its topics."""

    max_message_bytes: Mapping[str, int]  # topic → what it takes


def wanted(settings: TopicSettings) -> list[Topic]:
    """Our topics as `create` makes them."""
    retention_days = {
        settings.accepted: settings.results_retention_days,
        settings.rejected: settings.results_retention_days,
        settings.dead_letter: settings.dead_letter_retention_days,
        settings.tasks: settings.tasks_retention_days,
        settings.ledger: settings.ledger_days + 1,  # the ledger forgets by whole days
    }
    paired = (settings.tasks, settings.ledger)
    large = (settings.dead_letter, settings.tasks)  # they carry foreign records
    return [
        Topic(
            name,
            settings.partitions,
            {
                "cleanup.policy": "delete",
                "retention.ms": str(days * DAY_MS),
                "retention.bytes": "-1",
                "message.timestamp.type": "LogAppendTime",
                "max.message.bytes": str(LARGEST_RECORD if name in large else MIB),
            },
            fixed=name in paired,
        )
        for name, days in retention_days.items()
    ]


async def create(kafka: KafkaSettings, settings: TopicSettings, *, events_partitions: int = 0) -> list[str]:
    """Creates what is missing and gives its names; with `events_partitions`, the topic of the events as well.

    Raises `Refused` when a topic exists and differs: what it holds may depend on how it is.
    """
    events = Topic(settings.events, events_partitions, {"max.message.bytes": str(LARGEST_RECORD)})
    asked = [*wanted(settings), events] if events_partitions else wanted(settings)
    async with _admin(kafka) as admin:
        names = [topic.name for topic in asked]
        there = await _found(admin, names)
        _refuse_what_differs(settings, there)
        created = await _create(admin, [topic for topic in asked if topic.name not in there], settings.replication)
        while len(there) < len(names):  # the controller answers before the brokers know; `_admin` has the deadline
            await anyio.sleep(SERVED_S)
            there = await _found(admin, names)
        _refuse_what_differs(settings, there)  # someone else may have created one at the same time
    return created


async def describe(kafka: KafkaSettings, settings: TopicSettings) -> tuple[list[Topic], list[Difference]]:
    """The topics that exist, the events' included, and how ours differ from what `create` would make."""
    asked = wanted(settings)
    async with _admin(kafka) as admin:
        there = await _found(admin, [settings.events, *(topic.name for topic in asked)])
    missing = [] if settings.events in there else [Difference(settings.events, "missing", "yours to create", "")]
    return list(there.values()), missing + differences(asked, there)


async def check(kafka: KafkaSettings, settings: TopicSettings) -> Checked:
    """At start: raises `Refused`, with everything that would cost or repeat answers and what to do about it."""
    names = [topic.name for topic in wanted(settings)]
    async with _admin(kafka) as admin:
        there = await _found(admin, [settings.events, *names])
    if problems := list(_problems(settings, there)):
        raise Refused(Dependency.KAFKA, "\n".join(["the topics can't be used:", *problems]))
    return Checked({name: _number(there[name], "max.message.bytes", MIB) for name in names})


async def partitions(kafka: KafkaSettings, topic: str) -> list[int]:
    """Those of one topic. Raises `Refused` when there is no such topic; never creates it."""
    async with _admin(kafka) as admin:
        there = await _found(admin, [topic])
    if topic not in there:
        raise Refused(Dependency.KAFKA, f"{topic} is missing, or may not be described: run `topics create`")
    return list(range(there[topic].partitions))


def differences(asked: Iterable[Topic], there: Mapping[str, Topic]) -> list[Difference]:
    """What `there` has otherwise than `asked`; more room than asked for is no difference."""
    told = []
    for topic in asked:
        if topic.name not in there:
            told.append(Difference(topic.name, "missing", f"{topic.partitions} partitions", ""))
            continue
        found = there[topic.name]
        if topic.fixed and topic.partitions != found.partitions:
            told.append(Difference(topic.name, "partitions", str(topic.partitions), str(found.partitions)))
        for name, value in topic.configs.items():
            if not _is_enough(name, value, found.configs.get(name, "")):
                told.append(Difference(topic.name, name, value, found.configs.get(name, "")))
    return told


def _refuse_what_differs(settings: TopicSettings, there: Mapping[str, Topic]) -> None:
    wrong = [difference for difference in differences(wanted(settings), there) if difference.what != "missing"]
    if wrong:
        told = (f"{d.topic}: {d.what} is {d.found or 'unset'}, not {d.wanted}" for d in wrong)
        raise Refused(Dependency.KAFKA, "\n".join(["existing topics differ, and are not changed:", *told]))


def _is_enough(name: str, asked: str, found: str) -> bool:
    if name == "retention.ms":
        return found == "-1" or int(found or 0) >= int(asked)
    if name == "max.message.bytes":
        return int(found or 0) >= int(asked)
    return found == asked


def _problems(settings: TopicSettings, there: Mapping[str, Topic]) -> Iterator[str]:
    names = [settings.events, *(topic.name for topic in wanted(settings))]
    for name in names:
        if name not in there:
            whose = "create it where the events come from" if name == settings.events else "run `topics create`"
            yield f"{name} is missing, or may not be described: {whose}"
    for name in (settings.tasks, settings.ledger):
        if name in there:
            yield from _problems_of_internal(settings, there[name])
    smallest = dict.fromkeys((settings.accepted, settings.rejected), LARGEST_RESULT)
    smallest |= {settings.dead_letter: LARGEST_DEAD_HEADERS, settings.tasks: LARGEST_DEAD_HEADERS}
    smallest |= {settings.ledger: LARGEST_DEAD_HEADERS}  # its entries are small, and so would every batch be
    for name, bytes_needed in smallest.items():
        if name in there and _number(there[name], "max.message.bytes", MIB) < bytes_needed:
            yield f"{name} takes too small records: set its max.message.bytes to {bytes_needed} or more"


def _problems_of_internal(settings: TopicSettings, topic: Topic) -> Iterator[str]:
    name = topic.name
    if topic.partitions != settings.partitions:
        yield (
            f"{name} has {topic.partitions} partitions and TOPICS__PARTITIONS is {settings.partitions}: tasks and "
            "ledger must have just as many, for ever; correct the setting, or begin anew under another TOPICS__PREFIX"
        )
    is_ledger = name == settings.ledger
    days = settings.ledger_days if is_ledger else settings.tasks_retention_days
    setting = "TOPICS__TASKS_RETENTION_DAYS" if not is_ledger else "TOPICS__HORIZON_DAYS + TOPICS__TASKS_RETENTION_DAYS"
    retention_ms = _number(topic, "retention.ms", 7 * DAY_MS)
    if 0 <= retention_ms < days * DAY_MS:
        yield f"{name} keeps records too short: set its retention.ms to {days * DAY_MS} or more ({setting} is {days})"
    if not is_ledger and not 0 <= retention_ms <= settings.horizon_days * DAY_MS:
        yield (
            f"{name} keeps records longer than answers are remembered, so old tasks would be answered again: set "
            f"its retention.ms to at most {settings.horizon_days * DAY_MS} (TOPICS__HORIZON_DAYS)"
        )
    if _number(topic, "retention.bytes", -1) >= 0:
        yield f"{name} deletes records by size, whatever their age: set its retention.bytes to -1"
    if topic.configs.get("cleanup.policy", "delete") != "delete":
        yield f"{name} is compacted, which loses records of the same key: set its cleanup.policy to delete"
    if topic.configs.get("message.timestamp.type", "LogAppendTime") != "LogAppendTime":
        yield f"{name} takes the writers' clocks for true: set its message.timestamp.type to LogAppendTime"


def _number(topic: Topic, config: str, default: int) -> int:
    return int(topic.configs.get(config, default))


@contextmanager
def kafka_failures(kafka: KafkaSettings) -> Iterator[None]:
    """Turns what aiokafka raises into `Unavailable`, in words that help."""
    try:
        yield
    except KafkaConnectionError:
        raise Unavailable(
            Dependency.KAFKA,
            f"no broker of {kafka.bootstrap_servers} answers as {kafka.security_protocol}; a wrong password, a "
            "wrong authority (CA) and a wrong mechanism look the same",
        ) from None
    except TimeoutError:
        raise Unavailable(Dependency.KAFKA, "the brokers did not answer in time") from None
    except KafkaError as error:
        raise Unavailable(Dependency.KAFKA, f"the brokers refused: {type(error).__name__}") from None


@asynccontextmanager
async def _admin(kafka: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**client_options(kafka))
    try:
        with kafka_failures(kafka), anyio.fail_after(DEADLINE_S):
            await admin.start()
            yield admin
    finally:
        await admin.close()


async def _found(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, Topic]:
    """Those of the topics that exist and that we may describe. Asks for all: asking by name may create a topic."""
    described: list[dict[str, Any]] = await admin.describe_topics()
    asked = set(names)
    counts = {
        topic["topic"]: len(topic["partitions"])
        for topic in described
        if topic["topic"] in asked and topic["error_code"] == 0
    }
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in counts]
    configs: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(resources) if resources else []:
        for resource in answer.to_object()["resources"]:
            entries = resource["config_entries"]
            configs[resource["resource_name"]] = {
                entry["config_names"]: entry["config_value"] for entry in entries if entry["config_names"] in COMPARED
            }
    return {name: Topic(name, count, configs.get(name, {})) for name, count in counts.items()}


async def _create(admin: AIOKafkaAdminClient, missing: Iterable[Topic], replication: int) -> list[str]:
    new = [NewTopic(topic.name, topic.partitions, replication, topic_configs=dict(topic.configs)) for topic in missing]
    if not new:
        return []
    answers = (await admin.create_topics(new)).to_object()["topic_errors"]
    errors = {answer["topic"]: for_code(answer["error_code"]) for answer in answers}
    told = [
        f"{name}: {error.__name__}" for name, error in errors.items() if error not in (NoError, TopicAlreadyExistsError)
    ]
    if told:
        raise Refused(Dependency.KAFKA, "\n".join(["the broker does not create:", *told]))
    return [name for name, error in errors.items() if error is NoError]

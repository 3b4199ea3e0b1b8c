"""Kafka: reached, logged in, each topic, each grant. Joins no group, and its one transactional id is its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import groupby

from aiokafka.admin import AIOKafkaAdminClient

from consumer.kafka.allowed import may_begin_transactions, told_of
from consumer.kafka.grants import Grant, Resource, Role, doctor_id, least
from consumer.kafka.knock import Answered, Cause, knock, servers_of
from consumer.kafka.topic_rules import Topic, problems, wanted, weaknesses
from consumer.kafka.topics import connected, found, kafka_failures
from consumer.service.doctor.lines import CheckLine, Outcome, not_checked, tried_line
from consumer.settings.model import KafkaSettings, Settings, TopicSettings

GRANTED_BY = "`topics acls` prints all that this service needs"
NO_CLOCK = not_checked(
    "kafka.clock", "comparing clocks", "Kafka tells nobody the time", "compare the brokers' with this host's by hand"
)
ASKED = "do what is said there, or see the brokers' log"


async def look_at_kafka(settings: Settings, until: float) -> list[CheckLine]:
    kafka, topics = settings.kafka, settings.topics
    lines = await _knock_at_all(kafka, until)
    if not any(line.outcome is Outcome.FINE for line in lines):
        why = "no broker lets us in"
        later = (("kafka.topics", "describing topics"), ("kafka.acls", "asking what is allowed"))
        return [
            *lines,
            *(not_checked(check, tried, why, "let them in first, as said above") for check, tried in later),
            NO_CLOCK,
        ]
    looked: list[CheckLine] = []

    async def look() -> str:
        async with connected(kafka) as admin:
            looked.extend(await _described(admin, topics))
            looked.extend(await _allowed(admin, kafka, topics))
        return f"{len(looked)} lines"

    whole = await tried_line(
        "kafka.topics", "describing topics, asking what is allowed", look, until=until, remedy=ASKED
    )
    transactions = await tried_line(
        "kafka.acls",
        f"a transaction of {doctor_id(topics)}, aborted",
        partial(_transact, kafka, topics),
        until=until,
        remedy=ASKED,
    )
    return [*lines, *looked, *([] if whole.outcome is Outcome.FINE else [whole]), transactions, NO_CLOCK]


async def _knock_at_all(kafka: KafkaSettings, until: float) -> list[CheckLine]:
    """Those of the settings, then those that they name: clients go on there."""
    lines: list[CheckLine] = []
    asked = servers_of(kafka)
    for server in asked:  # grows
        how = f"{server} by {kafka.security_protocol}"

        async def ask(server: str = server, how: str = how) -> CheckLine:
            came = await knock(kafka, server)
            if isinstance(came, Cause):
                outcome = Outcome.AWAY if came.away else Outcome.WRONG
                return CheckLine(f"kafka.{came.step}", outcome, how, came.came, came.remedy)
            asked.extend(broker for broker in came.brokers if broker not in asked)
            return CheckLine("kafka.login", Outcome.FINE, how, _let_in(kafka, came))

        line = await tried_line(
            "kafka.connection", how, ask, until=until, remedy="check address, port and firewall, or the broker"
        )
        if lines and line.outcome is not Outcome.FINE and server not in servers_of(kafka):
            line = _named_by_brokers(line)
        lines.append(line)
    return lines


def _let_in(kafka: KafkaSettings, came: Answered) -> str:
    who = f"logged in as {kafka.sasl_username}" if kafka.security_protocol.startswith("SASL") else "let in"
    return f"{who}; brokers in the cluster: {len(came.brokers)}"


def _named_by_brokers(line: CheckLine) -> CheckLine:
    came = f"{line.came}; it is a name that the brokers give (advertised.listeners)"
    return CheckLine(line.check, line.outcome, line.tried, came, line.remedy)


async def _described(admin: AIOKafkaAdminClient, settings: TopicSettings) -> list[CheckLine]:
    names = [settings.events, *(topic.name for topic in wanted(settings))]
    there = await found(admin, names)
    return [_of_topic(name, there, settings) for name in names]


def _of_topic(name: str, there: Mapping[str, Topic], settings: TopicSettings) -> CheckLine:
    tried = f"describing {name}"
    if wrong := _about(name, problems(settings, there)):
        return CheckLine("kafka.topics", Outcome.WRONG, tried, wrong, "change it as said; `topics describe` shows all")
    topic = there[name]
    if weak := _about(name, weaknesses(settings, there)):
        return CheckLine("kafka.topics", Outcome.WARNING, tried, weak, "change it as said; `topics describe` shows all")
    return CheckLine(
        "kafka.topics", Outcome.FINE, tried, f"partitions: {topic.partitions}, replicas: {topic.replication}"
    )


def _about(name: str, sentences: Iterable[str]) -> str:
    return "; ".join(one for one in sentences if one.startswith((f"{name} ", f"{name}:")))


async def _allowed(admin: AIOKafkaAdminClient, kafka: KafkaSettings, topics: TopicSettings) -> list[CheckLine]:
    return list(_of_grants(await told_of(admin, least(Role.SERVICE, kafka, topics))))


def _of_grants(told: Mapping[Grant, bool | None]) -> Iterator[CheckLine]:
    """One line for each resource."""

    def place(grant: Grant) -> tuple[Resource, str]:
        return grant.resource, grant.name

    for (resource, name), same in groupby(sorted(told, key=place), key=place):
        grants = list(same)
        tried = f"{', '.join(grant.operation for grant in grants)} on {resource} {name}"
        missing = ", ".join(grant.operation for grant in grants if told[grant] is False)
        if missing:
            yield CheckLine("kafka.acls", Outcome.WRONG, tried, f"not allowed: {missing}", f"grant it: {GRANTED_BY}")
        elif any(told[grant] is None for grant in grants):
            yield not_checked("kafka.acls", tried, "the brokers do not tell, or there is no such topic", GRANTED_BY)
        else:
            yield CheckLine("kafka.acls", Outcome.FINE, tried, "allowed")


async def _transact(kafka: KafkaSettings, topics: TopicSettings) -> CheckLine | str:
    with kafka_failures(kafka):
        if await may_begin_transactions(kafka, topics):
            return "allowed"
    (grant,) = (one for one in least(Role.SERVICE, kafka, topics) if one.resource is Resource.TRANSACTIONS)
    tried = f"a transaction of {doctor_id(topics)}"
    return CheckLine("kafka.acls", Outcome.WRONG, tried, "not allowed", f"grant {grant}; {GRANTED_BY}")

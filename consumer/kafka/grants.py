"""What each role has to be allowed at the brokers, and nothing above that. Pure.

READ and WRITE imply DESCRIBE. An idempotent producer needs no right on the cluster (Kafka 3.0 and newer).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consumer.settings.model import KafkaSettings, TopicSettings


class Role(StrEnum):
    SERVICE = "service"  # `run`
    NOTIFY = "notify"
    BRIDGE = "bridge"  # whatever brings events in
    READER = "reader"  # whoever reads verdicts, in a group of its own
    OPERATOR = "operator"  # `topics` and `dlq`
    SUPPORT = "support"  # `explain`
    RECONCILER = "reconciler"  # `reconcile`


class Resource(StrEnum):
    TOPIC = "topic"
    GROUP = "group"
    TRANSACTIONS = "transactionalId"


class Operation(StrEnum):
    READ = "Read"
    WRITE = "Write"
    CREATE = "Create"
    DESCRIBE = "Describe"
    DESCRIBE_CONFIGS = "DescribeConfigs"


@dataclass(frozen=True, slots=True)
class Grant:
    """One operation on one resource; `prefixed`: on all whose names begin so."""

    resource: Resource
    name: str
    operation: Operation
    prefixed: bool = False

    def __str__(self) -> str:
        """As an operator asks for it."""
        beginning = "those that begin with " if self.prefixed else ""
        words = {Resource.TRANSACTIONS: "transactional ids"}
        return f"{self.operation} on {words.get(self.resource, self.resource)}: {beginning}{self.name}"


def doctor_id(topics: TopicSettings) -> str:
    """The one transactional id that a check may use: of the prefix that is granted, and no partition's."""
    return f"{topics.tasks}-doctor"


def groups(kafka: KafkaSettings) -> tuple[str, str, str]:
    """Those of `run`'s two loops and of `notify`: whoever may read in one may move its offsets, too."""
    return kafka.group, f"{kafka.group}-intake", f"{kafka.group}-notify"


def least(role: Role, kafka: KafkaSettings, topics: TopicSettings) -> list[Grant]:
    return list(_LEAST[role](kafka, topics))


def _service(kafka: KafkaSettings, topics: TopicSettings) -> Iterator[Grant]:
    for group in (kafka.group, f"{kafka.group}-intake"):
        yield Grant(Resource.GROUP, group, Operation.READ)
    for topic in (topics.events, topics.tasks, topics.ledger):
        yield Grant(Resource.TOPIC, topic, Operation.READ)
    for topic in topics.ours:
        yield Grant(Resource.TOPIC, topic, Operation.WRITE)
        yield Grant(Resource.TOPIC, topic, Operation.DESCRIBE_CONFIGS)
    yield Grant(Resource.TRANSACTIONS, f"{topics.tasks}-", Operation.WRITE, prefixed=True)


def _notify(kafka: KafkaSettings, topics: TopicSettings) -> Iterator[Grant]:
    yield Grant(Resource.GROUP, f"{kafka.group}-notify", Operation.READ)
    yield Grant(Resource.TOPIC, topics.rejected, Operation.READ)


def _bridge(kafka: KafkaSettings, topics: TopicSettings) -> Iterator[Grant]:
    yield Grant(Resource.TOPIC, topics.events, Operation.WRITE)


def _reader(kafka: KafkaSettings, topics: TopicSettings) -> Iterator[Grant]:
    yield Grant(Resource.GROUP, kafka.group, Operation.READ)
    for topic in (topics.accepted, topics.rejected, topics.dead_letter):
        yield Grant(Resource.TOPIC, topic, Operation.READ)


def _operator(kafka: KafkaSettings, topics: TopicSettings) -> Iterator[Grant]:
    for topic in topics.ours:
        yield Grant(Resource.TOPIC, topic, Operation.CREATE)
        yield Grant(Resource.TOPIC, topic, Operation.DESCRIBE_CONFIGS)
    for topic in (topics.events, topics.accepted, topics.rejected, topics.ledger):
        yield Grant(Resource.TOPIC, topic, Operation.DESCRIBE)
    yield Grant(Resource.TOPIC, topics.dead_letter, Operation.READ)  # `dlq ls`, `show`, `export`
    yield Grant(Resource.TOPIC, topics.tasks, Operation.WRITE)  # `dlq replay`
    yield Grant(Resource.GROUP, kafka.group, Operation.DESCRIBE, prefixed=True)


def _support(kafka: KafkaSettings, topics: TopicSettings) -> Iterator[Grant]:
    for topic in (topics.events, *topics.ours):
        yield Grant(Resource.TOPIC, topic, Operation.READ)
    for group in groups(kafka):
        yield Grant(Resource.GROUP, group, Operation.DESCRIBE)


def _reconciler(kafka: KafkaSettings, topics: TopicSettings) -> Iterator[Grant]:
    yield Grant(Resource.TOPIC, topics.ledger, Operation.READ)
    yield Grant(Resource.TOPIC, topics.events, Operation.WRITE)  # `--feed`


_LEAST: Mapping[Role, Callable[[KafkaSettings, TopicSettings], Iterator[Grant]]] = {
    Role.SERVICE: _service,
    Role.NOTIFY: _notify,
    Role.BRIDGE: _bridge,
    Role.READER: _reader,
    Role.OPERATOR: _operator,
    Role.SUPPORT: _support,
    Role.RECONCILER: _reconciler,
}

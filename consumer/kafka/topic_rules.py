"""What the topics of this service should be, and what of a topic that exists costs answers, or may. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from consumer.model.units import DAY_MS, MIB
from consumer.settings.model import TopicSettings
from consumer.wire.results import LARGEST_RESULT

LARGEST_RECORD = 6 * MIB  # that `create` lets topics with events in them take: 5 MB, the headers, and ours
LARGEST_DEAD_HEADERS = 16 * 1024  # of a dead letter that had to leave out all that was the record's own
IN_SYNC = "min.insync.replicas"
COMPARED = (
    "cleanup.policy", "retention.ms", "retention.bytes", "message.timestamp.type", "max.message.bytes", IN_SYNC
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic, wanted or found. Of a wanted one that is not `fixed`, any number of partitions will do."""

    name: str
    partitions: int
    configs: Mapping[str, str] = field(default_factory=dict)
    fixed: bool = False
    replication: int = 1


@dataclass(frozen=True, slots=True)
class TopicDifference:
    topic: str
    what: str  # "missing", "partitions", "replication", or the name of a configuration
    wanted: str
    found: str

    @property
    def weakens(self) -> bool:
        """Whether it costs nothing until a broker does not come back."""
        return self.what in ("replication", IN_SYNC)


def wanted(settings: TopicSettings) -> list[Topic]:
    """Our topics as `create` makes them."""
    retention_days = {
        settings.accepted: settings.results_retention_days,
        settings.rejected: settings.results_retention_days,
        settings.dead_letter: settings.dead_letter_retention_days,
        settings.tasks: settings.tasks_retention_days,
        settings.ledger: settings.ledger_days + 1,  # the ledger forgets by spans of whole days
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
                IN_SYNC: str(max(settings.replication - 1, 1)),
            },
            fixed=name in paired,
            replication=settings.replication,
        )
        for name, days in retention_days.items()
    ]


def differences(asked: Iterable[Topic], there: Mapping[str, Topic]) -> list[TopicDifference]:
    """What `there` has otherwise than `asked`; more room than asked for is no difference."""
    told = []
    for topic in asked:
        if topic.name not in there:
            told.append(TopicDifference(topic.name, "missing", f"{topic.partitions} partitions", ""))
            continue
        found = there[topic.name]
        if topic.fixed and topic.partitions != found.partitions:
            told.append(TopicDifference(topic.name, "partitions", str(topic.partitions), str(found.partitions)))
        if found.replication < topic.replication:
            told.append(TopicDifference(topic.name, "replication", str(topic.replication), str(found.replication)))
        for name, value in topic.configs.items():
            if not _is_enough(name, value, found.configs.get(name, "")):
                told.append(TopicDifference(topic.name, name, value, found.configs.get(name, "")))
    return told


def _is_enough(name: str, asked: str, found: str) -> bool:
    if name == "retention.ms":
        return found == "-1" or int(found or 0) >= int(asked)
    if name in ("max.message.bytes", IN_SYNC):
        return int(found or 0) >= int(asked)
    return found == asked


def problems(settings: TopicSettings, there: Mapping[str, Topic]) -> Iterator[str]:
    """What would cost or repeat answers, and what to do about it."""
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
        if name in there and number(there[name], "max.message.bytes", MIB) < bytes_needed:
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
    retention_ms = number(topic, "retention.ms", 7 * DAY_MS)
    if 0 <= retention_ms < days * DAY_MS:
        yield f"{name} keeps records too short: set its retention.ms to {days * DAY_MS} or more ({setting} is {days})"
    if not is_ledger and not 0 <= retention_ms <= settings.horizon_days * DAY_MS:
        yield (
            f"{name} keeps records longer than answers are remembered, so old tasks would be answered again: set "
            f"its retention.ms to at most {settings.horizon_days * DAY_MS} (TOPICS__HORIZON_DAYS)"
        )
    if number(topic, "retention.bytes", -1) >= 0:
        yield f"{name} deletes records by size, whatever their age: set its retention.bytes to -1"
    if topic.configs.get("cleanup.policy", "delete") != "delete":
        yield f"{name} is compacted, which loses records of the same key: set its cleanup.policy to delete"
    if topic.configs.get("message.timestamp.type", "LogAppendTime") != "LogAppendTime":
        yield f"{name} takes the writers' clocks for true: set its message.timestamp.type to LogAppendTime"


def weaknesses(settings: TopicSettings, there: Mapping[str, Topic]) -> Iterator[str]:
    """What costs answers only when a broker goes and does not come back, or stops all writes while one is away."""
    for name in (topic.name for topic in wanted(settings) if topic.name in there):
        copies, in_sync = there[name].replication, number(there[name], IN_SYNC, 1)
        if copies < settings.replication:
            wanted_copies = f"TOPICS__REPLICATION is {settings.replication}"
            yield f"{name} has partitions with {copies} replicas, and {wanted_copies}: reassign them"
        if in_sync < copies - 1:
            yield (
                f"{name}: an answer counts as written with {in_sync} of {copies} copies, and is lost or given twice if "
                f"their brokers do not come back: set its {IN_SYNC} to {copies - 1}"
            )
        if in_sync >= copies > 1:
            yield f"{name} takes no writes while one broker is away: set its {IN_SYNC} to {copies - 1}"


def number(topic: Topic, config: str, default: int) -> int:
    return int(topic.configs.get(config, default))

"""`topics create` and `topics describe`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import anyio

from consumer.cli.loading import quiet_settings
from consumer.cli.outcome import Cell, Exit, data, data_json, ended, show
from consumer.kafka.topic_rules import IN_SYNC, Topic, TopicDifference
from consumer.kafka.topics import create, describe


def create_topics(config: Path | None, events_partitions: int, as_json: bool) -> None:
    """Creates what is missing; ends with 1 when something that exists differs, which is never changed."""
    settings = quiet_settings(config)

    async def work() -> list[str]:
        return await create(settings.kafka, settings.topics, events_partitions=events_partitions)

    created = anyio.run(work)
    if as_json:
        data_json({"created": created})
        return
    for name in created:
        data(f"created {name}")
    if not created:
        data("nothing was missing")


def describe_topics(config: Path | None, as_json: bool) -> None:
    """Shows what exists and how it differs from what `create` makes; ends with 1 if it does."""
    settings = quiet_settings(config)
    topics, differing = anyio.run(describe, settings.kafka, settings.topics)
    if as_json:
        data_json({"topics": [_as_json(topic) for topic in topics], "differences": [_difference(d) for d in differing]})
    else:
        show(("topic", "partitions", "replicas", "in sync", "differs"), rows_of(topics, differing))
    if differing:
        raise ended(Exit.NEGATIVE)


def _as_json(topic: Topic) -> dict[str, object]:
    return {
        "name": topic.name,
        "partitions": topic.partitions,
        "replication": topic.replication,
        "configs": dict(topic.configs),
    }


def _difference(difference: TopicDifference) -> dict[str, str]:
    return {
        "topic": difference.topic,
        "what": difference.what,
        "wanted": difference.wanted,
        "found": difference.found,
    }


def rows_of(topics: Sequence[Topic], differing: Sequence[TopicDifference]) -> Iterator[Sequence[Cell]]:
    """A line for each topic, missing ones too."""
    for topic in topics:
        told = [f"{d.what}: {d.found or 'unset'}, not {d.wanted}" for d in differing if d.topic == topic.name]
        differs = ("; ".join(told), "red") if told else ("no", "green")
        replicas, in_sync = str(topic.replication), topic.configs.get(IN_SYNC, "-")
        yield topic.name, str(topic.partitions), replicas, in_sync, differs
    for difference in differing:
        if difference.what == "missing":
            yield difference.topic, "-", "-", "-", (f"missing: {difference.wanted}", "red")

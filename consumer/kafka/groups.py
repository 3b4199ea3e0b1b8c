"""Where a consumer group is, asked from outside: nothing is joined."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import anyio
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    NoError,
    NotCoordinatorError,
    for_code,
)

RETRY_S = 0.2
NOWHERE = -1
COMING = (CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError)


@dataclass(frozen=True, slots=True)
class GroupStanding:
    name: str
    members: int
    committed: Mapping[TopicPartition, int]  # the next offset of each; without those that it never committed


async def look_at(admin: AIOKafkaAdminClient, name: str, partitions: Collection[TopicPartition]) -> GroupStanding:
    """Raises `KafkaError`. A new cluster makes a coordinator at the first question: whoever calls has the deadline."""
    while True:
        try:
            coordinator = await admin.find_coordinator(name)
            (answer,) = await admin.describe_consumer_groups([name], coordinator)
            (group,) = answer.to_object()["groups"]
            if (error := for_code(group["error_code"])) is not NoError:
                raise error
            told = await admin.list_consumer_group_offsets(name, coordinator, list(partitions))
        except COMING:
            await anyio.sleep(RETRY_S)
            continue
        if told.keys() >= set(partitions):  # else the coordinator moves, and aiokafka took an empty answer for one
            committed = {tp: at.offset for tp, at in told.items() if at.offset != NOWHERE}
            return GroupStanding(name, len(group["members"]), committed)
        await anyio.sleep(RETRY_S)

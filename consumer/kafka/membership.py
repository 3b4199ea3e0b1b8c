"""Commits that hold for one generation of the group, which aiokafka's own do not.

Those wait for the coordinator and try again, and send whatever generation is there by then. After an expulsion that is
none at all, and a broker takes such a commit as soon as the group is empty: a process that was frozen while another one
took over, told of everything and left could move the group back. So the request is made here in the very step that
compares the generation. aiokafka has no public way to do this.
"""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import anyio
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalGenerationError, KafkaError, RebalanceInProgressError, UnknownMemberIdError
from aiokafka.structs import OffsetAndMetadata

log = logging.getLogger(__name__)

RETRY_S = 0.1


def check_group(consumer: AIOKafkaConsumer) -> None:
    """Raises what aiokafka's background tasks failed with: after an error of the group it does nothing until somebody
    looks, which a poll does, and waiting for a poll does not."""
    coordinator: Any = consumer._coordinator
    assert coordinator is not None, "only before its start"
    coordinator.check_errors()


async def is_member(consumer: AIOKafkaConsumer) -> bool:
    """Whether the coordinator has just taken a heartbeat of this consumer. Waits for a coordinator."""
    coordinator: Any = consumer._coordinator
    await coordinator.ensure_coordinator_known()
    return coordinator.generation > 0 and bool(await coordinator._do_heartbeat())


class Generation(NamedTuple):
    number: int
    member_id: str


class Membership:
    """That of a consumer which was started with a group."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer

    @property
    def _coordinator(self) -> Any:
        return self._consumer._coordinator

    @property
    def generation(self) -> Generation | None:
        """The one of now; None while there is none."""
        coordinator = self._coordinator
        return Generation(coordinator.generation, coordinator.member_id) if coordinator.generation > 0 else None

    async def commit(self, generation: Generation, partition: TopicPartition, offset: int) -> bool:
        """Whether the broker took it as of `generation`; if not, the partition may be another's. Tries again while
        that is the generation and no broker answers. Raises `KafkaError` for what trying does not mend."""
        coordinator = self._coordinator
        while True:
            await coordinator.ensure_coordinator_known()
            if self.generation != generation:
                return False
            try:
                await coordinator._do_commit_offsets(None, {partition: OffsetAndMetadata(offset, "")})
                return True
            except (UnknownMemberIdError, IllegalGenerationError, RebalanceInProgressError) as moved:
                log.info("a commit came too late for a rebalance: %s", type(moved).__name__)
                return False
            except KafkaError as failure:
                if not failure.retriable:
                    raise
            await anyio.sleep(RETRY_S)

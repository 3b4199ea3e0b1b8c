"""What the logs hold of one tasks partition: where its tasks begin, and which answers are there already."""

from __future__ import annotations

import time
from typing import Protocol

import anyio
from aiokafka import AIOKafkaConsumer, TopicPartition

from consumer.kafka import starting
from consumer.kafka.client import consumer_options
from consumer.kafka.membership import is_member
from consumer.kafka.starting import starting_offset
from consumer.settings.model import KafkaSettings
from consumer.stream.ledger import Ledger
from consumer.stream.restore import restore

CONFIRM_S = 0.5


class Reports(starting.Reports, Protocol):
    def restored(self, seconds: float) -> None:
        """The ledger of a partition was read, in so many seconds."""

    def odd_entries(self, partition: int, skipped: int, answered: int, first: int) -> None:
        """So many records of its ledger, from the offset `first` on, are not of this release."""


class PartitionLog:
    """`ledger` outlives the assignment: what was read of its topic before is not read again."""

    def __init__(
        self,
        tasks: TopicPartition,
        ledger_topic: str,
        consumer: AIOKafkaConsumer,
        ledger: Ledger,
        kafka: KafkaSettings,
        reports: Reports,
    ) -> None:
        self.tasks = tasks
        self.ledger_topic = ledger_topic
        self.ledger = ledger
        self._consumer = consumer
        self._kafka = kafka
        self._reports = reports

    async def until_confirmed(self) -> None:
        """Until the group's coordinator takes this consumer for a member: then what is assigned to it is its own."""
        while not await is_member(self._consumer):  # noqa: ASYNC110 # a broker is asked
            await anyio.sleep(CONFIRM_S)  # aiokafka joins its group again meanwhile

    async def starting_offset(self) -> int:
        """The committed offset, or the log's beginning where that is not in the log."""
        return await starting_offset(self._consumer, self.tasks, self._reports)

    async def restore_ledger(self) -> None:
        began = time.monotonic()
        odd = await restore(
            self.ledger, TopicPartition(self.ledger_topic, self.tasks.partition), consumer_options(self._kafka)
        )
        self._reports.restored(time.monotonic() - began)
        if odd.first is not None:
            self._reports.odd_entries(self.tasks.partition, odd.skipped, odd.answered, odd.first)

    def seek(self, offset: int) -> None:
        """The next poll begins there."""
        self._consumer.seek(self.tasks, offset)

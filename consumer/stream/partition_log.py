"""What the logs hold of one tasks partition: where its tasks begin, and which answers are there already."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

import anyio
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError

from consumer.kafka import starting
from consumer.kafka.client import consumer_options
from consumer.kafka.membership import is_member
from consumer.kafka.starting import Start, start_of
from consumer.model import Doubt
from consumer.settings.model import KafkaSettings
from consumer.stream.decided import until_decided
from consumer.stream.ledger import Ledger
from consumer.stream.restore import restore
from consumer.stream.trust import Trust
from consumer.telemetry.labels import Signed

CONFIRM_S = 0.5
POSITION_S = 1.0


class Reports(starting.Reports, Protocol):
    def restored(self, seconds: float) -> None:
        """The ledger of a partition was read, in so many seconds."""

    def odd_entries(self, partition: int, skipped: int, answered: int, unbelieved: int, first: int) -> None:
        """So many records of its ledger, from the offset `first` on, are not of this release."""

    def doubted(self, of: Signed, doubts: Mapping[Doubt, int]) -> None:
        """So many records need not be of this service; whether they count is another matter."""


class PartitionLog:
    """`ledger` and `trust` outlive the assignment: what was read of the topic before is not read again."""

    def __init__(
        self,
        tasks: TopicPartition,
        ledger_topic: str,
        consumer: AIOKafkaConsumer,
        ledger: Ledger,
        trust: Trust,
        kafka: KafkaSettings,
        reports: Reports,
    ) -> None:
        self.tasks = tasks
        self._ledger_partition = TopicPartition(ledger_topic, tasks.partition)
        self.ledger = ledger
        self.trust = trust
        self._consumer = consumer
        self._kafka = kafka
        self._reports = reports

    async def until_confirmed(self) -> None:
        """Until the group's coordinator takes this consumer for a member: then what is assigned to it is its own."""
        while not await is_member(self._consumer):  # noqa: ASYNC110 # a broker is asked
            await anyio.sleep(CONFIRM_S)  # aiokafka joins its group again meanwhile

    async def start(self) -> Start:
        """The committed offset, or the log's beginning where that is not in the log."""
        return await start_of(self._consumer, self.tasks, self._reports)

    async def until_decided(self) -> None:
        """Until no transaction in its ledger is open."""
        await until_decided(self._ledger_partition, consumer_options(self._kafka))

    async def restore_ledger(self) -> None:
        """Raises `Distrusted` where what it holds can't be told from what others wrote."""
        began = time.monotonic()
        odd = await restore(self.ledger, self.trust, self._ledger_partition, consumer_options(self._kafka))
        self._reports.restored(time.monotonic() - began)
        self._reports.doubted("ledger", odd.doubted)
        if odd.first is not None:
            self._reports.odd_entries(self.tasks.partition, odd.skipped, odd.answered, odd.unbelieved, odd.first)
        self.trust.check()

    async def has_come_to(self, offset: int) -> bool:
        """Whether nothing below it is left to poll: the marks of transactions are no records."""
        with suppress(IllegalStateError, TimeoutError):  # it moves away
            async with asyncio.timeout(POSITION_S):
                return bool(await self._consumer.position(self.tasks) >= offset)
        return False

    def seek(self, offset: int) -> None:
        """The next poll begins there."""
        self._consumer.seek(self.tasks, offset)

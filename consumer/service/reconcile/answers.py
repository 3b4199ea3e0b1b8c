"""What the ledger knows, read beside the service: in no group, and without a right to write anything."""

from __future__ import annotations

from datetime import datetime, timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition

from consumer.errors import Refused
from consumer.judge.boundary import Subject
from consumer.kafka.client import consumer_options
from consumer.kafka.closing import close
from consumer.kafka.topics import kafka_failures, partitions
from consumer.model import Attachment, Dependency, Message, Replay
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.stream.ledger import Ledger
from consumer.stream.records import home_of
from consumer.stream.restore import restore
from consumer.stream.trust import Trust
from consumer.wire.signatures import Signatures

CLOCKS_APART = timedelta(hours=1)  # of the brokers and of Genesys, at most


class LedgerAnswers:
    """An answer is never older than its message: what the ledger holds from before the first one is not read."""

    def __init__(self, kafka: KafkaSettings, topics: TopicSettings, signatures: Signatures) -> None:
        """Where signatures are required, an entry that does not verify is no answer: a forged one hides nothing."""
        self._kafka, self._topics = kafka, topics
        days, numbers = topics.ledger_days, range(topics.partitions)
        self._ledgers = {number: Ledger(days) for number in numbers}
        self._trust = {number: Trust(signatures, topics.ledger, number, days) for number in numbers}

    async def begin_at(self, moment: datetime) -> None:
        """Raises `Refused` for a topic that is not that of these settings, `Unavailable` without Kafka."""
        there = len(await partitions(self._kafka, self._topics.ledger))
        if there != self._topics.partitions:
            detail = (
                f"{self._topics.ledger} has {there} partitions, and TOPICS__PARTITIONS is {self._topics.partitions}"
            )
            raise Refused(Dependency.KAFKA, detail)
        at_ms = max(0, int((moment - CLOCKS_APART).timestamp() * 1000))
        asked = [TopicPartition(self._topics.ledger, number) for number in self._ledgers]
        consumer = AIOKafkaConsumer(**consumer_options(self._kafka), enable_auto_commit=False)
        with kafka_failures(self._kafka):
            try:
                await consumer.start()
                found = await consumer.offsets_for_times(dict.fromkeys(asked, at_ms))
                ends = await consumer.end_offsets(asked)
            finally:
                await close(consumer)
        for partition in asked:
            place = found[partition]
            self._ledgers[partition.partition].position = place.offset if place is not None else ends[partition]

    async def read(self) -> None:
        """Up to now, from where it was read before."""
        with kafka_failures(self._kafka):
            for number, ledger in self._ledgers.items():
                partition = TopicPartition(self._topics.ledger, number)
                await restore(ledger, self._trust[number], partition, consumer_options(self._kafka))

    def unanswered(self, message: Message) -> list[Attachment]:
        """Those of its attachments that have no answer: no verdict, and no dead letter that stands for them."""
        generation = self._of(message).generation
        if generation(message.identity) is not None or generation(_conversation(message)):
            return []
        return [a for a in message.attachments if a.identity is None or generation(a.identity) is None]

    def is_answered(self, message: Message) -> bool:
        """Whether all of it is, whatever its attachments are."""
        generation = self._of(message).generation
        return generation(message.identity) is not None or bool(generation(_conversation(message)))

    def given_up(self, message: Message) -> Replay | None:
        """The dead letter that its announcement got when Genesys did not know it yet: that is no answer of its own."""
        identity = message.announcement
        generation = self._of(message).generation(identity) if identity is not None else None
        return Replay(identity, generation) if identity is not None and generation else None

    def _of(self, message: Message) -> Ledger:
        return self._ledgers[home_of(message.conversation_id, self._topics)]


def _conversation(message: Message) -> bytes:
    """Under which a conversation is dead that could not be judged at all."""
    return Subject.of_conversation(message.conversation_id).identity

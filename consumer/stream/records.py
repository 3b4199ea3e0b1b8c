"""What a transaction writes, of the answers that wait for it."""

from __future__ import annotations

from aiokafka import ConsumerRecord

from consumer.errors import Malformed
from consumer.kafka.client import partition_of
from consumer.model import Attachment, Source, Task
from consumer.settings.model import TopicSettings
from consumer.stream.outbox import Batch
from consumer.stream.transaction import ProducerRecord
from consumer.wire.entries import encode_entry
from consumer.wire.results import Outgoing, Output
from consumer.wire.tasks import decode_task, encode_task, moved, tried


def records_of(batch: Batch, partition: int, topics: TopicSettings) -> list[ProducerRecord]:
    """The ledger's entries first, in the order of the answers; then results, then tasks that move."""
    entries = [
        ProducerRecord(topics.ledger, *encode_entry(answer.entry), partition=partition) for answer in batch.answers
    ]
    results = [_result(answer.outgoing, topics) for answer in batch.answers if answer.outgoing is not None]
    return [*entries, *results, *batch.moved]


def _result(outgoing: Outgoing, topics: TopicSettings) -> ProducerRecord:
    names = {
        Output.ACCEPTED: topics.accepted,
        Output.REJECTED: topics.rejected,
        Output.DEAD_LETTER: topics.dead_letter,
    }
    return ProducerRecord(names[outgoing.output], outgoing.key, outgoing.value, outgoing.headers)


def task_of(record: ConsumerRecord[bytes, bytes]) -> Task:
    """What somebody else wrote into the tasks topic is judged as an event of its own."""
    at, headers = Source(record.topic, record.partition, record.offset, record.timestamp), tuple(record.headers)
    try:
        return decode_task(record.value, headers, at)
    except Malformed:
        return Task(at, record.value, record.key, headers, taken_ms=record.timestamp)


def home_of(conversation_id: str, topics: TopicSettings) -> int:
    """The tasks partition that owns a conversation."""
    return partition_of(_key(conversation_id), topics.partitions)


def moved_task(task: Task, conversation_id: str, topics: TopicSettings) -> ProducerRecord:
    """The task once more, under the key of its conversation."""
    return _again(moved(task, conversation_id), conversation_id, topics)


def tried_task(task: Task, attachment: Attachment, topics: TopicSettings) -> ProducerRecord:
    """The task once more, saying that only the last try of an attachment is left."""
    return _again(tried(task, attachment), attachment.conversation_id, topics)


def _again(task: Task, conversation_id: str, topics: TopicSettings) -> ProducerRecord:
    key, home = _key(conversation_id), home_of(conversation_id, topics)
    return ProducerRecord(topics.tasks, key, task.value, encode_task(task), home)


def _key(conversation_id: str) -> bytes:
    return conversation_id.encode("utf-8", "surrogatepass")

"""What a transaction writes, of the answers that wait for it."""

from __future__ import annotations

from consumer.kafka.client import partition_of
from consumer.model import Task
from consumer.settings.model import TopicSettings
from consumer.stream.outbox import Batch
from consumer.stream.transaction import ProducerRecord
from consumer.wire.entries import encode_entry
from consumer.wire.results import Outgoing, Output
from consumer.wire.tasks import encode_task, moved


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


def home_of(conversation_id: str, topics: TopicSettings) -> int:
    """The tasks partition that owns a conversation."""
    return partition_of(_key(conversation_id), topics.partitions)


def moved_task(task: Task, conversation_id: str, topics: TopicSettings) -> ProducerRecord:
    """The task once more, under the key of its conversation."""
    headers = encode_task(moved(task, conversation_id))
    return ProducerRecord(topics.tasks, _key(conversation_id), task.value, headers, home_of(conversation_id, topics))


def _key(conversation_id: str) -> bytes:
    return conversation_id.encode("utf-8", "surrogatepass")

"""What a transaction writes, of the answers that wait for it."""

from __future__ import annotations

from aiokafka import ConsumerRecord

from consumer.errors import Malformed
from consumer.kafka.client import partition_of
from consumer.model import Attachment, Doubt, Headers, LedgerEntry, Source, Task
from consumer.settings.model import TopicSettings
from consumer.stream.outbox import Batch
from consumer.stream.transaction import ProducerRecord
from consumer.wire.dead_letters import with_signing_key
from consumer.wire.entries import encode_entry
from consumer.wire.results import Outgoing, Output
from consumer.wire.signatures import Signatures
from consumer.wire.tasks import decode_task, encode_task, moved, tried, unproven


def records_of(batch: Batch, partition: int, topics: TopicSettings, signatures: Signatures) -> list[ProducerRecord]:
    """The ledger's entries first, in the order of the answers; then results, then tasks that move."""
    entries = [_entry(answer.entry, partition, topics.ledger, signatures) for answer in batch.answers]
    results = [_result(answer.outgoing, topics, signatures) for answer in batch.answers if answer.outgoing is not None]
    return [*entries, *results, *batch.moved]


def _entry(entry: LedgerEntry, partition: int, topic: str, signatures: Signatures) -> ProducerRecord:
    key, value = encode_entry(entry)
    return ProducerRecord(topic, key, value, signatures.sign(topic, partition, key, value), partition)


def _result(outgoing: Outgoing, topics: TopicSettings, signatures: Signatures) -> ProducerRecord:
    names = {
        Output.ACCEPTED: topics.accepted,
        Output.REJECTED: topics.rejected,
        Output.DEAD_LETTER: topics.dead_letter,
    }
    dead = outgoing.output is Output.DEAD_LETTER
    headers = with_signing_key(outgoing.headers, signatures) if dead else outgoing.headers
    return ProducerRecord(names[outgoing.output], outgoing.key, outgoing.value, headers)


def task_of(record: ConsumerRecord[bytes, bytes], signatures: Signatures) -> tuple[Task, Doubt | None]:
    """What somebody else wrote into the tasks topic is judged as an event of its own; what does not verify where it has
    to, without what only we may say of a task. And why it need not be ours."""
    at, headers = Source(record.topic, record.partition, record.offset, record.timestamp), _headers(record)
    doubt = signatures.doubt(at.topic, at.partition, record.key, record.value, headers) if signatures else None
    if doubt is not None and signatures.required:
        headers = unproven(headers)
    try:
        return decode_task(record.value, headers, at), doubt
    except Malformed:
        return Task(at, record.value, record.key, headers, taken_ms=record.timestamp), doubt


def _headers(record: ConsumerRecord[bytes, bytes]) -> Headers:
    return tuple(record.headers)


def home_of(conversation_id: str, topics: TopicSettings) -> int:
    """The tasks partition that owns a conversation."""
    return partition_of(_key(conversation_id), topics.partitions)


def moved_task(task: Task, conversation_id: str, topics: TopicSettings, signatures: Signatures) -> ProducerRecord:
    """The task once more, under the key of its conversation, signed for its new place."""
    return _again(moved(task, conversation_id), conversation_id, topics, signatures)


def tried_task(task: Task, attachment: Attachment, topics: TopicSettings, signatures: Signatures) -> ProducerRecord:
    """The task once more, saying that only the last try of an attachment is left."""
    return _again(tried(task, attachment), attachment.conversation_id, topics, signatures)


def _again(task: Task, conversation_id: str, topics: TopicSettings, signatures: Signatures) -> ProducerRecord:
    key, home = _key(conversation_id), home_of(conversation_id, topics)
    headers = signatures.sign(topics.tasks, home, key, task.value, encode_task(task))
    return ProducerRecord(topics.tasks, key, task.value, headers, home)


def _key(conversation_id: str) -> bytes:
    return conversation_id.encode("utf-8", "surrogatepass")

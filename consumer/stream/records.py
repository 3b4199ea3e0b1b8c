"""What a transaction writes, of the answers that wait for it."""

from __future__ import annotations

from consumer.settings.model import TopicSettings
from consumer.stream.outbox import Batch
from consumer.stream.transaction import Record
from consumer.wire.entries import encode_entry
from consumer.wire.results import Outgoing, Output


def records_of(batch: Batch, partition: int, topics: TopicSettings) -> list[Record]:
    """The ledger's entries first, in the order of the answers; then results, then tasks that move."""
    entries = [Record(topics.ledger, *encode_entry(answer.entry), partition=partition) for answer in batch.answers]
    results = [_result(answer.outgoing, topics) for answer in batch.answers if answer.outgoing is not None]
    return [*entries, *results, *batch.moved]


def _result(outgoing: Outgoing, topics: TopicSettings) -> Record:
    names = {
        Output.ACCEPTED: topics.accepted,
        Output.REJECTED: topics.rejected,
        Output.DEAD_LETTER: topics.dead_letter,
    }
    return Record(names[outgoing.output], outgoing.key, outgoing.value, outgoing.headers)

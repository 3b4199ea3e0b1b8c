"""What ended a producer's life, by what it was."""

from __future__ import annotations

import pytest
from aiokafka.errors import KafkaError, ProducerFenced

from consumer.errors import Malformed
from consumer.model import Condition
from consumer.stream.hindrances import Hindrances
from consumer.stream.transaction import TooLarge, TransactionFailed
from consumer.stream.trust import Distrusted
from consumer.telemetry.labels import RebuildCause
from tests.reports import Recorder


@pytest.mark.parametrize(
    ("failure", "cause"),
    [
        (TransactionFailed("commit", ProducerFenced()), "fenced"),
        (TransactionFailed("commit", TimeoutError()), "timeout"),
        (TransactionFailed("commit", KafkaError()), "failed"),
        (TooLarge("accepted", 2, 1), "refused"),
        (Malformed("no text"), "refused"),
        (Distrusted(Condition.LEDGER_ODD, "signed by nobody"), "distrusted"),
        (ConnectionError(), "failed"),
    ],
)
def test_a_producer_is_replaced_for_one_of_few_causes(failure: Exception, cause: RebuildCause) -> None:
    assert Hindrances(0, Recorder()).cause(failure, again=False) == cause

"""What an operator reads when Kafka fails."""

from __future__ import annotations

from typing import Any

import pytest
from aiokafka import errors

from consumer.errors import Unavailable
from consumer.kafka.explain import condition_of, explain
from consumer.kafka.topics import kafka_failures
from consumer.model import Condition
from consumer.settings.model import KafkaSettings

EVERY = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.KafkaError)]
GONE_BY_ITSELF: list[type[Exception]] = [
    kind for kind in EVERY if kind.retriable and kind is not errors.UnknownTopicOrPartitionError
]
GONE_BY_ITSELF += [TimeoutError]
INSIDE = {  # of aiokafka: an operator can do nothing with a word more
    errors.KafkaProtocolError, errors.CorrelationIdError, errors.Cancelled, errors.TooManyInFlightRequests,
    errors.MetadataEmptyBrokerList, errors.NotControllerError,
}  # fmt: skip


@pytest.mark.parametrize("kind", GONE_BY_ITSELF)
def test_what_passes_by_itself_is_no_refusal(kind: Any) -> None:
    assert condition_of(kind()) is Condition.KAFKA_AWAY
    with pytest.raises(Unavailable) as failed, kafka_failures(KafkaSettings(bootstrap_servers="b:1")):
        raise kind
    assert "refused" not in failed.value.detail


@pytest.mark.parametrize("kind", [kind for kind in GONE_BY_ITSELF if kind not in INSIDE])
def test_what_passes_by_itself_has_a_sentence(kind: Any) -> None:
    told = explain(kind())
    assert kind.__name__ not in told
    assert len(told.split()) > 4


def test_a_call_that_took_too_long_says_what_that_means() -> None:
    assert "fewer replicas are in sync than a topic wants, or a coordinator" in explain(TimeoutError())


def test_the_text_of_an_error_goes_nowhere() -> None:
    assert "secret" not in explain(errors.UnknownError("secret"))

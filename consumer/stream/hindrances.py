"""What keeps one partition from its work, as an operator is told of it."""

from __future__ import annotations

import logging
from typing import Protocol

from aiokafka.errors import ProducerFenced

from consumer.errors import Malformed
from consumer.kafka import waiting
from consumer.kafka.explain import condition_of, explain
from consumer.kafka.waiting import Waiting
from consumer.model import Condition
from consumer.stream.transaction import WAITS_FOR, TooLarge, TransactionFailed
from consumer.stream.trust import Distrusted
from consumer.telemetry.labels import RebuildCause

log = logging.getLogger(__name__)

MENDED_BY_PEOPLE = (Condition.KAFKA_REFUSED, Condition.SIGNATURES_MISSING, Condition.SIGNATURES_WRONG)


class Reports(waiting.Reports, Protocol):
    pass


class Hindrances:
    """One at a time: what is found last is what has to be mended."""

    def __init__(self, partition: int, reports: Reports) -> None:
        self._about, self._reports = f"partition {partition}", reports
        self._waiting = Waiting(Condition.PARTITION_WAITS, self._about, reports)

    def waits_for(self, step: str) -> None:
        if step in WAITS_FOR:
            self._waiting.begin(WAITS_FOR[step])

    def look(self) -> None:
        """Tells of a wait for Kafka that has become long. To be called about every second."""
        self._waiting.look()

    def cause(self, failure: BaseException, again: bool) -> RebuildCause:
        """Of what ended a producer's life; `again`: the one before failed as well."""
        if isinstance(failure, TransactionFailed):
            log.warning("%s: its producer is replaced: %s", self._about, failure)
            fenced = isinstance(failure.cause, ProducerFenced)
            # Once is no news: the new producer may do. Twice is a grant or a topic that is gone, or the broker.
            if not fenced and (again or failure.step == "initialise"):
                why = f"{self._about} can't commit: {WAITS_FOR[failure.step]}: {explain(failure.cause)}"
                self._tell(Condition.KAFKA_REFUSED if _is_refusal(failure.cause) else None, why)
            return "fenced" if fenced else "timeout" if isinstance(failure.cause, TimeoutError) else "failed"
        if isinstance(failure, TooLarge | Malformed):
            self._tell(Condition.KAFKA_REFUSED, str(failure))
            return "refused"
        if isinstance(failure, Distrusted):
            self._tell(failure.condition, str(failure))
            return "distrusted"
        log.warning("%s is prepared again: %s", self._about, type(failure).__name__)
        return "failed"

    def over(self) -> None:
        self._waiting.over()
        self._end_others(None)

    def _tell(self, condition: Condition | None, detail: str) -> None:
        """None: the brokers have to come back."""
        self._end_others(condition)
        if condition is None:
            self._waiting.failed(detail)
        else:
            self._waiting.over()
            self._reports.begin(condition, detail, self._about)

    def _end_others(self, held: Condition | None) -> None:
        for condition in MENDED_BY_PEOPLE:
            if condition is not held:
                self._reports.end(condition, self._about)


def _is_refusal(error: BaseException) -> bool:
    return condition_of(error) is Condition.KAFKA_REFUSED

"""What the log tells of an answer. A verdict is normal work, and is told to who debugs; a dead letter is not, and is
told without ids of people."""

from __future__ import annotations

import logging
from datetime import datetime

from consumer.model import DeadLetter, Decision, Rejected

log = logging.getLogger(__name__)


def tell(answer: Decision | DeadLetter) -> None:
    source = {"topic": answer.source.topic, "partition": answer.source.partition, "offset": answer.source.offset}
    if isinstance(answer, DeadLetter):
        of_letter = {"reason": answer.reason.value, "detail": answer.detail, "stage": answer.stage}
        log.warning("a dead letter", extra=source | of_letter | {"attempts": answer.attempts})
    elif log.isEnabledFor(logging.DEBUG):
        attachment, verdict = answer.attachment, answer.verdict
        of_verdict = {
            "conversation_id": attachment.conversation_id,
            "message_id": attachment.message_id,
            "attachment_id": attachment.attachment_id,
            "verdict": "rejected" if isinstance(verdict, Rejected) else "accepted",
            "reason": verdict.reason.value if isinstance(verdict, Rejected) else None,
            "event_time": _iso(answer.event_time),
            "decided_at": _iso(answer.decided_at),
            "attempts": answer.attempts,
        }
        log.debug("a verdict", extra=source | of_verdict)


def _iso(time_of: datetime | None) -> str | None:
    return time_of.isoformat(timespec="milliseconds") if time_of else None

"""Answers to bytes and headers. `schemas/` is the contract; every answer is bounded in size by construction.

No signed URL and no token is in a result: only what is named below goes out, and `Attachment.url` is not.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

from consumer.model import Accepted, DeadLetter, Decision, Facts, Headers, Rejected, Replay, Settled
from consumer.text import printable

SCHEMA = "urn:attachment-consumer:schema:{}:1"  # the `$id` in schemas/; the number is the major version
SOURCE = b"/attachment-consumer"

LARGEST_RESULT = 96 * 1024  # bytes, whatever was decided about whatever; a topic that takes less is refused at start

ID_LIMIT = 256  # characters, as are the next
NAME_LIMIT = 255
TYPE_LIMIT = 127
DETAIL_LIMIT = 500
URI_LIMIT = 2_048
REMARK_LIMIT = 64
FINDING_LIMIT = 200
LIST_LIMIT = 32

# What a record costs a topic besides its bytes: a batch of its own (61), and the lengths in front of each part.
RECORD_OVERHEAD = 100
HEADER_OVERHEAD = 10


class Output(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DEAD_LETTER = "dead-letter"


_TYPES = {output: f"genesys.attachment.{output}.v1".encode() for output in Output}
_SCHEMAS = {output: SCHEMA.format(output).encode() for output in Output}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record, ready to be sent; which topic `output` is, the settings say."""

    output: Output
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def size(self) -> int:
        """Bytes that the record takes at most in a batch of its own, as `max.message.bytes` counts them."""
        return record_size(self.key, self.value, self.headers)


def record_size(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    if not headers:
        return RECORD_OVERHEAD + len(key or b"") + len(value or b"")
    names = "".join([name for name, _ in headers]).encode("utf-8", "surrogatepass")
    contents = b"".join([content or b"" for _, content in headers])
    named = len(names) + len(contents) + HEADER_OVERHEAD * len(headers)
    return RECORD_OVERHEAD + len(key or b"") + len(value or b"") + named


def encode_result(decision: Decision) -> Outgoing:
    """The verdict as JSON, with CloudEvents 1.0 headers (binary mode); key = conversation id."""
    output = Output.ACCEPTED if isinstance(decision.verdict, Accepted) else Output.REJECTED
    return Outgoing(
        output=output,
        key=_utf8(decision.attachment.conversation_id),
        value=orjson.dumps(_result(decision)),
        headers=_cloudevent(decision, output),
    )


def _result(decision: Decision) -> dict[str, Any]:
    attachment, verdict, source = decision.attachment, decision.verdict, decision.source
    rejected = verdict if isinstance(verdict, Rejected) else None
    return {
        "id": _identity(decision),
        "conversationId": printable(attachment.conversation_id, ID_LIMIT),
        "messageId": printable(attachment.message_id, ID_LIMIT),
        "attachmentId": _text(attachment.attachment_id, ID_LIMIT),
        "verdict": Output.REJECTED if rejected else Output.ACCEPTED,
        "reason": rejected.reason if rejected else None,
        "detail": printable(rejected.detail, DETAIL_LIMIT) if rejected else None,
        "name": _text(attachment.name, NAME_LIMIT),
        "declaredType": _text(attachment.declared_type, TYPE_LIMIT),
        "declaredSize": attachment.declared_size,
        **_facts(verdict.facts),
        "storageUri": printable(verdict.storage_uri, URI_LIMIT) if isinstance(verdict, Accepted) else None,
        "policyVersion": printable(decision.policy_version, ID_LIMIT),
        "source": {
            "topic": source.topic,
            "partition": source.partition,
            "offset": source.offset,
            "path": source.path or None,
        },
        "eventTime": _time(decision.event_time) if decision.event_time else None,
        "decidedAt": _time(decision.decided_at),
        "attempts": decision.attempts,
        "replayOf": _letter_named(decision.replay),
        "supersedes": _letter_named(decision.supersedes),
    }


def _letter_named(letter: Replay | None) -> dict[str, Any] | None:
    return {"id": letter.identity.hex(), "generation": letter.generation} if letter else None


def _facts(facts: Facts) -> dict[str, Any]:
    return {
        "extensionType": _text(facts.extension_type, TYPE_LIMIT),
        "detectedType": _text(facts.detected_type, TYPE_LIMIT),
        "size": facts.size,
        "sha256": facts.sha256,
        "findings": [
            {"code": finding.code, "detail": printable(finding.detail, FINDING_LIMIT)}
            for finding in facts.findings[:LIST_LIMIT]
        ],
        "flags": [printable(flag, REMARK_LIMIT) for flag in facts.flags[:LIST_LIMIT]],
        "scanned": facts.scanned,
        "detectors": {
            printable(name, REMARK_LIMIT): printable(version, REMARK_LIMIT)
            for name, version in list(facts.detectors.items())[:LIST_LIMIT]
        },
    }


def _cloudevent(decision: Decision, output: Output) -> Headers:
    attachment = decision.attachment
    event_id = _identity(decision)
    if decision.replay:  # a second answer on purpose: it must not look like a repeat of the first
        event_id += f"-{decision.replay.generation}"
    subject = f"conversations/{attachment.conversation_id}/messages/{attachment.message_id}"
    return (
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_source", SOURCE),
        ("ce_type", _TYPES[output]),
        ("ce_subject", _utf8(printable(subject, 3 * ID_LIMIT))),
        ("ce_time", _time(decision.decided_at).encode()),
        ("ce_dataschema", _SCHEMAS[output]),
        ("content-type", b"application/json"),
    )


def encode_dead_letter(dead: DeadLetter, *, max_bytes: int, whole: bool = True) -> Outgoing:
    """The original record as it was, with `dlq.*` headers behind its own; at most `max_bytes`, as its topic takes it.

    What does not fit is left out, the value first, then the record's own headers, then its key; all of it if it is not
    to be `whole`. The headers say so.
    """
    omissions = [(), ("value",), ("value", "headers"), ("value", "headers", "key")][0 if whole else 3 :]
    letter = _letter(dead, omissions[0])
    for omitted in omissions[1:]:
        if letter.size <= max_bytes:
            break
        letter = _letter(dead, omitted)
    return letter


def _letter(dead: DeadLetter, omitted: tuple[str, ...]) -> Outgoing:
    return Outgoing(
        output=Output.DEAD_LETTER,
        key=None if "key" in omitted else dead.key,
        value=None if "value" in omitted else dead.value,
        headers=(() if "headers" in omitted else dead.headers) + _dead_headers(dead, omitted),
    )


def _dead_headers(dead: DeadLetter, omitted: tuple[str, ...]) -> Headers:
    """All of them, always, `dlq.id` first: so a header of the same name on a foreign record never stands for ours."""
    settled = dead.settled or Settled("", "")
    value, lost_earlier = dead.value, dead.value_sha256 is not None and dead.value is None
    texts = {
        "dlq.id": dead.identity.hex(),
        "dlq.generation": str(dead.generation),
        "dlq.reason": dead.reason.value,
        "dlq.detail": printable(dead.detail, DETAIL_LIMIT),
        "dlq.stage": printable(dead.stage, ID_LIMIT),
        "dlq.attempts": str(dead.attempts),
        "dlq.settled.call": printable(settled.call, ID_LIMIT),
        "dlq.settled.meaning": printable(settled.meaning, ID_LIMIT),
        "dlq.settled.code": printable(settled.code, ID_LIMIT),
        "dlq.settled.correlation-id": printable(settled.correlation_id, ID_LIMIT),
        "dlq.source.topic": dead.source.topic,
        "dlq.source.partition": str(dead.source.partition),
        "dlq.source.offset": str(dead.source.offset),
        "dlq.source.timestamp": str(dead.source.timestamp_ms),
        "dlq.source.path": printable(dead.source.path, ID_LIMIT),
        "dlq.conversation": printable(dead.conversation_id or "", ID_LIMIT),
        "dlq.message": printable(dead.message_id or "", ID_LIMIT),
        "dlq.attachment": printable(dead.attachment_id or "", ID_LIMIT),
        "dlq.first-at": _time(dead.first_at),
        "dlq.last-at": _time(dead.last_at),
        "dlq.value-sha256": hashlib.sha256(value).hexdigest() if value is not None else dead.value_sha256 or "",
        "dlq.value-bytes": str(len(value)) if value is not None else "",
        "dlq.value-omitted": _flag(lost_earlier or ("value" in omitted and value is not None)),
        "dlq.headers-omitted": _flag("headers" in dead.left_out or ("headers" in omitted and bool(dead.headers))),
        "dlq.key-omitted": _flag("key" in dead.left_out or ("key" in omitted and dead.key is not None)),
    }
    return tuple((name, _utf8(text)) for name, text in texts.items())


def _flag(yes: bool) -> str:
    return "true" if yes else "false"


def _identity(decision: Decision) -> str:
    identity = decision.attachment.identity
    assert identity is not None, "only an attachment with a key is judged"
    return identity.hex()


def _text(text: str | None, limit: int) -> str | None:
    return None if text is None else printable(text, limit)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _time(moment: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

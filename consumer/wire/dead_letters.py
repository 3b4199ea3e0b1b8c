"""A record of the dead-letter topic, read back: the original record, and what `wire.results` said about it."""

from __future__ import annotations

from datetime import datetime

from consumer.errors import Malformed
from consumer.model import DeadLetter, DeadReason, Headers, Settled, Source
from consumer.wire.results import HEADER_OVERHEAD
from consumer.wire.signatures import ID_BYTES, Signatures

FIRST = "dlq.id"
SIGNING_KEY = "dlq.signing-key"  # id of the key that its writer signs tasks and ledger with, in hex: a replay needs it
SIGNING_KEY_BYTES = HEADER_OVERHEAD + len(SIGNING_KEY) + 2 * ID_BYTES  # that it adds to a record


def with_signing_key(headers: Headers, signatures: Signatures) -> Headers:
    """Of a dead letter that is about to be written."""
    return (*headers, (SIGNING_KEY, signatures.ids[0].hex().encode())) if signatures else headers


def signing_key_of(headers: Headers) -> str | None:
    """None where its writer signs nothing."""
    ours = dict(headers[_begin(headers) :])
    return (ours.get(SIGNING_KEY) or b"").decode("ascii", "replace") or None


def decode_dead_letter(key: bytes | None, value: bytes | None, headers: Headers) -> DeadLetter:
    """Raises `Malformed` for a record that this service did not write."""
    begins = _begin(headers)
    try:
        ours = {name: content.decode() for name, content in headers[begins:] if content is not None}
        return DeadLetter(
            identity=bytes.fromhex(ours["dlq.id"]),
            generation=int(ours["dlq.generation"]),
            reason=DeadReason(ours["dlq.reason"]),
            detail=ours["dlq.detail"],
            stage=ours["dlq.stage"],
            attempts=int(ours["dlq.attempts"]),
            source=_source(ours),
            first_at=datetime.fromisoformat(ours["dlq.first-at"]),
            last_at=datetime.fromisoformat(ours["dlq.last-at"]),
            key=key,
            value=value,
            headers=headers[:begins],
            conversation_id=ours["dlq.conversation"] or None,
            message_id=ours["dlq.message"] or None,
            attachment_id=ours["dlq.attachment"] or None,
            value_sha256=ours["dlq.value-sha256"] if ours["dlq.value-omitted"] == "true" else None,
            settled=_settled(ours),
            left_out=frozenset(part for part in ("headers", "key") if ours[f"dlq.{part}-omitted"] == "true"),
        )
    except (KeyError, ValueError):  # UnicodeDecodeError is one
        raise Malformed("a record of the dead-letter topic whose headers are not ours") from None


def _begin(headers: Headers) -> int:
    """The first of ours: before it stand those of the original record, of whatever names."""
    begins = max((index for index, (name, _) in enumerate(headers) if name == FIRST), default=None)
    if begins is None:
        raise Malformed("a record of the dead-letter topic without our headers")
    return begins


def _source(ours: dict[str, str]) -> Source:
    return Source(
        topic=ours["dlq.source.topic"],
        partition=int(ours["dlq.source.partition"]),
        offset=int(ours["dlq.source.offset"]),
        timestamp_ms=int(ours["dlq.source.timestamp"]),
        path=ours["dlq.source.path"],
    )


def _settled(ours: dict[str, str]) -> Settled | None:
    """None for what no answer of a host led to, and for what an older release wrote."""
    names = ("call", "meaning", "code", "correlation-id")
    told = [ours.get(f"dlq.settled.{name}", "") for name in names]
    return Settled(*told) if told[0] else None

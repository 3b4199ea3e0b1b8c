"""Ledger entries as records of the ledger topic: key = the 16-byte identity, value = version, kind, generation."""

from __future__ import annotations

from functools import lru_cache

from consumer.errors import Malformed
from consumer.model import AnswerKind, LedgerEntry

VERSION = 1
IDENTITY_BYTES, VALUE_BYTES = 16, 6
MOST_GENERATIONS = 1_000  # of one identity: each but the first is a replay by hand, and each is looked up for itself
KINDS = {AnswerKind.VERDICT: ord("v"), AnswerKind.DEAD: ord("d")}
KINDS_BY_CODE = {code: kind for kind, code in KINDS.items()}


def encode_entry(entry: LedgerEntry) -> tuple[bytes, bytes]:
    """Key and value of its record."""
    return entry.identity, bytes((VERSION, KINDS[entry.kind])) + entry.generation.to_bytes(4, "big")


class NoEntry(Malformed):
    """A record of the ledger topic that names no attachment: somebody else wrote it."""


class UnknownEntry(Malformed):
    """A record that names an attachment, and whose answer this version can't read: it may be a later one's."""


def decode_entry(key: bytes | None, value: bytes | None) -> LedgerEntry:
    """Raises `NoEntry` or `UnknownEntry` for what this version did not write."""
    if key is None or len(key) != IDENTITY_BYTES:
        raise NoEntry("a record of the ledger topic without a 16-byte key")
    if value is None or len(value) != VALUE_BYTES:
        raise UnknownEntry("a ledger record whose value this version can't read")
    kind, generation = _decode_value(value)
    return LedgerEntry(key, kind, generation)


def as_answered(key: bytes) -> LedgerEntry:
    """An answer that we can't read is not given twice."""
    return LedgerEntry(key, AnswerKind.VERDICT)


@lru_cache(maxsize=64)  # nearly all values are the same one
def _decode_value(value: bytes) -> tuple[AnswerKind, int]:
    if value[0] != VERSION:
        raise UnknownEntry(f"a ledger record of version {value[0]}; this release reads version {VERSION}")
    kind = KINDS_BY_CODE.get(value[1])
    if kind is None:
        raise UnknownEntry(f"a ledger record of unknown kind {value[1]}")
    generation = int.from_bytes(value[2:], "big")
    if kind is AnswerKind.DEAD and not 0 < generation <= MOST_GENERATIONS:
        raise UnknownEntry(f"a ledger record of generation {generation}, which no replay leads to")
    return kind, generation

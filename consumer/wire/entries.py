"""Ledger entries as records of the ledger topic: key = the 16-byte identity, value = version, kind, generation."""

from __future__ import annotations

from functools import lru_cache

from consumer.errors import Malformed
from consumer.model import AnswerKind, LedgerEntry

VERSION = 1
KINDS = {AnswerKind.VERDICT: ord("v"), AnswerKind.DEAD: ord("d")}
KINDS_BY_CODE = {code: kind for kind, code in KINDS.items()}


def encode_entry(entry: LedgerEntry) -> tuple[bytes, bytes]:
    """Key and value of its record."""
    return entry.identity, bytes((VERSION, KINDS[entry.kind])) + entry.generation.to_bytes(4, "big")


def decode_entry(key: bytes | None, value: bytes | None) -> LedgerEntry:
    """Raises `Malformed` for what this version did not write: guessing would lose or repeat an answer."""
    if key is None or value is None or len(key) != 16 or len(value) != 6:
        raise Malformed("a ledger record that this version can't read: not a 16-byte key with a 6-byte value")
    kind, generation = _decode_value(value)
    return LedgerEntry(key, kind, generation)


@lru_cache(maxsize=64)  # nearly all values are the same one
def _decode_value(value: bytes) -> tuple[AnswerKind, int]:
    if value[0] != VERSION:
        raise Malformed(f"a ledger record of version {value[0]}; this release reads version {VERSION}")
    kind = KINDS_BY_CODE.get(value[1])
    if kind is None:
        raise Malformed(f"a ledger record of unknown kind {value[1]}")
    return kind, int.from_bytes(value[2:], "big")

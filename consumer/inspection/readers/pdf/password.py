"""Whether a PDF opens without a password. Many are encrypted only to forbid printing: those open for everybody."""

from __future__ import annotations

import hashlib
from enum import Enum
from itertools import cycle

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from consumer.inspection.readers import runs
from consumer.inspection.readers.pdf import syntax
from consumer.inspection.readers.pdf.syntax import Dictionary, Name, Reference
from consumer.inspection.readers.pdf.words import WHITE, WORDS
from consumer.inspection.readers.seen import PLACE, Work

ENCRYPT, ID = b"/Encrypt", b"/ID"
_NUMBER_OR_DICTIONARY = (b"<<", *(bytes([digit]) for digit in runs.DIGITS))
_PAD = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
NEAR = 4096  # bytes around an entry of a trailer


class Encryption(Enum):
    NONE = "none"
    OPENS_FREELY = "opens freely"
    NEEDS_PASSWORD = "needs a password"  # noqa: S105 # a state, no secret


def encryption(data: bytes, work: Work) -> Encryption:
    """By the trailer's `/Encrypt`. What can't be worked out counts as needing a password."""
    at = _last(data, ENCRYPT, _NUMBER_OR_DICTIONARY, work)  # the last trailer is the one in force
    if at is None:
        return Encryption.NONE
    value, _ = syntax.read(data, at, work)
    referred = isinstance(value, Reference)
    if isinstance(value, Reference):
        value = syntax.resolve(data, value, work)
    if not isinstance(value, dict):
        return Encryption.NONE if referred and not _in_trailer(data, at) else Encryption.NEEDS_PASSWORD
    return Encryption.OPENS_FREELY if _opens(value, _document_id(data, work)) else Encryption.NEEDS_PASSWORD


def _last(data: bytes, name: bytes, following: tuple[bytes, ...], work: Work) -> int | None:
    """Behind the last place of the name that one of `following` stands behind, with or without white space."""
    work.spend(2 * len(data))
    words = work.words(data)
    for at in reversed(words.at(name) if name in WORDS else list(runs.places(data, name))):
        work.spend(PLACE // 4)
        behind = at + len(name)
        if data.startswith(following, runs.behind(data, behind, WHITE)):
            return behind
    return None


def _in_trailer(data: bytes, at: int) -> bool:
    near = data[max(0, at - NEAR) : at + NEAR]
    return b"trailer" in near or b"/XRef" in near


def _document_id(data: bytes, work: Work) -> bytes:
    at = _last(data, ID, (b"[",), work)
    value = syntax.read(data, data.index(b"[", at) + 1, work)[0] if at is not None else None
    return value if isinstance(value, bytes) else b""


def _number(dictionary: Dictionary, key: bytes, default: int) -> int:
    value = dictionary.get(key)
    return value if isinstance(value, int) else default


def _string(dictionary: Dictionary, key: bytes) -> bytes:
    value = dictionary.get(key)
    return value if isinstance(value, bytes) and not isinstance(value, Name) else b""


def _opens(dictionary: Dictionary, document_id: bytes) -> bool:
    """Tries the empty password, as every reader does before it asks for one."""
    revision = _number(dictionary, b"R", 0)
    if _number(dictionary, b"V", 0) >= 4 and {dictionary.get(b"StmF"), dictionary.get(b"StrF")} <= {None, b"Identity"}:
        return True  # only attached files are encrypted
    if dictionary.get(b"Filter") != b"Standard":
        return False
    owner, user = _string(dictionary, b"O"), _string(dictionary, b"U")
    if revision in (5, 6):
        salt, digest = user[32:40], user[:32]
        return len(user) >= 48 and (hashlib.sha256(salt).digest() if revision == 5 else _hash_r6(salt)) == digest
    if revision not in (2, 3, 4) or len(user) < 16:
        return False
    return _opens_rc4(dictionary, document_id, owner, user, revision)


def _opens_rc4(dictionary: Dictionary, document_id: bytes, owner: bytes, user: bytes, revision: int) -> bool:
    permissions = _number(dictionary, b"P", 0) & 0xFFFFFFFF
    seed = hashlib.md5(_PAD + owner[:32] + permissions.to_bytes(4, "little") + document_id, usedforsecurity=False)
    if revision == 4 and dictionary.get(b"EncryptMetadata") is False:
        seed.update(b"\xff\xff\xff\xff")
    key = seed.digest()
    if revision == 2:
        return _rc4(key[:5], _PAD) == user[:32]
    said = min(16, max(5, _number(dictionary, b"Length", 40) // 8))
    lengths = dict.fromkeys((said, 16))  # writers differ on it, and each costs half a millisecond
    return any(_answer(key, length, document_id) == user[:16] for length in lengths)


def _answer(key: bytes, length: int, document_id: bytes) -> bytes:
    for _ in range(50):
        key = hashlib.md5(key[:length], usedforsecurity=False).digest()
    answer = _rc4(key[:length], hashlib.md5(_PAD + document_id, usedforsecurity=False).digest())
    for turn in range(1, 20):
        answer = _rc4(bytes(byte ^ turn for byte in key[:length]), answer)
    return answer


def _rc4(key: bytes, text: bytes) -> bytes:
    state, j, out = list(range(256)), 0, bytearray()
    for i, letter in zip(range(256), cycle(key), strict=False):
        held = state[i]
        j = (j + held + letter) & 255
        state[i], state[j] = state[j], held
    i = j = 0
    for byte in text:
        i = (i + 1) & 255
        j = (j + state[i]) & 255
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) & 255])
    return bytes(out)


def _hash_r6(salt: bytes) -> bytes:
    """The hardened hash of ISO 32000-2 (algorithm 2.B), of the empty password."""
    key = hashlib.sha256(salt).digest()
    for turn in range(1024):
        cipher = Cipher(AES(key[:16]), CBC(key[16:32])).encryptor()
        mixed = cipher.update(key * 64) + cipher.finalize()
        kind = (hashlib.sha256, hashlib.sha384, hashlib.sha512)[sum(mixed[:16]) % 3]
        key = kind(mixed).digest()
        if turn >= 63 and mixed[-1] <= turn - 31:
            break
    return key[:32]

"""Whether a PDF opens without a password. Many are encrypted only to forbid printing: those open for everybody."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from enum import Enum

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

_ENCRYPT = re.compile(rb"/Encrypt\s*(?:(\d{1,10})\s+(\d{1,5})\s+R|(<<))")
_ID = re.compile(rb"/ID\s*\[\s*(<[0-9A-Fa-f\s]*>|\()")
_CONTENT_FILTER = re.compile(rb"/St[mr]F\s*/(?!Identity\b)")
_PAD = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
MOST_DICTIONARY = 4096


class Encryption(Enum):
    NONE = "none"
    OPENS_FREELY = "opens freely"
    NEEDS_PASSWORD = "needs a password"  # noqa: S105 # a state, no secret


def encryption(data: bytes) -> Encryption:
    """By the trailer's `/Encrypt`. What can't be worked out counts as needing a password."""
    match = _last(_ENCRYPT, data)  # the last trailer is the one in force
    if match is None:
        return Encryption.NONE
    dictionary = _dictionary(data, match)
    if dictionary is None:
        return Encryption.NONE if match[1] and not _in_trailer(data, match.start()) else Encryption.NEEDS_PASSWORD
    return Encryption.OPENS_FREELY if _opens(dictionary, _document_id(data)) else Encryption.NEEDS_PASSWORD


def _last(pattern: re.Pattern[bytes], data: bytes) -> re.Match[bytes] | None:
    return deque(pattern.finditer(data), maxlen=1).pop() if pattern.search(data) else None


def _in_trailer(data: bytes, at: int) -> bool:
    before = data[max(0, at - MOST_DICTIONARY) : at + MOST_DICTIONARY]
    return b"trailer" in before or b"/XRef" in before


def _dictionary(data: bytes, match: re.Match[bytes]) -> bytes | None:
    if match[3]:
        return data[match.start() : match.start() + MOST_DICTIONARY]
    opened = _last(re.compile(rb"(?<!\d)%d\s+%d\s+obj\b" % (int(match[1]), int(match[2]))), data)
    if opened is None:
        return None
    stop = data.find(b"endobj", opened.end(), opened.end() + MOST_DICTIONARY)
    return data[opened.end() : stop if stop >= 0 else opened.end() + MOST_DICTIONARY]


def _number(dictionary: bytes, key: bytes, default: int) -> int:
    found = re.search(rb"/" + key + rb"\s+(-?\d{1,11})(?![\d.])", dictionary)
    return int(found[1]) if found else default


def _string(dictionary: bytes, key: bytes) -> bytes:
    found = re.search(rb"/" + key + rb"\s*([<(])", dictionary)
    if found is None:
        return b""
    return _string_at(dictionary, found.start(1))


def _string_at(data: bytes, at: int) -> bytes:
    """A string in either notation."""
    if data[at : at + 1] == b"<":
        digits = re.sub(rb"[^0-9A-Fa-f]", b"", data[at + 1 : max(at + 1, data.find(b">", at))])
        return bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
    out, depth, at = bytearray(), 1, at + 1
    while at < len(data) and len(out) < 512:
        byte = data[at : at + 1]
        if byte == b"\\":
            octal = re.match(rb"[0-7]{1,3}", data[at + 1 : at + 4])
            following = data[at + 1 : at + 2]
            if octal:
                out.append(int(octal[0], 8) & 0xFF)
                at += 1 + len(octal[0])
                continue
            if following == b"\r" and data[at + 2 : at + 3] == b"\n":
                at += 3
                continue
            out += b"" if following in (b"\r", b"\n") else _ESCAPES.get(following, following)
            at += 2
            continue
        depth += {b"(": 1, b")": -1}.get(byte, 0)
        if depth == 0:
            break
        out += byte
        at += 1
    return bytes(out)


def _document_id(data: bytes) -> bytes:
    match = _last(_ID, data)
    return _string_at(data, match.start(1)) if match else b""


def _opens(dictionary: bytes, document_id: bytes) -> bool:
    """Tries the empty password, as every reader does before it asks for one."""
    revision = _number(dictionary, b"R", 0)
    if _number(dictionary, b"V", 0) >= 4 and not _CONTENT_FILTER.search(dictionary):
        return True  # only attached files are
    if b"/Standard" not in dictionary:
        return False
    owner, user = _string(dictionary, b"O"), _string(dictionary, b"U")
    if revision in (5, 6):
        salt, digest = user[32:40], user[:32]
        return len(user) >= 48 and (hashlib.sha256(salt).digest() if revision == 5 else _hash_r6(salt)) == digest
    if revision not in (2, 3, 4) or len(user) < 16:
        return False
    return _opens_rc4(dictionary, document_id, owner, user, revision)


def _opens_rc4(dictionary: bytes, document_id: bytes, owner: bytes, user: bytes, revision: int) -> bool:
    permissions = _number(dictionary, b"P", 0) & 0xFFFFFFFF
    seed = hashlib.md5(_PAD + owner[:32] + permissions.to_bytes(4, "little") + document_id, usedforsecurity=False)
    if revision == 4 and re.search(rb"/EncryptMetadata\s+false", dictionary):
        seed.update(b"\xff\xff\xff\xff")
    key = seed.digest()
    if revision == 2:
        return _rc4(key[:5], _PAD) == user[:32]
    said = min(16, max(5, _number(dictionary, b"Length", 40) // 8))
    return any(_answer(key, length, document_id) == user[:16] for length in {said, 16})  # writers differ on it


def _answer(key: bytes, length: int, document_id: bytes) -> bytes:
    for _ in range(50):
        key = hashlib.md5(key[:length], usedforsecurity=False).digest()
    answer = _rc4(key[:length], hashlib.md5(_PAD + document_id, usedforsecurity=False).digest())
    for turn in range(1, 20):
        answer = _rc4(bytes(byte ^ turn for byte in key[:length]), answer)
    return answer


def _rc4(key: bytes, text: bytes) -> bytes:
    state, j, out = list(range(256)), 0, bytearray()
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 255
        state[i], state[j] = state[j], state[i]
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

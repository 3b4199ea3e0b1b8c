"""Workbooks that Excel encrypts with a password of its own when only their structure is protected (MS-OFFCRYPTO 2.3).

Excel tries it before it asks anybody. So do those who hide something from scanners: the workbook is decrypted and read.
"""

from __future__ import annotations

import hashlib
import struct

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher

from consumer.inspection.readers.seen import Work

PASSWORD = "VelvetSweatshop".encode("utf-16-le")
RC4 = 1
OLD, NEWER = (1, 1), ((2, 2), (3, 2), (4, 2))  # versions of the header: with MD5, and with SHA-1
BLOCK_BYTES = 1024  # bytes, each with a key of its own
A_BLOCK = 32 * 1024  # of work


def decrypted(stream: bytes, lock: bytes, work: Work) -> bytes | None:
    """The stream with all of it decrypted, if it opens so. `lock`: the record that tells how it is encrypted."""
    keys = _keys(lock)
    if keys is None:
        return None
    work.spend(A_BLOCK * (len(stream) // BLOCK_BYTES + 1))
    blocks = (stream[at : at + BLOCK_BYTES] for at in range(0, len(stream), BLOCK_BYTES))
    return b"".join(_rc4(keys.of(number), block) for number, block in enumerate(blocks))


class _Keys:
    def __init__(self, seed: bytes, digest: str, size: int) -> None:
        self._seed, self._digest, self._size = seed, digest, size

    def of(self, block: int) -> bytes:
        hashed = hashlib.new(self._digest, self._seed + struct.pack("<L", block), usedforsecurity=False).digest()
        return hashed[: self._size].ljust(16, b"\0")

    def open(self, verifier: bytes, proof: bytes) -> bool:
        said = _rc4(self.of(0), verifier + proof)
        hashed = hashlib.new(self._digest, said[: len(verifier)], usedforsecurity=False).digest()
        return hashed == said[len(verifier) :]


def _keys(lock: bytes) -> _Keys | None:
    if len(lock) < 54 or int.from_bytes(lock[:2], "little") != RC4:
        return None
    version = struct.unpack_from("<2H", lock, 2)
    if version == OLD:
        hashed = hashlib.md5(PASSWORD, usedforsecurity=False).digest()[:5]
        seed = hashlib.md5((hashed + lock[6:22]) * 16, usedforsecurity=False).digest()[:5]
        keys, verifier, proof = _Keys(seed, "md5", 16), lock[22:38], lock[38:54]
    elif version in NEWER:
        header = int.from_bytes(lock[10:14], "little")
        at = 14 + header
        bits = int.from_bytes(lock[30:34], "little") or 40
        seed = hashlib.sha1(lock[at + 4 : at + 20] + PASSWORD, usedforsecurity=False).digest()
        keys = _Keys(seed, "sha1", min(16, bits // 8))
        verifier, proof = lock[at + 20 : at + 36], lock[at + 40 : at + 60]
    else:
        return None
    return keys if keys.open(verifier, proof) else None


def _rc4(key: bytes, text: bytes) -> bytes:
    return Cipher(ARC4(key), mode=None).encryptor().update(text)

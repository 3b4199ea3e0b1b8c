"""AES-128 in CBC mode, encryption only: all that PDF 2.0 needs to tell whether the empty password opens a document."""

from __future__ import annotations

import struct


def _tables() -> tuple[list[int], list[list[int]]]:
    box, p, q = [0] * 256, 1, 1
    for _ in range(255):
        p ^= (p << 1) ^ (0x11B if p & 0x80 else 0)
        p &= 0xFF
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        q ^= 0x09 if q & 0x80 else 0
        box[p] = q ^ _turn(q, 1) ^ _turn(q, 2) ^ _turn(q, 3) ^ _turn(q, 4) ^ 0x63
    box[0] = 0x63
    first = []
    for s in box:
        double = (s << 1) ^ (0x11B if s & 0x80 else 0)
        first.append(double << 24 | s << 16 | s << 8 | (double ^ s))
    mixed = [[(word >> shift | word << (32 - shift)) & 0xFFFFFFFF for word in first] for shift in (0, 8, 16, 24)]
    return box, mixed


def _turn(byte: int, by: int) -> int:
    return (byte << by | byte >> (8 - by)) & 0xFF


_BOX, (_T0, _T1, _T2, _T3) = _tables()


def _round_keys(key: bytes) -> list[int]:
    words, constant = list(struct.unpack(">4L", key)), 1
    for i in range(4, 44):
        word = words[-1]
        if i % 4 == 0:
            word = _substitute(word << 8 & 0xFFFFFFFF | word >> 24) ^ constant << 24
            constant = constant << 1 ^ (0x11B if constant & 0x80 else 0)
        words.append(words[i - 4] ^ word)
    return words


def _substitute(word: int) -> int:
    return _BOX[word >> 24] << 24 | _BOX[word >> 16 & 255] << 16 | _BOX[word >> 8 & 255] << 8 | _BOX[word & 255]


def encrypt_cbc(key: bytes, start: bytes, text: bytes) -> bytes:
    """`text`, a multiple of 16 bytes, without padding."""
    keys, out = _round_keys(key), bytearray()
    a, b, c, d = struct.unpack(">4L", start)
    t0, t1, t2, t3, box = _T0, _T1, _T2, _T3, _BOX
    for w, x, y, z in struct.iter_unpack(">4L", text):
        a, b, c, d = a ^ w ^ keys[0], b ^ x ^ keys[1], c ^ y ^ keys[2], d ^ z ^ keys[3]
        for k in range(4, 40, 4):
            a, b, c, d = (
                t0[a >> 24] ^ t1[b >> 16 & 255] ^ t2[c >> 8 & 255] ^ t3[d & 255] ^ keys[k],
                t0[b >> 24] ^ t1[c >> 16 & 255] ^ t2[d >> 8 & 255] ^ t3[a & 255] ^ keys[k + 1],
                t0[c >> 24] ^ t1[d >> 16 & 255] ^ t2[a >> 8 & 255] ^ t3[b & 255] ^ keys[k + 2],
                t0[d >> 24] ^ t1[a >> 16 & 255] ^ t2[b >> 8 & 255] ^ t3[c & 255] ^ keys[k + 3],
            )
        a, b, c, d = (
            (box[a >> 24] << 24 | box[b >> 16 & 255] << 16 | box[c >> 8 & 255] << 8 | box[d & 255]) ^ keys[40],
            (box[b >> 24] << 24 | box[c >> 16 & 255] << 16 | box[d >> 8 & 255] << 8 | box[a & 255]) ^ keys[41],
            (box[c >> 24] << 24 | box[d >> 16 & 255] << 16 | box[a >> 8 & 255] << 8 | box[b & 255]) ^ keys[42],
            (box[d >> 24] << 24 | box[a >> 16 & 255] << 16 | box[b >> 8 & 255] << 8 | box[c & 255]) ^ keys[43],
        )
        out += struct.pack(">4L", a, b, c, d)
    return bytes(out)

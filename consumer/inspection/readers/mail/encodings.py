"""How the content of a part is written: base64, quoted-printable, uuencode, yEnc. In C, or line by line on a budget."""

from __future__ import annotations

import binascii
from collections.abc import Iterator

from consumer.inspection.readers import runs
from consumer.inspection.readers.seen import Work

BASE64, QUOTED, UU, Y = ("base64",), ("quoted-printable",), ("x-uuencode", "uuencode", "x-uue", "uue"), ("x-yencode",)
ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
NOT_OF_IT = bytes(c for c in range(256) if c not in ALPHABET)
AT_ITS_END = b"= \r\n\t"
DECODING = 4  # a byte that is decoded costs as much as reading so many
A_LINE = 512  # of work
Y_BEGIN, Y_PART, Y_END, Y_ESCAPE = b"\n=ybegin ", b"=ypart ", b"\n=yend", b"="
_BACK = bytes((byte - 42) & 0xFF for byte in range(256))


def decode(body: bytes, encoding: str, work: Work) -> bytes:
    work.spend(DECODING * len(body))
    if encoding in BASE64:
        return base64(body)
    if encoding in QUOTED:
        return binascii.a2b_qp(body)
    if encoding in UU:
        return next((content for _, content in uuencoded(body, work)), b"")
    if encoding in Y:
        return next((content for _, content in yencoded(body, work)), b"")
    return body  # nobody decodes what nobody knows


def base64(body: bytes) -> bytes:
    """As readers do: what is no letter of it is skipped, and what goes on behind its end belongs to it as well."""
    end = body.find(b"=")
    if end < 0 or not body[end:].strip(AT_ITS_END):
        try:
            return binascii.a2b_base64(body)
        except binascii.Error:
            pass  # its last letters are no whole byte
    letters = body.translate(None, NOT_OF_IT)
    pieces = [piece for piece in letters.split(b"=") if piece]
    whole = (piece[: len(piece) - (len(piece) % 4 == 1)] for piece in pieces)
    return b"".join(binascii.a2b_base64(piece + b"=" * (-len(piece) % 4)) for piece in whole)


def uuencoded(text: bytes, work: Work) -> Iterator[tuple[str, bytes]]:
    """The name and content of each file that stands in a text, as programs wrote them before MIME."""
    text = b"\n" + text
    behind = 0  # the file before
    for at in runs.places(text, b"\nbegin "):
        work.spend(A_LINE)
        if at < behind:
            continue
        line = text[at + 7 : max(at, text.find(b"\n", at + 7, at + 1024))]
        mode, _, name = line.partition(b" ")
        if len(mode) not in (3, 4) or not mode.isdigit() or not name.strip():
            continue
        content, end = _lines(text, at + 7 + len(line) + 1, work)
        if content:
            yield name.strip().decode("utf-8", "replace"), content
            behind = end


def yencoded(text: bytes, work: Work) -> Iterator[tuple[str, bytes]]:
    """Likewise as newsreaders write them, and Thunderbird reads (yenc.org, version 1.3): each byte by 42 more."""
    text = b"\n" + text
    for at in runs.places(text, Y_BEGIN):
        work.spend(A_LINE)
        head, _, body = text[at + len(Y_BEGIN) : _end_of_y(text, at, work)].partition(b"\n")
        _, named, name = head.partition(b"name=")
        if named and body:
            yield name.strip().decode("utf-8", "replace"), _from_y(body)


def _end_of_y(text: bytes, at: int, work: Work) -> int:
    """Where the file ends, or the next one begins."""
    following = text.find(Y_BEGIN, at + 1)
    following = following if following >= 0 else len(text)
    work.spend(DECODING * (following - at))
    end = text.find(Y_END, at, following)
    return end if end >= 0 else following


def _from_y(body: bytes) -> bytes:
    lines = (line for line in body.split(b"\n") if not line.startswith(Y_PART))
    first, *escaped = b"".join(lines).split(Y_ESCAPE)
    return b"".join((first, *(bytes([(piece[0] - 64) & 0xFF]) + piece[1:] for piece in escaped if piece))).translate(
        _BACK
    )


def _lines(text: bytes, at: int, work: Work) -> tuple[bytes, int]:
    out: list[bytes] = []
    while at < len(text):
        end = text.find(b"\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end]
        work.spend(A_LINE)
        if not line.strip() or line.rstrip() in (b"end", b"`") or not 32 <= line[0] <= 96:
            break
        length = (line[0] - 32) & 63
        try:
            out.append(binascii.a2b_uu(line[: 1 + (length + 2) // 3 * 4]))
        except binascii.Error:
            break
        at = end + 1
    return b"".join(out), at

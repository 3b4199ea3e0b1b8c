"""What every text has to pass, whatever its kind: its encoding, whether it begins as a page or holds code of PHP."""

from __future__ import annotations

import codecs
from io import IncrementalNewlineDecoder

from consumer.inspection.readers import runs, scripts, text
from consumer.inspection.readers.runs import AT_ONCE
from consumer.inspection.readers.seen import Seen, Work

CODE_PAGES = (
    *(f"iso-8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)),
    *(f"windows-{page}" for page in range(1250, 1259)),
    *("latin1", "iso8859-1", "iso8859-15", "cp1252", "koi8-r", "koi8-u", "macintosh"),
    *(f"{maker}{page}" for maker in ("cp", "ibm") for page in (437, 850, 852, 866)),
    *("shift_jis", "euc-jp", "iso-2022-jp", "gb2312", "gbk", "gb18030", "big5", "euc-kr", "tis-620"),
)
"""The names of the encodings that texts come in; whoever reads them has to know them all at its start."""
_CR_WITHOUT_LF = runs.not_before(b"\r", b"\n")
AS_BYTES = 2  # a text is decoded and encoded once


def as_utf8(data: bytes, work: Work) -> bytes:
    """The text in UTF-8 without its mark; one in a code page as it is."""
    for mark, encoding in text.MARKS:
        if data.startswith(mark):
            return data[len(mark) :] if mark == codecs.BOM_UTF8 else _encoded(data[len(mark) :], encoding, work)
    whole = data.rstrip(b"\0")
    if b"\0" not in whole:
        return whole
    for encoding in text.WIDE[:2]:
        if data[1 if encoding == "utf-16-le" else 0 :: 2].count(0) > len(data) // 4:
            return _encoded(data, encoding, work)
    return whole


def has_bare_cr(text: bytes) -> bool:
    """Whether a line ends with CR and no LF."""
    return _CR_WITHOUT_LF(text, 0) >= 0 or text.endswith(b"\r")


def with_lf(text: bytes) -> bytes:
    """With LF in place of each CRLF. To take away what stands before LF alone is four times as fast."""
    return text.replace(b"\r\n", b"\n") if has_bare_cr(text) else text.replace(b"\r", b"")


def in_lines(text: bytes) -> bytes:
    """With LF at the end of each line. Piece by piece: with two replacements of the whole it takes twice as long."""
    if not has_bare_cr(text):
        return text.replace(b"\r", b"")
    lines = IncrementalNewlineDecoder(None, translate=True)
    pieces = (text[at : at + AT_ONCE].decode("latin-1") for at in range(0, len(text), AT_ONCE))
    made = [lines.decode(piece).encode("latin-1") for piece in pieces]
    return b"".join((*made, lines.decode("", final=True).encode("latin-1")))


def _encoded(data: bytes, encoding: str, work: Work) -> bytes:
    work.spend(AS_BYTES * len(data))
    return data.decode(encoding, "replace").encode("utf-8", "replace")


def examine(content: bytes, seen: Seen) -> None:
    if kind := scripts.page(content, seen.work):
        seen.detected_type = kind
    text.find_php(content, seen)

"""Text: whether it reads as text in some encoding, what it holds that no one sees, and whether something runs it."""

from __future__ import annotations

import codecs
import string
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from consumer.inspection.readers import code, formats, php, runs, scripts, trailing
from consumer.inspection.readers.seen import Seen, Work
from consumer.model import Reason

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
WIDEST = 4  # bytes of a character in any of them
FIRST_OF_TWO = range(0xD8, 0xDC)  # the upper byte of half a character in UTF-16
PLAIN = "text/plain"
HEAD = 64 * 1024
A_LOOK, FEW = 64, 8 * 1024  # bytes that are looked at at once
DECODED_AT_ONCE = 256 * 1024
KNOWN_BY = 4096  # characters that tell an encoding
MOST_NULS = 2  # for each byte of text
A_BLOCK, FEWEST_WORDS = 512, 16  # bytes, of which any number is filled up with NULs, and of the text before
FEW_GAPS, BETWEEN_GAPS = 8, 1024  # runs of them in any text, and bytes for each one in a longer text
READ_TWICE = 2  # it is decoded and searched
READ_OFTEN = 16  # the same of characters of two bytes and more, which are counted as well

_CONTROLS = bytes(c for c in range(32) if c not in b"\t\n\r\x0c\x1b\x1a\x0b\x08") + b"\x7f"  # manuals strike over
_UNQUIET = bytes(c for c in range(32) if c not in b"\t\n\r\x0c") + b"\x7f"  # all that anybody may stumble over
_LOUD = tuple(
    BytesAhoCorasick([bytes([c]) for c in _UNQUIET if c // 16 == half], matchkind=MatchKind.LeftmostFirst)
    for half in (0, 1, 7)
)
"""By their upper halves: a search that looks at halves of bytes stops then nowhere else."""
SHIFTS = b"\x0e\x0f"  # between two sets of characters, of which an escape names the second
_STRAY = 0.001  # of all bytes, in an encoding where any byte is a letter: never binary data
_STRAY_IN_UTF8 = 0.3  # separators of records, where the encoding itself tells text from binary data
ESCAPE, OF_A_SET = b"\x1b", (b"\x1b$", b"\x1b(")  # what a terminal obeys, and what names an alphabet
_KINDS = bytes.maketrans(string.ascii_uppercase.encode() + b"()-.", b"A" * 26 + b"(" * 4)
_NAMED = (b"\x1b(A", b"\x1b$(A")  # an alphabet, by any of its letters
_TERMINAL = runs.between(0, 8) + runs.between(0x10, 0x19) + runs.between(0x1C, 0x1F) + b"\x7f"
_UPPER_CONTROLS = bytes(0xC2 if c == 0xC2 else 0x80 if 0x80 <= c < 0xA0 else 0 for c in range(256))
"""In UTF-8, where the second byte of each stands behind the same first one."""
_BIDIRECTIONAL = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_COMMON = frozenset(map(chr, (9, 10, *range(0x20, 0x7F), *range(0x3000, 0x3100), *range(0xFF01, 0xFF20))))
"""No text of more than a few words is without."""
_UNPRINTED = frozenset({"Cc", "Cn", "Co", "Cs"})
_IN_WORDS = frozenset("LMNPZ")
_LETTERS, _NOT_LETTERS = string.ascii_letters.encode() + b" ", 0.3
_EBCDIC, _NOT_EBCDIC = (string.ascii_letters + string.digits + " .,'-\n\x85").encode("cp500"), 0.1
_EBCDIC_SPACE, _SPACES = " ".encode("cp500"), 0.05
_READABLE, _MOSTLY_LETTERS = 0.99, 0.6
_ASCII, _OTHER_LETTERS = runs.between(0, 127), 0.2


@dataclass(frozen=True, slots=True)
class Text:
    head: str
    gaps: bool = False  # NULs among the words
    padded: bool = False  # many of them behind all words
    controls: bool = False  # characters that tell a terminal what to do
    bidirectional: bool = False  # characters that turn round what is read


def decode(data: bytes) -> str | None:
    """The head of `data` as text, None if it is none."""
    text = read(data, Work())
    return None if text is None else text.head


def is_clean(data: bytes) -> bool:
    """Whether these bytes are text and nothing but a text is, whatever it begins with: marked as one, or without a
    control in UTF-8 or mostly in ASCII.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _strict(data, encoding, Work()) is not None
    if not _is_quiet(data[:A_LOOK]):  # nor is nearly anything else that is binary
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        if len(data.translate(None, _ASCII)) > _OTHER_LETTERS * len(data):
            return False
    return _is_quiet(data)


def _is_quiet(data: bytes) -> bool:
    """Whether there is no control in it but those that every text has. Of much of it, three searches take a tenth of
    the time.
    """
    if len(data) <= FEW:
        return len(data.translate(None, _UNQUIET)) == len(data)
    return not any(runs.holds(data, controls) for controls in _LOUD)


def read(data: bytes, work: Work) -> Text | None:
    """None for what is no text: too many NULs outside of UTF-16 and UTF-32, or too many other controls."""
    for mark, encoding in MARKS:
        if data.startswith(mark) and ((found := _strict(data, encoding, work)) or encoding != "utf-8"):
            return found
    whole = _without_gaps(data)
    padded = whole is None and (whole := _without_gaps(_unpadded(data))) is not None
    if whole is not None:
        quiet = _is_quiet(whole)
        text = _strict(whole, "utf-8", work, quiet)
        if quiet or _stray(whole) <= len(whole) * (_STRAY if text is None else _STRAY_IN_UTF8):
            found = text or _in_a_code_page(whole)
            gaps = len(whole) < len(data.rstrip(b"\0"))
            return replace(found, controls=found.controls or gaps, gaps=gaps, padded=padded) if found else None
    return _wide(data, work)


def _unpadded(data: bytes) -> bytes:
    """Without the NULs that fill up a block, as servers and broken disks leave their logs."""
    words = data.rstrip(b"\0")
    return data if len(data) % A_BLOCK or len(words) < FEWEST_WORDS else words


def _without_gaps(data: bytes) -> bytes | None:
    """`data` without its NULs if they stand in a few runs, as a crash leaves them in a log. None if there are more."""
    if b"\0" not in data:
        return data
    count = data.count(b"\0")
    whole = data.translate(None, b"\0")
    if count > MOST_NULS * len(whole):
        return None
    runs = sum(map(bool, data.split(b"\0")))
    return whole if runs <= max(FEW_GAPS, len(whole) // BETWEEN_GAPS) else None


def _in_a_code_page(data: bytes) -> Text | None:
    """None for what is only letters on a mainframe: nothing that shows attachments reads EBCDIC."""
    head = data[:HEAD]
    spaced = b" " not in head and head.count(_EBCDIC_SPACE) > _SPACES * len(head)
    if spaced and len(head.translate(None, _EBCDIC)) < _NOT_EBCDIC * len(head):
        return None
    return Text(head.decode("latin-1"), controls=_steers(data))


def _stray(data: bytes) -> int:
    """How many controls have no place in a text."""
    kinds = data.translate(_KINDS) if ESCAPE in data else b""
    controls = _CONTROLS.translate(None, SHIFTS) if any(word in kinds for word in _NAMED) else _CONTROLS
    return len(data) - len(data.translate(None, controls))


def _strict(data: bytes, encoding: str, work: Work, quiet: bool = False) -> Text | None:
    """The text if every byte of it is right. `quiet`: whether all bytes are known to be no controls."""
    head, controls, bidirectional = "", False, False
    try:
        for piece in _decoded(_uncut(data, encoding), encoding, work):
            if "\0" in piece:
                return None
            head = head or piece.removeprefix("\ufeff")[:HEAD]
            if quiet and piece.isascii():
                continue
            written = piece.encode()
            controls = controls or (not quiet and _steers(written)) or _has_upper_controls(piece, written)
            bidirectional = bidirectional or (not piece.isascii() and any(sign in piece for sign in _BIDIRECTIONAL))
    except UnicodeDecodeError:
        return None
    return Text(head, controls=controls, bidirectional=bidirectional)


def _uncut(data: bytes, encoding: str) -> bytes:
    """Without the piece of a character that a cut, or a line that another program added, leaves behind the last one."""
    if encoding not in WIDE:
        return data
    unit = 2 if encoding.startswith("utf-16") else WIDEST
    end = len(data) - len(data) % unit
    upper = data[end - 1 if encoding.endswith("le") else end - 2] if unit == 2 and end else 0
    return data[: end - unit if upper in FIRST_OF_TWO else end]


def _steers(data: bytes) -> bool:
    """Whether there are characters that tell a terminal what to do."""
    if len(data.translate(None, _TERMINAL)) < len(data):
        return True
    return ESCAPE in data and data.count(ESCAPE) > sum(map(data.count, OF_A_SET))


def _has_upper_controls(piece: str, written: bytes) -> bool:
    return not piece.isascii() and b"\xc2\x80" in written.translate(_UPPER_CONTROLS)


def _decoded(data: bytes, encoding: str, work: Work) -> Iterator[str]:
    """In pieces: one rare character makes a string four times as large as its bytes."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for at in range(0, len(data), DECODED_AT_ONCE):
        often = READ_OFTEN if encoding in WIDE else READ_TWICE
        work.spend(often * min(DECODED_AT_ONCE, len(data) - at))
        yield decoder.decode(data[at : at + DECODED_AT_ONCE], at + DECODED_AT_ONCE >= len(data))


def _wide(data: bytes, work: Work) -> Text | None:
    """UTF-16 or UTF-32 without its mark, as Windows tools write it. The right order of bytes has fewer upper halves."""
    sample = data[: 2 * HEAD]
    if len(sample.translate(None, _LETTERS)) < _NOT_LETTERS * len(sample):
        return None  # Latin letters in pairs would be Chinese
    found = [
        (len(set(sample[upper::2])), text)
        for encoding, upper in zip(WIDE, (1, 0, 1, 0), strict=True)
        if _begins_readable(data, encoding, work) and (text := _strict(data, encoding, work)) is not None
    ]
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _begins_readable(data: bytes, encoding: str, work: Work) -> bool:
    """Whether it begins with words, and not with numbers that happen to be characters: told before all is decoded."""
    head = data[: WIDEST * (KNOWN_BY + 1)]
    work.spend(READ_OFTEN * len(head))
    try:
        begins = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    begins = begins.removeprefix("\ufeff")[:KNOWN_BY]
    if _COMMON.isdisjoint(begins):
        return False
    shown = [c for c in begins if c not in "\t\r\n\x0c\ufeff"]
    kinds = {c: unicodedata.category(c) for c in shown}
    printed = sum(kinds[c] not in _UNPRINTED for c in shown)
    letters = sum(c.isascii() or kind[0] in _IN_WORDS for c, kind in kinds.items())  # of many lines one is drawn
    return printed >= _READABLE * len(shown) and letters >= _MOSTLY_LETTERS * len(kinds)


def examine(text: Text, data: bytes, seen: Seen) -> None:
    """A text is a text, whatever it speaks of: only what begins as a page, and what holds code of PHP, is another."""
    begins = text.head.encode("utf-8", "replace")
    seen.detected_type = scripts.page(begins, seen.work) or PLAIN
    find_php(data, seen)
    find_formats(text, data, seen)
    if code.looks_like(text.head):
        seen.find(Reason.LOOKS_LIKE_CODE, "most lines of it are written like a program's")
    if text.controls:
        seen.flag("control_characters")
        seen.find(Reason.CONTROL_CHARACTERS, "characters that are no text, or steer a terminal")
    if text.bidirectional:
        seen.flag("bidirectional_characters")


def find_formats(text: Text, data: bytes, seen: Seen) -> None:
    """Where NULs are, other files may be."""
    for at, name in formats.formats_in(data, seen.work) if text.gaps or text.padded else ():
        seen.find(Reason.SECOND_FORMAT, f"{name} among the words", at=at, opener=trailing.opener_of(name))


def find_php(data: bytes, seen: Seen) -> None:
    if (at := next(php.tags(data, seen.work), None)) is not None:
        seen.find(Reason.SCRIPT, "it holds code of PHP", at=at, opener="php")

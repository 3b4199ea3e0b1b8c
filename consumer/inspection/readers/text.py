"""Text: whether it reads as text in some encoding, what it holds that no one sees, and whether it is a program."""

from __future__ import annotations

import codecs
import re
import string
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from consumer.inspection.readers import languages
from consumer.inspection.readers.seen import Seen, Work
from consumer.model import Reason

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
HEAD = 64 * 1024
PIECE = 256 * 1024
KNOWN_BY = 4096  # characters that tell an encoding
READ_TWICE = 2  # it is decoded and searched

_CONTROLS = bytes(c for c in range(32) if c not in b"\t\n\r\x0c\x1b\x1a\x0b\x08") + b"\x7f"  # manuals strike over
_SET_NAMED = re.compile(rb"\x1b\$?[()\-.][A-Z]")
SHIFTS = b"\x0e\x0f"  # between two sets of characters, of which an escape names the second
_STRAY = 0.001  # of all bytes, in an encoding where any byte is a letter: never binary data
_STRAY_IN_UTF8 = 0.15  # separators of records, where the encoding itself tells text from binary data
_TERMINAL = re.compile("[\x00-\x08\x10-\x19\x1c-\x1f\x7f-\x9f]|\x1b(?![$(])")  # behind those an alphabet is named
_TERMINAL_BYTES = re.compile(rb"[\x00-\x08\x10-\x19\x1c-\x1f\x7f]|\x1b(?![$(])")
_BIDIRECTIONAL = re.compile("[\u202a-\u202e\u2066-\u2069]")
_COMMON = re.compile("[\t\n -~\u3000-\u30ff\uff01-\uff1f]")  # no text of more than a few words is without
_UNPRINTED = frozenset({"Cc", "Cn", "Co", "Cs"})
_IN_WORDS = frozenset("LMNPZ")
_LETTERS, _NOT_LETTERS = string.ascii_letters.encode() + b" ", 0.3
_EBCDIC, _NOT_EBCDIC = (string.ascii_letters + string.digits + " .,'-\n\x85").encode("cp500"), 0.1
_EBCDIC_SPACE, _SPACES = " ".encode("cp500"), 0.05
_READABLE, _MOSTLY_LETTERS = 0.99, 0.6

_MARKUP = re.compile(
    r"<(?:!doctype\s{1,9}(?:html|svg)|(?:html|head|body|script|svg|iframe|style|hta:application)[\s>/])", re.I
)
_ELEMENT = re.compile(r"<[a-z][a-z0-9:-]{0,40}[\s>/]", re.I)
_LIVE = re.compile(
    r"<(?:[a-z0-9]{1,20}:)?script[\s>]|<(?:iframe|object|embed)\s|<meta\s{1,9}http-equiv|"
    r"[\s\"'/]on[a-z]{3,20}\s{0,9}=\s{0,9}[\"'\w]|javascript:",
    re.I,
)
_BEFORE_MARKUP = (("<!--", "-->"), ("<?xml", ">"))


@dataclass(frozen=True, slots=True)
class Text:
    head: str
    controls: bool = False  # characters that tell a terminal what to do
    bidirectional: bool = False  # characters that turn round what is read


def decode(data: bytes) -> str | None:
    """The head of `data` as text, None if it is none."""
    text = read(data, Work())
    return None if text is None else text.head


def read(data: bytes, work: Work) -> Text | None:
    """None for what is no text: a NUL outside of UTF-16 and UTF-32, or too many controls."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _strict(data, encoding, work)
    whole = data.rstrip(b"\0")  # some programs write the end of their string as well
    if b"\0" not in whole and len(data) <= 2 * len(whole):
        text = _strict(whole, "utf-8", work)
        if _stray(whole) <= len(whole) * (_STRAY if text is None else _STRAY_IN_UTF8):
            return text or _in_a_code_page(whole)
    return _wide(data, work)


def _in_a_code_page(data: bytes) -> Text | None:
    """None for what is only letters on a mainframe: nothing that shows attachments reads EBCDIC."""
    head = data[:HEAD]
    spaced = b" " not in head and head.count(_EBCDIC_SPACE) > _SPACES * len(head)
    if spaced and len(head.translate(None, _EBCDIC)) < _NOT_EBCDIC * len(head):
        return None
    return Text(head.decode("latin-1"), _TERMINAL_BYTES.search(data) is not None)


def _stray(data: bytes) -> int:
    """How many controls have no place in a text."""
    controls = _CONTROLS.translate(None, SHIFTS) if _SET_NAMED.search(data) else _CONTROLS
    return len(data) - len(data.translate(None, controls))


def _strict(data: bytes, encoding: str, work: Work) -> Text | None:
    """The text if every byte of it is right."""
    head, controls, bidirectional = "", False, False
    try:
        for piece in _decoded(data, encoding, work):
            if "\0" in piece:
                return None
            head = head or piece.removeprefix("\ufeff")[:HEAD]
            controls = controls or _TERMINAL.search(piece) is not None
            bidirectional = bidirectional or _BIDIRECTIONAL.search(piece) is not None
    except UnicodeDecodeError:
        return None
    return Text(head, controls, bidirectional)


def _decoded(data: bytes, encoding: str, work: Work) -> Iterator[str]:
    """In pieces: one rare character makes a string four times as large as its bytes."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for at in range(0, len(data), PIECE):
        work.spend(READ_TWICE * PIECE)
        yield decoder.decode(data[at : at + PIECE], at + PIECE >= len(data))


def _wide(data: bytes, work: Work) -> Text | None:
    """UTF-16 or UTF-32 without its mark, as Windows tools write it. The right order of bytes has fewer upper halves."""
    sample = data[: 2 * HEAD]
    if len(sample.translate(None, _LETTERS)) < _NOT_LETTERS * len(sample):
        return None  # Latin letters in pairs would be Chinese
    found = [
        (len(set(sample[upper::2])), text)
        for encoding, upper in zip(WIDE, (1, 0, 1, 0), strict=True)
        if (text := _strict(data, encoding, work)) is not None and _is_readable(text.head)
    ]
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _is_readable(text: str) -> bool:
    """Whether these are words and not numbers that happen to be characters."""
    if not _COMMON.search(text):
        return False
    shown = [c for c in text[:KNOWN_BY] if c not in "\t\r\n\x0c\ufeff"]
    kinds = {c: unicodedata.category(c) for c in shown}
    printed = sum(kinds[c] not in _UNPRINTED for c in shown)
    letters = sum(c.isascii() or kind[0] in _IN_WORDS for c, kind in kinds.items())  # of many lines one is drawn
    return printed >= _READABLE * len(shown) and letters >= _MOSTLY_LETTERS * len(kinds)


def markup(text: str) -> str | None:
    """The MIME type of a page or a drawing that begins here, which a browser would run."""
    at = _behind_comments(text)
    match = _MARKUP.match(text, at)
    if match is not None:
        return "image/svg+xml" if "svg" in match[0].lower() else "text/html"
    return "text/html" if _ELEMENT.match(text, at) and _LIVE.search(text, at) else None


def _behind_comments(text: str) -> int:
    """By hand: a pattern with a loop in a loop takes for ever on what is made for it."""
    at = len(text) - len(text.lstrip())
    while pair := next((pair for pair in _BEFORE_MARKUP if text.startswith(pair[0], at)), None):  # at once
        end = text.find(pair[1], at + len(pair[0]))
        if end < 0:
            return at
        at = end + len(pair[1])
        while text[at : at + 1].isspace():
            at += 1
    return at


def examine(text: Text, libmagic: str, seen: Seen) -> None:
    if why := languages.program(text.head[_behind_comments(text.head) :], libmagic):
        seen.find(Reason.SCRIPT, why)
    if text.controls:
        seen.flag("control_characters")
    if text.bidirectional:
        seen.flag("bidirectional_characters")

"""Fields and links that ask another program for data (DDE), and so start it: in Word's parts and in Excel's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from consumer.inspection.readers.seen import Seen
from consumer.model import Reason

NAMES = (b"instrText", b"fldChar", b"fldSimple", b"ddeLink")
LONGEST = 64 * 1024  # bytes that are kept of a tag, and of the text of one run
KEYWORD = 64  # characters of an instruction that tell what it is
A_TAG, A_LETTER = 3072, 32  # of work

_TAG = re.compile(rb"""<(?:[^\s<>:/"'=]+:)?(\w+)(?=[\s/>])((?:[^<>"']|"[^<"]*"|'[^<']*')*+)>""")
_OTHER = re.compile(rb"<[/!?][^>]*>|[^<]")  # is no tag that begins here
_INSTRUCTION = re.compile(rb"""\binstr\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_KIND = re.compile(rb"""\bfldCharType\s*=\s*["'](begin|separate|end)""")
_DDE = re.compile(r"\s*DDE(?:AUTO)?(?:[\s\"\\]|\Z)", re.I)


class Fields:
    """Fed with the pieces of a part. An instruction may stand in several runs, with other fields within."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._carried = b""  # a tag whose end is still to come
        self._run: bytes | None = None  # the text of an instruction's run that is open
        self._instructions = [""]  # of the fields that are begun, the innermost last

    def feed(self, piece: bytes) -> None:
        data = self._carried + piece
        at = self._text(data, 0)
        for begin in self._places(data, at):
            if begin >= at and (tag := self._match(data, begin)) is not None:
                self._tag(tag[1], tag[2])
                at = self._text(data, tag.end())
        last = max(at, data.rfind(b"<"))
        self._carried = b"" if _TAG.match(data, last) or _OTHER.match(data, last) else data[last : last + LONGEST]

    def close(self) -> None:
        for instruction in self._instructions:
            self._judge(instruction)

    def _places(self, data: bytes, at: int) -> list[int]:
        """Where tags begin that matter: found by their names, since most parts have none of them."""
        return sorted(set(self._named(data, at)))

    def _named(self, data: bytes, start: int) -> Iterator[int]:
        for name in NAMES:
            at = start - 1
            while (at := data.find(name, at + 1)) >= 0:
                begin = data.rfind(b"<", start, at)
                self._seen.work.spend(A_TAG + at - begin)
                if begin >= 0:
                    yield begin

    def _match(self, data: bytes, begin: int) -> re.Match[bytes] | None:
        stop = data.find(b"<", begin + 1)
        stop = stop if stop >= 0 else len(data)
        self._seen.work.spend(A_LETTER * (stop - begin))
        return _TAG.match(data, begin, stop)

    def _tag(self, name: bytes, attributes: bytes) -> None:
        if name == b"ddeLink":
            self._found()
        elif name == b"fldSimple" and (written := _INSTRUCTION.search(attributes)):
            self._judge(_read(written[1] or written[2] or b""))
        elif name == b"instrText" and not attributes.endswith(b"/"):
            self._run = b""
        elif name == b"fldChar" and (kind := _KIND.search(attributes)):
            self._judge(self._instructions[-1])
            if kind[1] == b"begin":
                self._instructions.append("")
            else:
                self._instructions[-1:] = [""] if kind[1] == b"separate" or len(self._instructions) == 1 else []

    def _text(self, data: bytes, at: int) -> int:
        """Takes what belongs to a run that is open, and returns where that ends."""
        if self._run is None:
            return at
        end = data.find(b"<", at)
        stop = end if end >= 0 else len(data)
        self._run = (self._run + data[at:stop])[:LONGEST]
        if 0 <= end < len(data) - 1:
            self._close_run(data[end + 1 : end + 2] == b"/")
        return stop

    def _close_run(self, plain: bool) -> None:
        text = _read(self._run or b"")
        if not plain or (len(self._run or b"") == LONGEST and not text.strip()):
            self._seen.find(Reason.MALFORMED, "a field's instruction is written as no program writes it")
        self._instructions[-1] = (self._instructions[-1] + text).lstrip()[:KEYWORD]
        self._run = None

    def _judge(self, instruction: str) -> None:
        if _DDE.match(instruction):
            self._found()

    def _found(self) -> None:
        self._seen.find(Reason.EXTERNAL_REFERENCE, "it asks another program for data when it is opened (DDE)")


def _read(raw: bytes) -> str:
    return unescape(raw.decode("utf-8", "replace"))

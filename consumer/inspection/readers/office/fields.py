"""Fields and links that ask another program for data (DDE), and so start it, or load something: in Word's parts and in
Excel's.
"""

from __future__ import annotations

from collections.abc import Iterator

from consumer.inspection.readers import runs
from consumer.inspection.readers.office import field_loads
from consumer.inspection.readers.office.field_loads import LONGEST_INSTRUCTION
from consumer.inspection.readers.office.tags import Tag, tag_at, unended
from consumer.inspection.readers.office.xml_reader import LONGEST_TAG
from consumer.inspection.readers.references import unescaped, with_letters
from consumer.inspection.readers.seen import Seen
from consumer.model import Reason

NAMES = (b"instrText", b"fldChar", b"fldSimple", b"ddeLink")
A_TAG, A_LETTER = 3072, 32  # of work

INSTRUCTION, KIND = b"instr", b"fldCharType"  # attributes
KINDS = (b"begin", b"separate", b"end")
DDE, AUTO = "dde", "auto"


class Fields:
    """Fed with the pieces of a part, each behind what was `carried` from the last one. An instruction may stand in
    several runs, with other fields within."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self.carried = b""  # a tag whose end is still to come
        self._run: bytes | None = None  # the text of an instruction's run that is open
        self._instructions = [""]  # of the fields that are begun, the innermost last

    def feed(self, data: bytes, named: bool) -> None:
        """`named`: one of the names may stand there. Most parts have none of them."""
        at = self._text(data, 0)
        for begin in sorted(set(self._named(data, at))) if named else ():
            if begin >= at and (tag := self._match(data, begin)) is not None:
                name, attributes, end = tag
                self._tag(name, attributes)
                at = self._text(data, end)
        last = max(at, data.rfind(b"<"))
        self.carried = unended(data, last, NAMES, self._seen)

    def close(self) -> None:
        for instruction in filter(None, self._instructions):
            self._judge(instruction)

    def _named(self, data: bytes, start: int) -> Iterator[int]:
        """Where tags begin that matter."""
        for name in NAMES:
            for at in runs.places(data, name, start):
                begin = data.rfind(b"<", start, at)
                self._seen.work.spend(A_TAG + at - begin)
                if begin >= 0:
                    yield begin

    def _match(self, data: bytes, begin: int) -> Tag | None:
        stop = data.find(b"<", begin + 1)
        stop = stop if stop >= 0 else len(data)
        self._seen.work.spend(A_LETTER * (stop - begin))
        return tag_at(data, begin, stop)

    def _tag(self, name: bytes, attributes: bytes) -> None:
        if name == b"ddeLink":
            self._found()
        elif name == b"fldSimple":
            self._judge(_read(_instruction(attributes)))
        elif name == b"instrText" and not attributes.endswith(b"/"):
            self._run = b""
        elif name == b"fldChar" and (kind := _kind(attributes)):
            self._judge(self._instructions[-1])
            if kind == b"begin":
                self._instructions.append("")
            else:
                self._instructions[-1:] = [""] if kind == b"separate" or len(self._instructions) == 1 else []

    def _text(self, data: bytes, at: int) -> int:
        """Takes what belongs to a run that is open, and returns where that ends."""
        if self._run is None:
            return at
        end = data.find(b"<", at)
        stop = end if end >= 0 else len(data)
        self._run = (self._run + data[at:stop])[:LONGEST_TAG]
        if 0 <= end < len(data) - 1:
            self._close_run(data[end + 1 : end + 2] == b"/")
        return stop

    def _close_run(self, plain: bool) -> None:
        text = _read(self._run or b"")
        if not plain or (len(self._run or b"") == LONGEST_TAG and not text.strip()):
            self._seen.find(Reason.MALFORMED, "a field's instruction is written as no program writes it")
        self._instructions[-1] = (self._instructions[-1] + text).lstrip()[:LONGEST_INSTRUCTION]
        self._run = None

    def _judge(self, instruction: str) -> None:
        if _is_dde(instruction):
            self._found()
        field_loads.examine(instruction, self._seen)

    def _found(self) -> None:
        self._seen.find(Reason.EXTERNAL_REFERENCE, "it asks another program for data when it is opened (DDE)")


def _read(raw: bytes) -> str:
    return unescaped(raw.decode("utf-8", "replace"))


def _values(attributes: bytes, name: bytes) -> Iterator[bytes]:
    """What stands behind each `name=`, its quote included."""
    for at in runs.places(attributes, name):
        equals = runs.behind(attributes, at + len(name), runs.SPACE)
        if attributes[equals : equals + 1] == b"=" and (at == 0 or attributes[at - 1] not in runs.WORD):
            value = runs.behind(attributes, equals + 1, runs.SPACE)
            if attributes[value : value + 1] in (b'"', b"'"):
                yield attributes[value:]


def _instruction(attributes: bytes) -> bytes:
    for value in _values(attributes, INSTRUCTION):
        text, closed, _ = value[1:].partition(value[:1])
        if closed:
            return text
    return b""


def _kind(attributes: bytes) -> bytes | None:
    values = (with_letters(value[1:].partition(value[:1])[0]) for value in _values(attributes, KIND))
    return next((kind for value in values for kind in KINDS if value.startswith(kind)), None)


def _is_dde(instruction: str) -> bool:
    first = instruction.lstrip()[: len(DDE) + len(AUTO) + 1].lower()
    if not first.startswith(DDE):
        return False
    behind = first.removeprefix(DDE)
    return any(not end or end[0] in '"\\' or end[0].isspace() for end in (behind, behind.removeprefix(AUTO)))

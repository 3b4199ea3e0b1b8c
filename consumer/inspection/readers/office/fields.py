"""Fields and links that ask another program for data (DDE), and so start it: in Word's parts and in Excel's."""

from __future__ import annotations

from collections.abc import Iterator

from consumer.inspection.readers import runs
from consumer.inspection.readers.office.xml_reader import LONGEST_TAG
from consumer.inspection.readers.references import unescaped
from consumer.inspection.readers.searches import together
from consumer.inspection.readers.seen import Seen
from consumer.model import Reason

NAMES = (b"instrText", b"fldChar", b"fldSimple", b"ddeLink")
KEYWORD = 64  # characters of an instruction that tell what it is
A_TAG, A_LETTER = 3072, 32  # of work

INSTRUCTION, KIND = b"instr", b"fldCharType"  # attributes
KINDS = (b"begin", b"separate", b"end")
DDE, AUTO = "dde", "auto"
_NAMES = together(NAMES)
_AFTER_NAME = runs.SPACE + b"/>"
_IN_NAME = runs.all_but(runs.SPACE + b"<>:/\"'=")
_UNQUOTED = runs.all_but(b"<>\"'")
_OTHER = (b"</", b"<!", b"<?")

Tag = tuple[bytes, bytes, int]
"""Its name without prefix, what stands between that and the bracket, and where it ends."""


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
                name, attributes, end = tag
                self._tag(name, attributes)
                at = self._text(data, end)
        last = max(at, data.rfind(b"<"))
        self._carried = b"" if _is_whole(data, last) else data[last : last + LONGEST_TAG]

    def close(self) -> None:
        for instruction in filter(None, self._instructions):
            self._judge(instruction)

    def _places(self, data: bytes, at: int) -> list[int]:
        """Where tags begin that matter: found by their names, since most parts have none of them."""
        return sorted(set(self._named(data, at))) if runs.holds(data, _NAMES) else []

    def _named(self, data: bytes, start: int) -> Iterator[int]:
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
        return _tag_at(data, begin, stop)

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
        self._instructions[-1] = (self._instructions[-1] + text).lstrip()[:KEYWORD]
        self._run = None

    def _judge(self, instruction: str) -> None:
        if _is_dde(instruction):
            self._found()

    def _found(self) -> None:
        self._seen.find(Reason.EXTERNAL_REFERENCE, "it asks another program for data when it is opened (DDE)")


def _read(raw: bytes) -> str:
    return unescaped(raw.decode("utf-8", "replace"))


def _tag_at(data: bytes, begin: int, stop: int) -> Tag | None:
    """The tag that begins there and ends before `stop`; None if none does. Values stand in quotes."""
    if data[begin : begin + 1] != b"<":
        return None
    prefix = runs.behind(data, begin + 1, _IN_NAME)
    name = prefix + 1 if prefix > begin + 1 and data[prefix : prefix + 1] == b":" else begin + 1
    after = at = runs.behind(data, name, runs.WORD)
    if after == name or data[after : after + 1] not in (bytes([sign]) for sign in _AFTER_NAME):
        return None
    while (at := runs.behind(data, at, _UNQUOTED)) < stop:
        sign = data[at : at + 1]
        if sign == b">":
            return data[name:after], data[after:at], at + 1
        if sign == b"<" or (at := data.find(sign, at + 1, stop) + 1) == 0:
            return None
    return None


def _is_whole(data: bytes, last: int) -> bool:
    """Whether what begins with the last bracket ends in `data` as well."""
    if data[last : last + 1] != b"<":
        return last < len(data)
    if data.startswith(_OTHER, last):
        return data.find(b">", last) >= 0
    return _tag_at(data, last, len(data)) is not None


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
    found = (kind for value in _values(attributes, KIND) for kind in KINDS if value.startswith(kind, 1))
    return next(found, None)


def _is_dde(instruction: str) -> bool:
    first = instruction.lstrip()[: len(DDE) + len(AUTO) + 1].lower()
    if not first.startswith(DDE):
        return False
    behind = first.removeprefix(DDE)
    return any(not end or end[0] in '"\\' or end[0].isspace() for end in (behind, behind.removeprefix(AUTO)))

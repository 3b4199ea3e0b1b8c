"""What a PDF refers to: the files that it attaches, with their names, and the streams that are its pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from consumer.inspection.readers import runs
from consumer.inspection.readers.pdf import syntax
from consumer.inspection.readers.pdf.syntax import Reference, Value
from consumer.inspection.readers.pdf.words import CONTENTS, OBJECT, SOURCE, WHITE
from consumer.inspection.readers.seen import PLACE, Work
from consumer.inspection.readers.trailing import Extent

NAMES = (b"F", b"UF", b"DOS", b"Mac", b"Unix")
A_WORD, A_LIST, A_NAME = 256, 1024, 1024  # of work, for a look at each that may be one of references
A_REFERENCE = 128  # of work, for each byte of a list of them
MOST_NAMES = 1_000  # distinct ones

DESCRIBED = (b"/EF", b"/XFA")
_WORDS = bytes.maketrans(b"\0\x0b", b" x")  # what is white space in a PDF, and what is none
_WHITE = frozenset(bytes([sign]) for sign in WHITE)
_OF_REFERENCES = runs.DIGITS + WHITE + b"R"


@dataclass(slots=True)
class Referred:
    names: set[str] = field(default_factory=set)  # of attached files
    files: dict[int, str] = field(default_factory=dict)  # objects that are attached files, and a name of each
    pages: set[int] = field(default_factory=set)  # objects that a page is drawn from
    forms: set[int] = field(default_factory=set)  # objects that hold a dynamic form, which is XML with scripts

    def add(self, content: bytes, first: int | None, work: Work, data: bytes) -> None:
        """What `content` refers to. `first`: where the objects of an object stream begin; None for the file itself."""
        for found in (_pages(content, work), _lists(content, work)):
            for begin, end in found:
                work.spend(PLACE // 2 + A_REFERENCE * (end - begin))
                self.pages.update(_references(content[begin:end]))
        for at in work.words(content).at(SOURCE):
            self._source(syntax.read(content, at + len(SOURCE), work)[0])
        if work.words(content).first(*DESCRIBED) is not None:
            for value in _around(content, work) if first is None else _sequence(content, first, work):
                for dictionary in _dictionaries(value):
                    if b"EF" in dictionary:
                        self._file(dictionary, data, work)
                    if b"XFA" in dictionary:
                        self._form(dictionary[b"XFA"], data, work)

    def _source(self, streams: Value) -> None:
        """Pairs of a type and the stream that has it."""
        for stream in streams if isinstance(streams, list) else ():
            if isinstance(stream, Reference):
                self.files.setdefault(stream.number, "")

    def _form(self, form: Value, data: bytes, work: Work) -> None:
        if isinstance(form, Reference):
            self.forms.add(form.number)
            form = syntax.resolve(data, form, work)
        if isinstance(form, list):
            self.forms.update(part.number for part in form if isinstance(part, Reference))

    def _file(self, description: syntax.Dictionary, data: bytes, work: Work) -> None:
        names = [description.get(key) for key in NAMES]
        read = [
            syntax.text(syntax.resolve(data, name, work) if isinstance(name, Reference) else name) for name in names
        ]
        said = [name for name in read if name]
        if len(self.names) < MOST_NAMES:
            self.names.update(said)
        files = description[b"EF"]
        for file in files.values() if isinstance(files, dict) else ():
            if isinstance(file, Reference):
                self.files.setdefault(file.number, said[0] if said else "")


def _pages(content: bytes, work: Work) -> Iterator[Extent]:
    """Where it stands what pages are drawn from: one reference, or a list of any things."""
    stop = 0  # behind the list before; what stands in it begins none
    closing = -1  # the next end of a list, found once for all that begin before it
    for name in work.words(content).at(CONTENTS):
        work.spend(A_NAME)
        begin = runs.behind(content, name + len(CONTENTS), WHITE)
        if name < stop:
            continue
        if content[begin : begin + 1] == b"[":
            if closing < begin:
                closing = content.find(b"]", begin)
                closing = closing if closing >= 0 else len(content)
            if closing < len(content):
                stop = closing + 1
                yield begin, stop
        elif (word := syntax.reference_at(content, begin, b"R")) >= 0:
            stop = word + 1
            yield begin, stop


def _lists(content: bytes, work: Work) -> Iterator[Extent]:
    """Objects that are nothing but references."""
    words = work.words(content)
    work.spend(2 * A_WORD * len(words.at(OBJECT)))
    for word in words.bare():
        begin = runs.behind(content, word + 3, WHITE)
        if content[begin : begin + 1] != b"[":
            continue
        work.spend(A_LIST)
        end = runs.behind(content, begin + 1, _OF_REFERENCES)
        *parts, last = content[begin + 1 : end].split(b"R")
        closed = content[end : end + 1] == b"]" and not last.strip(WHITE)
        if closed and parts and all(_is_reference(part) for part in parts):
            yield begin, end + 1


def _references(content: bytes) -> Iterator[int]:
    """The numbers of the objects that are referred to."""
    content = content.translate(_WORDS)
    match content.split():
        case [number, generation, b"R"] if number.isdigit() and generation.isdigit():  # as nearly always
            if len(generation) <= syntax.MOST_DIGITS:
                yield int(number[-syntax.MOST_DIGITS :])
            return
    for part in content.split(b"R")[:-1]:
        *_, number, generation = (b"", b"", *part.rsplit(None, 2)) if part[-1:].isspace() else (b"", b"")
        if generation.isdigit() and len(generation) <= syntax.MOST_DIGITS:
            digits = number[-syntax.MOST_DIGITS :]
            digits = digits[len(digits.rstrip(runs.DIGITS)) :]
            if digits:
                yield int(digits)


def _is_reference(part: bytes) -> bool:
    """Whether two numbers stand there, and white space behind each."""
    return part[-1:] in _WHITE and len(part.replace(b"\0", b" ").split()) == 2


def _dictionaries(value: Value) -> Iterator[syntax.Dictionary]:
    """All that are in it."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            yield value


def _around(content: bytes, work: Work) -> Iterator[Value]:
    end = 0
    for at in work.words(content).names(*DESCRIBED):
        work.spend(PLACE)
        if at >= end:
            value, end = syntax.enclosing(content, at, end, work)
            yield value


def _sequence(content: bytes, at: int, work: Work) -> Iterator[Value]:
    before = -1
    while before < at < len(content):
        before = at
        value, at = syntax.read(content, at, work)
        yield value

"""What a PDF refers to: the files that it attaches, with their names, and the streams that are its pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from consumer.inspection.readers.pdf import syntax
from consumer.inspection.readers.pdf.syntax import Reference, Value
from consumer.inspection.readers.seen import PLACE, Work

NAMES = (b"F", b"UF", b"DOS", b"Mac", b"Unix")
MOST_NAMES = 1_000  # distinct ones

SOURCE = b"/AdditionalStreams"  # LibreOffice names the document's own source so, in the trailer

_DESCRIBED = syntax.name(b"EF", b"XFA")
_PAGES = re.compile(rb"/Contents[\0\t\n\x0c\r ]*+(\[[^\]]*+\]|\d++[\0\t\n\x0c\r ]++\d++[\0\t\n\x0c\r ]++R)")
_LIST = re.compile(
    rb"obj[\0\t\n\x0c\r ]*+(\[(?:[\0\t\n\x0c\r ]*+\d++[\0\t\n\x0c\r ]++\d++[\0\t\n\x0c\r ]++R)++[\0\t\n\x0c\r ]*+\])"
)
_REFERENCE = re.compile(rb"(\d{1,10})[\0\t\n\x0c\r ]+\d{1,10}[\0\t\n\x0c\r ]+R")


@dataclass(slots=True)
class Referred:
    names: set[str] = field(default_factory=set)  # of attached files
    files: dict[int, str] = field(default_factory=dict)  # objects that are attached files, and a name of each
    pages: set[int] = field(default_factory=set)  # objects that a page is drawn from
    forms: set[int] = field(default_factory=set)  # objects that hold a dynamic form, which is XML with scripts

    def add(self, content: bytes, first: int | None, work: Work, data: bytes) -> None:
        """What `content` refers to. `first`: where the objects of an object stream begin; None for the file itself."""
        work.spend(syntax.SIGN * content.count(b"/"))
        for pattern in (_PAGES, _LIST):
            for match in pattern.finditer(content):
                work.spend(PLACE // 2 + 16 * len(match[1]))
                self.pages.update(int(number) for number in _REFERENCE.findall(match[1]))
        at = -1
        while (at := content.find(SOURCE, at + 1)) >= 0:
            self._source(syntax.read(content, at + len(SOURCE), work)[0])
        if _DESCRIBED.search(content):
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
    for match in _DESCRIBED.finditer(content):
        work.spend(PLACE)
        if match.start() >= end:
            value, end = syntax.enclosing(content, match.start(), end, work)
            yield value


def _sequence(content: bytes, at: int, work: Work) -> Iterator[Value]:
    before = -1
    while before < at < len(content):
        before = at
        value, at = syntax.read(content, at, work)
        yield value

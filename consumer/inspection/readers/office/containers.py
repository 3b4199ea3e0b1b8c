"""What an archive would expand to: every entry is inflated, counted and compared with what its headers say of it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from consumer.inspection.readers import php, zip_reader
from consumer.inspection.readers.formats import HEAD
from consumer.inspection.readers.office import archive_shape, xml_watch
from consumer.inspection.readers.programs import is_program
from consumer.inspection.readers.seen import ExpansionBudget, Limits, Seen, TooMuch, Unreadable, most_kept
from consumer.inspection.readers.zip_reader import Archive, Entry
from consumer.model import Reason

AN_ENTRY = 64 * 1024  # of work
ARCHIVES = (".zip", ".jar")  # may have something before their first entry
SIGNATURES, CERTIFICATE = "package/services/digital-signature/", b"\x30\x82"  # where .NET keeps who signed, and its DER


class Sink(Protocol):
    """Gets an entry piece by piece. `Unreadable` when it has seen enough to refuse it."""

    def feed(self, piece: bytes) -> None: ...

    def close(self) -> None: ...


Open = Callable[[str, bytes], Sink | None]
"""What an entry of that name that begins so is to be fed to, if to anything."""


def open_archive(data: bytes, budget: ExpansionBudget, seen: Seen) -> Archive | None:
    """The archive in `data`, with its contradictions among the findings; None if it can't be read."""
    try:
        archive = zip_reader.read_archive(data, budget.entries)
    except Unreadable as problem:
        text = str(problem)
        seen.find(Reason.ARCHIVE_LIMITS if text == "too many entries" else Reason.MALFORMED, text)
        return None
    budget.entries -= len(archive.entries)
    archive_shape.examine(data, archive, seen)
    return archive


def read_contents(
    data: bytes, archive: Archive, opened: Open, budget: ExpansionBudget, seen: Seen, limits: Limits
) -> None:
    """Inflates every entry, and hands over what is wanted. Stops at the first limit that is reached."""
    try:
        _Walk(data, opened, budget, seen, most_kept(len(data))).over(archive)
    except TooMuch as limit:
        seen.find(Reason.ARCHIVE_LIMITS, str(limit))


@dataclass(frozen=True, slots=True)
class _Walk:
    data: bytes
    opened: Open
    budget: ExpansionBudget
    seen: Seen
    most: int  # bytes of an entry that are kept

    def over(self, archive: Archive) -> None:
        for entry in archive.entries:
            self.seen.work.spend(AN_ENTRY)
            self.seen.enter(entry.start)
            if entry.encrypted:
                self.seen.find(Reason.ENCRYPTED, "an entry of the archive is encrypted")
            elif not entry.is_folder:
                self._read(entry)
        self.seen.enter(None)

    def _read(self, entry: Entry) -> None:
        content = _Content(entry, self.opened, self.seen, self.most)
        try:
            for piece in zip_reader.inflate(self.data, entry):
                self.budget.inflated -= len(piece)
                if self.budget.inflated < 0:
                    raise TooMuch("the archive expands beyond the limits")
                content.feed(piece)
            content.close(entry)
        except Unreadable as problem:
            self.seen.find(Reason.MALFORMED, str(problem))
        if content.nested:
            self._nested(content)

    def _nested(self, content: _Content) -> None:
        """An archive inside: on the same budget, and what is found in it counts for the whole file."""
        if not content.whole:
            raise TooMuch("an archive inside is larger than can be examined")
        inner = self.seen.others.examine(content.take(), content.name, "")
        if inner.has(Reason.MACROS):
            self.seen.flag("embedded_macros")
        for finding in inner.findings:
            if finding.code in (Reason.ARCHIVE_LIMITS, Reason.EMBEDDED_EXECUTABLE):
                self.seen.find(finding.code, finding.detail)


class Kept:
    """An entry that is read as a whole. Whoever reads it sees all of it: nothing else looks into it."""

    def __init__(self, read: Callable[[bytes, bool], None], most: int) -> None:
        self._read, self._most = read, most
        self._pieces, self._counted, self._whole = list[bytes](), 0, True

    def feed(self, piece: bytes) -> None:
        self._counted += len(piece)
        self._whole = self._whole and self._counted <= self._most
        if self._whole:
            self._pieces.append(piece)

    def close(self) -> None:
        self._read(b"".join(self._pieces), self._whole)


class _Content:
    """An entry while it is inflated: counted, summed, and kept as far as it is needed."""

    __slots__ = (
        "_checksum",
        "_counted",
        "_is_packed",
        "_kept",
        "_most",
        "_opened",
        "_seen",
        "_sinks",
        "name",
        "nested",
    )

    def __init__(self, entry: Entry, opened: Open, seen: Seen, most: int) -> None:
        self.name, self._opened, self._seen, self._most = entry.name, opened, seen, most
        self._is_packed = entry.method != zip_reader.STORED  # else it was searched with the file
        self._counted = self._checksum = 0
        self._kept = bytearray()
        self._sinks: list[Sink] | None = None
        self.nested = self.name.lower().endswith(ARCHIVES)

    @property
    def whole(self) -> bool:
        return self._counted == len(self._kept)

    def feed(self, piece: bytes) -> None:
        self._seen.work.spend(len(piece))
        self._counted += len(piece)
        self._checksum = zlib.crc32(piece, self._checksum)
        if self._sinks is not None:
            self._pass_on(piece)
        elif len(piece) >= HEAD and not self._kept:
            self._begin(piece)
        else:
            self._kept += piece
            if len(self._kept) >= HEAD:  # a piece may be as short as its maker likes
                self._begin(self.take())

    def close(self, entry: Entry) -> None:
        if self._sinks is None and self._kept:
            self._begin(self.take())
        if self._counted != entry.size:
            self._seen.find(Reason.ARCHIVE_LIMITS, "an entry has another size than its header says")
        elif self._checksum != entry.crc:
            self._seen.find(Reason.ARCHIVE_LIMITS, "an entry has another checksum than its header says")
        head = bytes(self._kept[:HEAD])
        if is_program(head, self.name) and not _is_certificate(self.name, head):
            self._seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is among the entries of the archive")
        else:
            archive_shape.examine_head(self.name, head, self._seen)
        for sink in self._sinks or ():
            sink.close()

    def take(self) -> bytes:
        content, self._kept = bytes(self._kept), bytearray()
        return content

    def _begin(self, head: bytes) -> None:
        own = self._opened(self.name, head)
        if isinstance(own, Kept):
            self.nested, self._sinks = False, [own]
        else:
            self.nested = self.nested or head.startswith(zip_reader.LOCAL)
            watched = xml_watch.watch(self.name, head, self._seen)
            included = php.InPieces(self._seen) if self._is_packed else None
            self._sinks = [sink for sink in (watched, own, included) if sink is not None]
        self._pass_on(head)

    def _pass_on(self, piece: bytes) -> None:
        if (missing := (self._most if self.nested else HEAD) - len(self._kept)) > 0:
            self._kept += piece[:missing]
        for sink in self._sinks or ():
            sink.feed(piece)


def _is_certificate(name: str, head: bytes) -> bool:
    """Of who signed a document: by its place, its name and how it begins."""
    name = name.lower().lstrip("/")
    return name.startswith(SIGNATURES) and name.endswith(".cer") and head.startswith(CERTIFICATE)

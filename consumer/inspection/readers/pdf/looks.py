"""What each stream of a PDF holds: a file that is attached, a picture, or something that a page is made of."""

from __future__ import annotations

from dataclasses import dataclass

from consumer.inspection.readers import attached, flate
from consumer.inspection.readers.formats import HEAD, PICTURES, binary_at, executable
from consumer.inspection.readers.media import lzw
from consumer.inspection.readers.pdf import streams
from consumer.inspection.readers.pdf.files import Referred
from consumer.inspection.readers.pdf.filters import undone
from consumer.inspection.readers.pdf.streams import PdfStream
from consumer.inspection.readers.pdf.syntax import Name, Value
from consumer.inspection.readers.seen import PLACE, Limits, Seen, most_kept
from consumer.model import Reason

FLATE = [b"FlateDecode"]
LZW = (b"LZWDecode", b"LZW")
LETTERS: tuple[list[bytes], ...] = ([], [b"ASCII85Decode"], [b"A85"])  # which make nothing longer than it is
PROGRAM_HEAD = 64 * 1024  # bytes of a stream that tell which program it is
RIGHTFUL = PICTURES | {"PostScript", "a JPEG 2000", "a PDF", "media"}  # in any stream, as pages are


@dataclass(frozen=True, slots=True)
class Looks:
    data: bytes
    named: dict[int, Value]
    referred: Referred
    seen: Seen
    limits: Limits

    def look(self, stream: PdfStream, most: int) -> int:
        """Bytes that the stream inflates to, counted until they are above `most`. Of a picture the head is enough."""
        self.seen.work.spend(PLACE)
        if self._is_attached(stream):
            return self._judge(stream, most)
        filters = streams.filters(stream, self.named)
        whole = bool(filters) and not self._is_picture(stream)
        usual = whole and filters == FLATE and stream.is_short
        short = flate.short(self.data, stream.start, self.seen.work) if usual else None
        head, counted = short or b"", len(short or b"")
        for piece in () if short is not None else streams.content(self.data, stream, self.named, self.seen.work):
            counted += len(piece)
            if _is_short(head):
                head += piece[:PROGRAM_HEAD]
            if not _is_short(head) and (not whole or counted > most):
                break
            if not _is_short(head) and filters[-1] in LZW and filters[:-1] in LETTERS:
                counted = self._counted(stream, filters, most)
                break
        if self._hides(head, stream):
            return self._judge(stream, most)
        return counted if whole else 0

    def _counted(self, stream: PdfStream, filters: list[bytes], most: int) -> int:
        """What the codes of LZW say would take twenty times as long to put together."""
        work = self.seen.work
        packed = self.data[stream.start : streams.end(self.data, stream, work)]
        return lzw.count(b"".join(undone([packed], filters[:-1], work)), most + 1, work)

    def _is_attached(self, stream: PdfStream) -> bool:
        """Acrobat calls the parts of a dynamic form attached files as well, and nothing opens them as such."""
        files, forms = self.referred.files, self.referred.forms
        number = stream.number(self.data) if files or forms else None
        return number in files or (stream.dictionary.get(b"Type") == b"EmbeddedFile" and number not in forms)

    def _hides(self, head: bytes, stream: PdfStream) -> bool:
        """A stream that begins as a file is an attached one. Fonts, pictures and forms are what they are."""
        if executable(head):
            return True
        if stream.dictionary.get(b"Type") == b"Metadata":
            return False  # words
        found = binary_at(head)
        return bool(found) and found not in RIGHTFUL and stream.dictionary.get(b"Subtype") != b"Image"

    def _judge(self, stream: PdfStream, most: int) -> int:
        """An attached file, by what it is. Bytes that it inflates to."""
        content, largest = bytearray(), most_kept(len(self.data))
        for piece in streams.content(self.data, stream, self.named, self.seen.work):
            content += piece
            if len(content) > min(most, largest):
                self.seen.find(Reason.ARCHIVE_LIMITS, "an attached file is larger than can be examined")
                return len(content)
        number = stream.number(self.data)
        name = self.referred.files.get(number, "") if number is not None else ""
        self.seen.find(Reason.EMBEDDED_FILES, "files are attached")
        self.seen.flag("embedded_files")
        attached.judge(name, "", bytes(content), self.seen)
        return len(content)

    def _is_picture(self, stream: PdfStream) -> bool:
        """Whether nothing reads more of it than its size asks for. What a page is drawn from is none."""
        dictionary = stream.dictionary
        if dictionary.get(b"Subtype") != Name(b"Image") or stream.number(self.data) in self.referred.pages:
            return False
        width, height, depth = (dictionary.get(key) for key in (b"Width", b"Height", b"BitsPerComponent"))
        if not isinstance(width, int) or not isinstance(height, int):
            return False
        if (
            width * height * (depth if isinstance(depth, int) else 1) // 8 > self.limits.picture
        ):  # as if it had one color
            self.seen.find(Reason.IMAGE_TOO_LARGE, f"a picture of {width} × {height} pixels")
        return True


def _is_short(head: bytes) -> bool:
    """Whether more of the stream has to be seen before it tells what it is."""
    return len(head) < (PROGRAM_HEAD if head[:2] == b"MZ" else HEAD)

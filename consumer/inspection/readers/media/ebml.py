"""WebM and Matroska: elements in elements, each with an identifier and a size (RFC 8794, RFC 9559).

A recording that was finished has a segment of a known size: a shorter file is cut. Browsers record with sizes that are
not known: what stops there, in the middle of anything, is taken as soon as one piece of sound or film is whole.
"""

from __future__ import annotations

from dataclasses import dataclass

from consumer.inspection.readers.ends import End
from consumer.inspection.readers.media.layout import STEP, Layout, judge
from consumer.inspection.readers.seen import Limits, Seen, Unreadable, Work

END = End(
    "the size of its segment",
    "every one, if the size is known",
    "if it is not known, as browsers record, every one behind the first whole block",
)
SIGNATURE = b"\x1a\x45\xdf\xa3"
HEADER, DOCUMENT, SEGMENT, VOID, CHECKSUM = 0x1A45DFA3, 0x4282, 0x18538067, 0xEC, 0xBF
SEEK, INFO, TRACKS, CLUSTER = 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1F43B675
CUES, ATTACHMENTS, CHAPTERS, TAGS = 0x1C53BB6B, 0x1941A469, 0x1043A770, 0x1254C367
LEVEL_1 = frozenset({SEEK, INFO, TRACKS, CLUSTER, CUES, ATTACHMENTS, CHAPTERS, TAGS})
DESCRIBED = frozenset({INFO, TRACKS, ATTACHMENTS, CHAPTERS, TAGS})  # what is walked to its leaves
TRACK, ENCODINGS, ENCODING, ENCRYPTION = 0xAE, 0x6D80, 0x6240, 0x5035
FILE, FILE_NAME, FILE_DATA = 0x61A7, 0x466E, 0x465C
EDITION, ATOM, DISPLAY, TAG, SIMPLE = 0x45B9, 0xB6, 0x80, 0x7373, 0x67C8
MASTERS = frozenset({TRACK, ENCODINGS, ENCODING, ENCRYPTION, FILE, EDITION, ATOM, DISPLAY, TAG, SIMPLE, 0xE0, 0xE1})
TEXTS = frozenset(
    {
        0x7BA9, 0x4D80, 0x5741, 0x7384, 0x3C83AB, 0x3E83BB,  # titles, programs, names of other files
        0x536E, 0x258688,  # of a track and its codec
        0x467E, FILE_NAME, 0x4660,  # of an attached file
        0x85, 0x437C, 0x437E,  # of a chapter
        0x45A3, 0x4487, 0x447A, 0x63CA,  # of a tag
    }
)  # fmt: skip
CODEC, PLAYED = 0x86, (b"V_", b"A_")  # of a track, and how it begins for a film or a sound
PRIVATE = 0x63A2  # what a codec has to know
BLOCKS = frozenset({0xA3, 0xA0})
ENCRYPTED_BLOCK = 0xAF
IN_CLUSTER = BLOCKS | {0xE7, 0xA7, 0xAB, VOID, CHECKSUM, 0x5854, ENCRYPTED_BLOCK}
NUMBERS = 64  # bytes: shorter leaves are numbers
DEEPEST = 16
BLOCK = 128  # what stepping over one costs, as bytes that are read


@dataclass(frozen=True, slots=True)
class Element:
    kind: int
    begin: int  # of its content
    stop: int | None  # behind its content, as it says; None: not known


def element(data: bytes, at: int) -> Element | None:
    """What stands there; None if it can't be one, or the file ends inside its head."""
    first = data[at] if at < len(data) else 0
    width = 9 - first.bit_length()
    if width > 4 or at + width >= len(data):
        return None
    kind = int.from_bytes(data[at : at + width], "big")
    at += width
    long = 9 - data[at].bit_length()
    if long > 8 or at + long > len(data):
        return None
    most = (1 << 7 * long) - 1
    size = int.from_bytes(data[at : at + long], "big") & most
    return Element(kind, at + long, None if size == most else at + long + size)


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "video/webm"
    layout = Layout("recording")
    kind, at = _header(data)
    if kind != b"webm":
        seen.detected_type = "video/x-matroska"
    while (found := element(data, at)) is not None and found.kind in (VOID, CHECKSUM) and found.stop is not None:
        layout.hide(found.begin, found.stop)
        at = found.stop
    if found is None or found.kind != SEGMENT:
        raise Unreadable("the recording has a header and no more")
    if found.stop is not None and found.stop > len(data):
        raise Unreadable("the recording stops before its end")
    _Walk(data, layout, seen.work).segment(found)
    judge(data, layout, seen, limits)


def _header(data: bytes) -> tuple[bytes, int]:
    """The type of document, and where the header ends."""
    header = element(data, 0)
    if header is None or header.stop is None or header.stop > len(data):
        raise Unreadable("the recording stops inside its header")
    at, kind = header.begin, b""
    while at < header.stop and (found := element(data, at)) is not None and found.stop is not None:
        if found.kind == DOCUMENT:
            kind = data[found.begin : found.stop].rstrip(b"\0")
        at = found.stop
    if kind not in (b"webm", b"matroska"):
        raise Unreadable("the recording is of no kind that is known")
    return kind, header.stop


@dataclass(slots=True)
class _Walk:
    data: bytes
    layout: Layout
    work: Work
    tracks: bool = False
    plays: bool = False  # whether one of them is sound or film
    whole: int = 0  # clusters or blocks that do not stop in the middle

    def segment(self, segment: Element) -> None:
        end = len(self.data) if segment.stop is None else segment.stop
        self.layout.end = self._level_1(segment.begin, end, segment.stop is not None)
        if not self.tracks or not self.plays or not self.whole:
            raise Unreadable("the recording has no sound and no film")

    def _level_1(self, at: int, end: int, known: bool) -> int:
        """Behind the last part."""
        while at < end:
            self.work.step(STEP)
            found = element(self.data, at)
            expected = found is not None and (found.kind in LEVEL_1 or found.kind in (VOID, CHECKSUM))
            if found is None or (not expected and not known):
                if known:
                    raise Unreadable("a part of the recording is not built like one")
                return self._stopped(at) if found is None and end - at < 12 else at
            if found.kind == CLUSTER and (found.stop is None or found.stop > end):
                at = self._cluster(found.begin, end)
                continue
            if found.stop is None or found.stop > end:
                if known:
                    raise Unreadable("a part of the recording is longer than the whole")
                return self._stopped(end)
            self._part(found.kind, found.begin, found.stop)
            at = found.stop
        return at

    def _stopped(self, at: int) -> int:
        self.layout.complete = False
        return max(at, len(self.data))

    def _part(self, kind: int, begin: int, stop: int) -> None:
        if kind == CLUSTER:
            self.whole += self._holds_a_block(begin, stop)
        elif kind in DESCRIBED:
            self.tracks |= kind == TRACKS and stop > begin
            self._leaves(begin, stop, 0)
        elif kind not in LEVEL_1 and kind != CHECKSUM:
            self.layout.hide(begin, stop)

    def _holds_a_block(self, at: int, end: int) -> bool:
        """Of a cluster that says how long it is no more is looked at than up to its first piece of sound or film."""
        while (found := element(self.data, at)) is not None and found.stop is not None and found.stop <= end:
            self.work.step(BLOCK)
            if found.kind in BLOCKS or found.kind == ENCRYPTED_BLOCK:
                return True
            if found.kind not in IN_CLUSTER:
                return False
            at = found.stop
        return False

    def _cluster(self, at: int, end: int) -> int:
        """Behind a cluster that does not say how long it is: it ends where another part begins."""
        self.layout.complete = False
        while at < end:
            self.work.step(BLOCK)
            found = element(self.data, at)
            if found is None or found.kind not in IN_CLUSTER:
                return at
            if found.stop is None or found.stop > end:
                return self._stopped(end)
            self.whole += found.kind in BLOCKS
            self.layout.encrypted |= found.kind == ENCRYPTED_BLOCK
            if found.kind == VOID:
                self.layout.hide(found.begin, found.stop)
            at = found.stop
        return at

    def _leaves(self, at: int, end: int, depth: int) -> None:
        name = ""
        while at < end:
            self.work.step(STEP)
            found = element(self.data, at)
            if found is None or found.stop is None or found.stop > end or depth > DEEPEST:
                raise Unreadable("a part of the recording is not built like one")
            begin, stop = found.begin, found.stop
            self.layout.encrypted |= found.kind == ENCRYPTION
            if found.kind in MASTERS:
                self._leaves(begin, stop, depth + 1)
            elif found.kind == FILE_DATA:
                self.layout.attach(self.data[begin:stop], name)
            elif found.kind == CODEC:
                self.plays |= self.data.startswith(PLAYED, begin)
                self.layout.text(begin, stop)
            elif found.kind in TEXTS:
                name = self.data[begin:stop].decode("utf-8", "replace") if found.kind == FILE_NAME else name
                self.layout.text(begin, stop)
            elif stop - begin > NUMBERS and found.kind != PRIVATE:
                self.layout.hide(begin, stop)
            at = stop

"""Where the parts of a picture, a recording or a film stand, and what is said of the bytes that no program shows."""

from __future__ import annotations

from dataclasses import dataclass, field

from consumer.inspection.readers import attached, formats, picture, script_header, trailing
from consumer.inspection.readers.formats import HEAD, PADDING, PICTURES
from consumer.inspection.readers.picture import Picture
from consumer.inspection.readers.seen import Limits, Seen, TooMuch, Unreadable
from consumer.inspection.readers.trailing import Extent
from consumer.model import Reason

STEP = 256  # what a step to the next part costs, as bytes that are read
A_LOOK = 52 * 1024  # what it costs to ask of one which file it is
STRAY, GAPS = 64 * 1024, 64  # bytes in which players search the next frame or page, and how often here
MOST_PARTS = 20_000  # of those that are kept: real files have hundreds
MOST_INSIDE = 200  # covers, fonts
SHORTEST = 8  # bytes: nothing shorter is a file of its own


@dataclass(slots=True)
class Layout:
    noun: str  # what it is for people: "recording"
    end: int = 0  # behind the last byte that belongs to it
    complete: bool = True  # False: it stops like a recording that was cut off
    width: int = 0
    height: int = 0
    bits: int = 32  # that a pixel decodes to
    drawn: int = 0  # pixels, over all frames that are pictures of their own
    encrypted: bool = False
    texts: list[Extent] = field(default_factory=list)  # titles, comments, XMP: what people wrote
    unshown: list[Extent] = field(default_factory=list)  # gaps, padding, parts that nobody knows
    packed: list[str] = field(default_factory=list)  # names of formats that its own parts are in
    inside: list[tuple[str, bytes]] = field(default_factory=list)  # files to be taken out: their names and content

    def text(self, begin: int, stop: int) -> None:
        self._keep(self.texts, begin, stop)

    def hide(self, begin: int, stop: int) -> None:
        self._keep(self.unshown, begin, stop)

    def attach(self, content: bytes, name: str = "") -> None:
        self.inside.append((name, content))
        if len(self.inside) > MOST_INSIDE:
            raise TooMuch(f"the {self.noun} has too many files in it")

    def words(self) -> list[Extent]:
        """Its texts in order and apart."""
        apart: list[Extent] = []
        for begin, stop in sorted(self.texts):
            if apart and begin <= apart[-1][1]:
                apart[-1] = (apart[-1][0], max(stop, apart[-1][1]))
            else:
                apart.append((begin, stop))
        return apart

    def _keep(self, kept: list[Extent], begin: int, stop: int) -> None:
        if stop > begin:
            kept.append((begin, stop))
        if len(kept) > MOST_PARTS:
            raise Unreadable(f"the {self.noun} has too many parts")


def judge(data: bytes, layout: Layout, seen: Seen, limits: Limits, name_ends: int = 0) -> None:
    """All that is said of a file whose parts are known.

    `name_ends`: behind the first bytes of the file, if a script could take them for a name; else 0.
    """
    if layout.width:
        drawn = Picture("", layout.width, layout.height, 0, layout.complete, layout.drawn, bits=layout.bits)
        picture.measure(data, drawn, seen, limits)
    elif not layout.complete:
        seen.flag("incomplete")
    if layout.encrypted:
        seen.find(Reason.ENCRYPTED, f"the {layout.noun} is encrypted")
    trailing.examine(data, layout.end, seen, layout.noun, layout.words(), layout.packed)
    for begin, stop in layout.unshown:
        _unshown(data[begin:stop], begin, layout, seen)
    for name, content in layout.inside:
        _inside(name, content, layout, seen)
    if name_ends and script_header.goes_on(data, name_ends):
        detail = f"the {layout.noun}'s header is the beginning of a script"
        seen.find(Reason.SECOND_FORMAT, detail, at=0, opener="script element")


def _unshown(content: bytes, at: int, layout: Layout, seen: Seen) -> None:
    """A part that nobody knows may hold whatever its maker needs, as long as it is no file of its own."""
    seen.work.spend(STEP + len(content))
    padding = len(content) - len(content.lstrip(PADDING))
    if len(content) - padding < SHORTEST:
        return
    seen.work.spend(A_LOOK)
    head = content[max(0, padding - formats.DEEPEST_PADDING) :][:HEAD]
    found = next((name for name in formats.formats_of(head, seen.work) if name not in PICTURES), None)
    if found:
        detail = f"{found} in a part of the {layout.noun} that nothing shows"
        seen.find(Reason.SECOND_FORMAT, detail, at=at, opener=trailing.opener_of(found))


def _inside(name: str, content: bytes, layout: Layout, seen: Seen) -> None:
    """Covers are pictures. A damaged one is not shown, and harms nobody."""
    if not content.strip(PADDING):
        return
    inner = attached.judge(name, "", content, seen)
    if not (inner.detected_type or "").startswith("image/"):
        seen.find(Reason.EMBEDDED_FILES, f"a file in the {layout.noun}")

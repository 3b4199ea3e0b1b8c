"""What stands behind a file's own content, and what else is in its bytes: padding, junk, a film, or a second file.

One for all formats: a reader tells where its file ends, and which extents in it are fields for words.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from consumer.inspection.readers import film, formats, php, scripts
from consumer.inspection.readers.formats import HEAD, PADDING, PICTURES
from consumer.inspection.readers.lengths import length_at
from consumer.inspection.readers.seen import Seen
from consumer.inspection.readers.signatures import JPEG, ZIP
from consumer.model import Reason

Extent = tuple[int, int]
"""From the first byte to behind the last one."""

NOTES = (b"aecDebug", b"afDebug", b"awbDebug")  # of Google's phones: light, focus, white
MOST_NOTES = 16
SHARE_OF_A_COPY = 4  # copying bytes costs a quarter of reading them
AFTER_ALL = 1 << 62


def examine(
    data: bytes,
    end: int,
    seen: Seen,
    noun: str = "picture",
    texts: Sequence[Extent] = (),
    packed: Sequence[str] = (),
) -> None:
    """What is in a file whose own content ends at `end`, and belongs to no part of it.

    `texts`: where words stand. No program runs words there but PHP, so that nothing else is looked for. `packed`: names
    of formats that its own parts are in.
    """
    texts = sorted(texts)
    if end < len(data):
        behind(data, end, seen, noun)
    seen.work.marks(data)  # markup is looked for as well
    for name in formats.formats_at_fixed_places(data):
        seen.find(Reason.SECOND_FORMAT, f"the {noun} is {name} as well", opener="7-zip")
    for at, name in formats.formats_in(data, seen.work, without=packed):
        seen.find(Reason.SECOND_FORMAT, f"{name} inside the {noun}", at=at, opener=opener_of(name))
    if (entry := next(formats.entries(data, seen.work), None)) is not None:
        seen.find(Reason.SECOND_FORMAT, f"{ZIP} inside the {noun}", at=entry, opener="7-zip")
    if (pdf := _pdf(data, seen, texts)) is not None:
        seen.find(Reason.SECOND_FORMAT, f"a PDF inside the {noun}", at=pdf, opener="pdf")
    _markup(data, seen, noun, texts)


def _pdf(data: bytes, seen: Seen, texts: Sequence[Extent]) -> int | None:
    """Where one begins. Readers show none that has no catalog and no pages behind its header: words about one need
    none."""
    last_shown: int | None = None
    for at in formats.pdfs(data, seen.work):
        if not is_within(at, texts):
            return at
        if last_shown is None:
            seen.work.spend(len(data))
            last_shown = min(data.rfind(b"/Root"), data.rfind(b"/Pages"))
        if at < last_shown:
            return at
    return None


def find_php(data: bytes, seen: Seen, noun: str) -> None:
    """PHP runs it wherever it stands in a file that it is told to include, unless that is compressed."""
    if (at := next(php.tags(data, seen.work), None)) is not None:
        seen.find(Reason.SECOND_FORMAT, f"code of PHP inside the {noun}", at=at, opener="php")


def _markup(data: bytes, seen: Seen, noun: str, texts: Sequence[Extent]) -> None:
    """Server code anywhere, and what a page would run, but for words: unless the file begins as a page."""
    find_php(data, seen, noun)
    begins = scripts.sniffed(data) is not None
    places = (at for at in scripts.live(data, seen.work) if begins or not is_within(at, texts))
    if (at := next(places, None)) is not None:
        opener = "browser" if begins else "mshta"
        seen.find(Reason.SECOND_FORMAT, f"a page with a script inside the {noun}", at=at, opener=opener)
    started = (at for at in scripts.named(data, seen.work) if not is_within(at, texts))
    if (at := next(started, None)) is not None:
        seen.find(Reason.SECOND_FORMAT, f"a script inside the {noun}", at=at, opener="perl")
    served = (at for at in scripts.asp(data, seen.work) if not is_within(at, texts))
    if (at := next(served, None)) is not None:
        seen.find(Reason.SECOND_FORMAT, f"code for a web server inside the {noun}", at=at, opener="asp")


def is_within(at: int, extents: Sequence[Extent]) -> bool:
    """Whether a place is in one of the extents, which are in order and apart."""
    index = bisect_right(extents, (at, AFTER_ALL)) - 1
    return index >= 0 and extents[index][0] <= at < extents[index][1]


def behind(data: bytes, end: int, seen: Seen, noun: str) -> None:
    """Junk is told. Cameras put further pictures behind one, and phones a film and their own notes."""
    content = _past_pictures(data[end:], seen)
    without = film.cut_out(content)
    if without is not None:
        seen.flag("motion_photo")
        content = without
    content = _past_notes(content)
    if not content.strip(PADDING):
        if without is None:
            seen.find(Reason.TRAILING_DATA, f"padding or further pictures behind the {noun}", at=end)
        return
    found = next((name for name in formats.foreigners(content, seen.work) if name not in PICTURES), None)
    if found:
        seen.find(Reason.SECOND_FORMAT, f"{found} behind the {noun}", at=end, opener=opener_of(found))
    else:
        seen.find(Reason.TRAILING_DATA, f"bytes behind the {noun}", at=end)
        head = content.lstrip(PADDING)[:HEAD]
        if formats.binary_at(head) not in PICTURES:
            seen.loose.append(head)


def _past_pictures(data: bytes, seen: Seen) -> bytes:
    while True:
        seen.work.spend(len(data) // SHARE_OF_A_COPY)
        content = data.lstrip(PADDING)
        if content.startswith(JPEG[1:]) and len(content) < len(data):
            content = data[-len(content) - 1 :]
        end = seen.others.behind_picture(content, seen.work)
        if end is None:
            return data
        data = content[end:]


def _past_notes(data: bytes) -> bytes:
    """Each has a name, how long it is, and whatever a camera made of what it measured: one of them is packed."""
    at = 0
    for _ in range(MOST_NOTES):
        name = next((name for name in NOTES if data.startswith(name, at)), None)
        if name is None:
            break
        size, begin = length_at(data, at + len(name))
        at = begin + size
    return data[at:]


def opener_of(name: str) -> str:
    words = {ZIP: "unzip", "a PDF": "pdf", "markup or a script": "mshta"}
    return words.get(name, "7-zip")

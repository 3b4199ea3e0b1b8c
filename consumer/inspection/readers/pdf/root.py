"""Whether readers find where a PDF begins: without the catalog that its trailer names, none of them opens it."""

from __future__ import annotations

from collections.abc import Iterator

from consumer.inspection.readers import runs
from consumer.inspection.readers.ends import End
from consumer.inspection.readers.pdf import syntax
from consumer.inspection.readers.pdf.places import END
from consumer.inspection.readers.pdf.syntax import Reference, Value, names
from consumer.inspection.readers.seen import PLACE, Work

ENDING = End(
    "a trailer, which names its first object",
    "every one before that, or before the pages that it leads to",
    "every other",
)
TAIL = 1024  # bytes from the end within which a document that is whole has its mark
TRAILER, LINEARIZED = b"trailer", b"/Linearized"  # whose beginning ends as a whole one does
MOST_TRIED = 32  # revisions, each with a trailer of its own
PACKED = b"ObjStm"  # objects in a stream are not looked for one by one
_ROOT = names(b"Root")


def is_found(readable: bytes, work: Work) -> bool:
    """`readable`: the document with its names unescaped.

    What ends as it should has its objects as well. Of what does not, readers search the trailers for one that leads
    somewhere.
    """
    ends = END in readable[-TAIL:]
    whole = ends and LINEARIZED not in readable[:TAIL]
    for tried, root in enumerate(_named(readable, work) if ends else _of_trailers(readable, work)):
        if isinstance(root, Reference) and (whole or tried >= MOST_TRIED or _has_pages(readable, root, ends, work)):
            return True
    return False


def _named(readable: bytes, work: Work) -> Iterator[Value]:
    for at in _ROOT.places(readable):
        work.spend(PLACE)
        yield syntax.read(readable, at + len(b"/Root"), work)[0]


def _of_trailers(readable: bytes, work: Work) -> Iterator[Value]:
    for at in runs.places(readable, TRAILER):
        work.spend(PLACE)
        trailer, end = syntax.read(readable, at + len(TRAILER), work)
        if isinstance(trailer, dict) and readable.endswith(b">>", 0, end):
            yield trailer.get(b"Root")


def _has_pages(readable: bytes, root: Reference, ends: bool, work: Work) -> bool:
    catalog = syntax.resolve(readable, root, work)
    pages = catalog.get(b"Pages") if isinstance(catalog, dict) else None
    found = isinstance(pages, Reference) and syntax.resolve(readable, pages, work) is not None
    return found or (ends and PACKED in readable)

"""Where an object that is linked has its content from (the stream `\1Ole`): its source as monikers (MS-OLEDS 2.3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from consumer.inspection.readers import runs
from consumer.inspection.readers.external import Place, place_of
from consumer.inspection.readers.seen import PLACE, Seen, Work
from consumer.model import Reason

STREAM_NAME = "\x01ole"
MOST_READ = 64 * 1024  # bytes of one
LONGEST_SOURCE = 8 * 1024
OF_A_URL = UUID("79eac9e0-baf9-11ce-8c82-00aa004ba90b").bytes_le
OF_A_FILE = UUID("00000303-0000-0000-c000-000000000046").bytes_le
STARTS = tuple(UUID(f"{kind}-7f19-11d2-978e-0000f8757e2a").bytes_le for kind in ("ecabafc6", "ecabb0c7"))
"""Those that make a new object, of a script in a file or of a service in the web."""
FILE_AT, URL_AT = 6, 4  # where a path and an address begin, behind their kind


def examine(stream: bytes, seen: Seen) -> None:
    """Of documents that are linked only those of the web are refused, as in Office Open XML."""
    seen.work.spend(len(stream))
    places = {place_of(source) for source in _sources(stream, seen.work)}
    if Place.ELSEWHERE in places or any(runs.has(stream, kind) for kind in STARTS):
        seen.find(Reason.EXTERNAL_REFERENCE, "it loads an object from the network when it is opened")
    elif Place.SHARE in places:
        seen.flag("external_references")


def _sources(stream: bytes, work: Work) -> Iterator[str]:
    for at in runs.places(stream, OF_A_URL):
        work.spend(PLACE)
        begin = at + len(OF_A_URL) + URL_AT
        yield stream[begin : begin + LONGEST_SOURCE].decode("utf-16-le", "replace").partition("\0")[0].strip()
    for at in runs.places(stream, OF_A_FILE):
        work.spend(PLACE)
        begin = at + len(OF_A_FILE) + FILE_AT
        yield stream[begin : begin + LONGEST_SOURCE].partition(b"\0")[0].decode("latin-1").strip()

"""Files that Word takes into a document when it opens it (`altChunk`, ECMA-376 part 1, 17.17.2): documents and pages.

What they load is loaded then: of a document that is embedded nothing is before somebody opens it.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator

from consumer.inspection.readers import runs, zip_reader
from consumer.inspection.readers.external import Place, is_near, place_of
from consumer.inspection.readers.mail import encodings
from consumer.inspection.readers.references import unescaped, with_letters
from consumer.inspection.readers.searches import together
from consumer.inspection.readers.seen import PLACE, Seen
from consumer.inspection.readers.texts import opening
from consumer.model import Reason

LOADING_ATTRIBUTES = (b"src=", b"background=", b"data=", b"url(")
SHEET_ELEMENT, SHEET_ATTRIBUTE = b"<link", b"href="
LONGEST_ADDRESS, NEAR_NAME = 1024, 64  # bytes
A_REFERENCE_TO = 512  # of work
_OF_SHARES = together((*runs.cases(b"file:"), b"\\\\"))
OF_A_PART, _IN_LETTERS = b"content-transfer-encoding:", together((b"base64", b"BASE64", b"Base64"))
_ENDS = frozenset(b" \t\r\n\"'>)")
_QUOTED_EQUALS = b"=3D"  # in a page that was saved with all its parts


def examine(content: bytes, seen: Seen) -> None:
    if content.startswith(zip_reader.LOCAL):
        for finding in seen.others.examine(content, "", "").findings:
            if finding.code is Reason.EXTERNAL_REFERENCE:
                seen.find(finding.code, finding.detail)
        return
    for page in _pages(opening.with_lf(opening.as_utf8(content, seen.work)), seen):
        for address in _loaded(page, seen):
            place = place_of(address)
            if place is Place.SHARE and is_near(address):
                seen.flag("external_references")
            elif place is Place.SHARE:
                seen.find(Reason.EXTERNAL_REFERENCE, "a page that is taken into it loads something from a share")


def _pages(page: bytes, seen: Seen) -> Iterator[bytes]:
    """The page itself, and those in one that was saved with all its parts."""
    for at in runs.places_of_any(page, _IN_LETTERS):
        seen.work.spend(PLACE)
        body = page.find(b"\n\n", at, at + LONGEST_ADDRESS)
        headers = page[max(0, at - LONGEST_ADDRESS) : body].rpartition(b"\n--")[2].lower()
        if body >= 0 and OF_A_PART in headers and b"text/" in headers:
            end = page.find(b"\n--", body)
            letters = page[body : end if end >= 0 else len(page)]
            seen.work.spend(encodings.DECODING * len(letters))
            yield _with_letters(opening.as_utf8(encodings.base64(letters), seen.work), seen)
    yield _with_letters(binascii.a2b_qp(page) if runs.has(page, _QUOTED_EQUALS) else page, seen)


def _with_letters(page: bytes, seen: Seen) -> bytes:
    if b"&#" not in page:
        return page
    seen.work.spend(A_REFERENCE_TO * page.count(b"&#"))
    return with_letters(page)


def _loaded(page: bytes, seen: Seen) -> Iterator[str]:
    """The addresses in it that may be those of shares."""
    seen.work.spend(2 * len(page))
    for at in runs.places_of_any(page, _OF_SHARES):
        seen.work.spend(PLACE)
        before = b"".join(page[max(0, at - NEAR_NAME) : at].split()).rstrip(b"\"'").lower()
        begin = page.rfind(b"<", max(0, at - LONGEST_ADDRESS), at)
        is_sheet = page[begin : begin + len(SHEET_ELEMENT)].lower() == SHEET_ELEMENT
        if before.endswith(LOADING_ATTRIBUTES) or (is_sheet and before.endswith(SHEET_ATTRIBUTE)):
            written = page[at : at + LONGEST_ADDRESS]
            end = next((place for place, sign in enumerate(written) if sign in _ENDS), len(written))
            yield unescaped(written[:end].decode("utf-8", "replace"))

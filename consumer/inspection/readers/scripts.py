"""Pages and server code in bytes: where a browser, `mshta` or a web server would begin to run something.

Written with scanners of one pass. What begins as a page is told by WHATWG's table (mimesniff.spec.whatwg.org, 7.1).
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from consumer.inspection.readers import php, runs, server_code
from consumer.inspection.readers.marks import EVENTS, LONGEST_TAG, Marks
from consumer.inspection.readers.runs import LETTERS, LOWER
from consumer.inspection.readers.seen import Work

SNIFFED = 1445  # bytes that a browser looks at
WHITE = b"\t\n\x0c\r "

_PAGES = (
    b"<!doctype html", b"<html", b"<head", b"<script", b"<iframe", b"<h1", b"<div", b"<font", b"<table", b"<a",
    b"<style", b"<title", b"<b", b"<body", b"<br", b"<p", b"<!--",
)  # fmt: skip
_WHOLE_PAGES = (b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<iframe", b"<style", b"<title")
_CARRIERS = {
    b"script": (b"script",),
    b"frame": (b"iframe", b"frame"),
    b"object": (b"object",),
    b"embed": (b"embed",),
    b"applet": (b"applet",),
    b"hta:application": (b"hta:application",),
}
"""Elements that run or load something by being there, by what is searched for."""
_BEFORE_CARRIER = (b"<", b":", b"i", b"I")  # the last ones of what a frame may be
_AFTER_NAME = WHITE + b"/>"
_HANDLERS = frozenset(
    (
        b"abort activate afterprint afterscriptexecute animationcancel animationend animationiteration animationstart "
        b"auxclick beforeactivate beforecopy beforecut beforeinput beforematch beforepaste beforeprint "
        b"beforescriptexecute beforetoggle beforeunload begin blur bounce cancel canplay canplaythrough change click "
        b"close command contextlost contextmenu contextrestored copy cuechange cut dblclick devicemotion "
        b"deviceorientation drag dragend dragenter dragexit dragleave dragover dragstart drop durationchange emptied "
        b"end ended error filterchange finish focus focusin focusout formdata fullscreenchange fullscreenerror "
        b"gotpointercapture hashchange input invalid keydown keypress keyup languagechange load loadeddata "
        b"loadedmetadata loadend loadstart lostpointercapture message messageerror mousedown mouseenter mouseleave "
        b"mousemove mouseout mouseover mouseup mousewheel offline orientationchange pagehide pagereveal pageshow "
        b"pageswap paste pause play playing pointercancel pointerdown pointerenter pointerleave pointermove pointerout "
        b"pointerover pointerrawupdate pointerup popstate progress propertychange ratechange readystatechange "
        b"rejectionhandled repeat reset resize scroll scrollend scrollsnapchange scrollsnapchanging search "
        b"securitypolicyviolation seeked seeking select selectionchange selectstart show slotchange stalled start "
        b"storage submit suspend timeupdate toggle touchcancel touchend touchmove touchstart transitioncancel "
        b"transitionend transitionrun transitionstart unhandledrejection unload volumechange waiting "
        b"webkitanimationend webkitanimationiteration webkitanimationstart webkitfullscreenchange webkittransitionend "
        b"wheel zoom online"
    ).split()
)
"""Events of HTML, SVG, touch and pointers (the standards of WHATWG and W3C, and what browsers add)."""
_OF_A_SPACE = runs.any_case(b"w3.org")
_SPACES = ((b"www.w3.org/1999/xhtml", "text/html"), (b"www.w3.org/2000/svg", "image/svg+xml"))
_BEFORE_SCRIPT = (b"java", b"vb")  # of a URL that is one
_ASP_END = b"%>"
A_LOOK = 16
A_LINE = 1024
A_MARK = 2048  # of work
INTERPRETERS = (b"perl", b"ruby")
MOST_ASP = 4096  # bytes of a server's page between its marks
A_BLOCK = 64 * 1024  # of work, for a look at whether they are code
_PLAIN = bytes([*b"\0\t\r\n\x0c", *range(32, 127)])


def sniffed(data: bytes) -> str | None:
    """`text/html` or `text/xml` for what a browser takes `data` for by its beginning alone, None for all else."""
    head = data[: SNIFFED + 3]
    head = head.removeprefix(codecs.BOM_UTF8)[:SNIFFED].lstrip(WHITE)
    if not head.startswith(b"<"):
        return None
    head = head.lower()
    if head.startswith(b"<?xml"):
        return "text/xml"
    page = next((page for page in _PAGES if head.startswith(page) and head[len(page) : len(page) + 1] in _ENDS), None)
    return "text/html" if page else None


_ENDS = (b" ", b">", *(bytes([white]) for white in b"\t\n\x0c\r/"))
"""The table has the first two; what browsers take as the end of a name beside them does no harm here."""


def page(data: bytes, work: Work) -> str | None:
    """The type of the page that a browser takes `data` for and runs or shows as one; None if nobody is hurt by that.

    A text may begin with a paragraph or a remark: then it is a page if it runs something. XML is one if it is XHTML or
    a drawing and runs something: a browser sniffs XML too, and runs both.
    """
    begins = sniffed(data)
    if begins is None or (begins == "text/xml" and not runs.holds(data, _OF_A_SPACE)):
        return None
    lower = data.lower()
    if begins == "text/html":
        whole = lower.lstrip(codecs.BOM_UTF8 + WHITE).startswith(_WHOLE_PAGES)
        return begins if whole or next(live(data, work), None) is not None else None
    kind = next((kind for space, kind in _SPACES if space in lower), None)
    acts = kind and (b"<?xml-stylesheet" in lower or next(live(data, work), None) is not None)
    return kind if acts else None


def begins_page(data: bytes) -> bool:
    """Whether `data` begins as a page that runs something, or as a server's page."""
    head = data.lstrip()[:LONGEST_TAG]
    if head[:5].lower() == b"<?php":
        return php.runs_at(head, 0)
    return head.startswith(b"<") and _is_tag(head.lower(), 0) and next(live(head, Work()), None) is not None


def is_text(data: bytes) -> bool:
    """Whether there is nothing but printed ASCII, white space and NULs."""
    return not data.translate(None, _PLAIN)


def markup_in(data: bytes, work: Work) -> int | None:
    """Where a browser, `mshta` or a web server would begin to run something; None if they would not."""
    return next(markup(data, work), None)


def markup(data: bytes, work: Work) -> Iterator[int]:
    """Each place where a browser, `mshta` or a web server would begin to run something."""
    yield from php.tags(data, work)
    yield from asp(data, work)
    yield from live(data, work)


def asp(data: bytes, work: Work) -> Iterator[int]:
    """Where a server of ASP or JSP would run something."""
    stop = searched = 0  # the next end, and up to where there is none
    for at in work.marks(data, of_files=True).at(b"<%"):
        work.spend(A_MARK)
        if stop < at + 2:
            if searched < at + 2 and not is_text(data[at + 2 : at + 2 + A_LOOK].partition(_ASP_END)[0]):
                continue  # as nearly always in bytes that are no text
            stop = data.find(_ASP_END, max(searched, at + 2), at + MOST_ASP + len(_ASP_END))
            searched = searched if stop >= 0 else at + MOST_ASP
        if stop >= at + 2:
            work.spend(stop - at)
            if _is_asp(data[at + 2 : stop]):
                work.spend(A_BLOCK)
                if server_code.may_be(data[at + 2 : stop]):
                    yield at


def named(data: bytes, work: Work) -> Iterator[int]:
    """Where Perl or Ruby would begin to run something: they pass over all before a line that names them."""
    for at in work.marks(data, of_files=True).at(b"#!"):
        if not at or data.startswith(b"\n", at - 1):
            work.spend(A_LINE)
            line = data[at : at + A_LINE].partition(b"\n")[0]
            if any(name in line for name in INTERPRETERS):
                yield at


def live(data: bytes, work: Work) -> Iterator[int]:
    """Where markup runs or loads something: elements that do so by being there, events, URLs that are scripts."""
    found = work.marks(data)
    if found.have_no_markup:
        return
    yield from _carriers(found)
    yield from _events(found)
    yield from _script_urls(found)


def _carriers(found: Marks) -> Iterator[int]:
    data = found.data
    for mark, names in _CARRIERS.items():
        for at in found.at(mark):
            for name in names if data[at - 1 : at] in _BEFORE_CARRIER else ():
                begin, end = at - name.index(mark), at - name.index(mark) + len(name)
                is_named = data[begin:end].lower() == name and data[end : end + 1] in _AFTER_NAME
                if is_named and _is_opened(data, begin):
                    yield begin - 1


def _is_opened(data: bytes, name: int) -> bool:
    """Whether an element's name stands there, with or without a prefix."""
    before = data[name - 1 : name] if name else b""
    return before == b"<" or (before == b":" and _is_prefixed(data, name - 1))


def _is_prefixed(data: bytes, colon: int) -> bool:
    """Whether an element's name with a prefix ends before the colon, as `<svg:script`."""
    begin = data.rfind(b"<", max(0, colon - 24), colon)
    return begin >= 0 and data[begin + 1 : colon].isalnum()


def _events(found: Marks) -> Iterator[int]:
    data = found.data
    for before in EVENTS:
        for at in found.at(before):
            word = data[at + 3 : at + 35].lower()
            name = word[: len(word) - len(word.lstrip(LOWER))]
            if name in _HANDLERS and word[len(name) :].lstrip(WHITE)[:1] == b"=" and _in_tag(data, at + 1):
                yield at + 1


def _script_urls(found: Marks) -> Iterator[int]:
    data = found.data
    for at in found.at(b"script"):
        if not data.startswith(b":", at + len(b"script")):  # as nearly always
            continue
        scheme = data[max(0, at - 4) : at].lower()
        begin = next((at - len(word) for word in _BEFORE_SCRIPT if scheme.endswith(word)), at)
        if begin < at:
            before = data[max(0, begin - 8) : begin].rstrip(WHITE)
            if before[-1:] in (b'"', b"'", b"=") and _in_tag(data, begin):
                yield begin


def _in_tag(data: bytes, at: int) -> bool:
    """Whether a tag was opened before that place and not closed again."""
    begin = data.rfind(b"<", max(0, at - LONGEST_TAG), at)
    return begin >= 0 and data[begin + 1 : begin + 2].isalpha() and data.find(b">", begin, at) < 0


def _is_tag(lower: bytes, at: int) -> bool:
    """Whether a name of an element stands behind the sign, and no bytes that text does not have."""
    tag = lower[at + 1 : at + 24]
    name = tag[: len(tag) - len(tag.lstrip(LOWER + b"0123456789:-"))]
    return bool(name) and name[:1].isalpha() and tag[len(name) : len(name) + 1] in _AFTER_NAME


def _is_asp(text: bytes) -> bool:
    """Whether code of a server's page stands between the marks. Encoded streams hold them by chance."""
    if b" " not in text or not is_text(text):
        return False
    words = text.lstrip(b"@=!# \t\r\n")
    name = words[: len(words) - len(words.lstrip(LETTERS + b"0123456789_"))]
    return name[:1].isalpha() and words[len(name) : len(name) + 1] in b"(=.:;{ \t"

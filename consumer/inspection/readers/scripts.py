"""Markup and programs as text, where nobody expects any: told by how they are written, not by what they call."""

from __future__ import annotations

import re
from collections.abc import Iterator

from consumer.inspection.readers.seen import PLACE, Work

MARK = 96  # what a look at one of many signs costs, as bytes that are read
MOST_TEXT = 4096  # bytes of a server's page between its marks

_PAGE = re.compile(
    rb"(?:<\?xml[^>]{0,200}>\s*)?(?:<\?php|<(?:script|html|head|body|svg|iframe)[\s>/]|<!doctype\s+(?:html|svg)|<hta:)",
    re.I,
)
_HANDLERS = (
    rb"abort|after|animation|auxclick|before|begin|blur|bounce|cancel|canplay|change|click|close|command|content|context"
    rb"|copy|cue|cut|dblclick|device|drag|drop|duration|emptied|end|error|finish|focus|form|fullscreen|gamepad|got|hash"
    rb"|input|invalid|key|language|load|lost|message|mouse|offline|online|orientation|page|paste|pause|play|pointer|pop"
    rb"|progress|rate|ready|reject|repeat|reset|resize|scroll|search|security|seek|select|show|slot|stalled|start"
    rb"|storage|submit|suspend|time|toggle|touch|transition|unhandled|unload|volume|waiting|webkit|wheel|zoom"
)
"""How the events of HTML, SVG, touch and pointers begin (the standards of WHATWG and W3C, and what browsers add)."""
_LIVE = re.compile(
    rb"<(?:\?php|\?=|%|(?:script|html|svg|iframe)[\s>/]|!doctype\s+(?:html|svg)|hta:"
    rb"|[a-z][^<>]{0,500}?[\s/\"']on(?:" + _HANDLERS + rb")[a-z]{0,30}\s{0,9}="
    rb"|[a-z][a-z0-9:-]{0,20}(?=[\s/])[^<>\0-\x08\x0e-\x1f\x7f]{0,500}?[\s/\"']on[a-z]{3,30}\s{0,9}="
    rb"[^\0-\x08\x0e-\x1f\x7f]{8})",
    re.I,
)
"""What a browser or a web server runs wherever it stands; the first two marks only with code behind them.
An event of a name that is not listed counts in a tag that is text: pixels hold the rest by chance."""
_PHP_VALUE = re.compile(rb"[\s@!(-]*(?:\$\w|`|[\"']|[a-z_\\][\w\\]*\s*(?:\(|::|\[))", re.I)
_PHP_END = re.compile(rb"\?>|\$_[A-Z]")
_ASP_CODE = re.compile(rb"[@=!#]?\s*[a-z_]\w*[^\S\n]*(?:[(=.:;{]|[^\S\n]\w|\s*$)", re.I)
_TEXT = bytes([*b"\0\t\r\n\x0c", *range(32, 127)])
_TEXT_RUN = re.compile(rb"[\t\r\n\x20-\x7e]*")

_TAG = re.compile(
    rb"<(?:body|head|title|meta|object|embed|applet|link|style|form|img|base|frameset)[\s>/]"
    rb"|<a\s[^<>]{0,200}javascript:",
    re.I,
)
_RUN = re.compile(rb"[\t\n\r\x0c\x20-\x7e]{16,}")  # chance writes hardly any this long
_COMMANDS = re.compile(
    rb"(?:^|[\r\n])[ \t]*(?:@echo[ \t]+off|@?set[ \t]+\w+=|[\w\\/:.-]+\.(?:exe|bat|cmd|vbs|ps1|hta)\b"
    rb"|import[ \t]+\w+\s*[\r\n;]|<job\b|<package\b|Windows Registry Editor|REGEDIT4"
    rb"|\[(?:InternetShortcut|Desktop Entry|Shell|autorun)\])",
    re.I,
)
_CALL = re.compile(rb"\((?<=[\w$]\()(?:\)|[\"'`$]|\d+\)|[\w$.]*[(\[])")
_INTERPRETER = re.compile(rb"#![ \t]?/[\w/]+")
_TEMPLATE = re.compile(rb"`(?<=[\w$]`)[^`\r\n]{0,200}`")
_DECLARED = re.compile(rb"\b(?:var|let|const)\s+[\w$]+\s*=")
PROGRAMS = (_CALL, _INTERPRETER, _TEMPLATE, _DECLARED, _COMMANDS)
_WEB_ARCHIVE = re.compile(rb"Content-Type:\s{0,9}(?:multipart/|text/html|message/rfc822)", re.I)


def begins_page(data: bytes) -> bool:
    """Whether a browser or a web server would take `data` for a page."""
    return _PAGE.match(data.lstrip()[:300]) is not None


def markup_in(data: bytes, work: Work) -> int | None:
    """Where a browser or a web server would begin to run something."""
    return next(markup(data, work), None)


def markup(data: bytes, work: Work) -> Iterator[int]:
    """Each place where a browser or a web server would begin to run something."""
    work.spend(4 * len(data) + MARK * data.count(b"<"))
    for match in _LIVE.finditer(data):
        mark = match[0]
        work.spend(4 * PLACE)
        if mark not in (b"<?=", b"<%") or _is_served(data, match.end(), mark):
            yield match.start()


def script_in(data: bytes, work: Work) -> bool:
    """Whether there is text in `data` that is written like a program or a page: for bytes that belong to no file."""
    work.spend(8 * len(data) + MARK * data.count(b"<"))
    if _WEB_ARCHIVE.search(data) or _TAG.search(data):
        return True
    return any(program_in(run, work) for run in ([data] if is_text(data) else _RUN.findall(data)))


def is_text(data: bytes) -> bool:
    return not data.translate(None, _TEXT)


def program_in(text: bytes, work: Work) -> bool:
    """Whether a line of `text` is a program's."""
    work.spend(PLACE + 24 * len(text))
    return any(pattern.search(text) for pattern in PROGRAMS)


def _is_served(data: bytes, at: int, mark: bytes) -> bool:
    """Whether code of a server's page follows the mark. Palettes and encoded streams hold the mark by chance."""
    if mark == b"<?=":
        text = data[at : _TEXT_RUN.match(data, at, at + MOST_TEXT).end()]  # type: ignore[union-attr] # it matches nothing as well
        return _PHP_VALUE.match(text) is not None and _PHP_END.search(text) is not None
    stop = data.find(b"%>", at, at + MOST_TEXT)
    text = data[at : max(at, stop)]
    return b" " in text and is_text(text) and _ASP_CODE.match(text) is not None

"""Style rules of a drawing: what they may name is a part of the drawing, a picture or a font in letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from consumer.inspection.readers.media.svg_names import SVG, XLINK
from consumer.inspection.readers.seen import Unreadable
from consumer.model import Reason

PICTURE = ("data:image/png", "data:image/jpeg", "data:image/jpg", "data:image/gif", "data:image/webp", "data:image/bmp")
FONT = ("data:font/", "data:application/font", "data:application/x-font", "data:application/vnd.ms-fontobject")
INSIDE = ("#", *PICTURE, *FONT)
NAMES = frozenset({SVG, XLINK})  # of name spaces, which style rules may declare
RUN = ("javascript:", "vbscript:", "expression(", "-moz-binding", "behavior:", "<script")
LOAD = ("@import", "image-set(", "image(", "src(", "//")
MOST_ESCAPES = 10_000
AN_ESCAPED_LETTER = 384  # of work
MOST_WAITING = 256  # styles that are looked at together
HEX = "0123456789abcdef"


class Styles:
    """Those of one drawing, each looked at once, and many together, since nearly none has a fault. They are told in the
    order in which they stand.
    """

    def __init__(self, found: Callable[[Reason, str, int | None], None], spend: Callable[[int], None]) -> None:
        self._found, self._spend = found, spend
        self._known: set[str] = set()
        self._waiting: list[tuple[str, int | None]] = []

    def judge(self, rules: str, at: int | None) -> None:
        self.look()
        self._judge(rules, at)

    def wait(self, rules: str, at: int | None) -> None:
        """One with escapes may end all."""
        if "\\" in rules:
            self.judge(rules, at)
            return
        self._waiting.append((rules, at))
        if len(self._waiting) >= MOST_WAITING:
            self.look()

    def look(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        together = "\n".join(rules for rules, _ in waiting)
        if _are_harmless(together.lower()):
            self._spend(4 * len(together))
            return
        for rules, at in waiting:
            self._judge(rules, at)

    def _judge(self, rules: str, at: int | None) -> None:
        if rules in self._known:
            return
        self._known.add(rules)
        self._spend(4 * len(rules) + AN_ESCAPED_LETTER * rules.count("\\"))
        for reason, detail in faults(rules):
            self._found(reason, detail, at)


def faults(rules: str) -> Iterator[tuple[Reason, str]]:
    """What in them runs or loads something, with a sentence for each. Addresses of one kind are told once."""
    if _are_harmless(rules.lower()):
        return
    plain = _plain(rules)
    told = list[Reason]()
    first, *called = plain.split("url(")
    kept = [first]
    for part in called:
        address, closed, behind = part.partition(")")
        if closed:
            kept.append(behind)
        address = address.strip(" \t\r\n\"'")
        if not address.startswith(INSIDE) and address not in NAMES:
            reason = Reason.SCRIPT if address.startswith(RUN) else Reason.EXTERNAL_REFERENCE
            if reason not in told:
                told.append(reason)
                yield reason, "a style of the drawing loads something from elsewhere"
    rest = "".join(kept)
    if any(word in rest for word in RUN):
        yield Reason.SCRIPT, "a style of the drawing runs something"
    if any(word in rest for word in LOAD):
        yield Reason.EXTERNAL_REFERENCE, "a style of the drawing loads something from elsewhere"


def _are_harmless(lower: str) -> bool:
    """Whether no letter of a remark, an escape, an address or a call stands there, as nearly always."""
    signs = "(" in lower or "/" in lower or "\\" in lower or "@" in lower
    return not (signs or "script:" in lower or "behavior:" in lower or "<script" in lower or "-moz-binding" in lower)


def _plain(rules: str) -> str:
    """In small letters, without remarks, with what is escaped as the letters that it stands for."""
    if rules.count("\\") > MOST_ESCAPES:
        raise Unreadable("the drawing's styles are made of escapes")
    if "\\" in rules:
        first, *escaped = rules.split("\\")
        rules = first + "".join(map(_letter, escaped))
    pieces = []
    for number, part in enumerate(rules.split("/*")):
        pieces.append(part.partition("*/")[2] if number else part)
    return "".join(pieces).lower()


def _letter(behind: str) -> str:
    """What stands behind a backslash: up to six hexadecimal digits and a space, or the letter itself."""
    width = 0
    while width < 6 and behind[width : width + 1].lower() in HEX and width < len(behind):
        width += 1
    if not width:
        return behind
    number = int(behind[:width], 16)
    rest = behind[width + 1 :] if behind[width : width + 1].isspace() else behind[width:]
    return (chr(number) if number < 0x110000 else "") + rest

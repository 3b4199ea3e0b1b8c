"""What a PDF opens by itself, as it or a page of it is opened: a file on a share, whose machine learns who asks."""

from __future__ import annotations

from collections.abc import Iterator

from consumer.inspection.readers.external import Place, place_of
from consumer.inspection.readers.pdf import syntax
from consumer.inspection.readers.pdf.syntax import Dictionary, Reference, Value
from consumer.inspection.readers.seen import PLACE, Work

OPENING, FURTHER = b"/OpenAction", b"/AA"  # an action, or a place to show; actions by what happens
TO_FILES = (b"GoToE", b"GoToR", b"ImportData", b"Thread")  # actions that lead to another file
WORDS = tuple(b"/" + action for action in TO_FILES)
A_TARGET = 4096  # of work
_NAMES = (b"F", b"UF", b"DOS", b"Unix", b"Mac")  # of a file, by who should open it


def from_share(content: bytes, file: bytes, work: Work) -> int | None:
    """Where it is told that something is opened from a share unasked, in the file itself or in one of its streams of
    objects; None if it is not. On a click people open files of their own company: that is for them to say.
    """
    words = work.words(content)
    if words.first(*WORDS) is None:
        return None
    followed = set[int]()
    for trigger in (OPENING, FURTHER):
        for at in words.names(trigger):
            work.spend(PLACE)
            told, _ = syntax.read(content, at + len(trigger), work)
            if any(_loads_from_share(action, work) for action in _actions(trigger, told, file, followed, work)):
                return at
    return None


def _actions(trigger: bytes, told: Value, file: bytes, followed: set[int], work: Work) -> Iterator[Dictionary]:
    """What the trigger starts, and what follows that; each object once."""
    told = _resolved(told, file, followed, work)
    waiting: list[Value] = list(told.values()) if trigger == FURTHER and isinstance(told, dict) else [told]
    while waiting:
        action = _resolved(waiting.pop(), file, followed, work)
        if isinstance(action, dict):
            yield action
            after = _resolved(action.get(b"Next"), file, followed, work)
            waiting += after if isinstance(after, list) else [after]


def _resolved(value: Value, file: bytes, followed: set[int], work: Work) -> Value:
    if not isinstance(value, Reference):
        return value
    if value.number in followed:
        return None
    followed.add(value.number)
    return syntax.resolve(file, value, work)


def _loads_from_share(action: Dictionary, work: Work) -> bool:
    if action.get(b"S") not in TO_FILES:
        return False
    target = action.get(b"F")
    named = [target.get(name) for name in _NAMES] if isinstance(target, dict) else [target]
    work.spend(A_TARGET * len(named))
    return any(place_of(syntax.text(name)) is Place.SHARE for name in named)

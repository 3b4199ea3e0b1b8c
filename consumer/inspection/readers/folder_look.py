"""How Windows' Explorer is to show a folder: `desktop.ini` beside its files (learn.microsoft.com, desktop.ini).

Explorer reads it when somebody looks at the folder. An icon or a name on another machine makes it log in there.
"""

from __future__ import annotations

from consumer.inspection.readers.external import Place, place_of
from consumer.inspection.readers.names import visible_name
from consumer.inspection.readers.seen import Seen, TooMuch
from consumer.inspection.readers.texts import opening
from consumer.model import Reason

NAME, AS_A_TEXT = "desktop.ini", "desktop.txt"  # what else it is, it is like any text
LONGEST = 64 * 1024  # bytes: real ones have hundreds
A_SETTING = 512  # of work
CLASSES = ("clsid", "clsid2", "uiclsid")  # by which a folder is opened as something else


def is_named(name: str) -> bool:
    return visible_name(name).lower() == NAME


def examine(content: bytes, seen: Seen) -> None:
    if len(content) > LONGEST:
        raise TooMuch("what describes a folder is longer than any is")
    for line in opening.as_utf8(content, seen.work).decode("utf-8", "replace").splitlines():
        seen.work.spend(A_SETTING)
        key, _, value = line.partition("=")
        if place_of(value.strip(" \t\"'@")) is Place.SHARE:
            detail = "a folder of the archive is shown with what is on another machine"
            seen.find(Reason.EXTERNAL_REFERENCE, detail, opener="desktop")
        elif key.strip().lower() in CLASSES:
            detail = "a folder of the archive is opened as something else"
            seen.find(Reason.EMBEDDED_EXECUTABLE, detail, opener="desktop")

"""Where a document's external targets lead: to this machine, to another one's files, or to anything else."""

from __future__ import annotations

from enum import Enum, auto
from urllib.parse import unquote

from consumer.inspection.readers.names import LETTERS

_UNSEEN = dict.fromkeys(
    (
        *(*range(0x20), *range(0x7F, 0xA0), 0xAD, *range(0x200B, 0x2010), *range(0x2028, 0x202F)),
        *(*range(0x2060, 0x2070), 0xFEFF),
    )
)
_OF_SCHEMES = LETTERS | frozenset("0123456789+.-")
_OF_MACHINES = LETTERS | frozenset("0123456789-_")
FILE, THIS_MACHINE = "file:", "//localhost"
ON_A_MAC = ("////applications/microsoft word.app/", "////library/application support/microsoft/")
HOME, ITS_TEMPLATES = "////users/", "library"
ITS_PICTURES = frozenset({ITS_TEMPLATES, "desktop", "documents", "downloads", "movies", "music", "pictures"})
TEMPORARY = ("////var/folders/", "////private/var/folders/")


class Place(Enum):
    HERE = auto()
    SHARE = auto()  # a file on a machine that is named
    ELSEWHERE = auto()


def place_of(target: str) -> Place:
    """`HERE` is what is provably so, a relative path or one on a drive, however slashes and escapes are written."""
    path = _path(target)
    if not path.startswith(FILE):
        if path.startswith("//"):
            return Place.SHARE
        return Place.ELSEWHERE if _has_scheme(path) else Place.HERE
    path = path.removeprefix(FILE)
    path = path.removeprefix(THIS_MACHINE) if path.startswith(f"{THIS_MACHINE}/") else path
    if _is_on_drive(path.lstrip("/")):
        return Place.HERE
    if _is_on_mac(path):
        return Place.HERE
    slashes = len(path) - len(path.lstrip("/"))
    return Place.HERE if slashes in (0, 1, 3) else Place.SHARE


def is_near(target: str) -> bool:
    """Whether a share is on a machine in no domain and without a number: only the reader's own network knows it."""
    machine = _path(target).removeprefix(FILE).lstrip("/").partition("/")[0]
    return machine[:1] in LETTERS and _OF_MACHINES.issuperset(machine)


def _path(target: str) -> str:
    return unquote(_seen(unquote(target)).strip()).replace("\\", "/").lower()


def _seen(target: str) -> str:
    return target if target.isprintable() else target.translate(_UNSEEN)


def _has_scheme(path: str) -> bool:
    scheme, colon, _ = path.partition(":")
    return bool(colon) and len(scheme) > 1 and scheme[0] in LETTERS and _OF_SCHEMES.issuperset(scheme)


def _is_on_drive(path: str) -> bool:
    return path[:1] in LETTERS and path[1:2] in (":", "|") and (path[2:3] == "/" or path[2:] in ("", "\n"))


def was_on_mac(target: str) -> bool:
    """Whether a picture was in somebody's own folders on a Mac, or among what is temporary there, once."""
    path = _path(target)
    return path.startswith(FILE) and _is_on_mac(path.removeprefix(FILE), ITS_PICTURES, TEMPORARY)


def _is_on_mac(
    path: str, folders: frozenset[str] = frozenset({ITS_TEMPLATES}), others: tuple[str, ...] = ON_A_MAC
) -> bool:
    """Where Office for Mac keeps its templates, say. It writes a slash too many, and Windows would take what follows
    for a machine's name, which is in no domain.
    """
    names = path.removeprefix(HOME).split("/") if path.startswith(HOME) else []
    return path.startswith(others) or (len(names) > 2 and names[1] in folders)

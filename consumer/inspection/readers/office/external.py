"""Where a document's external targets lead: to this machine, to another one's files, or to anything else."""

from __future__ import annotations

import re
from enum import Enum, auto
from urllib.parse import unquote

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:")
_DRIVE = re.compile(r"[a-z][:|](?:/|$)")
_FILE = re.compile(r"file:(?://localhost(?=/))?")


class Place(Enum):
    HERE = auto()
    SHARE = auto()  # a file on a machine that is named
    ELSEWHERE = auto()


def place_of(target: str) -> Place:
    """`HERE` is what is provably so, a relative path or one on a drive, however slashes and escapes are written."""
    path = unquote(_UNSEEN.sub("", unquote(target)).strip()).replace("\\", "/").lower()
    local_name = _FILE.match(path)
    if local_name is None:
        if path.startswith("//"):
            return Place.SHARE
        return Place.ELSEWHERE if _SCHEME.match(path) else Place.HERE
    path = path[local_name.end() :]
    if _DRIVE.match(path.lstrip("/")):
        return Place.HERE
    slashes = len(path) - len(path.lstrip("/"))
    return Place.HERE if slashes in (0, 1, 3) else Place.SHARE

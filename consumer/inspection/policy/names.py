"""Which MIME types there are: those of our own tables, and those that this installation's libmagic can say."""

from __future__ import annotations

import ctypes
import re
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from consumer.inspection.mime import MIME
from consumer.inspection.readers.table import ALIASES, BY_NAME, READABLE

OURS = frozenset(BY_NAME) | frozenset(ALIASES)

_SAID_BY_CODE = frozenset(
    {
        "application/encrypted",
        "application/json",
        "application/msword",
        "application/octet-stream",
        "application/simh-tape-data",
        "application/vnd.ms-excel",
        "application/vnd.ms-msi",
        "application/vnd.ms-outlook",
        "application/vnd.ms-powerpoint",
        "application/x-empty",
        "application/x-hwp",
        "application/x-ndjson",
        "application/x-ole-storage",
        "application/x-rpt",
        "application/x-tar",
        "text/csv",
        "text/plain",
    }
)
"""Not in libmagic's database: its C code says them (encoding.c, is_csv.c, is_json.c, is_tar.c, readcdf.c …)."""

_MAGIC_NUMBER, _COUNTS, _NAME_BYTES = 0xF11E041C, 2, 80
_WELL_KNOWN = b"application/pdf\0"
_EITHER = re.compile(r"\$\{x\?([^:}]*):([^}]*)\}")  # one of two, as the file's mode is


def has_reader(kind: str) -> bool:
    """Whether a reader of ours looks into files of this type."""
    return kind in READABLE or kind == "text/plain"  # whose reader looks at what begins like no other format


def reader_of(kind: str) -> str | None:
    """The module below `readers` that looks into files of this type; None if there is none."""
    row = BY_NAME.get(kind)
    if row is None or row.reader is None:
        return "text" if kind == "text/plain" else None
    return row.reader.__module__.removeprefix("consumer.inspection.readers.")


def is_known(kind: str) -> bool:
    """Whether a file may ever be found to be of this type, or its name to claim it.

    True of any where there is no libmagic: nothing is examined there, and no policy is to blame for that.
    """
    return kind in OURS or kind in libmagic_types() or not libmagic_types()


def known_types() -> frozenset[str]:
    return OURS | libmagic_types()


@cache
def libmagic_types() -> frozenset[str]:
    """Every name that libmagic can say, in lower case; empty where it or its database is not to be found."""
    databases = [path for path in _databases() if path.is_file()]
    if not databases:
        return frozenset()
    return _SAID_BY_CODE.union(*(_names_in(path.read_bytes()) for path in databases))


def _databases() -> Iterator[Path]:
    """Where libmagic itself looks: compiled databases, and the sources that an administrator adds to."""
    try:
        import magic
    except ImportError:
        return
    ask = magic.libmagic.magic_getpath
    ask.restype, ask.argtypes = ctypes.c_char_p, (ctypes.c_char_p, ctypes.c_int)
    for place in (ask(None, 0) or b"").decode().split(":"):
        yield from (Path(place), Path(f"{place}.mgc"))


def _names_in(database: bytes) -> Iterator[str]:
    for found in _compiled(database) if _is_compiled(database) else _in_source(database):
        for choice in (r"\1", r"\2"):
            name = _EITHER.sub(choice, found.decode("latin-1")).lower()
            if MIME.fullmatch(name):
                yield name


def _is_compiled(database: bytes) -> bool:
    return database[:4] in (struct.pack("<L", _MAGIC_NUMBER), struct.pack(">L", _MAGIC_NUMBER))


def _compiled(database: bytes) -> Iterator[bytes]:
    """The MIME type of each record of a `.mgc` file.

    Its header counts the records of each of two sets and has the size of one. The place of the name inside a record
    differs from version to version, so that a name that every database has shows it. (file, `src/apprentice.c`)
    """
    order = "<" if database[:4] == struct.pack("<L", _MAGIC_NUMBER) else ">"
    records = 1 + sum(struct.unpack_from(f"{order}2L", database, 4 * _COUNTS))
    size, rest = divmod(len(database), records)
    at = database.find(_WELL_KNOWN)
    if rest or at < 0:
        return
    for place in range(size + at % size, len(database), size):
        yield database[place : place + _NAME_BYTES].partition(b"\0")[0]


def _in_source(database: bytes) -> Iterator[bytes]:
    return (match[1] for match in re.finditer(rb"^!:mime\s+(\S+)", database, re.MULTILINE))

"""What a file's name claims: its last extension, read as a desktop would read it, and the MIME type behind it."""

from __future__ import annotations

from functools import lru_cache

from consumer.inspection.mime import UNKNOWN_TYPE
from consumer.inspection.readers.names import extension_of
from consumer.inspection.readers.table import BY_EXTENSION, BY_NAME, ZIP, canonical

_GENERIC = """
binary/octet-stream application/octetstream application/x-octet-stream application/binary application/x-binary
application/unknown application/x-unknown unknown/unknown application/download application/x-download
application/force-download application/x-force-download multipart/form-data
"""
GENERIC_TYPES = frozenset({UNKNOWN_TYPE, *_GENERIC.split()})  # what browsers and servers say when they don't know
ARCHIVE = "application/zip"
# What Windows says of a file that one of its programs opens, though it is of another type.
OF_PROGRAMS = {
    "application/vnd.ms-excel": frozenset({"text/csv", "text/tab-separated-values"}),
    "application/msword": frozenset({"application/rtf"}),
}
ANY = "/*"  # what phones were asked for, and not what they found: `image/*`


def extension_type(name: str | None) -> str | None:
    """The MIME type that the last extension of `name` stands for; None for no extension or an unknown one."""
    return BY_EXTENSION.get(extension_of(name))


def is_generic(declared_type: str | None) -> bool:
    """Whether the declared type says nothing, so that only name and bytes can tell."""
    return declared_type is None or declared_type in GENERIC_TYPES or declared_type.endswith(ANY)


@lru_cache(256)  # a few types, again and again
def declared_as(declared_type: str | None) -> str | None:
    """The declared type by the name that detection uses for it; None if it says nothing."""
    return None if declared_type is None or is_generic(declared_type) else canonical(declared_type)


def declares(name: str | None, declared_type: str | None) -> str | None:
    """As `declared_as`, with the name beside: "archive" says nothing of a document that is built as one, nor does the
    type of the program that opens it.
    """
    declared, named = declared_as(declared_type), extension_type(name)
    built_as_one = named not in (None, ARCHIVE) and BY_NAME[named].signatures == ZIP
    says_nothing = built_as_one if declared == ARCHIVE else named in OF_PROGRAMS.get(declared or "", ())
    return None if says_nothing else declared


def claimed_type(name: str | None, declared_type: str | None) -> str | None:
    """The type of our table that the file is said to be: by the extension if that stands for one, else as declared."""
    declared = declared_as(declared_type)
    return extension_type(name) or (declared if declared in BY_NAME else None)

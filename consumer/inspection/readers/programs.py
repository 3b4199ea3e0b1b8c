"""What would run if somebody opened it: by the name it was given, or by its first bytes under any name."""

from __future__ import annotations

from consumer.inspection.readers.formats import executable
from consumer.inspection.readers.program_names import names_program

STARTS = (
    b"L\0\0\0\x01\x14\x02\0",  # a shortcut
    b"ITSF",  # compiled help
    b"\xca\xfe\xba\xbe\0",  # a Java class, or a program for several kinds of Mac
    b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d",  # OneNote, which holds programs behind pictures
)


def is_program(head: bytes | bytearray, *names: str) -> bool:
    return executable(head) or head.startswith(STARTS) or any(map(names_program, names))

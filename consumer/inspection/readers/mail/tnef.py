"""`winmail.dat`: what Outlook and Exchange attach to a mail instead of its files, which stand inside (MS-OXTNEF)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from consumer.inspection.readers import attached
from consumer.inspection.readers.mail import mapi
from consumer.inspection.readers.programs import is_program
from consumer.inspection.readers.seen import Limits, Seen, TooMuch, Work
from consumer.model import Reason

SIGNATURE = b"\x78\x9f\x3e\x22"
BEGIN, TITLE, DATA, PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
NAMES, CONTENT = (0x3704, 0x3707), 0x3701  # properties; of the names the long one last
OBJECT, ITS_KIND = 0x0D, 16  # bytes that say what an object is, before it: a message is one in this same form
OF_A_FILE = 2
AN_ATTRIBUTE = 1024  # of work

_HEAD = struct.Struct("<BLL")


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "application/ms-tnef"
    file = _File()
    for kind, value in _attributes(data, seen.work):
        if kind == BEGIN:
            _judge(file, seen)
            file = _File()
        elif kind == TITLE:
            file.names.append(value.rstrip(b"\0").decode("latin-1"))
        elif kind == DATA:
            file.contents.append(value)
        elif kind == PROPERTIES:
            _described(value, file, seen.work)
    _judge(file, seen)


@dataclass(slots=True)
class _File:
    names: list[str] = field(default_factory=list)  # the one that Outlook shows last
    contents: list[bytes] = field(default_factory=list)  # most have one
    message: bytes = b""  # whose subject is its name


def _described(data: bytes, file: _File, work: Work) -> None:
    found = {one.number: one for one in mapi.properties(data, work) if one.number in (*NAMES, CONTENT)}
    file.names += [found[number].text for number in NAMES if number in found]
    if (content := found.get(CONTENT)) is not None and content.kind == OBJECT:
        file.message = content.value[ITS_KIND:]
    elif content is not None:
        file.contents.append(content.value)


def _attributes(data: bytes, work: Work) -> Iterator[tuple[int, bytes]]:
    at = len(SIGNATURE) + 2
    while at + _HEAD.size <= len(data):
        work.spend(AN_ATTRIBUTE)
        level, kind, length = _HEAD.unpack_from(data, at)
        end = at + _HEAD.size + length
        if end + 2 > len(data):
            raise TooMuch("what Outlook attached is cut off: nobody can tell what is in it")
        if level == OF_A_FILE:
            yield kind, data[at + _HEAD.size : end]
        at = end + 2


def _judge(file: _File, seen: Seen) -> None:
    names = [name for name in file.names if name]
    if file.contents and is_program(b"", *names):
        seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is attached", opener="desktop")
        return
    for content in file.contents:
        attached.judge(names[-1] if names else "", "", content, seen)
    if file.message:
        attached.judge("", "", file.message, seen)

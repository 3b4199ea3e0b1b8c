"""PowerPoint before 2007: the records of the stream `PowerPoint Document` (MS-PPT), and what is stored in them.

Objects and macros are compound files of their own, each in a record at the top, most of them compressed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from consumer.inspection.readers import flate, runs
from consumer.inspection.readers.seen import PLACE, Seen, Unreadable, Work
from consumer.model import Reason

USER_ENCRYPTED = (0xF3D1C4DF).to_bytes(4, "little")
STORAGE, ENCRYPTION = 0x1011, 0x2F14
EDIT_AT, EDIT = 16, 0x0FF5  # where `Current User` says where the last edit stands, and its kind
LISTED_AT, LISTED = 20, 0x1772  # where that says where the list of all parts stands, and its kind
ACTION = b"\0\0\xf3\x0f\x10\0\0\0"  # the head of a record that says what a click does
CONTROL = b"\x0f\0\xee\x0f"
RUNS_A_PROGRAM = b"\2"
ACTION_AT = 16
COMPRESSED = 1
MOST_STORED = 64 * 1024 * 1024  # bytes of an object
A_RECORD = 512  # of work

_HEAD = struct.Struct("<2HL")

Embedded = Callable[[bytes], None]
"""Looks into an object."""


@dataclass(frozen=True, slots=True)
class SlidesRecord:
    kind: int
    instance: int
    body: bytes


def examine(stream: bytes, whole: bool, user: bytes, embedded: Embedded, seen: Seen) -> None:
    """`whole`: whether all of the stream is there; `user`: the stream `Current User`."""
    if user[12:16] == USER_ENCRYPTED:
        seen.find(Reason.ENCRYPTED, "the presentation is protected by a password")
        return
    if not whole:
        seen.find(Reason.MALFORMED, "the end of the presentation is missing")
    try:
        for record in _records(stream, seen.work):
            if record.kind == ENCRYPTION:
                seen.find(Reason.ENCRYPTED, "the presentation is protected by a password")
            elif record.kind == STORAGE:
                embedded(_stored(record, seen.work))
    except Unreadable as problem:
        seen.find(Reason.MALFORMED, str(problem))
    if not _is_listed(stream, user):
        seen.find(Reason.MALFORMED, "the list of the presentation's parts is not where it says")
    _actions(stream, seen)
    if runs.has(stream, CONTROL):
        seen.find(Reason.ACTIVE_CONTENT, "it contains ActiveX controls")


def _is_listed(stream: bytes, user: bytes) -> bool:
    """Whether programs find the parts (MS-PPT 2.1.2). Where nothing says where they are, some search for them."""
    edit = int.from_bytes(user[EDIT_AT : EDIT_AT + 4], "little")
    if len(user) < EDIT_AT + 4 or edit >= len(stream):
        return True
    listed = int.from_bytes(stream[edit + LISTED_AT : edit + LISTED_AT + 4], "little")
    return _kind(stream, edit) == EDIT and _kind(stream, listed) == LISTED


def _kind(stream: bytes, at: int) -> int:
    return int.from_bytes(stream[at + 2 : at + 4], "little")


def _records(stream: bytes, work: Work) -> Iterator[SlidesRecord]:
    at = count = 0
    while at + _HEAD.size <= len(stream):
        work.spend(A_RECORD)
        version, kind, length = _HEAD.unpack_from(stream, at)
        if not version and not kind and not length:
            break
        end = at + _HEAD.size + length
        if end > len(stream):
            raise Unreadable("a part of the presentation ends behind its end")
        count += 1
        yield SlidesRecord(kind, version >> 4, stream[at + _HEAD.size : end] if kind == STORAGE else b"")
        at = end
    if not count:
        raise Unreadable("the presentation has no parts")


def _stored(record: SlidesRecord, work: Work) -> bytes:
    if record.instance != COMPRESSED:
        return record.body
    return flate.head(flate.inflate(flate.cut(memoryview(record.body)[4:]), work), MOST_STORED)


def _actions(stream: bytes, seen: Seen) -> None:
    for at in runs.places(stream, ACTION):
        seen.work.spend(PLACE // 8)
        if stream[at + ACTION_AT : at + ACTION_AT + 1] == RUNS_A_PROGRAM:
            seen.find(Reason.LAUNCH_ACTION, "a click starts a program", opener="office")

"""`winmail.dat`: what Outlook and Exchange attach to a mail instead of its files, which stand inside (MS-OXTNEF)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from consumer.inspection.readers import attached
from consumer.inspection.readers.seen import Limits, Seen, TooMuch, Work

SIGNATURE = b"\x78\x9f\x3e\x22"
BEGIN, TITLE, DATA = 0x00069002, 0x00018010, 0x0006800F
OF_A_FILE = 2
AN_ATTRIBUTE = 1024  # of work

_HEAD = struct.Struct("<BLL")


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "application/ms-tnef"
    name, content = "", b""
    for kind, value in _attributes(data, seen.work):
        if kind == BEGIN:
            _judge(name, content, seen, limits)
            name, content = "", b""
        elif kind == TITLE:
            name = value.rstrip(b"\0").decode("latin-1")
        elif kind == DATA:
            content = value
    _judge(name, content, seen, limits)


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


def _judge(name: str, content: bytes, seen: Seen, limits: Limits) -> None:
    if content or name:
        attached.judge(name, "", content, seen, limits)

"""Excel's workbooks before 2007: the records of the stream `Workbook` (MS-XLS), as far as they do something.

A workbook begins with what holds for all of it: its sheets and their kinds, its names, its links. What does something
stands there, and the cells behind it, which are many, are not read. Excel 5 keeps links with each sheet: read whole.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from consumer.inspection.readers.external import Place, place_of
from consumer.inspection.readers.office import default_password
from consumer.inspection.readers.seen import Seen, Work
from consumer.model import Reason

BOF, EOF, FILE_PASS, NAME, SHEET = 0x809, 0x0A, 0x2F, 0x18, 0x85
EXTERN_NAME, EXTERN_SHEET, BOOK = 0x23, 0x17, 0x1AE
BIFF8 = 0x600
READ = frozenset({BOF, EOF, FILE_PASS, NAME, SHEET, EXTERN_NAME, EXTERN_SHEET, BOOK})
IN_CLEAR = frozenset({BOF, FILE_PASS, 0xE1, 0x138, 0x194, 0x195, 0x196})  # with a password as well: MS-XLS 2.2.10
PLACE_SIZE = 4
GLOBALS, MACRO_SHEET = 0x05, 0x40  # kinds of a part, as its first record says
MACRO, MODULE = 1, 6  # kinds of a sheet, as the workbook lists them
BUILT_IN, OLE_LINK = 0x20, 0x10
AUTOMATIC = frozenset({0x01, 0x02, 0x0A, 0x0B})  # Auto_Open, Auto_Close, Auto_Activate, Auto_Deactivate
STARTS_ITSELF = ("auto_open", "auto_close", "auto_activate", "auto_deactivate")  # and whatever follows
NAME_AT = 14
TOPIC = "\x03"  # parts a program from what it is asked for
PATHS = "\0\x01\x02\x03"  # how the names of files and sheets begin; in those the same letter parts folders
A_RECORD = 2048  # of work
MOST_SHEETS = 5_000

_HEAD = struct.Struct("<2H")


@dataclass(frozen=True, slots=True)
class BiffRecord:
    kind: int
    body: bytes
    end: int  # in the stream


def examine(stream: bytes, whole: bool, seen: Seen) -> None:
    """`whole`: whether all of it is there."""
    version = int.from_bytes(stream[4:6], "little")
    kinds = _HEAD.unpack_from(stream.ljust(4, b"\0"))
    if kinds[0] != BOF or int.from_bytes(stream[6:8], "little") != GLOBALS:
        seen.find(Reason.MALFORMED, "its content does not begin as a workbook")
        return
    if not whole:
        seen.find(Reason.MALFORMED, "the end of the workbook is missing")
    records = list(_records(stream, version < BIFF8, seen.work))
    if lock := next((record for record in records if record.kind == FILE_PASS), None):
        opened = default_password.decrypted(stream[: records[-1].end], lock.body, seen.work)
        if opened is None:
            seen.find(Reason.ENCRYPTED, "the workbook is protected by a password")
            return
        records = [_unlocked(record, opened) for record in records]
    if not any(record.kind == EOF for record in records):
        seen.find(Reason.MALFORMED, "the workbook's list of sheets has no end")
    _sheets(stream, [record.body for record in records if record.kind == SHEET], seen)
    if any(_runs_by_itself(record.body, version) for record in records if record.kind == NAME):
        seen.find(Reason.MACROS, "a name in it runs a macro when it is opened")
    _links(records, version, seen)


def _records(stream: bytes, all_of_them: bool, work: Work) -> Iterator[BiffRecord]:
    """Up to the end of the first part, or of the stream."""
    at = 0
    while at + 4 <= len(stream):
        work.spend(A_RECORD)
        kind, length = _HEAD.unpack_from(stream, at)
        begin, at = at + 4, at + 4 + length
        if kind in READ:
            yield BiffRecord(kind, stream[begin:at], at)
        if kind == EOF and not all_of_them:
            return
        if kind == 0 and length == 0:
            return


def _unlocked(record: BiffRecord, opened: bytes) -> BiffRecord:
    """The place of a sheet stays in clear, and so do some records."""
    if record.kind in IN_CLEAR:
        return record
    clear = PLACE_SIZE if record.kind == SHEET else 0
    begin = record.end - len(record.body)
    return BiffRecord(record.kind, record.body[:clear] + opened[begin + clear : record.end], record.end)


def _sheets(stream: bytes, sheets: list[bytes], seen: Seen) -> None:
    for sheet in sheets[:MOST_SHEETS]:
        at, kind = int.from_bytes(sheet[:4], "little"), sheet[5] if len(sheet) > 5 else 0
        first, length = _HEAD.unpack_from(stream[at : at + 4].ljust(4, b"\0"))
        if kind == MACRO or stream[at + 6 : at + 8] == MACRO_SHEET.to_bytes(2, "little"):
            seen.find(Reason.MACROS, "it contains macro sheets")
        if kind != MODULE and (first != BOF or length < 4):
            seen.find(Reason.MALFORMED, "a sheet is not where the workbook says")


def _runs_by_itself(body: bytes, version: int) -> bool:
    if len(body) <= NAME_AT + 1:
        return False
    flags, length = int.from_bytes(body[:2], "little"), body[3]
    name = _text(body[NAME_AT:], length, version)
    if flags & BUILT_IN:
        return bool(name) and ord(name[0]) in AUTOMATIC
    return name.lower().startswith(STARTS_ITSELF)


def _text(raw: bytes, length: int, version: int) -> str:
    if version < BIFF8:
        return raw[:length].decode("latin-1")
    wide = raw[:1] != b"" and raw[0] & 1
    return raw[1 : 1 + length * 2].decode("utf-16-le", "replace") if wide else raw[1 : 1 + length].decode("latin-1")


def _links(records: list[BiffRecord], version: int, seen: Seen) -> None:
    """What another program is asked for; of documents that are linked only those of the web are refused, as in Word."""
    for place, record in enumerate(records):
        source = _source(record, version)
        if TOPIC not in source or source[0] in PATHS:
            continue
        named = records[place + 1] if place + 1 < len(records) else None
        linked = named is not None and named.kind == EXTERN_NAME and bool(named.body[:1]) and named.body[0] & OLE_LINK
        if not linked:
            seen.find(Reason.EXTERNAL_REFERENCE, "it asks another program for data when it is opened (DDE)")
        elif place_of(source.partition(TOPIC)[2]) is Place.ELSEWHERE:
            seen.find(Reason.EXTERNAL_REFERENCE, "it loads an object from the network when it is opened")
        else:
            seen.flag("external_references")


def _source(record: BiffRecord, version: int) -> str:
    body = record.body
    if record.kind == BOOK and len(body) > 4:
        return _text(body[4:], int.from_bytes(body[2:4], "little"), version)
    if record.kind == EXTERN_SHEET and version < BIFF8:
        return body[1:].decode("latin-1")
    return ""

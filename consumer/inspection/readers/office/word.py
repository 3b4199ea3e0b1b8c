"""Word's documents before 2007: what the header of their text says (MS-DOC 2.5), their template, and their fields."""

from __future__ import annotations

from collections.abc import Mapping

from consumer.inspection.readers import runs
from consumer.inspection.readers.external import Place, is_near, place_of
from consumer.inspection.readers.office import field_loads
from consumer.inspection.readers.office.compound import CompoundFile, Node
from consumer.inspection.readers.office.field_loads import LOADS, LONGEST_INSTRUCTION
from consumer.inspection.readers.office.fields import AUTO, DDE
from consumer.inspection.readers.seen import Seen, Work
from consumer.model import Reason

STARTS = (
    b"\xec\xa5",
    b"\xdc\xa5",
    b"\x97\xa6",
    b"\x98\xa6",
    b"\x99\xa6",
)  # 97 and later; 6 and 95; their East Asian ones
ENCRYPTED, TEMPLATE, OTHER_TABLE = 0x0100, 0x0001, 0x0200  # bits of the header
OF_1997 = 0xC1  # the version from which on tables have a stream of their own
ASSOCIATED, ASSOCIATED_BEFORE = 0x19A, 0x158  # where the header says where the associated words are, and how long
LONGEST_LIST = 64 * 1024  # bytes of these
EXTENDED = b"\xff\xff"  # before a list of words of two bytes a letter

FIELD, RESULT, FIELD_END = "\x13\x14\x15"  # what begins one, its result, and what ends it
MOST_SPACES = 9  # before its first word
A_WORD, A_BEGINNING = 240, 768  # of work
_LOADING = tuple({name[:4].encode() for name in LOADS})
_ANY_DDE = (runs.any_case(b"dde"), runs.any_case(b"d\0d\0e"))


def examine(file: CompoundFile, root: Mapping[str, Node], seen: Seen) -> None:
    stream = root["worddocument"]
    content = file.read(stream, stream.size)
    if len(content) < 32:
        seen.flag("incomplete")
        return
    if content[:2] not in STARTS:
        seen.find(Reason.MALFORMED, "its text does not begin as a Word document")
        return
    bits = _number(content, 10)
    if bits & ENCRYPTED:
        seen.find(Reason.ENCRYPTED, "the document is protected by a password")
        return
    if bits & TEMPLATE:
        seen.find(Reason.TEMPLATE, "it is a Word template")
    if _asks(content, seen.work):
        seen.find(Reason.EXTERNAL_REFERENCE, "it asks another program for data when it is opened (DDE)")
    _fields(content, seen)
    _loads(_template(content, file, root).strip(), seen)


def _loads(template: str, seen: Seen) -> None:
    """People keep their templates on their company's machines, which nobody outside can name."""
    place = place_of(template)
    if place is Place.SHARE and is_near(template):
        seen.flag("external_references")
    elif place is not Place.HERE:
        seen.find(Reason.EXTERNAL_REFERENCE, "its template is loaded from the network when it is opened")


def _template(content: bytes, file: CompoundFile, root: Mapping[str, Node]) -> str:
    """The path of the template that it was made from: the second of the words that go with a document."""
    if _number(content, 2) < OF_1997:
        words = _extent(content, content, ASSOCIATED_BEFORE)[2:]
        return _word(_word(words, 1)[1], 1)[0].decode("latin-1")
    table = root.get("1table" if _number(content, 10) & OTHER_TABLE else "0table")
    words = _extent(content, file.read(table, table.size), ASSOCIATED) if table is not None else b""
    if not words.startswith(EXTENDED):
        return ""
    behind = _number(words, 4)  # bytes of each word that are none of its letters
    return _word(_word(words[6:], 2)[1][behind:], 2)[0].decode("utf-16-le", "replace")


def _fields(content: bytes, seen: Seen) -> None:
    """Those that load something."""
    for at in runs.places(content, FIELD.encode()):
        seen.work.spend(A_BEGINNING)
        begin = at + 1
        if not content[begin : begin + 32].replace(b"\0", b"").lstrip(b' "').lower().startswith(_LOADING):
            continue
        wide = content[begin : begin + 1] == b"\0"
        begin += wide
        raw = content[begin : begin + LONGEST_INSTRUCTION * (1 + wide)]
        text = raw.decode("utf-16-le" if wide else "cp1252", "replace")
        instruction = text.partition(RESULT)[0].partition(FIELD_END)[0]
        field_loads.examine(instruction, seen)


def _extent(header: bytes, data: bytes, at: int) -> bytes:
    begin, size = _number(header, at, 4), _number(header, at + 4, 4)
    return data[begin : begin + min(size, LONGEST_LIST)]


def _word(data: bytes, width: int) -> tuple[bytes, bytes]:
    """The first word and what stands behind it. Its length is as wide as a letter of it."""
    end = width + width * _number(data, 0, width)
    return data[width:end], data[end:]


def _number(data: bytes, at: int, size: int = 2) -> int:
    return int.from_bytes(data[at : at + size], "little")


def _asks(content: bytes, work: Work) -> bool:
    """Whether a field asks another program for data. Its text is in one byte for each character, or in two."""
    if not any(runs.holds(content, search) for search in _ANY_DDE):
        return False
    lower = content.lower()
    for encoding in ("ascii", "utf-16-le"):
        field, word, auto, space = (sign.encode(encoding) for sign in (FIELD, DDE, AUTO, " "))
        ends = (space, '"'.encode(encoding))
        for at in runs.places(lower, word):
            work.spend(A_WORD)
            behind = lower[at + len(word) : at + len(word) + len(auto) + 2]
            before = lower[max(0, at - MOST_SPACES * len(space) - len(field)) : at]
            while before.endswith(space):
                before = before[: -len(space)]
            if before.endswith(field) and (behind.startswith(ends) or behind.removeprefix(auto).startswith(ends)):
                return True
    return False

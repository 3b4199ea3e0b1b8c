"""Tables with separators (CSV): a text, save what Excel takes for another format and what its formulas call.

Excel looks at the first two letters of a text before it looks at its name: behind `ID` it reads SYLK, whose cells may
be a macro sheet (MS KB 323626 tells of tables whose first column is called ID; SYLK's records are in the format's own
description of 1986, as Multiplan wrote it).
"""

from __future__ import annotations

from collections.abc import Iterator

from consumer.inspection.readers import runs
from consumer.inspection.readers.ends import End
from consumer.inspection.readers.seen import Limits, Seen, Work
from consumer.inspection.readers.texts import opening
from consumer.inspection.readers.texts.xml_text import FIRST_LINES
from consumer.model import Reason

END = End("nothing", "none", "every one")
SYLK = b"ID;P"
SYLK_RECORDS = (b"C;X", b"C;Y", b"C;K", b"C;E", b"B;X", b"B;Y", b"F;W", b"F;P", b"P;P", b"P;F", b"NN;N", b"O;L", b"O;E")
OF_OFFICE = b"<?mso-application"  # by which Windows tells a program of Office from its first lines
SEPARATORS = b",;\t|"
FORMULA = b"=+-@"
LONGEST_FORMULA = 8 * 1024  # characters that Excel takes of one
LONGEST_NAME = 64  # of a program
MOST_PLACES = 20_000
A_BAR = 256  # of work, for a look at what stands before one


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "text/csv"
    table = opening.as_utf8(data, seen.work)
    if _is_sylk(table, seen.work):
        seen.find(Reason.SECOND_FORMAT, "Excel reads it as SYLK, which may hold macros", opener="office")
    if table.lstrip().startswith(b"<?xml") and OF_OFFICE in table[:FIRST_LINES]:
        seen.find(Reason.SECOND_FORMAT, "Excel reads it as a workbook in XML", opener="office")
    if _calls(table, seen.work):
        seen.flag("formula_calls_program")
    opening.examine(table, seen)


def _is_sylk(table: bytes, work: Work) -> bool:
    """Its first record, and later ones: a table whose first columns are called `ID;Price` has none of those."""
    if table[:4].upper() != SYLK:
        return False
    work.spend(len(SYLK_RECORDS) * len(table))
    lines = b"\n" + table.upper().replace(b"\r", b"\n")
    return lines.rstrip().endswith(b"\nE") or any(b"\n" + record in lines for record in SYLK_RECORDS)


def _calls(table: bytes, work: Work) -> bool:
    """A formula `=program|topic!item` (DDE), as Excel asks a program for data, or LibreOffice's `=DDE(…)`.

    A table of nothing but places to look at is told as if one of them were such a formula.
    """
    work.spend(4 * len(table))
    table = table.replace(b"\r", b"\n")
    both = b"|" in table and b"!" in table
    mark, other = sorted((b"|", b"!"), key=table.count) if both else (b"", b"")
    for count, line in enumerate(_lines_with(mark, table) if both else ()):
        if other in line and (count > MOST_PLACES or _calls_by_bar(line, work)):
            return True
    calls = _lines_with(b"DDE(", table.upper()) if runs.holds(table, _DDE) else ()
    return any(count > MOST_PLACES or _in_formula(line[: line.find(b"DDE(")]) for count, line in enumerate(calls))


def _lines_with(mark: bytes, table: bytes) -> Iterator[bytes]:
    at = -1
    while (at := table.find(mark, at + 1)) >= 0:
        begin = table.rfind(b"\n", max(0, at - LONGEST_FORMULA), at) + 1 or max(0, at - LONGEST_FORMULA)
        at = table.find(b"\n", at)
        at = len(table) if at < 0 else at
        yield table[begin : min(at, begin + 2 * LONGEST_FORMULA)]


def _calls_by_bar(line: bytes, work: Work) -> bool:
    end = line.rfind(b"!")
    if not _in_formula(line[:end]):
        return False
    work.spend(A_BAR * line.count(b"|", 0, end))
    begun = False
    for cell in line[:end].split(b"|")[:-1]:
        begun = begun or _in_formula(cell)
        word = cell[-LONGEST_NAME:].rstrip(b" '\"").translate(_WORDS).rsplit(b" ", 1)[-1]
        if begun and word[:1].isalpha():
            return True
    return False


def _in_formula(cells: bytes) -> bool:
    """Whether one of these cells begins as a formula, so that what stands behind them may be in it."""
    return b"\n=" in b"\n" + cells.translate(_SEPARATED, b" \"'")


_DDE = runs.any_case(b"dde(")
_SEPARATED = bytes.maketrans(SEPARATORS + FORMULA, b"\n" * len(SEPARATORS) + b"=" * len(FORMULA))
_WORDS = bytes(c if chr(c).isalnum() or c in b"_." else 32 for c in range(256))

"""Excel's workbooks before 2007: macro sheets, names that run by themselves, links to programs, and where they end."""

import struct

import pytest

from consumer.model import Reason
from tests.inspection import wide
from tests.inspection.files import archive, compound, pdf, program
from tests.inspection.old_office import BOF, FILE_PASS, link, locked, name, part, record, workbook, xls

DDE = "cmd\x03/c calc"


def test_a_workbook_is_accepted() -> None:
    found = wide.seen(xls(), "a.xls")
    assert (found.detected_type, found.findings, found.flags) == ("application/vnd.ms-excel", [], [])


@pytest.mark.parametrize(
    "stream",
    [
        workbook(kind=1, part_kind=0x40),
        workbook(kind=1, part_kind=0x40, hidden=2),
        workbook(kind=0, part_kind=0x40),
        workbook(kind=1, part_kind=0x10),
        workbook(name("\x01", 0x20)),
        workbook(name("Auto_Open")),
        workbook(name("AUTO_OPENxyz")),
        workbook(name("auto_close", wide=True)),
        workbook(name("\x0a", 0x20, wide=True)),
    ],
)
def test_macro_sheets_and_names_that_run_by_themselves_are_macros(stream: bytes) -> None:
    assert wide.reason(xls(stream), "a.xls") is Reason.MACROS


@pytest.mark.parametrize(
    "stream", [workbook(name("Print_Area")), workbook(name("\x06", 0x20)), workbook(name("Autos"))]
)
def test_other_names_are_ordinary(stream: bytes) -> None:
    assert wide.reason(xls(stream), "a.xls") is None


@pytest.mark.parametrize("storages", [{"VBA": {"dir": b"x", "Module1": b"y"}}, {"VBA": {"_VBA_PROJECT": b"x"}}])
def test_basic_is_found(storages: dict[str, dict[str, bytes]]) -> None:
    assert wide.reason(xls(storages=storages), "a.xls") is Reason.MACROS


def test_links_to_programs_and_to_the_web_are_refused_and_to_a_file_are_told() -> None:
    assert wide.reason(xls(workbook(link(DDE))), "a.xls") is Reason.EXTERNAL_REFERENCE
    assert wide.reason(xls(workbook(link("Word.Document\x03http://a.b/c", 0x10))), "a.xls") is Reason.EXTERNAL_REFERENCE
    found = wide.seen(xls(workbook(link("Word.Document\x03C:\\a.doc", 0x10))), "a.xls")
    assert (found.findings, found.flags) == ([], ["external_references"])
    assert wide.reason(xls(workbook(link("\x01\x01C\x03folder\x03other.xls"))), "a.xls") is None


def test_links_of_excel_5_stand_with_each_sheet() -> None:
    stream = workbook(version=0x500) + part(0x10, 0x500) + record(0x17, b"\x05" + DDE.encode("latin-1"))
    assert wide.reason(xls(stream), "a.xls") is Reason.EXTERNAL_REFERENCE


@pytest.mark.parametrize("version", [1, 4])
def test_a_password_is_told_but_for_the_one_that_excel_tries_first(version: int) -> None:
    assert wide.reason(xls(locked(workbook(), "secret", version)), "a.xls") is Reason.ENCRYPTED
    assert wide.reason(xls(locked(workbook(), version=version)), "a.xls") is None
    names = b"".join(name(f"Name{n}") for n in range(200))
    hidden = workbook(names + name("Auto_Open"), kind=1, part_kind=0x10)
    assert wide.reason(xls(locked(hidden, version=version)), "a.xls") is Reason.MACROS


@pytest.mark.parametrize(
    "lock", [b"", struct.pack("<3H", 0, 1, 2), struct.pack("<3H", 1, 1, 1), bytes(200), b"\1\0\4\0\2\0" * 20]
)
def test_a_password_of_any_other_kind_is_told(lock: bytes) -> None:
    assert wide.reason(xls(workbook(record(FILE_PASS, lock))), "a.xls") is Reason.ENCRYPTED


@pytest.mark.parametrize(
    "stream",
    [
        b"x",
        part(5),
        part(0x10) + record(0x0A),
        workbook()[: len(part(5)) + 12],
        workbook().replace(part(0x10), record(0x10, bytes(12))),
        record(BOF, b"\0\6"),
    ],
)
def test_what_is_no_workbook_is_told(stream: bytes) -> None:
    assert wide.reason(xls(stream), "a.xls") is Reason.MALFORMED


def test_both_streams_of_a_file_for_two_versions_are_read() -> None:
    data = compound(
        {"Workbook": workbook().ljust(4096, b"\0"), "Book": workbook(kind=1, version=0x500).ljust(4096, b"\0")}
    )
    assert wide.reason(data, "a.xls") is Reason.MACROS


@pytest.mark.parametrize("behind", [program(), archive({"a.txt": b"x"}), pdf(), b"<script>alert(1)</script>"])
def test_another_format_behind_the_last_sector_is_found(behind: bytes) -> None:
    assert wide.reason(xls() + behind, "a.xls") is Reason.SECOND_FORMAT


@pytest.mark.parametrize(("name", "expected"), [(b"//Uncompressed-Data//", None), (b"evil.exe", Reason.SECOND_FORMAT)])
def test_settings_that_a_printer_s_driver_packed_are_no_second_format(name: bytes, expected: Reason | None) -> None:
    head = b"MSCF" + struct.pack("<5L2B5H", 0, 500, 0, 44, 0, 3, 1, 1, 1, 0, 0, 0)
    cabinet = head + bytes(8) + bytes(16) + name + b"\0" + bytes(400)
    assert wide.reason(xls(workbook(record(0x4D, cabinet))), "a.xls") is expected


def test_a_cut_that_takes_a_stream_is_told() -> None:
    data = xls(workbook() + bytes(30_000))
    assert [cut for cut in wide.cuts(data) if wide.reason(cut, "a.xls") is None] == []


def test_the_work_is_bounded() -> None:
    assert wide.reason(xls(part(5, 0x500) + record(1) * 400_000), "a.xls") is not None

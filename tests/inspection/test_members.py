"""Archives: what comes in one is judged like what comes alone, by the same policy."""

import random

import pytest

from consumer.inspection.examination import examine
from consumer.inspection.readers.seen import Limits
from consumer.model import Reason
from tests.inspection import wide
from tests.inspection.files import archive, jpeg, ooxml, pdf, png, program
from tests.inspection.judging import DETECTOR

ORDINARY = {
    "report/letter.txt": b"Dear Sir or Madam",
    "report/photo.jpg": jpeg(),
    "report/table.csv": b"a,b\n1,2\n",
    "report/a.docx": ooxml("docx"),
    "scan.pdf": pdf(),
}


def codes(members: dict[str, bytes]) -> set[Reason]:
    return wide.codes(archive(members), "a.zip")


def test_an_archive_of_ordinary_files_is_accepted() -> None:
    found = wide.seen(archive(ORDINARY), "a.zip")
    assert (found.detected_type, found.findings) == ("application/zip", [])
    assert wide.reason(archive(ORDINARY), "a.zip") is None


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.exe", b"hello", Reason.EMBEDDED_EXECUTABLE),
        ("a.png", program(), Reason.EMBEDDED_EXECUTABLE),
        ("a.lnk", b"L\0\0\0\1\x14\2\0" + bytes(80), Reason.EMBEDDED_EXECUTABLE),
        ("a.rar", wide.FOREIGN["rar"], Reason.CONTENT_NOT_ALLOWED),
        ("a.html", b"<html><p>hello", Reason.CONTENT_NOT_ALLOWED),
        ("a.docx", ooxml("docx", {"word/vbaProject.bin": b"x"}), Reason.MACROS),
        ("a.jpg", png() + wide.FOREIGN["rar"], Reason.SECOND_FORMAT),
        ("a.pdf", png(), Reason.TYPE_MISMATCH),
        ("a.unheard", b"hello", Reason.TYPE_MISMATCH),
        ("a.png", png()[:20], Reason.MALFORMED),
        ("../a.txt", b"hello", Reason.ARCHIVE_LIMITS),
        ("/a.txt", b"hello", Reason.ARCHIVE_LIMITS),
        ("a.zip", archive({"b.txt": b"hello"}), Reason.ARCHIVE_LIMITS),
    ],
)
def test_what_would_be_refused_alone_is_refused(name: str, content: bytes, expected: Reason) -> None:
    members = {**ORDINARY, name: content}
    assert expected in codes(members)
    assert wide.reason(archive(members), "a.zip") is not None


@pytest.mark.parametrize("listing", [{"[Content_Types].xml": b"<Types/>"}, {"mimetype": b"application/x-krita"}])
def test_the_listing_of_a_document_makes_none_of_an_archive(listing: dict[str, bytes]) -> None:
    assert codes({**listing, **ORDINARY}) == set() or "mimetype" in listing
    for name, content, expected in (
        ("a.rar", wide.FOREIGN["rar"], Reason.CONTENT_NOT_ALLOWED),
        ("a.html", b"<html><script>alert(1)</script>", Reason.CONTENT_NOT_ALLOWED),
        ("a.docx", ooxml("docx", {"word/vbaProject.bin": b"x"}), Reason.MACROS),
        ("a.zip", archive({"b.txt": b"hello"}), Reason.ARCHIVE_LIMITS),
    ):
        assert expected in codes({**listing, **ORDINARY, name: content})


def test_a_type_that_the_policy_does_not_let_in_is_not_let_in_by_an_archive() -> None:
    allowed = Limits(types=("application/zip", "text/plain"))
    found = examine(archive({"a.png": png()}), DETECTOR, allowed)
    assert [finding.code for finding in found.findings] == [Reason.CONTENT_NOT_ALLOWED]
    assert examine(archive({"a.txt": b"hello"}), DETECTOR, allowed).findings == []
    assert examine(archive({"a.txt": b"hello"}), DETECTOR).has(Reason.CONTENT_NOT_ALLOWED)


def test_another_picture_than_the_name_says_is_ordinary() -> None:
    assert codes({"a.jpg": png()}) == set()


def test_what_desktops_put_beside_the_files_is_passed_over() -> None:
    fork = b"\0\x05\x16\x07\0\2\0\0Mac OS X" + bytes(60)
    assert codes({"a.png": png(), "__MACOSX/._a.png": fork, ".DS_Store": b"\0\0\0\1Bud1" + bytes(60)}) == set()
    assert codes({"a.png": png(), "__MACOSX/._a.png": program()}) != set()


OF_WINDOWS = (
    "\r\n[.ShellClassInfo]\r\nLocalizedResourceName=@%SystemRoot%\\system32\\shell32.dll,-21779\r\n"
    "InfoTip=@%SystemRoot%\\system32\\shell32.dll,-12688\r\nIconResource=C:\\icons\\a.ico,0\r\nConfirmFileOp=0\r\n"
    "[LocalizedFileNames]\r\nNote: read me.txt=@notes.dll,-1\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_how_windows_is_to_show_a_folder_is_passed_over(encoding: str) -> None:
    for name in ("desktop.ini", "Photos/Desktop.ini"):
        assert wide.reason(archive({"a.png": png(), name: OF_WINDOWS.encode(encoding)}), "a.zip") is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("IconResource=\\\\host\\share\\a.ico,0", Reason.EXTERNAL_REFERENCE),
        (' iconfile = "//host/share/a.ico"', Reason.EXTERNAL_REFERENCE),
        ("LocalizedResourceName=@\\\\host@80\\a.dll,-1", Reason.EXTERNAL_REFERENCE),
        ("Logo=file://host/a.png", Reason.EXTERNAL_REFERENCE),
        ("CLSID={0AFACED1-E828-11D1-9187-B532F1E9575D}", Reason.EMBEDDED_EXECUTABLE),
    ],
)
def test_a_folder_that_is_shown_from_another_machine_or_opened_as_something_else_is_refused(
    line: str, expected: Reason, encoding: str
) -> None:
    assert expected in codes({"a.png": png(), "Photos/desktop.ini": (OF_WINDOWS + line + "\r\n").encode(encoding)})


@pytest.mark.parametrize("name", ["autorun.inf", "Photos/a.url", "a.scf", "a.library-ms", "a.searchConnector-ms"])
def test_what_windows_acts_on_while_somebody_looks_at_a_folder_is_refused(name: str) -> None:
    assert Reason.EMBEDDED_EXECUTABLE in codes({"a.png": png(), name: b"words"})


@pytest.mark.parametrize("content", [program(), wide.FOREIGN["rar"], png(), b"<?php system($_GET[1]); ?>"])
def test_what_only_has_the_name_of_a_description_is_refused(content: bytes) -> None:
    assert wide.reason(archive({"a.png": png(), "desktop.ini": content}), "a.zip") is not None


def test_a_description_of_a_folder_that_is_longer_than_any_is_refused() -> None:
    assert codes({"a.png": png(), "desktop.ini": b"InfoTip=a\r\n" * 9_000}) != set()


@pytest.mark.parametrize("members", [{}, {"folder/": b""}, {"a.txt": b""}])
def test_an_archive_of_nothing_is_empty(members: dict[str, bytes]) -> None:
    assert wide.reason(archive(members), "a.zip") is Reason.EMPTY


def test_a_member_with_a_password_is_told() -> None:
    data = bytearray(archive({"a.txt": b"hello"}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + flags] |= 1
    assert wide.reason(bytes(data), "a.zip") is Reason.ENCRYPTED


@pytest.mark.parametrize("behind", [program(), archive({"a.txt": b"x"}), pdf(), b"<?php system($_GET[1]); ?>"])
def test_another_format_behind_the_archive_is_found(behind: bytes) -> None:
    assert wide.reason(archive(ORDINARY) + behind, "a.zip") in (Reason.SECOND_FORMAT, Reason.ARCHIVE_LIMITS)


def test_every_cut_is_told() -> None:
    data = archive(ORDINARY)
    assert [cut for cut in wide.cuts(data) if wide.reason(cut, "a.zip") is None] == []


def test_too_deep_and_too_much_are_refused() -> None:
    deep = b"Dear Sir"
    for _ in range(6):
        deep = archive({"a.zip" if deep[:2] == b"PK" else "a.txt": deep})
    assert Reason.ARCHIVE_LIMITS in wide.codes(deep, "a.zip")
    assert Reason.ARCHIVE_LIMITS in codes({"a.txt": b"a" * 30_000_000})


def test_as_many_files_of_a_kilobyte_as_the_policy_names_are_an_ordinary_archive() -> None:
    most = Limits().entries
    drawn = random.Random(1)
    letters = {f"2026/{number}.txt": drawn.randbytes(512).hex().encode() for number in range(most)}
    assert wide.reason(archive(letters), "a.zip") is None
    assert codes(letters | {"one more.txt": b"paid"}) == {Reason.ARCHIVE_LIMITS}


def test_files_of_unknown_types_cost_what_it_takes_to_ask_what_they_are() -> None:
    drawn = random.Random(2)
    words = [drawn.randbytes(4).hex().encode() for _ in range(500)]
    asked = {f"{number}.abc": b" ".join(drawn.choices(words, k=900)) for number in range(100)}
    assert Reason.ARCHIVE_LIMITS in codes(asked)


@pytest.mark.parametrize("content", [b"", b"\r\n"])
def test_a_file_with_nothing_in_it_is_nothing(content: bytes) -> None:
    for name in ("2026/open items.csv", "2026/Icon\r", "2026/note.txt", "scan.pdf"):
        assert wide.reason(archive({**ORDINARY, name: content}), "a.zip") is None
    assert codes({**ORDINARY, "a.exe": content}) == {Reason.EMBEDDED_EXECUTABLE}
    assert codes({"a.txt": b""}) == {Reason.EMPTY}

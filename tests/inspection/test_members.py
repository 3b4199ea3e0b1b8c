"""Archives: what comes in one is judged like what comes alone, by the same policy."""

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

"""Which names of types a policy may hold: ours, and each that this installation's libmagic can say."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from consumer.inspection.detection import Detector
from consumer.inspection.policy import names
from consumer.inspection.policy.names import has_reader, is_known, known_types, libmagic_types
from consumer.inspection.readers.table import ALIASES, BY_NAME


@pytest.mark.parametrize(
    "kind",
    [
        "image/png",
        "image/jpg",  # what browsers declare
        "application/vnd.rar",
        "image/vnd.djvu",  # of the database
        "application/x-pie-executable",  # of a rule with two
        "application/x-sharedlib",
        "text/csv",  # of libmagic's code
        "application/vnd.ms-outlook",
    ],
)
def test_what_a_file_can_be_is_known(kind: str) -> None:
    assert is_known(kind)


@pytest.mark.parametrize("kind", ["image/pgn", "image/jpge", "text/plan", "application/x-${x?pie-executable", "image/"])
def test_what_no_file_can_be_is_not(kind: str) -> None:
    assert not is_known(kind)


def test_the_database_is_read_whole() -> None:
    """Debian's has some 730 names; a reader that lost its place would find few, or words of descriptions."""
    said = libmagic_types()
    assert len(said) > 500
    assert {kind.partition("/")[0] for kind in said} <= {
        "application", "audio", "biosig", "chemical", "font", "image", "inode", "message", "model", "multipart",
        "rinex", "text", "video", "x-epoc",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"BZh91AY&SY" + bytes(40), "application/x-bzip2"),
        (b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0\x3e\0\x01\0\0\0" + bytes(60), "application/x-sharedlib"),
        (b"a,b,c\n1,2,3\n4,5,6\n7,8,9\n1,2,3\n1,2,3\n1,2,3\n1,2,3\n1,2,3\n1,2,3\n", "text/csv"),
        (b'{"a": 1}\n', "application/json"),
        (b"plain words\n", "text/plain"),
        (b"", "application/x-empty"),
    ],
)
def test_what_libmagic_says_is_known(data: bytes, kind: str) -> None:
    assert Detector().detect(data) == kind
    assert is_known(kind)


def test_names_of_ours_are_known_without_libmagic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "libmagic_types", frozenset)
    assert known_types() == BY_NAME.keys() | ALIASES.keys()
    assert is_known("image/pgn"), "nobody can tell: nothing is examined there, and `run` says why"


def test_a_database_of_another_size_of_record_or_order_of_bytes_is_read_as_well() -> None:
    for order in "<>":
        for size, column in ((248, 100), (432, 224)):
            header = struct.pack(f"{order}4L", 0xF11E041C, 18, 2, 1).ljust(size, b"\0")
            records = (b"application/pdf", b"image/Foo", b"")
            database = header + b"".join((bytes(column) + name).ljust(size, b"\0") for name in records)
            assert set(names._names_in(database)) == {"application/pdf", "image/foo"}


def test_a_database_that_is_cut_short_says_nothing() -> None:
    header = struct.pack("<4L", 0xF11E041C, 18, 2, 1).ljust(248, b"\0")
    assert set(names._names_in(header + b"application/pdf\0?")) == set()


def test_what_an_administrator_adds_counts(tmp_path: Path) -> None:
    assert set(names._names_in(b"0 string FOO foo\n!:mime image/x-foo\n# !:mime image/x-bar\n")) == {"image/x-foo"}


def test_texts_have_a_reader_and_archives_of_others_have_none() -> None:
    assert has_reader("text/plain")
    assert has_reader("application/pdf")
    assert not has_reader("application/gzip")

"""Objects that are linked: one of the web is loaded by Office when it opens the document, one of a share is told."""

from __future__ import annotations

import struct
from uuid import UUID

import pytest

from consumer.model import Reason
from tests.inspection.files import compound, doc, ooxml
from tests.inspection.judging import reason, seen
from tests.inspection.test_ooxml import ELSEWHERE, HERE, SHARES

URL, FILE = UUID("79eac9e0-baf9-11ce-8c82-00aa004ba90b"), UUID("00000303-0000-0000-c000-000000000046")
BOTH = UUID("00000309-0000-0000-c000-000000000046")  # a moniker of several
NEW, SOAP = UUID("ecabafc6-7f19-11d2-978e-0000f8757e2a"), UUID("ecabb0c7-7f19-11d2-978e-0000f8757e2a")


def address(target: str) -> bytes:
    written = target.encode("utf-16-le") + b"\0\0"
    return URL.bytes_le + struct.pack("<L", len(written)) + written


def path(target: str) -> bytes:
    written = target.encode("latin-1", "replace") + b"\0"
    return FILE.bytes_le + struct.pack("<HL", 0, len(written)) + written + b"\xff\xff\xad\xde" + bytes(24)


def linked(*monikers: bytes) -> bytes:
    """The stream as MS-OLEDS 2.3.3 has it: it is a link, updated always, with no relative source."""
    source = b"".join(monikers)
    if len(monikers) > 1:
        source = BOTH.bytes_le + struct.pack("<L", len(monikers)) + source
    return struct.pack("<6L", 0x02000001, 1, 1, 0, 0, 0) + struct.pack("<L", len(source)) + source + bytes(24)


def documents(stream: bytes) -> dict[str, bytes]:
    return {
        "a.doc": doc(storages={"_123": {"\x01Ole": stream}}),
        "a.docx": ooxml("docx", {"word/embeddings/oleObject1.bin": compound({"\x01Ole": stream})}),
    }


@pytest.mark.parametrize("target", [target for target in ELSEWHERE if "&" not in target])
def test_an_object_of_the_web_rejects(target: str) -> None:
    for stream in (linked(address(target)), linked(path("a"), address(target))):
        for name, data in documents(stream).items():
            assert reason(data, name) is Reason.EXTERNAL_REFERENCE, name


@pytest.mark.parametrize("kind", [NEW, SOAP])
def test_a_link_that_makes_an_object_of_a_script_rejects(kind: UUID) -> None:
    for name, data in documents(linked(kind.bytes_le, path("C:\\Users\\me\\a.sct"))).items():
        assert reason(data, name) is Reason.EXTERNAL_REFERENCE


@pytest.mark.parametrize("target", SHARES)
def test_an_object_of_a_share_is_told(target: str) -> None:
    for name, data in documents(linked(path(target))).items():
        assert reason(data, name) is None
        assert "external_references" in seen(data).flags


@pytest.mark.parametrize("stream", [*map(linked, map(path, HERE)), linked(), bytes(20), b""])
def test_an_object_of_this_machine_is_ordinary(stream: bytes) -> None:
    for name, data in documents(stream).items():
        assert reason(data, name) is None
        assert "external_references" not in seen(data).flags

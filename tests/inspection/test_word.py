"""Word's documents before 2007: the template that they were made from is loaded when they are opened."""

from __future__ import annotations

import struct

import pytest

from consumer.model import Reason
from tests.inspection.files import compound
from tests.inspection.judging import codes, reason, seen
from tests.inspection.test_ooxml import ELSEWHERE, HERE

SHARES = [
    "\\\\host.example\\share\\t.dot",
    "//192.0.2.1/share/t.dot",
    "\\\\3221225985\\share\\t.dot",
    "\\\\0xC0000201\\share\\t.dot",
    "\\\\h\u00f6st\\share\\t.dot",
    "\\\\?\\UNC\\host\\share\\t.dot",
    "\\\\host@SSL\\DavWWWRoot\\t.dot",
    "file://host.example/share/t.dot",
    "file:///%5C%5Chost%2Eexample%5Cshare%5Ct.dot",
]


def made_from(template: str, flags: int = 0x0200, table: str = "1Table") -> bytes:
    """As Word 97 and later write it: the words that go with a document (MS-DOC 2.9.273) among its tables."""
    words = ("", template, "A title")
    listed = b"\xff\xff" + struct.pack("<2H", len(words), 0)
    listed += b"".join(struct.pack("<H", len(word)) + word.encode("utf-16-le") for word in words)
    header = bytearray(b"\xec\xa5\xc1\0".ljust(4096, b"\0"))
    struct.pack_into("<H", header, 10, flags)
    struct.pack_into("<2L", header, 0x19A, 512, len(listed))
    return compound({"WordDocument": bytes(header), table: bytes(512) + listed})


def made_before(template: bytes, version: int = 0x68) -> bytes:
    """As Word 6 and 95 write it: in the same stream, with one byte for each letter."""
    listed = b"".join(bytes([len(word)]) + word for word in (b"", template, b"A title"))
    listed = struct.pack("<H", len(listed) + 2) + listed
    header = bytearray((b"\xdc\xa5" + struct.pack("<H", version)).ljust(4096, b"\0"))
    struct.pack_into("<2L", header, 0x158, 2048, len(listed))
    header[2048 : 2048 + len(listed)] = listed
    return compound({"WordDocument": bytes(header)})


@pytest.mark.parametrize("template", [target for target in ELSEWHERE + SHARES if "&" not in target])
def test_a_template_on_the_network_rejects(template: str) -> None:
    assert reason(made_from(template), "a.doc") is Reason.EXTERNAL_REFERENCE


@pytest.mark.parametrize("template", [*HERE, "", "Normal", "Normal.dot", "C:\\Templates\\Brief.dot"])
def test_a_template_on_this_machine_is_ordinary(template: str) -> None:
    assert codes(made_from(template)) == set()


@pytest.mark.parametrize("template", ["\\\\file1\\templates\\Quote 2002.dot", "//Server-2/t/a.dot", "file://nas/a.dot"])
def test_a_template_on_a_machine_of_the_company_is_told(template: str) -> None:
    found = seen(made_from(template))
    assert (found.findings, found.flags) == ([], ["external_references"])


def test_the_header_says_which_stream_the_template_is_in() -> None:
    assert reason(made_from("\\\\a.example\\a.dot", 0, "0Table"), "a.doc") is Reason.EXTERNAL_REFERENCE
    assert codes(made_from("\\\\a.example\\a.dot", 0, "1Table")) == set()


@pytest.mark.parametrize("version", [0x65, 0x68])
def test_older_versions_keep_it_beside_the_text(version: int) -> None:
    assert reason(made_before(b"\\\\a.example\\share\\a.dot", version), "a.doc") is Reason.EXTERNAL_REFERENCE
    assert codes(made_before(b"C:\\WINWORD\\a.dot", version)) == set()

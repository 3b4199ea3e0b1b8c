"""A message of Outlook's in a mail: what is attached to it is judged like what is attached to the mail."""

from __future__ import annotations

import pytest

from consumer.model import Reason
from tests.inspection import wide
from tests.inspection.files import compound, pdf, png, program
from tests.inspection.test_mail import LETTER, part, several

PROPERTIES = "__properties_version1.0"


def message(content: bytes, name: str, kind: str = "001F", of: str = "3707") -> bytes:
    """Each stream is filled up with NULs, which belong to no name and end no file."""
    written = name.encode("utf-16-le" if kind == "001F" else "latin-1")
    attached = {"__substg1.0_37010102": content, f"__substg1.0_{of}{kind}": written, PROPERTIES: bytes(32)}
    return compound({PROPERTIES: bytes(64)}, {"__attach_version1.0_#00000000": attached})


def reason(found: bytes) -> Reason | None:
    return wide.reason(several(LETTER, part(found, "application/vnd.ms-outlook", "a.msg")), "a.eml")


@pytest.mark.parametrize("kind", ["001F", "001E"])
@pytest.mark.parametrize("of", ["3707", "3704", "3001"])
def test_a_program_by_any_of_its_names_is_found(kind: str, of: str) -> None:
    assert reason(message(b"alert(1)", "a.js", kind, of)) is Reason.EMBEDDED_EXECUTABLE


@pytest.mark.parametrize("content", [program(), b"<html><script>alert(1)</script></html>", message(program(), "a.txt")])
def test_what_is_attached_to_it_is_judged(content: bytes) -> None:
    assert reason(message(content, "a.dat")) is Reason.EMBEDDED_EXECUTABLE


@pytest.mark.parametrize(("content", "name"), [(pdf(), "a.pdf"), (png(), "a.png"), (b"Dear Sir", "a.txt")])
def test_an_ordinary_file_is_let_in(content: bytes, name: str) -> None:
    assert reason(message(content, name)) is None

"""Words are words: whatever people write into a document or a text of these types, it is accepted."""

import json
import string
from collections.abc import Callable
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.model import Reason
from tests.inspection import wide
from tests.inspection.files import archive, ooxml
from tests.inspection.old_office import atom, name, ppt, workbook, xls
from tests.inspection.test_odf import odf

WORDS = (
    "DSC_0012(1).jpg", "+49 (171) 123-45", '{"a": [1, {"b": null}]}', "plt.plot(x)", 'online="true"', "on=load",
    "<b>x</b>", "<script>alert(1)</script>", "<html>", "javascript:alert(1)", "vbscript:", "<!DOCTYPE html>",
    "%PDF-1.4", "PK", "MZ", "import os", "def f():", "class A {", "rm -rf /", "powershell -enc x", "@echo off",
    "=SUM(A1:A2)", "DDEAUTO", "DDE", "object", "\\object", "\\fldinst DDE", "{\\rtf1", "objdata", "template",
    "event-listener", "href=macro:x", "Auto_Open", "vnd.sun.star.script:x", "BEGIN:VCARD", "END:VCALENDAR",
    "begin 644 a.exe", "Content-Type: text/html", "--=_b", "ID;P", "tasklist", "curl http://example.com | sh",
    "ppaction://program", "xml-stylesheet", "encryption-data", "a:dde-link",
)  # fmt: skip
TEXTS = st.lists(
    st.one_of(st.sampled_from(WORDS), st.text(string.printable.replace("\x0b", "").replace("\x0c", ""), max_size=12)),
    min_size=1,
    max_size=6,
).map(" ".join)


def in_rtf(text: str) -> bytes:
    for sign in "\\{}":
        text = text.replace(sign, f"\\{sign}")
    return b"{\\rtf1\\ansi{\\info{\\title " + text.encode() + b"}}\\pard " + text.encode() + b"\\par}"


def in_odf(text: str) -> bytes:
    return odf(f"<text:p text:name={quoteattr(text)}>{escape(text)}</text:p>")


def in_slides(text: str) -> bytes:
    slide = f'<p:sld xmlns:p="p" xmlns:a="a"><a:t name="x">{escape(text)}</a:t></p:sld>'
    return ooxml("pptx", {"ppt/notesSlides/n1.xml": slide})


def folded(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\r", " ").replace("\n", "\\n").replace(",", "\\,").replace(";", "\\;")


def in_card(text: str) -> bytes:
    return f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:a\r\nNOTE:{folded(text)}\r\nEND:VCARD\r\n".encode()


def in_calendar(text: str) -> bytes:
    event = f"BEGIN:VEVENT\r\nUID:1\r\nDESCRIPTION:{folded(text)}\r\nEND:VEVENT"
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{event}\r\nEND:VCALENDAR\r\n".encode()


def in_table(text: str) -> bytes:
    cell = text.replace('"', '""')
    return f'name,text\r\nAnna,"x {cell}"\r\n'.encode()


def in_xml(text: str) -> bytes:
    return f"<?xml version='1.0'?><a b={quoteattr(text)}>{escape(text)}</a>".encode()


def in_json(text: str) -> bytes:
    return json.dumps({"a": text, text: [1]}).encode()


def in_mail(text: str) -> bytes:
    subject = text.replace("\r", " ").replace("\n", " ")
    body = "\r\n".join(f"> {line}" for line in text.splitlines())
    return f"From: a@example.com\r\nTo: b@example.com\r\nSubject: {subject}\r\n\r\n{body}\r\n".encode()


def in_archive(text: str) -> bytes:
    return archive({"a.json": json.dumps({"a": text}), "b.csv": in_table(text)})


def in_workbook(text: str) -> bytes:
    return xls(workbook(name("n" + "".join(c for c in text if c.isalnum())[:40])) + text.encode())


def in_presentation(text: str) -> bytes:
    return ppt([atom(0x0FA0, text.encode("utf-16-le"))])


PLACES: dict[str, Callable[[str], bytes]] = {
    "a.rtf": in_rtf,
    "a.odt": in_odf,
    "a.pptx": in_slides,
    "a.vcf": in_card,
    "a.ics": in_calendar,
    "a.csv": in_table,
    "a.xml": in_xml,
    "a.json": in_json,
    "a.eml": in_mail,
    "a.zip": in_archive,
    "a.xls": in_workbook,
    "a.ppt": in_presentation,
}


@pytest.mark.parametrize("called", PLACES)
@given(text=TEXTS)
def test_whatever_people_write_is_accepted(called: str, text: str) -> None:
    data = PLACES[called]("".join(c for c in text if c in "\r\n\t" or c >= " "))
    assert (wide.reason(data, called), wide.seen(data, called).findings) == (None, [])


UNCOMPRESSED = ("a.rtf", "a.vcf", "a.ics", "a.csv", "a.json", "a.eml", "a.xls")


@pytest.mark.parametrize("called", UNCOMPRESSED)
def test_code_of_php_is_no_word_where_php_would_run_it(called: str) -> None:
    assert wide.reason(PLACES[called]("x <?php system($_GET['a']) ?>"), called) in (Reason.SCRIPT, Reason.SECOND_FORMAT)
    assert wide.reason(PLACES[called]("a text of <?php and of php"), called) is None

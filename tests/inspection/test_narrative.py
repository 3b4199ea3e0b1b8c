"""Words with marks inside of records: they are let in, and a page is not, however it is written in there."""

import pytest

from consumer.model import Reason
from tests.inspection import wide

XHTML = "http://www.w3.org/1999/xhtml"
RECORD = '<?xml version="1.0"?><Patient xmlns="http://hl7.org/fhir"><text>{}</text></Patient>'
DIV = f'<div xmlns="{XHTML}">{{}}</div>'
FEED = f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:h="{XHTML}"><content type="xhtml">{{}}</content></feed>'


def reason(text: str) -> Reason | None:
    return wide.reason(text.encode(), "a.xml")


@pytest.mark.parametrize(
    "words",
    [
        '<p class="a" style="color: rgb(1, 2, 3)">Peter James <b>Chalmers</b><br/>(&quot;Jim&quot;)</p>',
        "<table><tbody><tr><td colspan='2'>534 Erewhon St</td></tr></tbody></table><ul><li>a</li></ul>",
        '<a href="https://example.com/a?b=c#d">a</a><a href="Patient/1">b</a><a href="mailto:a@b.c">c</a><a name="d"/>',
    ],
)
def test_words_in_a_record_are_let_in(words: str) -> None:
    assert reason(RECORD.format(DIV.format(words))) is None
    assert reason(FEED.format("<h:div><h:p>words</h:p></h:div>" + DIV.format(words))) is None


@pytest.mark.parametrize(
    "page",
    [
        "<script>alert(1)</script>",
        '<p onclick="alert(1)">a</p>',
        '<a href="javascript:alert(1)">a</a>',
        '<a href=" java&#10;script:alert(1)">a</a>',
        '<a href="data:text/html,a">a</a>',
        '<iframe src="https://example.com/"/>',
        '<img src="https://example.com/a.png"/>',
        '<form action="https://example.com/"><input name="password"/></form>',
        '<p style="background: url(https://example.com/a)">a</p>',
        "<style>p { color: red }</style>",
        '<base href="https://example.com/"/>',
        '<body background="https://example.com/a"/>',
    ],
)
def test_a_page_in_a_record_is_not(page: str) -> None:
    assert reason(RECORD.format(DIV.format(page))) is Reason.SECOND_FORMAT
    assert reason(RECORD.format(f'<x xmlns:h="{XHTML}">{prefixed(page)}</x>')) is Reason.SECOND_FORMAT


def prefixed(page: str) -> str:
    return page.replace("</", "<\0").replace("<", "<h:").replace("<h:\0", "</h:")


@pytest.mark.parametrize("name", ["html", "body", "div", "p"])
def test_words_alone_are_a_page(name: str) -> None:
    assert reason(f'<{name} xmlns="{XHTML}">words</{name}>') is Reason.SECOND_FORMAT
    assert reason(f'<h:{name} xmlns:h="{XHTML}">words</h:{name}>') is Reason.SECOND_FORMAT

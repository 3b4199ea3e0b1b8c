"""Drawings: what draws is let in, and nothing that runs, loads or is not known."""

from __future__ import annotations

import base64

import pytest

from consumer.inspection.readers.media import svg_style
from consumer.model import Reason
from tests.inspection.files import jpeg, pdf, png, program
from tests.inspection.media import SAMPLES, svg
from tests.inspection.polyglots import PHP, ZIP
from tests.inspection.test_media import seen, verdict

SVG = "http://www.w3.org/2000/svg"
XHTML = "http://www.w3.org/1999/xhtml"


def letters(content: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


PHOTO = letters(jpeg(), "image/jpeg")
DRAWS = {
    "a gradient": svg("<linearGradient id='g'/><rect fill='url(#g)' filter='url( \"#f\" )'/>"),
    "styles": svg("<style>@namespace svg url(http://www.w3.org/2000/svg); a > b{fill:url(#g)} /* // */</style>"),
    "styles as raw characters": svg("<style><![CDATA[.a > .b{fill:red}]]></style>"),
    "a font in letters": svg(f"<style>@font-face{{src:url('{letters(b'wOFF', 'font/woff')}')}}</style>"),
    "a picture in letters": svg(f"<image xlink:href='{letters(png())}'/>"),
    "a picture in letters on lines": svg(f"<image href='{PHOTO[:60]}\n{PHOTO[60:]}'/>"),
    "a part of it": svg("<symbol id='s'/><use href='#s'/><use xlink:href=' #s'/>"),
    "words": svg("<text>&lt;script&gt;alert(1)&lt;/script&gt; javascript:f(1) http://example.com onload=x</text>"),
    "a title with quotes": svg("<title>plt.plot(x) \"online='true'\"</title><desc>DSC(1)</desc>"),
    "an animation": svg("<circle><animate attributeName='r' values='1;2' begin='click' dur='2s'/></circle>"),
    "what an editor keeps": svg(
        "<sodipodi:namedview xmlns:sodipodi='http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd' id='n'/>"
        "<metadata><x:any xmlns:x='urn:x' onload='f()'/></metadata>"
    ),
    "what an editor keeps in two places": svg(2 * "<metadata id='a'><x:any xmlns:x='urn:x'/></metadata><style/>// b\n"),
    "numbers of a tool": svg("<path p-id='2204' t='1612' data-name='a:b (c)' aria-label='x: y'/>"),
    "a remark": svg("<!-- Generator: A Program (1.2), x > y && f(1) -->"),
    "in UTF-16": svg(before='<?xml version="1.0" encoding="utf-16"?>').decode().encode("utf-16"),
    "in Latin-1": svg("<text>ä</text>", before="<?xml version='1.0' encoding='latin1'?>").decode().encode("latin-1"),
    "behind remarks": svg(before="<?xml version='1.0'?>\n<!-- a\nb -->\n\n"),
    "with another prefix": f"<s:svg xmlns:s='{SVG}'><s:rect/></s:svg>".encode(),
    "pages, as Cairo writes them": svg("<pageSet><page><g><path d='M 0 0'/></g></page></pageSet>"),
    "behind a mark": b"\xef\xbb\xbf" + svg(),
}  # fmt: skip


@pytest.mark.parametrize("what", DRAWS)
def test_what_draws_is_let_in(what: str) -> None:
    assert seen(DRAWS[what]).findings == []
    assert verdict(DRAWS[what], "a.svg") is None


def test_a_text_that_speaks_of_drawings_is_none() -> None:
    assert seen(b"The element <svg> draws, see <svg:rect/>.").detected_type == "text/plain"
    assert seen(b"<html><body><svg></svg></body></html>").detected_type == "text/html"


def picture(value: str) -> bytes:
    return svg(f"<image xlink:href='{value}'/>")


RUNS = {
    "a script": svg("<script>alert(1)</script>"),
    "a script in a page of several": svg("<pageSet><page><script>alert(1)</script></page></pageSet>"),
    "a script in metadata": svg("<metadata><script>alert(1)</script></metadata>"),
    "a script with another prefix": f"<s:svg xmlns:s='{SVG}'><s:script/></s:svg>".encode(),
    "a script of a page": svg(f"<h:script xmlns:h='{XHTML}'>alert(1)</h:script>"),
    "a script, no name space": b"<svg><script>alert(1)</script></svg>",
    "a script in UTF-16": svg("<script/>", before='<?xml version="1.0" encoding="utf-16"?>').decode().encode("utf-16"),
    "an event": svg("<rect onclick='f()'/>"),
    "an event of the drawing": svg(attributes="onload='f()'"),
    "an event in large letters": svg("<rect ONCLICK='f()'/>"),
    "a handler": svg("<handler type='text/ecmascript'/>"),
    "a listener": svg("<e:listener xmlns:e='http://www.w3.org/2001/xml-events'/>"),
    "a link that runs": svg("<a xlink:href='javascript:alert(1)'/>"),
    "a link that runs, spaced": svg("<a href=' java&#10;script:alert(1)'/>"),
    "a page in a link": svg("<a href='data:text/html,x'/>"),
    "a drawing in a link": svg(f"<use href='{letters(svg(), 'image/svg+xml')}#x'/>"),
    "a drawing as a picture": picture(letters(svg("<script/>"), "image/svg+xml")),
    "a link that changes": svg("<a><animate attributeName='href' to='javascript:f()'/></a>"),
    "a link that changes, with a prefix": svg("<a><set attributeName='xlink:href' to='#x'/></a>"),
    "an event that changes": svg("<set attributeName='onclick' to='f()'/>"),
    "a foreign object": svg("<foreignObject><p/></foreignObject>"),
    "a page": svg(f"<p xmlns='{XHTML}'/>"),
    "an element that nobody knows": svg("<iframe src='x'/>"),
    "an element of a name space that nobody knows": svg("<x:y xmlns:x='urn:x'/>"),
    "an attribute that nobody knows": svg("<rect src='http://example.com/'/>"),
    "a style sheet": svg(before="<?xml version='1.0'?><?xml-stylesheet href='a.css'?>"),
    "a document type": svg(before='<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">'),
    "entities": svg(before='<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'),
    "entities of another root": svg("&a;", before='<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
    "a picture from elsewhere": picture("http://example.com/a.png"),
    "a picture from beside": picture("a.png"),
    "a part from elsewhere": svg("<use xlink:href='b.svg#x'/>"),
    "links that begin elsewhere": svg("<use href='#x' xml:base='http://example.com/'/>"),
    "a fill from elsewhere": svg("<rect fill='url(http://example.com/a.svg#x)'/>"),
    "a style from elsewhere": svg("<rect style='fill:URL( //example.com/a )'/>"),
    "a style in escapes": svg("<rect style='fill:\\75rl(http://example.com/)'/>"),
    "a style in remarks": svg("<style>@im/**/port 'a'; @import 'b'</style>"),
    "an import": svg("<style>@import url(a.css);</style>"),
    "an import behind an element": svg("<style>a<g/>b{}@import url(a.css);</style>"),
    "an import behind what an editor keeps": svg(
        "<style>a{}<x:style xmlns:x='http://sodipodi.sourceforge.net/'/>@import url(a.css);</style>"
    ),
    "a set of pictures": svg("<style>a{background:image-set('a.png' 1x)}</style>"),
    "a behavior": svg("<rect style='behavior:url(#default)'/>"),
    "raw characters that HTML runs": svg("<title><![CDATA[<script>alert(1)</script>]]></title>"),
    "a remark that HTML ends": svg("<!--><script>alert(1)</script>-->"),
    "a program as a picture": picture(letters(program())),
    "an archive as a picture": picture(letters(ZIP)),
    "an archive behind a picture": picture(letters(png() + ZIP)),
    "a server's page": svg("<!-- " + PHP.decode() + " -->"),
    "a server's instruction": svg().replace(b"<rect", b"<?php system('id') ?><rect"),
    "a document": svg("<!--" + pdf().decode() + "-->"),
    "a cut one": svg()[:-1],
    "two of them": svg() + svg(),
    "an archive behind": svg() + ZIP,
    "what is no XML": b"<svg><rect></svg>",
}  # fmt: skip


@pytest.mark.parametrize("what", RUNS)
def test_what_runs_or_loads_or_is_not_known_is_not_let_in(what: str) -> None:
    assert verdict(RUNS[what], "a.svg") is not None
    assert seen(RUNS[what]).detected_type == ("application/pdf" if what == "a document" else "image/svg+xml")


def test_the_reason_says_what_is_wrong() -> None:
    reasons = {what: verdict(RUNS[what], "a.svg") for what in RUNS}
    assert reasons["a script"] is Reason.SCRIPT
    assert reasons["a picture from elsewhere"] is Reason.EXTERNAL_REFERENCE
    assert reasons["a foreign object"] is Reason.SECOND_FORMAT
    assert reasons["what is no XML"] is Reason.MALFORMED


def test_every_cut_of_a_drawing_is_broken() -> None:
    whole = SAMPLES["inkscape.svg"].rstrip()
    for length in range(200, len(whole), 7):
        assert verdict(whole[:length], "a.svg") is not None


def test_addresses_of_one_kind_are_told_once() -> None:
    rules = "url(" * 1_000 + "url(javascript:a) url(#a)" * 1_000
    assert [reason for reason, _ in svg_style.faults(rules)][:2] == [Reason.EXTERNAL_REFERENCE, Reason.SCRIPT]
    assert len(list(svg_style.faults(rules))) < 5


def test_styles_that_are_looked_at_together_are_told_as_if_each_were_alone() -> None:
    plain = "<path d='M0 0' style='fill:red'/>"
    for fault in ("<path d='M0 0' style='fill:url(//a)'/>", "<path d='M0 0' style='a:javascript:b'/>"):
        for behind in (plain * 3, plain * 600, "<script/>", "<g>", plain + "<path d='url(http://a)' style=''/>"):
            before = plain * 400
            found = seen(svg(before + fault + behind)).evidence
            start = svg(before + fault + behind).index(fault.encode())
            assert found[0].at == start
            assert found[0].finding.code in (Reason.EXTERNAL_REFERENCE, Reason.SCRIPT)


def test_an_element_is_judged_by_its_names_however_often_they_stood_there_before() -> None:
    usual = "<path id='a' d='M0 0'/>"
    for other in ("<path id='a' d='url(http://a)'/>", "<path id='a' onload='x'/>", "<use id='a' href='http://a'/>"):
        assert seen(svg(usual * 5 + other)).findings
    assert not seen(svg(usual * 5 + "<path id='a' d='url(#b)'/>")).findings

"""OpenDocument: scripts, events and links that do something, what is stored inside, and where it ends."""

from collections.abc import Mapping

import pytest

from consumer.model import Reason
from tests.inspection import wide
from tests.inspection.files import archive, compound, pdf, png, program

ODF = "application/vnd.oasis.opendocument"
SPACES = 'xmlns:office="o" xmlns:script="s" xmlns:xlink="x" xmlns:presentation="p" xmlns:draw="d" xmlns:text="t"'
MANIFEST = '<?xml version="1.0"?><!DOCTYPE manifest:manifest PUBLIC "-//a//" "Manifest.dtd"><manifest:manifest/>'
MODULE = '<?xml version="1.0"?><!DOCTYPE script:module PUBLIC "a" "b"><script:module script:name="M">{}</script:module>'


def odf(
    body: str = "hello", kind: str = "text", more: Mapping[str, bytes | str] | None = None, tail: str = ""
) -> bytes:
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {SPACES}>{body}</office:document-content>'
    )
    parts = {
        "mimetype": f"{ODF}.{kind}",
        "content.xml": content,
        "META-INF/manifest.xml": MANIFEST,
        "styles.xml": "<office:document-styles/>",
    }
    return archive({**parts, **(more or {})}) + tail.encode()


def reason(*arguments: object, **more: object) -> Reason | None:
    return wide.reason(odf(*arguments, **more), "a.odt")  # type: ignore[arg-type] # as `odf` has them


@pytest.mark.parametrize(("kind", "name"), [("text", "a.odt"), ("spreadsheet", "a.ods"), ("presentation", "a.odp")])
def test_a_document_is_what_its_mimetype_says(kind: str, name: str) -> None:
    found = wide.seen(odf(kind=kind), name)
    assert (found.detected_type, found.findings, found.flags) == (f"{ODF}.{kind}", [], [])
    assert wide.reason(odf(kind=kind), name) is None


ENTRY = '<m:file-entry m:full-path="{}" m:media-type="application/vnd.oasis.opendocument.{}"/>'


def unnamed(entries: str, content: str = "hello", before: str = "") -> bytes:
    """As some writers leave it: without the entry `mimetype`."""
    manifest = f'<?xml version="1.0"?>{before}<m:manifest xmlns:m="m">{entries}</m:manifest>'
    whole = f"<office:document-content {SPACES}>{content}</office:document-content>"
    return archive({"content.xml": whole, "META-INF/manifest.xml": manifest})


@pytest.mark.parametrize(("kind", "name"), [("text", "a.odt"), ("spreadsheet", "a.ods"), ("presentation", "a.odp")])
def test_without_its_mimetype_a_document_is_what_its_manifest_says(kind: str, name: str) -> None:
    found = wide.seen(unnamed(ENTRY.format("content.xml", "chart") + ENTRY.format("/", kind)), name)
    assert (found.detected_type, found.findings) == (f"{ODF}.{kind}", [])


def test_of_two_types_in_a_manifest_the_last_one_counts() -> None:
    both = ENTRY.format("/", "spreadsheet") + f"<!--{ENTRY.format('/', 'chart')}-->" + ENTRY.format("/", "text")
    assert wide.seen(unnamed(both), "a.odt").detected_type == f"{ODF}.text"


@pytest.mark.parametrize("entries", ["", ENTRY.format("a", "text"), ENTRY.format("/", "text") + "<b>", "&a;"])
@pytest.mark.parametrize("before", ["", '<!DOCTYPE a PUBLIC "-//a//" "b.dtd">'])
def test_an_archive_whose_manifest_names_no_document_is_an_archive(entries: str, before: str) -> None:
    if before:
        entries += ENTRY.format("/", "text")
    assert wide.seen(unnamed(entries, before=before), "a.zip").detected_type == "application/zip"


def test_a_document_without_its_mimetype_is_looked_into() -> None:
    spreadsheet = ENTRY.format("/", "spreadsheet")
    listener = '<script:event-listener script:event-name="a" xlink:href="b"/>'
    assert Reason.MACROS in wide.codes(unnamed(spreadsheet, listener), "a.ods")
    assert Reason.ENCRYPTED in wide.codes(unnamed(spreadsheet + "<m:encryption-data/>"), "a.ods")
    assert wide.reason(unnamed(ENTRY.format("/", "database")), "a.ods") is not None


def test_a_template_and_an_archive_without_content_are_none() -> None:
    assert reason(kind="text-template") is Reason.CONTENT_NOT_ALLOWED
    assert wide.reason(archive({"mimetype": f"{ODF}.text", "a.xml": "<a/>"}), "a.odt") is Reason.MALFORMED


@pytest.mark.parametrize(
    "more",
    [
        {"Basic/Standard/Module1.xml": MODULE.format("Sub Main\nShell &quot;calc&quot;\nEnd Sub")},
        {"Basic/Standard/Module1.xml": MODULE.format("Sub Main : Shell 1 : End Sub")},
        {"Basic/Standard/Module1.xml": "Sub AutoOpen"},
        {"Basic/Other/M.xml": MODULE.format("' " + "a" * 70_000)},
        {"Scripts/python/a.py": "import os"},
        {"Scripts/javascript/x/a.js": "x"},
    ],
)
def test_scripts_are_macros(more: Mapping[str, str]) -> None:
    assert Reason.MACROS in wide.codes(odf(more=more), "a.odt")
    assert reason(more=more) is not None


def test_an_empty_module_is_told() -> None:
    module = MODULE.format("REM  *****  BASIC  *****\n\nSub Main\n\nEnd Sub\n")
    found = wide.seen(odf(more={"Basic/Standard/Module1.xml": module, "Basic/script-lc.xml": "<a/>"}), "a.odt")
    assert (found.findings, found.flags) == ([], ["empty_macro_project"])


SCRIPT = "vnd.sun.star.script:Standard.Module1.Main?language=Basic&amp;location=document"


@pytest.mark.parametrize(
    "body",
    [
        f'<office:scripts><office:event-listeners><script:event-listener script:language="ooo:script" '
        f'xlink:href="{SCRIPT}"/></office:event-listeners></office:scripts>',
        '<y:event-listener script:event-name="dom:load" script:macro-name="a"/>',
        "<script:event-listener\n/>",
        '<text:script script:language="JavaScript">x</text:script>',
        '<text:script\n script:language="JavaScript"/>',
        '<script xmlns="text">x</script>',
        "<y:script>x",
        f'<text:a xlink:href="{SCRIPT}">x</text:a>',
        '<draw:a xlink:href="macro:///Standard.Module1.Main">x</draw:a>',
        '<draw:a q:href="&#118;nd.sun.star.UNO:x"/>',
        '<a b=">" xlink:href="vnd.sun.star.script:x"/>',
        "<a b='\"' c='>' xlink:href=\"vnd.sun.star.script:x\"/>",
        "<a y:href='#a' xlink:href = 'vnd.sun.star.script:x' z:href='#b'/>",
        '<a\n\txlink:href="macro:///a">href</a>',
        '<text:p><text:script script:language="JavaScript">a()</text:script></text:p>',
    ],
)
def test_events_and_links_that_run_a_script_are_macros(body: str) -> None:
    assert reason(body) is Reason.MACROS
    assert reason(more={"Object 1/content.xml": f"<a>{body}</a>"}) is Reason.MACROS
    assert reason("x" * 300_000 + body) is Reason.MACROS


def test_what_a_click_on_a_slide_does_is_ordinary_unless_it_starts_a_program() -> None:
    click = '<office:event-listeners><presentation:event-listener presentation:action="{}"/></office:event-listeners>'
    assert wide.codes(odf(click.format("next-page")), "a.odt") == set()
    assert wide.codes(odf(click.format("execute")), "a.odt") == {Reason.LAUNCH_ACTION}


@pytest.mark.parametrize(
    "body",
    [
        '<draw:floating-frame xlink:href="http://example.com"/>',
        '<draw:object xlink:href="https://example.com/a.odt" xlink:actuate="onLoad"/>',
        '<text:section-source xlink:href="http://example.com/a.odt"/>',
        '<draw:floating-frame xlink:href="//server/share/a.html"/>',
        '<draw:image xlink:href="file://server/share/a.png"/>',
        '<text:list-level-style-image xlink:href="file://server/share/a.png"/>',
        '<meta:template xlink:href="//server/share/a.ott"/>',
        '<xforms:instance src="http://example.com/a.xml"/>',
        '<instance id="a" src="//server/share/a.xml"/>',
        '<form:form form:datasource="https://example.com/a.odb" form:command="t"/>',
        '<form:connection-resource xlink:href="//server/share/a.odb"/>',
        '<draw:image xlink:href="&#102;ile://server/share/a.png"/>',
        '<office:dde-source office:dde-application="cmd"/>',
        '<text:dde-connection-decl office:dde-topic="a"/>',
        '<table:cell table:formula="of:=DDE(&quot;soffice&quot;;&quot;a&quot;)"/>',
        "<table:cell table:formula='of:=dde(\"a\")'/>",
        "<table:cell table:formula='of:=D&#68;E(\"a\")' table:a='&#34;'/>",
        "<table:cell table:formula='of:=&#x0064;d&#101;&#00040;\"a\")'/>",
        "<table:cell table:formula='of:=DDE \n (\"a\")'/>",
    ],
)
def test_what_is_loaded_from_elsewhere_when_it_is_opened_is_refused(body: str) -> None:
    assert reason(body) is Reason.EXTERNAL_REFERENCE


@pytest.mark.parametrize(
    "body",
    [
        '<text:a xlink:href="http://example.com/?on=load">x</text:a>',
        '<draw:image xlink:href="Pictures/a.png"/>',
        '<draw:object xlink:href="./Object 1"/>',
        '<text:list-level-style-image xlink:href="Pictures/a.png"/>',
        '<meta:template xlink:href="../Templates/a.ott"/>',
        '<xforms:instance id="a"><data xmlns=""/></xforms:instance>',
        '<form:form form:datasource="Bibliography" form:command="biblio"/>',
        "<text:p>an instance: src=//server/share, datasource=//server/share</text:p>",
        "<text:p>event-listener, href=vnd.sun.star.script:x, :dde-source and =DDE(1)</text:p>",
        '<text:p text:name="a">b &gt; c xlink:href="vnd.sun.star.script:x"</text:p>',
    ],
)
def test_links_and_words_are_ordinary(body: str) -> None:
    assert wide.seen(odf(body), "a.odt").findings == []


@pytest.mark.parametrize("before", [10, 70_000, 300_000])
@pytest.mark.parametrize("behind", [10, 70_000, 300_000])
def test_a_tag_is_read_however_long_it_is(before: int, behind: int) -> None:
    for tag in (
        'draw:image svg:a=">{0}" xlink:href="file://server/a.png" svg:b="{1}"',
        'text:a svg:a="{0}" xlink:href="vnd.sun.star.script:x" svg:b="{1}"',
        'table:cell svg:a="{0}" table:formula="of:=DDE(1)" svg:b="{1}"',
        'script:event-listener script:macro-name="{0}" svg:b="{1}"',
    ):
        assert reason("<a/>" * 5_000 + f"<{tag.format('x' * before, 'x' * behind)}/>") is not None


def test_a_long_drawing_and_a_long_text_are_ordinary() -> None:
    words = "<text:p>" + "href of a formula, event-listener " * 9_000 + "</text:p>"
    assert reason(f'<draw:path svg:d="{"m0 0z" * 60_000}"/>{words}') is None


@pytest.mark.parametrize(
    "body",
    [
        '<draw:image xlink:href="http://example.com/a.png"/>',
        '<draw:object xlink:href="//server/share/a.ods"/>',
        '<table:table-source xlink:href="//server/share/a.xlsx"/>',
        '<table:cell-range-source xlink:href="https://example.com/a.csv"/>',
    ],
)
def test_a_picture_of_the_web_and_a_workbook_of_a_share_are_told(body: str) -> None:
    found = wide.seen(odf(body), "a.odt")
    assert (found.findings, found.flags) == ([], ["external_references"])


def test_a_password_is_told() -> None:
    manifest = (
        "<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>"
    )
    data = odf(more={"META-INF/manifest.xml": manifest, "styles.xml": b"\x80\x81"})
    assert wide.reason(data, "a.odt") is Reason.ENCRYPTED


@pytest.mark.parametrize(
    "part",
    [
        "<a/>".encode("utf-16"),
        b'<?xml version="1.0" encoding="UTF-7"?><a/>',
        b"\x4c\x6f\xa7\x94",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
    ],
)
def test_a_part_that_is_written_as_no_program_writes_it_is_refused(part: bytes) -> None:
    assert reason(more={"content.xml": part}) is not None


def test_what_is_stored_inside_is_looked_into() -> None:
    native = compound({"\x01Ole10Native": b"\0\0\0\0\2\0run.js\0"})
    assert reason(more={"Object 1": native}) is Reason.EMBEDDED_EXECUTABLE
    assert reason(more={"Pictures/a.exe": b"x"}) is Reason.EMBEDDED_EXECUTABLE
    assert reason(more={"Pictures/a.png": program()}) is Reason.EMBEDDED_EXECUTABLE
    assert reason(more={"Pictures/a.png": b"Rar!\x1a\x07\x00" + bytes(90)}) is Reason.SECOND_FORMAT
    assert reason(more={"Pictures/a.png": png()}) is None


@pytest.mark.parametrize("behind", [program(), archive({"a.txt": b"x"}), pdf(), b"<?php system($_GET[1]); ?>"])
def test_another_format_behind_the_archive_is_found(behind: bytes) -> None:
    assert wide.reason(odf() + behind, "a.odt") in (Reason.SECOND_FORMAT, Reason.ARCHIVE_LIMITS, Reason.TYPE_MISMATCH)


def test_every_cut_is_told() -> None:
    data = odf(more={"Pictures/a.png": png()})
    assert [cut for cut in wide.cuts(data) if wide.reason(cut, "a.odt") is None] == []

"""Office Open XML: what its parts hold is told by their bytes and relationships, never by their names."""

import struct
import sys

import pytest

from consumer.inspection.readers.flate import LARGEST_PIECE
from consumer.inspection.readers.office.fields import Fields
from consumer.inspection.readers.office.xml_reader import XmlReader
from consumer.inspection.readers.seen import Seen, TooMuch, Work
from consumer.model import Reason
from tests.inspection.files import OFFICE, SHEET, archive, compound, doc, ooxml, program, relationships
from tests.inspection.judging import codes, reason, seen
from tests.inspection.measured import cost, started
from tests.inspection.test_ole import EMPTY, compiled, dropped, packed, record

MIB = 1024 * 1024
MICROSOFT = "http://schemas.microsoft.com/office/2006/relationships"


def relation(kind: str, target: str, external: bool = False, of: str = OFFICE) -> str:
    mode = ' TargetMode="External"' if external else ""
    return relationships(f'<Relationship Id="x" Type="{of}/{kind}" Target="{target}"{mode}/>')


def external(kind: str, target: str) -> bytes:
    return ooxml("docx", {"word/_rels/settings.xml.rels": relation(kind, target, external=True)})


def macros() -> bytes:
    """A project as these documents have it: a file of its own."""
    module = compiled() + packed(EMPTY + b"Sub AutoOpen()\r\nEnd Sub\r\n")
    directory = record(0x1A, b"M") + record(0x31, struct.pack("<L", len(compiled())))
    return compound({"PROJECT": b"x"}, {"VBA": {"dir": packed(directory), "_VBA_PROJECT": b"x", "M": module}})


ON_A_MAC = [
    "file:////Users/me/Downloads/a%20b.png",
    "file:////Users/me/Documents/x/a.png",
    "file:////var/folders/zz/zyx/T/com.microsoft.Powerpoint/WebArchiveCopyPasteTempFiles/a.png",
    "file:////private/var/folders/zz/a.png",
]


@pytest.mark.parametrize("target", ON_A_MAC)
def test_a_picture_that_was_linked_on_a_mac_is_on_its_maker_s_own_machine(target: str) -> None:
    assert reason(external("image", target)) is None
    assert reason(external("attachedTemplate", target)) is Reason.EXTERNAL_REFERENCE


@pytest.mark.parametrize(
    "folder", ["users/share", "host/me/Downloads", "Users/Downloads", "Users/me/share", "var/share"]
)
def test_a_picture_on_a_share_is_asked_for(folder: str) -> None:
    assert reason(external("image", f"file:////{folder}/a.png")) is Reason.EXTERNAL_REFERENCE


@pytest.mark.parametrize("name", ["oleObject1.bin", "oleObject1.dat", "oleObject1.xls", "oleObject1"])
def test_an_object_is_looked_into_whatever_it_is_called(name: str) -> None:
    for stream in (dropped(program()), dropped(b"hello", b"a.js")):
        data = ooxml("docx", {f"word/embeddings/{name}": compound({"\x01Ole10Native": stream})})
        assert reason(data) is Reason.EMBEDDED_EXECUTABLE
    letter = compound({"\x01Ole10Native": dropped(b"hello", b"letter.txt")})
    assert reason(ooxml("docx", {f"word/embeddings/{name}": letter})) is None


def test_an_object_that_is_too_large_to_look_into_rejects() -> None:
    data = compound({"a": b"", "\x01Ole10Native": dropped(program())}) + bytes(9 * MIB)
    assert reason(ooxml("docx", {"word/embeddings/a.dat": data})) is Reason.ARCHIVE_LIMITS


@pytest.mark.parametrize("kind", ["vbaProject", "xlMacrosheet", "xlIntlMacrosheet", "wordVbaData"])
def test_a_relationship_to_macros_is_macros(kind: str) -> None:
    data = ooxml("xlsx", {"xl/x.dat": b"x", "xl/_rels/workbook.xml.rels": relation(kind, "x.dat", of=MICROSOFT)})
    assert reason(data, "a.xlsx") is Reason.MACROS


def test_a_project_is_macros_whatever_its_part_is_called() -> None:
    assert reason(ooxml("docx", {"word/x.dat": macros()})) is Reason.MACROS
    workbook = compound({"Workbook": b"x"}, {"_VBA_PROJECT_CUR": {"PROJECT": b"x"}, "VBA_": {"dir": b"x"}})
    assert reason(ooxml("docx", {"word/embeddings/a.xls": workbook})) is None


def test_an_embedded_document_with_macros_is_told() -> None:
    streams = {"dir": packed(b""), "_VBA_PROJECT": b"x", "M": b"code"}
    old = doc(storages={"Macros": {}, "VBA_": streams})
    found = seen(ooxml("docx", {"word/embeddings/a.doc": old}))
    assert (found.findings, found.flags) == ([], ["embedded_files", "embedded_macros"])
    new = ooxml("docm", {"word/vbaProject.bin": macros()})
    found = seen(ooxml("docx", {"word/embeddings/a.docm": new}))
    assert (found.findings, sorted(found.flags)) == ([], ["embedded_files", "embedded_macros"])


def test_a_part_may_be_named_from_the_root_on() -> None:
    """As XlsxWriter names the links of pictures that are placed in cells, where it writes to memory."""
    assert reason(ooxml("xlsx", {"/xl/richData/_rels/richValueRel.xml.rels": "<Relationships/>"}), "a.xlsx") is None
    assert reason(ooxml("xlsx", {"//xl/a.xml": "<a/>"}), "a.xlsx") is Reason.ARCHIVE_LIMITS
    twice = {"/xl/a.xml": "<a/>", "xl/a.xml": "<a/>"}
    assert reason(ooxml("xlsx", twice), "a.xlsx") is Reason.ARCHIVE_LIMITS


def test_content_types_are_looked_up_as_parts_are_named() -> None:
    part = '<Override PartName="/word/x%20y.dat" ContentType="application/vnd.ms-office.vbaProject"/>'
    assert Reason.MACROS in codes(ooxml("docx", {"word/x y.dat": b"x"}, part))
    ending = '<Default Extension="a_very_long_ending" ContentType="application/vnd.ms-office.vbaProject"/>'
    assert Reason.MACROS in codes(ooxml("docx", {"word/x.A_Very_Long_Ending": b"x"}, ending))


ELSEWHERE = [
    "http://a.example/t.dotm",
    "HTTPS://a.example/t",
    "&#9;http://a.example/t",
    "\u200bhttp://a.example/t",
    "http:\\\\a.example\\t",
    "davs://a.example/t",
    "smb://a.example/t",
    "mk:@MSITStore:\\\\a.example\\x.chm::/a.htm",
    "javascript:x",
    "search-ms:query=x",
]
SHARES = [
    "\\\\host\\share\\t.dotm",
    "//host/share/t.dotm",
    "/\\host\\share\\t.dotm",
    "\\/host/share/t.dotm",
    "file://host/share/t.dotm",
    "file:///\\\\host\\share\\t.dotm",
    "file:////host/share/t.dotm",
    "file:////users/share/t.dotm",
    "file://///Users/me/Library/t.dotm",
    "file:////Users/Library/t.dotm",
    "file://Users/me/Library/t.dotm",
    "\\\\Users\\me\\Library\\t.dotm",
    "file://///host/share/t.dotm",
    "file:///%5C%5Chost%5Cshare%5Ct.dotm",
    "file://localhost//host/share/t.dotm",
    "\\\\?\\UNC\\host\\share\\t.dotm",
    "\\\\host@SSL\\DavWWWRoot\\t.dotm",
]
HERE = [
    "Normal.dotm",
    "../templates/a b.dotm",
    "C:\\Templates\\a.dotm",
    "file:///C:\\Users\\a%20b\\t.dotm",
    "file:////C:/t.dotm",
    "file:C:/t.dotm",
    "file:///Users/me/Library/Normal.dotm",
    "file:////Users/me/Library/Group%20Containers/UBF8T346G9.Office/User%20Content.localized/Templates.localized/a.dotx",
    "file:////Applications/Microsoft%20Word.app/Contents/Resources/a.dotx",
    "file://localhost/Users/me/Normal.dotm",
    "Rick's iMac HD:Users:me:t.dotm",
]


@pytest.mark.parametrize("target", ELSEWHERE + SHARES)
@pytest.mark.parametrize("kind", ["attachedTemplate", "frame", "aFChunk"])
def test_what_is_loaded_unasked_is_here_or_rejects(kind: str, target: str) -> None:
    assert reason(external(kind, target)) is Reason.EXTERNAL_REFERENCE


@pytest.mark.parametrize("target", HERE)
@pytest.mark.parametrize("kind", ["attachedTemplate", "oleObject", "image"])
def test_what_is_here_is_ordinary(kind: str, target: str) -> None:
    found = seen(external(kind, target))
    assert (found.findings, found.flags) == ([], [])


@pytest.mark.parametrize("target", ELSEWHERE)
def test_an_object_in_the_web_rejects_and_a_picture_there_is_told(target: str) -> None:
    assert reason(external("oleObject", target)) is Reason.EXTERNAL_REFERENCE
    for kind in ("image", "subDocument"):
        found = seen(external(kind, target))
        assert (found.findings, found.flags) == ([], ["external_references"])


@pytest.mark.parametrize("target", SHARES)
def test_a_picture_on_a_share_rejects_and_a_linked_chart_there_is_told(target: str) -> None:
    """A picture is loaded unasked, and the share learns who looks; a chart is only asked for when the reader agrees."""
    assert reason(external("image", target)) is Reason.EXTERNAL_REFERENCE
    assert reason(external("subDocument", target)) is Reason.EXTERNAL_REFERENCE
    found = seen(external("oleObject", target))
    assert (found.findings, found.flags) == ([], ["external_references"])


def test_a_link_is_ordinary_wherever_it_leads() -> None:
    for target in ELSEWHERE + SHARES + HERE:
        found = seen(external("hyperlink", target))
        assert (found.findings, found.flags) == ([], [])


RUN = "<w:r><w:instrText>{}</w:instrText></w:r>"
BEGIN, END = '<w:r><w:fldChar w:fldCharType="begin"/></w:r>', '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
SEPARATE = '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'


def field(*runs: str) -> str:
    return BEGIN + "".join(RUN.format(run) for run in runs) + SEPARATE + "<w:t>shown</w:t>" + END


def with_part(content: str | bytes, name: str = "word/header1.xml") -> bytes:
    whole = f'<?xml version="1.0"?><w:hdr xmlns:w="w">{content}</w:hdr>' if isinstance(content, str) else content
    return ooxml("docx", {name: whole})


@pytest.mark.parametrize(
    "content",
    [
        field('DDEAUTO c:\\\\windows\\\\cmd.exe "/k calc"'),
        field(" dde excel a.xls"),
        field("D", "DEA", 'UTO cmd "/k calc"'),
        field("DDE", "AUTO", ' cmd "/k calc"'),
        field("&#68;&#x44;EAUTO cmd"),
        BEGIN + RUN.format("QUOTE ") + field("DDEAUTO cmd") + END,
        BEGIN + RUN.format("DDEAUTO ") + field("QUOTE 99 109 100") + END,
        BEGIN + RUN.format("DDEAUTO cmd"),
        BEGIN
        + RUN.format("PAGE")
        + END.replace("end", "&#101;nd")
        + field("DDEAUTO cmd").replace("begin", "&#x62;egin"),
        RUN.format("DDEAUTO cmd"),
        '<w:fldSimple w:instr=" DDEAUTO cmd &quot;/k calc&quot;"/>',
        "<w:fldSimple a='>' w:instr='DDE cmd x'><w:t/></w:fldSimple>",
        "<x:instrText x:a='>' >DDEAUTO cmd</x:instrText>",
        "<instrText\nxml:space='preserve'>DDEAUTO cmd</instrText>",
        " " * 300_000 + field("DDEAUTO cmd"),
        "<w:t>" + "x" * (LARGEST_PIECE - 110) + "</w:t>" + field("X") + field("DDEAUTO cmd"),
        '<ddeLink ddeService="cmd" ddeTopic="/c calc"/>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_field_or_link_that_asks_another_program_for_data_rejects(content: str, encoding: str) -> None:
    part = f'<?xml version="1.0"?><w:hdr xmlns:w="w">{content}</w:hdr>'.encode(encoding)
    assert reason(with_part(part)) is Reason.EXTERNAL_REFERENCE


def test_a_field_is_seen_wherever_the_pieces_of_a_part_end() -> None:
    """The tag, the text and the mark of its end are each cut once."""
    for asks in (field("DDEAUTO cmd"), '<w:fldSimple w:a=">" w:instr="DDEAUTO cmd"/>'):
        for more in range(len(asks)):
            filler = "<w:t>" + "x" * (LARGEST_PIECE - 60 - more) + "</w:t>"
            assert Reason.EXTERNAL_REFERENCE in codes(with_part(filler + asks))


@pytest.mark.parametrize("before", [10, 70_000, 200_000])
@pytest.mark.parametrize("behind", [10, 70_000, 300_000])
@pytest.mark.parametrize("filler", [' w:a="{}"', " w:a='>{}'"])
def test_a_field_is_seen_however_long_its_tag_is(before: int, behind: int, filler: str) -> None:
    tag = f'<w:fldSimple{filler.format("x" * before)} w:instr="DDEAUTO cmd"{filler.format("x" * behind)}/>'
    assert reason(with_part(tag)) is not None
    assert reason(with_part("y" * 50_000 + tag)) is not None


def test_a_long_tag_of_another_kind_is_ordinary() -> None:
    assert codes(with_part(f'<v:shape path="{"m0,0l9,9" * 40_000}"/>' + field("PAGE"))) == set()


@pytest.mark.parametrize("strange", ["<!-- -->DDEAUTO cmd", "<![CDATA[DDEAUTO cmd]]>", " " * 70_000 + "DDEAUTO cmd"])
def test_an_instruction_as_no_program_writes_it_rejects(strange: str) -> None:
    assert reason(with_part(field(strange))) is Reason.MALFORMED


def test_other_fields_and_words_are_ordinary() -> None:
    fields = field("PAGE") + field(" TOC \\o ") + field('HYPERLINK "https://a.example/DDEAUTO"') + field("DDETAIL x")
    citation = field("ADDIN CSL_CITATION {" + "x" * 90_000 + "}", "more")
    words = "<w:t>DDEAUTO is the name of a field; an instrText holds it.</w:t><w:delInstrText>DDE a</w:delInstrText>"
    assert codes(with_part(fields + citation + words)) == set()


def xml(content: str, declared: str = "") -> str:
    return f'<?xml version="1.0"{declared}?>{content}'


ENTITY = '<!DOCTYPE d [<!ENTITY a "ha">]><d>&a;</d>'


@pytest.mark.parametrize(
    "more",
    [
        {"word/document.dat": xml(ENTITY)},
        {"word/media/image1.svg": xml(ENTITY)},
        {"word/media/image1.png": xml(ENTITY)},
        {"word/document.dat": xml(ENTITY).encode("utf-16-be")},
        {"word/STYLES.XML": xml('<!DOCTYPE d SYSTEM "http://a.example/d.dtd"><d/>')},
        {"word/styles.xml": xml(" " * 300_000 + ENTITY)},
        {"word/document.dat": "\n" * 300_000 + ENTITY},
        {"word/styles.xml": "<!-- -->" * 40_000 + ENTITY},
    ],
)
def test_entities_are_refused_in_every_entry_that_is_xml(more: dict[str, str | bytes]) -> None:
    assert reason(ooxml("docx", more)) is Reason.ARCHIVE_LIMITS


@pytest.mark.parametrize(
    "content",
    [
        xml("<d/>", ' encoding="utf-32"').encode("utf-32"),
        xml("<d/>").encode("utf-32-le"),
        xml("<d/>").encode("utf-32-be"),
        xml(ENTITY, ' encoding="cp037"').encode("cp037"),
        b'<?xml version="1.0" encoding="UTF-7"?>+ADw-+ACE-DOCTYPE d+AD4-',
        b"\xef\xbb\xbf<?xml version=\"1.0\" encoding='hz'?><d/>",
        xml("<d/>", ' encoding="utf-7"').encode("utf-16"),
    ],
)
@pytest.mark.parametrize("name", ["word/styles.xml", "word/document.dat"])
def test_xml_that_is_neither_utf8_nor_utf16_is_refused(content: bytes, name: str) -> None:
    assert reason(ooxml("docx", {name: content})) is Reason.MALFORMED


def test_what_real_documents_carry_is_no_bomb() -> None:
    plist = (
        '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd"><plist/>'
    )
    drawing = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg/>'
    more: dict[str, str | bytes] = {
        "word/printerSettings/printerSettings1.bin": xml(plist).encode("utf-16-le"),
        "word/media/image1.svg": xml(drawing),
        "customXml/item1.xml": xml("<a/>", ' encoding="utf-16"').encode("utf-16"),
        "word/styles.xml": xml("<a/>", " encoding='UTF-8'"),
        "word/left.xml": "<<<<<<< HEAD",
        "word/empty.xml": "",
    }
    assert codes(ooxml("docx", more)) == set()


FORK = b"\0\x05\x16\x07\0\x02\0\0Mac OS X        " + bytes(100)


def test_what_a_mac_adds_when_it_packs_a_workbook_again_is_not_read_as_relationships() -> None:
    more = {f"__MACOSX/{name}": FORK for name in ("._a", "xl/._workbook.xml", "xl/_rels/._workbook.xml.rels")}
    found = seen(ooxml("xlsx", {**more, "xl/_rels/workbook.xml.rels": relation("worksheet", "a.xml")}))
    assert (found.detected_type, found.findings) == (SHEET, [])
    assert reason(ooxml("xlsx", {"xl/_rels/workbook.xml.rels": FORK[4:]}), "a.xlsx") is Reason.MALFORMED


LONG = "x" * 7 * MIB + "\U0001f600"
MEMORY: dict[str, dict[str, str | bytes]] = {
    "a relationship's target": {"word/_rels/a.xml.rels": relation("oleObject", LONG)},
    "a target outside": {"word/_rels/a.xml.rels": relation("oleObject", "http://" + LONG, external=True)},
    "a relationship's type": {"word/_rels/a.xml.rels": relation(LONG.upper(), "http://a", external=True)},
    "an attribute in pieces": {"word/_rels/a.xml.rels": relation("a", f"{'x' * 60_000}>" * 100)},
    "many attributes": {"word/_rels/a.xml.rels": "<a " + " ".join(f'a{n}="b"' for n in range(200_000)) + "/>"},
    "a remark": {"word/_rels/a.xml.rels": f"<!-- {LONG} --><a/>"},
}


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's count of a process's memory is asked")
@pytest.mark.parametrize("name", MEMORY)
async def test_no_attribute_fills_the_memory(name: str) -> None:
    async with started() as template:
        found = await cost(ooxml("docx", MEMORY[name]), template)
    assert found.reason is Reason.MALFORMED
    assert found.extra < 48 * MIB


async def test_neither_do_attributes_of_the_listing_and_the_root() -> None:
    listing = f'<Override PartName="/x" ContentType="{LONG.upper()}"/>'
    root = relation("officeDocument", LONG.upper())
    async with started() as template:
        for data in (ooxml("docx", types=listing), archive({"[Content_Types].xml": "<Types/>", "_rels/.rels": root})):
            found = await cost(data, template)
            assert found.reason in (Reason.MALFORMED, Reason.CONTENT_NOT_ALLOWED)
            assert found.extra < 64 * MIB  # each is read once more, as a file of an archive


def test_a_sheet_may_have_as_many_links_as_excel_allows() -> None:
    row = '<Relationship Id="r{}" Type="{}/hyperlink" Target="https://a.example/page?number={}" TargetMode="External"/>'
    rows = relationships(*(row.format(n, OFFICE, n) for n in range(65_530)))
    assert reason(ooxml("xlsx", {"xl/worksheets/_rels/sheet1.xml.rels": rows}), "a.xlsx") is None


@pytest.mark.parametrize(
    "part", [b"<w:instrText>", b'<w:fldSimple w:instr="x"' + b'"' * 2_000, b"a" * 300 + b"fldChar"]
)
def test_searching_for_fields_is_paid_for(part: bytes) -> None:
    fields = Fields(Seen(work=Work(4 * MIB)))
    with pytest.raises(TooMuch):
        for _ in range(8):
            fields.feed(fields.carried + b"<" + part * (128 * 1024 // len(part)), True)


def test_quotes_behind_a_bracket_are_paid_for() -> None:
    fields = Fields(Seen(work=Work(4 * MIB)))
    with pytest.raises(TooMuch):
        for _ in range(8):
            fields.feed(fields.carried + b"<a " + b"'>'" * 20_000, False)


def test_elements_are_paid_for() -> None:
    reader = XmlReader(lambda name, attributes: None, Work(MIB))
    with pytest.raises(TooMuch):
        reader.feed(b"<a>" + b"<b/>" * 1_000)


@pytest.mark.parametrize("text", [rb"{\object\objocx}", rb"{\*\template http://example.org/a.dot}"])
def test_a_text_that_word_takes_in_when_it_opens_the_document_is_judged(text: bytes) -> None:
    assert reason(ooxml("docx", {"word/afchunk.rtf": rb"{\rtf1 words}"})) is None
    assert reason(ooxml("docx", {"word/afchunk.rtf": rb"{\rtf1" + text + b"}"})) is not None

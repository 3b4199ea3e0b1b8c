"""Tables, contacts, calendars, XML and JSON: texts whose name tells what they are, and what opens them as more."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.inspection.detection import Detector
from consumer.inspection.examination import examine
from consumer.inspection.readers.runs import AT_ONCE
from consumer.inspection.readers.texts import opening
from consumer.model import Reason
from tests.inspection import wide
from tests.inspection.files import archive, pdf, png, program
from tests.inspection.test_runs import joined

CARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Müller;Anna;;;\r\nFN:Anna Müller\r\nNOTE:on=1 \\, <b>\r\n"
    "TEL;TYPE=CELL:+49 171 1234567\r\nEND:VCARD\r\n"
)
CALENDAR = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Visit\r\n"
    "DTSTART:20260101T100000Z\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\n"
    "END:VCALENDAR\r\n"
)
XML = '<?xml version="1.0" encoding="UTF-8"?>\n<Order xmlns:x="urn:x"><Id>1</Id><Device once="1"/></Order>'
JSON = '{"a": [1, 2.5, null, "<b>", {"c": "=cmd|x!A0"}]}'


def test_each_is_what_it_is_called_where_its_reader_agrees() -> None:
    assert wide.seen(b"a,b\n1,2\n", "a.csv").detected_type == "text/csv"
    assert wide.seen(b"one column\n", "a.csv").detected_type == "text/csv"
    assert wide.seen(CARD.encode(), "a.vcf").detected_type == "text/vcard"
    assert wide.seen(CALENDAR.encode(), "a.ics").detected_type == "text/calendar"
    assert wide.seen(XML.encode(), "a.xml").detected_type == "text/xml"
    assert wide.seen(JSON.encode(), "a.json").detected_type == "application/json"


class NobodyIsAsked:
    def detect(self, data: bytes) -> str:
        raise AssertionError("libmagic was asked")


@pytest.mark.parametrize("content", ["Dear Sir", "%!PS-Adobe", "#!/bin/sh\n", "a,b\n1,2\n", "ID;P", "Größe", "\ufeffü"])
def test_a_clean_text_by_its_own_name_needs_no_second_opinion(content: str) -> None:
    seen, asked = (examine(content.encode(), one, claimed="text/plain") for one in (NobodyIsAsked(), Detector()))
    assert (seen.detected_type, seen.findings, seen.flags) == ("text/plain", asked.findings, asked.flags)


def test_a_page_by_the_name_of_a_text_is_a_page() -> None:
    seen = examine(b"<html><script>alert(1)</script>", NobodyIsAsked(), claimed="text/plain")
    assert seen.detected_type == "text/html"


@pytest.mark.parametrize("name", ["a.vcf", "a.ics", "a.xml"])
def test_a_letter_by_another_name_is_still_a_letter(name: str) -> None:
    assert wide.reason(b"Dear Sir or Madam", name) is Reason.TYPE_MISMATCH


@pytest.mark.parametrize("content", [CARD, CALENDAR, JSON, "a;b\n1;2\n"])
def test_by_the_name_of_a_text_they_are_texts(content: str) -> None:
    assert wide.reason(content.encode(), "a.txt") is None


@pytest.mark.parametrize(
    "whole", [("a.csv", "a,b\n1,2\n3,4\n5,6\n"), ("a.vcf", CARD), ("a.ics", CALENDAR), ("a.xml", XML)]
)
def test_any_text_may_be_padded_to_the_size_of_a_block(whole: tuple[str, str]) -> None:
    assert wide.reason(whole[1].encode().ljust(4096, b"\0"), whole[0]) is None
    assert wide.reason(whole[1].encode().ljust(4095, b"\0") + b"a", whole[0]) is not None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_any_usual_encoding_is_read(encoding: str) -> None:
    assert wide.reason("Größe;Preis\n1;2\n".encode(encoding), "a.csv") is None
    assert wide.reason(CARD.encode(encoding), "a.vcf") is None
    assert wide.reason('{"a": "ü"}'.encode(encoding), "a.json") is None


@pytest.mark.parametrize(
    "table",
    [
        "ID;PWXL;N;E\nC;Y1;X1;K1\nE\n",
        "ID;P\r\nO;E\r\nNN;NAuto_open;ER1C1\r\nC;X1;Y1;EEXEC(1)\r\nE\r\n",
        "id;pa\rC;X1\rE",
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>',
    ],
)
def test_a_table_that_excel_reads_as_another_format_is_refused(table: str) -> None:
    assert wide.reason(table.encode(), "a.csv") is Reason.SECOND_FORMAT


@pytest.mark.parametrize("table", ["ID,Name\n1,Anna\n", "ID;Price;Name\n1;2;x\nC;3;y\n", "ID;P\n1;2\n", "ID\n1\n"])
def test_a_table_whose_first_column_is_called_id_is_accepted(table: str) -> None:
    assert wide.reason(table.encode(), "a.csv") is None


@pytest.mark.parametrize(
    "cell",
    [
        "=cmd|' /C calc'!A0",
        "+cmd|'/C x'!A0",
        "@SUM(1+1)*cmd|' /C calc'!A0",
        "\"=MSEXCEL|'..\\cmd.exe'!''\"",
        '=DDE("cmd";"/C calc";"x")',
        "=2+5+cmd|'/C calc'!A0",
    ],
)
def test_a_formula_that_calls_a_program_is_told(cell: str) -> None:
    assert wide.seen(f"a,b\n1,{cell}\n".encode(), "a.csv").flags == ["formula_calls_program"]


@pytest.mark.parametrize(
    "row", ["+49 171 | Call!", "=A1+B1", "-5|Hello!", "a|b|Great!", "=SUM(A1:A3)!", "DDE(x)", "-1,x|y"]
)
def test_other_formulas_and_signs_are_not_mentioned(row: str) -> None:
    assert wide.seen(f"a,b\n1,{row}\n".encode(), "a.csv").flags == []


@pytest.mark.parametrize("name", ["a.csv", "a.vcf", "a.ics", "a.xml", "a.json"])
@pytest.mark.parametrize("page", ["<html><script>x</script>", "<!DOCTYPE html><p>", "<script>alert(1)</script>"])
def test_a_page_by_another_name_is_a_page(name: str, page: str) -> None:
    assert wide.reason(page.encode(), name) is not None


@pytest.mark.parametrize("name", wide.FOREIGN)
@pytest.mark.parametrize(
    "whole", [("a.csv", "a,b\n"), ("a.vcf", CARD), ("a.ics", CALENDAR), ("a.xml", XML), ("a.json", JSON)]
)
def test_no_text_goes_on_as_a_file_of_another_format(name: str, whole: tuple[str, str]) -> None:
    assert wide.reason(whole[1].encode() + wide.FOREIGN[name], whole[0]) is not None


@pytest.mark.parametrize("whole", [("a.vcf", CARD), ("a.ics", CALENDAR), ("a.xml", XML), ("a.json", JSON)])
def test_every_cut_is_told(whole: tuple[str, str]) -> None:
    name, content = whole[0], whole[1].strip().encode()
    assert [cut for cut in wide.cuts(content) if wide.reason(cut, name) is None] == []


def attached(content: bytes, kind: str = "ics", fold: str = "\r\n ") -> bytes:
    encoded = base64.b64encode(content).decode()
    folded = fold.join(encoded[at : at + 60] for at in range(0, len(encoded), 60))
    if kind == "vcf":
        return CARD.replace("END:VCARD", f"PHOTO;ENCODING=b;TYPE=PNG:{folded}\r\n\r\nEND:VCARD").encode()
    line = f'ATTACH;X="a:b";FMTTYPE=a/b;ENCODING=BASE64;VALUE=BINARY;X-FILENAME="a.bin":{folded}\r\nEND:VEVENT'
    return CALENDAR.replace("END:VEVENT", line).encode()


@pytest.mark.parametrize("kind", ["ics", "vcf"])
@pytest.mark.parametrize("fold", ["\r\n ", "\n\t", "\r\n"])
def test_a_program_in_a_property_is_found_however_its_lines_are_folded(kind: str, fold: str) -> None:
    assert wide.reason(attached(program() + bytes(100), kind, fold), f"a.{kind}") is Reason.EMBEDDED_EXECUTABLE


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize(
    "line",
    [
        "ATTACH;ENCODING=BASE64",
        "ATTACH;X=1;ENCODING=b",
        'ATTACH;ENCODING="b"',
        "attach;encoding=b;x=1",
        "X:data:;base64,",
    ],
)
@pytest.mark.parametrize("at", range(1, 16))
def test_a_program_is_found_where_what_tells_of_it_is_folded(line: str, at: int, end: str) -> None:
    property_ = line if line.endswith(",") else line + ":"
    folded = f"{property_[:at]}\r\n {property_[at:]}{base64.b64encode(program()).decode()}"
    calendar = CALENDAR.replace("END:VEVENT", f"{folded}\r\nEND:VEVENT").replace("\r\n", end)
    assert wide.reason(calendar.encode(), "a.ics") is Reason.EMBEDDED_EXECUTABLE


@pytest.mark.parametrize(
    "found", [attached(program()).decode(), CALENDAR.replace("DISPLAY", "PROCE\r\n DURE"), CALENDAR]
)
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_calendar_of_many_events_is_read_like_each_of_them(found: str, end: str) -> None:
    events = "BEGIN:VEVENT\r\nDESCRIPTION:One\r\n  more\r\nEND:VEVENT\r\n" * (2 * AT_ONCE // 50)
    many = found.replace("BEGIN:VEVENT", events + "BEGIN:VEVENT").replace("END:VCALENDAR", events + "END:VCALENDAR")
    one, all_ = (wide.codes(text.replace("\r\n", end).encode(), "a.ics") for text in (found, many))
    assert one == all_
    assert wide.codes(many.replace("\r\n", end).encode() + b"more", "a.ics") == one | {Reason.TRAILING_DATA}


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("before", ["", "\r", "\n", "\r\n"])
def test_a_program_is_found_however_the_lines_around_it_end(before: str, end: str) -> None:
    card = f"X;ENCODING=b:{before}{base64.b64encode(program()).decode()}{end}N:Doe;John\r\nEND:VCARD"
    assert wide.reason(CARD.replace("END:VCARD", card).encode(), "a.vcf") is Reason.EMBEDDED_EXECUTABLE


@pytest.mark.parametrize("line", ["ENCODING=B:", "BASE64:TVqQ", "X;ENCODING=b:", "X:data:;base64,TVqQ"])
def test_a_file_behind_the_last_object_is_a_line_behind_it(line: str) -> None:
    assert Reason.TRAILING_DATA in wide.codes(f"{CARD}{line}\r\n".encode(), "a.vcf")


LINES = (
    *(b"a", b"\n ", b"\n", b"\nEND:VCARD", b"\nBEGIN:VCARD"),
    *(b"X;ENCODING=b:TVqQ", b"BASE64:TVqQ", b"\nPALARM", b"x:data:,a"),
)


@given(st.lists(st.sampled_from(LINES), max_size=20).map(b"".join))
def test_it_does_not_matter_how_lines_end(content: bytes) -> None:
    card = b"BEGIN:VCARD\n" + content + b"\nEND:VCARD\n"
    found = [wide.codes(card.replace(b"\n", end), "a.vcf") for end in (b"\n", b"\r\n", b"\r")]
    assert found[0] == found[1] == found[2]


def test_a_portrait_is_ordinary_and_an_attached_file_is_told() -> None:
    assert wide.codes(attached(png(), "vcf"), "a.vcf") == set()
    assert wide.codes(attached(b"Dear Sir, please find below"), "a.ics") == {Reason.EMBEDDED_FILES}


@pytest.mark.parametrize("value", ["data:image/png;base64,", "DATA:text/plain;base64,", "data:;BASE64,"])
def test_a_file_in_a_data_url_is_judged(value: str) -> None:
    card = CARD.replace("END:VCARD", f"PHOTO:{value}{base64.b64encode(program()).decode()}\r\nEND:VCARD")
    assert wide.reason(card.encode(), "a.vcf") is Reason.EMBEDDED_EXECUTABLE


def test_a_program_by_its_name_is_found() -> None:
    calendar = attached(b"hello").replace(b"a.bin", b"a.exe")
    assert wide.reason(calendar, "a.ics") is Reason.EMBEDDED_EXECUTABLE


def test_an_archive_with_a_program_is_found() -> None:
    assert Reason.EMBEDDED_EXECUTABLE in wide.codes(attached(archive({"a.exe": program()})), "a.ics")


def test_an_alarm_that_starts_a_program_is_told() -> None:
    calendar = CALENDAR.replace("ACTION:DISPLAY", "ACTION:PROCEDURE\r\nATTACH:file:///C:/x.exe")
    assert wide.codes(calendar.encode(), "a.ics") == {Reason.LAUNCH_ACTION}


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="file://a.example/a.xsl"?><a/>',
        '<?mso-application progid="Word.Document"?><a/>',
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        '<!DOCTYPE a SYSTEM "http://example.com/a.dtd"><a/>',
        '<a xmlns:h="http://www.w3.org/1999/xhtml"><h:script>alert(1)</h:script></a>',
        '<a><b xmlns="http://www.w3.org/2000/svg"/></a>',
        '<a xmlns="&#104;ttp://www.w3.org/1999/xhtml"/>',
        '<a xmlns:h="http://www.w3.org/1999/xhtml"><b/><c><h:script>alert(1)</h:script></c></a>',
        '<a xmlns=" http://www.w3.org/1999/xhtml "/>',
        '<a xmlns:x="http://www.w3.org/1999/XSL/Transform" x:version="1.0"/>',
        '<a xmlns:x="http://www.w3.org/1999/XSL/Transform"><x:template match="/"/></a>',
        '<a xmlns:x="http://www.w3.org/1999/XSL/Transform" x:version="1.0"><b xmlns:x="http://www.w3.org/2000/svg"/></a>',
        '<a xmlns:ü="http://www.w3.org/2000/svg"><ü:svg/></a>',
        "<a><b></a>",
        '<?xml version="1.0" encoding="utf-7"?><a/>',
    ],
)
def test_xml_that_an_opener_acts_on_or_that_is_none_is_refused(text: str) -> None:
    assert wide.reason(text.encode(), "a.xml") is not None


def test_a_namespace_that_no_element_is_of_does_nothing() -> None:
    declared = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:svg="http://www.w3.org/2000/svg" xmlns:xhtml="http://www.w3.org/1999/xhtml" '
        'xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><a svg:width="1cm"/></office:document-content>'
    )
    assert wide.reason(declared.encode(), "content.xml") is None


@given(joined(b"\r", b"\n", b"\r\n", b"a", b"x" * (AT_ONCE - 2)))
def test_lines_end_in_one_way(text: bytes) -> None:
    assert opening.in_lines(text) == text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


MANY = " ".join(f'a{number}="1"' for number in range(40_000))


@pytest.mark.parametrize("name", ["a.xml", "a.svg"])
def test_an_element_of_more_attributes_than_any_file_has_is_too_much(name: str) -> None:
    space = 'xmlns="http://www.w3.org/2000/svg"' if name == "a.svg" else 'x="y"'
    assert wide.reason(f"<svg {space}><g {MANY}/></svg>".encode(), name) is Reason.ARCHIVE_LIMITS


@pytest.mark.parametrize(
    "long",
    [
        f"<a><!-- <b {MANY}/> --></a>",
        f"<a><![CDATA[<b {MANY}/>]]></a>",
        f"<a b='{MANY.replace('=', ':')}'/>",
        f'<a b="{MANY.replace(chr(34), "&quot;")}"/>',
        f"<a b='{'=' * 400_000}'/>",
        "<a>%s</a>" % ('<b c="1"/>' * 20_000),
    ],
    ids=["a remark", "raw characters", "a value of quotes", "a value of escapes", "a value of signs", "elements"],
)
def test_long_remarks_and_values_are_no_attributes(long: str) -> None:
    assert wide.reason(long.encode(), "a.xml") is None


@pytest.mark.parametrize("encoding", ["windows-1252", "iso-8859-1", "shift_jis", "utf-16", "gb18030", "IBM850"])
def test_xml_in_other_encodings_is_read(encoding: str) -> None:
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><a>{"日本" if encoding in ("shift_jis", "gb18030") else "ü"}</a>'
    )
    assert wide.reason(text.encode(encoding), "a.xml") is None


@pytest.mark.parametrize(
    "text",
    [
        *('{"a":1}\n{"a":2}\n', "[]", '"word"', "1", " [1,\n2]\n"),
        json.dumps({"a": float("nan"), "b": [float("inf"), -float("inf")]}),  # as Python writes them
        '{"a":NaN}\n{"a":1}\n',
        '{"a":"\\ud83d"}',  # as JavaScript writes half of a character
        '{"a":1}{"a":2}[3]',  # as Firehose delivers a log
        '{\n  "a": 1\n}\n{\n  "a": 2\n}\n',  # as jq writes several values
        '\x1e{"a":1}\n\x1e{"a":2}\n',  # RFC 7464
    ],
)
def test_json_by_the_value_and_by_the_line_is_accepted(text: str) -> None:
    assert wide.reason(text.encode(), "a.json") is None


SETTINGS = r"""// see "https://example.com
{ /* what the "program, does */
  "include": ["src/**/*.ts", "a\\", "\"//",],
  "url": "https://example.com/*,]", // one more,
  /* "old": 1, */
}"""


@pytest.mark.parametrize("text", [SETTINGS, SETTINGS.replace("\n", "\r\n"), SETTINGS + "\n// end\n", "[1, /* a */\n]"])
def test_settings_of_programs_with_remarks_are_accepted(text: str) -> None:
    assert wide.reason(text.encode(), "settings.json") is None


def test_every_cut_of_settings_is_told() -> None:
    whole = SETTINGS.encode()
    assert all(wide.reason(whole[:end], "settings.json") is not None for end in range(1, len(whole)))


@pytest.mark.parametrize("text", ["// a", "/* a", "{} /* a", "{}/", '{"a": 1 / 2}', '["a/*"', "[1,,]", '{"a": <b>}//'])
def test_remarks_make_no_json_of_something_else(text: str) -> None:
    assert wide.reason(text.encode(), "settings.json") is not None


@pytest.mark.parametrize("text", ["{'a': 1}", "hello", "[" * 100_000, '{"a":1}}', '{"a":1}{"a', '{"a":1}2'])
def test_what_does_not_parse_is_no_json(text: str) -> None:
    assert wide.reason(text.encode(), "a.json") is not None


@pytest.mark.parametrize(
    "words", ["{\\rtf1 begins each RTF file}\nwords", "%!PS-Adobe-3.0 stands in front\nof PostScript"]
)
def test_a_note_on_a_format_that_begins_with_its_signature_is_a_note(words: str) -> None:
    assert wide.reason(words.encode(), "a.txt") is None


@pytest.mark.parametrize("name", ["a.txt", "a.rtf", "a"])
def test_rtf_that_does_something_is_no_note_by_any_name(name: str) -> None:
    assert wide.reason(b"{\\rtf1{\\object words}}", name) is not None


def test_a_document_in_one_file_of_xml_is_no_text_and_a_part_of_one_is() -> None:
    space = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    kind = 'office:mimetype="application/vnd.oasis.opendocument.text"'
    whole = f'<?xml version="1.0"?><office:document {space} {kind}/>'.encode()
    part = f'<?xml version="1.0"?><office:document-content {space}/>'.encode()
    far = f'<?xml version="1.0"?><a>{"x" * 4096}<office:document {space} {kind}/></a>'.encode()
    assert wide.reason(whole, "a.xml") is Reason.SECOND_FORMAT
    assert wide.reason(part, "a.xml") is wide.reason(far, "a.xml") is None


def test_a_workbook_in_text_before_an_archive_or_a_document_is_another_format() -> None:
    sylk = b"ID;PWXL;N;E\r\nC;X1;Y1;K1\r\nE\r\n"
    for name, data in (("a.zip", archive({"a.txt": b"words"})), ("a.pdf", pdf())):
        assert wide.reason(sylk + data, name) is Reason.SECOND_FORMAT


@pytest.mark.parametrize(
    "named", ['href="fatturapa_v1.2.xsl"', "type='text/xsl' href='../xsl/sms.XSL'", 'href="a.css"']
)
def test_a_style_sheet_beside_an_invoice_is_told(named: str) -> None:
    data = f'<?xml version="1.0"?><?xml-stylesheet {named}?><Invoice/>'.encode()
    assert wide.reason(data, "a.xml") is None
    assert wide.seen(data, "a.xml").flags == ["external_references"]


@pytest.mark.parametrize(
    "named",
    [
        'type="text/xsl" href="http://crd.example/xml/schematy/UPO/2008/05/09/upo.xsl"',
        "href='HTTPS://example.com/style?version=2&amp;of=1#all' type='text/css' media='screen'",
    ],
)
def test_a_style_sheet_in_the_web_as_forms_of_authorities_name_it_is_told(named: str) -> None:
    data = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet {named}?><pos:Document xmlns:pos="urn:a"/>'.encode()
    )
    assert wide.reason(data, "UPO.xml") is None
    assert wide.seen(data, "UPO.xml").flags == ["external_references"]


def test_a_style_sheet_that_makes_pages_is_not_let_in() -> None:
    data = b'<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform"/>'
    assert wide.reason(data, "a.xsl") is wide.reason(data, "a.xml") is Reason.SECOND_FORMAT


@pytest.mark.parametrize(
    "named",
    [
        'href="ftp://example.com/a.xsl"', 'href="http:/a.xsl"', 'href="file://host/a.css"', 'href="//host/a.xsl"',
        'href="#a.xsl"', 'href="data:text/xsl,a.xsl"', 'href="javascript:a.xsl"', "",
        'href=""', 'href="a.xml"', 'href="#" a="href.xsl"', 'href="&#104;ttp://example.com/a.xsl"', "href=a.xsl",
        'href="\\\\host\\a.xsl"', 'href="?a.xsl"', 'href="http://a/a.xsl" href="//host/a.xsl"',
    ],
)  # fmt: skip
def test_any_other_style_sheet_is_loaded_from_elsewhere_or_stands_in_the_file(named: str) -> None:
    data = f'<?xml version="1.0"?><?xml-stylesheet type="text/xsl" {named}?><Invoice/>'.encode()
    assert wide.reason(data, "a.xml") is Reason.EXTERNAL_REFERENCE


@pytest.mark.parametrize(
    "space",
    [
        "http://schemas.microsoft.com/office/word/2003/wordml",
        "http://schemas.microsoft.com/office/2006/xmlPackage",
        "urn:schemas-microsoft-com:office:spreadsheet",
    ],
)
def test_a_document_of_office_in_one_file_of_xml_is_no_text(space: str) -> None:
    assert wide.reason(f'<?xml version="1.0"?><a:b xmlns:a="{space}"/>'.encode(), "a.xml") is Reason.SECOND_FORMAT


def test_a_backup_of_messages_names_halves_of_characters() -> None:
    """As SMS Backup & Restore writes pictures in a message."""
    backup = '<?xml version="1.0"?><smses count="1"><sms body="hello &#55357;&#56832;!" date="1"/>{}</smses>'
    assert wide.reason(backup.format("").encode(), "sms.xml") is None
    assert wide.reason(backup.format("&#5;").encode(), "sms.xml") is Reason.MALFORMED
    assert wide.reason(backup.format("&#53;&#5529").encode(), "sms.xml") is Reason.MALFORMED
    page = '<script xmlns="http://www.w3.org/1999/xhtml"/>'
    assert wide.reason(backup.format(page).encode(), "sms.xml") is Reason.SECOND_FORMAT


@pytest.mark.parametrize("text", ["[NaN", "{a: NaN}", '{"a": nan, "b": Infinity}', "[" * 5_000 + "NaN", "{'a': NaN}"])
def test_numbers_that_are_none_make_no_json(text: str) -> None:
    assert wide.reason(text.encode(), "a.json") is Reason.MALFORMED

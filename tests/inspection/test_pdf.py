"""What a PDF is, what is in its file besides, and what excuses it: only what really is what it says."""

import zlib
from itertools import accumulate

import pytest

from consumer.inspection.detection import Detector
from consumer.inspection.examination import examine
from consumer.inspection.policy.policy import Policy
from consumer.inspection.readers.seen import Seen
from consumer.model import Facts, Reason
from consumer.model.units import MIB
from tests.inspection.files import attachment, pdf, program
from tests.inspection.judging import codes
from tests.inspection.polyglots import HTML, PHP, RAR, ZIP, tar

POLICY = Policy.load()
DETECTOR = Detector()


def judged(data: bytes, name: str = "a.pdf") -> Reason | None:
    seen = examine(data, DETECTOR)
    facts = Facts(size=len(data), detected_type=seen.detected_type, findings=tuple(seen.findings))
    return POLICY.decide(attachment(name), facts)


def seen_in(data: bytes) -> Seen:
    return examine(data, DETECTOR)


def stream(content: bytes, dictionary: bytes = b"", number: int = 9) -> bytes:
    head = b"%d 0 obj\n<< /Length %d %s >>\nstream\n" % (number, len(content), dictionary)
    return head + content + b"\nendstream\nendobj\n"


FORM = b'<xdp:xdp><template><script contentType="application/x-javascript">x = 1</script></template></xdp:xdp>'


@pytest.mark.parametrize(
    "text",
    [
        b"See the PDF format: %PDF-1.4 begins a file and then comes 1 0 obj as the first object.\n",
        b"A header reads %PDF-1.7; objects are like `12 0 obj` ... `endobj`, and dictionaries like << /A /B >>.\n",
    ],
)
def test_a_text_that_speaks_of_pdf_is_a_text(text: bytes) -> None:
    assert seen_in(text).detected_type == "text/plain"
    assert judged(text, "a.txt") is None


@pytest.mark.parametrize("object_", [b"1 0 obj<<", b"1 0 obj\0<<", b"1 0 obj %x\n%y\r<<", b"1%\n0%\nobj%\n<<"])
def test_what_a_reader_would_open_is_never_a_text(object_: bytes) -> None:
    data = b"hello\n" * 100 + b"%PDF-1.4\n" + object_ + b" /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    assert judged(data, "a.txt") is not None


def test_markup_is_excused_in_a_dynamic_form_and_nowhere_else() -> None:
    form = pdf(stream(FORM), catalog=b"/AcroForm << /XFA [(template) 9 0 R] >> ")
    referred = pdf(stream(FORM) + b"8 0 obj\n[(template) 9 0 R]\nendobj\n", catalog=b"/AcroForm << /XFA 8 0 R >> ")
    assert judged(form) is None
    assert judged(referred) is None
    for said in (b"%/XFA [9 0 R]\n", b"(/XFA [9 0 R])", b"/XFA [7 0 R] "):
        assert judged(pdf(stream(FORM), catalog=b"/A " + said)) is Reason.SECOND_FORMAT
    rich = FORM.replace(b"</template>", b'<body xmlns="http://www.w3.org/1999/xhtml"><p>a</p></body></template>')
    called = pdf(stream(rich, b"/Type /EmbeddedFile"), catalog=b"/AcroForm << /XFA [(template) 9 0 R] >> ")
    assert judged(called) is None, "as Acrobat calls it"
    files = b"8 0 obj\n<< /F (a.html) /EF << /F 9 0 R >> >>\nendobj\nxref\n"
    assert judged(called.replace(b"xref\n", files, 1)) is Reason.EMBEDDED_EXECUTABLE
    assert judged(form.replace(b"xref\n", b"%" + HTML + b"\nxref\n", 1)) is Reason.SECOND_FORMAT
    assert judged(form.replace(b"x = 1", PHP, 1)) is Reason.SECOND_FORMAT


def test_markup_is_excused_as_words_of_a_page_only_inside_a_string_that_is_shown() -> None:
    assert judged(pdf(stream(b"BT (the <html> tag) Tj [(and <script>) 3 (too)] TJ ET"))) is None
    for content in (b"BT " + HTML + b") Tj ET", b"BT (a) Tj <script> (b) Tj ET", b"BT [<svg onload=x> (a)] TJ ET"):
        assert judged(pdf(stream(content))) is Reason.SECOND_FORMAT


def test_a_few_bytes_before_a_document_are_no_format() -> None:
    """As a program left them that cut a message at the wrong places."""
    for before in (b"\n\xa0\xa4\x03", b"\x01\x02\x80", b"\xff\xfe\0\x81"):
        assert judged(before + pdf()) is None
        assert seen_in(before + pdf()).has(Reason.LEADING_DATA)
    assert judged(b"\x01\x02\x80\x81\x82\x83\x84\x85" + pdf()) is Reason.SECOND_FORMAT
    for before in (b"PK\3\4", b"II*\0", b"\xff\xd8\xff\xe0", b"GIF89a"):
        assert judged(before + pdf()) is not None


def test_a_document_behind_the_letters_of_a_signature_is_no_text() -> None:
    for before in (b"GIF89a ", b"\xff\xd8\xff\xe0"):
        assert seen_in(before + pdf()).has(Reason.SECOND_FORMAT)


def test_an_archive_that_any_program_opens_is_excused_by_no_word() -> None:
    for said in (b"%/Type /EmbeddedFile\n", b"/A (/Type /EmbeddedFile)", b"/Type /EmbeddedFile"):
        assert judged(pdf(stream(ZIP, said))) in (Reason.SECOND_FORMAT, Reason.EMBEDDED_EXECUTABLE)
        assert judged(pdf(stream(RAR, said))) in (Reason.SECOND_FORMAT, Reason.ARCHIVE_LIMITS)


def test_an_end_mark_ends_a_document_only_behind_the_place_of_a_table() -> None:
    assert judged(pdf() + tar() + b"%%EOF\n") is Reason.SECOND_FORMAT
    assert judged(pdf() + tar() + b"startxref\n9\n%%EOF\n") is Reason.SECOND_FORMAT
    assert judged(pdf() + b"junk\n%%EOF\n") is None
    assert seen_in(pdf() + b"junk\n%%EOF\n").has(Reason.TRAILING_DATA)


def test_an_appended_revision_is_no_second_file() -> None:
    revision = (
        b"8 0 obj\n<< /A 1 >>\nendobj\nxref\n8 1\n0000000009 00000 n \ntrailer\n<< /Size 9 >>\nstartxref\n9\n%%EOF\n"
    )
    assert seen_in(pdf() + revision).findings == []


def test_what_is_written_between_the_objects_is_looked_at() -> None:
    assert judged(pdf(b"% a comment of the writer\n%%Another: 12 0\n")) is None
    assert judged(pdf(b"%\r\n@echo off\r\ncalc.exe\r\n")) is None  # nothing runs it there
    assert judged(pdf(b"\n\0asm\x01\0\0\0" + bytes(30) + b"\n")) is Reason.SECOND_FORMAT


def test_a_file_in_a_stream_is_judged_like_an_attached_one_whether_it_is_called_so_or_not() -> None:
    for said in (b"", b"/Type /EmbeddedFile"):
        assert judged(pdf(stream(tar(), said))) is Reason.ARCHIVE_LIMITS  # nobody here opens it
        assert judged(pdf(stream(program(), said))) is Reason.EMBEDDED_EXECUTABLE
    assert judged(pdf(stream(b"%!PS-AdobeFont-1.0: Font\n"))) is None


@pytest.mark.parametrize(
    ("dictionary", "code"),
    [
        (b"/S /Launch /F (cmd.exe)", Reason.LAUNCH_ACTION),
        (b"/S%x\n/Launch /F (cmd.exe)", Reason.LAUNCH_ACTION),
        (b"/S /L#61unch", Reason.LAUNCH_ACTION),
        (b"/S /JavaScript /JS (x)", Reason.JAVASCRIPT),
        (b"/S /J#61v#61Script /JS (x)", Reason.JAVASCRIPT),
        (b"/S /Rendition /JS (x)", Reason.JAVASCRIPT),
        (b"/Subtype /RichMedia", Reason.ACTIVE_CONTENT),
        (b"/Names << /EmbeddedFiles 3 0 R >>", Reason.EMBEDDED_FILES),
        (b"/Type /Filespec /F (a.pdf) /EF << /F 9 0 R >>", Reason.EMBEDDED_FILES),
    ],
)
def test_what_a_pdf_does_and_carries_are_findings_of_their_own(dictionary: bytes, code: Reason) -> None:
    data = pdf(b"9 0 obj\n<< " + dictionary + b" >>\nendobj\n")
    assert [finding.code for finding in seen_in(data).findings] == [code]
    assert judged(data) is None
    hidden = pdf(stream(b"2f41".ljust(10) + (b"9 0 << " + dictionary + b" >>").hex().encode() + b">", OBJECTS))
    assert code in [finding.code for finding in seen_in(hidden).findings]


OBJECTS = b"/Type /ObjStm /N 1 /First 6 /Filter /ASCIIHexDecode"


@pytest.mark.parametrize("blanks", [0, 10, 16_000, 17_000, 40_000])
def test_a_dictionary_in_a_comment_is_not_that_of_the_stream_however_far_it_ends(blanks: int) -> None:
    """What stands behind it belongs to the dictionary around it."""
    decoy = b"%obj<</Subtype/Image/Width 1/Height 1>>" + b" " * blanks + b"\n"
    packed = b"2f41".ljust(10) + b"9 0 <</S/JavaScript/JS(x)>>".hex().encode() + b">"
    assert Reason.JAVASCRIPT in codes(pdf(stream(packed, OBJECTS + decoy)))


def test_an_encryption_that_is_written_in_escapes_hides_something() -> None:
    assert judged(pdf(trailer=b"/Encr#79pt 9 0 R ")) is Reason.ENCRYPTED


def test_words_in_a_stream_of_objects_that_is_not_compressed_are_words() -> None:
    words = rb"<< /Title (<script>alert\(1\)</script> <% x %>) >>"
    stream = b"9 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Length %d >>\nstream\n8 0 %s\nendstream\nendobj\n"
    assert not codes(pdf(stream % (len(words) + 4, words)))
    page = b"<script>alert(1)</script>"
    assert Reason.SECOND_FORMAT in codes(pdf(stream % (len(page) + 4, page)))


def test_a_document_that_stops_before_what_names_its_first_object_is_broken() -> None:
    data = pdf(b"9 0 obj\n<< /Title (words) >>\nendobj\n" * 40)
    begins, ends = data.index(b"obj\n<<") + 8, data.index(b">>", data.index(b"trailer")) + 2
    for stop in (*(begins + (ends - begins) * part // 64 for part in range(64)), ends - 1):
        assert Reason.MALFORMED in codes(data[:stop])
    assert codes(data[:ends]) == set()


def test_a_document_whose_end_says_all_but_its_mark_is_told() -> None:
    assert codes(pdf()[:-6]) == set()
    assert Reason.MALFORMED in codes(pdf().replace(b"/Root 1 0 R", b"/Root 7 0 R")[:-6])
    linearized = pdf().replace(b"<< /Type /Catalog", b"<< /Linearized 1 /Type /Catalog")
    assert codes(linearized) == set()
    assert Reason.MALFORMED in codes(linearized.replace(b"/Pages 2 0 R", b"/Pages 8 0 R"))


STREAMED = b"5 0 obj\n<< /Type /ObjStm /N %d /First %d /Length %d >>\nstream\n%s\nendstream\nendobj\n"


def packed(objects: bytes, listing: bytes, root: int, count: int = 1) -> bytes:
    """A document with objects in a stream, of which one is its catalog."""
    content = listing + objects
    return pdf(STREAMED % (count, len(listing), len(content), content)).replace(b"/Root 1 0 R", b"/Root %d 0 R" % root)


def test_a_catalog_is_found_in_a_stream_of_objects_and_has_to_be_one() -> None:
    catalog = b"<< /Type /Catalog /Pages 2 0 R >>"
    assert codes(packed(catalog, b"7 0 ", 7)) == set()
    assert codes(packed(b"<< /Pages 6 0 R >> << /Kids [3 0 R] >>", b"7 0 6 19 ", 7, 2)) == set()
    assert codes(packed(catalog, b"7 0 ", 7) + bytes(5_000)) == set()
    assert codes(packed(catalog, b"7 0 ", 7) + b"\n<b>Notice</b>: none" * 99) == {Reason.TRAILING_DATA}
    assert codes(packed(catalog, b"7 0 ", 7).rpartition(b"%%EOF")[0]) == set()
    assert codes(packed(catalog, b"8 0 ", 7)) == {Reason.MALFORMED}
    assert codes(packed(b"<< /Lang (en) >>", b"7 0 ", 7)) == {Reason.MALFORMED}
    assert codes(packed(catalog, b"8 0 ", 7).replace(b"/First 4", b"/First 9 0 R")) == set()
    assert (
        codes(packed(catalog, b"8 0 ", 7).replace(b"/First 4", b"/First 4 /DecodeParms << /Predictor 12 >>")) == set()
    )
    assert codes(packed(catalog, b"7 900 ", 7)) == {Reason.MALFORMED}


def test_a_catalog_without_pages_is_none_and_another_object_of_its_number_does_not_hide_it() -> None:
    assert codes(pdf().replace(b"/Pages 2 0 R", b"/Pagts 2 0 R")) == {Reason.MALFORMED}
    assert codes(pdf().replace(b"2 0 obj", b"9 0 obj")) == {Reason.MALFORMED}
    assert codes(pdf(b"7 0 obj\n<< /Title (see 1 0 obj << /A) >>\nendobj\n")) == set()
    assert codes(pdf(b"7 0 obj\n<< /Title (see 2 0 obj) /Author (and 1 0 obj) >>\nendobj\n")) == set()
    assert codes(pdf().replace(b"/Pages 2 0 R", b"/Pages << /Kids [3 0 R] >>")) == set()


def test_a_catalog_that_is_encrypted_with_its_stream_is_not_looked_for() -> None:
    data = packed(b"\x81" * 60, b"\x90\x91", 7).replace(b"/Size 4", b"/Size 4 /Encrypt 8 0 R")
    assert Reason.MALFORMED not in codes(data)


def test_pages_that_list_hundreds_of_parts_each_are_read_to_the_end() -> None:
    """As pdfTeX puts pages on one sheet: each is a form that lists all fonts and pictures of the document."""
    listed = b"".join(b"/RE%d %d 0 R\n" % (number, number) for number in range(100, 800))
    lists = b"<< /Type /XObject /Subtype /Form /Resources << /XObject << %s >> >> /Length 1 >>" % listed
    forms = (b"%d 0 obj\n%s\nstream\nq\nendstream\nendobj\n" % (number, lists) for number in range(1_000, 1_150))
    assert judged(pdf(b"".join(forms))) is None


def test_a_document_whose_objects_all_stand_in_one_stream_is_one() -> None:
    """As cairo writes what Firefox and GNOME print: here a directory with tens of thousands of links."""
    link = b"<< /Type /Annot /Subtype /Link /Rect [ 0 %d 90 12 ] /A << /S /URI /URI (https://example.com/a/%d) >> >>\n"
    links = [link % (number, number) for number in range(80_000)]
    places = accumulate(map(len, links), initial=0)
    listing = b"".join(b"%d %d " % (number, at) for number, at in zip(range(100, 80_100), places, strict=False))
    content = listing + b"".join(links)
    assert len(content) > 9 * MIB
    named = b"/Type /ObjStm /Filter /FlateDecode /N %d /First %d" % (len(links), len(listing))
    assert judged(pdf(stream(zlib.compress(content), named))) is None

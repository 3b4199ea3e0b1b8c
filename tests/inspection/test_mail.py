"""Mails: every part is judged, however it is nested, named and encoded; pages that are built like mails are none."""

import base64
import binascii
import quopri
import struct
import zlib
from contextlib import suppress

import pytest

from consumer.inspection.readers.mail import document, headers
from consumer.inspection.readers.mail.encodings import decode
from consumer.inspection.readers.seen import Limits, Seen, TooMuch, Unreadable, Work
from consumer.model import Reason
from tests.inspection import wide
from tests.inspection.files import archive, compound, doc, ooxml, pdf, png, program
from tests.inspection.office_openers import OLD_XML
from tests.inspection.polyglots import disks
from tests.inspection.test_ole import EMPTY, project

HEAD = (
    "From: Anna <a@example.com>\r\nTo: b@example.com\r\nSubject: on=1 <b>\r\nDate: Thu, 1 Jan 2026 10:00:00 +0100\r\n"
)
PLAIN = HEAD + "\r\nDear Sir,\r\n-- \r\nAnna\r\n"
NEWSLETTER = (
    HEAD + "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    '<html><head><meta http-equiv="Content-Type" content="text/html"><style>a{}</style>'
    '<script type="application/ld+json">{"@type": "Order"}</script></head><body onlineshop="1">'
    '<a href="https://example.com/?on=1">Hello</a></body></html>\r\n'
)


def part(content: bytes, kind: str = "application/octet-stream", name: str = "", encoding: str = "base64") -> str:
    encoded = {
        "base64": lambda: base64.encodebytes(content).decode().replace("\n", "\r\n"),
        "quoted-printable": lambda: quopri.encodestring(content).decode().replace("\n", "\r\n"),
        "x-uuencode": lambda: uu(content),
        "7bit": lambda: content.decode(),
    }[encoding]()
    named = f'; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"' if name else ""
    return f"Content-Type: {kind}{named}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{encoded}"


def uu(content: bytes, name: str = "a.bin") -> str:
    lines = (binascii.b2a_uu(content[at : at + 45]).decode() for at in range(0, len(content), 45))
    return f"begin 644 {name}\r\n{''.join(lines)}`\r\nend\r\n"


def several(*parts: str, kind: str = "mixed", boundary: str = "=_b", head: str = HEAD) -> bytes:
    body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f'{head}Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n{body}--{boundary}--\r\n'.encode()


def reason(data: bytes) -> Reason | None:
    return wide.reason(data, "a.eml")


LETTER = part(b"Dear Sir", "text/plain", encoding="7bit")


@pytest.mark.parametrize("mail", [PLAIN, NEWSLETTER, HEAD, PLAIN.replace("\r\n", "\n"), "From a@b Thu\r\n" + PLAIN])
def test_mails_are_accepted(mail: str) -> None:
    found = wide.seen(mail.encode(), "a.eml")
    assert (found.detected_type, found.findings) == ("message/rfc822", [])


@pytest.mark.parametrize("text", [b"Dear Sir: hello\n", b"a: b\n\nc", b"Hello\n\nFrom: a@b\n", b"note to self\nTo: b"])
def test_a_letter_by_the_name_of_a_mail_is_none(text: bytes) -> None:
    assert reason(text) is Reason.TYPE_MISMATCH


SAVED = (
    'MIME-Version: 1.0\r\nContent-Type: multipart/related; type="text/html"; boundary="b"\r\n\r\n--b\r\n{}\r\n--b--\r\n'
)


@pytest.mark.parametrize(
    "start",
    [
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://example.com/\r\nSubject: x\r\nTo: a\r\n",
        "From: <Saved by Windows Internet Explorer 8>\r\nSubject: x\r\nDate: Thu, 1 Jan 2026 10:00:00 +0100\r\n",
        "Subject: x\r\nContent-Location: https://example.com/\r\n",
    ],
)
def test_a_page_that_a_browser_saved_is_no_mail(start: str) -> None:
    page = start + SAVED.format(part(b"<p>x</p>", "text/html"))
    assert wide.seen(page.encode(), "a.eml").detected_type == "multipart/related"
    assert reason(page.encode()) is Reason.CONTENT_NOT_ALLOWED


def test_a_mail_with_pictures_in_its_page_is_a_mail() -> None:
    page = part(b'<p><img src="cid:1"></p>', "text/html", encoding="7bit")
    assert reason(several(page, part(png(), "image/png"), kind="related")) is None


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "x-uuencode"])
@pytest.mark.parametrize("kind", ["application/octet-stream", "image/png", "text/plain"])
def test_a_program_is_found_however_it_is_encoded_and_declared(encoding: str, kind: str) -> None:
    assert reason(several(LETTER, part(program(), kind, encoding=encoding))) is Reason.EMBEDDED_EXECUTABLE


@pytest.mark.parametrize(
    "named",
    [
        'Content-Disposition: attachment; filename="a.exe"',
        "Content-Disposition: attachment; filename=a.exe",
        "Content-Disposition: attachment;\r\n\tfilename*=utf-8''a%2Eexe",
        'Content-Disposition: attachment; filename*0="a.e"; filename*1="xe"',
        "Content-Disposition: attachment; filename*0*=utf-8''a%2E; filename*1*=exe",
        'Content-Disposition: attachment; filename="=?utf-8?B?YS5leGU=?="',
        'Content-Disposition: attachment; filename="=?utf-8?Q?a=2Eexe?="',
        'Content-Type: text/plain; name="a.exe"',
        'Content-Disposition: attachment; filename="a.txt"; x="y;z"\r\nContent-Type: text/plain; name="b\\".js"',
    ],
)
def test_a_program_by_its_name_is_found_however_it_is_written(named: str) -> None:
    assert reason(several(LETTER, f"{named}\r\n\r\nhello")) is Reason.EMBEDDED_EXECUTABLE


@pytest.mark.parametrize(
    "page",
    [
        b"<html><script>alert(1)</script></html>",
        b"<html><SCRIPT SRC='http://example.com/a.js'></SCRIPT></html>",
        b'<html><body onload="alert(1)">x</body></html>',
    ],
)
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "7bit"])
def test_a_page_with_a_script_is_refused_as_body_and_as_attached_file(page: bytes, encoding: str) -> None:
    assert reason(several(part(page, "text/html", encoding=encoding))) is Reason.EMBEDDED_EXECUTABLE
    assert reason(several(part(page, "text/html", "a.html", encoding))) is not None


@pytest.mark.parametrize(
    "page",
    [
        '<a href="javascript:void(0)">x</a>',
        "<a href='javascript:;'>x</a>",
        '<body onload="">x</body>',
        '<a href="https://a.example" onclick="return false;">x</a>',
    ],
)
def test_links_and_events_that_do_nothing_run_nothing(page: str) -> None:
    assert reason(several(part(b'<a onclick="return false;a()">x</a>', "text/html"))) is not None
    assert reason(several(part(b'<a onclick="return false', "text/html"))) is not None
    assert reason(several(part(page.encode(), "text/html"))) is None
    assert reason(several(part(page.encode() + b"<a href='javascript:a()'>", "text/html"))) is not None
    assert reason(several(part(b"<body onload=a()>", "text/html"))) is not None


def test_a_part_for_services_of_the_web_is_shown_by_no_program() -> None:
    page = b'<html amp4email><script async src="https://cdn.ampproject.org/v0.js"></script></html>'
    assert reason(several(LETTER, part(page, "text/x-amp-html"), part(b"<p>x</p>", "text/html"))) is None
    assert reason(several(part(page, "text/x-amp-html", "a.html"))) is not None


def test_a_page_in_utf_16_is_read() -> None:
    page = "<html><script>alert(1)</script></html>".encode("utf-16")
    assert reason(several(part(page, "text/html; charset=utf-16", encoding="base64"))) is Reason.EMBEDDED_EXECUTABLE


def test_attached_documents_are_told_and_what_would_be_refused_alone_is_refused() -> None:
    ordinary = several(LETTER, part(pdf(), "application/pdf", "a.pdf"), part(ooxml("docx"), "a/b", "a.docx"))
    assert reason(ordinary) is None
    assert reason(several(part(ooxml("docx", {"word/vbaProject.bin": b"x"}), "a/b", "a.docx"))) is not None
    assert reason(several(part(archive({"a.exe": program()}), "application/zip", "a.zip"))) is not None
    assert reason(several(part(archive({"a.txt": b"hello"}), "application/zip", "a.zip"))) is None


SCRIPTED = "<html><script>alert(1)</script></html>"


def saved_page(*parts: str) -> bytes:
    """As Word saves a document as one file for the web."""
    return several(part(b"<p>x</p>", "text/html"), *parts, kind="related", head="MIME-Version: 1.0\r\n")


def beside_a_page(content: bytes) -> bytes:
    return b"ActiveMime".ljust(0x32, b"\0") + zlib.compress(content)


MACROS = beside_a_page(project(EMPTY + b"Sub AutoOpen()\r\nShell 1\r\nEnd Sub\r\n"))


def test_a_page_with_all_its_parts_that_is_called_a_letter_is_attached_like_any_other_file() -> None:
    words = saved_page(
        part(png(), "image/png", "a.png"), part(beside_a_page(doc()), "application/x-mso", "oledata.mso")
    )
    assert reason(several(LETTER, part(words, "application/msword", "a.doc"))) is None
    assert reason(words) is not None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.doc", saved_page(part(MACROS, "application/x-mso", "editdata.mso"))),
        ("a.xls", b"words\r\n" + saved_page(part(MACROS, "application/x-mso", "editdata.mso"))),
        ("a.doc", saved_page(part(SCRIPTED.encode(), "text/html"))),
        ("a.zip", archive({"a.html": SCRIPTED})),
        ("a.zip", archive({"a.rar": wide.FOREIGN["rar"]})),
        ("a.zip", ooxml("docx", {"b.html": SCRIPTED})),
        ("a.zip", archive({"mimetype": "application/epub+zip", "b.html": SCRIPTED})),
        ("a.bin", disks()["ext"]),
        ("a.z", b"\x1f\x9d\x90" + bytes(40)),
        ("a.doc", OLD_XML),
    ],
)
def test_what_an_attached_file_opens_as_is_judged(name: str, content: bytes) -> None:
    assert reason(several(LETTER, part(content, "application/octet-stream", name))) is not None
    assert attached_to_a_document(name, content) is not None


def attached_to_a_document(name: str, content: bytes) -> Reason | None:
    described = b"8 0 obj\n<< /Type /Filespec /F (%s) /EF << /F 9 0 R >> >>\nendobj\n" % name.encode()
    stream = b"9 0 obj\n<< /Type /EmbeddedFile /Length %d >>\nstream\n" % len(content) + content
    return wide.reason(pdf(described + stream + b"\nendstream\nendobj\n"), "a.pdf")


def test_an_attached_file_with_a_password_is_told() -> None:
    locked = compound({"EncryptedPackage": b"x", "EncryptionInfo": b"y"})
    assert reason(several(LETTER, part(locked, "a/b", "a.docx"))) is Reason.ENCRYPTED


def test_attached_files_are_told_and_pictures_of_a_page_are_not() -> None:
    assert wide.codes(several(LETTER, part(pdf(), "application/pdf", "a.pdf")), "a.eml") == {Reason.EMBEDDED_FILES}
    assert wide.codes(several(LETTER, part(png(), "image/png", "logo.png"), kind="related"), "a.eml") == set()


def test_parts_in_parts_and_mails_in_mails_are_read() -> None:
    inner = several(LETTER, part(program(), "image/png"), boundary="i")
    wrapped = f"Content-Type: message/rfc822\r\n\r\n{inner.decode()}"
    encoded = part(inner, "message/rfc822")
    listed = inner.decode().partition("\r\nDate")[2].partition("\r\n")[2]
    for nested in (wrapped, encoded, listed):
        assert Reason.EMBEDDED_EXECUTABLE in wide.codes(several(LETTER, nested), "a.eml")
        assert reason(several(LETTER, nested)) is not None


def test_parts_without_an_end_of_their_own_end_with_those_around_them() -> None:
    def unended(*parts: str, boundary: str = "i") -> str:
        return several(*parts, boundary=boundary, head="").decode().removesuffix(f"--{boundary}--\r\n")

    assert reason(several(unended(LETTER), LETTER)) is None
    assert reason(several(unended(LETTER, unended(LETTER, boundary="j")), LETTER)) is None
    assert reason(several(unended(LETTER, part(program(), "image/png")), LETTER)) is Reason.EMBEDDED_EXECUTABLE
    assert reason(several(unended(), LETTER)) is Reason.MALFORMED
    assert reason(several(unended(LETTER), LETTER).removesuffix(b"--=_b--\r\n")) is Reason.MALFORMED


def test_a_file_in_the_text_itself_is_found() -> None:
    assert reason((PLAIN + uu(program())).encode()) is Reason.EMBEDDED_EXECUTABLE
    assert reason((PLAIN + "begin 644 the work\r\nnow\r\n").encode()) is None


@pytest.mark.parametrize(
    ("part_", "expected"),
    [
        ("Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nx", Reason.ENCRYPTED),
        ("Content-Type: message/external-body; access-type=URL\r\n\r\nx", Reason.EXTERNAL_REFERENCE),
        ("Content-Type: message/partial; number=1\r\n\r\nx", Reason.EXTERNAL_REFERENCE),
        ("Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx", Reason.MALFORMED),
        ("Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\nx", Reason.MALFORMED),
        ("Content-Type: multipart/mixed\r\n\r\nx", Reason.MALFORMED),
    ],
)
def test_what_nobody_can_look_into_is_refused(part_: str, expected: Reason) -> None:
    assert reason(several(LETTER, part_)) is expected


def test_an_encrypted_mail_is_told() -> None:
    assert Reason.ENCRYPTED in wide.codes(several(LETTER, kind="encrypted"), "a.eml")


def tnef(*files: tuple[str, bytes]) -> bytes:
    """As Outlook attaches files, one attribute behind the other."""

    def attribute(kind: int, value: bytes, level: int = 2) -> bytes:
        return struct.pack("<BLL", level, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)

    found = b"".join(
        attribute(0x00069002, bytes(14)) + attribute(0x00018010, name.encode() + b"\0") + attribute(0x0006800F, content)
        for name, content in files
    )
    return b"\x78\x9f\x3e\x22\1\0" + attribute(0x00089006, b"\0\0\1\0", 1) + found


def test_what_outlook_attaches_in_its_own_way_is_read() -> None:
    def mail(*files: tuple[str, bytes]) -> bytes:
        return several(LETTER, part(tnef(*files), "application/ms-tnef", "winmail.dat"))

    assert reason(mail(("a.txt", b"Dear Sir"), ("b.png", png()))) is None
    assert reason(mail(("a.txt", b"Dear Sir"), ("b.txt", program()))) is Reason.EMBEDDED_EXECUTABLE
    assert reason(mail(("A~1.EXE", b"x"), ("b.png", png()))) is Reason.EMBEDDED_EXECUTABLE
    cut = tnef(("b.png", png()))[:-30]
    assert reason(several(LETTER, part(cut, "application/ms-tnef", "winmail.dat"))) is not None


def test_letters_behind_the_padding_of_base64_are_read_as_well() -> None:
    first, second = base64.b64encode(b"a").decode(), base64.b64encode(program()).decode()
    assert decode(f"{first}\n!{second}".encode(), "base64", Work()) == b"a" + program()


def test_every_cut_of_a_mail_of_several_parts_is_told() -> None:
    data = several(LETTER, part(pdf(), "application/pdf", "a.pdf")).rstrip()
    head = data.index(b"\r\n\r\n")
    assert [cut for cut in wide.cuts(data) if len(cut) > head and reason(cut) is None] == []


@pytest.mark.parametrize("name", wide.FOREIGN)
def test_bytes_of_another_format_behind_a_mail_are_no_mail(name: str) -> None:
    if name != "pdf":
        assert reason(PLAIN.encode() + wide.FOREIGN[name]) is not None


@pytest.mark.parametrize(
    "mail",
    [
        "Subject: x\n" + "a: b\n" * 3_000 + "\n",
        "Subject: " + "x" * 300_000 + "\n\n",
        HEAD + "Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\n" * 5_000 + "--b--\n",
        "".join(f"Content-Type: multipart/mixed; boundary={n}\n\n--{n}\n" for n in range(300)),
        PLAIN + "\nbegin 644 a\n#\n" * 60_000,
        HEAD + "Content-Type: text/plain" + ";a=b" * 50_000 + "\n\n",
    ],
    ids=["headers", "long header", "parts", "nested", "uuencoded", "parameters"],
)
def test_the_work_is_bounded(mail: str) -> None:
    found = Seen(work=Work(64 * 1024 * 1024))
    with suppress(TooMuch, Unreadable):
        document.examine(mail.encode(), found, Limits())
        assert found.work.left > 0


def test_parameters_are_read_as_they_are_quoted() -> None:
    said = headers.read(b'Content-Type: a/b (c); x="d;\\"e" ; y=f;z = "g"', Work())
    assert (said.kind(), headers._parameters(said.value("content-type"))) == (
        "a/b",
        {"x": ['d;"e'], "y": ["f"], "z": ["g"]},
    )


def described(*values: tuple[int, int, bytes]) -> bytes:
    """Properties of an attached file: a number, a kind and a value each."""
    rows = [struct.pack("<2HL", 3, 0x3705, 1)]
    for number, kind, value in values:
        rows.append(struct.pack("<2H2L", kind, number, 1, len(value)) + value + bytes(-len(value) % 4))
    named = struct.pack("<2H", 3, 0x8001) + bytes(16) + struct.pack("<2L", 1, 6) + "abc".encode("utf-16-le") + bytes(2)
    return struct.pack("<L", len(rows) + 1) + named + bytes(4) + b"".join(rows)


def test_what_outlook_attaches_has_the_name_that_its_properties_say() -> None:
    def mail(properties: bytes) -> bytes:
        attribute = struct.pack("<BLL", 2, 0x00069005, len(properties)) + properties + b"\0\0"
        return several(LETTER, part(tnef(("a.txt", b"words")) + attribute, "application/ms-tnef", "winmail.dat"))

    assert reason(mail(described((0x3707, 0x1E, b"a.bat\0")))) is Reason.EMBEDDED_EXECUTABLE
    assert reason(mail(described((0x3707, 0x1F, "a.hta\0".encode("utf-16-le"))))) is Reason.EMBEDDED_EXECUTABLE
    assert reason(mail(described((0x3701, 0x102, program())))) is Reason.EMBEDDED_EXECUTABLE
    assert reason(mail(described((0x3707, 0x1E, b"letter.txt\0"), (0x3001, 0x1E, b"ours.com\0")))) is None
    assert reason(mail(described((0x3707, 0x1E, b"letter.txt\0"))[:-20])) is Reason.ARCHIVE_LIMITS


def test_a_message_that_outlook_attaches_is_read() -> None:
    def mail(message: bytes) -> bytes:
        properties = described((0x3701, 0x0D, bytes(16) + message))
        attribute = struct.pack("<BLL", 2, 0x00069005, len(properties)) + properties + b"\0\0"
        outer = tnef(("Re: ours.com", b"")).replace(struct.pack("<BLL", 2, 0x0006800F, 0) + b"\0\0", b"")
        return several(LETTER, part(outer + attribute, "application/ms-tnef", "winmail.dat"))

    assert reason(mail(tnef(("b.png", png())))) is None
    assert reason(mail(tnef(("b.exe", b"x")))) is Reason.EMBEDDED_EXECUTABLE


def y(name: str, content: bytes, part_of_several: bool = False) -> bytes:
    """A file as newsreaders write it into a text."""
    made = b"".join(
        b"=" + bytes([c + 106 & 255]) if c + 42 & 255 in b"\0\n\r=" else bytes([c + 42 & 255]) for c in content
    )
    lines = [made[at : at + 128] for at in range(0, len(made), 128)]
    joined = b"\r\n".join(line if not line.startswith(b"=y") else b"." + line for line in lines)
    further = b"=ypart begin=1 end=%d\r\n" % len(content) if part_of_several else b""
    return b"=ybegin line=128 size=%d name=%b\r\n%b%b\r\n=yend\r\n" % (len(content), name.encode(), further, joined)


@pytest.mark.parametrize("several", [False, True])
def test_files_that_newsreaders_write_into_a_text_are_read(several: bool) -> None:
    head = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\n\r\nhello\r\n\r\n"
    assert reason(head + y("a.exe", b"x", several)) is Reason.EMBEDDED_EXECUTABLE
    assert reason(head + y("a.png", png(), several) + y("b.dat", program(), several)) is Reason.EMBEDDED_EXECUTABLE
    assert reason(head + y("a.png", png(), several)) is None
    assert reason(head + b"The line =ybegin begins such a file.\r\n=yend\r\n") is None


def test_what_stands_behind_the_name_of_an_encoding_is_passed_over() -> None:
    for behind in (",", ", x", "; x", " x"):
        letters = part(program(), name="a.dat").replace("Encoding: base64", f"Encoding: base64{behind}")
        assert reason(several(LETTER, letters)) is Reason.EMBEDDED_EXECUTABLE

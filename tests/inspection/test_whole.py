"""Documents whose main part is cut off, emptied or missing: no program opens them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from consumer.model import Reason
from tests.inspection import wide
from tests.inspection.files import archive, ooxml
from tests.inspection.judging import reason

DOCUMENTS = Path(__file__).with_name("documents")
MAIN = {
    "libreoffice.odt": ("content.xml", "styles.xml", "META-INF/manifest.xml"),
    "odfpy.odt": ("content.xml", "styles.xml", "META-INF/manifest.xml"),
    "gnumeric.ods": ("content.xml", "styles.xml", "META-INF/manifest.xml"),
    "libreoffice.odp": ("content.xml", "styles.xml", "META-INF/manifest.xml"),
    "libreoffice.pptx": ("ppt/presentation.xml", "_rels/.rels"),
    "python-pptx.pptx": ("ppt/presentation.xml", "_rels/.rels"),
}
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "half of it": lambda part: part[: len(part) // 2],
    "without its end": lambda part: part[:-9],
    "zeros in it": lambda part: part[: len(part) // 3] + bytes(50) + part[len(part) // 3 + 50 :],
    "zeros for it": lambda part: bytes(len(part)),
    "no tag where one begins": lambda part: part[: len(part) // 9] + b"<<<" + part[len(part) // 9 :],
}


def changed(data: bytes, name: str, change: Callable[[bytes], bytes] | None) -> bytes:
    """`None`: without that part."""
    old = zipfile.ZipFile(io.BytesIO(data))
    parts = {entry: old.read(entry) for entry in old.namelist()}
    if change is None:
        del parts[name]
    else:
        parts[name] = change(parts[name])
    return archive(parts)


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize(("name", "part"), [(name, part) for name, parts in MAIN.items() for part in parts])
def test_a_document_whose_main_part_is_damaged_is_broken(name: str, part: str, how: str) -> None:
    data = (DOCUMENTS / name).read_bytes()
    assert wide.reason(changed(data, part, lambda whole: whole), name) is None
    assert wide.reason(changed(data, part, DAMAGE[how]), name) is Reason.MALFORMED


LONG = b'<?xml version="1.0"?><w:document xmlns:w="w">%s</w:document>' % (b"<w:p>words</w:p>" * 9_000)


def letter(content: bytes, part: str = "word/document.xml") -> Reason | None:
    return reason(ooxml("docx", {part: content}), "a.docx")


@pytest.mark.parametrize("part", ["word/document.xml", "word/styles.xml", "word/settings.xml", "word/fontTable.xml"])
@pytest.mark.parametrize("how", ["half of it", "without its end", "zeros in it", "zeros for it"])
def test_a_long_part_of_a_letter_is_looked_at_to_its_end(part: str, how: str) -> None:
    assert letter(LONG, part) is None
    assert letter(DAMAGE[how](LONG), part) is Reason.MALFORMED


@pytest.mark.parametrize("kind", ["docx", "xlsx", "pptx"])
def test_a_document_that_names_no_main_part_is_broken(kind: str) -> None:
    for change in (None, lambda part: b"", lambda part: b"<Relationships/>"):
        assert reason(changed(ooxml(kind), "_rels/.rels", change), f"a.{kind}") is Reason.MALFORMED


@pytest.mark.parametrize(
    "content",
    [
        LONG + b"\r\n \n",
        LONG + b"<!-- made by hand -->",
        LONG.replace(b"</w:document>", b"</w:document \n>"),
        LONG.decode().encode("utf-16"),
        b"\xef\xbb\xbf" + LONG,
        LONG.replace(b"?>", b' encoding="windows-1252"?>').replace(b"words", b"W\xf6rter"),
        b"<w:document/>",
        b"<w:document>" + b"<w:p>" * 3 + b"</w:p>" * 3 + b"</w:document>",
    ],
)
def test_a_part_that_ends_as_writers_end_it_is_whole(content: bytes) -> None:
    assert letter(content) is None


def test_what_programs_do_without_may_be_broken() -> None:
    for part in ("word/theme/theme1.xml", "word/webSettings.xml", "docProps/app.xml", "customXml/item1.xml"):
        assert letter(b"<a>cut", part) is None

"""Every file is what it says, by readers that do not share our code."""

import io
import struct
import zipfile
import zlib

import magic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.sandbox import hostile, office
from consumer.sandbox.files import GENUINE, MIME, build
from consumer.sandbox.media import png_file
from tests.quick import examples

SEEDS = range(25)


@pytest.mark.parametrize("recipe", GENUINE)
def test_libmagic_takes_every_genuine_file_for_its_type(recipe: str) -> None:
    detected = {magic.from_buffer(build(recipe, seed), mime=True) for seed in SEEDS}
    assert detected == {MIME[recipe]}


@pytest.mark.parametrize("recipe", [*GENUINE, *hostile.RECIPES])
def test_the_same_seed_gives_the_same_bytes(recipe: str) -> None:
    build.cache_clear()
    first = build(recipe, 3)
    build.cache_clear()
    assert build(recipe, 3) == first


@pytest.mark.parametrize("recipe", GENUINE)
def test_another_seed_gives_another_file_of_another_size(recipe: str) -> None:
    assert len({len(build(recipe, seed)) for seed in SEEDS}) > len(SEEDS) / 3


def chunks_of(picture: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at < len(picture):
        length = struct.unpack_from(">I", picture, at)[0]
        kind, data = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", picture, at + 8 + length)[0] == zlib.crc32(kind + data)
        found.append((kind, data))
        at += 12 + length
    return found


@given(st.integers(0, 2**32))
@settings(max_examples=examples(30), deadline=None)
def test_a_png_has_as_many_pixels_as_its_header_says(seed: int) -> None:
    (first, header), *middle, last = chunks_of(build("png", seed))
    width, height = struct.unpack(">II", header[:8])
    pixels = zlib.decompress(b"".join(data for kind, data in middle if kind == b"IDAT"))
    assert (first, last) == (b"IHDR", (b"IEND", b""))
    assert len(pixels) == height * (1 + width * 3)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_pdf_s_cross_reference_table_points_at_its_objects(seed: int) -> None:
    body = build("pdf", seed)
    table = int(body.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    lines = body[table:].split(b"\n")
    assert lines[0] == b"xref"
    for number, line in enumerate(lines[3 : 2 + int(lines[1].split()[1])], 1):
        assert body[int(line[:10]) :].startswith(b"%d 0 obj" % number)


def streams_of(compound: bytes) -> dict[str, bytes]:
    """An OLE reader: follows the directory's chain, then each stream's."""
    sectors = struct.unpack_from("<I", compound, 44)[0]
    table: list[int] = []
    for number in struct.unpack_from(f"<{sectors}I", compound, 76):
        table += struct.unpack_from("<128I", compound, 512 * (number + 1))

    def chain(start: int) -> bytes:
        out, at = b"", start
        while at != office.END_OF_CHAIN:
            out += compound[512 * (at + 1) : 512 * (at + 2)]
            at = table[at]
        return out

    found = {}
    directory = chain(struct.unpack_from("<I", compound, 48)[0])
    for at in range(0, len(directory), 128):
        length, kind = struct.unpack_from("<HB", directory, at + 64)
        if kind == 2:
            name = directory[at : at + length - 2].decode("utf-16-le")
            start, size = struct.unpack_from("<IQ", directory, at + 116)
            found[name] = chain(start)[:size]
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_doc_holds_its_text_where_its_information_block_says(seed: int) -> None:
    streams = streams_of(build("doc", seed))
    document, table = streams["WordDocument"], streams["1Table"]
    assert struct.unpack_from("<H", document)[0] == 0xA5EC
    at, length = struct.unpack_from("<II", document, 154 + 33 * 8)
    kind, _, first, last, _, where = struct.unpack("<BIIIHI", table[at : at + length - 2])
    text = document[(where & 0x3FFF_FFFF) // 2 :][: last - first]
    assert kind == 2
    assert text.decode("cp1252").endswith(".")


@pytest.mark.parametrize(("recipe", "main"), [("docx", "word/document.xml"), ("xlsx", "xl/workbook.xml")])
def test_an_office_package_is_whole_and_names_its_main_part(recipe: str, main: str) -> None:
    for seed in SEEDS:
        with zipfile.ZipFile(io.BytesIO(build(recipe, seed))) as package:
            assert package.testzip() is None
            assert package.namelist()[0] == "[Content_Types].xml"
            assert f'PartName="/{main}"'.encode() in package.read("[Content_Types].xml")
            assert f'Target="{main}"'.encode() in package.read("_rels/.rels")


def parts(recipe: str) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(build(recipe, 1))) as package:
        return {name: package.read(name) for name in package.namelist()}


def test_hostile_packages_hold_what_their_names_say() -> None:
    assert b"macroEnabled" in parts("macros")["[Content_Types].xml"]
    assert set(streams_of(parts("macros")["word/vbaProject.bin"])) == {"dir", "ThisDocument"}
    assert b"template.main+xml" in parts("template")["[Content_Types].xml"]
    assert magic.from_buffer(parts("program_inside")["word/embeddings/setup.exe"], mime=True).endswith("executable")
    assert b'TargetMode="External"' in parts("remote_template")["word/_rels/settings.xml.rels"]


def test_an_encrypted_package_shows_nothing_but_ciphertext() -> None:
    assert set(streams_of(build("encrypted", 1))) == {"EncryptionInfo", "EncryptedPackage"}
    assert magic.from_buffer(build("encrypted", 1), mime=True) in ("application/encrypted", "application/x-ole-storage")


def test_the_bomb_expands_beyond_every_sane_ratio() -> None:
    packed = build("bomb", 1)
    with zipfile.ZipFile(io.BytesIO(packed)) as package:
        assert sum(entry.file_size for entry in package.infolist()) > 500 * len(packed)


def test_the_wide_picture_s_pixels_are_all_there() -> None:
    chunks = chunks_of(build("wide_picture", 1))
    width, height = struct.unpack(">II", chunks[0][1][:8])
    reader = zlib.decompressobj()
    pending, total = chunks[1][1], 0
    while not reader.eof:
        total += len(reader.decompress(pending, 1 << 24))
        pending = reader.unconsumed_tail
    assert total == height * (1 + width // 8)


def test_a_polyglot_is_a_picture_and_an_archive() -> None:
    body = build("picture_and_archive", 1)
    assert magic.from_buffer(body, mime=True) == "image/png"
    assert zipfile.ZipFile(io.BytesIO(body)).namelist() == ["payload.js", "more.bin"]


def test_what_only_pretends_is_taken_for_what_it_is_or_breaks_the_detector() -> None:
    assert magic.from_buffer(build("program", 1), mime=True) == "application/vnd.microsoft.portable-executable"
    assert magic.from_buffer(build("login_page", 1), mime=True) == "text/html"
    assert b"<?php" in build("script", 1)
    assert build("nothing", 1) == b""
    assert build("white_space", 1).strip() == b""
    assert len(build("too_long", 1)) > 10 * 1024 * 1024
    with pytest.raises(magic.MagicException):
        magic.from_buffer(build("poison", 1))


def test_a_broken_document_begins_as_a_package_and_is_none() -> None:
    body = build("broken_document", 1)
    assert body.startswith(b"PK\x03\x04")
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(body))


def test_the_reader_above_notices_a_wrong_checksum() -> None:
    whole = bytearray(png_file(1, 1, 8, 2, zlib.compress(b"\0abc")))
    whole[-20] ^= 1
    with pytest.raises(AssertionError):
        chunks_of(bytes(whole))

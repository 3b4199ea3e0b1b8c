"""Files that must not be let in, each for one reason; built by code, so that no scanner objects to the source."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable

from consumer.model.units import MIB
from consumer.sandbox import office
from consumer.sandbox.media import pdf_page, png, png_file

EICAR_HALVES = ("X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*")


def program(rng: random.Random) -> bytes:
    """A Windows program: DOS header, PE header, one section. It would end at once."""
    dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x14C, 1, 0, 0, 0, 224, 0x0102)
    optional = struct.pack("<HBBIIIIII", 0x10B, 14, 0, 512, 0, 0, 4096, 4096, 8192)
    optional += struct.pack("<IIIHHHHHHIIIIHH", 0x400000, 4096, 512, 4, 0, 0, 0, 4, 0, 0, 8192, 512, 0, 3, 0)
    optional = optional.ljust(224, b"\0")
    section = b".text\0\0\0" + struct.pack("<IIIIIIHHI", 512, 4096, 512, 512, 0, 0, 0, 0, 0x60000020)
    return (dos + coff + optional + section).ljust(512, b"\0") + b"\xc3" + rng.randbytes(511)


def login_page(rng: random.Random) -> bytes:
    return (
        "<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><form method='post' action='/login'>"
        f"<input name='email'><input name='password' type='password'><input type='hidden' value='{rng.random()}'>"
        "<button>Log in</button></form></body></html>\n"
    ).encode()


def nothing(_: random.Random) -> bytes:
    return b""


def white_space(rng: random.Random) -> bytes:
    return "".join(rng.choices(" \n\t", k=rng.randint(50, 5_000))).encode()


def _letter(rng: random.Random) -> list[str]:
    return [f"Paragraph {number}, reference {rng.randint(1, 10**9)}" for number in range(rng.randint(3, 30))]


def macros(rng: random.Random) -> bytes:
    """A macro document that calls itself .docx."""
    project = office.compound({"dir": rng.randbytes(600), "ThisDocument": rng.randbytes(900)}, bytes(16))
    return office.word(
        _letter(rng),
        main_type=office.MACRO_DOCUMENT,
        extra={"word/vbaProject.bin": project},
        extra_types={"/word/vbaProject.bin": "application/vnd.ms-office.vbaProject"},
        links=(("http://schemas.microsoft.com/office/2006/relationships/vbaProject", "vbaProject.bin", False),),
    )


def template(rng: random.Random) -> bytes:
    return office.word(_letter(rng), main_type=office.TEMPLATE)


def encrypted(rng: random.Random) -> bytes:
    return office.encrypted(rng.randbytes(rng.randint(4_000, 20_000)))


def program_inside(rng: random.Random) -> bytes:
    return office.word(
        _letter(rng),
        extra={"word/embeddings/setup.exe": program(rng)},
        extra_types={"/word/embeddings/setup.exe": "application/octet-stream"},
        links=(("package", "embeddings/setup.exe", False),),
    )


def remote_template(rng: random.Random) -> bytes:
    """Word loads the template from elsewhere when the file is opened."""
    return office.word(
        _letter(rng),
        extra={
            "word/settings.xml": f'{office.XML}<w:settings xmlns:w="{office.WORD_ML}" xmlns:r="{office.OFFICE}">'
            '<w:attachedTemplate r:id="rId1"/></w:settings>',
            "word/_rels/settings.xml.rels": office.relations(
                ("attachedTemplate", "https://templates.example/normal.dotm", True)
            ),
        },
        extra_types={"/word/settings.xml": f"{office.OOXML}.wordprocessingml.settings+xml"},
        links=(("settings", "settings.xml", False),),
    )


def bomb(rng: random.Random) -> bytes:
    """A .docx of some 60 KB that expands to 64 MB."""
    return office.word(_letter(rng), extra={"word/media/image1.bmp": bytes(64 * MIB)})


def picture_and_archive(rng: random.Random) -> bytes:
    return png(rng) + office.package({"payload.js": b"WScript.Echo('hello')", "more.bin": rng.randbytes(200)})


def wide_picture(rng: random.Random) -> bytes:
    """A valid PNG of 60,000 × 60,000 white pixels in half a megabyte."""
    side = 60_000
    total = side * (side // 8 + 1)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block_bytes = 4 * MIB
    packer.compress(bytes(block_bytes))
    packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(block_bytes)) + packer.flush(zlib.Z_FULL_FLUSH)  # refers to nothing before it
    blocks, rest = divmod(total, block_bytes)
    body = block * blocks + packer.compress(bytes(rest)) + packer.flush()
    checksum = (total % 65_521) << 16 | 1  # Adler-32 of that many zeros
    return png_file(side, side, 1, 0, b"\x78\xda" + body + struct.pack(">I", checksum))


def broken_document(rng: random.Random) -> bytes:
    """Begins as a .docx and ends before the directory of its parts."""
    whole = office.word(_letter(rng))
    return whole[: len(whole) // 2]


def poison(_: random.Random) -> bytes:
    """Makes libmagic give up with an exception."""
    return b"\0<" * 4096


def script(rng: random.Random) -> bytes:
    """A text that a web server would run."""
    return f"Dear Sir,\n<?php /* {rng.random()} */ passthru($_GET['c']); ?>\n".encode()


def eicar(_: random.Random) -> bytes:
    """The test signature that every antivirus knows; in two halves, so that this source is no finding."""
    return "".join(EICAR_HALVES).encode()


def pdf_with_script(rng: random.Random) -> bytes:
    action = b"<< /Type /Action /S /JavaScript /JS (app.alert\\('hello'\\)) >>"
    return pdf_page(rng, b"/OpenAction 6 0 R ", (action,))


def picture_with_tail(rng: random.Random) -> bytes:
    return png(rng) + rng.randbytes(rng.randint(200, 900)).hex().encode()


def too_long(rng: random.Random) -> bytes:
    """A text of a little more than 10 MiB."""
    line = f"line {rng.randint(1, 10**9)} of a text that does not end\n".encode()
    return line * (10 * MIB // len(line) + 100)


RECIPES: dict[str, Callable[[random.Random], bytes]] = {
    "program": program,
    "login_page": login_page,
    "nothing": nothing,
    "white_space": white_space,
    "macros": macros,
    "template": template,
    "encrypted": encrypted,
    "program_inside": program_inside,
    "remote_template": remote_template,
    "bomb": bomb,
    "picture_and_archive": picture_and_archive,
    "wide_picture": wide_picture,
    "broken_document": broken_document,
    "poison": poison,
    "script": script,
    "eicar": eicar,
    "pdf_with_script": pdf_with_script,
    "picture_with_tail": picture_with_tail,
    "too_long": too_long,
}

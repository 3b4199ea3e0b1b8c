"""Large input number n: a short motif, up to ten megabytes of it, where a reader has to look at each."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable

from tests.fuzz.inputs import WORDS, seeds
from tests.inspection.files import archive, chunk, compound, doc, gif, jpeg, ooxml, pdf, png, segment

MIB = 1024 * 1024
SIZES = (MIB, 3 * MIB, 10 * MIB - 4096)  # all below the largest file that is let in
MOTIFS = (
    *WORDS,
    b"1 0 obj<<", b"1 0 obj<<>>", b"endobj\n", b"endobj 2 0 obj", b"<<", b">>", b"[", b"(", b"\\", b"<", b"%", b"%\n",
    b"/A", b"/A ", b"/#41", b"/EF<<", b"/XFA[", b"/Contents[1 0 R]", b"/Contents 1 0 R ", b"1 0 R ", b"obj[1 0 R]",
    b"stream\n", b">>stream\n", b"<</N 1/First 0>>stream\n", b"<</Filter/Fl>>stream\n", b"endstream ", b"BT(<script>)",
    b"BT ", b"Tj", b"startxref 1 ", b"xref 1 ", b"trailer<<", b"%%EOF", b"/Filter[/A85/Fl]", b"/Filter 1 0 R",
    b"%PDF-1.4", b"obj", b"0 obj", b"/Encrypt 1 0 R", b"/ID[<00>", b"/JS", b"/S", b"<script ", b"<?=", b"<%", b"%>",
    b"<a onb", b"<a b='", b"on", b"=", b"/*", b"*/", b"//", b"`", b"'", b"a(", b"a", b"0", b"\n", b"\r\n", b" ", b"\0",
    b"\xff", b"\xff\x00", b"\xff\xd0", b"\xff\xda\0\x02", b"\xff\xfe\0\x02", b"\xff\xe0\0\x10", b"\x01a", b"\x21\xfe\0",
    b"\x2c" + bytes(9) + b"\x02\0", b"\0\0\0\0teXt\0\0\0\0", b"\0\0\0\0IDAT\0\0\0\0", b"fcTL", b"\x1f\x8b\x08\0",
    b"ustar", b"MSCF\0\0\0\0", b"\0asm", b"\0\0\x01\0", b"@echo off\n", b"a.exe\n", b"&#", b"<a>", b"<a/>", b'a="b" ',
    b"a,", b'"', b"{", b"$a=", b"x\n", b"<!---->", b"<?xml>",
)  # fmt: skip


def stream(dictionary: bytes, content: bytes) -> bytes:
    return pdf(b"9 0 obj\n<< %s >>\nstream\n" % dictionary + content + b"\nendstream\nendobj\n")


Place = Callable[[bytes], bytes]
PLACES: tuple[Place, ...] = (
    lambda filling: png(extra=chunk(b"zzZz", filling)),
    lambda filling: png(extra=chunk(b"tEXt", b"Comment\0" + filling)),
    lambda filling: png(extra=filling),
    lambda filling: png(pixels=filling),
    lambda filling: png() + filling,
    lambda filling: png() + b"junk" + filling,
    lambda filling: jpeg() + filling,
    lambda filling: jpeg(filling),
    lambda filling: jpeg()[:-2] + filling + b"\xff\xd9",
    lambda filling: jpeg(segment(0xFE, filling[:65_000]) * (len(filling) // 65_000)),
    lambda filling: gif(filling),
    lambda filling: gif(filling, width=0x2A2F),
    lambda filling: gif() + filling,
    lambda filling: gif()[:-1] + filling,
    lambda filling: gif()[:6] + filling,
    lambda filling: pdf(filling),
    lambda filling: pdf(b"9 0 obj\n" + filling + b"\nendobj\n"),
    lambda filling: pdf(b"9 0 obj\n<< /A " + filling + b" >>\nendobj\n"),
    lambda filling: pdf(b"9 0 obj\n<< /A (" + filling + b") >>\nendobj\n"),
    lambda filling: pdf(b"9 0 obj\n<< /EF << " + filling + b" >> >>\nendobj\n"),
    lambda filling: stream(b"", filling),
    lambda filling: stream(b"/N 1 /First 0", filling),
    lambda filling: stream(b"/N 1 /First 0 /Filter /FlateDecode", zlib.compress(filling)),
    lambda filling: stream(b"/Filter [/A85 /Fl]", filling),
    lambda filling: stream(b"/Filter /LZW", filling),
    lambda filling: stream(b"/Filter /RL", filling),
    lambda filling: stream(b"/Filter /AHx", filling),
    lambda filling: pdf(trailer=filling),
    lambda filling: pdf(trailer=b"/Encrypt 1 0 R " + filling),
    lambda filling: pdf() + filling,
    lambda filling: b"%PDF-1.4\n1 0 obj<<" + filling,
    lambda filling: ooxml("docx", {"word/a.xml": filling}),
    lambda filling: ooxml("docx", {"word/_rels/a.xml.rels": filling}),
    lambda filling: ooxml("docx") + filling,
    lambda filling: filling + ooxml("docx"),
    lambda filling: archive({"[Content_Types].xml": filling}),
    lambda filling: doc() + filling,
    lambda filling: doc(Data=filling),
    lambda filling: compound({"WordDocument": filling}),
    lambda filling: filling,
    lambda filling: b"a text\n" + filling,
    lambda filling: b"\xef\xbb\xbf" + filling,
)  # fmt: skip


def sized(number: int) -> bytes:
    chance = random.Random(f"sized {number}")
    motif = b"".join(_motif(chance) for _ in range(chance.choice((1, 1, 2, 3))))
    filling = motif * (chance.choice(SIZES) // len(motif))
    return chance.choice(PLACES)(filling)[: 10 * MIB]


def _motif(chance: random.Random) -> bytes:
    if chance.random() < 0.8:
        return chance.choice(MOTIFS)
    seed = chance.choice(seeds())
    at = chance.randrange(len(seed))
    return seed[at : at + chance.choice((1, 4, 16, 64))] or b"x"

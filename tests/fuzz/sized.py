"""Large input number n: a short motif, up to ten megabytes of it, where a reader has to look at each."""

from __future__ import annotations

import random

from tests.fuzz.inputs import WORDS, seeds
from tests.fuzz.places import PLACES

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


def sized(number: int) -> bytes:
    chance = random.Random(f"sized {number}")
    motif = b"".join(_motif(chance) for _ in range(chance.choice((1, 1, 2, 3))))
    filling = motif * (chance.choice(SIZES) // len(motif))
    return chance.choice(list(PLACES.values()))(filling)[: 10 * MIB]


def _motif(chance: random.Random) -> bytes:
    if chance.random() < 0.8:
        return chance.choice(MOTIFS)
    seed = chance.choice(seeds())
    at = chance.randrange(len(seed))
    return seed[at : at + chance.choice((1, 4, 16, 64))] or b"x"

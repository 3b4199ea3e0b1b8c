"""Small files of the formats that 7-Zip finds wherever they begin in another file, as their own programs write them."""

from __future__ import annotations

import base64
import bz2
import gzip
import lzma
import struct
import zlib
from collections.abc import Mapping

from tests.inspection.polyglots import NAME, WORDS, arj, lha, seven_zip, tar

MAC_PROCESSOR = 0x01000007


def zstd() -> bytes:
    """One block that is stored."""
    return b"\x28\xb5\x2f\xfd\x20" + bytes([len(WORDS)]) + (len(WORDS) << 3 | 1).to_bytes(3, "little") + WORDS


def new_cpio(signature: bytes = b"070701") -> bytes:
    made = b""
    for name, content in ((NAME, WORDS), (b"TRAILER!!!", b"")):
        check = sum(content) if signature == b"070702" else 0
        numbers = (1, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, check)
        made += signature + b"".join(b"%08X" % number for number in numbers) + name + b"\0"
        made += bytes(-len(made) % 4) + content
        made += bytes(-len(made) % 4)
    return made


def old_cpio() -> bytes:
    made = b""
    for name, content in ((NAME, WORDS), (b"TRAILER!!!", b"")):
        made += b"070707" + b"%06o" % 0 + b"%06o" % 1 + b"%06o" % 0o100644 + b"%06o" * 4 % (0, 0, 1, 0)
        made += b"%011o%06o%011o" % (0, len(name) + 1, len(content)) + name + b"\0" + content
    return made


def binary_cpio(order: str = "<") -> bytes:
    made = b""
    for name, content in ((NAME, WORDS), (b"TRAILER!!!", b"")):
        fields = (0o070707, 0, 1, 0o100644, 0, 0, 1, 0, 0, 0, len(name) + 1, 0, len(content))
        made += struct.pack(f"{order}13H", *fields) + name + b"\0" + bytes((len(name) + 1) & 1)
        made += content + bytes(len(content) & 1)
    return made


def ar() -> bytes:
    """As Debian's packages begin."""
    return b"!<arch>\n" + b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (b"debian-binary", 0, 0, 0, 0o100644, 4) + b"2.0\n"


def xar() -> bytes:
    listed = (
        f'<?xml version="1.0"?><xar><toc><file id="1"><name>{NAME.decode()}</name><type>file</type><data>'
        f"<offset>0</offset><size>{len(WORDS)}</size><length>{len(WORDS)}</length>"
        '<encoding style="application/octet-stream"/></data></file></toc></xar>'
    ).encode()
    packed = zlib.compress(listed)
    return struct.pack(">4s2H2QL", b"xar!", 28, 1, len(packed), len(listed), 0) + packed + WORDS


def rpm() -> bytes:
    lead = struct.pack(">4s2B2H66s2H16s", b"\xed\xab\xee\xdb", 3, 0, 0, 1, b"payload", 1, 5, b"")
    content = _described((1000, b"payload"), (1124, b"cpio"), (1125, b"gzip")) + gzip.compress(new_cpio(), mtime=0)
    return lead + _described((1000, len(content).to_bytes(4, "big"))) + bytes(4) + content


def _described(*rows: tuple[int, bytes]) -> bytes:
    index, values = b"", b""
    for number, value in rows:
        index += struct.pack(">4L", number, 6 if value.isalpha() else 4, len(values), 1)
        values += value + (b"\0" if value.isalpha() else b"")
    return b"\x8e\xad\xe8\x01" + bytes(4) + struct.pack(">2L", len(rows), len(values)) + index + values


def old_setup() -> bytes:
    runs = (WORDS[at : at + 8] for at in range(0, len(WORDS), 8))
    return b"SZDD\x88\xf0\x27\x33A\0" + struct.pack("<L", len(WORDS)) + b"".join(b"\xff" + run for run in runs)


def mac_program() -> bytes:
    segment = struct.pack("<2L16s4Q4L", 0x19, 72, b"__TEXT", 1 << 32, 0x1000, 0, 200, 7, 5, 0, 0)
    return struct.pack("<8L", 0xFEEDFACF, MAC_PROCESSOR, 3, 2, 1, len(segment), 0x85, 0) + segment + bytes(100)


def mac_bundle() -> bytes:
    program = mac_program()
    return struct.pack(">7L", 0xCAFEBABE, 1, MAC_PROCESSOR, 3, 28, len(program), 0) + program


def compressed_rom() -> bytes:
    head = struct.pack("<4L16s4L16s", 0x28CD3D45, 4096, 3, 0, b"Compressed ROMFS", 0, 0, 1, 1, b"a")
    return (head + struct.pack("<2H2L", 0o40755, 0, 0, 0)).ljust(4096, b"\0")


def sparse() -> bytes:
    head = struct.pack("<L4H4L", 0xED26FF3A, 1, 0, 28, 12, 4096, 1, 1, 0)
    return head + struct.pack("<2H2L", 0xCAC1, 0, 1, 12 + 4096) + WORDS.ljust(4096, b"\0")


# small images, as mksquashfs, mke2fs, mkfs.vfat, sgdisk and qemu-img make them, packed
SQUASHED = (
    "c-qS-E-YqZfB_~3Mj*+^AjoiliIIT?$X0;L{DRV-"
    "p!9zzsDkomL+LY6`U#XSNUY4sPfSrL&o4?TR!B@PNlj76&r`@O;gV;lxRsm~ap(jCYXO^xN8{0dhg)Y($WT>CV@qQ2;bD9$3sR8Kz~H8F_Q-"
    "*w0TUu-PM$wwQFu@w6NB^_mNtQg1gITS3}9z7?1J+7pc+{<co`T47!<ES#aS9a<Qs-jFbYP&C>RB!U=)mkQ7{Td!6+C7qhO=~01TcvA^"
)
EXT = (
    "c-rmTzlsw<90%~(>?wFL-l?aE)wUumVqvLgVPWkP1fw7qZpB;i?7YHWu(%>1931Ea_yB^vSZF7{foP$P7V9LNNG@9XFSnmh__3K}6EZ`-"
    "!wj2*05sKdtkqa)tTV9|VkOfjWOXf1+HX5+Ayn11k4b&rs9l@9t{rCIB!qVt2j{;XTpeunA3fap(#iitU%x)y{PgVQ)%V*Mo(^7JdD0(##KU{~"
    "^?POUmNevhbV!uuQaaB3fl>Y!LTl6lnxLvK4G#}0pm~-I0W?*Z-v3UjK|Wj_Z-"
    "9R4e;W5fe|~?P%|6hu@dp6@z8Ayw&$(Z%e_G+x)Om}czOFO8UebwmB-T=>uL~WGbu8BLSSztk%+dO1cPoU`@%a38XKhmTGs&Ly-"
    "%0B~V4rD?=JX`wKkm0ep4W5zN}Tok#YTDdW^s4DSI_-#(ssDrz27goy}aBk4Is?1_Dudir*-"
    "~;hVYXgkbgk_0r>~yACP}Q{sH+1<R6fKK>mTbF#a!3cCWb8+sL}t%NxC{SkG>ii^c{30000000000000000000000000000000000000000000"
    "000001h|JQdzQ9LO"
)
TABLE = (
    "c-rmJKWYL&6bIlL8^J2Mfk^7j4FVP`Y^BJi+h%WK<pD%;0lRnrD+_xo%Ur-"
    "J;t3=xyj&nfNZ|Y6@tb+`r<h5J|E!lT`7z~gH2uNp*Y|Q#4QJzdow_@ku5)|({J5{=*ztYqD6)uL@2Ww2IG3w^zt|j`YcKkXsO72N`W*lO0000"
    "00000000000000000000000000000000000000000ep@-IhO_a!PAR9Ro40Q-"
    "5BL5w)^p@2vWQ&oszG}=m#clh*c_YdbMzNc%TvAex_{pn<257&"
)
QEMU = (
    "c-rmIO-jTt6ae6K>H$1L&fp;g!Hp}|b(+D#Ok2{3jw_EXxUv4iY-Z}(?+XcekoR~mH<wp$A%r>{I{!SY-}viRA4FAH=4{^MPjFwq-"
    "p;8nA+%jC`*_!tWmT&6kn_V>mS(KdQ%SjRwy|wW6F1#99erP~huxUdG<8EC%YIC!ruwMgx2cWS7cuoEcWFA-"
    "e%Ln8`<T;aJv{VfI@x}h=iD{pwD6NxRc;>R!OQ^w0000000000000000000000000000000000000000000000000000000000000000000000"
    "000000N~G7z5oCK000000000000000000000000000000000000000000000000000000000000000000000000000;NPph7XSbN0000000000"
    "00000000000000000000000000000000000000000000000000000000000000000%-#VWJTP7"
)
VMWARE = (
    "c-rmK!HUyR6b9go?gH-Ag>FK-FSb+K*>vHU5k&-"
    "<4m0c6Ty2=PDM>7L=cAjp5o8`<K>R)kH=O?@IroxJ>F3+CD2kr8*RSa0&wAFa&$~5x5=Ae%+gA^Iqd0jMNBnF0Nm|tRNgC=!RcxEGdS9$UybD!"
    "bl$+Twe)ln*jiw=l$#fELvnp(wL+M*5UQ{7#!p(jgX1#T}DOW|aEEe;&vktvD?k872oA#L`?>^AJHNL(}hNFvQ{^jlU{3_`+gWWp6KQ`YiLpM*"
    ">WXWY#hq#}nmvNluUkAIQYJOy^4|lhx>5^H}8~2XU_fW1wQ|$+f{i@jHZGH&fJP4N|%a6fu@*t_hqTTv2o1CArEYG%0s17?jl#4u^>P=a$>c1u"
    "!4ad{*#rb4B?fL%!0000000000cq}g+0RX^%<+URK0000000000000000000000000000000000000000000000000000000000000N@e*24+f"
    "a`v"
)
DOS = (
    "c-rmJu}Z^m5C`B?1fkNRi{RuRH<y5&b#TzlDxxle5HZ!znv^C>!NEuHImFRT5MQ8g;nu~mlbXdrS4Y3^4t@u>-"
    "A%XdZ~DD5?j=<;H{Xcn>T1jy(Ndk??xKzD<)g*!LFn%6?}pmm&hcia&i2~N+3n-{Yqfa#)P7!wCQIkj_s-"
    "j7WwJW`IKIxxP<LKbAqf{nQ6(3HG+bt7KMvt=kS1jsvb;=3KlZ&rF&vIVl3%u(!%<q6^*9dwbR4Q8RHJ%xm1KE{<2baM5r1*=F#G&;hJVce0RR"
    "91000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000D#}V08qz4Zv"
)


def _unpacked(image: str) -> bytes:
    return zlib.decompress(base64.b85decode(image))


FILES: Mapping[str, tuple[str, bytes]] = {
    "7z": ("7z", seven_zip()),
    "arj": ("Arj", arj()),
    "tar": ("tar", tar()),
    "bzip2": ("bzip2", bz2.compress(WORDS)),
    "xz": ("xz", lzma.compress(WORDS)),
    "gzip": ("gzip", gzip.compress(WORDS, mtime=0)),
    "zstd": ("zstd", zstd()),
    "lha": ("Lzh", lha()),
    "cpio": ("Cpio", new_cpio()),
    "cpio with checksums": ("Cpio", new_cpio(b"070702")),
    "old cpio": ("Cpio", old_cpio()),
    "binary cpio": ("Cpio", binary_cpio()),
    "binary cpio of other machines": ("Cpio", binary_cpio(">")),
    "ar": ("Ar", ar()),
    "xar": ("Xar", xar()),
    "rpm": ("Rpm", rpm()),
    "szdd": ("mslz", old_setup()),
    "mach-o": ("macho", mac_program()),
    "mach-o bundle": ("Mub", mac_bundle()),
    "cramfs": ("CramFS", compressed_rom()),
    "sparse": ("Sparse", sparse()),
    "squashfs": ("SquashFS", _unpacked(SQUASHED)),
    "ext": ("Ext", _unpacked(EXT)),
    "fat": ("FAT", _unpacked(DOS)),
    "gpt": ("GPT", _unpacked(TABLE)),
    "qcow2": ("QCOW", _unpacked(QEMU)),
    "vmdk": ("VMDK", _unpacked(VMWARE)),
}
"""With what 7-Zip calls each."""
SAMPLED = ("gzip", "zstd", "lha", "cpio", "binary cpio", "squashfs")  # where each would be too many

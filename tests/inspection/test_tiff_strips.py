"""Pages of a TIFF whose strips or tiles do not give their pixels, and those that do, in any order of anything."""

from __future__ import annotations

import lzma
import random
import struct
import zlib
from collections.abc import Callable

import pytest

from consumer.inspection.readers.media import lzw
from consumer.inspection.readers.seen import TooMuch, Work
from consumer.model import Reason
from tests.inspection import anywhere, media, wide
from tests.inspection.files import program
from tests.inspection.media import SAMPLES
from tests.inspection.polyglots import lha
from tests.inspection.test_media import verdict as media_verdict

WIDE, HIGH = 60, 40
XZ = lzma.compress(bytes(64))
PIXELS = random.Random(1).randbytes(WIDE * HIGH // 2) + bytes(range(60)) * (HIGH // 2)
SHORT, LONG = 3, 4


def coded(pixels: bytes, clears_every: int = 4094) -> bytes:
    """As LZW's inventor wrote it down: one bit after the other."""
    bits, width, table = f"{256:09b}", 9, {bytes([byte]): byte for byte in range(256)}
    free, known = 258, b""
    for byte in pixels:
        longer = known + bytes([byte])
        if longer in table:
            known = longer
            continue
        bits += f"{table[known]:0{width}b}"
        table[longer], free, known = free, free + 1, bytes([byte])
        width = max(width, free.bit_length())
        if free >= clears_every:
            bits += f"{256:0{width}b}"
            table = {word: code for word, code in table.items() if code < 256}
            free, width = 258, 9
    bits += f"{table[known]:0{width}b}"
    width = max(width, (free + 1).bit_length())
    bits += f"{257:0{width}b}"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def packets(pixels: bytes) -> bytes:
    """Every second one of one byte, repeated."""
    out = b""
    for at in range(0, len(pixels), 20):
        piece = pixels[at : at + 20]
        out += bytes([len(piece) - 1]) + piece if len(set(piece)) > 1 else bytes([257 - len(piece), piece[0]])
        out += b"\x80"
    return out


PACKED: dict[int, Callable[[bytes], bytes]] = {5: coded, 8: zlib.compress, 32946: zlib.compress, 32773: packets}


def page(
    strips: list[bytes], packing: int, changed: dict[int, tuple[int, int]] | None = None, tiled: bool = False
) -> bytes:
    """`changed`: kind and value of further entries."""
    places, body = list[int](), b"II*\0\0\0\0\0"
    for strip in strips:
        places.append(len(body))
        body += strip + bytes(len(strip) & 1)
    lists = len(body)
    body += struct.pack(f"<{len(strips)}L", *places) + struct.pack(f"<{len(strips)}L", *map(len, strips))
    rows = {
        256: (LONG, 1, WIDE),
        257: (LONG, 1, HIGH),
        258: (SHORT, 1, 8),
        259: (SHORT, 1, packing),
        262: (SHORT, 1, 1),
    }
    where, how_long = (324, 325) if tiled else (273, 279)
    several = len(strips) > 1
    rows[where] = (LONG, len(strips), lists if several else places[0])
    rows[how_long] = (LONG, len(strips), lists + 4 * len(strips) if several else len(strips[0]))
    rows |= {tag: (kind, 1, value) for tag, (kind, value) in (changed or {}).items()}
    directory = len(body)
    body += struct.pack("<H", len(rows))
    body += b"".join(struct.pack("<2H2L", tag, *row) for tag, row in sorted(rows.items())) + bytes(4)
    return body[:4] + struct.pack("<L", directory) + body[8:]


def rows_of(pixels: bytes, rows: int) -> list[bytes]:
    return [pixels[at : at + rows * WIDE] for at in range(0, len(pixels), rows * WIDE)]


def page_of(packing: int, rows: int = HIGH, bend: Callable[[bytes], bytes] = bytes) -> bytes:
    """`bend`: of the last strip, once it is packed."""
    strips = [PACKED[packing](strip) for strip in rows_of(PIXELS, rows)]
    return page([*strips[:-1], bend(strips[-1])], packing, {278: (LONG, rows)})


def verdict(data: bytes) -> Reason | None:
    return media_verdict(data, "a.tiff")


@pytest.mark.parametrize("rows", [HIGH, 16, 7, 1])
@pytest.mark.parametrize("packing", PACKED)
def test_a_page_that_is_whole_is_let_in(packing: int, rows: int) -> None:
    assert verdict(page_of(packing, rows)) is None


@pytest.mark.parametrize("rows", [HIGH, 7])
@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize(
    "bend",
    [
        pytest.param(lambda strip: strip[: len(strip) * 3 // 4], id="cut"),
        pytest.param(lambda strip: bytes([strip[0] ^ 0x55]) + strip[1:5], id="a head"),
        pytest.param(lambda strip: strip[:20] + b"\xff" * (len(strip) - 20), id="noise"),
    ],
)
def test_a_page_with_a_damaged_strip_is_broken(packing: int, rows: int, bend: Callable[[bytes], bytes]) -> None:
    if packing == 32773 and bend(b"0123456789" * 9)[30:31] == b"\xff":
        return  # any bytes are packets
    assert verdict(page_of(packing, rows, bend)) is Reason.MALFORMED


@pytest.mark.parametrize("packing", PACKED)
def test_what_stands_behind_the_pixels_of_a_strip_is_not_asked_for(packing: int) -> None:
    assert verdict(page_of(packing, bend=lambda strip: strip + b"\xff" * 40)) is None


@pytest.mark.parametrize("packing", PACKED)
def test_a_page_with_too_few_strips_is_broken(packing: int) -> None:
    strips = [PACKED[packing](strip) for strip in rows_of(PIXELS, 8)]
    assert verdict(page(strips, packing, {278: (LONG, 8)})) is None
    assert verdict(page(strips[:-1], packing, {278: (LONG, 8)})) is Reason.MALFORMED


@pytest.mark.parametrize("tag", [278, 284, 317])
def test_an_entry_that_holds_no_numbers_counts_as_none(tag: int) -> None:
    for kind in (2, 12):
        assert verdict(page([zlib.compress(PIXELS)], 8, {tag: (kind, 1)})) is None
    several = [zlib.compress(strip) for strip in rows_of(PIXELS, 8)]
    assert verdict(page(several, 8, {278: (2, 8)})) is Reason.MALFORMED


@pytest.mark.parametrize("packing", PACKED)
def test_each_plane_of_colors_has_its_own_strips(packing: int) -> None:
    strips = [PACKED[packing](strip) for strip in rows_of(PIXELS, 7)]
    changed = {277: (SHORT, 2), 278: (LONG, 7), 284: (SHORT, 2)}
    assert verdict(page(2 * strips, packing, changed)) is None
    assert verdict(page([*strips, *strips[:-1], strips[-1][:9]], packing, changed)) is Reason.MALFORMED


@pytest.mark.parametrize("packing", PACKED)
def test_tiles_are_whole_at_the_edges_too(packing: int) -> None:
    tile, changed = PACKED[packing](bytes(range(256)) * 4), {322: (LONG, 32), 323: (LONG, 32)}
    assert verdict(page([tile] * 4, packing, changed, tiled=True)) is None
    assert verdict(page([tile] * 4, packing, changed)) is None, "older programs name them as strips"
    short = PACKED[packing](bytes(range(256)) * 3)
    assert verdict(page([*[tile] * 3, short], packing, changed, tiled=True)) is Reason.MALFORMED
    assert verdict(page([tile] * 3, packing, changed, tiled=True)) is Reason.MALFORMED


@pytest.mark.parametrize(
    ("packing", "changed"),
    [
        pytest.param(5, {262: (SHORT, 6)}, id="less color than light"),
        pytest.param(5, {317: (SHORT, 2)}, id="differences"),
        pytest.param(8, {317: (SHORT, 3)}, id="differences of floats"),
        pytest.param(32773, {317: (SHORT, 9)}, id="differences that nobody asks for"),
        pytest.param(5, {278: (LONG, 2**32 - 1)}, id="all rows"),
        pytest.param(5, {278: (LONG, 0)}, id="no rows"),
    ],
)
def test_other_ways_to_draw_are_let_in(packing: int, changed: dict[int, tuple[int, int]]) -> None:
    assert verdict(page([PACKED[packing](PIXELS)], packing, changed)) is None


def test_pixels_that_are_foretold_in_an_unknown_way_are_broken() -> None:
    assert verdict(page([coded(PIXELS)], 5, {317: (SHORT, 4)})) is Reason.MALFORMED


@pytest.mark.parametrize("packing", PACKED)
def test_bits_may_be_turned_around(packing: int) -> None:
    turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in PACKED[packing](PIXELS))
    assert verdict(page([turned], packing, {266: (SHORT, 2)})) is None
    assert verdict(page([turned[: len(turned) // 2]], packing, {266: (SHORT, 2)})) is Reason.MALFORMED


def test_a_map_leaves_out_what_is_empty() -> None:
    strips = [zlib.compress(strip) for strip in rows_of(PIXELS, 20)]
    assert verdict(page([strips[0], b""], 8, {278: (LONG, 20)})) is None


def test_codes_that_begin_with_the_last_bit_are_let_in() -> None:
    assert verdict(page([b"\0\1" + bytes(200)], 5)) is None


def test_a_jpeg_in_a_page_has_to_begin_like_one() -> None:
    data = SAMPLES["imagemagick_jpeg.tiff"]
    assert verdict(data) is None
    at = data.index(b"\xff\xd8\xff", 8)
    assert verdict(data[:at] + b"\0" + data[at + 1 :]) is Reason.MALFORMED
    frame = data.index(b"\xff\xc0", at)
    assert verdict(data[: frame + 11] + b"\0" + data[frame + 12 :]) is Reason.MALFORMED
    assert verdict(data[: frame + 60] + b"\xff\xfe" + data[frame + 62 :]) is None, "its pixels are drawn in part"


@pytest.mark.parametrize("clears_every", [300, 511, 600, 1023, 2047, 3000, 4093, 4094])
@pytest.mark.parametrize("size", [1, 2, 253, 254, 255, 5_000, 12_000])
def test_codes_give_as_many_bytes_as_they_were_made_of(size: int, clears_every: int) -> None:
    chance = random.Random(size)
    pixels = bytes(chance.choices(range(256), [1000, *[1] * 255], k=size // 2)) + chance.randbytes(size - size // 2)
    packed = coded(pixels, clears_every)
    assert lzw.is_enough(packed, size, Work())
    assert not lzw.is_enough(packed, size + 1, Work())
    assert lzw.is_enough(packed + b"noise", size, Work())


def test_a_code_that_is_not_there_yet_is_none() -> None:
    bits = "".join(f"{code:09b}" for code in (256, 65, 258, 260, 66))
    packed = int(bits.ljust(48, "0"), 2).to_bytes(6, "big")
    assert lzw.is_enough(packed, 3, Work())
    assert not lzw.is_enough(packed, 4, Work())


def test_what_costs_too_much_is_let_in_as_it_is() -> None:
    clears = int("".join(f"{256:09b}" for _ in range(80_000)), 2).to_bytes(90_000, "big")
    with pytest.raises(TooMuch):
        lzw.is_enough(clears, 10, Work())
    assert verdict(page([clears], 5)) is None


def test_behind_the_directory_of_a_camera_may_stand_anything() -> None:
    data = media.tiff(more={34665: (7, struct.pack("<3H2LL", 1, 37121, 3, 1, 1, 30))})
    at = data.index(struct.pack("<2HL", 34665, 7, 18))
    value = data[at + 8 : at + 12]
    assert verdict(data[:at] + struct.pack("<2HL", 34665, 4, 1) + value + data[at + 12 :]) is None


def test_where_a_camera_s_directory_should_stand_may_stand_anything() -> None:
    data = media.tiff(more={34665: (7, b"\xff\xff" + bytes(60))})
    at = data.index(struct.pack("<2HL", 34665, 7, 62))
    value = data[at + 8 : at + 12]
    assert verdict(data[:at] + struct.pack("<2HL", 34665, 4, 1) + value + data[at + 12 :]) is None
    assert verdict(data[:4] + value + data[8:]) is Reason.MALFORMED


def test_a_directory_at_the_end_may_say_nothing_of_a_next_one() -> None:
    for cut in range(1, 5):
        assert verdict(media.tiff()[:-cut]) is None
        assert verdict(media.tiff()[:-4] + b"\x08\x09\x0a\x0b"[: 4 - cut]) is None
    assert verdict(media.tiff()[:-5]) is Reason.MALFORMED


def test_what_office_notes_of_a_page_that_it_scanned_is_a_file_in_it() -> None:
    notes = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2040)
    assert verdict(media.tiff(more={37680: (7, notes)})) is None
    assert verdict(media.tiff(more={37681: (7, notes)})) is Reason.SECOND_FORMAT
    assert verdict(media.tiff(more={37680: (7, program())})) is not None


@pytest.mark.parametrize(
    ("behind", "expected"), [(0, None), (2, None), (16, Reason.MALFORMED), (4000, Reason.MALFORMED)]
)
def test_the_last_directory_may_name_the_end_of_the_file_as_the_next_one(behind: int, expected: Reason | None) -> None:
    data = media.tiff()
    assert verdict(data[:-4] + struct.pack("<L", len(data) + behind)) is expected


@pytest.mark.parametrize(("packing", "strip"), [(50000, anywhere.zstd()), (34926, anywhere.zstd()), (34925, XZ)])
def test_strips_that_programs_write_as_files_of_their_own_are_pixels(packing: int, strip: bytes) -> None:
    told = {259: (3, 1, packing), 273: (4, 1, 8), 279: (4, 1, len(strip))}
    assert wide.reason(media.tiff(gap=strip, changed=told), "a.tiff") is None
    assert wide.reason(media.tiff(gap=strip), "a.tiff") is Reason.SECOND_FORMAT
    assert wide.reason(media.tiff(gap=strip + lha(), changed=told), "a.tiff") is Reason.SECOND_FORMAT

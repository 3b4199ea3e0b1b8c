"""Pictures: where each ends, what a viewer would have to compute, and what its metadata expands to."""

import struct
import zlib

import pytest

from consumer.inspection.detection import Detector
from consumer.inspection.examination import examine
from consumer.inspection.readers.seen import Seen, Work
from consumer.inspection.readers.table import picture_at
from consumer.model import Reason
from tests.inspection.bombs import gif_frames, jpeg_scans, png_frames
from tests.inspection.files import chunk, gif, jpeg, png, segment

DETECTOR = Detector()


def seen_in(data: bytes) -> Seen:
    return examine(data, DETECTOR)


def end_of(data: bytes) -> int:
    picture = picture_at(data, Work())
    assert picture is not None and picture.complete
    return picture.end


@pytest.mark.parametrize("data", [png(), jpeg(), gif()], ids=["png", "jpg", "gif"])
def test_a_picture_ends_with_its_end_mark_whatever_follows(data: bytes) -> None:
    assert end_of(data) == len(data) == end_of(data + b"more \xff\xd9 \x3b IEND")


@pytest.mark.parametrize("between", [b"", b"\xff" * 9, b"\0\x12\xff\0 stray", b"\xff\0"])
def test_bytes_between_the_segments_of_a_jpeg_are_skipped_as_readers_do(between: bytes) -> None:
    assert end_of(jpeg(between)) == len(jpeg(between))


def test_coded_pixels_end_at_a_marker_that_neither_stands_for_itself_nor_restarts() -> None:
    coded = jpeg()[:-2] + b"\xff\0\xff\xd3\xff\xff\xff\0" * 3
    assert end_of(coded + b"\xff\xd9") == len(coded) + 2


def test_what_stops_behind_its_pixels_is_told() -> None:
    for data in (png()[:-12], gif()[:-1]):
        assert seen_in(data).flags == ["incomplete"]
        assert seen_in(data).findings == []


def test_what_stops_inside_its_pixels_is_broken() -> None:
    for data in (png()[:-17], png(pixels=b"x")[:-12], jpeg()[:-2], jpeg()[:-6], gif()[:-3]):
        assert seen_in(data).has(Reason.MALFORMED)


def test_pixels_with_another_sum_than_they_say_are_broken() -> None:
    for at in (20, -20):
        data = bytearray(png())
        data[at] ^= 1
        assert seen_in(bytes(data)).has(Reason.MALFORMED)


def test_pixels_that_are_numbers_of_colors_need_these_colors_before_them() -> None:
    data, colors = png(), chunk(b"PLTE", bytes(768))
    header = chunk(b"IHDR", data[16:25] + b"\3\0\0\0")
    assert not seen_in(data[:8] + header + colors + data[33:]).findings
    for without in (data[:8] + header + data[33:], data[:8] + header + data[33:-12] + colors + data[-12:]):
        assert seen_in(without).has(Reason.MALFORMED)


@pytest.mark.parametrize(
    ("kind", "bits", "drawn"), [(0xC0, 9, False), (0xC0, 12, False), (0xC1, 12, True), (0xC3, 9, True)]
)
def test_samples_of_a_jpeg_have_as_many_bits_as_its_kind_allows(kind: int, bits: int, drawn: bool) -> None:
    data = jpeg()
    at = data.index(b"\xff\xc0")
    bent = data[: at + 1] + bytes([kind]) + data[at + 2 : at + 4] + bytes([bits]) + data[at + 5 :]
    assert seen_in(bent).has(Reason.MALFORMED) is not drawn


def test_ordinary_animations_and_scans_are_fine() -> None:
    for data in (gif_frames(300, 700), png_frames(300, 700), jpeg_scans(10, 4_000)):
        assert seen_in(data).findings == []


@pytest.mark.parametrize("data", [gif_frames(300, 7_000), png_frames(300, 7_000), jpeg_scans(300, 7_000)])
def test_frames_and_scans_count_for_what_they_are_in_all(data: bytes) -> None:
    assert seen_in(data).has(Reason.IMAGE_TOO_LARGE)


@pytest.mark.parametrize(
    "chunk_",
    [
        chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(3_000_000))),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"words " * 9_000)),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta/>"),
        chunk(b"iTXt", b"Comment\0\x01\0en\0Kommentar\0" + zlib.compress(b"words " * 9_000)),
        chunk(b"iCCP", b"no end of the name"),
        chunk(b"iTXt", b"Comment\0\x01"),
    ],
)
def test_ordinary_and_broken_metadata_is_no_finding(chunk_: bytes) -> None:
    assert seen_in(png(extra=chunk_)).findings == []


def test_metadata_is_counted_over_all_blocks() -> None:
    block = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(6_000_000), 9))
    assert seen_in(png(extra=block * 2)).findings == []
    assert seen_in(png(extra=block * 3)).has(Reason.ARCHIVE_LIMITS)


def test_a_frame_control_at_the_end_of_the_file_is_no_error() -> None:
    cut = png(extra=struct.pack(">L", 26) + b"fcTL" + bytes(4))
    assert seen_in(cut[: cut.index(b"fcTL") + 8]).has(Reason.MALFORMED)


def test_a_text_in_a_comment_is_a_comment() -> None:
    assert (
        seen_in(jpeg(segment(0xFE, b"Taken by Ann (with a borrowed camera); see http://example.com/?a=1"))).findings
        == []
    )
    assert seen_in(jpeg(segment(0xFE, b"\r\n@echo off\r\ncalc.exe\r\n"))).findings == []
    assert seen_in(jpeg(segment(0xFE, b"<?php system($_GET[0]);"))).has(Reason.SECOND_FORMAT)

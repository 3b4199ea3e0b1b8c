"""Recordings whose description no player can follow: it names no format, no speed, no codec, or a header is missing."""

from __future__ import annotations

import struct

import pytest

from consumer.inspection.readers.media import ebml
from consumer.model import Reason
from tests.inspection.media import SAMPLES
from tests.inspection.test_media import verdict


def described(name: str, at: int, form: str, value: int) -> Reason | None:
    """A wave with another value among those that describe its sound."""
    wave = bytearray(SAMPLES[name])
    struct.pack_into(form, wave, wave.index(b"fmt ") + 8 + at, value)
    return verdict(bytes(wave), name)


@pytest.mark.parametrize(
    ("name", "at", "form", "value"),
    [
        pytest.param("python.wav", 0, "<H", 0, id="no format"),
        pytest.param("python.wav", 2, "<H", 0, id="no channels"),
        pytest.param("ffmpeg_adpcm.wav", 2, "<H", 0xFFFF, id="more channels than any machine has"),
        pytest.param("sox.wav", 4, "<L", 0, id="no speed"),
        pytest.param("soundfile_u.wav", 4, "<L", 0xFFFFFFFF, id="no speed that is one"),
        pytest.param("ffmpeg_pipe.wav", 14, "<H", 0, id="no bits"),
        pytest.param("python.wav", 14, "<H", 0xFFFF, id="more bits than a number has"),
    ],
)
def test_a_wave_that_no_player_can_follow_is_broken(name: str, at: int, form: str, value: int) -> None:
    assert verdict(SAMPLES[name], name) is None
    assert described(name, at, form, value) is Reason.MALFORMED


def test_a_wave_of_odd_numbers_is_let_in() -> None:
    wave = SAMPLES["python.wav"]
    at = wave.index(b"fmt ")
    short = wave[: at + 4] + struct.pack("<L", 14) + wave[at + 8 : at + 22] + wave[at + 24 :]
    assert verdict(short[:4] + struct.pack("<L", len(short) - 8) + short[8:], "a.wav") is None
    assert described("ffmpeg_mulaw.wav", 14, "<H", 0) is None
    assert described("ffmpeg_adpcm.wav", 0, "<H", 0x161) is None
    assert described("python.wav", 4, "<L", 768_000) is None


@pytest.mark.parametrize(
    ("name", "codec"),
    [("chromium.webm", b"V_VP8"), ("gstreamer_live.webm", b"V_VP8"), ("pyav_a.webm", b"A_OPUS")],
)
@pytest.mark.parametrize("by", [b"X", b"\0"])
def test_a_film_whose_tracks_are_of_no_codec_is_broken(name: str, codec: bytes, by: bytes) -> None:
    assert verdict(SAMPLES[name].replace(codec, by * len(codec)), name) is Reason.MALFORMED


@pytest.mark.parametrize("name", ["ffmpeg_vp9.webm", "pyav_a.webm", "mkvmerge.mkv"])
@pytest.mark.parametrize("by", [b"\0", b"\xff"])
def test_a_film_whose_clusters_hold_no_piece_is_broken(name: str, by: bytes) -> None:
    data, at = SAMPLES[name], -1
    while (at := data.find(ebml.CLUSTER.to_bytes(4, "big"), at + 1)) >= 0:
        found = ebml.element(data, at)
        assert found is not None and found.stop is not None
        data = data[: found.begin] + by * (found.stop - found.begin) + data[found.stop :]
    assert verdict(data, name) is Reason.MALFORMED


@pytest.mark.parametrize("name", ["ffmpeg.opus", "gstreamer.ogg", "xiph.opus", "ffmpeg_vorbis.ogg"])
def test_a_recording_that_lacks_a_page_of_headers_is_broken(name: str) -> None:
    data = SAMPLES[name]
    first = data.index(b"OggS", 4)
    assert verdict(data[:first] + data[data.index(b"OggS", first + 4) :], name) is Reason.MALFORMED


FILMS = ["ffmpeg.3gp", "gstreamer.3gp", "ffmpeg.m4a", "mutagen.m4a", "ffmpeg_hevc.mov", "pyav.mov", "ffmpeg_plain.mp4"]


def listed(name: str, kind: bytes, at: int, by: bytes) -> Reason | None:
    """With other bytes in all lists of that kind, from a place in their content on."""
    data = bytearray(SAMPLES[name])
    place = -1
    while (place := data.find(kind, place + 1)) >= 0:
        data[place + 4 + at : place + 4 + at + len(by)] = by
    return verdict(bytes(data), name)


@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize(
    ("kind", "at"), [(b"stsd", 4), (b"stts", 4), (b"stsc", 4), (b"stco", 4), (b"stsz", 8)], ids=lambda value: str(value)
)
def test_a_film_whose_lists_have_no_rows_or_more_than_fit_is_broken(name: str, kind: bytes, at: int) -> None:
    assert verdict(SAMPLES[name], name) is None
    if kind == b"stsz" and _of_one_size(name):
        return
    for by in (bytes(4), b"\xff" * 4):
        assert listed(name, kind, at, by) is Reason.MALFORMED


def _of_one_size(name: str) -> bool:
    """Of samples, which are not listed then."""
    return b"stsz" + bytes(8) not in SAMPLES[name]


@pytest.mark.parametrize("name", FILMS)
def test_a_film_that_says_nothing_of_its_codecs_is_broken(name: str) -> None:
    assert verdict(SAMPLES[name].replace(b"stsd", b"free"), name) is Reason.MALFORMED
    assert listed(name, b"stsd", 8, bytes(4)) is Reason.MALFORMED

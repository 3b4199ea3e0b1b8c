import gzip
import random
import zlib

import pytest

from consumer.inspection.detection import Detector
from consumer.inspection.examination import examine
from consumer.inspection.policy.policy import Policy
from consumer.model import Facts, Reason
from consumer.sandbox.files import build
from tests.inspection.files import archive, attachment, chunk, gif, jpeg, pdf, png, program, segment
from tests.inspection.polyglots import WASM, ZIP, film, joined, polyglots, unopened

POLICY = Policy.load()
DETECTOR = Detector()


def judged(data: bytes) -> Reason | None:
    seen = examine(data, DETECTOR)
    facts = Facts(size=len(data), detected_type=seen.detected_type, findings=tuple(seen.findings))
    return POLICY.decide(attachment(None), facts)


@pytest.mark.parametrize("name", sorted(polyglots()))
def test_a_file_that_is_two_things_is_rejected(name: str) -> None:
    assert judged(polyglots()[name]) is not None


def test_nineteen_of_twenty_are_rejected_however_they_are_joined() -> None:
    accepted = sorted(name for name, data in joined().items() if judged(data) is None)
    assert len(accepted) <= 0.06 * len(joined()), accepted


def test_programs_as_text_that_nothing_runs_behind_another_file_are_told() -> None:
    for data in unopened().values():
        assert examine(data, DETECTOR).has(Reason.TRAILING_DATA)


@pytest.mark.parametrize(
    "junk",
    [b"\0" * 512, b"\r\n\r\n", b"\xff" * 16, b" \n", b"\x8f\x11\x00\x17" * 50, b"camera note 0x17", b"\x1a"],
    ids=["zeros", "lines", "ones", "space", "binary", "words", "end of file"],
)
@pytest.mark.parametrize("data", [png(), jpeg(), gif(), pdf()], ids=["png", "jpg", "gif", "pdf"])
def test_padding_and_junk_behind_the_end_are_told_and_accepted(data: bytes, junk: bytes) -> None:
    seen = examine(data + junk, DETECTOR)
    assert {finding.code for finding in seen.findings} <= {Reason.TRAILING_DATA}
    assert judged(data + junk) is None


@pytest.mark.parametrize("size", [16, 300, 5_000, 70_000])
def test_random_bytes_behind_the_end_are_junk(size: int) -> None:
    for number in range(10):
        junk = random.Random(number).randbytes(size)
        for data in (png(), jpeg(), gif(), pdf()):
            assert judged(data + junk) is None


TAGS = (
    b"<img src=x onerror=alert(1)>",
    b"<x-y onpointerenter=a()>",
    b"<b\x0b\x03 onbeforetoggle = a()>",
    b"<svg:script>a()</svg:script>",
    b"<a href='javascript:a()'>",
)


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_that_a_page_would_run_is_found_where_no_words_stand_and_is_words_in_a_comment(tag: bytes) -> None:
    assert judged(png(extra=chunk(b"prVt", tag))) is Reason.SECOND_FORMAT
    assert judged(gif() + tag) is Reason.SECOND_FORMAT
    for picture in (gif(tag), jpeg(segment(0xFE, tag)), png(extra=chunk(b"tEXt", b"Title\0" + tag))):
        assert judged(picture) is None


def test_pixels_that_hold_something_like_an_event_by_chance_are_pixels() -> None:
    chance = (
        b"<r\x0b*\x03\x0fZZ\x1d\x11uL\x0c\x11Kk&\x18\x14_\x1d\x1f\tJ(f\\,)\x07TKzuc{IL{" + b'd\x7f6P!n"OnxydF=0\x1e'
    )
    assert judged(gif(chance)) is None
    assert judged(build("gif", 513010531)) is None  # one of a million, with the same in it


def test_what_is_hidden_behind_a_picture_without_its_end_mark_is_behind_it_all_the_same() -> None:
    for data in (png()[:-12], jpeg()[:-2] + b"\xff\xfe\0\0", gif()[:-1]):
        assert judged(data + b"\0\x01" + WASM) is Reason.SECOND_FORMAT


def test_a_picture_whose_size_opens_a_comment_is_a_picture_as_long_as_nothing_closes_it() -> None:
    assert judged(gif(b"a wide picture", width=0x2A2F)) is None
    assert judged(gif(b"a `quoted` word", width=0x60)) is None
    assert judged(jpeg(segment(0xE1, b"Exif\0\0".ljust(0x2760 - 2, b"`")))) is None


def test_previews_and_exposures_behind_a_photo_are_pictures_of_it() -> None:
    assert judged(jpeg() + jpeg() + bytes(16) + jpeg()) is None


def test_a_film_behind_a_photo_is_known_by_its_structure_whatever_stands_around_it() -> None:
    clip = film(bytes(40))
    announced = jpeg(segment(0xE1, b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta GCamera:MotionPhoto="1"/>'))
    framed = b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data" + clip + b"SEFHe\0\0\0\1\0\0\0SEFT"
    noted = clip + b'{"camera":{"mode":"photo(1)"}}vivo' + b"LIVE_12345678"
    for photo in (announced + clip, jpeg() + clip, jpeg() + framed, jpeg() + noted, jpeg() + bytes(64) + clip):
        seen = examine(photo, DETECTOR)
        assert "motion_photo" in seen.flags
        assert judged(photo) is None


def test_what_google_s_cameras_note_behind_a_photo_is_told_and_what_stands_behind_that_is_found() -> None:
    packed = gzip.compress(b"focus" * 90, mtime=0)
    notes = b"aecDebug\xe1\x3f" + bytes(8161) + b"afDebug" + bytes([len(packed) + 4]) + b"\x0a\1\0\0" + packed
    told = examine(jpeg() + notes + b"awbDebug\2\x08\1", DETECTOR).findings
    assert {finding.code for finding in told} == {Reason.TRAILING_DATA}
    for hidden in (ZIP, packed, program(), b"<script>alert(1)</script>"):
        assert judged(jpeg() + notes + hidden) is Reason.SECOND_FORMAT
    for hidden in (ZIP, program(), b"<script>alert(1)</script>"):
        head = b"aecDebug" + bytes([0x80 | len(hidden) & 0x7F, len(hidden) >> 7])
        assert judged(jpeg() + head + hidden) is Reason.SECOND_FORMAT


def test_behind_a_film_anything_else_is_found() -> None:
    assert judged(jpeg() + film(bytes(40)) + ZIP) is Reason.SECOND_FORMAT
    assert judged(jpeg() + film(b"<script>a()</script>")) is Reason.SECOND_FORMAT
    assert judged(jpeg() + b"\0\0\0\x18ftypmp42" + bytes(12)) is Reason.SECOND_FORMAT  # a film without content


def test_ordinary_metadata_is_no_second_file() -> None:
    exif = segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08" + bytes(20) + jpeg())
    profile = segment(0xE2, b"ICC_PROFILE\0\x01\x01" + bytes(128))
    note = segment(0xFE, b"CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90\n")
    assert judged(jpeg(exif + profile + note)) is None
    assert judged(png(extra=chunk(b"tEXt", b"Software\0Paint; see http://example.com/?a=1"))) is None
    assert judged(gif(b"Created with GIMP")) is None


def attached(payload: bytes, packed: bool) -> bytes:
    content = zlib.compress(payload) if packed else payload
    head = b"/Type /EmbeddedFile /Length %d %s" % (len(content), b"/Filter /FlateDecode" if packed else b"")
    return pdf(b"9 0 obj\n<< %s >>\nstream\n%s\nendstream\nendobj\n" % (head, content))


@pytest.mark.parametrize("packed", [True, False])
def test_a_file_that_a_pdf_attaches_is_judged_by_what_it_is_however_it_is_stored(packed: bool) -> None:
    harmless = archive({"letter.txt": b"Dear Sir"})
    seen = examine(attached(harmless, packed), DETECTOR)
    assert seen.flags == ["embedded_files"]
    assert [finding.code for finding in seen.findings] == [Reason.EMBEDDED_FILES]
    assert judged(attached(harmless, packed)) is None
    assert judged(attached(ZIP, packed)) is Reason.EMBEDDED_EXECUTABLE

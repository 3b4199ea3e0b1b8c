"""What pictures, recordings, films and drawings may cost: those of many small parts, and large ones of people."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from consumer.inspection.readers.seen import FEW_PARTS, Work
from consumer.model import Reason
from tests.inspection.media import SAMPLES, SPOKEN, box, riff, riff_chunk, svg
from tests.inspection.media_slow import SLOW
from tests.inspection.test_media import seen

SIZE = 200_000
A_BYTE = 150  # of work, at most, for each


@pytest.mark.parametrize("name", SLOW)
def test_many_small_parts_cost_no_more_than_their_bytes(name: str) -> None:
    data = SLOW[name](SIZE)
    found = seen(data)
    spent = Work.of(len(data)).left - found.work.left
    assert spent < A_BYTE * len(data) + 64 * 1024 * 1024 or found.has(Reason.ARCHIVE_LIMITS)


@pytest.mark.parametrize("name", ["webm of blocks", "mp4 of parts", "webp of parts", "svg of elements", "webm of tags"])
def test_more_parts_than_any_real_file_has_are_too_many(name: str) -> None:
    assert seen(SLOW[name](SIZE * 2)).has(Reason.ARCHIVE_LIMITS)
    assert not seen(SLOW[name](FEW_PARTS)).has(Reason.ARCHIVE_LIMITS)


def longer(name: str, begin: int, count: int) -> bytes:
    """A recording whose frames from `begin` on come again and again."""
    return SAMPLES[name] + SAMPLES[name][begin:] * count


LARGE: dict[str, Callable[[], bytes]] = {
    "mp3": lambda: longer("ffmpeg_shine.mp3", SAMPLES["ffmpeg_shine.mp3"].index(b"\xff\xfb"), 2_000),
    "aac": lambda: longer("ffmpeg.aac", 0, 2_000),
    "amr": lambda: longer("sox.amr", 6, 20_000),
    "wav": lambda: riff(b"WAVE", SPOKEN, riff_chunk(b"data", bytes(range(256)) * 30_000)),
    "mp4": lambda: SAMPLES["ffmpeg_frag.mp4"] + box(b"mdat", bytes(range(256)) * 30_000),
    "svg": lambda: svg("<path d='M 1 1 L 20 20 C 3 3 4 4 5 5 Z' style='fill:url(#g)' transform='scale(2)'/>" * 12_000),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_one_as_people_send_it_stays_far_from_the_end_of_the_budget(name: str) -> None:
    data = LARGE[name]()
    found = seen(data)
    assert found.findings == []
    assert Work.of(len(data)).left - found.work.left < Work.of(len(data)).left // 2

"""Browsers, PHP and unzip act on media that are not let in, and players open those that are."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from consumer.model import Reason
from tests.inspection import media, wide
from tests.inspection.files import archive
from tests.inspection.media import SAMPLES, kind, svg
from tests.inspection.test_media import LIVE, NO_END, cuts, verdict
from tests.inspection.test_openers import PAYLOAD, PHP, by_php, by_unzip, run
from tests.quick import installed

ACT = "document.documentElement.setAttribute('acted', 'on it')"
XHTML = "http://www.w3.org/1999/xhtml"
SVG = "http://www.w3.org/2000/svg"
PLAIN = ACT.replace("'", "&#39;")
DRAWINGS = {
    "a script": svg(f"<script>{ACT}</script>"),
    "an event": svg(attributes=f'onload="{ACT}"'),
    "a script in metadata": svg(f"<metadata><script>{ACT}</script></metadata>"),
    "a script with another prefix": f"<s:svg xmlns:s='{SVG}'><s:script>{ACT}</s:script></s:svg>".encode(),
    "a script of a page": svg(f"<script xmlns='{XHTML}'>{ACT}</script>"),
    "a foreign object": svg(f'<foreignObject><body xmlns="{XHTML}" onload="{ACT}"/></foreignObject>'),
    "an animation": svg(f'<set attributeName="x" to="1" onbegin="{ACT}"/>'),
    "an entity": svg("&a;", before=f"<!DOCTYPE svg [<!ENTITY a \"<s:script xmlns:s='{SVG}'>{PLAIN}</s:script>\">]>"),
}  # fmt: skip


@pytest.mark.parametrize("what", DRAWINGS)
def test_a_browser_runs_the_drawing_and_it_is_not_let_in(what: str, tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_bytes(DRAWINGS[what])
    shown = run(
        installed("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=1000",
        f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", (tmp_path / "a.svg").as_uri(), folder=tmp_path,
    )  # fmt: skip
    assert b'acted="on it"' in shown
    assert verdict(DRAWINGS[what], "a.svg") is not None


@pytest.mark.parametrize("place", media.PLACES)
def test_php_runs_what_stands_where_nobody_looks(place: str, tmp_path: Path) -> None:
    data, name = media.PLACES[place](PHP), f"a.{place.partition(',')[0]}"
    (tmp_path / name).write_bytes(data)
    assert by_php(tmp_path / name)
    assert verdict(data, name) is not None


@pytest.mark.parametrize(
    "name", ["cwebp.webp", "heifenc.heic", "lame.mp3", "xiph.opus", "ffmpeg_plain.mp4", "pyav.webm"]
)
def test_an_archive_behind_is_opened_and_not_let_in(name: str, tmp_path: Path) -> None:
    assert archive({"payload.txt": b"words"}) == PAYLOAD
    (tmp_path / name).write_bytes(SAMPLES[name] + PAYLOAD)
    assert by_unzip(tmp_path / name)
    assert verdict(SAMPLES[name] + PAYLOAD, name) is not None


@pytest.mark.parametrize("name", sorted(name for name in SAMPLES if name in LIVE or kind(name) in NO_END))
def test_a_player_opens_each_cut_that_is_let_in(name: str, tmp_path: Path) -> None:
    ffprobe, path = installed("ffprobe"), tmp_path / name
    taken = [cut for cut in cuts(SAMPLES[name]) if verdict(cut, name) is None]
    for cut in taken[:1] + taken[10::20]:
        path.write_bytes(cut)
        said = run(ffprobe, "-v", "error", "-show_entries", "stream=codec_name", path.name, folder=tmp_path)
        assert b"codec_name=" in said


def packed(film: bytes) -> bytes:
    """With its index as QuickTime packed it for the web."""
    at = film.index(b"moov") - 4
    index = film[at : at + int.from_bytes(film[at : at + 4], "big")]
    content = len(index).to_bytes(4, "big") + zlib.compress(index)
    made = media.box(b"moov", media.box(b"cmov", media.box(b"dcom", b"zlib"), media.box(b"cmvd", content)))
    padding = media.box(b"free", bytes(max(0, len(index) - len(made) - 8)))
    return film[:at] + made + padding + film[at + len(index) :]


def test_a_film_whose_index_is_packed_is_read_and_played(tmp_path: Path) -> None:
    film = media.SAMPLES["ffmpeg_plain.mp4"]
    (tmp_path / "a.mov").write_bytes(packed(film))
    played = run(installed("ffmpeg"), "-v", "error", "-i", "a.mov", "-f", "framemd5", "-", folder=tmp_path)
    assert played.count(b"\n") > 5
    assert wide.reason(packed(film), "a.mp4") is None
    assert wide.reason(packed(film)[:-1], "a.mp4") is Reason.MALFORMED
    assert wide.reason(packed(film).replace(b"cmvd", b"cmvx"), "a.mp4") is Reason.MALFORMED
    assert Reason.ACTIVE_CONTENT in wide.codes(packed(film.replace(b"vide", b"flsh")), "a.mp4")
    assert wide.reason(packed(packed(film)), "a.mp4") is Reason.MALFORMED

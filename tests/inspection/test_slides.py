"""PowerPoint's presentations before 2007: what is stored in them, what a click starts, and where they end."""

import struct
from pathlib import Path

import pytest

from consumer.inspection.readers.flate import LARGEST_PIECE
from consumer.inspection.readers.office.actions import Actions
from consumer.inspection.readers.seen import Seen, Work
from consumer.model import Reason
from tests.inspection import wide
from tests.inspection.files import archive, compound, ooxml, pdf, program
from tests.inspection.old_office import atom, click, ppt, stored

PROJECT = compound({}, {"VBA": {"dir": b"x", "Module1": b"y"}})


def test_a_presentation_is_accepted() -> None:
    found = wide.seen(ppt([click(4)]), "a.ppt")
    assert (found.detected_type, found.findings, found.flags) == ("application/vnd.ms-powerpoint", [], [])


@pytest.mark.parametrize("compress", [True, False])
def test_macros_and_programs_in_its_objects_are_found(compress: bool) -> None:
    native = compound({"\x01Ole10Native": b"\0\0\0\0\2\0run.js\0"})
    assert wide.reason(ppt([stored(PROJECT, compress)]), "a.ppt") is Reason.MACROS
    assert wide.reason(ppt([stored(native, compress)]), "a.ppt") is Reason.EMBEDDED_EXECUTABLE


def test_an_object_of_another_document_is_told() -> None:
    found = wide.seen(ppt([stored(compound({"CONTENTS": b"chart"}))]), "a.ppt")
    assert (found.findings, found.flags) == ([], ["embedded_files"])


def test_a_click_that_starts_a_program_is_told() -> None:
    assert wide.codes(ppt([click(2)]), "a.ppt") == {Reason.LAUNCH_ACTION}


def test_controls_are_told() -> None:
    assert wide.codes(ppt([atom(0x0409, atom(0x0FEE, b"", 0xF), 0xF)]), "a.ppt") == {Reason.ACTIVE_CONTENT}


@pytest.mark.parametrize("data", [ppt(token=0xF3D1C4DF), ppt([atom(0x2F14, b"", 0xF)])])
def test_a_password_is_told(data: bytes) -> None:
    assert wide.reason(data, "a.ppt") is Reason.ENCRYPTED


def test_what_is_no_presentation_is_told() -> None:
    data = compound({"PowerPoint Document": atom(0x03E8, bytes(10_000))[:5_000], "Current User": bytes(20)})
    assert wide.reason(data, "a.ppt") is Reason.MALFORMED
    assert wide.reason(compound({"PowerPoint Document": b"", "Current User": b""}), "a.ppt") is Reason.MALFORMED


@pytest.mark.parametrize("behind", [program(), archive({"a.txt": b"x"}), pdf(), b"<script>alert(1)</script>"])
def test_another_format_behind_the_last_sector_is_found(behind: bytes) -> None:
    assert wide.reason(ppt() + behind, "a.ppt") is Reason.SECOND_FORMAT


def test_a_cut_that_takes_a_stream_is_told() -> None:
    data = ppt([atom(0x0409, bytes(30_000))])
    assert [cut for cut in wide.cuts(data) if wide.reason(cut, "a.ppt") is None] == []


SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def test_newer_presentations_are_read_as_other_office_files() -> None:
    assert wide.seen(ooxml("pptx"), "a.pptx").detected_type == SLIDES
    assert wide.reason(ooxml("pptx"), "a.pptx") is None
    assert wide.reason(ooxml("pptx", {"ppt/vbaProject.bin": PROJECT}), "a.pptx") is Reason.MACROS
    assert wide.reason(ooxml("pptx", {"ppt/embeddings/a.exe": program()}), "a.pptx") is Reason.EMBEDDED_EXECUTABLE
    assert wide.reason(ooxml("potx"), "a.pptx") is Reason.TEMPLATE


@pytest.mark.parametrize("kind", ["pptm", "potm", "ppsm", "ppam"])
def test_a_presentation_of_a_type_with_macros_is_told(kind: str) -> None:
    assert wide.reason(ooxml(kind), "a.pptx") is Reason.MACROS


@pytest.mark.parametrize(
    "action",
    [
        *("ppaction://program", "PPACTION://Macro?name=x", "&#112;paction://program", "p&#x50;action://macro"),
        *("pp&#97;ction://program", "PPA&#67;tion://macro", "ppac&#116;ion://program", "&#80;&#0080;action://program"),
        *("&#x0070;&#0112;action://program", "&#00000112;paction://macro", "&#x70;p&#x61;ction&#58;//program"),
    ],
)
def test_an_action_of_newer_presentations_that_starts_something_is_told(action: str) -> None:
    slide = f'<p:sld xmlns:p="p"><a:hlinkMouseOver xmlns:a="a" action="{action}"/></p:sld>'
    assert wide.codes(ooxml("pptx", {"ppt/slides/slide1.xml": slide}), "a.pptx") == {Reason.LAUNCH_ACTION}


@pytest.mark.parametrize("equals", ["=", " = ", "\n="])
@pytest.mark.parametrize("before", range(0, 9_000, 450))
def test_an_action_is_seen_wherever_the_pieces_of_a_slide_end(equals: str, before: int) -> None:
    action = "".join(f"&#x{'0' * 300}{ord(letter):x};" for letter in "ppaction://program")
    link = f"<a:hlinkClick action{equals}'{action}'/>"
    slide = f'<p:sld xmlns:p="p" xmlns:a="a">{" " * (LARGEST_PIECE - before)}{link}</p:sld>'
    assert wide.codes(ooxml("pptx", {"ppt/slides/slide1.xml": slide}), "a.pptx") == {Reason.LAUNCH_ACTION}


def test_an_action_that_is_spoken_of_is_none() -> None:
    slide = '<p:sld xmlns:p="p" xmlns:a="a"><a:t>Say "ppaction://program" or = it</a:t></p:sld>'
    assert wide.codes(ooxml("pptx", {"ppt/slides/slide1.xml": slide}), "a.pptx") == set()


def test_references_are_read_only_where_an_action_may_begin_and_are_paid_for_there() -> None:
    def spent(slide: bytes) -> int:
        work = Work()
        before = work.left
        Actions(Seen(work=work)).feed(slide)
        return before - work.left

    written = b"&#65;" * 10_000
    assert spent(written) == 2 * len(written)
    assert spent(b"&#112;" + written) > 512 * 10_000


@pytest.mark.parametrize("lost", [0x0FF5, 0x1772])
def test_slides_whose_list_of_parts_is_lost_are_broken(lost: int) -> None:
    """LibreOffice opens none whose second half is zeros, and nothing but this list tells of it."""
    for whole in (ppt(), (Path(__file__).with_name("documents") / "poi.ppt").read_bytes()):
        head = struct.pack("<H", lost)
        at = whole.rindex(head) if whole.count(head) == 1 else whole.rindex(b"\0\0" + head) + 2
        assert wide.reason(whole, "a.ppt") is None
        assert wide.reason(whole[:at] + bytes(2) + whole[at + 2 :], "a.ppt") is Reason.MALFORMED


def test_slides_that_say_nowhere_where_their_parts_are_are_let_in() -> None:
    """As some programs leave the stream: others search for the last list."""
    whole = ppt()
    user = struct.pack("<2HLL", 0, 0x0FF6, 24, 20)
    at = whole.index(user[:4]) + 16
    assert wide.reason(whole[:at] + b"\xff" * 4 + whole[at + 4 :], "a.ppt") is None

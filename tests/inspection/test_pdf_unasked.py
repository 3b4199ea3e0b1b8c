"""What a PDF opens by itself, without a click: nothing from a share, whose machine learns who opens it."""

import zlib

import pytest

from consumer.model import Reason
from tests.inspection.files import pdf
from tests.inspection.judging import codes

SHARE = rb"(\\\\10.0.0.1\\share)"
ACTION = b"<< /S /GoToE /D [0 /Fit] /F %b >>" % SHARE
LOADS = {Reason.EXTERNAL_REFERENCE}


def holding(written: bytes, catalog: bytes = b"") -> bytes:
    return pdf(b"9 0 obj\n%b\nendobj\n" % written, catalog=catalog)


@pytest.mark.parametrize(
    "target",
    [
        SHARE,
        b"(//10.0.0.1/share/a.pdf)",
        b"<5c5c31302e302e302e315c7368617265>",
        rb"(\134\134host.example\134a)",
        b"<feff005c005c0068002e00690061>",
        b"(file://10.0.0.1/share/a.pdf)",
        b"<< /Type /Filespec /F (a.pdf) /UF %b >>" % SHARE,
    ],
)
@pytest.mark.parametrize("action", [b"GoToE", b"GoToR", b"ImportData", b"Thread", b"GoTo#52"])
def test_a_file_on_a_share_that_is_opened_as_a_page_is_shown_rejects(action: bytes, target: bytes) -> None:
    page = b"<< /Type /Page /AA << /O << /F %b /D [0 /Fit] /S /%b >> >> >>" % (target, action)
    assert codes(holding(page)) == LOADS


@pytest.mark.parametrize(
    ("catalog", "written"),
    [
        (b"/OpenAction " + ACTION, b"null"),
        (b"/OpenAction 9 0 R", ACTION),
        (b"/AA 9 0 R", b"<< /WC << /S /GoTo >> /WS %b >>" % ACTION),
        (b"/AA << /DC 9 0 R >>", ACTION),
        (b"/OpenAction << /S /Named /N /Print /Next [9 0 R] >>", ACTION),
        (b"/OpenAction << /S /Named /N /Print /Next << /S /Named /Next 9 0 R >> >>", ACTION),
    ],
    ids=["here", "elsewhere", "several", "one of several", "afterwards", "after what is afterwards"],
)
def test_wherever_the_action_stands_that_opens_it(catalog: bytes, written: bytes) -> None:
    assert codes(holding(written, catalog + b" ")) == LOADS


def test_in_a_stream_of_objects_as_well() -> None:
    packed = zlib.compress(b"7 0 << /Type /Page /AA << /O %b >> >>" % ACTION)
    head = b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d" % len(packed)
    assert codes(pdf(b"9 0 obj\n<< %b >>\nstream\n%b\nendstream\nendobj\n" % (head, packed))) == LOADS


@pytest.mark.parametrize(
    ("catalog", "written"),
    [
        (b"", b"<< /Type /Annot /Subtype /Link /A << /S /GoToR /F %b /D [0 /Fit] >> >>" % SHARE),
        (b"/OpenAction [9 0 R /Fit]", b"<< /Type /Page /Annots [<< /A %b >>] >>" % ACTION),
        (b"/OpenAction << /S /GoToR /F (other.pdf) /D [0 /Fit] >>", b"null"),
        (b"/OpenAction << /S /GoToR /F (/C/manuals/other.pdf) /D [0 /Fit] >>", b"null"),
        (b"/OpenAction << /S /GoTo /D 9 0 R >>", b"[<< /A %b >>]" % ACTION),
        (b"/AA << /O 9 0 R >>", b"<< /S /Named /N /NextPage /Note (/S /GoToR /F %b) >>" % SHARE),
    ],
    ids=["on a click", "a page with a link", "beside it", "on a drive", "a place", "words"],
)
def test_what_people_click_on_or_what_is_on_their_machine_does_not(catalog: bytes, written: bytes) -> None:
    assert codes(holding(written, catalog + b" ")) == set()


def test_actions_that_lead_to_each_other_end() -> None:
    assert codes(holding(b"<< /S /GoToR /F (a) /Next [9 0 R 9 0 R] >>", b"/OpenAction 9 0 R ")) == set()

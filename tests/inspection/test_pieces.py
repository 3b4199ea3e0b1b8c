"""Parts of documents come in pieces: wherever these end, and however short the longest tag is, nothing is lost."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.inspection.readers.office import tags
from consumer.inspection.readers.office.actions import Actions
from consumer.inspection.readers.office.containers import Sink
from consumer.inspection.readers.office.odf import _Part
from consumer.inspection.readers.office.xml_watch import XmlWatch
from consumer.inspection.readers.seen import Seen
from consumer.model import Reason
from tests.quick import examples

WRITTEN = (
    b"<w:instrText>", b"</w:instrText>", b"DDEAUTO cmd", b"D", b"DE a", b'<w:fldChar w:fldCharType="begin"/>',
    b'<w:fldChar w:fldCharType="&#101;nd"/>', b"<w:fldSimple w:a='>' w:instr='DDE x'/>", b"<w:t>", b'text "', b"it's",
    b"</w:t>", b"<!DOCTYPE a>", b"<!-- > -->", b'<a b="' + b"x" * 90 + b'" c=">"/>', b"\n", b"<b/>", b"<ddeLink/>",
    b'<d:image xlink:href="file://s/a"/>', b'<c t:formula="of:=D&#68;E(1)" z="&#34;"/>', b'<y:event-listener q:x="a"/>',
    b"<text:script\n/>", b"<a action = 'ppaction://program'/>", b'<a action="&#x000070;paction://macro?x"/>',
    b"<w:fldSimple w:a='%s' w:instr='DDE x' w:b='%s'/>" % (b"x" * 120, b"y" * 120),
    b"<d:image d:a='>%s' xlink:href='file://s/a' d:b='%s'/>" % (b"x" * 120, b"y" * 120),
    b"<a b='%s' action='ppaction://program' c='%s'/>" % (b"x" * 120, b"y" * 120),
)  # fmt: skip
READERS: dict[str, Callable[[Seen], Sink]] = {
    "Office": lambda seen: XmlWatch("word/a.xml", "utf-8", seen, True),
    "OpenDocument": _Part,
    "slides": Actions,
}


def found(reader: Callable[[Seen], Sink], *pieces: bytes) -> set[Reason]:
    seen = Seen()
    sink = reader(seen)
    for piece in pieces:
        sink.feed(piece)
    sink.close()
    return {finding.code for finding in seen.findings}


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.sampled_from(WRITTEN), max_size=9).map(b"".join), st.lists(st.integers(0, 400), max_size=4))
def test_what_is_found_in_the_whole_is_found_in_pieces(name: str, part: bytes, cuts: list[int]) -> None:
    ends = sorted(min(cut, len(part)) for cut in cuts)
    pieces = [part[begin:end] for begin, end in zip([0, *ends], [*ends, len(part)], strict=True) if begin < end]
    whole = found(READERS[name], part)
    assert found(READERS[name], *pieces) == whole
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tags, "LONGEST_TAG", tags.KEPT + 36)
        assert not whole or found(READERS[name], *pieces)

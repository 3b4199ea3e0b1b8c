"""A title or an address in a PDF is text, whatever it holds; what a reader could take for more never is."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.inspection.readers.pdf.texts import LONGEST, MOST
from consumer.model import Reason
from tests.inspection.files import pdf
from tests.inspection.judging import codes, seen

NAMES = {
    b"/Launch": Reason.LAUNCH_ACTION,
    b"/JavaScript": Reason.JAVASCRIPT,
    b"/RichMedia": Reason.ACTIVE_CONTENT,
    b"/Flash": Reason.ACTIVE_CONTENT,
    b"/EmbeddedFile": Reason.EMBEDDED_FILES,
    b"/EmbeddedFiles": Reason.EMBEDDED_FILES,
}
ADDRESS = b"<< /S /URI /URI (https://example.com/docs%s) >>"
LAUNCH = {Reason.LAUNCH_ACTION}


def written(*objects: bytes, number: int = 9) -> bytes:
    """A document with these objects in the file itself."""
    parts = (b"%d 0 obj\n%s\nendobj\n" % (at, one) for at, one in enumerate(objects, number))
    return pdf(b"".join(parts))


def packed(*objects: bytes, places: tuple[int, ...] = (), compress: bool = True, said: bytes = b"") -> bytes:
    """A document with these objects in a stream. `places`: where more of them begin."""
    body = b" ".join(objects)
    begins = [sum(len(one) + 1 for one in objects[:at]) for at in range(len(objects))]
    listing = b" ".join(b"%d %d" % (20 + at, place) for at, place in enumerate((*begins, *places))) + b" "
    content = listing + body
    content = zlib.compress(content) if compress else content
    dictionary = b"<< /Type /ObjStm /N %d /First %d /Length %d%s%s >>" % (
        len(objects) + len(places), len(listing), len(content), b" /Filter /FlateDecode" if compress else b"", said,
    )  # fmt: skip
    return pdf(b"9 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (dictionary, content))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_an_address_or_a_title_is_text(name: bytes) -> None:
    for one in (ADDRESS % name, b"<< /Title (HTML%s and more) >>" % name):
        assert codes(written(one)) == set()
        assert codes(packed(one)) == set()
        assert codes(packed(one, compress=False)) == set()


def test_a_form_in_an_address_is_none() -> None:
    assert seen(written(ADDRESS % b"/AcroForm")).flags == []


@pytest.mark.parametrize(("name", "code"), NAMES.items())
def test_a_name_of_a_dictionary_is_told_beside_texts_that_hold_it(name: bytes, code: Reason) -> None:
    active = b"<< /S %s /F 5 >>" % name
    for objects in ((ADDRESS % name, active), (active, ADDRESS % name), (b"<< /T (x) /S %s /A (y) >>" % name,)):
        assert codes(written(*objects)) == {code}
        assert codes(packed(*objects)) == {code}
        assert codes(packed(*objects, compress=False)) == {code}


@pytest.mark.parametrize(
    "one",
    [
        b"<< /T (a) /S /Launch /U (b) >>",
        b"<< /T (a\\\\) /S /Launch /U (b) >>",
        b"<< /T <28> /S /Launch /U (b) >>",
        b"<< /T <(> /S /Launch /U (b) >>",
        b"<< % (\n/S /Launch /U (b) >>",
        b"<< % (\r/S /Launch % )\n >>",
        b"<< /A#28 /S /Launch /B#29 1 >>",
        b"<< /T (\\\n) /S /Launch /U () >>",
        b"<< /T (a\\) /S /Launch /U (b) >>",
    ],
)
def test_a_bracket_that_opens_no_string_hides_nothing(one: bytes) -> None:
    assert codes(written(one)) == LAUNCH
    assert codes(packed(one)) == LAUNCH


def test_an_object_that_begins_in_a_text_is_told() -> None:
    """A table of places may lead there, and what is read there is a name that a dictionary refers to."""
    action = b"<< /S 7 0 R /F 5 >>"
    assert codes(written(action, b"<< /Title (7 0 obj /Launch endobj) >>")) == LAUNCH
    title = b"<< /Title (   /Launch) >>"
    place = len(action) + 1 + title.index(b"/Launch")
    assert codes(packed(action, title)) == set()
    for behind in range(-3, 1):
        for compress in (True, False):
            assert codes(packed(action, title, places=(place + behind,), compress=compress)) == LAUNCH


@pytest.mark.parametrize(
    "said",
    [b" /First 4", b" /F#69rst 4", b" /DecodeParms << /Predictor 12 >>", b" /X (obj <<)", b" % /First 4\n"],
)
def test_where_the_objects_of_a_stream_begin_is_not_open_to_two_readings(said: bytes) -> None:
    assert Reason.LAUNCH_ACTION in codes(packed(ADDRESS % b"/Launch", said=said))


@pytest.mark.parametrize("listing", [b"20 0 21 ", b"20 0 %2\n5 ", b"20 0 21 +3 ", b"20 0 21 2\x0b3 ", b"20 0 21 3.0 "])
def test_a_list_of_places_that_may_be_read_otherwise_excuses_nothing(listing: bytes) -> None:
    content = listing + ADDRESS % b"/Launch"
    dictionary = b"<< /Type /ObjStm /N 2 /First %d /Length %d >>" % (len(listing), len(content))
    data = pdf(b"9 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (dictionary, content))
    assert codes(data) == LAUNCH


def test_where_a_stream_has_no_dictionary_that_can_be_read_nothing_is_excused() -> None:
    assert (
        codes(pdf(b"9 0 obj\n%s\nendobj\n8 0 obj\nx\nstream\nx\nendstream\nendobj\n" % (ADDRESS % b"/Launch")))
        >= LAUNCH
    )


def test_of_very_long_texts_and_of_very_many_no_more_is_read_than_they_may_cost() -> None:
    assert codes(written(ADDRESS % (b"x" * LONGEST + b"/Launch"))) == LAUNCH
    assert codes(written(*[ADDRESS % b"/Launch"] * MOST)) == set()
    assert codes(written(*[ADDRESS % b"/Launch"] * (MOST + 1))) == LAUNCH


TEXT = st.text(st.characters(codec="latin-1", exclude_characters="()<>\\\r\n#"), max_size=60).map(
    lambda text: text.encode("latin-1").replace(b"obj", b"")
)


@given(TEXT, TEXT, st.sampled_from(sorted(NAMES)), st.booleans())
def test_whatever_else_a_text_says_it_is_one(before: bytes, behind: bytes, name: bytes, in_stream: bool) -> None:
    title = b"<< /Title (%s%s %s) >>" % (before, name, behind)
    data = packed(title) if in_stream else written(title)
    assert not codes(data) & set(NAMES.values())


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_an_action_between_two_objects_is_told_whatever_they_are(before: bytes, behind: bytes) -> None:
    """Readers begin at the word of an object, wherever it stands."""
    data = pdf(before + b"\n9 0 obj\n<< /S /Launch /F 5 >>\nendobj\n" + behind)
    assert Reason.LAUNCH_ACTION in codes(data)

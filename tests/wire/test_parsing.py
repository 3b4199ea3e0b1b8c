"""Bytes that are JSON, nearly JSON, several times JSON, and something else altogether."""

import base64
import bz2
import gzip
import json
import lzma
import zlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.errors import Malformed
from consumer.model import DeadReason, Event
from consumer.wire.events import UnreadableEvent, decode
from consumer.wire.fields import attachment_id, mime
from consumer.wire.parsing import UNPACKED, mend, parse

CONVERSATION = "f3d0ab2e-7f1c-4f0b-9a55-1f0c8d1f2a10"
BARE = {"conversationId": CONVERSATION}
JSON = orjson.dumps(BARE)


# ---- half surrogates

halves = st.integers(0xD800, 0xDFFF).map(chr)
text_with_halves = st.text(st.characters() | halves | st.sampled_from("\\ud\U0001f600"), max_size=12)


@pytest.mark.parametrize(
    ("escaped", "read"),
    [
        (rb"\ud800", "�"),
        (rb"\uDfFf", "�"),
        (rb"a\ud83d\ude00b", "a😀b"),
        (rb"\ud83d\ud83d\ude00", "�😀"),
        (rb"\ud83d\ude00\ude00", "😀�"),
        (rb"\ude00\ud83d", "��"),
        (rb"\\ud800", r"\ud800"),
        (rb"\\\ud800", "\\�"),
        (rb"\\\\ud800", r"\\ud800"),
        (rb"\ud83d\\ude00", "�\\ude00"),
        (rb"\\ud83d\ude00", "\\ud83d�"),
        (b"\xed\xa0\x80 \xed\xbf\xbf", "� �"),
    ],
)
def test_half_a_surrogate_is_replaced_where_it_is_one(escaped: bytes, read: str) -> None:
    assert parse(b'["' + escaped + b'"]') == [read]


@given(st.recursive(text_with_halves, lambda inner: st.lists(inner) | st.dictionaries(text_with_halves, inner)))
def test_mended_json_is_what_it_was_but_for_its_halves(raw: object) -> None:
    written = json.dumps(raw).encode()
    wanted = json.dumps(json.loads(written)).encode("ascii")
    clean = json.loads(wanted.decode())
    assert parse(written) == _without_halves(clean)


def _without_halves(node: object) -> object:
    if isinstance(node, str):
        return node.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if _has_half(node) else node
    if isinstance(node, list):
        return [_without_halves(each) for each in node]
    assert isinstance(node, dict)
    return {_without_halves(key): _without_halves(value) for key, value in node.items()}


def _has_half(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


@given(st.binary())
def test_bytes_without_halves_are_left_as_they_are(value: bytes) -> None:
    assert mend(value) == value or b"\\u" in value or b"\xed" in value


def test_a_name_with_half_a_surrogate_spoils_no_conversation() -> None:
    value = json.dumps({"id": CONVERSATION, "participants": [{"name": "\ud800", "messages": [{"id": "m-1"}]}]}).encode()
    (found,) = decode(value)
    assert isinstance(found, Event)
    assert (found.conversation_id, found.value) == (CONVERSATION, value), "the task keeps the original"


@pytest.mark.parametrize("name", ["conversationId", "messageId"])
def test_an_id_with_half_a_surrogate_is_no_id_and_its_dead_letter_keeps_the_original(name: str) -> None:
    value = json.dumps({name: "abc\udc00"}).encode()
    (item,) = decode(value)
    assert isinstance(item, UnreadableEvent)
    assert (item.reason, item.value) == (DeadReason.NO_IDS, value)
    assert attachment_id("abc�") is None


# ---- several values

SEPARATORS = ["", " ", "\n", "\r\n", "\n\n", "\t \n", "\n\x1e"]


@pytest.mark.parametrize("separator", SEPARATORS)
def test_each_of_several_values_is_an_event_with_its_own_bytes(separator: str) -> None:
    values = [orjson.dumps({**BARE, "text": word}) for word in ("one", "}{", "é😀", '\\"}')]
    items = decode(separator.encode().join(values) + b"\n")
    assert [item.value for item in items if isinstance(item, Event)] == values
    assert [item.path for item in items if isinstance(item, Event)] == ["[0]", "[1]", "[2]", "[3]"]


def test_pretty_printed_values_are_several_too() -> None:
    pretty = json.dumps(BARE, indent=2).encode()
    assert [type(item) for item in decode(pretty + b"\n" + pretty)] == [Event, Event]


@pytest.mark.parametrize("rest", [b"x", b"{", b"1", b'"text"', b"null", b'{"a":NaN}', b"]", b"\xff"])
def test_values_followed_by_something_else_are_a_dead_letter_as_a_whole(rest: bytes) -> None:
    value = JSON + JSON + rest
    (item,) = decode(value)
    assert isinstance(item, UnreadableEvent)
    assert (item.reason, item.value) == (DeadReason.UNREADABLE, value)


@given(
    st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=9)), min_size=2, max_size=5),
    st.sampled_from(SEPARATORS),
)
def test_no_text_looks_like_the_border_of_two_values(values: list[dict[str, str]], separator: str) -> None:
    written = [orjson.dumps(value) for value in values]
    items = decode(separator.encode().join(written))
    assert [item.value for item in items if isinstance(item, UnreadableEvent)] == written


# ---- framing and compression


FRONTS = [b"\0\0\0\0\7", b"\1" + bytes(range(16)), b"\3\0" + bytes(range(16))]


@pytest.mark.parametrize("front", FRONTS)
def test_several_values_behind_a_schema_registrys_framing_are_read(front: bytes) -> None:
    values = [orjson.dumps({**BARE, "text": word}) for word in ("one", "two")]
    items = decode(front + b"\n".join(values))
    assert [item.value for item in items if isinstance(item, Event)] == values


@pytest.mark.parametrize("front", FRONTS)
def test_json_behind_a_schema_registrys_framing_is_read(front: bytes) -> None:
    (found,) = decode(front + JSON)
    assert isinstance(found, Event)
    assert (found.conversation_id, found.value) == (CONVERSATION, front + JSON)


PACKED = {
    "gzip": gzip.compress(JSON),
    "zlib": zlib.compress(JSON),
    "bzip2": bz2.compress(JSON),
    "xz": lzma.compress(JSON),
    "zstd": b"\x28\xb5\x2f\xfd\x24\x10" + JSON,
    "snappy": b"\xff\x06\x00\x00sNaPpY" + JSON,
    "SNAPPY of Java": b"\x82SNAPPY\x00\0\0\0\1\0\0\0\1" + JSON,
    "lz4": b"\x04\x22\x4d\x18\x64\x40" + JSON,
    "Confluent": b"\0\0\0\0\7\x02\x48" + CONVERSATION.encode(),
    "AWS Glue": b"\3\0" + bytes(16) + b"\x02\x48" + CONVERSATION.encode(),
    "Avro": b"Obj\x01\x04\x16avro.schema",
    "UTF-16": JSON.decode().encode("utf-16"),
    "Java": b"\xac\xed\x00\x05sr",
    "CBOR": b"\xd9\xd9\xf7\xa1",
    "base64": base64.b64encode(JSON) + b"!",
    "base64 of gzip": base64.b64encode(gzip.compress(JSON)),
}


@pytest.mark.parametrize("name", PACKED)
def test_what_is_framed_or_compressed_names_how_and_what_to_set(name: str) -> None:
    (item,) = decode(PACKED[name])
    assert isinstance(item, UnreadableEvent)
    assert (item.reason, item.value) == (DeadReason.UNREADABLE, PACKED[name])
    assert name.split()[0].lower() in item.detail.lower()
    assert "have the source" in item.detail


@pytest.mark.parametrize("written", [JSON, b"[" + JSON + b"]", json.dumps(BARE, indent=2).encode()])
def test_a_record_that_a_forwarder_left_in_base64_is_read(written: bytes) -> None:
    """As Lambda gets what Kinesis and Kafka hold, with or without what fills it up, in lines, or for URLs."""
    coded = base64.b64encode(written)
    for value in (
        coded,
        coded.rstrip(b"="),
        coded + b"\n",
        base64.encodebytes(written),
        base64.urlsafe_b64encode(written),
    ):
        (found,) = decode(value)
        assert isinstance(found, Event), found
        assert found.conversation_id == CONVERSATION
        assert decode(found.value)[0].conversation_id == CONVERSATION  # type: ignore[union-attr]


def test_words_that_begin_as_base64_does_are_none() -> None:
    for value in (b"eyJust words", b"WyJ", b"eyA" * 1_000, base64.b64encode(JSON) + b" and words"):
        (item,) = decode(value)
        assert isinstance(item, UnreadableEvent)


def test_what_glues_registry_compressed_is_read() -> None:
    value = glue(JSON)
    (found,) = decode(value)
    assert isinstance(found, Event)
    assert (found.conversation_id, found.value) == (CONVERSATION, value)


def glue(content: bytes) -> bytes:
    return b"\3\5" + bytes(16) + zlib.compress(content)


@pytest.mark.parametrize("value", [glue(b" " * UNPACKED + JSON), glue(JSON)[:-1], glue(b"\x02\x48"), b"\3\5"])
def test_what_is_packed_and_more_than_a_record_is_or_not_whole_is_a_dead_letter_that_names_it(value: bytes) -> None:
    (item,) = decode(value)
    assert isinstance(item, UnreadableEvent)
    assert "AWS Glue" in item.detail
    assert "value.converter" in item.detail


def test_what_values_of_one_record_are_packed_in_is_bounded_for_all_of_them() -> None:
    row = {"value": base64.b64encode(glue(b" " * (UNPACKED // 4) + JSON)).decode()}
    kinds = [type(item) for item in decode(orjson.dumps({"records": [row] * 6}))]
    assert kinds == [Event] * 3 + [UnreadableEvent] * 3


@pytest.mark.parametrize(
    ("value", "told"),
    [(b"<event/>", "XML"), (b"\xff\1\x0bcontentType", "headerMode"), (b"\x80\5\x95", "pickle")],
)
def test_what_frameworks_write_instead_of_json_is_named(value: bytes, told: str) -> None:
    (item,) = decode(value)
    assert told in getattr(item, "detail", "")


@pytest.mark.parametrize(
    "value", [b"", b" ", b"x", b"\0", b"\0\0\0\0\7", b"{'a': 1}", b"\xff", b"nul", b"[1,]", b"{}}"]
)
def test_anything_else_is_said_to_be_no_json(value: bytes) -> None:
    (item,) = decode(value)
    assert isinstance(item, UnreadableEvent)
    assert item.reason is DeadReason.UNREADABLE


@given(
    st.sampled_from([b"\0\0\0\0\7", b"\1", b"\3\0", b"\3\5", b"\x1f\x8b", b"{}", b"\xff\xfe"]), st.binary(max_size=60)
)
def test_whatever_follows_is_answered(front: bytes, behind: bytes) -> None:
    assert decode(front + behind)


def test_parsing_raises_one_kind_of_error_only() -> None:
    for value in (b"", b"[" * 100_000, b"\xed\xa0\x80", rb'"\ud800', "{"):
        with pytest.raises(Malformed):
            parse(value)


# ---- declared types


@pytest.mark.parametrize(
    "declared",
    ["image/jpg", "IMAGE/JPG", " image/jpg ", "image/jpg; charset=utf-8", "image/jpg;name=a.jpg", "image / jpg\t;x"],
)
def test_a_declared_type_is_read_without_case_parameters_and_spaces(declared: str) -> None:
    assert mime({"mime": declared}) == "image/jpg"

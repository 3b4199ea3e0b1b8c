"""Laws of `decode` for any bytes, and for events in which any field is of any type."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from consumer.model import Event
from consumer.wire.events import Item, Noise, decode
from consumer.wire.fields import ID
from tests.genesys.payloads import SHAPES
from tests.wire.packing import ENVELOPES

HOSTILE = ["../../etc/passwd", "a\x00b", "x" * 10_000, "\u202eabc", "", "{", "[]", '"']
ENUMERATED = ["Attachment", "Receipt", "Event", "removed", "received", "VOICE", "channel.metadata"]
numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers
texts = st.text(max_size=20) | st.sampled_from(HOSTILE + ENUMERATED)
any_json = st.recursive(
    scalars | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "messages", "body"]) | texts, inner)
    ),
    max_leaves=10,
)


def places(node: Any) -> list[tuple[Any, Any]]:
    """Each field and element of `node`, as (container, key)."""
    inside = list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
    return [(node, key) for key, _ in inside] + [place for _, value in inside for place in places(value)]


@st.composite
def spoiled(draw: st.DrawFn) -> Any:
    """A real payload in which some fields are something else, or gone."""
    raw = deepcopy(draw(st.sampled_from(SHAPES)))
    for _ in range(draw(st.integers(0, 3))):
        container, key = draw(st.sampled_from(places(raw) or [({}, "")]))
        if isinstance(container, dict) and draw(st.booleans()):
            container.pop(key, None)
        elif isinstance(container, dict) or key < len(container):
            container[key] = draw(any_json)
    return raw


spoiled_message = st.fixed_dictionaries(
    {},
    optional={
        "id": any_json,
        "messageId": any_json,
        "message": any_json | st.fixed_dictionaries({"id": any_json}),
        "messageURI": any_json | texts.map(lambda text: f"/conversations/messages/{text}/messages/{text}"),
        "media": any_json | st.lists(any_json),
        "attachments": any_json,
        "messageMetadata": any_json | st.fixed_dictionaries({"type": any_json, "content": any_json}),
        "normalizedMessage": any_json | st.fixed_dictionaries({"content": any_json}),
    },
)


def wrapped(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    texts_of = inner.map(lambda raw: orjson.dumps(raw).decode())
    return st.one_of(
        texts_of,
        st.lists(inner, max_size=4),
        st.tuples(inner, st.sampled_from(sorted(ENVELOPES))).map(lambda two: ENVELOPES[two[1]](two[0])),
        inner.map(lambda raw: {"topicName": "v2.users.x.conversations", "eventBody": raw}),
        inner.map(lambda raw: {"detail-type": "t", "detail": raw, "source": "aws.partner/genesys.com/cloud/org/x"}),
    )


records = st.recursive(spoiled() | any_json, wrapped, max_leaves=6)


def is_sound(item: Item, value: bytes) -> None:
    if isinstance(item, Noise):
        return
    assert item.path != "" or item.value == value
    if isinstance(item, Event):
        assert item.conversation_id is None or ID.fullmatch(item.conversation_id)
        assert item.conversation_id is not None or item.messages[0].message_id
        for message in item.messages:
            assert ID.fullmatch(message.message_id) or (message.message_id == "" and message.trace)
            assert message.conversation_id == (item.conversation_id or "")
            assert all(a.message_id == message.message_id for a in message.attachments)
        assert len({message.identity for message in item.messages}) == len(item.messages)


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(value: bytes) -> None:
    items = decode(value)
    assert items
    for item in items:
        is_sound(item, value)


@given(records)
def test_any_event_is_answered(raw: Any) -> None:
    value = orjson.dumps(raw)
    items = decode(value)
    assert items
    for item in items:
        is_sound(item, value)


@given(records)
def test_an_items_own_bytes_give_the_same_item_again(raw: Any) -> None:
    """The intake decodes the record, the judge the task: they must not differ about what is in it."""
    for item in decode(orjson.dumps(raw)):
        if not isinstance(item, Noise):
            assert decode(item.value) == [replace(item, path="")]


@given(spoiled(), st.data())
def test_nothing_is_dropped_that_carries_a_file(raw: Any, data: st.DataObject) -> None:
    """A media entry with an id in a message of a conversation is announced, whatever else the event says."""
    message: dict[str, Any] = {"messageId": "m-1", "media": [{"id": "a-1"}]}
    message["messageStatus"] = data.draw(any_json)
    message["messageTime"] = data.draw(any_json)
    snapshot = {"id": "c-1", "participants": [{"messages": [{"messages": [message]}], "extra": raw}]}
    (found,) = decode(orjson.dumps(snapshot))
    assert isinstance(found, Event)
    assert [a.key for a in found.messages[0].attachments] == ["id:a-1"]


@given(st.lists(st.dictionaries(texts, any_json, max_size=3) | spoiled_message, max_size=3), st.data())
def test_no_message_of_a_snapshot_spoils_another(others: list[Any], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(others)))
    entries = [*others[:place], {"messageId": "good", "media": [{"id": "a-1"}]}, *others[place:]]
    messages = entries if data.draw(st.booleans()) else [{"id": "communication", "messages": entries}]
    (found,) = decode(orjson.dumps({"id": "c-1", "participants": [{"messages": messages}]}))
    assert isinstance(found, Event)
    good = next(message for message in found.messages if message.message_id == "good")
    assert "id:a-1" in [a.key for a in good.attachments]

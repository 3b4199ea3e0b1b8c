"""Lists of events: one element that can't be read takes no other along, whatever it is."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from consumer.model import Event
from consumer.wire import transports
from consumer.wire.events import Item, Noise, UnreadableEvent, decode
from tests.wire.carriers import coded, text
from tests.wire.packing import BATCHES
from tests.wire.test_nothing import OTHER

FIRST, MIDDLE, LAST = ({"conversationId": f"{OTHER[:-1]}{index}"} for index in range(3))
ODD: list[object] = [None, 7, "odd", "{", {}, {"a": 1}, [[1]], True]
OTHER_LISTS = {  # not of events
    "args", "data", "exceptions", "messageType", "tableChanges", "columnnames", "columnvalues", "columns", "identity"
}  # fmt: skip


def places(packed: Any) -> Iterator[list[Any]]:
    """The lists of three in it, the outermost first."""
    waiting = [packed]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, list) and len(node) == 3:
            yield node
        waiting += node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()


def told(packed: object) -> tuple[list[str | None], int]:
    items = decode(orjson.dumps(packed))
    says_the_same_again(items)
    dead = [item for item in items if isinstance(item, UnreadableEvent)]
    return [item.conversation_id for item in items if isinstance(item, Event)], len(dead)


def says_the_same_again(items: list[Item]) -> None:
    for item in items:
        assert isinstance(item, Noise) or decode(item.value) == [replace(item, path="")]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("pack", BATCHES.values(), ids=BATCHES)
def test_an_odd_element_is_a_dead_letter_and_its_neighbours_are_read(pack: Callable[[Any], Any], odd: object) -> None:
    packed = pack([FIRST, MIDDLE, LAST])
    next(places(packed))[1] = odd
    assert told(packed) == ([FIRST["conversationId"], LAST["conversationId"]], 1)


@pytest.mark.parametrize("word", ["?", "{", '{"a":', coded({"a": 1})[:-1]])
@pytest.mark.parametrize("pack", BATCHES.values(), ids=BATCHES)
def test_an_element_whose_payload_can_t_be_opened_spoils_no_other(pack: Callable[[Any], Any], word: str) -> None:
    packed = pack([FIRST, MIDDLE, LAST])
    element = next(places(packed))
    broken = replaced(element[1], word)
    element[1] = broken if broken != element[1] else next(places(pack([FIRST, word, LAST])))[1]
    assert told(packed) == ([FIRST["conversationId"], LAST["conversationId"]], 1)


def replaced(node: Any, word: str) -> Any:
    """`node` with another word in place of the event in it."""
    if node in (text(MIDDLE), coded(MIDDLE), MIDDLE):
        return word
    if isinstance(node, dict):
        return {name: replaced(value, word) for name, value in node.items()}
    return [replaced(each, word) for each in node] if isinstance(node, list) else node


def said(raw: object) -> dict[str, Any]:
    return {"body": {"stringValue": text(raw)}}


PARTS: list[dict[str, Any]] = [
    {"resourceLogs": [{"scopeLogs": [{"logRecords": [said(FIRST), {"attributes": []}, said(LAST)]}]}]},
    {"resourceLogs": [{"scopeLogs": [{"logRecords": [said(FIRST)]}, 7, {"logRecords": [said(LAST)], "scope": {}}]}]},
    {"resourceLogs": [{"scopeLogs": [{"logRecords": [said(FIRST), said(LAST)]}]}, {"unheardOf": [said(MIDDLE)]}]},
    {"resourceLogs": [{"scopeLogs": [{"logRecords": [said(FIRST), said(LAST), {"body": {"bytesValue": "?"}}]}]}]},
    {"items": [
        {"webhookId": "w", "source": "channel.message", "data": {"channelId": "c", "messages": messages}}
        for messages in ([{"id": "vgQp", "data": text(FIRST)}], 7, [{"id": "vgQp", "data": text(LAST)}])
    ]},
    {"streams": [{"values": [["1", text(FIRST)]]}, {"stream": {}}, {"values": [["1", text(LAST)]]}]},
    {"eventSource": "aws:rmq", "rmqMessagesByQueue": {
        "a": [{"basicProperties": {}, "data": coded(FIRST)}], "b": None,
        "c": [{"basicProperties": {}, "data": coded(LAST)}],
    }},
]  # fmt: skip


@pytest.mark.parametrize("packed", PARTS)
def test_a_part_of_a_list_of_lists_spoils_no_other(packed: dict[str, Any]) -> None:
    assert told(packed) == ([FIRST["conversationId"], LAST["conversationId"]], 1)


def test_what_only_describes_log_records_is_none() -> None:
    described = [{"resource": {}}, {"resource": {}, "scopeLogs": [{"scope": {}}, {"logRecords": [said(FIRST)]}]}]
    assert told({"resourceLogs": described}) == ([FIRST["conversationId"]], 0)


def test_a_row_of_ticdc_s_open_protocol_that_is_no_json_spoils_no_other() -> None:
    rows = [*(text({"u": {"conversation_id": {"t": 15, "f": 64, "v": OTHER}}}).encode() for _ in range(2))]
    value = b"".join(len(row).to_bytes(8, "big") + row for row in (rows[0], b'{"u":', rows[1]))
    assert [type(item) for item in decode(value)] == [Event, UnreadableEvent, Event]
    assert [type(item) for item in decode(value[:-1])] == [Event, UnreadableEvent, UnreadableEvent]
    says_the_same_again(decode(value[:-1]))


def test_each_row_of_the_table_that_lists_events_is_tried_here() -> None:
    packed = [node for pack in BATCHES.values() for node in objects([PARTS, pack([FIRST, MIDDLE, LAST])])]
    for row in transports.ENVELOPES:
        lists = {key for key, kind in row.requires.items() if kind is list}
        assert lists <= OTHER_LISTS or any(map(row.matches, packed)), row


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from objects(each)


LINES = [text(each).encode() for each in (FIRST, MIDDLE, LAST)]
BROKEN = [b"{", b'{"conversationId":', b'{"conversationId":"x"', b"?", b"\xff", b"ERROR: no", b'{"a":"\xff"}', b"}"]


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("between", [b"\n", b"\r\n", b"\n\n", b"\n\x1e"])
def test_a_broken_line_spoils_no_other_and_tells_where_it_is(broken: bytes, at: int, between: bytes) -> None:
    value = between.join(broken if index == at else line for index, line in enumerate(LINES))
    items = decode(value)
    read = {item.path: item.conversation_id for item in items if isinstance(item, Event)}
    whole = [FIRST, MIDDLE, LAST]
    assert read == {f"[{n}]": whole[n]["conversationId"] for n in range(3) if n != at}
    (dead,) = [item for item in items if isinstance(item, UnreadableEvent)]
    assert (dead.path, dead.value) == (f"[{at}]", broken)
    says_the_same_again(items)


TORN = [
    b'{\n  "conversationId": "a",\n  "messages": {',
    b'{\n"conversationId": "a",\n"messages": {',
    b'[\n{"conversationId": "a"},\n{"conversationId": "b"}\n',
    b"{}\n?\n?\n?",
    b"\n".join([b"{}"] * 30 + [b"?"] * 20),
    b'{"a":1} ?\n{"a":1}',
    b"1\n2\n3",
]


@pytest.mark.parametrize("value", TORN)
def test_what_is_no_list_of_lines_is_one_dead_letter(value: bytes) -> None:
    (dead,) = decode(value)
    assert isinstance(dead, UnreadableEvent)
    assert (dead.path, dead.value) == ("", value)

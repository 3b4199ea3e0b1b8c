"""Mutated records, and the worst ones that a search found: each is answered, and its items answer the same again."""

from dataclasses import replace

import orjson
import pytest

from consumer.model import Event
from consumer.wire.events import Noise, UnreadableEvent, decode
from consumer.wire.parsing import NO_JSON, NO_VALUES
from consumer.wire.payloads import MAX_EVENTS
from tests.wire.mutated import mutated
from tests.wire.test_events_properties import is_sound

RECORDS, BLOCK = 4_000, 500
MIB = 1 << 20


@pytest.mark.parametrize("begin", range(0, RECORDS, BLOCK))
def test_whatever_became_of_a_record_it_is_answered_and_its_items_say_the_same_again(begin: int) -> None:
    for number in range(begin, begin + BLOCK):
        value = mutated(number)
        items = decode(value)
        assert items, number
        for item in items:
            is_sound(item, value)
            if not isinstance(item, Noise):
                assert decode(item.value) == [replace(item, path="")], number


WHOLE = (
    b'{"conversationId":"c","participants":[{"purpose":"customer","messages":[{"messages":[{"messageId":"m","media":'
    b'[{"id":"a","mediaType":"image/png","messageTime":"2026-01-01T00:00:00.000Z","url":"https://a.b/c"}]}]}]}]}'
)

MESSAGE = (
    b'{"id":"m","conversationId":"c","normalizedMessage":{"type":"Text","content":[{"contentType":"Attachment",'
    b'"attachment":{"id":"a","mediaType":"Image"}}]}}'
)

# Of 1 MiB each. What they cost is told by `python -m tests.wire.test_events_fuzz`: about 50 ms of CPU at most.
WORST = {
    "objects in a row": b"{}" * (MIB // 2),
    "as many events as there may be": b'{"conversationId":"c"}' * MAX_EVENTS,
    "as many small whole events as there may be": b"[" + b",".join([WHOLE] * MAX_EVENTS) + b"]",
    "as many small messages": b"[" + b",".join([MESSAGE] * MAX_EVENTS) + b"]",
    "as many receipts": b"[" + b",".join([b'{"channel":{},"status":"Delivered"}'] * MAX_EVENTS) + b"]",
    "as many small events, a line each": b'{"conversationId":"c"}\n' * MAX_EVENTS,
    "one more": b'{"conversationId":"c"}' * (MAX_EVENTS + 1),
    "numbers in an array": b"[" + b"0," * (MIB // 2) + b"0]",
    "two values, the first of empty lists": b'{"a":[' + b"[]," * (MIB // 3) + b"1]}{}",
    "two values, the first of floats": b'{"a":[' + b"1e5," * (MIB // 4) + b"1]}{}",
    "two values, the first of long numbers": b'{"a":[' + b",".join([b"9" * 4_000] * 250) + b"]}{}",
    "two values far apart": b"{}" + b" " * MIB + b"{}",
    "lists in lists": b"[" + b",".join([b"[" * 50 + b"]" * 50] * (MIB // 101)) + b"]",
    "fields of one object": b"{" + b",".join(b'"%x":1' % number for number in range(95_000)) + b"}",
    "payloads of broken lines": orjson.dumps(
        {"Records": [{"messageId": "1", "eventSource": "aws:sqs", "body": '{}\n{"a":' * 14}] * (MAX_EVENTS - 1)}
    ),
    "large lines that are not whole": b"{}\n" * 40 + (b'{"a":[' + b"1e5," * 16_000 + b"\n") * 16,
    "frames of no JSON": (b"\0" * 7 + b"\1{") * MAX_EVENTS,
    "one message with many files": b'{"id":"c","participants":[{"messages":['
    + b",".join(b'{"id":"m","media":[{"id":"%d"}]}' % number for number in range(2_499))
    + b"]}]}",
    "lines of a log that are none": b'{"streams":[{"values":[["1","{}"],' + b"7," * (MIB // 2) + b"7]}]}",
    "records of a batch that are none": b'{"records":[{"value":1},' + b"{}," * (MIB // 3) + b"{}]}",
    "log records that are none": b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[' + b"{}," * (MIB // 3) + b"{}]}]}]}",
    "texts that are no JSON": b'{"records":[' + b'{"value":"{"},' * (MAX_EVENTS - 1) + b"{}]}",
    "open brackets": b"[" * MIB,
    "quotes": b'"' * MIB,
    "backslashes": b'{"a":"' + b"\\" * MIB + b'"}',
    "half surrogates": b'{"a":"' + b"\\ud800" * (MIB // 6) + b'"}',
    "encoded halves": b'{"a":"' + b"\xed\xa0\x80" * (MIB // 3) + b'"}',
    "a half before backslashes": b'{"a":"\\ud800' + b"\\\\" * (MIB // 2) + b'"}',
    "halves behind backslashes": b'{"a":"' + b"\\\\\\ud800" * (MIB // 8) + b'"}',
    "empty messages": b'{"id":"c","participants":[{"messages":[{"messages":[' + b"{}," * (MIB // 3) + b"{}]}]}]}",
    "media of one message": b'{"participants":[{"messages":[{"id":"m","media":[' + b"{}," * (MIB // 3) + b"{}]}]}]}",
    "as many messages as there may be": b'{"id":"c","participants":[{"messages":[' + b'{"id":"m"},' * 4_998 + b"{}]}]}",
    "objects beside names in snake_case": b'{"conversation_id":"c","a":[' + b"{}," * (MIB // 3) + b"{}]}",
    "messages with all that one tells, as small as they may be": b",".join(
        [
            b'{"message_id":[],"timestamp":"2026-02-03T10:16:40Z","normalizedMessage":{"type":"Text","content":[{"content'
            b'Type":"Attachment","attachment":{"id":"a","url":"https://api.x/api/v2/downloads/1","mediaType":"image/png",'
            b'"name":"n","contentLengthBytes":1,"status":"valid","sha256":"%b"}}]}}' % (b"0" * 190)
        ]
        * 1_940
    ).join((b"[", b"]")),
    "many events in snake_case": b",".join([b'{"message_id":1,"a":"' + b"y" * 185 + b'"}'] * (MAX_EVENTS - 1)).join(
        (b"[", b"]")
    ),
    "bodies with halves that are no JSON": b",".join([b'{"eventBody":"{\\\\ud800"}'] * (MAX_EVENTS - 1)).join(
        (b"[", b"]")
    ),
    "names in snake_case": b'{"conversation_id":"c","a":[' + b'{"sub_type":1},' * 39_000 + b"{}]}",
    "the same message in different words": b'{"id":"c","participants":[{"messages":['
    + b'{"id":"m"},{"id":"m","messageStatus":"read","messageTime":"2026-02-03T10:16:40Z"},' * 2_499
    + b"{}]}]}",
}


@pytest.mark.parametrize("name", WORST)
def test_the_worst_records_are_answered_by_few_items(name: str) -> None:
    items = decode(WORST[name])
    assert 0 < len(items) <= MAX_EVENTS
    if name == "one more":
        assert [type(item) for item in items] == [UnreadableEvent]
        assert str(MAX_EVENTS) in getattr(items[0], "detail")  # noqa: B009 # only one kind of item has it
    if name.startswith(("as many small whole", "as many small messages", "as many receipts")):
        assert [type(item) for item in items] == [UnreadableEvent], "no record of Genesys lists as much in as few bytes"
    if name == "empty messages":
        assert "participants, messages and attachments" in str(items[0])


def sqs(body: str) -> dict[str, str]:
    return {"messageId": "1", "eventSource": "aws:sqs", "body": body}


def test_of_thousands_of_values_that_are_none_those_beyond_say_why_once_they_are_tasks_of_their_own() -> None:
    items = decode(orjson.dumps({"Records": [sqs("\u0003\u0005" + "x" * 20)] * 1_000}))
    details = [getattr(item, "detail", "") for item in items]
    assert "Glue" in details[NO_VALUES - 1]
    assert details[NO_VALUES] == NO_JSON
    (alone,) = decode(getattr(items[NO_VALUES], "value", b""))
    assert "Glue" in str(alone)


def test_of_thousands_of_values_with_half_surrogates_those_beyond_are_read_alone() -> None:
    body = '{"conversationId":"c","text":"\\ud800"}'
    items = decode(orjson.dumps({"Records": [sqs(body)] * (NO_VALUES + 1)}))
    assert [type(item) for item in items] == [Event] * NO_VALUES + [UnreadableEvent]
    (alone,) = decode(getattr(items[-1], "value", b""))
    assert isinstance(alone, Event)


def test_of_many_events_each_may_hold_the_less() -> None:
    lists = b'{"conversationId":"c","a":[' + b",".join([b"[]"] * 20) + b"]}"
    assert {type(item) for item in decode(b"[" + b",".join([lists] * 2_000) + b"]")} == {Event}
    (found,) = decode(b"[" + b",".join([lists] * 3_000) + b"]")
    assert isinstance(found, UnreadableEvent)
    assert "more objects and lists" in found.detail


def test_broken_lines_are_counted_for_all_payloads_of_a_record_and_what_is_beyond_is_read_alone() -> None:
    lines = '{"conversationId":"c"}\n' * 30 + "{\n" * 10
    items = decode(orjson.dumps({"Records": [sqs(lines), sqs(lines)]}))
    assert [type(item) for item in items] == [Event] * 30 + [UnreadableEvent] * 11
    assert len(decode(getattr(items[40], "value", b""))) == 40


@pytest.mark.parametrize(
    ("name", "told"), [("lists in lists", "more objects and lists"), ("fields of one object", "more than 10000 fields")]
)
def test_what_no_event_has_so_much_of_is_one_dead_letter(name: str, told: str) -> None:
    (item,) = decode(WORST[name])
    assert isinstance(item, UnreadableEvent)
    assert told in item.detail


def test_a_record_full_of_messages_as_large_as_genesys_writes_them_is_read() -> None:
    media = b'{"id":"30c5c1e0-1f2b-4d0c","mediaType":"image/png","url":"https://a.b/%s"}' % (b"x" * 100)
    told = b'{"id":"m","conversationId":"c","messengerType":"whatsapp","media":[%s],"note":"%s"}'
    record = b"[" + b",".join([told % (media, b"x" * 300)] * 1_800) + b"]"
    assert len(record) < 1.2 * MIB
    assert {type(item) for item in decode(record)} == {Event}


def main() -> None:
    import time

    for name, value in WORST.items():
        before = time.process_time()
        decode(value)
        print(f"{1000 * (time.process_time() - before):7.1f} ms  {len(value) / MIB:4.1f} MiB  {name}")


if __name__ == "__main__":
    main()

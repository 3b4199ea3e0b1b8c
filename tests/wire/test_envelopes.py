"""Transports' envelopes: taken off where their signature is whole, at their own payload, and nowhere else."""

import base64
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.model import DeadReason, Event
from consumer.wire import transports
from consumer.wire.events import Item, Noise, UnreadableEvent, decode, readings
from tests.genesys.payloads import SHAPES, payload
from tests.wire.carriers import AT, CANAL, QLIK, SALESFORCE, celery, coded, image, kinesis, sqs, text
from tests.wire.packing import BATCHES, ENVELOPES

CONVERSATION = "f3d0ab2e-7f1c-4f0b-9a55-1f0c8d1f2a10"
OTHER = "2f7bf00a-0fc2-4d6a-9b56-92238191433e"
NOTIFICATION = payload("event-notification")
BARE = {"conversationId": OTHER}


def one(raw: object) -> Item:
    (item,) = decode(orjson.dumps(raw))
    return item


@pytest.mark.parametrize("pack", ENVELOPES.values(), ids=ENVELOPES)
def test_the_same_event_is_read_from_every_envelope(pack: Callable[[Any], Any]) -> None:
    value = b" \n" + orjson.dumps(pack(NOTIFICATION))
    (found,) = decode(value)
    assert isinstance(found, Event), found
    assert found.conversation_id == CONVERSATION
    assert [a.name for a in found.messages[0].attachments] == ["claim-form.pdf"]
    assert (found.value, found.path) == (value, ""), "a single event keeps its own bytes"


@pytest.mark.parametrize("pack", BATCHES.values(), ids=BATCHES)
def test_each_event_of_a_batch_has_its_place_and_bytes_that_say_the_same(pack: Callable[[list[Any]], Any]) -> None:
    first, second = decode(orjson.dumps(pack([NOTIFICATION, BARE])))
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert (first.conversation_id, first.path) == (CONVERSATION, "[0]")
    assert (second.conversation_id, second.path) == (OTHER, "[1]")
    for found in (first, second):
        (again,) = decode(found.value)
        assert isinstance(again, Event)
        assert again.messages == found.messages


@pytest.mark.parametrize("outer", ENVELOPES.values(), ids=ENVELOPES)
def test_envelopes_stand_in_each_other(outer: Callable[[Any], Any]) -> None:
    for name, inner in ENVELOPES.items():
        found = one(outer(inner(NOTIFICATION)))
        assert isinstance(found, Event), (name, found)
        assert found.conversation_id == CONVERSATION, name


def test_no_two_envelopes_have_one_signature() -> None:
    whole = [pack(NOTIFICATION) for pack in ENVELOPES.values()] + [pack([NOTIFICATION]) for pack in BATCHES.values()]
    for packed in whole:
        if isinstance(packed, dict) and "topicName" not in packed:
            assert len({known.name for known in transports.ENVELOPES if known.matches(packed)}) == 1, packed


@pytest.mark.parametrize("pack", ENVELOPES.values(), ids=ENVELOPES)
def test_an_envelope_without_one_of_its_keys_is_none(pack: Callable[[Any], Any]) -> None:
    """No string is opened for the sake of one key."""
    whole = pack(text(BARE))
    if isinstance(whole, str):
        return
    closed = 0
    for key in whole:
        (item,) = decode(orjson.dumps({name: value for name, value in whole.items() if name != key}))
        closed += not (isinstance(item, Event) and item.conversation_id == OTHER)
    assert closed >= min(2, len(whole))


def test_a_broken_element_spoils_no_other_of_its_batch() -> None:
    batch = {"Records": [sqs(BARE), {**sqs(BARE), "body": "{"}, {**kinesis(BARE), "kinesis": {"data": "?"}}]}
    good, broken, coded_wrongly = decode(orjson.dumps(batch))
    assert isinstance(good, Event)
    for index, item in ((1, broken), (2, coded_wrongly)):
        assert isinstance(item, UnreadableEvent)
        assert item.reason is DeadReason.UNREADABLE
        assert (item.path, orjson.loads(item.value)) == (f"[{index}]", batch["Records"][index])


def test_what_it_was_packed_in_is_told_from_the_outside_to_the_inside() -> None:
    (reading,) = readings(orjson.dumps({"Records": [kinesis({"schema": None, "payload": NOTIFICATION})]}))
    assert reading.envelope == ("Lambda batch", "Kinesis", "Kafka Connect", "notification")


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "response", "class": "SessionResponse", "code": 200, "body": {"connected": True, "newSession": True}},
        {"type": "response", "class": "string", "code": 4029, "body": text(BARE)},
        {"type": "message", "class": "UploadSuccessEvent", "code": 200, "body": {"attachmentId": "a"}},
        {"type": "response", "class": "string", "code": 400, "body": None},
        {"type": "response", "class": "string", "code": 400, "tracingId": "t"},
        {"message": "Internal server error", "connectionId": "c=", "requestId": "r="},
        {"type": "message", "class": "StructuredMessage", "code": 200, "body": {"type": "Event", "channel": {}}},
    ],
)  # fmt: skip
def test_a_guest_frame_that_is_no_message_is_dropped(frame: dict[str, Any]) -> None:
    assert one(frame) in (Noise("guest_session"), Noise("event_message"))


def test_a_change_with_the_time_up_to_which_all_is_known_is_read() -> None:
    found = one({"after": {"payload": text(BARE)}, "updated": "1.0", "resolved": "2.0"})
    assert isinstance(found, Event)


def test_a_message_among_changes_is_an_item_of_its_own() -> None:
    said = {"kind": "message", "transactional": True, "prefix": "x", "content": "hi"}
    row = {
        "kind": "insert", "schema": "public", "table": "t", "columnnames": ["payload"], "columnvalues": [text(BARE)]
    }  # fmt: skip
    message, event = decode(orjson.dumps({"change": [said, row]}))
    assert isinstance(message, UnreadableEvent)
    assert isinstance(event, Event)
    assert event.conversation_id == OTHER


def open_protocol(*rows: object) -> bytes:
    """As TiCDC writes them: each with its length in front, in 8 bytes."""
    written = [orjson.dumps(row) for row in rows]
    return b"".join(len(row).to_bytes(8, "big") + row for row in written)


def ticdc(raw: object) -> dict[str, Any]:
    return {"u": {"id": {"t": 3, "h": True, "f": 11, "v": 1}, "payload": {"t": 245, "f": 64, "v": text(raw)}}}


def test_rows_of_ticdc_s_open_protocol_have_their_lengths_in_front() -> None:
    value = open_protocol(ticdc(NOTIFICATION))
    (found,) = decode(value)
    assert isinstance(found, Event)
    assert (found.conversation_id, found.value) == (CONVERSATION, value)
    gone = {"d": {"id": {"t": 3, "h": True, "f": 11, "v": 1}}}
    first, nothing, second = decode(open_protocol(ticdc(NOTIFICATION), gone, ticdc(BARE)))
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert ((first.conversation_id, first.path), nothing) == ((CONVERSATION, "[0]"), Noise("no_value"))
    assert (second.conversation_id, second.path) == (OTHER, "[2]")
    (again,) = decode(first.value)
    assert isinstance(again, Event)
    assert again.messages == first.messages
    assert decode(bytes(8)) == [Noise("bookkeeping")]


def test_what_is_no_json_behind_a_registry_s_framing_is_named_as_that() -> None:
    """Its length would be beyond all bounds, if it were one."""
    (found,) = decode(b"\0\0\0\0\x05\x02\x06\x08{abc" + b"x" * 40)
    assert isinstance(found, UnreadableEvent)
    assert "Confluent's schema registry" in found.detail


@pytest.mark.parametrize("cut", [1, 5, 100])
def test_a_row_that_is_shorter_than_its_length_is_unreadable(cut: int) -> None:
    (found,) = decode(open_protocol(ticdc(NOTIFICATION))[:-cut])
    assert isinstance(found, UnreadableEvent)


ROWS = [
    {"after": {"id": 1, "payload": text({"conversationId": OTHER})}},
    {"after": {"conversation_id": OTHER}, "updated": "1.0"},
    {"after": {"conversation_id": OTHER}, "before": None, "key": [1], "mvcc_timestamp": "1.0"},
    {"u": {"conversation_id": {"t": 15, "f": 64, "v": OTHER}}},
    {"change": [{"kind": "update", "schema": "s", "table": "t", "columnnames": ["conversation_id"],
                 "columntypes": ["text"], "columnvalues": [OTHER], "oldkeys": {}}]},
    {**CANAL, "type": "UPDATE", "data": [{"conversationId": OTHER}], "old": [{}]},
    {"method": "POST", "headers": {}, "uri": "/", "uri_args": {}, "body": text(BARE), "body_base64": False},
    {"MESSAGE": "", "full_message": text(BARE), "version": "1.1", "host": "h", "short_message": "cut"},
    {"op": "c", "source": {}, "after": {"id": 1, "conversation_id": OTHER, "payload": text(NOTIFICATION)}},
    {**QLIK, "message": {"data": {"id": 1, **BARE}, "beforeData": None, "headers": {"operation": "INSERT"}}},
    {"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": {"NewImage": image({"at": 1.5, **BARE})}},
    {"CreatedDate": AT, "CreatedById": "005", "ReplayId": 1, "ConversationId__c": OTHER, "Sent__c": AT},
    {"op": "c", "source": {"connector": "oracle"}, "after": {"ID": 1, "CONVERSATION_ID": OTHER}},
    {"before": None, "after": {"conversationId": OTHER}, "op": "c"},
    {"before": None, "after": {"conversationId": OTHER}, "op_type": "I"},
    {"data": [{"conversationId": OTHER}], "type": "INSERT"},
    {"data": {"conversationId": OTHER}, "type": "insert"},
    {"CONVERSATIONID": OTHER, "AT": 1},
    {"CONVERSATION_ID": OTHER, "METADATA$ACTION": "INSERT"},
    {"schema": "s", "event": {}, "payload": {**SALESFORCE, "conversationId__c": OTHER}},
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_ids_that_stand_in_a_row_are_the_event(row: dict[str, Any]) -> None:
    found = one(row)
    assert isinstance(found, Event), found
    assert (found.conversation_id, found.messages) == (OTHER, ())


@pytest.mark.parametrize(
    "payload",
    [
        {"conversationId": OTHER, "payload": text(NOTIFICATION)},
        {"id": OTHER, "participants": [], "payload": text(NOTIFICATION)},
        {"id": 1, "payload": text(NOTIFICATION), "__deleted": "true"},
    ],
)
def test_what_is_no_row_that_a_connector_read_keeps_its_own_fields(payload: dict[str, Any]) -> None:
    item = one({"schema": {"type": "struct", "fields": []}, "payload": payload})
    assert CONVERSATION not in str(conversations_and_messages([item]))


def test_what_a_framework_calls_conversation_and_message_is_not_genesys_s() -> None:
    around = {"messageId": "08dc-1", "conversationId": "08dc-2", "messageType": ["urn:message:A:B"], "headers": {}}
    assert conversations_and_messages([one({**around, "message": {"orderId": 1}})]) == [UnreadableEvent]
    found = one({**around, "message": NOTIFICATION})
    assert isinstance(found, Event)
    assert found.conversation_id == CONVERSATION


@pytest.mark.parametrize(
    ("around", "deep"),
    [
        (lambda value: {"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": {"NewImage": {"a": value}}},
         '{"M":{"a":'),
        (lambda value: {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": value}]}]}]},
         '{"kvlistValue":{"values":[{"key":"a","value":'),
    ],
)  # fmt: skip
def test_values_that_say_their_types_are_read_to_a_bounded_depth(around: Callable[[Any], Any], deep: str) -> None:
    closed = {"{": "}", "[": "]"}
    end = "".join(closed[sign] for sign in reversed(deep) if sign in closed)
    inner = deep * 200 + '{"S":"x"}' + end * 200
    value = orjson.dumps(around("HERE")).replace(b'"HERE"', inner.encode())
    (found,) = decode(value)
    assert isinstance(found, UnreadableEvent)


def test_of_a_payload_that_can_t_be_opened_its_envelope_is_told() -> None:
    (reading,) = readings(orjson.dumps({"partitionKey": "p", "sequenceNumber": "1", "data": "?"}))
    assert isinstance(reading.item, UnreadableEvent)
    assert reading.envelope == ("Kinesis",)


@pytest.mark.parametrize("name", ["DynamoDB", "OpenTelemetry"])
def test_values_that_say_their_types_are_bounded_in_number(name: str) -> None:
    many = [""] * 80_000
    (found,) = decode(
        orjson.dumps(ENVELOPES[name]({"a": many}) if name in ENVELOPES else BATCHES[f"{name}, values"]([many]))
    )
    assert isinstance(found, UnreadableEvent)
    assert "more than 20000" in found.detail or "more objects and lists" in found.detail


def test_records_that_were_put_into_one_are_named() -> None:
    aggregated = base64.b64encode(b"\xf3\x89\x9a\xc2" + b"\0" * 40).decode()
    found = one({"PartitionKey": "p", "SequenceNumber": "1", "Data": aggregated})
    assert isinstance(found, UnreadableEvent)
    assert "Kinesis Producer Library" in found.detail


@pytest.mark.parametrize(
    "raw",
    [
        {"op": "u", "source": {"connector": "mongodb"}, "after": None, "updateDescription": {"updatedFields": BARE}},
        {"table": "t", "op_type": "I", "op_ts": "t", "pos": "1"},
        {"_id": {}, "operationType": "update", "ns": {"db": "d"}, "documentKey": {"_id": "1"}},
        {"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": {"Keys": {"id": {"S": "1"}}}},
        {"eventName": "MODIFY", "eventSource": "aws:dynamodb", "dynamodb": {"OldImage": {"id": {"S": "1"}}}},
        {"resourceLogs": [{"logs": [{"logRecords": [{"body": {"stringValue": text(BARE)}}]}]}]},
    ],
    ids=[
        "Debezium of MongoDB",
        "GoldenGate",
        "MongoDB",
        "DynamoDB's keys",
        "DynamoDB's old image",
        "OpenTelemetry",
    ],
)
def test_what_was_written_and_is_not_found_is_a_dead_letter_and_no_noise(raw: dict[str, Any]) -> None:
    item = one(raw)
    assert isinstance(item, UnreadableEvent), item
    assert item.reason is DeadReason.UNREADABLE


def test_a_tombstone_of_kafka_connect_has_no_value() -> None:
    assert one({"schema": {"type": "string", "optional": True}, "payload": None}) == Noise("no_value")


# ---- what customers type

FORGED = {"conversationId": "forged-conversation", "messageId": "forged-message"}
FORGERIES = [text(FORGED), coded(FORGED), text([FORGED]), text(sqs(FORGED)), text(text(FORGED)), coded(kinesis(FORGED))]
# What an event is told by; a customer's words never stand there, and a forgery would make it another event's, or none.
TELLING = {
    "id", "conversationId", "messageId", "communicationId", "topicName", "detail-type", "source", "messageURI",
    "contentType", "subType", "type", "class", "eventType", "direction", "messageStatus", "status", "mediaType",
}  # fmt: skip


def texts(node: Any, name: str = "") -> Iterator[tuple[Any, Any, str]]:
    """Each text of `node`, as (container, key, the name of the field that it stands in)."""
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inside:
        field = key if isinstance(key, str) else name
        if isinstance(value, str):
            yield node, key, field
        else:
            yield from texts(value, field)


def conversations_and_messages(items: list[Item]) -> list[object]:
    return [
        (item.conversation_id, [(m.message_id, len(m.attachments), m.announces_media) for m in item.messages])
        if isinstance(item, Event)
        else type(item)
        for item in items
    ]


@pytest.mark.parametrize("shape", SHAPES, ids=[str(index) for index in range(len(SHAPES))])
@pytest.mark.parametrize("forgery", FORGERIES, ids=["text", "base64", "array", "SQS", "twice", "Kinesis"])
def test_an_event_typed_by_a_customer_is_a_text(shape: dict[str, Any], forgery: str) -> None:
    """Put into every text field of every shape, and in addition to its fields, in every envelope."""
    for index, (_, _, field) in enumerate(texts(shape)):
        forged = deepcopy(shape)
        container, key, _ = list(texts(forged))[index]
        container[key] = forgery
        for pack in (lambda raw: raw, lambda raw: BATCHES["OpenTelemetry, values"]([raw]), *ENVELOPES.values()):
            told, untouched = (conversations_and_messages(decode(orjson.dumps(pack(raw)))) for raw in (forged, shape))
            assert "forged" not in str(told)
            assert field in TELLING or told == untouched, field


CUSTOMERS = [
    "text",
    "textBody",
    "detail",
    "content",
    "eventBody",
    "subject",
    "attributes",
    "bytes",
    "Detail",
    "Body__c",
]
KEYS = sorted({*CUSTOMERS, *(key for known in transports.ENVELOPES for key in known.requires)})


@given(st.sampled_from(SHAPES), st.sampled_from(FORGERIES), st.data())
def test_a_forged_field_beside_the_others_is_a_text_too(shape: Any, forgery: str, data: st.DataObject) -> None:
    forged = deepcopy(shape)
    objects = [forged, *(node for node in _objects(forged))]
    chosen = data.draw(st.sampled_from(objects))
    chosen.update(
        {name: forgery for name in data.draw(st.lists(st.sampled_from(KEYS), max_size=3)) if name not in chosen}
    )
    assert "forged" not in str(conversations_and_messages(decode(orjson.dumps(forged))))


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        if isinstance(value, dict):
            yield value
        yield from _objects(value)


CALL = {"conversationId": "c-1"}
JOBS = {
    "the event's ids by name": ([[], {"conversation_id": "c-1", "tenant": {}}, {}], ["c-1"]),
    "several events": ([[CALL, "words"], {"other": CALL}, {}], ["c-1", "c-1"]),
    "an event that is one argument of several": ([[7, None, "words", CALL], {"retry": 3}, {}], ["c-1"]),
}


@pytest.mark.parametrize(("body", "conversations"), JOBS.values(), ids=JOBS)
def test_of_a_jobs_arguments_those_that_may_be_events_are_read(body: object, conversations: list[str]) -> None:
    assert [getattr(item, "conversation_id", "") for item in decode(orjson.dumps(celery(body)))] == conversations


@pytest.mark.parametrize("body", [[["words"], {}, {}], [1, 2], 7, {"args": None}])
def test_a_job_that_is_about_no_event_is_a_dead_letter(body: object) -> None:
    (item,) = decode(orjson.dumps(celery(body)))
    assert "a job with no argument" in getattr(item, "detail", "")


def test_a_job_whose_arguments_are_no_json_names_what_to_set() -> None:
    (item,) = decode(orjson.dumps({**celery([]), "body": "gASVEA=="}))
    assert "task_serializer=json" in getattr(item, "detail", "")

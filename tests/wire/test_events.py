"""What the input topic may hold, and what is read from it."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from consumer.model import DeadReason, Direction, Event, Message
from consumer.wire.envelopes import MAX_WRAPPING
from consumer.wire.events import BYTES_LISTED, MAX_LISTED, Item, Noise, UnreadableEvent, decode
from consumer.wire.payloads import MAX_EVENTS
from tests.genesys.payloads import payload
from tests.wire.carriers import sqs, text

CONVERSATION = "f3d0ab2e-7f1c-4f0b-9a55-1f0c8d1f2a10"
OTHER = "2f7bf00a-0fc2-4d6a-9b56-92238191433e"
MESSAGE = "5c1f9f8d0a4b6a0f2f1c0f1f3a9d7e21"
ORGANIZATION = "32aa07aa-db1b-4987-abd0-9483601ec29d"


def one(raw: object) -> Item:
    (item,) = decode(orjson.dumps(raw))
    return item


def event(raw: object) -> Event:
    item = one(raw)
    assert isinstance(item, Event), item
    return item


NOTIFICATION = payload("event-notification")
EVENTBRIDGE = {
    "version": "0",
    "id": "adbcfa5b-0116-4baa-b66b-a3f5902e95bf",
    "detail-type": "v2.routing.queues.{id}.conversations.messages",
    "source": f"aws.partner/genesys.com/cloud/{ORGANIZATION}/test-event-bus",
    "time": "2026-02-03T10:16:41Z",
    "detail": {**NOTIFICATION, "timestamp": "2026-02-03T10:16:40.900Z"},
}


# ---- what is left of a notification

PARTS: dict[str, Any] = {
    "notification": NOTIFICATION,
    "EventBridge": EVENTBRIDGE,
    "detail alone": EVENTBRIDGE["detail"],
    "around detail only": {"detail": EVENTBRIDGE["detail"]},
    "eventBody alone": NOTIFICATION["eventBody"],
    "around eventBody only": {"eventBody": NOTIFICATION["eventBody"]},
    "eventBody as a string": {**NOTIFICATION, "eventBody": text(NOTIFICATION["eventBody"])},
    "detail as a string": {**EVENTBRIDGE, "detail": text(EVENTBRIDGE["detail"])},
}


@pytest.mark.parametrize("raw", PARTS.values(), ids=PARTS)
def test_the_same_event_is_read_from_each_part(raw: Any) -> None:
    found = event(raw)
    assert found.conversation_id == CONVERSATION
    assert [message.message_id for message in found.messages] == [MESSAGE]
    assert [a.name for a in found.messages[0].attachments] == ["claim-form.pdf"]


def test_event_bridge_tells_organisation_time_and_topic() -> None:
    found = event(EVENTBRIDGE)
    assert found.organization_id == ORGANIZATION
    assert found.time == datetime(2026, 2, 3, 10, 16, 40, 900_000, tzinfo=UTC)
    assert found.topic_name == NOTIFICATION["topicName"]


def test_a_source_that_is_not_genesys_names_no_organisation() -> None:
    assert (
        event({**EVENTBRIDGE, "source": f"evil/aws.partner/genesys.com/cloud/{ORGANIZATION}/x"}).organization_id is None
    )


def test_a_detail_event_is_a_bare_conversation() -> None:
    found = event(payload("event-eventbridge"))
    assert (found.conversation_id, found.messages) == (OTHER, ())
    assert found.topic_name == f"v2.detail.events.conversation.{OTHER}.customer.start"
    assert found.organization_id == ORGANIZATION


def test_without_a_timestamp_the_events_own_time_counts() -> None:
    raw = payload("event-eventbridge")["detail"]
    del raw["timestamp"]
    assert event(raw).time == datetime(2022, 4, 6, 9, 30, 44, 949_000, tzinfo=UTC)


def test_the_topic_tells_the_conversation_that_the_body_does_not() -> None:
    body = {"topicName": f"v2.detail.events.conversation.{OTHER}.customer.end", "eventBody": {"sessionId": "x"}}
    assert event(body).conversation_id == OTHER


@pytest.mark.parametrize(
    ("raw", "conversation_id", "message_ids"),
    [
        ({"conversationId": CONVERSATION}, CONVERSATION, []),
        ({"conversationId": CONVERSATION, "messageId": MESSAGE}, CONVERSATION, [MESSAGE]),
        ({"messageId": MESSAGE}, None, [MESSAGE]),
        ({"conversationId": CONVERSATION, "messageId": MESSAGE, "mediaType": "VOICE"}, CONVERSATION, [MESSAGE]),
        ({"message": {"id": MESSAGE}, "conversation": {"id": CONVERSATION}}, CONVERSATION, [MESSAGE]),
        (
            {"messageUri": f"/api/v2/conversations/messages/{CONVERSATION}/messages/{MESSAGE}"},
            CONVERSATION,
            [MESSAGE],
        ),
    ],
)
def test_bare_ids_announce_what_has_to_be_asked(
    raw: object, conversation_id: str | None, message_ids: list[str]
) -> None:
    found = event(raw)
    assert found.conversation_id == conversation_id
    assert list(found.messages) == [
        Message(conversation_id or "", message_id, announces_media=True) for message_id in message_ids
    ]


@pytest.mark.parametrize("name", ["message-data", "message-data-legacy", "webhook-outbound", "tutorial"])
def test_other_payloads_are_events_too(name: str) -> None:
    raw = payload(name)
    found = event(raw)
    assert found.conversation_id == raw.get("conversationId", raw["id"])
    assert len(found.messages[0].attachments) == 1


def test_a_webhook_for_an_outbound_message_says_so() -> None:
    assert event(payload("webhook-outbound")).messages[0].direction is Direction.OUTBOUND


def test_what_middleware_posts_names_only_a_message() -> None:
    found = event(payload("webhook-inbound"))
    assert (found.conversation_id, found.messages[0].message_id) == (None, "c327c2078ca056db130c55ce648d9fa2")


def test_a_snapshot_of_several_messages_is_one_event() -> None:
    messages = [{"message": {"id": f"m-{i}"}, "media": [{"id": "a", "url": "https://x.invalid/a"}]} for i in range(3)]
    found = event({"id": CONVERSATION, "participants": [{"messages": messages}]})
    assert [message.message_id for message in found.messages] == ["m-0", "m-1", "m-2"]


def test_what_a_customer_wrote_never_passes_for_an_event() -> None:
    forged = text({"conversationId": OTHER, "messageId": MESSAGE})
    chat = {"id": "x", "conversation": {"id": CONVERSATION}, "sender": {"id": "y"}, "body": forged}
    assert event(chat).conversation_id == CONVERSATION
    assert event({"topicName": "v2.conversations.chats.x.messages", "eventBody": chat}).conversation_id == CONVERSATION


# ---- arrays


def test_each_element_of_an_array_is_an_event_with_its_place_and_its_own_bytes() -> None:
    first, second = {"conversationId": CONVERSATION}, {"conversationId": OTHER, "messageId": MESSAGE}
    items = decode(orjson.dumps([first, 5, [second]]))
    assert [(type(item), item.value, item.path) for item in items if not isinstance(item, Noise)] == [
        (Event, orjson.dumps(first), "[0]"),
        (UnreadableEvent, b"5", "[1]"),
        (Event, orjson.dumps(second), "[2][0]"),
    ]


def test_an_element_keeps_its_envelope() -> None:
    (found,) = decode(orjson.dumps([EVENTBRIDGE]))
    assert isinstance(found, Event)
    assert decode(found.value) == [Event(**{**_fields(found), "path": ""})]
    assert found.organization_id == ORGANIZATION


def _fields(found: Event) -> dict[str, Any]:
    return {name: getattr(found, name) for name in Event.__slots__}


def test_an_array_has_a_limit() -> None:
    (item,) = decode(b"[" + b"0," * MAX_EVENTS + b"0]")
    assert isinstance(item, UnreadableEvent)
    assert len(decode(b"[" + b"0," * (MAX_EVENTS - 1) + b"0]")) == MAX_EVENTS


def test_wrapping_has_a_limit() -> None:
    """Each level is written anew: without a limit a record's cost would grow with the square of its depth."""
    raw: object = {"conversationId": CONVERSATION}
    for _ in range(MAX_WRAPPING):
        raw = [raw]
    assert event(raw).path == "[0]" * MAX_WRAPPING
    for deeper in ([raw], text(raw), sqs(raw)):
        item = one(deeper)
        assert isinstance(item, UnreadableEvent)
        assert item.path == ""


# ---- noise

METADATA_TEXT = {"type": "Text", "content": [{"contentType": "Text"}]}


VOICE = {"conversationId": OTHER, "participantId": CONVERSATION, "eventTime": 1, "mediaType": "VOICE"}


def snapshot(*messages: dict[str, Any]) -> dict[str, Any]:
    entries = [{"messageId": f"m-{i}", **message} for i, message in enumerate(messages)]
    return {"id": CONVERSATION, "participants": [{"messages": [{"messages": entries}]}]}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "no_value"),
        (b"[]", "empty_batch"),
        (b'{"Records": []}', "empty_batch"),
        (b'{"topicName":"channel.metadata","eventBody":{"message":"WebSocket Heartbeat"}}', "heartbeat"),
        (orjson.dumps(snapshot({"messageMetadata": {"type": "Receipt"}})), "receipt"),
        (orjson.dumps(snapshot({"messageMetadata": {"type": "Event"}})), "event_message"),
        (orjson.dumps(snapshot({"messageMetadata": METADATA_TEXT})), "no_attachment"),
        (orjson.dumps(snapshot()), "no_attachment"),
        (orjson.dumps({"id": CONVERSATION, "participants": [{"calls": [{}], "messages": []}]}), "no_attachment"),
        (orjson.dumps({"id": MESSAGE, "type": "Receipt", "status": "Delivered", "channel": {}}), "receipt"),
        (orjson.dumps({"id": MESSAGE, "type": "Text", "text": "hello", "channel": {}}), "no_attachment"),
        (orjson.dumps({"type": "Text", "text": "hello", "channel": {}}), "no_attachment"),
        (orjson.dumps({"type": "Receipt", "status": "Delivered", "channel": {}, "id": "a/b"}), "receipt"),
        (orjson.dumps(snapshot({"messageId": None, "messageMetadata": METADATA_TEXT})), "no_attachment"),
        (orjson.dumps({"conversationId": OTHER, "eventTime": 1, "mediaType": "VOICE"}), "other_media"),
        (orjson.dumps(VOICE | {"requestedRoutingSkillIds": ["a"], "callbackNumbers": []}), "other_media"),
        (orjson.dumps(VOICE | {"attributes": {"name": "value"}}), "other_media"),
        (b'{"topicName":"v2.users.x.presence","eventBody":{"source":"PURECLOUD"}}', "other_topic"),
        (b'{"topicName":"v2.system.socket_closing","eventBody":{"message":"closing"}}', "socket_closing"),
        (b'{"topicName":"v2.system.no_longer_subscribed.x","eventBody":{}}', "no_longer_subscribed"),
    ],
)
def test_noise_is_dropped_on_proof(value: bytes | None, kind: str) -> None:
    assert decode(value) == [Noise(kind)]  # type: ignore[arg-type]  # the table is of plain strings


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"media": []},
        {"messageMetadata": {}},
        {"messageMetadata": {"type": "Text", "content": [{}]}},
        {"messageMetadata": {"type": "Text", "content": [{"contentType": "Attachment"}]}},
        {"messageMetadata": {"type": "Text", "content": [{"contentType": "ATTACHMENT"}]}},
        {"messageMetadata": {"type": "Structured", "content": [{"contentType": "Unknown"}]}},
        {"messageMetadata": METADATA_TEXT, "media": [{"id": "a"}]},
        {"messageMetadata": {"type": "Receipt"}, "media": [{"id": "a"}]},
        {"messageMetadata": {"type": "Receipt", "content": [{"contentType": "Attachment"}]}},
    ],
)
def test_what_is_not_proven_to_be_noise_is_announced(message: dict[str, Any]) -> None:
    assert event(snapshot(message)).messages[0].announces_media


@pytest.mark.parametrize("nobodys", [0, 1, "0001-01-01T00:00:00Z", "1970-01-01T00:00:00+02:00", 1_770_113_800_021_000])
def test_a_time_before_there_was_a_cloud_is_the_lack_of_one(nobodys: object) -> None:
    """Programs write such times where they have none; a message that is as old as that would not be asked about."""
    assert event(snapshot({"messageTime": nobodys})).messages[0].time is None


@pytest.mark.parametrize("seconds", [1_770_113_800, "1770113800"])
def test_times_in_seconds_are_told_from_those_in_milliseconds(seconds: object) -> None:
    at = datetime.fromtimestamp(1_770_113_800, UTC)
    assert event(snapshot({"messageTime": seconds})).messages[0].time == at
    assert event(snapshot({"messageTime": 1_770_113_800_021})).messages[0].time == at.replace(microsecond=21_000)


@pytest.mark.parametrize("type_", ["Unknown", "Message", "WhoKnows"])
def test_a_message_of_a_type_that_nobody_knows_is_looked_up(type_: str) -> None:
    assert event(snapshot({"messageMetadata": {"type": type_}})).messages[0].announces_media
    assert event({"id": MESSAGE, "type": type_, "text": "hello", "channel": {}}).messages[0].announces_media
    data = {"id": MESSAGE, "conversationId": CONVERSATION, "normalizedMessage": {"type": type_, "text": "hello"}}
    assert event(data).messages[0].announces_media


NAMED = {"conversationId": CONVERSATION, "messageId": OTHER}
FILE = {"id": "a", "url": "https://api.mypurecloud.com/api/v2/downloads/a"}


@pytest.mark.parametrize(
    "said",
    [
        NAMED | {"type": "event"},  # a table's own word
        NAMED | {"type": "Event", "attachments": [FILE]},
        NAMED | {"type": "Receipt", "media": [FILE]},
        NAMED | {"type": "Event", "payload": '{"media": []}'},
        {"conversationId": CONVERSATION, "mediaType": "VIDEO", "media": [FILE]},
        {"conversationId": CONVERSATION, "mediaType": "video", "url": FILE["url"], "filename": "a.mp4"},
        {"conversationId": CONVERSATION, "mediaType": "Video", "count": 1},  # the kind of a file
        NAMED | {"messages": []},
        NAMED | {"participants": [{"purpose": "customer", "calls": [{}]}]},
        {"conversationId": CONVERSATION, "messages": [], "attachments": [FILE]},
        {"id": CONVERSATION, "participants": [], "media": [FILE]},
        {"conversationId": CONVERSATION, "messages": [{"id": OTHER, "attachments": [], "files": [FILE]}]},
        {"conversationId": CONVERSATION, "messages": [{"id": OTHER, "attachments": [], "content": [{"id": "a"}]}]},
    ],
)
def test_a_word_proves_no_noise_where_others_write_it_or_a_file_may_stand_beside_it(said: dict[str, Any]) -> None:
    assert event(said).conversation_id == CONVERSATION


@pytest.mark.parametrize("said", [{"events": [NAMED]}, {"status": "ok", "data": NAMED}, {"text": [NAMED]}])
def test_what_is_posted_beside_a_channel_is_noise_by_genesys_own_words_alone(said: dict[str, Any]) -> None:
    (found,) = decode(orjson.dumps({"channel": {"name": "g"}, **said}))
    assert not isinstance(found, Noise)


@pytest.mark.parametrize("value", [{"type": "", "value": 1}, {"type": "T", "value": 1}, {"type": "", "state": 1}])
def test_a_part_of_a_transports_word_is_not_its_word(value: dict[str, Any]) -> None:
    key = next(name for name in value if name != "type")
    (found,) = decode(orjson.dumps(value | {key: {"conversationId": CONVERSATION}}))
    assert not isinstance(found, Noise)


def test_a_message_with_stickers_beside_its_text_is_looked_up() -> None:
    stickers = [{"id": "s-1", "url": "https://stickers.invalid/s-1.png"}]
    (message,) = event(snapshot({"messageMetadata": METADATA_TEXT, "stickers": stickers})).messages
    assert (message.announces_media, message.attachments) == (True, ())
    assert one(snapshot({"messageMetadata": METADATA_TEXT, "stickers": []})) == Noise("no_attachment")


@pytest.mark.parametrize(
    ("status", "direction"),
    [
        ("sent", Direction.OUTBOUND),
        ("delivery-success", Direction.OUTBOUND),
        ("delivery-failed", Direction.OUTBOUND),
        ("received", Direction.INBOUND),
        ("failed", Direction.UNKNOWN),
        ("read", Direction.UNKNOWN),
        ("removed", Direction.UNKNOWN),
    ],
)
def test_the_status_of_a_message_tells_its_direction_if_nothing_else_does(status: str, direction: Direction) -> None:
    assert event(snapshot({"messageStatus": status})).messages[0].direction is direction
    told = event(snapshot({"messageStatus": status, "direction": "Inbound"})).messages[0]
    assert told.direction is Direction.INBOUND


def test_an_analytics_detail_names_a_conversation_and_proves_nothing() -> None:
    session = {"mediaType": "message", "messageType": "whatsapp", "sessionId": "s", "segments": []}
    detail = {
        "conversationId": CONVERSATION,
        "conversationStart": "2026-02-03T10:15:02.114Z",
        "participants": [{"participantId": "p", "purpose": "customer", "sessions": [session]}],
    }
    found = event(detail)
    assert (found.conversation_id, found.messages, found.topic_name) == (CONVERSATION, (), None)


def test_a_quiet_message_beside_a_file_is_left_out() -> None:
    found = event(snapshot({"messageMetadata": {"type": "Receipt"}}, {"media": [{"id": "a"}]}))
    assert [message.message_id for message in found.messages] == ["m-1"]


@pytest.mark.parametrize("odd", [None, "", "a/b", 5, "x" * 300])
def test_a_message_that_carries_nothing_needs_no_id(odd: object) -> None:
    found = event(snapshot({"messageId": odd, "messageMetadata": METADATA_TEXT}, {"media": [{"id": "a"}]}))
    assert [message.message_id for message in found.messages] == ["m-1"]


@pytest.mark.parametrize("odd", [None, "", "a/b", 5, "x" * 300])
def test_a_message_that_may_carry_something_and_has_no_usable_id_is_announced_beside_the_others(odd: object) -> None:
    found = event(snapshot({"messageId": odd, "media": [{"id": "a"}]}, {"media": [{"id": "b"}]}))
    assert [message.message_id for message in found.messages] == ["m-1", ""]
    assert len({message.identity for message in found.messages}) == 2
    (alone,) = event(snapshot({"messageId": odd, "media": [{"id": "a"}]})).messages
    assert alone == found.messages[1]


@pytest.mark.parametrize(
    "entry",
    [
        {"id": MESSAGE, "attachments": [{"id": "a"}]},
        {"id": MESSAGE, "normalizedMessage": {"content": [{"contentType": "Attachment", "attachment": {"id": "a"}}]}},
        {"id": MESSAGE, "messageTime": "2026-02-03T10:16:40.021Z", "messageStatus": "received"},
    ],
)
def test_an_entry_of_a_snapshot_is_dropped_on_proof_alone(entry: dict[str, Any]) -> None:
    for messages in ([entry], [{"messages": [entry]}]):
        found = event({"id": CONVERSATION, "participants": [{"messages": messages}]})
        assert [message.message_id for message in found.messages] == [MESSAGE]


@pytest.mark.parametrize("body", [{"id": CONVERSATION}, {"conversationId": CONVERSATION, "state": "connected"}])
def test_a_conversation_that_shows_less_than_its_topic_has_all_of_it_asked(body: dict[str, str]) -> None:
    (item,) = decode(orjson.dumps({"topicName": "v2.users.u.conversations.messages", "eventBody": body}))
    assert isinstance(item, Event)
    assert (item.conversation_id, item.messages, item.cut_down) == (CONVERSATION, (), True)


@pytest.mark.parametrize(
    "entry",
    [{"id": "x"}, {"id": "x", "direction": "inbound", "type": "whatsapp"}, {"id": "x", "direction": "outbound"}],
)
def test_what_may_be_a_message_or_the_communication_around_it_has_its_conversation_asked(entry: dict[str, Any]) -> None:
    """As a projection leaves it of either. Asked for as a message, a communication would be a dead letter."""
    cut = event({"id": CONVERSATION, "participants": [{"messages": [entry]}]})
    assert (cut.conversation_id, cut.messages, cut.cut_down) == (CONVERSATION, (), True)
    beside = {"messageId": MESSAGE, "media": [{"id": "a"}]}
    found = event({"id": CONVERSATION, "participants": [{"messages": [entry]}, {"messages": [beside]}]})
    assert ([message.message_id for message in found.messages], found.cut_down) == ([MESSAGE], True)
    inside = event({"id": CONVERSATION, "participants": [{"messages": [{**entry, "messages": [{"id": MESSAGE}]}]}]})
    assert ([message.message_id for message in inside.messages], inside.cut_down) == ([MESSAGE], False)


# ---- what can't be read

UNREADABLE = DeadReason.UNREADABLE
NO_IDS = DeadReason.NO_IDS


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", UNREADABLE),
        (b"not json", UNREADABLE),
        (b"\xff\xfe{", UNREADABLE),
        (b"null", UNREADABLE),
        (b"17", UNREADABLE),
        (b'"text"', UNREADABLE),
        (b"[" * 200_000, UNREADABLE),
        (b"[" * 1_000 + b"]" * 1_000, UNREADABLE),
        (b'{"a":' * 300 + b"1" + b"}" * 300, NO_IDS),
        (b'[{"conversationId":"c","x":' + b'{"a":' * 300 + b"1" + b"}" * 300 + b"}]", UNREADABLE),
        (b'{"detail":[]}', NO_IDS),
        (b'{"detail-type":"x","source":"y","detail":[]}', UNREADABLE),
        (b'{"topicName":"v2.users.x.conversations","eventBody":"{"}', UNREADABLE),
        (b'{"eventBody":"{"}', UNREADABLE),
        (b'{"id":"c","participants":{}}', UNREADABLE),
        (b'{"Message":"{broken"}', NO_IDS),
        (b"{}", NO_IDS),
        (b'{"conversationId":""}', NO_IDS),
        (b'{"conversationId":5}', NO_IDS),
        (b'{"conversationId":"../../etc/passwd"}', NO_IDS),
        (b'{"conversationId":"a\\u0000b"}', NO_IDS),
        (b'{"conversationId":"\\u202eabc"}', NO_IDS),
        (b'{"conversationId":"' + b"x" * 10_000 + b'"}', NO_IDS),
        (b'{"conversationId":"c","messageId":"a/b"}', NO_IDS),
        (b'{"participants":[{"messages":[{"media":[{"id":"a"}]}]}]}', NO_IDS),
        (b'{"type":"Text","channel":{},"content":[{"contentType":"Attachment"}]}', NO_IDS),
        (b'{"topicName":"v2.users.x.conversations","eventBody":{}}', NO_IDS),
    ],
)
def test_what_cannot_be_read_keeps_its_bytes(value: bytes, reason: DeadReason) -> None:
    (item,) = decode(value)
    assert isinstance(item, UnreadableEvent), item
    assert item.reason is reason
    assert item.value == value or item.path
    assert item.detail


def test_five_megabytes_are_read() -> None:
    value = orjson.dumps({"conversationId": CONVERSATION, "messageId": MESSAGE, "padding": "x" * 5_000_000})
    (found,) = decode(value)
    assert isinstance(found, Event)
    assert found.value == value


def test_an_event_lists_so_much_and_no_more() -> None:
    """A list of 340,000 empty messages fits into 1 MB, and each takes as long to read as a full one."""
    many: list[list[Any]] = [[{}] * MAX_LISTED, [{"messages": [{"media": [{}] * 100}] * 100}]]
    for messages in many:
        item = one({"id": CONVERSATION, "participants": [{"messages": messages}]})
        assert isinstance(item, UnreadableEvent)
        assert str(MAX_LISTED) in item.detail
    contents = {"type": "Text", "content": [{}] * (MAX_LISTED + 1)}
    for around in ("normalizedMessage", "messageMetadata"):
        said = {"id": "m", "conversationId": CONVERSATION, around: contents}
        item = one(
            said if around == "normalizedMessage" else {"id": CONVERSATION, "participants": [{"messages": [said]}]}
        )
        assert isinstance(item, UnreadableEvent), around
    few = [{"messageId": f"m-{i}"} for i in range(MAX_LISTED - 1)]
    assert len(event({"id": CONVERSATION, "participants": [{"messages": few}]}).messages) == MAX_LISTED - 1
    many_real = [{"id": f"m-{i}", "messageURI": "x" * BYTES_LISTED} for i in range(2 * MAX_LISTED)]
    assert len(event({"id": CONVERSATION, "participants": [{"messages": many_real}]}).messages) == 2 * MAX_LISTED


def test_a_byte_order_mark_is_passed_over() -> None:
    (found,) = decode(b"\xef\xbb\xbf" + orjson.dumps({"conversationId": CONVERSATION}))
    assert isinstance(found, Event)


def test_an_event_about_several_conversations_is_refused() -> None:
    uris = [f"/api/v2/conversations/messages/c-{i}/messages/m-{i}" for i in range(2)]
    entries = [{"messageURI": uri, "media": [{"id": "a"}]} for uri in uris]
    item = one({"participants": [{"messages": entries}]})
    assert isinstance(item, UnreadableEvent)

"""What the official SDK's models can express, the service reads: written by the SDK's own serialisation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from consumer.model import Attachment, Direction, Kind, MediaStatus, Message, Shape
from consumer.wire import shapes
from consumer.wire.events import Noise, decode
from tests.official_sdk import sdk

CONVERSATION = "f3d0ab2e-7f1c-4f0b-9a55-1f0c8d1f2a10"
MESSAGE = "5c1f9f8d0a4b6a0f2f1c0f1f3a9d7e21"
FILE = "8b36304e-ad42-4e7d-ac35-978a019514eb"
URL = "https://api-downloads.usw2.pure.cloud/api/v2/downloads/30c5bf36123e95ee"
SENT = datetime(2026, 2, 3, 10, 16, 40, 21_000, tzinfo=UTC)
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def model(name: str, /, **values: Any) -> Any:
    """One of the SDK's models with these values set; it refuses names and enum values that it does not have."""
    made = getattr(sdk, name)()
    for field, value in values.items():
        assert field in made.swagger_types, f"{name} has no {field}"
        setattr(made, field, value)
    return made


def written(value: Any) -> Any:
    """As the SDK puts it on the wire."""
    return orjson.loads(orjson.dumps(sdk.ApiClient().sanitize_for_serialization(value)))


def media() -> Any:
    return model(
        "MessageMedia", id=FILE, url=URL, media_type="application/pdf", content_length_bytes=182_736, name="form.pdf"
    )


def only(messages: Any) -> tuple[Message, Attachment]:
    (message,) = messages
    (attachment,) = message.attachments
    return message, attachment


def declares(attachment: Attachment, shape: Shape) -> None:
    assert attachment.shape is shape
    assert (attachment.conversation_id, attachment.message_id) == (CONVERSATION, MESSAGE)
    assert (attachment.attachment_id, attachment.key) == (FILE, f"id:{FILE}")
    assert (attachment.name, attachment.declared_type) == ("form.pdf", "application/pdf")
    assert (attachment.declared_size, attachment.url) == (182_736, URL)


@pytest.mark.parametrize("kind", ["Image", "Video", "Audio", "File", "Link"])
def test_a_message_of_the_message_api(kind: str) -> None:
    file = model(
        "ConversationContentAttachment",
        id=FILE,
        media_type=kind,
        url=URL,
        mime="application/pdf",
        filename="form.pdf",
        sha256=SHA256,
        content_size_bytes=182_736,
    )
    content = [model("ConversationMessageContent", content_type="Attachment", attachment=file)]
    normalized = model("ConversationNormalizedMessage", type="Text", direction="Inbound", content=content)
    raw = written(
        model(
            "MessageData",
            timestamp=SENT,
            direction="inbound",
            messenger_type="webmessaging",
            status="received",
            normalized_message=normalized,
        )
    ) | {"id": MESSAGE, "conversationId": CONVERSATION}  # read-only in the SDK's models

    message, attachment = only([shapes.message_data(raw).message])

    declares(attachment, Shape.MESSAGE)
    assert (attachment.kind, attachment.declared_sha256) == (Kind(kind), SHA256)
    assert (message.direction, message.time) == (Direction.INBOUND, SENT)


def test_a_conversation() -> None:
    details = model("MessageDetails", message_id=MESSAGE, message_status="received", message_time=SENT, media=[media()])
    session = model("Message", id="c1b9e0a4", direction="inbound", messages=[details])
    participant = model("Participant", purpose="customer", messages=[session])
    raw = written(model("Conversation", participants=[participant])) | {"id": CONVERSATION}

    message, attachment = only(seen.message for seen in shapes.conversation(raw, CONVERSATION))

    declares(attachment, Shape.CONVERSATION)
    assert (message.communication_id, message.time) == ("c1b9e0a4", SENT)


def test_a_message_conversation_has_one_level_less() -> None:
    details = model("MessageDetails", message_id=MESSAGE, message_time=SENT, media=[media()])
    participant = model("MessageMediaParticipant", purpose="customer", messages=[details])
    raw = written(model("MessageConversation", participants=[participant])) | {"id": CONVERSATION}

    _, attachment = only(seen.message for seen in shapes.conversation(raw, CONVERSATION))

    declares(attachment, Shape.MESSAGE_CONVERSATION)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("uploading", MediaStatus.UPLOADING), ("valid", MediaStatus.VALID), ("invalid", MediaStatus.INVALID)],
)
def test_the_status_of_an_upload(status: str, expected: MediaStatus) -> None:
    told = model("MessageMediaData", url=URL, media_type="application/pdf", content_length_bytes=182_736)
    raw = written(told) | {"id": FILE, "status": status}
    known = Attachment(CONVERSATION, MESSAGE, FILE, f"id:{FILE}")

    assert shapes.finished(known, raw).status is expected


# ---- events: the same in four families of models

FAMILIES = [
    ("ConversationEventTopic", Shape.EVENT),
    ("QueueConversationEventTopic", Shape.EVENT),
    ("ConversationMessageEventTopic", Shape.EVENT_MESSAGES),
    ("QueueConversationMessageEventTopic", Shape.EVENT_MESSAGES),
]
every_family = pytest.mark.parametrize(("family", "shape"), FAMILIES, ids=[family for family, _ in FAMILIES])


def details(family: str, shape: Shape, **values: Any) -> Any:
    """A listed message; the two kinds of topics name it differently."""
    if shape is Shape.EVENT:
        return model(f"{family}MessageDetails", message_id=MESSAGE, message_time=SENT, **values)
    reference = model(f"{family}UriReference", id=MESSAGE)
    return model(f"{family}MessageDetails", message=reference, message_time=SENT, **values)


def file_of(family: str) -> Any:
    return model(
        f"{family}MessageMedia",
        id=FILE,
        url=URL,
        media_type="application/pdf",
        content_length_bytes=182_736,
        name="form.pdf",
    )


def metadata_of(family: str, type_: str, *sub_types: str) -> Any:
    contents = [
        model(f"{family}MessageMetadataContent", content_type="Attachment", sub_type=sub_type) for sub_type in sub_types
    ]
    return model(f"{family}MessageMetadata", type=type_, content=contents or None)


def event(family: str, shape: Shape, *listed: Any) -> Any:
    """What is read from a snapshot in which customer and agent list the same messages."""
    if shape is Shape.EVENT:
        session = model(f"{family}Message", id="c1b9e0a4", state="connected", direction="inbound", messages=[*listed])
        idle = model(f"{family}Message", id="c1b9e0a5", state="alerting", direction="inbound")
        sides = [
            model(f"{family}Participant", purpose=side, messages=[session, idle]) for side in ("customer", "agent")
        ]
        body = model(f"{family}Conversation", id=CONVERSATION, participants=sides)
    else:
        participant = f"{family}MessageMediaParticipant"
        sides = [model(participant, purpose=side, messages=[*listed]) for side in ("customer", "agent")]
        body = model(f"{family}MessageConversation", id=CONVERSATION, participants=sides)
    (decoded,) = decode(orjson.dumps({"topicName": "v2.x.conversations", "eventBody": written(body)}))
    return decoded


@every_family
def test_a_message_with_a_file_in_an_event(family: str, shape: Shape) -> None:
    said = metadata_of(family, "Text", "File")
    listed = details(family, shape, message_status="received", media=[file_of(family)], message_metadata=said)

    message, attachment = only(event(family, shape, listed).messages)

    declares(attachment, shape)
    assert (attachment.kind, message.announced) == (Kind.FILE, 1)
    assert (message.direction, message.time) == (Direction.INBOUND, SENT)
    assert message.communication_id == ("c1b9e0a4" if shape is Shape.EVENT else None)


@every_family
def test_a_removed_message_in_an_event(family: str, shape: Shape) -> None:
    listed = details(family, shape, message_status="removed", media=[file_of(family)])

    message, attachment = only(event(family, shape, listed).messages)

    assert message.removed
    assert attachment.removed


@every_family
def test_metadata_alone_announces_and_counts(family: str, shape: Shape) -> None:
    listed = details(family, shape, message_metadata=metadata_of(family, "Structured", "Image", "File"))

    (message,) = event(family, shape, listed).messages

    assert (message.message_id, message.announced, message.attachments) == (MESSAGE, 2, ())


@every_family
@pytest.mark.parametrize(
    ("type_", "kind"), [("Receipt", "receipt"), ("Event", "event_message"), ("Text", "no_attachment")]
)
def test_a_message_that_says_that_it_carries_nothing(family: str, shape: Shape, type_: str, kind: str) -> None:
    listed = details(family, shape, message_status="delivery-success", message_metadata=metadata_of(family, type_))

    assert event(family, shape, listed) == Noise(kind)  # type: ignore[arg-type]  # the table is of plain strings


@every_family
def test_a_message_that_says_nothing_is_asked_about(family: str, shape: Shape) -> None:
    (message,) = event(family, shape, details(family, shape, message_status="received")).messages

    assert (message.message_id, message.announces_media, message.attachments) == (MESSAGE, True, ())


# ---- webhooks, guests, recordings


def read(body: Any) -> Any:
    (decoded,) = decode(orjson.dumps(written(body) | {"conversationId": CONVERSATION}))
    return decoded


def test_a_webhook_of_open_messaging() -> None:
    file = model(
        "ConversationContentAttachment",
        id=FILE,
        media_type="File",
        url=URL,
        mime="application/pdf",
        filename="form.pdf",
        content_size_bytes=182_736,
    )
    content = [model("OpenMessageContent", content_type="Attachment", attachment=file)]
    channel = model("OpenMessagingChannel", message_id="c327c207", time=SENT)
    message = {"id": MESSAGE, "channel": channel, "direction": "Inbound"}

    posted, attachment = only(read(model("OpenNormalizedMessage", type="Text", content=content, **message)).messages)

    declares(attachment, Shape.WEBHOOK)
    assert (posted.direction, posted.time) == (Direction.INBOUND, None)
    assert read(model("OpenNormalizedMessage", type="Receipt", status="Delivered", **message)) == Noise("receipt")
    assert read(model("OpenNormalizedMessage", type="Text", text="hello", **message)) == Noise("no_attachment")


def test_what_a_guest_of_web_messaging_sees() -> None:
    file = model(
        "WebMessagingAttachment",
        id=FILE,
        media_type="File",
        url=URL,
        mime="application/pdf",
        filename="form.pdf",
        sha256=SHA256,
        file_size=182_736,
    )
    content = [model("WebMessagingContent", content_type="Attachment", attachment=file)]
    channel = model("WebMessagingChannel", message_id="c327c207", time=SENT)
    message = {"id": MESSAGE, "channel": channel, "direction": "Inbound"}

    _, attachment = only(read(model("WebMessagingMessage", type="Structured", content=content, **message)).messages)

    declares(attachment, Shape.GUEST)
    assert (attachment.kind, attachment.declared_sha256) == (Kind.FILE, SHA256)
    removed, _ = only(
        read(model("WebMessagingMessage", type="Text", status="Removed", content=content, **message)).messages
    )
    assert removed.removed
    assert read(model("WebMessagingMessage", type="Event", **message)) == Noise("event_message")


def test_the_long_term_copy_in_a_recording() -> None:
    copy = model(
        "MessageMediaAttachment", id=FILE, url=URL, media_type="image/png", content_length=182_736, name="form.png"
    )
    listed = [
        model("RecordingMessagingMessage", id=MESSAGE, timestamp=SENT, message_media_attachments=[copy]),
        model("RecordingMessagingMessage", id="text-only", timestamp=SENT, message_text="hello"),
    ]

    message, attachment = only(read(model("Recording", messaging_transcript=listed)).messages)

    assert (attachment.shape, attachment.key, attachment.url) == (Shape.RECORDING, f"id:{FILE}", URL)
    assert (attachment.name, attachment.declared_type, attachment.declared_size) == ("form.png", "image/png", 182_736)
    assert (message.message_id, message.time) == (MESSAGE, SENT)

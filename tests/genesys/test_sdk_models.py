"""What the official SDK's models can express, the service reads: written by the SDK's own serialisation."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from consumer.model import Attachment, Direction, Kind, MediaStatus, Message, Shape
from consumer.wire import shapes
from consumer.wire.events import decode

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the generated code: invalid escapes, ssl defaults
    import PureCloudPlatformClientV2 as sdk  # noqa: N813 # the name is too long to read

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


def test_an_event_of_a_user_topic() -> None:
    prefix = "ConversationEventTopic"
    file = model(
        f"{prefix}MessageMedia",
        id=FILE,
        url=URL,
        media_type="application/pdf",
        content_length_bytes=182_736,
        name="form.pdf",
    )
    details = model(f"{prefix}MessageDetails", message_id=MESSAGE, message_time=SENT, media=[file])
    session = model(f"{prefix}Message", id="c1b9e0a4", direction="inbound", messages=[details])
    participant = model(f"{prefix}Participant", purpose="customer", messages=[session])
    body = written(model(f"{prefix}Conversation", id=CONVERSATION, participants=[participant]))
    event = {"topicName": "v2.users.7bd8e7a2-8c11-4d0c-9f0e-6a1b2c3d4e5f.conversations", "eventBody": body}

    (decoded,) = decode(orjson.dumps(event))

    _, attachment = only(getattr(decoded, "messages", ()))
    declares(attachment, Shape.EVENT)

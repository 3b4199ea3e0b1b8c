"""Bodies of the Genesys API and of its events, from what the world holds. Field names exactly as on the wire."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from consumer.model import Direction
from consumer.sandbox.world import Conversation, SentFile, SentMessage
from consumer.wire.fields import Json

Link = Callable[[SentFile], str | None]  # None while the upload is not finished
Clock = Callable[[SentMessage], datetime]


def event_link(file: SentFile) -> str | None:
    """What an event says: it was made when the message came in, so unfinished uploads have no address in it."""
    unfinished = file.case.delivery.uploading > 0 or file.case.delivery.upload_fails
    return None if unfinished else file.link


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def media(file: SentFile, link: Link) -> Json:
    """S2 to S6: here `mediaType` is the MIME type."""
    return _given(
        id=file.attachment_id,
        url=link(file),
        mediaType=file.mime,
        contentLengthBytes=file.declared_size,
        name=file.name,
    )


def content(file: SentFile, link: Link) -> Json:
    """S1 and S7: here `mediaType` is the kind."""
    attachment = _given(
        id=file.attachment_id,
        mediaType=file.kind.value,
        url=link(file),
        mime=file.mime,
        filename=file.name,
        sha256=file.declared_sha256,
        contentSizeBytes=file.declared_size,
    )
    return {"contentType": "Attachment", "attachment": attachment}


def metadata(message: SentMessage) -> Json:
    files = (*message.files, *message.ghosts)
    named: Json = {"type": "Text"}
    if files:
        named["content"] = [{"contentType": "Attachment", "subType": file.kind.value} for file in files]
    return named


def message_data(message: SentMessage, at: datetime, link: Link) -> Json:
    """S1, the authoritative one; with S2 beside it where the organisation still has the old contract."""
    conversation, customer = message.conversation_id, message.direction is not Direction.OUTBOUND
    normalized = _given(
        id=message.message_id,
        channel={
            "id": "3c1a0a5e-0000-4f61-b9d0-2f6d5c0a0001",
            "platform": "WebMessaging",
            "type": "Private",
            "messageId": message.message_id,
            "to": {"id": "3c1a0a5e-0000-4f61-b9d0-2f6d5c0a0001"},
            "from": {"id": "b2f5f9a1c6a1", "idType": "Opaque", "firstName": "Jane", "lastName": "Customer"},
            "time": stamp(at),
        },
        type="Text",
        text=message.text or None,
        content=[content(file, link) for file in message.files] or None,
        direction=message.direction.value.capitalize(),
        originatingEntity="Human",
    )
    body = _given(
        id=message.message_id,
        providerMessageId=message.message_id,
        timestamp=stamp(at),
        fromAddress="b2f5f9a1c6a1" if customer else "3c1a0a5e-0000-4f61-b9d0-2f6d5c0a0001",
        toAddress="3c1a0a5e-0000-4f61-b9d0-2f6d5c0a0001" if customer else "b2f5f9a1c6a1",
        direction=message.direction.value,
        messengerType="webmessaging",
        status=_status(message),
        normalizedMessage=normalized,
        conversationId=conversation,
        selfUri=f"/api/v2/conversations/messages/{conversation}/messages/{message.message_id}",
    )
    if message.legacy:
        body["textBody"] = message.text
        body["media"] = [media(file, link) for file in message.files]
    return body


def _details(message: SentMessage, at: datetime, link: Link) -> Json:
    """One entry of a message list in S3, S4 and S5."""
    conversation = message.conversation_id
    return _given(
        messageId=message.message_id,
        messageURI=f"/api/v2/conversations/messages/{conversation}/messages/{message.message_id}",
        messageStatus=_status(message),
        messageTime=stamp(at),
        media=[media(file, link) for file in (*message.files, *message.ghosts)] or None,
        messageMetadata=metadata(message),
    )


def conversation_body(talk: Conversation, messages: Sequence[SentMessage], clock: Clock, link: Link) -> Json:
    """S3 and, as an event's body, S5: the messages are two levels down."""
    participants = []
    for purpose, participant_id, mine in _sides(talk, messages):
        listed = [_details(message, clock(message), link) for message in mine]
        participants.append(
            _participant(talk, purpose, participant_id)
            | {
                "participantType": "External" if purpose == "customer" else "Internal",
                **({"externalContactId": talk.customer_id} if purpose == "customer" else {}),
                "calls": [],
                "callbacks": [],
                "chats": [],
                "emails": [],
                "messages": [
                    {
                        "id": talk.communication_id,
                        "state": "connected",
                        "direction": "inbound",
                        "held": False,
                        "provider": "Webmessaging",
                        "type": "webmessaging",
                        "toAddress": {"addressNormalized": "3c1a0a5e-0000-4f61-b9d0-2f6d5c0a0001"},
                        "fromAddress": {"addressNormalized": "b2f5f9a1c6a1", "name": "Jane Customer"},
                        "messages": listed,
                    }
                ],
            }
        )
    return {
        "id": talk.conversation_id,
        "startTime": _start(messages, clock),
        "address": "b2f5f9a1c6a1",
        "recordingState": "NONE",
        "participants": participants,
        "selfUri": f"/api/v2/conversations/{talk.conversation_id}",
    }


def message_conversation_body(talk: Conversation, messages: Sequence[SentMessage], clock: Clock, link: Link) -> Json:
    """S4: one level less than S3."""
    participants = [
        _participant(talk, purpose, participant_id)
        | {
            "state": "connected",
            "direction": "inbound",
            "held": False,
            "provider": "Webmessaging",
            "type": "webmessaging",
            "messages": [_details(message, clock(message), link) for message in mine],
        }
        for purpose, participant_id, mine in _sides(talk, messages)
    ]
    return {
        "id": talk.conversation_id,
        "participants": participants,
        "otherMediaUris": [],
        "selfUri": f"/api/v2/conversations/messages/{talk.conversation_id}",
    }


def message_event_body(talk: Conversation, messages: Sequence[SentMessage], clock: Clock, link: Link) -> Json:
    """S6: as S4, with the id in `message.id`."""
    body = message_conversation_body(talk, messages, clock, link)
    del body["selfUri"]
    for participant in body["participants"]:
        participant["address"] = "b2f5f9a1c6a1"
        for entry in participant["messages"]:
            entry["message"] = {"id": entry.pop("messageId")}
            entry["messageSegmentCount"] = 1
            del entry["messageURI"]
    return body


def webhook_body(message: SentMessage, at: datetime, link: Link) -> Json:
    """S7: what open messaging posts."""
    body: Json = dict(message_data(message, at, link)["normalizedMessage"])
    body["channel"] = body["channel"] | {"platform": "Open"}
    body["conversationId"] = message.conversation_id
    if message.ghosts:
        body["content"] = [content(file, link) for file in (*message.files, *message.ghosts)]
    return body


def media_data(talk: Conversation, file: SentFile, link: Link) -> Json:
    """S9: tells how far the upload is."""
    url = link(file)
    status = "valid" if url else "invalid" if file.case.delivery.upload_fails else "uploading"
    if status == "uploading":
        upload = f"https://apps.mypurecloud.com/uploads/v4/services/messaging/{file.attachment_id}"
        return {"id": file.attachment_id, "uploadUrl": upload, "status": status}
    base = f"/api/v2/conversations/messages/{talk.conversation_id}/communications/{talk.communication_id}"
    return _given(
        id=file.attachment_id,
        name=file.name,
        url=url,
        mediaType=file.mime,
        contentLengthBytes=file.declared_size,
        status=status,
        selfUri=f"{base}/messages/media/{file.attachment_id}",
    )


def tutorial_body(talk: Conversation, messages: Sequence[SentMessage], link: Link) -> Json:
    """S11: not Genesys's."""
    return {
        "id": talk.conversation_id,
        "messages": [
            {
                "id": message.message_id,
                "attachments": [
                    {
                        "id": file.attachment_id,
                        "name": file.name,
                        "size": file.declared_size,
                        "contentType": file.mime,
                        "url": link(file),
                    }
                    for file in message.files
                ],
            }
            for message in messages
        ],
    }


def _sides(talk: Conversation, messages: Sequence[SentMessage]) -> list[tuple[str, str, list[SentMessage]]]:
    """Who lists what: the agent's side repeats what the customer sent, so ids come up twice in one body."""
    inbound = [message for message in messages if message.direction is not Direction.OUTBOUND]
    return [("customer", talk.customer_id, inbound), ("agent", talk.agent_id, list(messages))]


def _participant(talk: Conversation, purpose: str, participant_id: str) -> Json:
    return {
        "id": participant_id,
        "name": "Jane Customer" if purpose == "customer" else "Sam Agent",
        "purpose": purpose,
        "attributes": {},
    }


def _start(messages: Sequence[SentMessage], clock: Clock) -> str:
    return stamp(min(map(clock, messages)) - timedelta(minutes=1)) if messages else "2026-02-03T10:15:02.114Z"


def _status(message: SentMessage) -> str:
    if message.removed:
        return "removed"
    return "sent" if message.direction is Direction.OUTBOUND else "received"


def _given(**fields: object) -> Json:
    return {name: value for name, value in fields.items() if value is not None}

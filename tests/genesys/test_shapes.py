"""Each documented payload gives exactly these attachments, listed by hand."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from consumer.errors import Malformed
from consumer.model import Attachment, Direction, Kind, MediaStatus, Message, Shape
from consumer.wire import shapes
from consumer.wire.fields import BadId, download_id, host_and_path
from tests.genesys.payloads import names, payload

CONVERSATION = "f3d0ab2e-7f1c-4f0b-9a55-1f0c8d1f2a10"
MESSAGE = "5c1f9f8d0a4b6a0f2f1c0f1f3a9d7e21"
SENT = datetime(2026, 2, 3, 10, 16, 40, 21_000, tzinfo=UTC)

CLAIM_FORM = Attachment(
    conversation_id=CONVERSATION,
    message_id=MESSAGE,
    attachment_id="8b36304e-ad42-4e7d-ac35-978a019514eb",
    key="id:8b36304e-ad42-4e7d-ac35-978a019514eb",
    name="claim-form.pdf",
    declared_type="application/pdf",
    declared_size=182_736,
    kind=Kind.FILE,
    url="https://api-downloads.usw2.pure.cloud/api/v2/downloads/30c5bf36123e95ee",
    direction=Direction.INBOUND,
    message_time=SENT,
    messenger="webmessaging",
    shape=Shape.MESSAGE,
)
LISTED = replace(CLAIM_FORM, communication_id="c1b9e0a4-5a3f-4a53-9d43-6f7f2f6f0001", shape=Shape.CONVERSATION)
PHOTO = Attachment(
    conversation_id="6227f0a1-6847-404e-ade2-862302c2e096",
    message_id="85c01f55d54c8bbf9259a39578a48308",
    attachment_id="b1d2c3e4-0000-4000-8000-000000000001",
    key="id:b1d2c3e4-0000-4000-8000-000000000001",
    name="IMG_0001.jpg",
    declared_type="image/jpeg",
    declared_size=523_144,
    kind=Kind.IMAGE,
    url="https://api-downloads.mypurecloud.de/api/v2/downloads/8f7a88c4f8f4deb8",
    direction=Direction.INBOUND,
    message_time=datetime(2025, 10, 1, 8, 0, 1, tzinfo=UTC),
    messenger="whatsapp",
    shape=Shape.MESSAGE,
)
OUTBOUND = Attachment(
    conversation_id="d06cb41e-f938-4dcf-b823-c8af1a39d7e5",
    message_id="c327c2078ca056db130c55ce648d9fa2",
    attachment_id="8b36304e-ad42-4e7d-ac35-978a019514eb",
    key="id:8b36304e-ad42-4e7d-ac35-978a019514eb",
    name="file.pdf",
    declared_type="application/pdf",
    declared_size=10_240,
    kind=Kind.FILE,
    url="https://api-downloads.usw2.pure.cloud/api/v2/downloads/pce1234456",
    direction=Direction.OUTBOUND,
    messenger="open",
    shape=Shape.WEBHOOK,
)
EXTERNAL = Attachment(
    conversation_id="",
    message_id="c327c2078ca056db130c55ce648d9fa2",
    attachment_id=None,
    key="url:d3123134sdf42l.cloudfront.net/43234f645d310b58-20241125T031701Z-file.jpg",
    name="image.jpg",
    declared_type="image/jpeg",
    kind=Kind.IMAGE,
    url="https://d3123134sdf42l.cloudfront.net/43234f645d310b58-20241125T031701Z-file.jpg",
    direction=Direction.INBOUND,
    messenger="open",
    shape=Shape.WEBHOOK,
)
TUTORIAL = Attachment(
    conversation_id=CONVERSATION,
    message_id="m-1",
    attachment_id="a-1",
    key="id:a-1",
    name="claim-form.pdf",
    declared_type="application/pdf",
    declared_size=182_736,
    url="https://files.example.invalid/a-1?sig=x",
    shape=Shape.TUTORIAL,
)
UPLOADING = Attachment(
    conversation_id=CONVERSATION,
    message_id=MESSAGE,
    attachment_id="84afaa85-bfaa-40bf-bc37-a534cfa0e0c9",
    key="id:84afaa85-bfaa-40bf-bc37-a534cfa0e0c9",
    status=MediaStatus.UPLOADING,
    shape=Shape.MEDIA,
)
VALID = replace(
    UPLOADING,
    name="photo.png",
    declared_type="image/png",
    declared_size=20_481,
    url="https://api-downloads.mypurecloud.com/api/v2/downloads/ed3e000000000041",
    status=MediaStatus.VALID,
)
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

# What the service reads, by the fixture's name; the rest carries no attachments.
EXPECTED: dict[str, list[Attachment]] = {
    "conversation": [LISTED],
    "message-data": [replace(CLAIM_FORM, declared_sha256=SHA256)],
    "message-data-legacy": [PHOTO],
    "bulk": [CLAIM_FORM],
    "media-uploading": [UPLOADING],
    "media-valid": [VALID],
    "webhook-outbound": [OUTBOUND],
    "webhook-inbound": [EXTERNAL],
    "tutorial": [TUTORIAL],
    "event-notification": [replace(CLAIM_FORM, shape=Shape.EVENT_MESSAGES)],
    "event-eventbridge": [],
}
OTHER_ANSWERS = {
    "login-client-not-found",
    "login-authentication-failed",
    "download-url",
    "error-403",
    "error-404",
    "error-429",
    "agentless-message",
}


def read(name: str) -> list[Attachment]:
    raw = payload(name)
    match name:
        case "conversation" | "tutorial":
            seen = shapes.conversation(raw, raw["id"])
        case "message-data" | "message-data-legacy":
            seen = [shapes.message_data(raw)]
        case "bulk":
            seen = [shapes.message_data(entity) for entity in raw["entities"]]
        case "media-uploading" | "media-valid":
            return [shapes.media(raw, CONVERSATION, MESSAGE)]
        case "webhook-outbound" | "webhook-inbound":
            seen = [shapes.webhook(raw)]
        case "event-notification":
            seen = shapes.conversation(raw["eventBody"], raw["eventBody"]["id"], event=True)
        case _:
            seen = shapes.conversation(raw["detail"]["eventBody"])
    return [attachment for one in seen for attachment in one.message.attachments]


def test_every_documented_payload_has_its_expectation() -> None:
    assert names() == EXPECTED.keys() | OTHER_ANSWERS


@pytest.mark.parametrize("name", EXPECTED)
def test_a_documented_payload_gives_its_attachments(name: str) -> None:
    assert read(name) == EXPECTED[name]


def only(raw: dict[str, Any], **how: bool) -> Message:
    (seen,) = shapes.conversation(raw, CONVERSATION, **how)
    return seen.message


def listed(message: dict[str, Any], **communication: Any) -> dict[str, Any]:
    return {"participants": [{"messages": [{"id": "communication-1", **communication, "messages": [message]}]}]}


MEDIA = {"id": "a-1", "url": "https://api.mypurecloud.com/api/v2/downloads/1", "mediaType": "image/png"}


def test_a_conversation_of_one_level_less_is_read_as_such() -> None:
    inner = {"messageId": MESSAGE, "media": [MEDIA]}
    assert only(listed(inner)).attachments[0].shape is Shape.CONVERSATION
    assert only(listed(inner), event=True).attachments[0].shape is Shape.EVENT
    flat = {"participants": [{"id": "participant-1", "type": "webmessaging", "messages": [inner]}]}
    assert only(flat).attachments[0].shape is Shape.MESSAGE_CONVERSATION
    assert only(flat, event=True).attachments[0].shape is Shape.EVENT_MESSAGES
    assert only(flat).communication_id is None, "a participant's id names no communication"


def test_a_communication_without_messages_is_no_message() -> None:
    silent = {"id": "communication-1", "state": "connected", "direction": "inbound", "type": "webmessaging"}
    assert shapes.conversation({"participants": [{"messages": [silent]}]}, CONVERSATION) == []


def test_a_message_listed_under_several_participants_comes_out_once() -> None:
    customer = {"messages": [{"messages": [{"messageId": MESSAGE, "messageStatus": "received", "media": [MEDIA]}]}]}
    agent = {
        "messages": [{"messages": [{"messageId": MESSAGE, "media": [MEDIA, {**MEDIA, "id": "a-2", "url": None}]}]}]
    }
    for participants in ([customer, agent], [agent, customer]):
        message = only({"participants": participants})
        assert [a.attachment_id for a in message.attachments] == ["a-1", "a-2"]
        assert {a.direction for a in message.attachments} == {message.direction} == {Direction.INBOUND}


def test_a_message_is_removed_when_one_participant_says_so() -> None:
    kept = {"messages": [{"messages": [{"messageId": MESSAGE, "messageStatus": "received", "media": [MEDIA]}]}]}
    gone = {"messages": [{"messages": [{"messageId": MESSAGE, "messageStatus": "removed"}]}]}
    message = only({"participants": [kept, gone]})
    assert message.removed
    assert [a.removed for a in message.attachments] == [True]


@pytest.mark.parametrize("field", ["messageURI", "messageUri"])
def test_the_uri_tells_the_ids_that_are_not_there(field: str) -> None:
    uri = f"/api/v2/conversations/messages/{CONVERSATION}/messages/{MESSAGE}"
    (seen,) = shapes.conversation(listed({field: uri, "media": [MEDIA]}))
    assert (seen.message.conversation_id, seen.message.message_id) == (CONVERSATION, MESSAGE)


def test_the_direction_of_the_communication_says_nothing_about_a_message() -> None:
    message = only(listed({"messageId": MESSAGE, "media": [MEDIA]}, direction="outbound"))
    assert message.direction is Direction.UNKNOWN


def test_media_type_is_a_mime_type_or_a_kind_by_what_it_says() -> None:
    normalized = {"content": [{"contentType": "Attachment", "attachment": {"id": "a", "mediaType": "Image"}}]}
    kind_only = shapes.message_data({"id": MESSAGE, "normalizedMessage": normalized}).message.attachments[0]
    assert (kind_only.kind, kind_only.declared_type) == (Kind.IMAGE, None)
    legacy = shapes.message_data({"id": MESSAGE, "media": [{"id": "a", "mediaType": "Image/PNG; q=1"}]})
    assert (legacy.message.attachments[0].kind, legacy.message.attachments[0].declared_type) == (None, "image/png")


def test_the_guest_side_says_file_size() -> None:
    content = [{"contentType": "Attachment", "attachment": {"id": "a", "mediaType": "File", "fileSize": 7}}]
    attachment = shapes.webhook({"id": MESSAGE, "type": "Structured", "content": content}).message.attachments[0]
    assert (attachment.declared_size, attachment.shape) == (7, Shape.GUEST)


def test_a_recording_names_the_long_term_copies() -> None:
    media = {"url": "https://x.invalid/1", "mediaType": "image/png", "contentLength": 9, "name": "n.png", "id": "a"}
    transcript = [{"id": MESSAGE, "timestamp": "2026-02-03T10:16:40Z", "messageMediaAttachments": [media]}]
    (seen,) = shapes.recording({"conversationId": CONVERSATION, "messagingTranscript": transcript})
    (attachment,) = seen.message.attachments
    assert (attachment.declared_size, attachment.declared_type, attachment.shape) == (9, "image/png", Shape.RECORDING)


@pytest.mark.parametrize(
    "content",
    [
        {"contentType": "Story", "story": {"url": "https://x.invalid/story"}},
        {"contentType": "Card", "card": {"image": "https://x.invalid/card"}},
        {"contentType": "Carousel", "carousel": {"cards": [{"image": "https://x.invalid/card"}]}},
        {"contentType": "Notification", "template": {"header": {"media": {"url": "https://x.invalid/header"}}}},
        {"contentType": "RichLink", "richLink": {"url": "https://x.invalid/"}},
    ],
)
def test_other_content_with_a_url_is_no_attachment(content: dict[str, Any]) -> None:
    seen = shapes.message_data({"id": MESSAGE, "normalizedMessage": {"type": "Structured", "content": [content]}})
    assert seen.message.attachments == ()
    assert not seen.message.announces_media


def test_a_link_is_told_from_a_file_by_its_kind() -> None:
    link = {"mediaType": "Link", "url": "https://x.invalid/"}
    normalized = {"content": [{"contentType": "Attachment", "attachment": link}]}
    (attachment,) = shapes.message_data({"id": MESSAGE, "normalizedMessage": normalized}).message.attachments
    assert attachment.kind is Kind.LINK
    metadata = {"type": "Text", "content": [{"contentType": "Attachment", "subType": "Link"}]}
    message = only(listed({"messageId": MESSAGE, "media": [MEDIA], "messageMetadata": metadata}))
    assert message.attachments[0].kind is Kind.LINK


def test_the_old_representation_adds_only_what_the_new_one_lacks() -> None:
    raw = payload("message-data-legacy")
    raw["media"].append({"id": "b-2", "url": "https://x.invalid/b", "mediaType": "image/gif"})
    found = shapes.message_data(raw).message.attachments
    assert [(a.attachment_id, a.shape) for a in found] == [
        (PHOTO.attachment_id, Shape.MESSAGE),
        ("b-2", Shape.MESSAGE_LEGACY),
    ]


def test_receipts_that_repeat_the_id_add_nothing() -> None:
    raw = payload("message-data")
    raw["normalizedReceipts"] = [{"id": MESSAGE, "type": "Receipt", "status": "Delivered"}]
    assert shapes.message_data(raw) == shapes.message_data(payload("message-data"))


@pytest.mark.parametrize(
    "url",
    [
        "https://api-downloads.usw2.pure.cloud/api/v2/downloads/30c5bf36123e95ee",
        "https://API.usw2.pure.cloud./api/v2/downloads/30c5bf36123e95ee?contentDisposition=attachment",
        "https://apps.usw2.pure.cloud/platform/api/v2/downloads/30c5bf36123e95ee/",
        "https://u:p@localhost:8443/api/v2/downloads/30c5bf36123e95ee#x",
    ],
)
def test_a_download_link_identifies_a_file_on_whichever_host(url: str) -> None:
    assert download_id(url) == "30c5bf36123e95ee"


@pytest.mark.parametrize(
    "url",
    [
        "https://api.usw2.pure.cloud/api/v2/downloads/",
        "https://api.usw2.pure.cloud/api/v2/downloads/a/b",
        "https://api.usw2.pure.cloud/api/v2/downloads/..%2Fusers",
        "https://api.usw2.pure.cloud/x/api/v2/downloads/a",
        "https://x.invalid/?/api/v2/downloads/a",
    ],
)
def test_other_paths_hold_no_download_id(url: str) -> None:
    assert download_id(url) is None


def test_a_url_is_the_same_file_however_it_is_signed() -> None:
    assert host_and_path("https://Files.X.invalid/a/b?Signature=1&Expires=2") == "files.x.invalid/a/b"
    assert host_and_path("https://files.x.invalid/a/b?Signature=3") == "files.x.invalid/a/b"


BAD_IDS: list[object] = [5, ["x"], {"id": "x"}, "", "a/b", "..", "a..b", "x" * 201, "a\x00b", "\u202eabc", " a"]


@pytest.mark.parametrize("bad", BAD_IDS)
def test_a_conversation_id_that_cannot_be_one_is_refused(bad: object) -> None:
    with pytest.raises(BadId):
        shapes.message_data({"id": MESSAGE, "conversationId": bad})


@pytest.mark.parametrize("bad", [*BAD_IDS, None])
def test_a_message_without_a_usable_id_has_none_and_a_trace_of_its_own(bad: object) -> None:
    message = only(listed({"messageId": bad, "messageTime": "2026-02-03T10:16:40.021Z", "media": [MEDIA]}))
    other = only(listed({"messageId": bad, "messageTime": "2026-02-03T10:16:40.021Z", "media": [{**MEDIA, "id": "b"}]}))
    assert (message.message_id, len(message.attachments)) == ("", 1)
    assert message.announces_media
    assert message.identity != other.identity


def test_a_message_without_an_id_is_the_same_one_in_every_snapshot() -> None:
    """Whatever changes about it: its status, the signature of its links, the level at which it is listed."""
    link = "https://files.x.invalid/a?Signature="
    first = {"messageTime": "2026-02-03T10:16:40.021Z", "messageStatus": "received", "media": [{"url": link + "1"}]}
    later = {"messageTime": "2026-02-03T10:16:40.021Z", "messageStatus": "read", "media": [{"url": link + "2"}]}
    flat = {"participants": [{"messages": [later]}]}
    (both,) = shapes.conversation({"participants": [*listed(first)["participants"], *flat["participants"]]})
    assert only(listed(first)).identity == only(flat, event=True).identity
    assert len(both.message.attachments) == 1


def test_any_of_its_ids_that_can_be_one_names_a_message() -> None:
    uri = f"/api/v2/conversations/messages/{CONVERSATION}/messages/{MESSAGE}"
    for raw in (
        {"messageId": "a/b", "message": {"id": MESSAGE}},
        {"messageId": "", "messageURI": uri},
        {"messageId": 5, "messageUri": uri},
        {"id": MESSAGE, "messageTime": "2026-02-03T10:16:40.021Z"},
    ):
        assert only(listed(raw)).message_id == MESSAGE


@pytest.mark.parametrize(
    "said",
    [
        {"attachments": [MEDIA]},
        {"normalizedMessage": {"content": [{"contentType": "Attachment", "attachment": MEDIA}]}},
        {"content": [{"contentType": "Attachment", "attachment": MEDIA}]},
    ],
    ids=["attachments", "normalizedMessage", "content"],
)
def test_a_listed_message_may_name_its_files_in_any_known_place(said: dict[str, Any]) -> None:
    for raw in (listed({"id": MESSAGE, **said}), {"participants": [{"messages": [{"id": MESSAGE, **said}]}]}):
        message = only(raw)
        assert (message.message_id, [a.attachment_id for a in message.attachments]) == (MESSAGE, ["a-1"])


@pytest.mark.parametrize("said", [{}, {"messageTime": "2026-02-03T10:16:40.021Z", "messageStatus": "received"}])
def test_a_listed_entry_that_is_not_shown_to_be_a_communication_is_a_message_that_says_nothing(
    said: dict[str, Any],
) -> None:
    message = only({"participants": [{"messages": [{"id": MESSAGE, **said}]}]})
    assert (message.message_id, message.announces_media) == (MESSAGE, True)


def test_a_communication_with_fields_of_a_message_hides_no_message() -> None:
    communication = {"id": "communication-1", "media": [], "messages": [{"messageId": MESSAGE, "media": [MEDIA]}]}
    seen = shapes.conversation({"participants": [{"messages": [communication]}]}, CONVERSATION)
    assert [one.message.message_id for one in seen] == [MESSAGE, "communication-1"]


def test_the_attachments_that_metadata_counts_are_known_beside_those_that_are_described() -> None:
    contents = [{"contentType": "Attachment", "subType": "File"} for _ in range(2)] + [{"contentType": "Text"}]
    raw = {"messageId": MESSAGE, "media": [MEDIA], "messageMetadata": {"type": "Text", "content": contents}}
    message = only(listed(raw))
    assert (message.announced, len(message.attachments)) == (2, 1)
    again = {"participants": [*listed(raw)["participants"], *listed({**raw, "messageMetadata": None})["participants"]]}
    assert only(again).announced == 2
    content = [{"contentType": "Attachment", "attachment": MEDIA}, {"contentType": "Attachment"}]
    assert shapes.message_data({"id": MESSAGE, "normalizedMessage": {"content": content}}).message.announced == 2


def test_files_without_id_and_link_are_told_apart_until_they_have_one() -> None:
    raw = {"id": MESSAGE, "media": [{"name": "a.png"}, {"name": "b.png"}]}
    assert [a.name for a in shapes.message_data(raw).message.attachments] == ["a.png", "b.png"]


def test_a_file_that_is_described_twice_is_one_however_its_link_is_written() -> None:
    link = "https://api-downloads.mypurecloud.com/api/v2/downloads/0f3a"
    file = {"id": "a-1", "mediaType": "Image", "url": link}
    for again in (link, link + "?contentDisposition=attachment", link.replace("api-downloads", "api")):
        for one, other in ((file, {"url": again}), ({"url": again}, file)):
            content = [{"contentType": "Attachment", "attachment": one}]
            raw = {"id": MESSAGE, "normalizedMessage": {"content": content}, "media": [other]}
            assert len(shapes.message_data(raw).message.attachments) == 1


def test_a_message_data_that_describes_nothing_says_nothing() -> None:
    silent = {"id": MESSAGE, "conversationId": CONVERSATION, "messengerType": "open"}
    assert shapes.message_data(silent).message.announces_media
    assert not shapes.message_data(
        {**silent, "normalizedMessage": {"type": "Text", "text": "hi"}}
    ).message.announces_media


def test_many_files_in_one_message_are_read_in_linear_time() -> None:
    """A record may hold as many as fit into a megabyte: comparing each with each would stop everything for minutes."""
    media = [{"id": f"a-{number}", "url": f"https://x.invalid/{number}"} for number in range(30_000)]
    raw = {
        "participants": [
            {"messages": [{"messageId": MESSAGE, "media": media}]},
            {"messages": [{"messageId": MESSAGE, "media": media}]},
        ]
    }
    began = time.process_time()
    assert len(only(raw).attachments) == 30_000
    assert time.process_time() - began < 5


def test_one_message_that_is_listed_many_times_with_other_files_is_read_in_linear_time() -> None:
    """To put each listing into what those before it gave took ten seconds for a hundred kilobytes."""
    listings = [{"messageId": MESSAGE, "media": [{"id": f"a-{number}"}]} for number in range(5_000)]
    began = time.process_time()
    assert len(only({"participants": [{"messages": listings}]}).attachments) == 5_000
    assert time.process_time() - began < 5


@pytest.mark.parametrize("bad", [5, "", "x" * 257, "a\x00b", "\u202eabc", ["a"]])
def test_an_attachment_id_that_cannot_be_one_leaves_the_url_to_identify_it(bad: object) -> None:
    message = only(listed({"messageId": MESSAGE, "media": [{**MEDIA, "id": bad}]}))
    assert (message.attachments[0].attachment_id, message.attachments[0].key) == (None, "download:1")


def test_a_wrong_structure_is_an_error_never_nothing() -> None:
    wrong_ones: tuple[dict[str, Any], ...] = (
        {"participants": "none"},
        {"participants": ["x"]},
        {"participants": [{"messages": {}}]},
    )
    for wrong in wrong_ones:
        with pytest.raises(Malformed):
            shapes.conversation(wrong, CONVERSATION)


@pytest.mark.parametrize(
    "wrong",
    [
        {"media": {"id": "a"}},
        {"messageMetadata": []},
        {"messageMetadata": {"content": "Attachment"}},
        {"normalizedMessage": {"content": [{"contentType": "Attachment", "attachment": "a"}]}},
    ],
)
def test_a_listed_message_of_a_wrong_structure_says_nothing_and_spoils_no_other(wrong: dict[str, Any]) -> None:
    good = {"messageId": "good", "media": [MEDIA]}
    raw = {"participants": [{"messages": [{"messages": [{"messageId": MESSAGE, **wrong}, good]}]}]}
    first, second = (seen.message for seen in shapes.conversation(raw, CONVERSATION))
    assert (first.message_id, first.attachments, first.announces_media) == (MESSAGE, (), True)
    assert [a.attachment_id for a in second.attachments] == ["a-1"]


def test_a_very_long_name_keeps_its_extension() -> None:
    message = only(listed({"messageId": MESSAGE, "media": [{**MEDIA, "name": "x" * 5_000 + ".pdf"}]}))
    name = message.attachments[0].name
    assert name is not None
    assert (len(name), name[-5:]) == (1_024, "x.pdf")


@pytest.mark.parametrize("when", ["yesterday", "9999-99-99", 10**30, True, "0001-01-01T00:00:00+14:00", None, {}])
def test_a_time_that_is_none_is_missing(when: object) -> None:
    assert only(listed({"messageId": MESSAGE, "messageTime": when, "media": [MEDIA]})).time is None


def test_the_channels_time_is_not_taken_for_genesys_own() -> None:
    assert shapes.webhook(payload("webhook-outbound")).message.time is None

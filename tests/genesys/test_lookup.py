"""The cheapest correct calls, shared by all who ask at the same time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import orjson
import pytest
from aiohttp import web

from consumer.errors import NotJudged, NotYet, Refused, Unavailable
from consumer.genesys.lookup import is_complete
from consumer.model import Attachment, DeadReason, Dependency, Direction, Event, MediaStatus, Message, Reason, Shape
from consumer.wire.topics import wants_lookup
from tests.genesys.cloud import Asked, Client, Cloud, json, serving
from tests.genesys.payloads import payload
from tests.genesys.test_shapes import CLAIM_FORM, CONVERSATION, LISTED, MESSAGE, TUTORIAL

BULK = f"/api/v2/conversations/messages/{CONVERSATION}/messages/bulk"
WHOLE = f"/api/v2/conversations/{CONVERSATION}"
SINGLE = f"/api/v2/conversations/messages/{CONVERSATION}/messages"
OLD = datetime(2026, 2, 4, tzinfo=UTC)


def message(id_: str, **more: Any) -> dict[str, Any]:
    attachment = {"id": f"a-{id_}", "mediaType": "File", "url": f"https://x.invalid/{id_}"}
    content = [{"contentType": "Attachment", "attachment": attachment}]
    normalized = {"id": id_, "type": "Text", "direction": "Inbound", "content": content}
    return {"id": id_, "direction": "inbound", "normalizedMessage": normalized, **more}


async def listed(client: Client) -> dict[str, Message]:
    """All of the conversation that may carry files."""
    return {m.message_id: m for m in await client.lookup.find_listed(CONVERSATION, lambda message: True)}


def bulk_of(known: set[str]) -> Callable[[Asked], web.Response]:
    def respond(asked: Asked) -> web.Response:
        return json({"entities": [message(id_) for id_ in orjson.loads(asked.body) if id_ in known]})

    return respond


# ---- which calls


async def test_known_messages_cost_one_bulk_call(cloud: Cloud, client: Client) -> None:
    cloud.at("POST", BULK, bulk_of({"m-1", "m-2"}))
    found = await client.lookup.find(CONVERSATION, frozenset({"m-1", "m-2", "m-3"}))
    assert found.keys() == {"m-1", "m-2"}, "what is not there is not in the answer"
    assert found["m-1"].attachments[0].attachment_id == "a-m-1"
    assert cloud.calls == {f"POST {BULK}": 1}


async def test_a_bulk_call_takes_a_thousand_ids(cloud: Cloud, client: Client) -> None:
    ids = frozenset(f"m-{i}" for i in range(1_001))
    sizes = []

    def respond(asked: Asked) -> web.Response:
        sizes.append(len(orjson.loads(asked.body)))
        return bulk_of(set(ids))(asked)

    cloud.at("POST", BULK, respond)
    assert (await client.lookup.find(CONVERSATION, ids)).keys() == ids
    assert sizes == [1_000, 1]


async def test_a_bare_conversation_costs_its_own_call_and_one_bulk(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", WHOLE, payload("conversation"))
    cloud.at("POST", BULK, payload("bulk"))
    found = await listed(client)
    expected = replace(CLAIM_FORM, communication_id=LISTED.communication_id)
    assert found[MESSAGE].attachments == (expected,)
    assert cloud.calls == {f"GET {WHOLE}": 1, f"POST {BULK}": 1}


async def test_only_messages_that_may_carry_files_are_read(cloud: Cloud, client: Client) -> None:
    entries = [
        {"messageId": "m-text", "messageMetadata": {"type": "Text", "content": [{"contentType": "Text"}]}},
        {"messageId": "m-receipt", "messageMetadata": {"type": "Receipt"}},
        {"messageId": "m-file", "messageMetadata": {"content": [{"contentType": "Attachment", "subType": "File"}]}},
        {"messageId": "m-media", "media": [{"id": "a-m-media"}]},
        {"messageId": "m-silent"},
    ]
    cloud.at("GET", WHOLE, {"participants": [{"messages": [{"messages": entries}]}]})
    cloud.at("POST", BULK, bulk_of({"m-file", "m-media", "m-silent"}))
    await listed(client)
    assert orjson.loads(cloud.asked[1].body) == ["m-file", "m-media", "m-silent"]


async def test_only_messages_that_are_wanted_are_read(cloud: Cloud, client: Client) -> None:
    entries = [{"messageId": id_, "media": [{"id": f"a-{id_}"}]} for id_ in ("m-1", "m-2", "m-3")]
    cloud.at("GET", WHOLE, {"participants": [{"messages": [{"messages": entries}]}]})
    cloud.at("POST", BULK, bulk_of({"m-1", "m-2", "m-3"}))
    found = await client.lookup.find_listed(CONVERSATION, lambda message: message.message_id == "m-2")
    assert [message.message_id for message in found] == ["m-2"]
    assert orjson.loads(cloud.asked[1].body) == ["m-2"]
    assert await client.lookup.find_listed(CONVERSATION, lambda message: False) == []
    assert cloud.calls == {f"GET {WHOLE}": 2, f"POST {BULK}": 1}


async def test_a_listed_message_without_an_id_is_not_asked_about(cloud: Cloud, client: Client) -> None:
    entries = [{"messageId": "a/b", "media": [{"id": "a"}]}, {"messageId": "m-1", "media": [{"id": "b"}]}]
    cloud.at("GET", WHOLE, {"participants": [{"messages": [{"messages": entries}]}]})
    cloud.at("POST", BULK, bulk_of({"m-1"}))
    assert (await listed(client)).keys() == {"", "m-1"}
    assert orjson.loads(cloud.asked[1].body) == ["m-1"]


async def test_what_the_conversation_lists_of_a_removed_message_is_removed(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", WHOLE, payload("conversation"))
    cloud.at("POST", BULK, {"entities": [{"id": MESSAGE, "direction": "inbound", "status": "removed"}]})
    assert (await listed(client))[MESSAGE].attachments == (replace(LISTED, removed=True),)


async def test_a_conversation_without_files_costs_no_bulk_call(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", WHOLE, {"participants": [{"messages": [{"id": "c", "messages": []}]}]})
    assert await listed(client) == {}
    assert cloud.calls == {f"GET {WHOLE}": 1}


@pytest.mark.parametrize("entities", [[], [{"id": MESSAGE, "direction": "inbound", "textBody": "words"}]])
async def test_what_only_the_conversation_knows_is_kept(
    cloud: Cloud, client: Client, entities: list[dict[str, Any]]
) -> None:
    cloud.at("GET", WHOLE, payload("conversation"))
    cloud.at("POST", BULK, {"entities": entities})
    assert (await listed(client))[MESSAGE].attachments == (LISTED,)


async def test_a_tutorials_answer_is_taken_as_it_is(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", WHOLE, payload("tutorial"))
    found = await listed(client)
    assert found["m-1"].attachments == (TUTORIAL,)
    assert cloud.calls == {f"GET {WHOLE}": 1}


async def test_an_unknown_conversation_is_not_there_yet(client: Client) -> None:
    with pytest.raises(NotYet):
        await listed(client)


async def test_an_answer_of_a_wrong_shape_is_no_answer(cloud: Cloud, client: Client) -> None:
    for odd_one in ({"participants": "none"}, {"participants": [5]}, {"id": CONVERSATION, "participants": [5]}):
        cloud.at("GET", WHOLE, odd_one)
        with pytest.raises(Unavailable) as raised:
            await listed(client)
        assert not isinstance(raised.value, NotYet)
    odd = [5, {"id": 5, "media": [{"id": "a"}]}, {"media": [{"id": "a"}]}, {"id": "m-1", "normalizedMessage": []}]
    cloud.at("POST", BULK, {"entities": [*odd, message("m-2")]})
    assert (await client.lookup.find(CONVERSATION, frozenset({"m-1", "m-2"}))).keys() == {"m-2"}


@pytest.mark.parametrize(
    ("named", "conversation"),
    [
        ({"conversationId": "another"}, "another"),
        ({"conversationId": CONVERSATION.upper()}, CONVERSATION),
        ({"conversationId": None}, CONVERSATION),
        ({"conversationId": "no id"}, CONVERSATION),
        ({"conversationId": 7}, CONVERSATION),
        ({}, CONVERSATION),
    ],
)
async def test_whose_a_message_is_says_the_answer_and_if_it_says_nothing_the_question(
    cloud: Cloud, client: Client, named: dict[str, object], conversation: str
) -> None:
    raw = {name: value for name, value in message("m-1").items() if name != "conversationId"} | named
    cloud.at("POST", BULK, {"entities": [raw]})
    found = (await client.lookup.find(CONVERSATION, frozenset({"m-1"})))["m-1"]
    assert {found.conversation_id, found.attachments[0].conversation_id} == {conversation}


async def test_a_bare_message_tells_its_conversation(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", f"/api/v2/conversations/messages/{MESSAGE}/details", payload("message-data"))
    assert await client.lookup.conversation_of(MESSAGE) == CONVERSATION
    with pytest.raises(NotYet):
        await client.lookup.conversation_of("unknown")


# ---- who shares them


class Held:
    """A bulk endpoint that answers when it is told to."""

    def __init__(self) -> None:
        self.began = [anyio.Event() for _ in range(5)]
        self.answer = [anyio.Event() for _ in range(5)]
        self.ids: list[list[str]] = []

    async def __call__(self, asked: Asked) -> web.Response:
        number = len(self.ids)
        self.ids.append(orjson.loads(asked.body))
        self.began[number].set()
        await self.answer[number].wait()
        return json({"entities": [message(id_) for id_ in self.ids[number]]})


async def test_who_asks_while_a_call_runs_shares_the_next_one(cloud: Cloud, client: Client) -> None:
    held = Held()
    cloud.at("POST", BULK, held)
    answers: dict[str, set[str]] = {}

    async def ask(*ids: str) -> None:
        answers["+".join(ids)] = set(await client.lookup.find(CONVERSATION, frozenset(ids)))

    async with anyio.create_task_group() as tg:
        tg.start_soon(ask, "m-1")
        await held.began[0].wait()
        for late in ("m-1", "m-2"), ("m-3",), ("m-4",):
            tg.start_soon(ask, *late)
        await anyio.wait_all_tasks_blocked()
        held.answer[0].set()
        await held.began[1].wait()
        held.answer[1].set()
    assert held.ids == [["m-1"], ["m-1", "m-2", "m-3", "m-4"]]
    assert answers == {"m-1": {"m-1"}, "m-1+m-2": {"m-1", "m-2"}, "m-3": {"m-3"}, "m-4": {"m-4"}}


async def test_who_asks_while_a_call_waits_for_its_turn_is_in_it(cloud: Cloud, client: Client) -> None:
    cloud.at("POST", BULK, bulk_of({"m-1", "m-2"}))
    await client.login.token()
    first = await client.limiter._line.take("another")
    async with anyio.create_task_group() as tg:
        tg.start_soon(client.lookup.find, CONVERSATION, frozenset({"m-1"}))
        await anyio.wait_all_tasks_blocked()
        tg.start_soon(client.lookup.find, CONVERSATION, frozenset({"m-2"}))
        await anyio.wait_all_tasks_blocked()
        client.limiter._line.give_back(first, 0.0)
    assert [orjson.loads(asked.body) for asked in cloud.asked] == [["m-1", "m-2"]]


async def test_when_the_one_who_asks_for_all_is_cancelled_the_next_one_asks(cloud: Cloud, client: Client) -> None:
    held = Held()
    cloud.at("POST", BULK, held)
    answers: list[set[str]] = []

    async def ask() -> None:
        answers.append(set(await client.lookup.find(CONVERSATION, frozenset({"m-1"}))))

    async with anyio.create_task_group() as tg:
        with anyio.CancelScope() as leaving:
            async with anyio.create_task_group() as leaders:
                leaders.start_soon(ask)
                tg.start_soon(ask)
                await held.began[0].wait()
                leaving.cancel()
        held.answer[1].set()
        await held.began[1].wait()
    assert answers == [{"m-1"}]


async def test_a_failed_call_fails_all_who_shared_it_and_nobody_else(cloud: Cloud, client: Client) -> None:
    failures: list[str] = []

    async def ask() -> None:
        try:
            await listed(client)
        except NotYet as failure:
            failures.append(failure.detail)

    async with anyio.create_task_group() as tg:
        for _ in range(3):
            tg.start_soon(ask)
    assert len(failures) == 3
    assert cloud.calls == {f"GET {WHOLE}": 1}
    cloud.at("GET", WHOLE, payload("tutorial"))
    assert await listed(client)


async def test_nothing_is_kept_of_conversations_that_nobody_asks_about(cloud: Cloud, client: Client) -> None:
    cloud.at("POST", BULK, bulk_of({"m-1"}))
    await client.lookup.find(CONVERSATION, frozenset({"m-1"}))
    assert not client.lookup._messages._shelves


# ---- where a file is

LINK = "/api/v2/downloads/30c5bf36123e95ee"
SIGNED = "https://api-downloads.mypurecloud.com/path/object?Expires=1&Signature=abc&Key-Pair-Id=K"
FILE = replace(CLAIM_FORM, announced_at=OLD, url=f"https://api-downloads.mypurecloud.com{LINK}")
YOUNG_FILE = replace(FILE, message_time=OLD - timedelta(minutes=4))


@pytest.mark.parametrize(
    "url",
    [
        f"https://api-downloads.mypurecloud.com{LINK}",
        f"https://API.mypurecloud.com:443{LINK}?contentDisposition=attachment",
        f"https://apps.mypurecloud.com/platform{LINK}",
        "{api}" + LINK,
    ],
)
async def test_a_bearer_link_is_resolved_on_our_api_with_the_token(cloud: Cloud, client: Client, url: str) -> None:
    cloud.at("GET", LINK, {"url": SIGNED})
    assert await client.lookup.locate(replace(FILE, url=url.replace("{api}", cloud.url))) == SIGNED
    (asked,) = cloud.asked
    assert asked.token == "Bearer token-1"
    assert asked.query == {"issueRedirect": "false", "redirectToAuth": "false"}


async def test_a_redirect_is_as_good_as_json(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", LINK, lambda asked: web.Response(status=303, headers={"location": SIGNED}))
    assert await client.lookup.locate(FILE) == SIGNED


@pytest.mark.parametrize(
    "url",
    [
        SIGNED,
        f"https://api-downloads.mypurecloud.com{LINK}?Expires=1&Signature=abc&Key-Pair-Id=K",
        f"https://evil.invalid{LINK}",
        f"https://evil-mypurecloud.com{LINK}",
        f"https://api.mypurecloud.com.evil.invalid{LINK}",
        f"https://api.mypurecloud.com@evil.invalid{LINK}",
        f"https://u:p@api.mypurecloud.com{LINK}",
        f"http://api.mypurecloud.com{LINK}",
        f"https://api.mypurecloud.com:8443{LINK}",
        "https://api.mypurecloud.com/api/v2/downloads/..",
        "https://[::1",
    ],
)
async def test_every_other_url_is_left_as_it_is(cloud: Cloud, client: Client, url: str) -> None:
    assert await client.lookup.locate(replace(FILE, url=url)) == url
    assert not cloud.asked
    assert not cloud.logins


async def test_the_token_goes_nowhere_else(client: Client) -> None:
    async with serving(Cloud()) as other:
        url = f"{other.url}{LINK}"
        assert await client.lookup.locate(replace(FILE, url=url)) == url
        assert not other.asked


async def test_a_missing_file_of_an_old_message_is_gone_once_that_was_said_a_few_times(client: Client) -> None:
    with pytest.raises(NotYet) as raised:
        await client.lookup.locate(FILE)
    assert (raised.value.final, raised.value.enough) == (Reason.NO_LONGER_AVAILABLE, 3)


@pytest.mark.parametrize("file", [YOUNG_FILE, replace(FILE, message_time=None)], ids=["young", "nobody knows"])
async def test_a_missing_file_of_a_young_message_may_still_come(client: Client, file: Attachment) -> None:
    with pytest.raises(NotYet) as raised:
        await client.lookup.locate(file)
    assert raised.value.final is Reason.NO_LONGER_AVAILABLE


@pytest.mark.parametrize(
    "respond",
    [
        lambda asked: web.Response(status=302, headers={"location": "https://login.mypurecloud.com/#/x"}),
        lambda asked: web.Response(status=302, headers={"location": "/login"}),
    ],
)
async def test_a_redirect_to_the_login_page_is_the_refusal_of_a_token(
    cloud: Cloud, client: Client, respond: Any
) -> None:
    cloud.at("GET", LINK, respond)
    with pytest.raises(Refused) as raised:
        await client.lookup.locate(FILE)
    assert raised.value.dependency is Dependency.LOGIN
    assert [asked.token for asked in cloud.asked] == ["Bearer token-1", "Bearer token-2"], "a new token is tried once"


@pytest.mark.parametrize(
    "respond",
    [
        lambda asked: web.Response(text="<html>log in", content_type="text/html"),
        lambda asked: web.Response(status=302, headers={"location": "https://portal.example/?from=api"}),
        lambda asked: json({"url": None}),
        lambda asked: json({}),
        lambda asked: json({"url": ""}),
        lambda asked: json({"url": "/login?from=api"}),
        lambda asked: json({"url": "portal.example/x?Signature=s"}),
        lambda asked: json({"url": "//portal.example/x?Signature=s"}),
        lambda asked: json({"url": "ftp://portal.example/x?Signature=s"}),
        lambda asked: json({"url": "https:///x?Signature=s"}),
        lambda asked: web.Response(status=302, headers={"location": "/o/1?Signature=s"}),
        lambda asked: web.Response(status=302, headers={"location": "ftp://portal.example/x?Signature=s"}),
    ],
)
async def test_what_leads_nowhere_is_no_answer_about_the_file(cloud: Cloud, client: Client, respond: Any) -> None:
    cloud.at("GET", LINK, respond)
    with pytest.raises(Unavailable) as raised:
        await client.lookup.locate(FILE)
    assert not isinstance(raised.value, NotYet)


async def test_what_genesys_gave_up_is_a_verdict_without_a_call(cloud: Cloud, client: Client) -> None:
    assert await client.lookup.locate(replace(FILE, removed=True)) is Reason.REMOVED
    assert await client.lookup.locate(replace(FILE, status=MediaStatus.INVALID)) is Reason.UPLOAD_FAILED
    assert not cloud.asked


WAITING = Attachment(
    CONVERSATION, MESSAGE, "a-1", "id:a-1", communication_id="c-1", direction=Direction.INBOUND, shape=Shape.EVENT
)
MEDIA = f"/api/v2/conversations/messages/{CONVERSATION}/communications/c-1/messages/media/a-1"


async def test_an_upload_is_asked_for_until_it_is_finished(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", MEDIA, {"id": "a-1", "status": "uploading", "uploadUrl": "https://x.invalid/"})
    with pytest.raises(NotYet) as raised:
        await client.lookup.locate(WAITING)
    assert raised.value.final is None
    cloud.at("GET", MEDIA, {"id": "a-1", "status": "valid", "url": SIGNED})
    assert await client.lookup.locate(WAITING) == SIGNED
    cloud.at("GET", MEDIA, {"id": "a-1", "status": "invalid"})
    assert await client.lookup.locate(WAITING) is Reason.UPLOAD_FAILED
    assert cloud.calls == {f"GET {MEDIA}": 3}


async def test_an_upload_of_an_unknown_communication_is_asked_for_by_its_message(cloud: Cloud, client: Client) -> None:
    waiting = replace(WAITING, communication_id=None, attachment_id="a-m-1", key="id:a-m-1", message_id="m-1")
    cloud.at("POST", BULK, {"entities": []})
    with pytest.raises(NotYet):
        await client.lookup.locate(waiting)
    cloud.at("POST", BULK, bulk_of({"m-1"}))
    assert await client.lookup.locate(waiting) == "https://x.invalid/m-1"
    cloud.at("POST", BULK, {"entities": [{"id": "m-1", "status": "removed"}]})
    assert await client.lookup.locate(waiting) is Reason.REMOVED


async def test_the_link_of_a_finished_upload_is_resolved_too(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", MEDIA, {"id": "a-1", "status": "valid", "url": f"https://api.mypurecloud.com{LINK}"})
    cloud.at("GET", LINK, {"url": SIGNED})
    assert await client.lookup.locate(WAITING) == SIGNED


async def test_an_expired_signed_link_is_asked_for_anew(cloud: Cloud, client: Client) -> None:
    expired = replace(TUTORIAL, url="https://files.example.invalid/a-1?sig=old")
    assert await client.lookup.locate(expired) == expired.url
    cloud.at("GET", WHOLE, payload("tutorial"))
    assert await client.lookup.locate(expired, again=True) == TUTORIAL.url
    assert cloud.calls == {f"GET {WHOLE}": 1}


async def test_an_expired_bearer_link_costs_one_more_resolve_only(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", LINK, {"url": SIGNED})
    assert await client.lookup.locate(FILE, again=True) == SIGNED
    assert cloud.calls == {f"GET {LINK}": 1}


async def test_a_forbidden_download_is_that_files_own_trouble(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", LINK, lambda asked: json(payload("error-403"), 403))
    with pytest.raises(NotJudged) as raised:
        await client.lookup.locate(FILE)
    assert raised.value.reason is DeadReason.FORBIDDEN


async def test_a_missing_permission_is_named(cloud: Cloud, client: Client) -> None:
    nil = "00000000-0000-0000-0000-000000000000"
    cloud.at("POST", BULK, lambda asked: json(payload("error-403"), 403))
    cloud.at("POST", f"/api/v2/conversations/messages/{nil}/messages/bulk", lambda a: json(payload("error-403"), 403))
    with pytest.raises(Refused, match="conversation:message:view, conversation:webmessaging:view"):
        await client.lookup.find(CONVERSATION, frozenset({"m-1"}))


# ---- rules without calls

PATTERNS = ("*.customer.end", "*.acd.end")


@pytest.mark.parametrize(
    ("topic", "wanted"),
    [
        ("v2.detail.events.conversation.x.customer.end", True),
        ("v2.detail.events.conversation.{id}.acd.end", True),
        ("v2.detail.events.conversation.x.customer.start", False),
        ("v2.conversations.x.transcription", False),
        (None, True),
    ],
)
def test_bare_events_cause_a_look_by_their_topic(topic: str | None, wanted: bool) -> None:
    assert wants_lookup(Event(CONVERSATION, topic_name=topic), PATTERNS) is wanted
    assert wants_lookup(Event(CONVERSATION, (Message(CONVERSATION, MESSAGE),), topic_name=topic), PATTERNS)


def test_event_media_is_complete_when_the_api_could_add_nothing() -> None:
    whole = Message(CONVERSATION, MESSAGE, (CLAIM_FORM,), direction=Direction.INBOUND)
    assert is_complete(whole)
    for lacking in (
        {"attachment_id": None},
        {"url": None},
        {"name": None},
        {"declared_type": None},
        {"declared_size": None},
        {"status": MediaStatus.UPLOADING},
    ):
        assert not is_complete(replace(whole, attachments=(replace(CLAIM_FORM, **lacking),)))
    assert not is_complete(replace(whole, attachments=()))
    assert is_complete(replace(whole, announced=1))
    assert not is_complete(replace(whole, announced=2)), "its metadata counts one more than it describes"
    assert not is_complete(replace(whole, direction=Direction.UNKNOWN))

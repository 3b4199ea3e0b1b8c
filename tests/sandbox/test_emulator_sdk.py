"""The official SDK is the judge of the emulator: it logs in and reads everything with its own models, no field lost."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import anyio.to_thread
import pytest

from consumer.sandbox.emulator import Emulator
from consumer.sandbox.world import World
from tests.official_sdk import sdk
from tests.sandbox.worlds import COMMUNICATION, CONVERSATION, MESSAGE, file_of, talk_with

TIMES = ("time", "timestamp", "startTime", "messageTime", "conversationStart", "conversationEnd", "segmentStart")
MESSAGES = f"/api/v2/conversations/messages/{CONVERSATION}"


@pytest.fixture
def world() -> World:
    return World([talk_with(file_of("genuine_with_hash"), file_of("generic_type"))])


def logged_in(emulator: Emulator) -> Any:
    sdk.configuration.host = emulator.api_url
    client = sdk.api_client.ApiClient(emulator.api_url)
    return client.get_client_credentials_token("sandbox", "sandbox-secret")


async def with_sdk(world: World, ask: Callable[[Any], Any], path: str, body: bytes | None = None) -> tuple[Any, Any]:
    """What the SDK's model holds, written back to JSON by the SDK; and what the emulator sends to anyone."""

    def both(url: str) -> tuple[Any, Any]:
        client = logged_in(emulator)
        model = ask(client)
        headers = {"Authorization": f"Bearer {client.access_token}"}
        request = urllib.request.Request(url + path, body, headers)
        with urllib.request.urlopen(request) as answer:
            return client.sanitize_for_serialization(model), json.load(answer)

    async with Emulator(world) as emulator:
        return await anyio.to_thread.run_sync(both, emulator.api_url)


def same(read: Any, sent: Any, path: str = "") -> None:
    """Equal, but for the notation of times."""
    if isinstance(sent, dict):
        assert read.keys() == sent.keys(), path
        for name in sent:
            same(read[name], sent[name], f"{path}.{name}")
    elif isinstance(sent, list):
        assert len(read) == len(sent), path
        for number, (one, other) in enumerate(zip(read, sent, strict=True)):
            same(one, other, f"{path}[{number}]")
    elif path.rpartition(".")[2] in TIMES:
        assert datetime.fromisoformat(read) == datetime.fromisoformat(sent), path
    else:
        assert read == sent, path


async def test_conversation(world: World) -> None:
    read, sent = await with_sdk(
        world,
        lambda client: sdk.ConversationsApi(client).get_conversation(CONVERSATION),
        f"/api/v2/conversations/{CONVERSATION}",
    )
    same(read, sent)
    assert len(read["participants"][0]["messages"][0]["messages"][0]["media"]) == 2


async def test_message_conversation(world: World) -> None:
    read, sent = await with_sdk(
        world, lambda client: sdk.ConversationsApi(client).get_conversations_message(CONVERSATION), MESSAGES
    )
    same(read, sent)


async def test_message(world: World) -> None:
    read, sent = await with_sdk(
        world,
        lambda client: sdk.ConversationsApi(client).get_conversations_message_message(CONVERSATION, MESSAGE),
        f"{MESSAGES}/messages/{MESSAGE}",
    )
    same(read, sent)
    assert len(read["normalizedMessage"]["content"]) == 2


async def test_details_of_a_bare_message_id(world: World) -> None:
    read, sent = await with_sdk(
        world,
        lambda client: sdk.ConversationsApi(client).get_conversations_message_details(MESSAGE),
        f"/api/v2/conversations/messages/{MESSAGE}/details",
    )
    same(read, sent)
    assert read["conversationId"] == CONVERSATION


async def test_bulk(world: World) -> None:
    read, sent = await with_sdk(
        world,
        lambda client: sdk.ConversationsApi(client).post_conversations_message_messages_bulk(
            CONVERSATION, body=[MESSAGE]
        ),
        f"{MESSAGES}/messages/bulk",
        json.dumps([MESSAGE]).encode(),
    )
    same(read, sent)
    assert len(read["entities"]) == 1


async def test_media_and_their_list(world: World) -> None:
    media = world.conversations[CONVERSATION].messages[0].files[0].attachment_id
    base = f"{MESSAGES}/communications/{COMMUNICATION}/messages/media"
    read, sent = await with_sdk(
        world,
        lambda client: sdk.ConversationsApi(client).get_conversations_message_communication_messages_media_media_id(
            CONVERSATION, COMMUNICATION, media
        ),
        f"{base}/{media}",
    )
    same(read, sent)
    assert read["status"] == "valid"
    read, sent = await with_sdk(
        world,
        lambda client: sdk.ConversationsApi(client).get_conversations_message_communication_messages_media(
            CONVERSATION, COMMUNICATION
        ),
        base,
    )
    same(read, sent)
    assert read["total"] == 2


async def test_the_analytics_query_about_conversations() -> None:
    world = World([replace(talk_with(file_of("genuine_with_hash")), ended_s=60.0)])
    began, now = world.now - timedelta(days=1), world.now + timedelta(hours=1)
    query = sdk.ConversationQuery()
    query.interval = f"{began:%Y-%m-%dT%H:%M:%S}Z/{now:%Y-%m-%dT%H:%M:%S}Z"
    query.order, query.order_by = "asc", "conversationStart"
    query.paging = sdk.PagingSpec()
    query.paging.page_size, query.paging.page_number = 100, 1
    predicate, chosen = sdk.SegmentDetailQueryPredicate(), sdk.SegmentDetailQueryFilter()
    predicate.type, predicate.dimension, predicate.operator = "dimension", "mediaType", "matches"
    predicate.value = "message"
    chosen.type, chosen.predicates = "and", [predicate]
    query.segment_filters = [chosen]
    body = sdk.api_client.ApiClient("http://nowhere").sanitize_for_serialization(query)
    read, sent = await with_sdk(
        world,
        lambda client: sdk.AnalyticsApi(client).post_analytics_conversations_details_query(query),
        "/api/v2/analytics/conversations/details/query",
        json.dumps(body).encode(),
    )
    same(read, sent)
    assert [talk["conversationId"] for talk in read["conversations"]] == [CONVERSATION]
    assert read["totalHits"] == 1


async def test_token_and_organization(world: World) -> None:
    read, sent = await with_sdk(world, lambda client: sdk.TokensApi(client).get_tokens_me(), "/api/v2/tokens/me")
    same(read, sent)
    read, sent = await with_sdk(
        world, lambda client: sdk.OrganizationApi(client).get_organizations_me(), "/api/v2/organizations/me"
    )
    same(read, sent)


async def test_the_sdk_finds_the_address_of_a_download(world: World) -> None:
    download = world.conversations[CONVERSATION].messages[0].files[0].download_id

    def ask(url: str) -> Any:
        client = logged_in(emulator)
        return sdk.DownloadsApi(client).get_download(download, issue_redirect=False, redirect_to_auth=False)

    async with Emulator(world) as emulator:
        answer = await anyio.to_thread.run_sync(ask, emulator.api_url)
        assert answer.url.startswith(f"{emulator.files_url}/attachments/{download}?")


async def test_a_refusal_reaches_the_sdk_as_its_own_exception(world: World) -> None:
    def ask(url: str) -> Any:
        with pytest.raises(sdk.rest.ApiException) as refused:
            sdk.ConversationsApi(logged_in(emulator)).get_conversation("00000000-0000-0000-0000-000000000000")
        return refused.value.status

    async with Emulator(world) as emulator:
        assert await anyio.to_thread.run_sync(ask, emulator.api_url) == 404

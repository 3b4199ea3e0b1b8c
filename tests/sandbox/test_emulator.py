"""The emulator answers as Genesys does: hosts, bodies, headers, errors, links, limits."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from consumer.sandbox.emulator import Emulator, Endpoint
from consumer.sandbox.world import ORGANIZATION_ID, SentFile, World
from tests.sandbox.worlds import (
    AGENT,
    COMMUNICATION,
    CONVERSATION,
    CUSTOMER,
    MESSAGE,
    file_of,
    legacy,
    talk_with,
    world_with,
)

TALKS = "/api/v2/conversations"
MESSAGES = f"{TALKS}/messages/{CONVERSATION}"


class Clock:
    def __init__(self) -> None:
        self.moment = time.time()

    def __call__(self) -> float:
        return self.moment


@asynccontextmanager
async def client_of(world: World, **options: Any) -> AsyncIterator[tuple[Emulator, httpx.AsyncClient]]:
    """An emulator, and a client that has logged in and follows no redirect."""
    async with Emulator(world, **options) as emulator, httpx.AsyncClient(base_url=emulator.api_url) as http:
        answer = await login(emulator, http)
        http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield emulator, http


async def login(emulator: Emulator, http: httpx.AsyncClient, secret: str = "sandbox-secret") -> httpx.Response:
    form = {"grant_type": "client_credentials"}
    return await http.post(f"{emulator.login_url}/oauth/token", data=form, auth=("sandbox", secret))


async def control(http: httpx.AsyncClient, **switches: Any) -> dict[str, Any]:
    answer = await http.post("/_control", json=switches)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


async def signed_link(http: httpx.AsyncClient, file: SentFile) -> str:
    answer = await http.get(f"/api/v2/downloads/{file.download_id}", params={"issueRedirect": "false"})
    assert answer.status_code == 200, answer.text
    url: str = answer.json()["url"]
    return url


async def fetch(url: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        return await http.get(url, headers=headers)


async def test_login_gives_a_bearer_token_with_its_lifetime() -> None:
    async with Emulator(world_with("genuine")) as emulator, httpx.AsyncClient() as http:
        answer = await login(emulator, http)
    assert answer.status_code == 200
    assert {**answer.json(), "access_token": "?"} == {
        "access_token": "?",
        "token_type": "bearer",
        "expires_in": 86_399,
    }


@pytest.mark.parametrize(
    ("client_id", "secret", "said"),
    [("nobody", "sandbox-secret", "client not found"), ("sandbox", "wrong", "authentication failed")],
)
async def test_wrong_credentials_are_refused_in_the_login_host_s_own_shape(
    client_id: str, secret: str, said: str
) -> None:
    async with Emulator(world_with("genuine")) as emulator, httpx.AsyncClient() as http:
        form = {"grant_type": "client_credentials"}
        answer = await http.post(f"{emulator.login_url}/oauth/token", data=form, auth=(client_id, secret))
    assert answer.status_code == 401
    assert answer.json() == {"error": "invalid_client", "description": said, "error_description": said}


async def test_credentials_in_the_form_are_not_enough() -> None:
    async with Emulator(world_with("genuine")) as emulator, httpx.AsyncClient() as http:
        form = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox-secret"}
        answer = await http.post(f"{emulator.login_url}/oauth/token", data=form)
    assert answer.status_code == 401


async def test_the_api_wants_a_token_that_it_knows_and_that_has_not_ended() -> None:
    clock = Clock()
    async with client_of(world_with("genuine"), now=clock) as (_, http):
        clock.moment += 86_400
        expired = await http.get(f"{TALKS}/{CONVERSATION}")
        unknown = await http.get(f"{TALKS}/{CONVERSATION}", headers={"Authorization": "Bearer nonsense"})
        none = await http.get(f"{TALKS}/{CONVERSATION}", headers={"Authorization": ""})
    assert [one.status_code for one in (expired, unknown, none)] == [401, 401, 401]
    codes = [one.json()["code"] for one in (expired, unknown, none)]
    assert codes == ["credentials.expired", "bad.credentials", "authentication.required"]


async def test_each_endpoint_gives_the_attachment_in_its_own_place() -> None:
    file = file_of("genuine_with_hash")
    async with client_of(World([legacy(talk_with(file))])) as (_, http):
        a = (await http.get(f"{TALKS}/{CONVERSATION}")).json()
        b = (await http.get(MESSAGES)).json()
        c = (await http.get(f"{MESSAGES}/messages/{MESSAGE}")).json()
        d = (await http.get(f"{TALKS}/messages/{MESSAGE}/details")).json()
        e = (await http.post(f"{MESSAGES}/messages/bulk", json=[MESSAGE, "0000aaaa"])).json()
    old = {
        "id": file.attachment_id,
        "url": file.link,
        "mediaType": file.mime,
        "contentLengthBytes": len(file.body),
        "name": file.name,
    }
    new = {
        "id": file.attachment_id,
        "mediaType": file.kind.value,
        "url": file.link,
        "mime": file.mime,
        "filename": file.name,
        "sha256": hashlib.sha256(file.body).hexdigest(),
        "contentSizeBytes": len(file.body),
    }
    assert a["participants"][0]["messages"][0]["messages"][0]["media"] == [old]
    assert a["participants"][0]["messages"][0]["id"] == COMMUNICATION
    assert b["participants"][0]["messages"][0]["media"] == [old]
    assert c["normalizedMessage"]["content"] == [{"contentType": "Attachment", "attachment": new}]
    assert c["media"] == [old]
    assert d == c
    assert e == {"entities": [c]}


async def test_new_contracts_have_no_legacy_media() -> None:
    async with client_of(world_with("genuine")) as (_, http):
        answer = (await http.get(f"{MESSAGES}/messages/{MESSAGE}")).json()
    assert answer.keys().isdisjoint({"media", "textBody"})


async def test_bulk_takes_a_thousand_ids_and_not_one_more() -> None:
    async with client_of(world_with("genuine")) as (_, http):
        most = await http.post(f"{MESSAGES}/messages/bulk", json=[MESSAGE] * 1_000)
        more = await http.post(f"{MESSAGES}/messages/bulk", json=[MESSAGE] * 1_001)
        wrong = await http.post(f"{MESSAGES}/messages/bulk", json={"ids": [MESSAGE]})
    assert (most.status_code, more.status_code, wrong.status_code) == (200, 400, 400)


@pytest.mark.parametrize(
    "path",
    [
        f"{TALKS}/00000000-0000-0000-0000-000000000000",
        f"{MESSAGES}/messages/0000aaaa",
        f"{TALKS}/messages/0000aaaa/details",
        f"{MESSAGES}/communications/{COMMUNICATION}/messages/media/none",
        f"{MESSAGES}/communications/other/messages/media/none",
        "/api/v2/downloads/0000000000000000",
        "/api/v2/conversations/messages/attachments/none/such",
    ],
)
async def test_what_is_not_known_is_a_404_with_genesys_s_body(path: str) -> None:
    async with client_of(world_with("genuine")) as (_, http):
        answer = await http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not.found")
    assert answer.json()["contextId"]


async def test_a_forbidden_conversation_is_a_403_everywhere() -> None:
    talk = replace(talk_with(file_of("genuine")), readable=False)
    async with client_of(World([talk])) as (_, http):
        answers = [
            await http.get(f"{TALKS}/{CONVERSATION}"),
            await http.get(MESSAGES),
            await http.get(f"{MESSAGES}/messages/{MESSAGE}"),
            await http.get(f"{TALKS}/messages/{MESSAGE}/details"),
            await http.post(f"{MESSAGES}/messages/bulk", json=[MESSAGE]),
        ]
    assert {(one.status_code, one.json()["code"]) for one in answers} == {(403, "not.authorized")}


async def test_a_missing_permission_is_named() -> None:
    async with client_of(world_with("genuine")) as (_, http):
        await control(http, permissions=["conversation:communication:view"])
        allowed = await http.get(f"{TALKS}/{CONVERSATION}")
        refused = await http.post(f"{MESSAGES}/messages/bulk", json=[MESSAGE])
    assert allowed.status_code == 200
    assert (refused.status_code, refused.json()["code"]) == (403, "missing.any.permissions")
    assert "[conversation:message:view, conversation:webmessaging:view]" in refused.json()["message"]


async def test_who_we_are_is_told_by_token_and_organization() -> None:
    async with client_of(world_with("genuine")) as (_, http):
        token = (await http.get("/api/v2/tokens/me")).json()
        organization = (await http.get("/api/v2/organizations/me")).json()
    assert token["organization"]["id"] == token["homeOrganization"]["id"] == organization["id"] == ORGANIZATION_ID


async def test_an_upload_becomes_valid_after_as_many_questions_as_planned() -> None:
    file = file_of("upload_in_progress")
    path = f"{MESSAGES}/communications/{COMMUNICATION}/messages/media/{file.attachment_id}"
    async with client_of(World([talk_with(file)])) as (_, http):
        answers = [(await http.get(path)).json() for _ in range(3)]
        message = (await http.get(f"{MESSAGES}/messages/{MESSAGE}")).json()
    assert [one["status"] for one in answers] == ["uploading", "uploading", "valid"]
    assert "url" not in answers[0]
    assert answers[2]["url"] == file.link
    assert message["normalizedMessage"]["content"][0]["attachment"]["url"] == file.link


async def test_a_failed_upload_is_invalid_and_has_no_address() -> None:
    file = file_of("upload_failed")
    listed = f"{MESSAGES}/communications/{COMMUNICATION}/messages/media"
    async with client_of(World([talk_with(file, file_of("genuine"))])) as (_, http):
        one = (await http.get(f"{listed}/{file.attachment_id}")).json()
        invalid = (await http.get(listed, params={"status": "invalid", "pageSize": 5})).json()
    assert (one["status"], one.get("url")) == ("invalid", None)
    assert (invalid["total"], [entry["id"] for entry in invalid["entities"]]) == (1, [file.attachment_id])


async def test_a_download_link_redirects_or_names_the_signed_one() -> None:
    file = file_of("genuine")
    async with client_of(World([talk_with(file)])) as (emulator, http):
        redirect = await http.get(f"/api/v2/downloads/{file.download_id}")
        named = await signed_link(http, file)
        platform = await http.get(f"/platform/api/v2/downloads/{file.download_id}")
        delivered = await fetch(redirect.headers["location"])
    assert (redirect.status_code, platform.status_code) == (302, 302)
    assert named.startswith(f"{emulator.files_url}/attachments/")
    assert {"Expires", "Signature", "Key-Pair-Id", "response-content-disposition"} <= httpx.URL(named).params.keys()
    assert delivered.content == file.body
    assert delivered.headers["content-type"] == "binary/octet-stream"


async def test_without_a_token_a_download_link_leads_to_the_login_page_unless_told_not_to() -> None:
    file = file_of("genuine")
    async with Emulator(World([talk_with(file)])) as emulator:
        link = f"{emulator.api_url}/api/v2/downloads/{file.download_id}"
        async with httpx.AsyncClient(follow_redirects=True) as http:
            page = await http.get(link)
            error = await http.get(link, params={"redirectToAuth": "false"})
    assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (200, "text/html")
    assert (error.status_code, error.json()["code"]) == (401, "authentication.required")


async def test_a_signed_link_refuses_a_bearer_token() -> None:
    file = file_of("genuine")
    async with client_of(World([talk_with(file)])) as (_, http):
        link = await signed_link(http, file)
        refused = await fetch(link, Authorization=http.headers["Authorization"])
        delivered = await fetch(link)
    assert (refused.status_code, "AccessDenied" in refused.text) == (403, True)
    assert delivered.status_code == 200


@pytest.mark.parametrize("change", ["Expires=9999999999", "Signature=x", "Signature=\u00e9"])
async def test_a_signed_link_that_was_changed_is_refused(change: str) -> None:
    file = file_of("genuine")
    async with client_of(World([talk_with(file)])) as (_, http):
        link = httpx.URL(await signed_link(http, file))
        name, _, value = change.partition("=")
        refused = await fetch(str(link.copy_set_param(name, value)))
    assert refused.status_code == 403


@pytest.mark.parametrize(("case", "status"), [("genuine", 403), ("guest_link_expired", 404)])
async def test_a_signed_link_expires(case: str, status: int) -> None:
    clock, file = Clock(), file_of(case)
    async with client_of(World([talk_with(file)]), now=clock) as (_, http):
        links = [await signed_link(http, file) for _ in range(2)]
        before = await fetch(links[1])
        clock.moment += 601
        after = await fetch(links[1])
    assert (before.status_code, after.status_code) == (200, status)


async def test_a_fresh_link_can_be_expired_already_once() -> None:
    file = file_of("link_expired")
    async with client_of(World([talk_with(file)])) as (_, http):
        statuses = [(await fetch(await signed_link(http, file))).status_code for _ in range(2)]
    assert statuses == [403, 200]


@pytest.mark.parametrize(
    ("case", "statuses"),
    [
        ("gone", [404, 404, 404]),
        ("not_there_yet", [404, 404, 200]),
        ("link_unavailable_once", [500, 200, 200]),
        ("link_limited_once", [429, 200, 200]),
    ],
)
async def test_a_download_link_fails_as_often_as_planned(case: str, statuses: list[int]) -> None:
    file = file_of(case)
    async with client_of(World([talk_with(file)])) as (_, http):
        path, query = f"/api/v2/downloads/{file.download_id}", {"issueRedirect": "false"}
        answers = [await http.get(path, params=query) for _ in range(3)]
    assert [one.status_code for one in answers] == statuses
    assert all(("retry-after" in one.headers) == (one.status_code == 429) for one in answers)


async def test_a_body_is_cut_in_the_middle_once() -> None:
    file = file_of("cut_once")
    async with client_of(World([talk_with(file)])) as (_, http):
        with pytest.raises(httpx.RemoteProtocolError):
            await fetch(await signed_link(http, file))
        whole = await fetch(await signed_link(http, file))
    assert whole.content == file.body


async def test_a_body_without_length_is_chunked() -> None:
    file = file_of("size_not_declared")
    async with client_of(World([talk_with(file)])) as (_, http):
        delivered = await fetch(await signed_link(http, file))
        message = (await http.get(f"{MESSAGES}/messages/{MESSAGE}")).json()
    assert "content-length" not in delivered.headers
    assert delivered.content == file.body
    assert "contentSizeBytes" not in message["normalizedMessage"]["content"][0]["attachment"]


async def test_every_api_answer_tells_the_limit_and_one_too_many_is_a_429() -> None:
    clock = Clock()
    async with client_of(world_with("genuine"), now=clock) as (_, http):
        await control(http, limit_per_minute=2)
        answers = [await http.get(f"{TALKS}/{CONVERSATION}") for _ in range(3)]
        clock.moment += 61
        later = await http.get(f"{TALKS}/{CONVERSATION}")
    assert [one.status_code for one in (*answers, later)] == [200, 200, 429, 200]
    assert [one.headers["inin-ratelimit-count"] for one in (*answers, later)] == ["1", "2", "3", "1"]
    assert {one.headers["inin-ratelimit-allowed"] for one in answers} == {"2"}
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60
    assert answers[2].json()["limit"]["value"] == 2
    assert all(one.headers["inin-correlation-id"] for one in answers)


async def test_login_and_signed_links_are_not_limited() -> None:
    file = file_of("genuine")
    async with client_of(World([talk_with(file)])) as (emulator, http):
        link = await signed_link(http, file)
        await control(http, limit_per_minute=1)
        delivered = [await fetch(link) for _ in range(3)]
        logins = [await login(emulator, http) for _ in range(3)]
    assert {one.status_code for one in (*delivered, *logins)} == {200}


async def test_the_tutorial_s_shape_has_signed_links_at_once() -> None:
    file = file_of("genuine")
    talk = replace(talk_with(file), tutorial=True)
    async with client_of(World([talk])) as (_, http):
        body = (await http.get(f"{TALKS}/{CONVERSATION}")).json()
        attachment = body["messages"][0]["attachments"][0]
        delivered = await fetch(attachment["url"])
        bulk = (await http.post(f"{MESSAGES}/messages/bulk", json=[MESSAGE])).json()
    assert attachment.keys() == {"id", "name", "size", "contentType", "url"}
    assert delivered.content == file.body
    assert bulk == {"entities": []}


async def test_a_removed_message_says_so() -> None:
    talk = talk_with(file_of("genuine"))
    talk = replace(talk, messages=(replace(talk.messages[0], removed=True),))
    async with client_of(World([talk])) as (_, http):
        a = (await http.get(f"{TALKS}/{CONVERSATION}")).json()
        c = (await http.get(f"{MESSAGES}/messages/{MESSAGE}")).json()
    assert a["participants"][0]["messages"][0]["messages"][0]["messageStatus"] == c["status"] == "removed"


async def test_what_is_sent_to_the_customer_is_recorded() -> None:
    text = {
        "fromAddress": "d",
        "toAddressMessengerType": "webmessaging",
        "externalContactId": "7bd8e7a2",
        "textBody": "We could not accept claim-form.pdf.",
        "useExistingActiveConversation": True,
    }
    async with client_of(world_with("genuine")) as (_, http):
        taken = await http.post(f"{TALKS}/messages/agentless", json=text)
        nobody = await http.post(f"{TALKS}/messages/agentless", json={**text, "externalContactId": None})
        attributes = {"attributes": {"attachment.verdict": "rejected"}}
        path = f"{TALKS}/{CONVERSATION}/participants/{{}}/attributes"
        changed = await http.patch(path.format(CUSTOMER), json=attributes)
        stranger = await http.patch(path.format("nobody"), json=attributes)
        report = await control(http)
    assert [one.status_code for one in (taken, nobody, changed, stranger)] == [202, 400, 200, 404]
    assert report["sent"] == [text]
    assert report["attributes"] == [{"conversation": CONVERSATION, "participant": CUSTOMER, **attributes}]


@pytest.mark.parametrize("part", ["login", "api", "files"])
async def test_an_outage_of_one_part_leaves_the_others(part: str) -> None:
    file = file_of("genuine")
    async with client_of(World([talk_with(file)])) as (emulator, http):
        link = await signed_link(http, file)

        async def statuses() -> dict[str, int]:
            calls = {"login": login(emulator, http), "api": http.get(f"{TALKS}/{CONVERSATION}"), "files": fetch(link)}
            return {name: (await call).status_code for name, call in calls.items()}

        await control(http, outage={part: "unavailable"})
        during = await statuses()
        await control(http, outage={part: "off"})
        assert during == {"login": 200, "api": 200, "files": 200, part: 503}
        assert await statuses() == {"login": 200, "api": 200, "files": 200}


async def test_a_hanging_part_answers_nothing_until_it_is_switched_back() -> None:
    async with client_of(world_with("genuine")) as (_, http):
        await control(http, outage={"api": "hang"})
        with pytest.raises(httpx.ReadTimeout):
            await http.get(f"{TALKS}/{CONVERSATION}", timeout=0.2)
        await control(http, outage={"api": "off"})
        assert (await http.get(f"{TALKS}/{CONVERSATION}")).status_code == 200


async def test_a_dropping_part_closes_the_connection() -> None:
    async with client_of(world_with("genuine")) as (_, http):
        await control(http, outage={"api": "drop"})
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get(f"{TALKS}/{CONVERSATION}")


async def test_tokens_can_be_ended_and_the_secret_rotated() -> None:
    async with client_of(world_with("genuine")) as (emulator, http):
        await control(http, expire_tokens=True, client_secret="new")
        ended = await http.get(f"{TALKS}/{CONVERSATION}")
        old = await login(emulator, http)
        new = await login(emulator, http, "new")
    assert (ended.status_code, old.status_code, new.status_code) == (401, 401, 200)


async def test_switches_that_do_not_exist_are_refused() -> None:
    async with client_of(world_with("genuine")) as (_, http):
        answers = [
            await http.post("/_control", json={"outage": {"api": "maybe"}}),
            await http.post("/_control", json={"speed": 3}),
            await http.post("/_control", content=b"[]"),
        ]
    assert [one.status_code for one in answers] == [400, 400, 400]


async def test_calls_are_counted_by_kind_and_answers_by_status() -> None:
    file = file_of("genuine")
    async with client_of(World([talk_with(file)])) as (_, http):
        await http.get(f"{TALKS}/{CONVERSATION}")
        await http.post(f"{MESSAGES}/messages/bulk", json=[MESSAGE])
        await http.get(f"{MESSAGES}/messages/none")
        await fetch(await signed_link(http, file))
        report = (await http.get("/_control")).json()
    assert report["calls"] == {"login": 1, "conversation": 1, "bulk": 1, "message": 1, "download": 1, "file": 1}
    assert report["answers"] == {"login 200": 1, "api 200": 3, "api 404": 1, "files 200": 1}


async def test_three_ports_keep_login_api_and_files_apart() -> None:
    file = file_of("genuine")
    async with client_of(World([talk_with(file)]), endpoint=Endpoint(ports=(0, 0, 0))) as (emulator, http):
        link = await signed_link(http, file)
    ports = [urlsplit(url).port for url in (emulator.login_url, emulator.api_url, emulator.files_url)]
    assert len(set(ports)) == 3
    assert link.startswith(emulator.files_url)


async def test_the_agent_s_side_lists_the_same_message_again() -> None:
    async with client_of(world_with("genuine")) as (_, http):
        body = (await http.get(f"{TALKS}/{CONVERSATION}")).json()
    listed = {one["id"]: one["messages"][0]["messages"][0]["messageId"] for one in body["participants"]}
    assert listed == {CUSTOMER: MESSAGE, AGENT: MESSAGE}


async def test_a_client_that_leaves_in_the_middle_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    file = file_of("too_large_endless")
    async with client_of(World([talk_with(file)])) as (_, http):
        link = await signed_link(http, file)
        async with httpx.AsyncClient() as leaving, leaving.stream("GET", link) as response:
            async for _piece in response.aiter_raw():
                break
        assert (await http.get(f"{TALKS}/{CONVERSATION}")).status_code == 200
    assert [record for record in caplog.records if record.name.startswith("aiohttp")] == []

"""What counts as Genesys's own answer, and what does not, whatever its status."""

from __future__ import annotations

import orjson
import pytest

from consumer.genesys.answers import SHAPES, Meaning, Reply, judge

NO_STORE = {
    "relative": "/login?from=api",
    "without a scheme": "//portal.example/x?Signature=s",
    "without a host": "https:///x?Signature=s",
    "plain http": "http://portal.example/x?Signature=s",
    "another scheme": "ftp://portal.example/x?Signature=s",
    "nothing": "",
    "no address": "https://[x?Signature=s",
    "the login host": "https://login.mypurecloud.com/",
    "the login host, as if signed": "https://login.mypurecloud.com/?Signature=s",
    "a page of its application": "https://apps.mypurecloud.com/directory/",
    "its application, as if signed": "https://apps.mypurecloud.com/x?Signature=s",
    "the API": "https://api.mypurecloud.com/api/v2/downloads/x1",
    "the API, as if signed": "https://api.mypurecloud.com/x?Signature=s",
    "an address of its file host that is not signed": "https://api-downloads.mypurecloud.com/login?from=apps",
}
A_STORE = "HTTPS://prod-inin.s3.us-east-1.amazonaws.com/x?Signature=s"


def meaning(url: str, status: int, api_url: str = "https://api.mypurecloud.com/") -> Meaning:
    body, headers = (orjson.dumps({"url": url}), {}) if status == 200 else (b"", {"location": url})
    return judge(Reply(status, headers, body), SHAPES["download"], (), api_url).meaning


@pytest.mark.parametrize("status", [200, 302])
@pytest.mark.parametrize("url", NO_STORE.values(), ids=NO_STORE)
def test_a_link_to_no_store_is_no_answer_of_genesys(url: str, status: int) -> None:
    """It would end as a host that can't be reached, and prove meanwhile that the API is well."""
    assert meaning(url, status) in (Meaning.NOT_GENESYS, Meaning.REFUSED)


@pytest.mark.parametrize("status", [200, 302])
def test_a_whole_safe_address_is_one_and_an_emulator_s_as_safe_as_its_own(status: int) -> None:
    assert meaning(A_STORE, status) is Meaning.ANSWERED
    signed = "https://api-downloads.mypurecloud.com/o/1?Expires=1&Signature=s&Key-Pair-Id=K"
    assert meaning(signed, status) is Meaning.ANSWERED
    plain = "http://127.0.0.1:8080/o/1?Signature=s"
    assert meaning(plain, status, "http://127.0.0.1:8080/") is Meaning.ANSWERED
    assert meaning(A_STORE, status, "http://127.0.0.1:8080/") is Meaning.ANSWERED


@pytest.mark.parametrize(
    "code",
    [
        "not.found",
        "resource.not.found",
        "messaging.service.message.not.found",
        "MESSAGE_NOT_FOUND",
        "conversations.not.found",
    ],
)
def test_what_is_not_there_is_one_object(code: str) -> None:
    assert missing(code) is Meaning.ANSWERED


@pytest.mark.parametrize(
    "code",
    [
        "route.not.found",
        "kong.route.not.found",
        "API_NOT_FOUND",
        "application.not.found",
        "ORGANIZATION_NOT_FOUND",
        "no.such.thing.not.found",
        "message.handler.not.found",
        "cluster.not.found",
        "not.found.now",
        "xnot.found",
        "RESOURCE_NOT_FOUND",
        "resource_not_found",
        "api.resource.not.found",
        "error.resource.not.found",
        "gateway.conversation.not.found",
        "messaging.route.message.not.found",
    ],
)
def test_what_is_not_known_to_be_one_object_is_none(code: str) -> None:
    assert missing(code) is Meaning.NOT_GENESYS


def missing(code: str, call: str = "message", **more: object) -> Meaning:
    return judge(Reply(404, {}, orjson.dumps({"code": code, "status": 404, **more})), SHAPES[call]).meaning


@pytest.mark.parametrize(
    ("code", "of"),
    [
        ("not.found", {"conversation", "message", "details", "messages", "media", "download", "notify"}),
        ("resource.not.found", {"conversation", "message", "details", "messages", "media", "download", "notify"}),
        ("conversation.not.found", {"conversation", "message", "details", "messages", "media", "notify"}),
        ("message.not.found", {"message", "details", "messages", "media"}),
        ("communication.not.found", {"media"}),
        ("attachment.not.found", {"media", "download"}),
        ("download.not.found", {"download"}),
        ("participant.not.found", {"notify"}),
    ],
)
def test_a_call_can_only_miss_what_it_asks_for(code: str, of: set[str]) -> None:
    assert {call for call in SHAPES if missing(code, call) is Meaning.ANSWERED} == of


def test_what_frameworks_say_of_a_route_too_is_genesys_own_by_one_of_its_fields() -> None:
    assert missing("NOT_FOUND") is missing("NOT_FOUND", message="no route", details=[]) is Meaning.NOT_GENESYS
    assert missing("RESOURCE_NOT_FOUND", entityId="m-1") is Meaning.ANSWERED
    assert missing("NOT_FOUND", contextId="c-1") is missing("NOT_FOUND", messageParams={}) is Meaning.ANSWERED


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ({"status": 503, "code": "service.unavailable", "message": "x"}, Meaning.NOT_GENESYS),
        ({"error": "log in first"}, Meaning.NOT_GENESYS),
        ({"id": "m-1", "messengerType": "webmessaging"}, Meaning.ANSWERED),
        ({"attributes": {"attachment.verdict": "rejected"}}, Meaning.ANSWERED),
        ({}, Meaning.ANSWERED),
    ],
)
def test_an_error_with_a_good_status_tells_no_customer_anything(said: dict[str, object], meaning: Meaning) -> None:
    assert judge(Reply(200, {}, orjson.dumps(said)), SHAPES["notify"]).meaning is meaning


@pytest.mark.parametrize("status", [203, 205, 206, 207, 226])
def test_a_part_and_what_was_changed_on_the_way_are_nobodys_answer(status: int) -> None:
    """Whatever shape they are in: an empty listing would say that no message is there."""
    assert judge(Reply(200, {}, b'{"entities":[]}'), SHAPES["messages"], ("m-1",)).meaning is Meaning.ANSWERED
    for body in (b'{"entities":[]}', b'{"id":"m-1"}', b"{}", b""):
        for shape in SHAPES.values():
            assert judge(Reply(status, {}, body), shape, ("m-1",)).meaning is Meaning.NOT_GENESYS

"""Each status by its remedy, the token renewed once, and nothing secret in any sentence."""

from collections.abc import AsyncIterator, Awaitable, Callable

import anyio
import anyio.lowlevel
import pytest
from aiohttp import web

from consumer.errors import Failure, NotJudged, Refused, RefusedAlone, Throttled, Unavailable
from consumer.genesys.api import NIL, NOT_FOUND_RUN, Missing
from consumer.genesys.limiter import Limiter
from consumer.http.direct import DirectClient
from consumer.model import DeadReason, Dependency
from consumer.model.heard import Asked as Question
from tests.genesys.cloud import Asked, Client, Cloud, connected, json
from tests.genesys.payloads import payload
from tests.reports import Recorder

CONVERSATION = "f3d0ab2e-7f1c-4f0b-9a55-1f0c8d1f2a10"
PATH = f"/api/v2/conversations/{CONVERSATION}"
SAID = {"id": CONVERSATION, "participants": [{"purpose": "customer"}]}
NOBODY = f"/api/v2/conversations/{NIL}"
NO_MESSAGES = f"/api/v2/conversations/messages/{NIL}/messages/bulk"
ME = "/api/v2/tokens/me"
ORGANIZATION = "32aa07aa-db1b-4987-abd0-9483601ec29d"


async def failure_of(client: Client) -> Failure:
    with pytest.raises(Failure) as raised:
        await client.api.conversation(CONVERSATION)
    return raised.value


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "bad.request", RefusedAlone),
        (403, "not.authorized", RefusedAlone),
        (404, "not.found", Missing),
        (404, "resource.not.found", Missing),
        (404, "route.not.found", Unavailable),  # a gateway's
        (404, "NOT_FOUND", Unavailable),  # a framework's: it has none of Genesys's own fields
        (404, "CONVERSATION_NOT_FOUND", Missing),
        (404, "Not.Found", Missing),
        (503, "SERVICE_UNAVAILABLE", Unavailable),
        (429, "TOO_MANY_REQUESTS", Throttled),
        (408, "request.timeout", Unavailable),
        (400, "client.failed.request", Unavailable),  # the network's fault, as Genesys says
        (400, "response.entity.too.large", RefusedAlone),
        (425, "some.code", Unavailable),
        (429, "too.many.requests", Throttled),
        (500, "internal.server.error", Unavailable),
        (500, "not.found", Unavailable),
        (501, "some.code", Unavailable),
        (503, "service.unavailable", Unavailable),
        (504, "request.timeout", Unavailable),
        # in Genesys's form, and yet nothing that is known to be about this one object
        (404, "some.code", Unavailable),
        (405, "method.not.allowed", Unavailable),
        (409, "some.code", Unavailable),
        (410, "not.found", Unavailable),
        (415, "unsupported.media.type", Unavailable),
    ],
)
async def test_each_answer_of_genesys_by_its_remedy(
    cloud: Cloud, client: Client, status: int, code: str, kind: type[Failure]
) -> None:
    cloud.at("GET", PATH, lambda asked: json({"code": code}, status))
    failure = await failure_of(client)
    assert type(failure) is kind
    assert client.called[:2] == [("token", 200), ("conversation", status)]


@pytest.mark.parametrize("status", [200, 204, 302, 307, 400, 401, 403, 404, 410, 429, 500, 503])
@pytest.mark.parametrize("body", [b"<html>portal", b"", b'{"message": "Forbidden"}', b'{"code": "not.found"}', b"[]"])
async def test_the_words_of_others_prove_nothing_whatever_their_status(
    cloud: Cloud, client: Client, status: int, body: bytes
) -> None:
    cloud.at("GET", PATH, lambda asked: web.Response(body=body, status=status))
    failure = await failure_of(client)
    assert type(failure) is Unavailable
    assert failure.asked == Question("conversation", CONVERSATION)
    assert failure.settled is not None
    assert failure.settled.meaning == "not_genesys"
    assert not [asked for _, asked in client.recorder.of("heard") if asked.call == "conversation"]


async def test_an_unavailable_api_says_when_to_come_again(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", PATH, lambda asked: json({}, 503, retry_after="9"))
    failure = await failure_of(client)
    assert isinstance(failure, Unavailable)
    assert (failure.dependency, failure.retry_after_s) == (Dependency.API, 9)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (503, {"retry_after": "Mon, 01 Jan 2091 00:00:00 GMT"}, 300),
        (503, {"retry_after": "9999999999"}, 300),
        (503, {"retry_after": "soon"}, None),
        (429, {"retry_after": "soon", "inin_ratelimit_reset": "40"}, 40),
        (429, {"retry_after": "0"}, 5),
        (429, {}, 5),
        (429, {"retry_after": "9999999"}, 3_600),
    ],
)
async def test_when_to_come_again_is_read_in_both_forms_and_bounded(
    cloud: Cloud, client: Client, status: int, headers: dict[str, str], seconds: float | None
) -> None:
    cloud.at("GET", PATH, lambda asked: json({"code": "some.code"}, status, **headers))
    failure = await failure_of(client)
    assert isinstance(failure, Unavailable)
    assert failure.retry_after_s == seconds


async def test_a_401_costs_one_new_token(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", PATH, SAID)
    await client.api.conversation(CONVERSATION)
    cloud.good.clear()
    assert await client.api.conversation(CONVERSATION) == SAID
    assert [asked.token for asked in cloud.asked] == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


async def test_many_401s_at_once_cost_one_login(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", PATH, SAID)
    await client.api.conversation(CONVERSATION)
    cloud.good.clear()
    async with anyio.create_task_group() as tg:
        for _ in range(20):
            tg.start_soon(client.api.conversation, CONVERSATION)
    assert len(cloud.logins) == 2


async def test_a_rotated_secret_needs_no_restart(cloud: Cloud) -> None:
    secrets = ["s3cret"]
    cloud.at("GET", PATH, SAID)
    async with connected(cloud, secret=lambda: secrets[-1]) as client:
        await client.api.conversation(CONVERSATION)
        cloud.secret = "rotated"
        cloud.good.clear()
        secrets.append("rotated")
        assert await client.api.conversation(CONVERSATION)


async def test_a_new_token_that_is_refused_too_stops_the_service(cloud: Cloud, client: Client) -> None:
    def log_in(asked: Asked) -> web.Response:
        return json({"access_token": f"bad-{len(cloud.logins)}", "expires_in": 100})

    cloud.on_login = log_in
    failure = await failure_of(client)
    assert isinstance(failure, Refused)
    assert "bad-" not in failure.detail
    assert len(cloud.asked) == len(cloud.logins) == 2


async def test_a_permission_that_is_missing_altogether_is_named(cloud: Cloud, client: Client) -> None:
    for path in (PATH, NOBODY):
        cloud.at("GET", path, lambda asked: json(payload("error-403"), 403))
    failure = await failure_of(client)
    assert isinstance(failure, Refused)
    assert "conversation:message:view, conversation:webmessaging:view" in failure.detail


async def test_a_conversation_that_is_forbidden_alone_is_a_dead_letter(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", PATH, lambda asked: json(payload("error-403"), 403))
    failure = await failure_of(client)
    assert isinstance(failure, NotJudged)
    assert failure.reason is DeadReason.FORBIDDEN
    assert "conversation:message:view" in failure.detail
    assert failure.settled == ("conversation", "refused", "missing.any.permissions", "")
    assert (cloud.calls[f"GET {NOBODY}"], cloud.calls[f"GET {ME}"]) == (1, 1)


async def test_many_that_are_forbidden_at_once_share_the_two_questions(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", PATH, lambda asked: json({"code": "not.authorized"}, 403))
    async with anyio.create_task_group() as tg:
        for _ in range(15):  # as many as begin together
            tg.start_soon(failure_of, client)
    assert cloud.calls[f"GET {NOBODY}"] <= 2
    assert ("many_forbidden") in [condition.value for condition, _ in client.recorder.holding]


async def test_a_client_that_is_refused_altogether_is_said_and_settles_nothing(cloud: Cloud, client: Client) -> None:
    for path in (PATH, ME):
        cloud.at("GET", path, lambda asked: json({"code": "ip.not.allowed"}, 403))
    failure = await failure_of(client)
    assert isinstance(failure, Refused)
    assert "the address that it calls from" in failure.detail
    assert failure.asked == Question("probe", "")


async def test_a_400_to_everything_settles_nothing(cloud: Cloud, client: Client) -> None:
    for path in (PATH, NOBODY):
        cloud.at("GET", path, lambda asked: json({"code": "something.new"}, 400))
    assert isinstance(await failure_of(client), Refused)


async def test_a_refusal_is_settled_by_no_probe_that_somebody_else_answers(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", PATH, lambda asked: json({"code": "not.authorized"}, 403))
    cloud.at("GET", ME, lambda asked: web.Response(text="<html>", content_type="text/html"))
    failure = await failure_of(client)
    assert type(failure) is Unavailable


async def test_codes_that_nobody_listed_are_told(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", PATH, lambda asked: json({"code": "something.new"}, 404))
    await failure_of(client)
    assert client.recorder.of("new_code") == [("conversation", "something.new")]


async def test_too_many_calls_make_all_wait(cloud: Cloud) -> None:
    now, slept = [0.0], []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds
        await anyio.lowlevel.checkpoint()

    cloud.at("GET", PATH, lambda asked: json(payload("error-429"), 429, retry_after="17", inin_ratelimit_reset="40"))
    limiter = Limiter(300, now=lambda: now[0], sleep=sleep, reports=Recorder())
    async with connected(cloud, limiter=limiter) as client:
        failure = await failure_of(client)
        assert isinstance(failure, Throttled)
        assert failure.retry_after_s == 17
        cloud.at("GET", PATH, SAID)
        await client.api.conversation(CONVERSATION)
    assert sum(slept) >= 17


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"nothing", b"\xff", b"5", b"{}", b'{"id": "another"}', b'{"status": "ok"}']
)
async def test_a_good_answer_is_what_was_asked_for(cloud: Cloud, client: Client, body: bytes) -> None:
    cloud.at("GET", PATH, lambda asked: web.Response(body=body, content_type="application/json"))
    assert type(await failure_of(client)) is Unavailable


async def test_half_a_surrogate_in_a_name_spoils_no_answer(cloud: Cloud, client: Client) -> None:
    body = b'{"id": "%s", "participants": [{"name": "\\ud800 Jane"}]}' % CONVERSATION.encode()
    cloud.at("GET", PATH, lambda asked: web.Response(body=body, content_type="application/json"))
    assert (await client.api.conversation(CONVERSATION))["participants"] == [{"name": "\ufffd Jane"}]


async def test_an_endless_answer_is_cut(cloud: Cloud, client: Client) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65_536

    cloud.at("GET", PATH, lambda asked: web.Response(body=endless()))
    failure = await failure_of(client)
    assert type(failure) is Unavailable


async def test_an_answer_that_nobody_asked_to_compress_is_not_unpacked(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", PATH, lambda asked: web.Response(body=b"x", headers={"content-encoding": "gzip"}))
    assert type(await failure_of(client)) is Unavailable


async def test_an_api_that_does_not_answer_is_unavailable(cloud: Cloud) -> None:
    async def hangs(asked: Asked) -> web.StreamResponse:
        await anyio.sleep_forever()
        return web.Response()

    cloud.at("GET", PATH, hangs)
    async with connected(cloud, deadline_s=0.05) as client:
        failure = await failure_of(client)
        assert isinstance(failure, Unavailable)
        assert client.called[-1] == ("conversation", None)


async def test_nobody_at_the_api_is_unavailable(cloud: Cloud) -> None:
    async with connected(cloud) as client:
        await client.login.token()
        client.http.base_url = "http://127.0.0.1:1"
        failure = await failure_of(client)
        assert isinstance(failure, Unavailable)
        assert failure.dependency is Dependency.API


async def test_the_correlation_id_is_told_and_nothing_else_of_the_answer(cloud: Cloud, client: Client) -> None:
    secret = "https://x.invalid/?Signature=abc"
    cloud.at("GET", PATH, lambda a: json({"code": secret, "message": secret}, 500, inin_correlation_id="ca138a93-3198"))
    failure = await failure_of(client)
    assert "ca138a93-3198" in failure.detail
    assert "Signature" not in failure.detail
    cloud.at("GET", PATH, lambda a: json({"code": "x y", "message": secret}, 403, inin_correlation_id=secret))
    assert "Signature" not in (await failure_of(client)).detail


async def test_an_id_that_is_no_path_segment_never_leaves(cloud: Cloud, client: Client) -> None:
    for bad in ("..", "a/b", "a?b", "", "a\r\nb"):
        with pytest.raises(NotJudged):
            await client.api.conversation(bad)
    assert not cloud.asked


async def test_a_gateway_with_a_path_is_kept(cloud: Cloud, client: Client) -> None:
    http = client.http
    assert isinstance(http, DirectClient)
    http._base = f"{cloud.url}/genesys"
    cloud.at("GET", f"/genesys{PATH}", SAID)
    assert await client.api.conversation(CONVERSATION)


# ---- what is sent, and may be sent once only

AGENTLESS = "/api/v2/conversations/messages/agentless"
ATTRIBUTES = f"{PATH}/participants/p-1/attributes"
SENDING: dict[str, tuple[str, str, Callable[[Client], Awaitable[None]]]] = {
    "message": ("POST", AGENTLESS, lambda client: client.api.send_message({"textBody": "No."})),
    "attributes": ("PATCH", ATTRIBUTES, lambda client: client.api.set_attributes(CONVERSATION, "p-1", {"a": "b"})),
}


@pytest.mark.parametrize("what", SENDING)
@pytest.mark.parametrize(
    "refusal",
    [
        lambda asked: json({"code": "bad.credentials"}, 401),
        lambda asked: web.Response(status=302, headers={"location": "/login"}),
        lambda asked: web.Response(status=302, headers={"location": "https://login.mypurecloud.com/#/x"}),
    ],
)
async def test_what_asked_to_log_in_first_did_nothing_and_is_sent_again(
    cloud: Cloud, client: Client, what: str, refusal: Callable[[Asked], web.Response]
) -> None:
    method, path, send = SENDING[what]
    answers = [refusal]
    cloud.at(method, path, lambda asked: answers.pop()(asked) if answers else json({}, 202))
    await send(client)
    assert (cloud.calls[f"{method} {path}"], len(cloud.logins)) == (2, 2)


@pytest.mark.parametrize("what", SENDING)
@pytest.mark.parametrize(
    "answer",
    [
        lambda asked: web.Response(text="<html>Log in", content_type="text/html"),
        lambda asked: web.Response(status=302, headers={"location": "/elsewhere"}),
        lambda asked: json({}, 503),
        lambda asked: json({}, 408),
    ],
)
async def test_what_may_have_been_done_is_not_sent_again(
    cloud: Cloud, client: Client, what: str, answer: Callable[[Asked], web.Response]
) -> None:
    method, path, send = SENDING[what]
    cloud.at(method, path, answer)
    with pytest.raises(Unavailable):
        await send(client)
    assert cloud.calls[f"{method} {path}"] == 1


async def test_whether_messages_may_be_sent_is_asked_with_an_empty_one(cloud: Cloud, client: Client) -> None:
    cloud.at("POST", AGENTLESS, lambda asked: json({"code": "bad.request"}, 400))
    await client.api.check_sending()
    cloud.at("POST", AGENTLESS, lambda asked: json(payload("error-403"), 403))
    with pytest.raises(Refused, match="conversation:message:view"):
        await client.api.check_sending()
    assert {asked.body for asked in cloud.asked} == {b"{}"}


# ---- whose credentials these are


async def test_the_token_tells_the_organisation(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", ME, {"organization": {"id": ORGANIZATION, "name": "x"}})
    assert await client.api.organization() == ORGANIZATION


async def test_a_token_of_nobody_is_no_answer(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", ME, {"organization": []})
    with pytest.raises(Unavailable):
        await client.api.organization()


async def test_access_is_checked_before_anything_is_judged(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", ME, {"organization": {"id": ORGANIZATION}})
    assert await client.api.check_access() == ORGANIZATION
    cloud.at("POST", NO_MESSAGES, lambda asked: json(payload("error-403"), 403))
    with pytest.raises(Refused, match="conversation:message:view"):
        await client.api.check_access()


async def test_a_run_of_404s_asks_whose_organisation_it_is(cloud: Cloud) -> None:
    cloud.at("GET", ME, {"organization": {"id": ORGANIZATION}})
    async with connected(cloud, expected_organization="another") as client:
        for _ in range(NOT_FOUND_RUN - 1):
            assert type(await failure_of(client)) is Missing
        failure = await failure_of(client)
        assert isinstance(failure, Refused)
        assert ORGANIZATION in failure.detail
    async with connected(cloud, expected_organization=ORGANIZATION) as client:
        for _ in range(3 * NOT_FOUND_RUN):
            assert type(await failure_of(client)) is Missing, "and then it is known for a minute"
        assert client.called.count(("probe", 200)) == 1


async def test_a_success_ends_the_run(cloud: Cloud, client: Client) -> None:
    for _ in range(2):
        for _ in range(NOT_FOUND_RUN - 1):
            await failure_of(client)
        cloud.at("GET", PATH, SAID)
        await client.api.conversation(CONVERSATION)
        del cloud.responds["GET", PATH]
    assert cloud.calls[f"GET {ME}"] == 0

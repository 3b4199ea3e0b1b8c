"""Who is told of a rejected file, how, and never twice."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import orjson
import pytest
from aiohttp import web

from consumer.attempts import Gates
from consumer.model import Reason
from consumer.notify.customer import agentless_message, read_customer
from consumer.notify.loop import notify
from consumer.notify.notifier import Channel, Notice, Notified, Notifier
from consumer.notify.outages import Outages
from consumer.notify.shutdown import Shutdown
from tests.genesys.cloud import Asked, Client, Cloud, connected, json, serving
from tests.genesys.payloads import payload
from tests.reports import Recorder

CONVERSATION = "f3d0ab2e-7f1c-4f0b-9a55-1f0c8d1f2a10"
WHOLE = f"/api/v2/conversations/{CONVERSATION}"
AGENTLESS = "/api/v2/conversations/messages/agentless"
PARTICIPANT = "0a5d7c7e-41a3-4b1c-8f59-2f3a4d8d0001"
ATTRIBUTES = f"{WHOLE}/participants/{PARTICIPANT}/attributes"
SENTENCES = {
    "en": "Please send a PDF, PNG or JPEG of at most 10 MB.",
    "de": "Bitte senden Sie eine PDF-, PNG- oder JPEG-Datei mit höchstens 10 MB.",
}
RESULT = {
    "id": "00" * 16,
    "verdict": "rejected",
    "reason": "too_large",
    "detail": "The file is larger than allowed.",
    "conversationId": CONVERSATION,
    "messageId": "m-1",
    "name": "claim-form.pdf",
}
REJECTED = orjson.dumps(RESULT)


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with serving(Cloud()) as cloud:
        cloud.at("GET", WHOLE, payload("conversation"))
        cloud.at("POST", AGENTLESS, lambda asked: json({"id": "x"}, 202))
        cloud.at("PATCH", ATTRIBUTES, lambda asked: json({"attributes": {}}))
        yield cloud


@pytest.fixture
async def client(cloud: Cloud) -> AsyncIterator[Client]:
    async with connected(cloud) as client:
        yield client


def notifier(client: Client, channel: Channel = "message") -> Notifier:
    async def no_sleep(seconds: float) -> None:
        await anyio.lowlevel.checkpoint()

    def sentence(reason: Reason, language: str) -> str:
        return SENTENCES.get(language, SENTENCES["en"])

    gates = Gates(failures=1, probe_s=1.0, probe_max_s=30.0, probes={}, reports=Recorder())
    outages = Outages(gates, client.api.check_access, attempts=3, first_s=1.0, longest_s=30.0, sleep=no_sleep)
    return Notifier(client.api, sentence, channel=channel, wait_out=outages, sleep=no_sleep)


async def told_by(notifier: Notifier, value: bytes | None) -> Notified:
    prepared = await notifier.prepare(value)
    return await notifier.send(prepared) if isinstance(prepared, Notice) else prepared


def conversation(**customer: Any) -> dict[str, Any]:
    raw: dict[str, Any] = payload("conversation")
    raw["participants"][0].update(customer)
    return raw


def communication(**fields: Any) -> list[dict[str, Any]]:
    return [{**payload("conversation")["participants"][0]["messages"][0], **fields}]


async def test_a_web_messaging_customer_gets_the_documented_message(cloud: Cloud, client: Client) -> None:
    assert await told_by(notifier(client), REJECTED) == Notified("sent", "by message")
    expected = payload("agentless-message") | {"textBody": f'"claim-form" (PDF): {SENTENCES["en"]}'}
    assert orjson.loads(cloud.asked[-1].body) == expected


async def test_the_customers_language_is_spoken(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", WHOLE, conversation(locale="de-CH"))
    await told_by(notifier(client), REJECTED)
    assert orjson.loads(cloud.asked[-1].body)["textBody"] == f'"claim-form" (PDF): {SENTENCES["de"]}'


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_other_channels_are_reached_by_address(direction: str) -> None:
    ours, theirs = {"addressNormalized": "integration-1"}, {"addressRaw": "customer-1"}
    addresses = {"toAddress": ours, "fromAddress": theirs} if direction == "inbound" else {
        "toAddress": theirs,
        "fromAddress": ours,
    }  # fmt: skip
    customer = read_customer(conversation(messages=communication(type="open", direction=direction, **addresses)))
    assert customer is not None
    body = agentless_message(customer, "words")
    assert body is not None
    assert (body["fromAddress"], body["toAddress"]) == ("integration-1", "customer-1")
    assert "externalContactId" not in body


def test_a_text_fits_its_channel() -> None:
    customer = read_customer(conversation(messages=communication(type="sms")))
    assert customer is not None
    body = agentless_message(customer, "x" * 5_000)
    assert body is not None
    assert len(body["textBody"]) == 765


@pytest.mark.parametrize(
    "customer",
    [
        {"externalContactId": None},
        {"messages": communication(type="whatsapp")},
        {"messages": communication(state="disconnected")},
        {"messages": communication(toAddress=None)},
        {"messages": []},
    ],
)
async def test_who_cannot_be_sent_a_text_is_told_by_attributes(
    cloud: Cloud, client: Client, customer: dict[str, Any]
) -> None:
    cloud.at("GET", WHOLE, conversation(**customer))
    assert await told_by(notifier(client), REJECTED) == Notified("sent", "by attributes")
    assert orjson.loads(cloud.asked[-1].body) == {
        "attributes": {
            "attachment.verdict": "rejected",
            "attachment.reason": "too_large",
            "attachment.messageId": "m-1",
        }
    }
    assert cloud.calls[f"POST {AGENTLESS}"] == 0


async def test_attributes_alone_can_be_chosen(cloud: Cloud, client: Client) -> None:
    assert (await told_by(notifier(client, "attributes"), REJECTED)).outcome == "sent"
    assert cloud.calls == {f"GET {WHOLE}": 1, f"PATCH {ATTRIBUTES}": 1}


@pytest.mark.parametrize("status", [400, 403, 404, 500, 502, 504])
async def test_a_message_that_may_have_been_sent_is_not_sent_again(cloud: Cloud, client: Client, status: int) -> None:
    cloud.at("POST", AGENTLESS, lambda asked: json({"code": "some.code"}, status))
    assert (await told_by(notifier(client), REJECTED)).outcome == "failed"
    assert cloud.calls[f"POST {AGENTLESS}"] == 1


async def test_only_a_refusal_for_the_rate_is_tried_again(cloud: Cloud) -> None:
    def throttled_once(asked: Asked) -> Any:
        return json({"code": "too.many.requests"}, 429) if cloud.calls[f"POST {AGENTLESS}"] == 1 else json({}, 202)

    cloud.at("POST", AGENTLESS, throttled_once)
    async with connected(cloud, limiter=_patient()) as client:
        assert (await told_by(notifier(client), REJECTED)).outcome == "sent"
    assert cloud.calls[f"POST {AGENTLESS}"] == 2


def _patient() -> Any:
    from consumer.genesys.limiter import Limiter

    now = [0.0]

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    return Limiter(60_000, now=lambda: now[0], sleep=sleep, reports=Recorder())


PAGE = "<html>Log in"


async def test_a_page_in_place_of_a_conversation_is_asked_for_again(cloud: Cloud, client: Client) -> None:
    answers = [web.Response(text=PAGE, content_type="text/html")]
    cloud.at("GET", WHOLE, lambda asked: answers.pop() if answers else json(payload("conversation")))
    assert (await told_by(notifier(client), REJECTED)).outcome == "sent"
    assert cloud.calls[f"GET {WHOLE}"] == 2


async def test_after_a_message_was_forbidden_the_next_waits_for_the_permission(cloud: Cloud, client: Client) -> None:
    def sent_or_empty(asked: Asked) -> Any:
        return json({"code": "bad.request"}, 400) if asked.body == b"{}" else json({}, 202)

    def lacks_the_permission(asked: Asked) -> Any:
        if cloud.calls[f"POST {AGENTLESS}"] >= 4:
            cloud.at("POST", AGENTLESS, sent_or_empty)
        return json(payload("error-403"), 403)

    cloud.at("POST", AGENTLESS, lacks_the_permission)
    one = notifier(client)
    assert [(await told_by(one, REJECTED)).outcome for _ in range(3)] == ["failed", "sent", "sent"]
    sent = [asked.body == b"{}" for asked in cloud.asked if asked.path == AGENTLESS]
    assert sent == [False, True, True, True, True, False, False], "empty messages, until they are not forbidden"


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        (None, "failed"),
        (b"{", "failed"),
        (b"[]", "failed"),
        (orjson.dumps(RESULT | {"verdict": "accepted"}), "failed"),
        (orjson.dumps(RESULT | {"reason": "of the future"}), "failed"),
        (orjson.dumps(RESULT | {"conversationId": "../x"}), "failed"),
        (orjson.dumps(RESULT | {"reason": "removed"}), "skipped"),
    ],
)
async def test_what_is_nothing_to_tell_costs_no_call(
    cloud: Cloud, client: Client, value: bytes | None, outcome: str
) -> None:
    assert (await told_by(notifier(client), value)).outcome == outcome
    assert not cloud.asked


async def test_a_conversation_without_a_customer_is_skipped(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", WHOLE, conversation(purpose="agent"))
    assert (await told_by(notifier(client), REJECTED)).outcome == "skipped"
    cloud.at("GET", WHOLE, {"participants": 5})
    assert (await told_by(notifier(client), REJECTED)).outcome == "failed"


class Crash(Exception):
    pass


async def test_a_crash_at_any_point_never_tells_twice(cloud: Cloud, client: Client) -> None:
    """Whatever breaks: a place that was not committed was not told of."""
    committed: list[int] = []
    told: list[Notified] = []

    def commit(number: int, breaks: bool) -> Callable[[], Awaitable[bool]]:
        async def commit() -> bool:
            if breaks:
                raise Crash
            committed.append(number)
            return True

        return commit

    async def records() -> AsyncIterator[Any]:
        yield REJECTED, commit(0, breaks=False)
        yield REJECTED, commit(1, breaks=True)

    with pytest.raises(Crash):
        await notify(records(), notifier(client), Shutdown(), told.append)
    assert committed == [0]
    assert len(told) == 1
    assert cloud.calls[f"POST {AGENTLESS}"] == 1


@pytest.mark.parametrize("ours", [True, False])
async def test_a_place_is_committed_between_what_is_asked_and_what_is_sent(
    cloud: Cloud, client: Client, ours: bool
) -> None:
    """One that another owner has now is not told of, nor counted."""
    order: list[str] = []

    async def commit() -> bool:
        order.append("commit")
        return ours

    async def records() -> AsyncIterator[Any]:
        yield REJECTED, commit

    def noted(what: str, answer: Any, status: int) -> Any:
        def respond(asked: Asked) -> Any:
            order.append(what)
            return json(answer, status)

        return respond

    cloud.at("GET", WHOLE, noted("ask", payload("conversation"), 200))
    cloud.at("POST", AGENTLESS, noted("send", {}, 202))
    await notify(records(), notifier(client), Shutdown(), lambda told: order.append(told.outcome))
    assert order == ["ask", "commit", *(["send", "sent"] if ours else [])]


async def test_a_shutdown_leaves_what_waits_and_sends_what_is_committed(cloud: Cloud, client: Client) -> None:
    shutdown, told, committed = Shutdown(), list[Notified](), list[int]()

    async def hangs(asked: Asked) -> Any:
        shutdown.request()
        await anyio.sleep_forever()

    def commit(number: int) -> Callable[[], Awaitable[bool]]:
        async def commit() -> bool:
            committed.append(number)
            if number == 0:
                cloud.at("GET", WHOLE, hangs)
            return True

        return commit

    async def records() -> AsyncIterator[Any]:
        yield REJECTED, commit(0)
        yield REJECTED, commit(1)

    with anyio.fail_after(5):
        await notify(records(), notifier(client), shutdown, told.append)
    assert (committed, [one.outcome for one in told]) == ([0], ["sent"])


async def test_who_is_stopped_in_the_middle_says_that_one_was_not_told(cloud: Cloud, client: Client) -> None:
    told: list[Notified] = []

    async def commit() -> bool:
        return True

    async def records() -> AsyncIterator[Any]:
        yield REJECTED, commit

    with anyio.CancelScope() as scope:

        async def hangs(asked: Asked) -> Any:
            scope.cancel()
            await anyio.sleep_forever()

        cloud.at("POST", AGENTLESS, hangs)
        await notify(records(), notifier(client), Shutdown(), told.append)
    assert [one.outcome for one in told] == ["failed"]

"""Who is told of a rejected file, how, and never twice."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
import pytest

from consumer.genesys.notify import Channel, Notifier, Told, agentless_message, notify, read_customer
from consumer.model import Reason
from tests.genesys.cloud import Asked, Client, Cloud, connected, json, serving
from tests.genesys.payloads import payload

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
        client.limiter.pause(-seconds)

    def sentence(reason: Reason, language: str) -> str:
        return SENTENCES.get(language, SENTENCES["en"])

    return Notifier(client.api, sentence, channel=channel, sleep=no_sleep)


def conversation(**customer: Any) -> dict[str, Any]:
    raw: dict[str, Any] = payload("conversation")
    raw["participants"][0].update(customer)
    return raw


def communication(**fields: Any) -> list[dict[str, Any]]:
    return [{**payload("conversation")["participants"][0]["messages"][0], **fields}]


async def test_a_web_messaging_customer_gets_the_documented_message(cloud: Cloud, client: Client) -> None:
    assert await notifier(client).tell(REJECTED) == Told("sent", "by message")
    expected = payload("agentless-message") | {"textBody": f"claim-form.pdf: {SENTENCES['en']}"}
    assert orjson.loads(cloud.asked[-1].body) == expected


async def test_the_customers_language_is_spoken(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", WHOLE, conversation(locale="de-CH"))
    await notifier(client).tell(REJECTED)
    assert orjson.loads(cloud.asked[-1].body)["textBody"] == f"claim-form.pdf: {SENTENCES['de']}"


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
    assert await notifier(client).tell(REJECTED) == Told("sent", "by attributes")
    assert orjson.loads(cloud.asked[-1].body) == {
        "attributes": {
            "attachment.verdict": "rejected",
            "attachment.reason": "too_large",
            "attachment.messageId": "m-1",
        }
    }
    assert cloud.calls[f"POST {AGENTLESS}"] == 0


async def test_attributes_alone_can_be_chosen(cloud: Cloud, client: Client) -> None:
    assert (await notifier(client, "attributes").tell(REJECTED)).outcome == "sent"
    assert cloud.calls == {f"GET {WHOLE}": 1, f"PATCH {ATTRIBUTES}": 1}


@pytest.mark.parametrize("status", [400, 403, 404, 500, 502, 504])
async def test_a_message_that_may_have_been_sent_is_not_sent_again(cloud: Cloud, client: Client, status: int) -> None:
    cloud.at("POST", AGENTLESS, lambda asked: json({"code": "some.code"}, status))
    assert (await notifier(client).tell(REJECTED)).outcome == "failed"
    assert cloud.calls[f"POST {AGENTLESS}"] == 1


async def test_only_a_refusal_for_the_rate_is_tried_again(cloud: Cloud) -> None:
    def throttled_once(asked: Asked) -> Any:
        return json({}, 429) if cloud.calls[f"POST {AGENTLESS}"] == 1 else json({}, 202)

    cloud.at("POST", AGENTLESS, throttled_once)
    async with connected(cloud, limiter=_patient()) as client:
        assert (await notifier(client).tell(REJECTED)).outcome == "sent"
    assert cloud.calls[f"POST {AGENTLESS}"] == 2


def _patient() -> Any:
    from consumer.genesys.limiter import Limiter

    now = [0.0]

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    return Limiter(60_000, now=lambda: now[0], sleep=sleep)


async def test_reading_the_conversation_is_tried_again(cloud: Cloud, client: Client) -> None:
    def away_once(asked: Asked) -> Any:
        return json({}, 503) if cloud.calls[f"GET {WHOLE}"] == 1 else json(payload("conversation"))

    cloud.at("GET", WHOLE, away_once)
    assert (await notifier(client).tell(REJECTED)).outcome == "sent"


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
    assert (await notifier(client).tell(value)).outcome == outcome
    assert not cloud.asked


async def test_a_conversation_without_a_customer_is_skipped(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", WHOLE, conversation(purpose="agent"))
    assert (await notifier(client).tell(REJECTED)).outcome == "skipped"
    cloud.at("GET", WHOLE, {"participants": 5})
    assert (await notifier(client).tell(REJECTED)).outcome == "failed"


class Crash(Exception):
    pass


async def test_a_crash_at_any_point_never_tells_twice(cloud: Cloud, client: Client) -> None:
    """Whatever breaks: a place that was not committed was not told of."""
    committed: list[int] = []
    told: list[Told] = []

    def commit(number: int, breaks: bool) -> Callable[[], Awaitable[None]]:
        async def commit() -> None:
            if breaks:
                raise Crash
            committed.append(number)

        return commit

    async def records() -> AsyncIterator[Any]:
        yield REJECTED, commit(0, breaks=False)
        yield REJECTED, commit(1, breaks=True)

    with pytest.raises(Crash):
        await notify(records(), notifier(client), told.append)
    assert committed == [0]
    assert len(told) == 1
    assert cloud.calls[f"POST {AGENTLESS}"] == 1


async def test_the_place_is_committed_before_anything_is_sent(cloud: Cloud, client: Client) -> None:
    order: list[str] = []

    async def commit() -> None:
        order.append("commit")

    async def records() -> AsyncIterator[Any]:
        yield REJECTED, commit

    def sent(asked: Asked) -> Any:
        order.append("send")
        return json({}, 202)

    cloud.at("POST", AGENTLESS, sent)
    await notify(records(), notifier(client))
    assert order == ["commit", "send"]

"""What a mix of events costs in calls, against the least that is possible and against the tutorial's way."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import anyio
import anyio.lowlevel
import orjson
import pytest
from aiohttp import web

from consumer.attempts import Attempts, Backoff, Gates, Patience, Repeats
from consumer.genesys.limiter import Limiter
from consumer.judge.task import Judge
from consumer.model import AnswerKind, Attachment, Event, Reason, Rejected, Source, Task, Verdict
from consumer.wire.events import decode
from tests.genesys.cloud import Asked, Client, Cloud, Respond, connected, json
from tests.genesys.test_limiter import Window
from tests.judge.home import TERMS, Unknown
from tests.judge.partition import Partition, resting
from tests.reports import Recorder

CONVERSATIONS = 40
MESSAGES = 3
NOISE = 0.3
SIGNED = "https://api-downloads.mypurecloud.com/object?Expires=1&Signature=a&Key-Pair-Id=K"


def files(conversation: int, message: int) -> int:
    return 1 + (conversation + message) % 2


FILES = sum(files(c, m) for c in range(CONVERSATIONS) for m in range(MESSAGES))
LEAST = CONVERSATIONS * MESSAGES + FILES  # a bulk call for each change of a conversation, a resolve for each file


def media(conversation: int, message: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"a-{conversation}-{message}-{number}",
            "url": f"https://api-downloads.mypurecloud.com/api/v2/downloads/{conversation}-{message}-{number}",
        }
        for number in range(files(conversation, message))
    ]


def snapshots(conversation: int, count: int) -> list[bytes]:
    """What a user and a queue topic send after the message number `count`: all messages so far, each."""
    inner = [{"media": media(conversation, m), "messageStatus": "received"} for m in range(count)]
    of_user = [{"messageId": f"m-{m}", **entry} for m, entry in enumerate(inner)]
    of_queue = [{"message": {"id": f"m-{m}"}, **entry} for m, entry in enumerate(inner)]
    bodies = {
        "v2.users.u.conversations": [{"messages": [{"id": "c", "messages": of_user}]}],
        "v2.routing.queues.q.conversations.messages": [{"messages": of_queue}],
    }
    return [
        orjson.dumps({"topicName": topic, "eventBody": {"id": f"c-{conversation}", "participants": participants}})
        for topic, participants in bodies.items()
    ]


HEARTBEAT = orjson.dumps({"topicName": "channel.metadata", "eventBody": {"message": "WebSocket Heartbeat"}})
RECEIPT = orjson.dumps({"id": "m-0", "conversationId": "c-0", "type": "Receipt", "channel": {}, "status": "Read"})


def events() -> list[bytes]:
    """In the order of messages, each twice, with noise between."""
    drawn = random.Random(5)
    carrying = [e for m in range(1, MESSAGES + 1) for c in range(CONVERSATIONS) for e in snapshots(c, m)]
    noise = [drawn.choice((HEARTBEAT, RECEIPT)) for _ in range(round(len(carrying) * NOISE / (1 - NOISE)))]
    for one in noise:
        carrying.insert(drawn.randrange(len(carrying) + 1), one)
    return carrying


def tutorial_calls() -> int:
    """A conversation call for each event that names one, and a resolve for each file that it then sees."""
    seen = [item for value in events() for item in decode(value) if isinstance(item, Event)]
    return len(seen) + sum(len(message.attachments) for event in seen for message in event.messages)


def serve(cloud: Cloud) -> None:
    def bulk(conversation: int) -> Callable[[Asked], web.Response]:
        def respond(asked: Asked) -> web.Response:
            return json({"entities": [data(conversation, id_) for id_ in orjson.loads(asked.body)]})

        return respond

    def data(conversation: int, id_: str) -> dict[str, Any]:
        contents = [
            {"contentType": "Attachment", "attachment": {**one, "mediaType": "File"}}
            for one in media(conversation, int(id_.removeprefix("m-")))
        ]
        return {"id": id_, "direction": "inbound", "normalizedMessage": {"type": "Text", "content": contents}}

    for c in range(CONVERSATIONS):
        cloud.at("POST", f"/api/v2/conversations/messages/c-{c}/messages/bulk", bulk(c))
        for m in range(MESSAGES):
            for one in media(c, m):
                cloud.at("GET", one["url"].removeprefix("https://api-downloads.mypurecloud.com"), {"url": SIGNED})


@dataclass(frozen=True)
class Locating:
    """An inspector that goes as far as the link, as each download does."""

    client: Client
    policy_version: str = "1"

    async def inspect(self, attachment: Attachment, attempt: Attempts) -> Verdict:
        assert await self.client.lookup.locate(attachment) == SIGNED
        return Rejected(Reason.EMPTY, "nothing was downloaded here")


def judge_of(client: Client) -> Judge:
    async def no_sleep(seconds: float) -> None:
        raise AssertionError("nothing fails here")

    gates = Gates(failures=5, probe_s=1, probe_max_s=1, probes={}, reports=Recorder(), sleep=no_sleep)
    patience = Patience(gates, Backoff(attempts=2, over_s=1), 1, Repeats(lambda: 1_000_000), Recorder(), sleep=no_sleep)
    return Judge(
        lookup=client.lookup,
        inspector=Locating(client),
        patience=patience,
        terms=TERMS,
        organization=Unknown(),
        reports=Recorder(),
        now=lambda: datetime.now(UTC),
    )


@pytest.fixture
def cloud(cloud: Cloud) -> Cloud:
    serve(cloud)
    return cloud


async def judge_all(clients: list[Client], at_once: int) -> None:
    """Each conversation belongs to one of the clients: a process, with a partition of its own."""
    homes = [(judge_of(client), Partition()) for client in clients]
    waiting = iter(events())

    async def worker() -> None:
        for value in waiting:
            (item,) = decode(value)
            if isinstance(item, Event):
                assert item.conversation_id
                judge, partition = homes[int(item.conversation_id.removeprefix("c-")) % len(homes)]
                await judge.judge(Task(Source("events", 0, 0, 0), value), partition, resting)

    async with anyio.create_task_group() as tg:
        for _ in range(at_once):
            tg.start_soon(worker)
    verdicts = [answer.entry.identity for _, partition in homes for answer in partition.published]
    assert len(verdicts) == len(set(verdicts)) == FILES
    assert {answer.entry.kind for _, partition in homes for answer in partition.published} == {AnswerKind.VERDICT}


@pytest.mark.parametrize("at_once", [1, 64])
@pytest.mark.parametrize("processes", [1, 2])
async def test_repeats_and_noise_cost_nothing(cloud: Cloud, processes: int, at_once: int) -> None:
    async with connected(cloud) as first, connected(cloud) as second:
        await judge_all([first, second][:processes], at_once)
    calls = len(cloud.asked)
    assert calls <= 1.25 * LEAST
    assert calls <= tutorial_calls() / 3


async def test_a_backlog_stays_within_an_enforced_limit(cloud: Cloud) -> None:
    """On a clock that runs as fast as we wait: some minutes' worth of calls, none of them refused."""
    now = [0.0]
    window = Window(60)

    async def sleep(seconds: float) -> None:
        now[0] += seconds
        await anyio.lowlevel.checkpoint()

    def limited(respond: Respond) -> Respond:
        def answer(asked: Asked) -> web.StreamResponse:
            headers = window.call(now[0])
            response = respond(asked) if not window.refused else json({}, 429)
            assert isinstance(response, web.StreamResponse)
            response.headers.update(headers)
            return response

        return answer

    cloud.responds = {at: limited(respond) for at, respond in cloud.responds.items()}
    async with connected(cloud, limiter=Limiter(300, now=lambda: now[0], sleep=sleep, reports=Recorder())) as client:
        await judge_all([client], at_once=64)
    assert window.refused == 0
    assert now[0] >= 60, "the backlog was worth more than a minute"

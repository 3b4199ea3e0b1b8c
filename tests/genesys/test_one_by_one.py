"""Where bulk is not to be had: messages are read one by one, and no conversation costs more than it can give."""

from contextlib import nullcontext
from dataclasses import replace

import anyio
import orjson
import pytest

from consumer.attempts import Backoff, Gates, Patience, Repeats
from consumer.errors import NotJudged, NotYet
from consumer.genesys.api import NIL
from consumer.model import AnswerKind, DeadReason, Source, Task
from tests.genesys.cloud import Client, Cloud, json
from tests.genesys.test_economy import judge_of
from tests.genesys.test_lookup import BULK, SINGLE, WHOLE, message
from tests.genesys.test_shapes import CONVERSATION
from tests.judge.partition import Partition
from tests.reports import Recorder

MANY = frozenset(f"m-{number:02}" for number in range(50))


async def asked_together(client: Client, *ids: str) -> dict[str, object]:
    """For each message what its own question is answered: the ids found, or why it is not judged."""
    outcomes: dict[str, object] = {}

    async def ask(id_: str) -> None:
        try:
            outcomes[id_] = (await client.lookup.find(CONVERSATION, frozenset({id_}))).keys()
        except NotJudged as failure:
            outcomes[id_] = failure.reason

    async with anyio.create_task_group() as tg:
        for id_ in ids:
            tg.start_soon(ask, id_)
    return outcomes


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "bad.request"), (403, "not.authorized"), (404, "not.found"), (405, "method.not.allowed")],
)
async def test_where_bulk_is_not_to_be_had_messages_are_read_one_by_one(
    cloud: Cloud, client: Client, status: int, code: str
) -> None:
    cloud.at("POST", BULK, lambda asked: json({"code": code}, status))
    cloud.at("GET", f"{SINGLE}/m-1", message("m-1"))
    found = await client.lookup.find(CONVERSATION, frozenset({"m-1", "m-2"}))
    assert found.keys() == {"m-1"}


async def test_one_forbidden_message_does_not_spoil_the_answer_for_others(cloud: Cloud, client: Client) -> None:
    cloud.at("POST", BULK, lambda asked: json({"code": "not.authorized"}, 403))
    cloud.at("GET", f"{SINGLE}/m-1", message("m-1"))
    cloud.at("GET", f"{SINGLE}/m-2", lambda asked: json({"code": "not.authorized"}, 403))
    assert await asked_together(client, "m-1", "m-2") == {"m-1": {"m-1"}, "m-2": DeadReason.FORBIDDEN}


async def test_an_unknown_conversation_of_many_messages_costs_three_calls(cloud: Cloud, client: Client) -> None:
    with pytest.raises(NotYet) as raised:
        await client.lookup.find(CONVERSATION, MANY)
    assert raised.value.dead is DeadReason.NOT_FOUND
    assert cloud.calls == {f"POST {BULK}": 1, f"GET {SINGLE}/m-00": 1, f"GET {WHOLE}": 1}


async def test_an_unknown_conversation_of_one_message_costs_two_calls(cloud: Cloud, client: Client) -> None:
    assert await client.lookup.find(CONVERSATION, frozenset({"m-1"})) == {}
    assert cloud.calls == {f"POST {BULK}": 1, f"GET {SINGLE}/m-1": 1}


OTHER = "2f7bf00a-0fc2-4d6a-9b56-92238191433e"


@pytest.mark.parametrize(("status", "code", "singles"), [(404, "not.found", 0), (405, "method.not.allowed", 1)])
async def test_where_others_were_answered_in_bulk_an_unknown_conversation_costs_one_call(
    cloud: Cloud, client: Client, status: int, code: str, singles: int
) -> None:
    """But a call that is not to be had any more is another matter."""
    cloud.at("POST", BULK.replace(CONVERSATION, OTHER), {"entities": []})
    cloud.at("POST", BULK, lambda asked: json({"code": code}, status))
    cloud.at("GET", f"{SINGLE}/m-1", message("m-1"))
    await client.lookup.find(OTHER, frozenset({"m-0"}))
    assert len(await client.lookup.find(CONVERSATION, frozenset({"m-1"}))) == singles
    assert cloud.calls[f"GET {SINGLE}/m-1"] == singles


class Waking:
    """Whoever sleeps is woken when all sleep: together, as by a timer, however busy the machine is."""

    def __init__(self, sleepers: int) -> None:
        self._sleepers = sleepers
        self._asleep: list[anyio.Event] = []

    async def sleep(self, seconds: float) -> None:
        mine = anyio.Event()
        self._asleep.append(mine)
        if len(self._asleep) == self._sleepers:
            woken, self._asleep = self._asleep, []
            for one in woken:
                one.set()
        await mine.wait()


async def test_messages_of_one_event_that_are_not_there_are_asked_for_again_together(
    cloud: Cloud, client: Client
) -> None:
    """Each has attempts of its own; did each wait as long as it likes, every one would be a call."""
    attempts = 4
    gates = Gates(failures=5, probe_s=1, probe_max_s=1, probes={}, reports=Recorder())
    woken, repeats = Waking(len(MANY)), Repeats(lambda: 1_000_000)
    patience = Patience(gates, Backoff(attempts, over_s=0.7), 1, repeats, Recorder(), woken.sleep, lambda: 0.0)
    judge = replace(judge_of(client), patience=patience)
    listed = [{"messageId": id_, "media": [{"id": "a"}]} for id_ in MANY]
    event = orjson.dumps({"id": CONVERSATION, "participants": [{"messages": [{"messages": listed}]}]})
    partition = Partition()
    await judge.judge(Task(Source("events", 0, 0, 0), event), partition, nullcontext)
    assert [answer.entry.kind for answer in partition.published] == [AnswerKind.DEAD] * len(MANY)
    assert cloud.calls[f"POST {BULK}"] <= 2 * attempts
    assert len(cloud.asked) <= 3 * 2 * attempts


async def test_a_forbidden_conversation_costs_two_calls_and_their_probes(cloud: Cloud, client: Client) -> None:
    for method, path in ("POST", BULK), *(("GET", f"{SINGLE}/{id_}") for id_ in MANY):
        cloud.at(method, path, lambda asked: json({"code": "not.authorized"}, 403))
    with pytest.raises(NotJudged) as raised:
        await client.lookup.find(CONVERSATION, MANY)
    assert raised.value.reason is DeadReason.FORBIDDEN
    asked_for = {call: count for call, count in cloud.calls.items() if NIL not in call and "tokens" not in call}
    assert asked_for == {f"POST {BULK}": 1, f"GET {SINGLE}/m-00": 1}
    assert len(cloud.asked) == 2 * (1 + 2)


async def test_an_unknown_first_message_of_a_known_conversation_hides_no_other(cloud: Cloud, client: Client) -> None:
    cloud.at("GET", WHOLE, {"id": CONVERSATION, "participants": [{"purpose": "customer"}]})
    for id_ in MANY - {"m-00"}:
        cloud.at("GET", f"{SINGLE}/{id_}", message(id_))
    assert (await client.lookup.find(CONVERSATION, MANY)).keys() == MANY - {"m-00"}
    assert sum(cloud.calls.values()) == len(MANY) + 2


async def test_a_first_message_that_the_api_does_not_take_hides_no_other(cloud: Cloud, client: Client) -> None:
    cloud.at("POST", BULK, lambda asked: json({"code": "bad.request"}, 400))
    cloud.at("GET", f"{SINGLE}/m-00", lambda asked: json({"code": "bad.request"}, 400))
    cloud.at("GET", f"{SINGLE}/m-01", message("m-01"))
    assert await asked_together(client, "m-00", "m-01") == {"m-00": DeadReason.NO_IDS, "m-01": {"m-01"}}

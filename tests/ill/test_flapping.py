"""Who answers well and ill in turns: what is said of one file or conversation alone is believed once it is said often
enough, at moments at which others are answered well."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable

import anyio
import pytest

from consumer.attempts import Backoff
from tests.ill import clock
from tests.ill.cloud import Cloud, Reply, denied, error
from tests.ill.scene import event_of, playing

TAKEN = "2026-09-21T14:13:20Z"  # as the scene's events
LONG_AGO = "2026-09-01T00:00:00Z"
AS_SET = Backoff(8, 600.0)  # as it is unless somebody sets it
IsIll = Callable[[float], bool]  # by the seconds since the beginning


def at_random(share: float, seed: int = 1) -> IsIll:
    drawn = random.Random(seed)
    return lambda seconds: drawn.random() < share


def in_rhythm(period_s: float, well_s: float) -> IsIll:
    return lambda seconds: seconds % period_s >= well_s


def answers(
    call: str, reply: Reply, ill: IsIll, *, for_s: float, each_s: float, kind: str = "plain", sent: str = TAKEN
) -> Counter[str]:
    """A new message each `each_s`, while the call is answered so."""

    async def main() -> Counter[str]:
        cloud = Cloud(sent=sent)
        loop = asyncio.get_running_loop()
        async with playing(cloud, backoff=AS_SET) as scene, asyncio.TaskGroup() as group:
            began, number = loop.time(), 0
            cloud.ill = lambda asked: reply if asked == call and ill(loop.time() - began) else None
            while loop.time() - began < for_s:
                number += 1
                cloud.kinds[str(number)] = kind
                await scene.take(group, event_of(str(number), kind))
                await anyio.sleep(each_s)
            cloud.ill = lambda asked: None
            cloud.kinds["0"] = "plain"
            await scene.take(group, event_of("0", "plain"))
        return Counter(answer for _, answer in scene.answers)

    return clock.run(main)


@pytest.mark.parametrize(
    ("call", "kind", "reply"),
    [
        ("download", "plain", error(403, "not.authorized")),
        ("conversation", "bare", error(400, "bad.request")),
        ("message", "single", error(403, "not.authorized")),
    ],
)
def test_a_refusal_that_is_taken_back_settles_nobody(call: str, kind: str, reply: Reply) -> None:
    answered = answers(call, reply, at_random(0.3), for_s=600, each_s=3, kind=kind)
    assert set(answered) == {"accepted"}


@pytest.mark.parametrize(
    "ill",
    [at_random(0.5), in_rhythm(60, 10), in_rhythm(300, 30)],
    ids=["half", "50 s of 60", "270 s of 300"],
)
@pytest.mark.parametrize(
    ("call", "reply"),
    [("file", denied("NoSuchKey", 404)), ("file", denied()), ("download", error(404, "not.found"))],
    ids=["NoSuchKey", "AccessDenied", "not.found"],
)
def test_a_file_that_is_said_not_to_be_there_in_rhythm_is_asked_for_when_others_come(
    call: str, reply: Reply, ill: IsIll
) -> None:
    assert set(answers(call, reply, ill, for_s=1_200, each_s=15)) == {"accepted"}


@pytest.mark.parametrize(("call", "reply"), [("file", denied("NoSuchKey", 404)), ("download", error(404, "not.found"))])
def test_where_a_part_of_all_files_is_missed_it_is_waited_for_as_long_as_where_all_are(call: str, reply: Reply) -> None:
    """As where one of a store's disks is away, and others deliver meanwhile."""

    async def main() -> None:
        cloud = Cloud(sent=TAKEN)
        async with playing(cloud, backoff=AS_SET) as scene, asyncio.TaskGroup() as group:
            for number in range(90):
                cloud.kinds[str(number)] = "plain"
                if number % 3 == 0:
                    cloud.ill_of[call, str(number)] = reply
                await scene.take(group, event_of(str(number), "plain"))
                await anyio.sleep(16)
            assert dict(Counter(answer for _, answer in scene.answers)) == {"accepted": 60}
            cloud.ill_of.clear()
        assert dict(scene.answers) == dict.fromkeys(cloud.kinds, "accepted")

    clock.run(main)


@pytest.mark.parametrize(("call", "reply"), [("file", denied("NoSuchKey", 404)), ("download", error(404, "not.found"))])
def test_old_files_are_not_lost_in_an_outage_of_minutes(call: str, reply: Reply) -> None:
    """As where a backlog is replayed."""
    ill = in_rhythm(1_000, 300)
    assert set(answers(call, reply, ill, for_s=1_000, each_s=10, sent=LONG_AGO)) == {"accepted"}


@pytest.mark.parametrize(("call", "reply"), [("file", denied("NoSuchKey", 404)), ("download", error(404, "not.found"))])
def test_an_old_file_that_is_gone_is_so_within_a_minute_while_others_come(call: str, reply: Reply) -> None:
    async def main() -> None:
        cloud = Cloud(sent=LONG_AGO, kinds=dict.fromkeys(map(str, range(40)), "plain"))
        cloud.ill_of = {(call, "0"): reply}
        async with playing(cloud, backoff=AS_SET) as scene, asyncio.TaskGroup() as group:
            for number in range(12):
                await scene.take(group, event_of(str(number), "plain"))
                await anyio.sleep(5)
            assert dict(scene.answers)["0"] == "no_longer_available"
            assert cloud.calls["download"] <= 12 + 5 * 3  # some rounds more, as chance has it

    clock.run(main)


def test_an_honest_refusal_is_settled_within_a_minute_and_holds_nobody() -> None:
    async def main() -> None:
        cloud = Cloud({"1": "forbidden", **dict.fromkeys("23", "plain")})
        loop = asyncio.get_running_loop()
        async with playing(cloud, backoff=AS_SET) as scene, asyncio.TaskGroup() as group:
            began = loop.time()
            for number in "123":
                await scene.take(group, event_of(number, "plain"))
            await anyio.sleep(1)
            assert sorted(scene.answers) == [("2", "accepted"), ("3", "accepted")]
        assert loop.time() - began < 60
        assert dict(scene.answers)["1"] == "dead forbidden"

    clock.run(main)


PAGE = Reply(200, b"<html>later</html>", {"content-type": "text/html"})


@pytest.mark.parametrize(
    "reply",
    [PAGE, Reply(200, b"unavailable"), Reply(200), denied("SlowDown", 503)],
    ids=["page", "words", "empty", "503"],
)
def test_what_a_host_says_of_four_in_five_is_believed_of_no_file(reply: Reply) -> None:
    assert set(answers("file", reply, at_random(0.8, seed=2), for_s=4_000, each_s=20)) == {"accepted"}


@pytest.mark.parametrize(("call", "kind"), [("bulk", "plain"), ("conversation", "bare"), ("download", "plain")])
def test_what_the_api_says_of_two_in_three_is_believed_of_none(call: str, kind: str) -> None:
    reply = error(500, "internal.server.error")
    assert set(answers(call, reply, at_random(0.65, seed=1), for_s=2_500, each_s=5, kind=kind)) == {"accepted"}


def test_a_file_that_never_comes_is_answered_also_where_its_host_is_ill_in_turns() -> None:
    drawn = random.Random(3)

    async def main() -> None:
        cloud = Cloud({"0": "plain"}, sent=TAKEN, ill_of={("file", "0"): PAGE})
        cloud.ill = lambda asked: PAGE if asked == "file" and drawn.random() < 0.5 else None
        async with playing(cloud, backoff=AS_SET) as scene, asyncio.TaskGroup() as group:
            await scene.take(group, event_of("0", "plain"))
            for number in range(1, 600):
                cloud.kinds[str(number)] = "plain"
                await scene.take(group, event_of(str(number), "plain"))
                await anyio.sleep(60)
            answered = dict(scene.answers)
            cloud.ill = lambda asked: None
        assert answered.pop("0") == "html_page"
        assert set(answered.values()) == {"accepted"}

    clock.run(main)

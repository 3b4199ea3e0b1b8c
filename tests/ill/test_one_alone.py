"""What is answered about one object alone settles it, with others there or without; and what it rests on is told."""

from __future__ import annotations

import asyncio

import anyio
import pytest

from consumer.model import Condition, Settled
from consumer.sandbox.emulator_faults import genesys
from tests.ill import clock
from tests.ill.cloud import JSON, PNG, Cloud, Ill, Reply, denied, error, json
from tests.ill.scene import ATTEMPTS, GATE_FAILURES, HOST_PATIENCE_S, Scene, event_of, playing

PAGE = Reply(200, b"<html>not your file", {"content-type": "text/html"})


def plain(*numbers: str) -> dict[str, str]:
    return dict.fromkeys(numbers, "plain")


async def settle(cloud: Cloud, *numbers: str, others: int = 0) -> Scene:
    """Until all are answered. `others` come meanwhile, one every 20 s."""
    async with playing(cloud) as scene:
        async with asyncio.TaskGroup() as group:
            for number in numbers:
                await scene.take(group, event_of(number, "plain"))
            for other in range(others):
                await anyio.sleep(20)
                cloud.kinds[f"9{other}"] = "plain"
                await scene.take(group, event_of(f"9{other}", "plain"))
        await anyio.sleep(60)  # the last failure may have closed a gate, which its probe opens
    return scene


@pytest.mark.parametrize("others", [0, 60])
@pytest.mark.parametrize(
    ("reply", "settled"),
    [
        (error(500, "internal.server.error"), Settled("messages", "down", "internal.server.error")),
        (Reply(502, b"<html>bad gateway"), Settled("messages", "not_genesys", "502")),
        (json({"entities": "none"}), Settled("messages", "not_genesys", "200")),
        (json({"entities": [{"id": "m-of-another"}]}), Settled("messages", "not_genesys", "200")),
    ],
)
def test_a_conversation_that_fails_alone_ends_as_a_dead_letter(reply: Reply, settled: Settled, others: int) -> None:
    async def main() -> None:
        cloud = Cloud(plain("1"))
        cloud.ill_of = {("bulk", "1"): reply}
        scene = await settle(cloud, "1", others=others)
        answers = dict(scene.answers)
        assert answers.pop("1") == "dead unavailable"
        assert set(answers.values()) <= {"accepted"}
        assert len(answers) == others
        (letter,) = [answer.letter for answer in scene.partition.published if answer.letter]
        assert letter.settled == settled
        assert not scene.gates.closed

    clock.run(main)


@pytest.mark.parametrize(
    ("call", "reply", "answer"),
    [("bulk", error(500, "internal.server.error"), "dead unavailable"), ("file", PAGE, "html_page")],
)
def test_several_that_fail_while_nobody_else_asks_wait_for_the_next_that_is_answered(
    call: str, reply: Reply, answer: str
) -> None:
    """As at night. That another fails as well tells nothing, nor that what was answered before still is: so it is as
    well where a cache stands before a cloud that is down."""

    async def main() -> None:
        cloud = Cloud(plain(*"12567"))
        cloud.ill_of = {(call, number): reply for number in "12"}
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            for number in "5612":
                await scene.take(group, event_of(number, "plain"))
                await anyio.sleep(10)
            await anyio.sleep(20_000)
            assert sorted(scene.answers) == [("5", "accepted"), ("6", "accepted")]
            assert not scene.gates.closed
            assert scene.holds(Condition.STILL_FAILING)
            await scene.take(group, event_of("7", "plain"))
            await anyio.sleep(2_000)
            assert not scene.in_flight
        answers = dict(scene.answers)
        assert answers == dict.fromkeys("12", answer) | dict.fromkeys("567", "accepted")

    clock.run(main)


@pytest.mark.parametrize("delivered_before", [True, False])
def test_one_that_fails_while_nobody_else_asks_ends_by_the_answers_of_its_probe(delivered_before: bool) -> None:
    """There is nothing else to go by: the store refuses in its words what is not there, and, as far as that can be
    asked, delivers what it delivered before, by a link that was made anew."""

    async def main() -> None:
        cloud = Cloud(plain(*"12"), link_s=60.0)
        cloud.ill_of = {("file", "2"): PAGE}
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            if delivered_before:
                await scene.take(group, event_of("1", "plain"))
                await anyio.sleep(600)
            await scene.take(group, event_of("2", "plain"))
            await anyio.sleep(10_000)
            assert not scene.in_flight
        assert dict(scene.answers)["2"] == "html_page"

    clock.run(main)


def test_one_that_fails_alone_waits_while_what_was_delivered_before_is_refused_by_fresh_links() -> None:
    """The store answers, and whatever signs its links does not: that is nobody's file."""

    async def main() -> None:
        cloud = Cloud(plain(*"12"), link_s=60.0)
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            await scene.take(group, event_of("1", "plain"))
            await anyio.sleep(600)
            cloud.ill = lambda call: denied() if call == "file" else None
            await scene.take(group, event_of("2", "plain"))
            await anyio.sleep(10_000)
            assert dict(scene.answers) == {"1": "accepted"}
            cloud.ill = lambda call: None
        assert dict(scene.answers) == {"1": "accepted", "2": "accepted"}

    clock.run(main)


async def one_and_later_others(scene: Scene, group: asyncio.TaskGroup, one: str, others: str) -> None:
    await scene.take(group, event_of(one, "plain"))
    await anyio.sleep(600)
    for other in others:
        await scene.take(group, event_of(other, "plain"))
        await anyio.sleep(60)


@pytest.mark.parametrize("refusal", [denied(), denied("InvalidObjectState"), Reply(200, PNG + b"another")])
def test_what_no_longer_comes_as_it_was_delivered_stops_nobody(refusal: Reply) -> None:
    """A store that does not tell what is missing says 403, of what is archived as well: new files find out."""

    async def main() -> None:
        cloud = Cloud(plain(*"123456789"), link_s=60.0)
        async with playing(cloud) as scene:
            for number in "123":
                await scene.judged(event_of(number, "plain"))
            cloud.ill_of = {("file", number): refusal for number in "123"} | {("file", "4"): PAGE}
            async with asyncio.TaskGroup() as group:
                await one_and_later_others(scene, group, "4", "56789")
        expected = dict.fromkeys("12356789", "accepted") | {"4": "html_page"}
        assert dict(scene.answers) == expected

    clock.run(main)


def test_a_text_that_is_sent_as_a_picture_as_well_keeps_nobody_elses_file_back() -> None:
    """Its bytes came in place of a picture; that the host delivers them is as good a proof as before."""

    async def main() -> None:
        text = b"my note"
        cloud = Cloud(plain(*"123456789"))
        cloud.bodies |= {"1": text, "2": text}
        cloud.declared["1"] = {"mime": "text/plain", "filename": "note.txt", "contentSizeBytes": len(text)}
        async with playing(cloud) as scene:
            await scene.judged(event_of("1", "plain"))
            async with asyncio.TaskGroup() as group:
                await one_and_later_others(scene, group, "2", "3456789")
        assert {number: dict(scene.answers)[number] for number in "3456789"} == dict.fromkeys("3456789", "accepted")

    clock.run(main)


def test_where_nothing_but_bad_files_is_left_they_wait_and_the_gate_stays_open_for_others() -> None:
    """The store answers its probe, and delivered nothing yet: whether the host or the files are ill can't be told."""

    async def main() -> None:
        cloud = Cloud(plain(*"123"))
        cloud.ill_of = {("file", number): PAGE for number in "12"}
        async with playing(cloud) as scene:
            closings = scene.count_closings()
            async with asyncio.TaskGroup() as group:
                await scene.take(group, event_of("1", "plain"))
                await scene.take(group, event_of("2", "plain"))
                await anyio.sleep(5_000)
                assert (scene.answers, scene.in_flight, scene.gates.closed) == ([], 2, [])
                assert closings() == 1
                assert scene.holds(Condition.STILL_FAILING), "what waits is told"
                assert cloud.calls["file"] <= 2 * 5_000 / 60 + 20, "no hotter than the backoff"
                await scene.take(group, event_of("3", "plain"))
            assert not scene.gates.closed
            assert not scene.conditions.held
        assert sorted(scene.answers) == [("1", "html_page"), ("2", "html_page"), ("3", "accepted")]

    clock.run(main)


def test_a_host_that_gives_pages_for_every_file_closes_its_gate_again_and_less_and_less_often() -> None:
    async def main() -> None:
        cloud = Cloud(plain(*map(str, range(1_000))))
        cloud.ill = lambda call: PAGE if call == "file" else None
        async with playing(cloud) as scene:
            closings = scene.count_closings()
            async with asyncio.TaskGroup() as group:
                async with anyio.create_task_group() as traffic:
                    traffic.start_soon(one_after_the_other, scene, group)
                    await anyio.sleep(1_200)
                    traffic.cancel_scope.cancel()
                assert scene.answers == []
                assert closings() <= 1_200 / 30 + 10, "each probe waits as long as the one before, or longer"
                assert scene.in_flight <= GATE_FAILURES * closings() + 10, (
                    "a few new files show that nothing has changed"
                )
                cloud.ill = lambda call: None
            assert not scene.conditions.held
        assert {answer for _, answer in scene.answers} == {"accepted"}

    clock.run(main)


async def one_after_the_other(scene: Scene, group: asyncio.TaskGroup) -> None:
    for number in range(1_000):
        await scene.take(group, event_of(str(number), "plain"))
        await anyio.sleep(1)


def test_a_page_in_place_of_one_file_is_its_verdict_once_the_host_delivered_others() -> None:
    async def main() -> None:
        cloud = Cloud(plain("1"))
        cloud.ill_of = {("file", "1"): PAGE}
        scene = await settle(cloud, "1", others=60)
        assert dict(scene.answers)["1"] == "html_page"

    clock.run(main)


def test_a_customers_page_of_the_size_that_genesys_says_has_its_verdict_at_once() -> None:
    """Whatever the store calls it, and though nobody else is there."""

    async def main() -> None:
        cloud = Cloud(plain("1"), bodies={"1": PAGE.body}, declared={"1": {"contentSizeBytes": len(PAGE.body)}})
        async with playing(cloud) as scene:
            await scene.judged(event_of("1", "plain"))
        assert scene.answers == [("1", "content_not_allowed")]
        assert cloud.calls["file"] == 1

    clock.run(main)


@pytest.mark.parametrize("declared", [{}, {"mime": "text/plain"}, {"mime": None}, {"contentSizeBytes": 100_000}])
@pytest.mark.parametrize("body", [PAGE.body, b""])
def test_a_body_that_may_be_anybodys_is_judged_once_the_host_delivered_others(
    body: bytes, declared: dict[str, object]
) -> None:
    async def main() -> None:
        cloud = Cloud(plain("1"), bodies={"1": body}, declared={"1": declared})
        scene = await settle(cloud, "1", others=60)
        assert dict(scene.answers)["1"] == "content_not_allowed", "as the examiner of this scene has it"
        assert list(dict(scene.answers).values()).count("accepted") == 60

    clock.run(main)


def test_a_forbidden_conversation_tells_what_refused_it() -> None:
    async def main() -> None:
        scene = await settle(Cloud({"1": "forbidden", "2": "plain"}), "1", "2")
        assert dict(scene.answers) == {"1": "dead forbidden", "2": "accepted"}
        (letter,) = [answer.letter for answer in scene.partition.published if answer.letter]
        assert letter.settled == Settled("message", "refused", "not.authorized")

    clock.run(main)


def test_many_forbidden_ones_are_dead_letters_and_a_condition_and_stop_nobody() -> None:
    async def main() -> None:
        forbidden = {str(number): "forbidden" for number in range(30)}
        cloud = Cloud(forbidden | plain("77"))
        scene = await settle(cloud, *forbidden, "77")
        assert scene.answers.count(("77", "accepted")) == 1
        assert sum(answer == "dead forbidden" for _, answer in scene.answers) == 30
        assert scene.holds(Condition.MANY_FORBIDDEN)
        assert cloud.calls["tokens_me"] <= 20, "the two questions are shared"

    clock.run(main)


def test_a_host_that_is_not_allowed_is_named_at_once_and_its_files_wait_and_are_dead_letters_then() -> None:
    elsewhere = json({"url": "https://prod-media.s3.us-east-1.amazonaws.com/x?X-Amz-Signature=x"})

    async def main() -> None:
        cloud = Cloud(plain("1", "2", "3"))
        cloud.ill = lambda call: elsewhere if call == "download" else None
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            for number in "123":
                await scene.take(group, event_of(number, "plain"))
            await anyio.sleep(1)
            assert scene.holds(Condition.HOST_NOT_ALLOWED)
            (held,) = [one for one in scene.conditions.held if one.condition is Condition.HOST_NOT_ALLOWED]
            assert held.about == "prod-media.s3.us-east-1.amazonaws.com"
            assert scene.judge.inspector.downloads.running == 0  # type: ignore[attr-defined] # the real ones
            assert not scene.gates.closed
        assert loop.time() - began >= HOST_PATIENCE_S
        assert sorted(scene.answers) == [(number, "dead host_unavailable") for number in "123"]

    clock.run(main)


def test_an_hour_that_a_limit_asks_for_is_told_and_ends_by_the_call_that_tries() -> None:
    limited = Reply(429, genesys(429, "too.many.requests"), JSON | {"retry-after": "3600"})

    def once() -> Ill:
        given: list[Reply] = []

        def ill(call: str) -> Reply | None:
            if call != "bulk" or given:
                return None
            given.append(limited)
            return limited

        return ill

    async def main() -> None:
        cloud = Cloud(plain("1", "2"), ill=once())
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            await scene.take(group, event_of("1", "plain"))
            await anyio.sleep(10)
            await scene.take(group, event_of("2", "plain"))
            await anyio.sleep(10)
            assert scene.holds(Condition.API_LIMITED)
            assert scene.metrics.api_limited_until_timestamp_seconds._value.get() > 0
            assert cloud.calls.total() == 2, "the login, and the call that met it"
        assert dict(scene.answers) == {"1": "accepted", "2": "accepted"}
        assert 300 <= loop.time() - began <= 700
        assert not scene.holds(Condition.API_LIMITED)

    clock.run(main)


def test_a_limit_on_one_conversation_alone_ends_as_a_dead_letter_and_keeps_nobody_waiting() -> None:
    limited = Reply(429, genesys(429, "too.many.requests"), JSON | {"retry-after": "0"})

    async def main() -> None:
        cloud = Cloud(plain("1"))
        cloud.ill_of = {("bulk", "1"): limited}
        scene = await settle(cloud, "1", others=60)
        answers = dict(scene.answers)
        assert answers.pop("1") == "dead unavailable"
        assert list(answers.values()) == ["accepted"] * 60
        assert cloud.calls["bulk"] <= 60 + 2 * ATTEMPTS
        (letter,) = [answer.letter for answer in scene.partition.published if answer.letter]
        assert letter.settled == Settled("messages", "limited", "too.many.requests")

    clock.run(main)


def test_a_limit_on_all_that_are_there_is_waited_out_no_hotter_than_the_backoff() -> None:
    limited = Reply(429, genesys(429, "too.many.requests"), JSON | {"retry-after": "0"})

    async def main() -> None:
        cloud = Cloud(plain("1", "2"))
        cloud.ill = lambda call: limited if call == "bulk" else None
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            for number in "12":
                await scene.take(group, event_of(number, "plain"))
            await anyio.sleep(6_000)
            assert (scene.answers, scene.in_flight) == ([], 2)
            assert cloud.calls["bulk"] <= 2 * (6_000 / 60 + 10)
            cloud.ill = lambda call: None
        assert sorted(scene.answers) == [("1", "accepted"), ("2", "accepted")]

    clock.run(main)


def test_what_answers_in_place_of_genesys_tells_nothing_of_what_is_allowed() -> None:
    told = {"inin-ratelimit-allowed": "1", "inin-ratelimit-count": "1", "inin-ratelimit-reset": "60"}

    async def main() -> None:
        cloud = Cloud(plain("1"))
        cloud.ill_of = {("bulk", "1"): Reply(200, b"<html>", told)}
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            await scene.take(group, event_of("1", "plain"))
            for other in range(60):
                cloud.kinds[f"9{other}"] = "plain"
                await scene.take(group, event_of(f"9{other}", "plain"))
                await anyio.sleep(20)
            assert len(scene.answers) == 61
        assert dict(scene.answers)["1"] == "dead unavailable"

    clock.run(main)


@pytest.mark.parametrize(
    "reply", [error(503, "service.unavailable"), Reply(502, b"<html>"), error(429, "too.many.requests")]
)
def test_that_one_is_answered_again_and_again_proves_nothing_to_those_who_never_were(reply: Reply) -> None:
    """Its file does not come, so that its link is asked for each time, from a cache before an API that is not well."""

    async def main() -> None:
        cloud = Cloud(plain(*"12345"), spares_old=True)
        cloud.ill_of = {("file", number): PAGE for number in "15"}
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            for number in "15":
                await scene.take(group, event_of(number, "plain"))
            await anyio.sleep(100)
            cloud.ill = lambda call: reply if call == "download" else None
            await scene.take(group, event_of("2", "plain"))
            await anyio.sleep(100)
            await scene.take(group, event_of("3", "plain"))
            await anyio.sleep(5_000)
            wrong = scene.answers
            cloud.ill = lambda call: None
            await scene.take(group, event_of("4", "plain"))
        assert (wrong, cloud.calls["download"] < 500) == ([], True)
        assert dict(scene.answers) == dict.fromkeys("15", "html_page") | dict.fromkeys("234", "accepted")

    clock.run(main)

"""Fetching, on real loopback servers that behave badly in every way we could think of."""

import asyncio
import hashlib
import socket
import struct
from dataclasses import replace

import anyio
import pytest
from aiohttp import web
from anyio import wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from consumer.attempts.crowd import Crowd, Waiter
from consumer.download.body import Body
from consumer.download.budget import Budget
from consumer.download.fetch import Fetcher
from consumer.errors import Doubtful, NotYet, Unavailable
from consumer.inspection.inspect import Downloads
from consumer.model import Reason
from consumer.model.resting import marked
from consumer.model.units import MIB
from tests.download.fetching import ANY, CAP, DATA, at, fetching, fetching_from, head
from tests.download.servers import answering, talking
from tests.inspection.files import attachment
from tests.loopback import serving
from tests.present import as_task
from tests.reports import Busy


def fits_where_the_inspector_wants_downloads(fetcher: Fetcher) -> Downloads:
    """Checked by mypy."""
    return fetcher


async def test_delivers_the_bytes_counted_and_hashed_and_sends_nothing_that_it_should_not() -> None:
    seen: list[web.Request] = []

    async def deliver(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        return web.Response(body=DATA, content_type="binary/octet-stream")

    budget = Budget(10 * CAP)
    async with serving(deliver) as port, fetching_from(port, budget) as fetcher:
        body = await fetcher.fetch(at(port), CAP, attachment(declared_type="image/png"))
        assert isinstance(body, Body)
        assert budget.reserved == len(DATA)
        with body:
            assert (body.size, body.sha256) == (len(DATA), hashlib.sha256(DATA).hexdigest())
            assert b"".join(body.chunks()) == DATA
    assert budget.reserved == 0
    assert seen[0].headers["Accept-Encoding"] == "identity"
    assert not {"Authorization", "Cookie", "Referer"} & seen[0].headers.keys()


async def test_a_body_of_unknown_length_reserves_the_cap_and_keeps_what_it_needs() -> None:
    budget = Budget(10 * CAP)
    reserved: list[int] = []

    async def deliver(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(DATA)
        reserved.append(budget.reserved)
        await response.write_eof()
        return response

    async with serving(deliver) as port, fetching_from(port, budget) as fetcher:
        body = await fetcher.fetch(at(port), CAP, ANY)
        assert isinstance(body, Body)
        with body:
            assert body.size == budget.reserved == len(DATA)
    assert set(reserved) <= {0, CAP}


async def test_a_link_that_grows_when_it_is_encoded_is_asked_for_like_any_other() -> None:
    async def deliver(request: web.Request) -> web.StreamResponse:
        return web.Response(body=DATA)

    async with serving(deliver) as port, fetching_from(port) as fetcher:
        with pytest.raises(Doubtful, match="answered 400"):  # of a server that takes no line this long
            await fetcher.fetch(at(port) + "ü" * 3_000, CAP, ANY)
        body = await fetcher.fetch(at(port) + "ü" * 1_000, CAP, ANY)
        assert isinstance(body, Body)
        body.close()


async def test_a_name_that_can_t_be_encoded_is_not_allowed() -> None:
    host = "xn--0.example"
    async with fetching(hosts=[host]) as fetcher:
        assert await fetcher.fetch(f"https://{host}/x", CAP, ANY) is Reason.URL_NOT_ALLOWED


@pytest.mark.parametrize("more", [0, 1])
async def test_the_cap_is_exact(more: int) -> None:
    async def deliver(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(DATA + b"x" * more)
        return response

    async with serving(deliver) as port, fetching_from(port) as fetcher:
        if more:
            with pytest.raises(Doubtful) as told:
                await fetcher.fetch(at(port), len(DATA), ANY)
            assert told.value.final is Reason.TOO_LARGE
            return
        got = await fetcher.fetch(at(port), len(DATA), ANY)
        assert isinstance(got, Body)
        got.close()


async def test_a_length_above_the_cap_is_refused_before_a_byte_of_the_body() -> None:
    async def promise(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head(f"Content-Length: {CAP + 1}"))
        await _.read()

    budget = Budget(10 * CAP)
    async with talking(promise) as port, fetching_from(port, budget) as fetcher:
        assert await fetcher.fetch(at(port), CAP, ANY) is Reason.TOO_LARGE
    assert budget.reserved == 0


async def test_an_endless_body_is_cut_at_the_cap() -> None:
    sent = 0

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(head())
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    budget = Budget(10 * CAP)
    async with talking(pour) as port, fetching_from(port, budget) as fetcher:
        with pytest.raises(Doubtful) as told:
            await fetcher.fetch(at(port), CAP, ANY)
        assert told.value.final is Reason.TOO_LARGE
    assert budget.reserved == 0
    assert sent < 20 * CAP


async def _drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(head("Content-Length: 1000000"))
    while True:
        writer.write(b"x")
        await writer.drain()
        await anyio.sleep(0.01)


async def _drip_headers(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X: y\r\n")
        await writer.drain()
        await anyio.sleep(0.01)


@pytest.mark.parametrize("drip", [_drip, _drip_headers])
async def test_an_endless_slow_answer_is_cut_at_the_deadline(drip: object) -> None:
    budget = Budget(10 * CAP)
    async with talking(drip) as port, fetching_from(port, budget, deadline_s=0.2) as fetcher:  # type: ignore[arg-type]
        with pytest.raises(Unavailable, match="deadline") as caught:
            await fetcher.fetch(at(port), CAP, ANY)
    assert not isinstance(caught.value, NotYet)
    assert budget.reserved == 0


async def test_a_silent_host_is_unavailable() -> None:
    async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with talking(silence) as port, fetching(f"http://127.0.0.1:{port}", read_s=0.05) as fetcher:
        with pytest.raises(Unavailable, match="nothing arrived in time"):
            await fetcher.fetch(at(port), CAP, ANY)


async def _reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(head("Content-Length: 10") + b"abc")
    await writer.drain()
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def _cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(head("Content-Length: 10") + b"abc")


async def _cut_chunk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(head("Transfer-Encoding: chunked") + b"5\r\nabcde\r\n5\r\nab")


@pytest.mark.parametrize("talk", [_reset, _cut, _cut_chunk])
async def test_a_body_shorter_than_promised_is_asked_for_again_and_truncated_in_the_end(talk: object) -> None:
    budget = Budget(10 * CAP)
    async with talking(talk) as port, fetching_from(port, budget) as fetcher:  # type: ignore[arg-type]
        with pytest.raises(Doubtful) as caught:
            await fetcher.fetch(at(port), CAP, ANY)
    assert caught.value.final is Reason.TRUNCATED
    assert budget.reserved == 0


async def test_bytes_beyond_the_promised_length_are_no_answer_at_all() -> None:
    async with (
        answering(head("Content-Length: 3", "Connection: close") + b"abcdef") as port,
        fetching_from(port) as fetcher,
    ):
        with pytest.raises(Unavailable, match="no valid HTTP"):
            await fetcher.fetch(at(port), CAP, ANY)


async def test_a_body_waits_for_memory_before_it_is_read_and_its_deadline_waits_as_well() -> None:
    budget = Budget(len(DATA))
    taken = await budget.reserve(1, "c-1")

    async def deliver(request: web.Request) -> web.StreamResponse:
        return web.Response(body=DATA)

    async def free_memory_after_the_deadline() -> None:
        with anyio.fail_after(5):
            while not budget.waiting:
                await checkpoint()
        assert budget.reserved == 1
        await anyio.sleep(0.4)
        taken.give_back()

    async with (
        serving(deliver) as port,
        fetching_from(port, budget, deadline_s=0.3) as fetcher,
        anyio.create_task_group() as group,
    ):
        group.start_soon(free_memory_after_the_deadline)
        body = await fetcher.fetch(at(port), CAP, ANY)
    assert isinstance(body, Body)
    assert budget.reserved == len(DATA)
    body.close()


async def test_a_body_larger_than_all_the_memory_there_is_is_too_large() -> None:
    answer = head("Content-Length: 200") + b"x" * 200
    async with answering(answer) as port, fetching_from(port, Budget(100)) as fetcher:
        assert await fetcher.fetch(at(port), CAP, ANY) is Reason.TOO_LARGE


async def test_many_bodies_share_a_small_budget_and_all_arrive() -> None:
    async def deliver(request: web.Request) -> web.StreamResponse:
        return web.Response(body=DATA)

    budget = Budget(3 * len(DATA))
    done = 0
    async with serving(deliver) as port, fetching_from(port, budget) as fetcher:

        async def fetch() -> None:
            nonlocal done
            body = await fetcher.fetch(at(port), CAP, ANY)
            assert isinstance(body, Body)
            assert budget.reserved <= budget.total
            with body:
                await wait_all_tasks_blocked()
            done += 1

        async with anyio.create_task_group() as group:
            for _ in range(40):
                group.start_soon(fetch)
    assert (done, budget.reserved, fetcher.running) == (40, 0, 0)


async def test_never_more_downloads_at_once_than_allowed() -> None:
    running = most = 0

    async def deliver(request: web.Request) -> web.StreamResponse:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await anyio.sleep(0.01)
        running -= 1
        return web.Response(body=b"x")

    async with serving(deliver) as port, fetching(f"http://127.0.0.1:{port}", connections=3) as fetcher:

        async def fetch() -> None:
            body = await fetcher.fetch(at(port), CAP, ANY)
            assert isinstance(body, Body)
            body.close()

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(fetch)
    assert most == 3


async def test_a_fetch_that_is_cancelled_gives_everything_back() -> None:
    budget = Budget(10 * CAP)
    async with talking(_drip) as port, fetching_from(port, budget) as fetcher, anyio.create_task_group() as group:
        group.start_soon(fetcher.fetch, at(port), CAP, ANY)
        with anyio.fail_after(5):
            while not budget.reserved:
                await checkpoint()
        group.cancel_scope.cancel()
    assert (budget.reserved, fetcher.running) == (0, 0)


async def test_no_failure_tells_the_link() -> None:
    for talk in (_reset, _cut, _cut_chunk):
        async with talking(talk) as port, fetching_from(port) as fetcher:
            with pytest.raises(Unavailable) as caught:
                await fetcher.fetch(at(port), CAP, ANY)
        assert "secret" not in repr(caught.value) + caught.value.detail
        assert caught.value.__suppress_context__


async def test_a_body_keeps_its_slot_until_it_is_closed_or_takes_long() -> None:
    async def deliver(_: web.Request) -> web.Response:
        return web.Response(body=DATA)

    budget = Budget(10 * CAP)
    async with (
        serving(deliver) as port,
        fetching(f"http://127.0.0.1:{port}", budget=budget, connections=1) as fetcher,
    ):
        bodies: list[Body] = []

        async def fetch() -> None:
            body = await fetcher.fetch(at(port), CAP, ANY)
            assert isinstance(body, Body)
            bodies.append(body)

        await fetch()
        async with anyio.create_task_group() as group:
            group.start_soon(fetch)
            await wait_all_tasks_blocked()
            assert (len(bodies), fetcher.running) == (1, 1)
            bodies[0].takes_long()
        async with anyio.create_task_group() as group:
            group.start_soon(fetch)
            await wait_all_tasks_blocked()
            assert (len(bodies), fetcher.running, budget.reserved) == (2, 1, 2 * len(DATA))
            bodies[1].close()
        assert len(bodies) == 3
        for body in bodies:
            body.takes_long()
            body.close()
    assert (fetcher.running, budget.reserved) == (0, 0)


async def test_of_a_conversation_s_files_that_wait_to_be_judged_an_eighth_of_the_slots_is_kept() -> None:
    async def deliver(_: web.Request) -> web.Response:
        return web.Response(body=DATA)

    async with serving(deliver) as port, fetching(f"http://127.0.0.1:{port}", connections=16) as fetcher:
        bodies = [await fetcher.fetch(at(port), CAP, ANY) for _ in range(5)]
        taken = []
        for body in bodies:
            assert isinstance(body, Body)
            body.waits()
            taken.append(fetcher.running)
        assert taken == [4, 3, 2, 2, 2]
        for body in bodies:
            assert isinstance(body, Body)
            body.close()
        assert fetcher.running == 0


async def test_another_conversation_s_file_is_fetched_next_however_many_one_has_waiting() -> None:
    come: list[str] = []
    go_on = asyncio.Event()

    async def deliver(request: web.Request) -> web.Response:
        come.append(request.path)
        await go_on.wait()
        return web.Response(body=b"x")

    async with serving(deliver) as port, fetching(f"http://127.0.0.1:{port}", connections=1) as fetcher:

        async def fetch(conversation: str) -> None:
            wanted = replace(ANY, conversation_id=conversation)
            body = await fetcher.fetch(f"http://127.0.0.1:{port}/{conversation}", CAP, wanted)
            assert isinstance(body, Body)
            body.close()

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(fetch, "flood")
            with anyio.fail_after(20):
                while not come:  # noqa: ASYNC110 # the server tells by its list
                    await anyio.sleep(0.01)
            group.start_soon(fetch, "other")
            await wait_all_tasks_blocked()
            go_on.set()
    assert come.index("/other") <= 2
    assert len(come) == 21


@pytest.mark.parametrize(
    ("flood", "size", "others"),
    [(["one"] * 20, 4 * MIB, [MIB, 4 * MIB]), ([f"new {number}" for number in range(20)], 8 * MIB, [MIB, MIB])],
    ids=["many of one conversation", "one each of many"],
)
async def test_large_files_that_wait_to_be_judged_leave_slots_and_memory_for_other_conversations(
    flood: list[str], size: int, others: list[int]
) -> None:
    async def deliver(request: web.Request) -> web.Response:
        return web.Response(body=bytes(int(request.path[1:])))

    budget, come = Budget(32 * MIB), list[str]()
    judged = asyncio.Event()
    async with serving(deliver) as port, fetching(f"http://127.0.0.1:{port}", budget=budget, connections=8) as fetcher:

        async def fetch(conversation: str, size: int) -> None:
            wanted = replace(ANY, conversation_id=conversation, declared_size=size)
            body = await fetcher.fetch(f"http://127.0.0.1:{port}/{size}", 8 * MIB, wanted)
            assert isinstance(body, Body)
            come.append(conversation)
            with body:
                await judged.wait()

        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                for conversation in flood:
                    group.start_soon(fetch, conversation, size)
                while len(come) < 16 * MIB // size:  # noqa: ASYNC110 # the downloads tell by their list
                    await anyio.sleep(0.01)
                for number, other in enumerate(others):
                    group.start_soon(fetch, f"other {number}", other)
                while not {f"other {number}" for number in range(len(others))} <= set(come):  # noqa: ASYNC110 # the same
                    await anyio.sleep(0.01)
                judged.set()
    assert len(come) == len(flood) + len(others)
    assert (budget.reserved, fetcher.running, fetcher._shares._own) == (0, 0, {})


async def hangs(host: str, port: int) -> list[str]:
    await anyio.sleep_forever()
    return []


@pytest.mark.parametrize(("hosts", "running"), [(1, 2), (3, 4)])
async def test_hosts_outside_the_region_that_hang_leave_slots_for_the_others(hosts: int, running: int) -> None:
    async def deliver(request: web.Request) -> web.StreamResponse:
        return web.Response(body=DATA)

    names = [f"away-{number}.example" for number in range(hosts)]
    async with (
        serving(deliver) as port,
        fetching(f"http://127.0.0.1:{port}", hosts=names, connections=8, lookup=hangs) as fetcher,
        anyio.create_task_group() as group,
    ):
        with as_task(seat := Busy(20 * hosts)):
            for number in range(20 * hosts):
                group.start_soon(fetcher.fetch, f"https://{names[number % hosts]}/{number}", CAP, ANY)
        await wait_all_tasks_blocked()
        assert fetcher.running == seat.parts == running, "the others rest"
        body = await fetcher.fetch(at(port), CAP, ANY)
        assert isinstance(body, Body)
        body.close()
        group.cancel_scope.cancel()
    assert fetcher.running == 0


async def test_who_waits_for_a_place_at_a_host_is_given_up_where_too_much_waits_and_leaves_the_others_theirs() -> None:
    crowd, given_up = Crowd(), list[Unavailable]()

    async def fetch(fetcher: Fetcher, number: int) -> None:
        waiter = Waiter()
        try:
            with marked(again=False, line=lambda host: crowd.waiting(host, waiter)):
                await fetcher.fetch(f"https://away.example/{number}", CAP, ANY)
        except Unavailable as unavailable:
            given_up.append(unavailable)

    async with fetching(hosts=["away.example"], connections=8, lookup=hangs) as fetcher:
        async with anyio.create_task_group() as group:
            for number in range(5):
                group.start_soon(fetch, fetcher, number)
            await wait_all_tasks_blocked()
            for number in range(1, 4):
                crowd.thin()
                await wait_all_tasks_blocked()
                assert [one.host for one in given_up] == ["away.example"] * number
            crowd.thin()
            assert not crowd.takes_most(0, of_bytes=False), "two have their place"
            assert fetcher.running == 2
            group.cancel_scope.cancel()
        assert fetcher.running == 0

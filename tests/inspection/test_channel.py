"""The service's end of a socket to a worker: frames in pieces, waits in vain, and words that nobody waits for."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from consumer.inspection.workers.channel import Channel, Died
from consumer.inspection.workers.codes import Unheard


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    channel = Channel(ours)
    with theirs:
        yield channel, theirs
    channel.close()


async def turns_of_the_loop(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_frame_may_come_in_pieces(ends: tuple[Channel, socket.socket]) -> None:
    channel, theirs = ends
    for _ in range(2):
        waiting = asyncio.create_task(channel.exactly(4))
        for piece in (b"a", b"bc", b"d"):
            await turns_of_the_loop()
            assert not waiting.done()
            theirs.send(piece)
        assert await waiting == b"abcd"


async def test_a_frame_that_was_waited_for_in_vain_goes_on_where_it_was(ends: tuple[Channel, socket.socket]) -> None:
    channel, theirs = ends
    waiting = asyncio.create_task(channel.exactly(4))
    await turns_of_the_loop()
    theirs.send(b"ab")
    await turns_of_the_loop()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not channel.has(4)
    theirs.send(b"cd")
    assert channel.has(4)
    assert await channel.exactly(4) == b"abcd"


async def test_an_answer_that_came_when_its_wait_was_over_is_not_lost(ends: tuple[Channel, socket.socket]) -> None:
    channel, theirs = ends
    waiting = asyncio.create_task(channel.alone(4))
    await turns_of_the_loop()
    theirs.send(b"abcd")
    waiting.get_loop().call_later(0, waiting.cancel)  # in the turn in which it comes
    await asyncio.wait([waiting])
    assert (await channel.alone(4) if waiting.cancelled() else waiting.result()) == b"abcd"


async def test_words_that_nobody_waits_for_keep_no_loop_busy_and_are_heard_with_the_next_answer(
    ends: tuple[Channel, socket.socket],
) -> None:
    channel, theirs = ends
    theirs.send(b"abcd")
    assert await channel.alone(4) == b"abcd"
    theirs.send(b"xy")
    await turns_of_the_loop()
    theirs.send(b"abcd")
    with pytest.raises(Unheard):
        await channel.alone(4)


@pytest.mark.parametrize("said", [b"", b"ab"])
async def test_an_end_in_the_middle_is_told_to_whoever_waits_and_again(
    ends: tuple[Channel, socket.socket], said: bytes
) -> None:
    channel, theirs = ends
    waiting = asyncio.create_task(channel.exactly(4))
    await turns_of_the_loop()
    theirs.send(said)
    theirs.close()
    with pytest.raises(Died):
        await waiting
    with pytest.raises(Died):
        await channel.exactly(4)


async def test_that_a_frame_is_there_is_told_before_its_waiter_wakes_and_for_a_piece_of_it_not_at_all(
    ends: tuple[Channel, socket.socket],
) -> None:
    channel, theirs = ends
    waiting = asyncio.create_task(channel.exactly(4))
    told: list[tuple[bytes, bool]] = []
    channel.when_filled = lambda said: told.append((said, waiting.done()))
    theirs.send(b"ab")
    await turns_of_the_loop()
    assert not told
    theirs.send(b"cd")
    assert await waiting == b"abcd"
    assert told == [(b"abcd", False)]


async def test_whoever_waits_when_it_is_closed_or_later_is_told_that_it_is_over(
    ends: tuple[Channel, socket.socket],
) -> None:
    channel, _ = ends
    waiting = asyncio.create_task(channel.exactly(4))
    await turns_of_the_loop()
    channel.close()
    for wait in (waiting, channel.exactly(4)):
        with pytest.raises(Died):
            await wait

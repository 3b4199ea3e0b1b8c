"""The event loop goes on while hostile files are judged: a pulse beside them tells the longest time it was held up."""

import time
from collections.abc import Iterator

import anyio

from consumer.inspection.workers import Workers
from tests.inspection import bombs
from tests.inspection.files import MemoryBody, attachment

MIB = 1024 * 1024
LONGEST_S = 0.050


def hostile() -> Iterator[bytes]:
    yield bombs.overlapping()
    yield bombs.nested(3)
    yield bombs.pixels()
    yield b"\n" * 10 * MIB + b"x"
    yield b"\0<" * 4096
    yield b"%PDF-1.4\n1 0 obj" + b"(" * 5 * MIB
    yield b"PK\x03\x04" * MIB


async def pulse(held_up: list[float]) -> None:
    """CPU time of this process, not the clock: neighbours on a busy machine do not block our loop."""
    while True:
        before = time.process_time()
        await anyio.sleep(0.001)
        held_up.append(time.process_time() - before)


async def test_the_event_loop_is_not_blocked_while_hostile_files_are_judged() -> None:
    bodies = [MemoryBody(data) for data in hostile()]
    held_up: list[float] = []
    async with Workers(2, 20.0) as workers, anyio.create_task_group() as watch:
        watch.start_soon(pulse, held_up)
        async with anyio.create_task_group() as group:
            for body in bodies:
                group.start_soon(workers.examine, body, attachment())
        watch.cancel_scope.cancel()
    for body in bodies:
        body.__exit__()
    assert len(held_up) > 20
    assert max(held_up) < LONGEST_S


async def test_the_watch_itself_sees_a_blocked_loop() -> None:
    held_up: list[float] = []
    async with anyio.create_task_group() as watch:
        watch.start_soon(pulse, held_up)
        await anyio.sleep(0.005)
        spent = time.process_time()
        while time.process_time() - spent < 2 * LONGEST_S:
            pass
        await anyio.sleep(0.005)
        watch.cancel_scope.cancel()
    assert max(held_up) >= LONGEST_S

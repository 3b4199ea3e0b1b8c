"""What a worker that was taken over would try: each in a real one, held in, and seen to work where it is not."""

from __future__ import annotations

import os
import platform
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from consumer.inspection.workers import attacks, landlock
from consumer.inspection.workers.attacks import AT_START, ATTACKS, Target
from consumer.inspection.workers.channel import Died
from consumer.inspection.workers.confinement import EVERY_STEP, not_offered
from consumer.inspection.workers.process import Template
from consumer.inspection.workers.proof import BY_LANDLOCK, attacked
from consumer.inspection.workers.starting import default_command
from consumer.inspection.workers.worker import Plan
from consumer.sandbox.attack import targets
from tests.inspection.planted import plant, planted

pytestmark = pytest.mark.skipif(bool(not_offered()), reason=f"no filter here: {not_offered()}")

MIB = 1024 * 1024
HELD_IN = Plan(1024 * MIB)
WITHOUT_LANDLOCK = Plan(1024 * MIB, leave_out=frozenset({"landlock"}))
FILTER_ALONE = Plan(1024 * MIB, leave_out=frozenset(EVERY_STEP) - {"filter"})
LANDLOCK_ALONE = Plan(1024 * MIB, leave_out=frozenset(EVERY_STEP) - {"landlock", "privileges"})
FREE = Plan(1024 * MIB, leave_out=frozenset(EVERY_STEP))


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def template() -> AsyncIterator[Template]:
    started = await Template.start(default_command())
    yield started
    await started.close()


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """All that there is to attack: of the test's own."""
    with targets() as there:
        yield there


def content(target: Target) -> bytes:
    return Path(target.file).read_bytes()


def restore(target: Target, kept: bytes) -> None:
    Path(target.file).write_bytes(kept)


@pytest.mark.parametrize("plan", [HELD_IN, WITHOUT_LANDLOCK, FILTER_ALONE], ids=["all", "no Landlock", "filter alone"])
@pytest.mark.parametrize("attack", ATTACKS)
async def test_no_attack_works(attack: str, plan: Plan, template: Template, target: Target) -> None:
    assert await attacked(template, plan, attack, target) == "killed"
    assert content(target)


@pytest.mark.parametrize("attack", sorted(set(ATTACKS) - {"write to files in hand"}))
async def test_every_attack_works_where_nothing_is_in_force(attack: str, template: Template, target: Target) -> None:
    """Else that it fails above would show nothing."""
    kept = content(target)
    assert await attacked(template, FREE, attack, target) == "succeeded"
    restore(target, kept)


@pytest.mark.parametrize("attack", [*BY_LANDLOCK, "tcp", "truncate", "program", "abstract socket", "signal"])
async def test_landlock_alone_keeps_out_what_it_is_for(attack: str, template: Template, target: Target) -> None:
    try:
        fields = len(landlock.rights()) // 8
    except OSError:
        pytest.skip("the kernel has no Landlock")
    if fields < 3 and attack in {"abstract socket", "signal"}:
        pytest.skip("the kernel's Landlock has no scopes")
    assert await attacked(template, LANDLOCK_ALONE, attack, target) == "refused"


async def test_the_bytes_of_a_file_can_be_written_by_nobody(template: Template, target: Target) -> None:
    """Not even without a filter: the seal holds. In a file without one the same attack changes the bytes."""
    assert await attacked(template, FREE, "write to files in hand", target) == "refused"
    with tempfile.TemporaryFile() as unsealed:
        unsealed.write(attacks.command("write to files in hand", target))
        unsealed.flush()
        worker = template.fork(Plan(1024 * MIB, leave_out=frozenset(EVERY_STEP), attack=True))
        await worker.ready()
        worker.give(unsealed.fileno(), unsealed.tell())
        assert (await worker.answer()).detected_type == attacks.SUCCEEDED
        await worker.end()
        assert os.pread(unsealed.fileno(), 6, 0) == b"forged"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="no other kernel has these calls")
@pytest.mark.parametrize("number", [335, 336], ids=["uretprobe", "uprobe"])
async def test_calls_that_newer_kernels_let_pass_any_filter_do_nothing(number: int) -> None:
    started = await Template.start(planted())
    worker = started.fork(HELD_IN)
    await worker.ready()
    with plant(f"Seen('text/csv' if ctypes.CDLL(None).syscall({number}) >= 0 else 'text/plain')") as body:
        worker.give(body.fileno(), body.size)
        try:
            assert (await worker.answer()).detected_type == "text/plain"
        except Died:
            assert (await worker.end(kill=False)).signal in (signal.SIGILL, signal.SIGSYS)
    await started.close()


def test_what_is_tried_at_the_start_is_of_every_kind() -> None:
    assert set(AT_START) < set(ATTACKS)


def test_landlock_asks_for_every_right_that_the_kernel_knows() -> None:
    try:
        rights = landlock.rights()
    except OSError:
        pytest.skip("the kernel has no Landlock")
    for place in range(len(rights)):
        one_more = bytearray(rights)
        one_more[place] = 0xFF
        assert bytes(one_more) == rights or _is_refused(bytes(one_more))


def _is_refused(attributes: bytes) -> bool:
    try:
        os.close(landlock._created(attributes))
    except OSError:
        return True
    return False

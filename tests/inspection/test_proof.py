"""Whether workers are held in is shown by trying; less than was asked for gets no file, and says what is in the way."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from consumer.inspection.workers.confinement import not_offered
from consumer.inspection.workers.pool import Bounds, Confinement, Workers, WorkersNotStarted
from tests.inspection.files import MemoryBody, attachment
from tests.inspection.planted import planted
from tests.inspection.tally import Tally

pytestmark = pytest.mark.skipif(bool(not_offered()), reason=f"no filter here: {not_offered()}")

REFUSED_BY_A_PROFILE = """
code = b"".join(struct.pack("HBBI", *one) for one in [
    (seccomp.LOAD, 0, 0, seccomp.NUMBER),
    (seccomp.EQUAL, 0, 1, seccomp.machine().seccomp),
    (seccomp.RETURN, 0, 0, seccomp.ERRNO | 1),
    (seccomp.RETURN, 0, 0, seccomp.ALLOW),
])
seccomp.install(code)
"""
ANSWERED_AND_NOT_DONE = "seccomp.install = lambda: None"
WITH_A_HOLE = """
from consumer.inspection.workers.syscalls import ALLOWED, Syscall
seccomp.ALLOWED = (*ALLOWED, Syscall("socket", 41, 198, ""), Syscall("connect", 42, 203, ""))
"""
THAT_ONLY_REFUSES = "seccomp.KILL_PROCESS = seccomp.ERRNO | 1"
SWITCHED = """
from consumer.inspection.workers import worker
install, real = seccomp.install, worker.confine
def confine(*arguments):
    seccomp.install = (lambda: None) if os.path.exists({switch!r}) else install
    return real(*arguments)
worker.confine = confine
"""
WITHOUT_LANDLOCK = "confinement.landlock.restrict = lambda: fail(OSError('the kernel offers no Landlock'))"


async def why(before: str, confinement: Confinement = Confinement.SECCOMP) -> str:
    """What the start says."""
    with pytest.raises(WorkersNotStarted) as raised:
        async with Workers(
            1, bounds=Bounds(deadline_s=20.0, confinement=confinement), command=planted(before), reports=Tally()
        ):
            pass
    return str(raised.value)


async def test_a_profile_that_refuses_the_filter_is_named() -> None:
    said = await why(REFUSED_BY_A_PROFILE)
    assert "seccomp(SECCOMP_SET_MODE_FILTER): Operation not permitted" in said
    assert "Linux" in said
    assert "glibc" in said


async def test_a_runtime_that_says_yes_and_does_nothing_is_found_out() -> None:
    assert "the kernel says that no filter holds a worker" in await why(ANSWERED_AND_NOT_DONE)


async def test_a_hole_in_the_filter_is_found_by_trying() -> None:
    assert "(tcp) was not killed" in await why(WITH_A_HOLE)


async def test_a_call_that_is_refused_where_it_should_end_the_process_is_found() -> None:
    assert "was not killed: refused" in await why(THAT_ONLY_REFUSES)


async def test_full_asks_for_landlock_too() -> None:
    assert "landlock is not in force: the kernel offers no Landlock" in await why(WITHOUT_LANDLOCK, Confinement.FULL)
    async with Workers(1, bounds=Bounds(deadline_s=20.0), command=planted(WITHOUT_LANDLOCK), reports=Tally()):
        pass


async def test_full_is_proven_where_the_kernel_has_landlock() -> None:
    from consumer.inspection.workers import landlock

    try:
        landlock.rights()
    except OSError:
        pytest.skip("the kernel has no Landlock")
    async with Workers(1, bounds=Bounds(deadline_s=20.0, confinement=Confinement.FULL), reports=Tally()) as workers:
        assert await workers.prove() is None


async def test_none_asks_for_nothing_and_each_result_says_so() -> None:
    bounds = Bounds(deadline_s=20.0, confinement=Confinement.NONE)
    async with Workers(1, bounds=bounds, command=planted(REFUSED_BY_A_PROFILE), reports=Tally()) as workers:
        with MemoryBody(b"text") as body:
            assert (await workers.examine(body, attachment())).detectors["confinement"] == "none"


@pytest.fixture
def switch() -> Iterator[Path]:
    """A file, there, in a folder that anybody may look into: the template of root's is nobody."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # for anybody
        off = Path(folder) / "off"
        off.touch()
        yield off


async def test_whoever_is_told_waits_and_no_file_is_given_meanwhile(switch: Path) -> None:
    tally = Tally()
    async with Workers(
        1,
        bounds=Bounds(deadline_s=20.0),
        reports=tally,
        patient=True,
        command=planted(SWITCHED.format(switch=str(switch))),
    ) as workers:
        assert tally.why_unconfined
        with MemoryBody(b"text") as body:
            async with anyio.create_task_group() as group:
                group.start_soon(workers.examine, body, attachment())
                await anyio.wait_all_tasks_blocked()
                assert not any(worker.files for worker in workers._supply._warm)
                group.cancel_scope.cancel()
            switch.unlink()  # noqa: ASYNC240 # a moment
            assert await workers.prove() is None
            assert tally.of("confined")[-1] == ("seccomp", None)
            await workers.examine(body, attachment())
            switch.touch()  # noqa: ASYNC240 # a moment
            why = await workers.prove()
            assert tally.of("confined")[-1] == ("seccomp", why)
            assert not workers._held_in.is_set()

"""Real worker processes. Planted ones do what a taken-over or broken worker would."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from consumer.errors import LastTryAhead
from consumer.inspection.policy.policy import TYPE_ONLY, Policy
from consumer.inspection.readers.seen import Limits
from consumer.inspection.workers import confinement, process, starting
from consumer.inspection.workers.channel import Died
from consumer.inspection.workers.pool import (
    Bounds,
    Confinement,
    LibmagicMissing,
    Workers,
    WorkersNotStarted,
    versions,
)
from consumer.inspection.workers.supply import TOLD_AFTER
from consumer.inspection.workers.worker import COLLECTED_EVERY, Plan
from consumer.model import Facts, Reason, Tries
from tests.inspection.files import BENIGN, TYPES_BY_EXTENSION, MemoryBody, attachment
from tests.inspection.planted import plant, planted
from tests.inspection.tally import Tally

MIB = 1024 * 1024
HELD_IN = pytest.mark.skipif(sys.platform != "linux", reason="what holds a worker in is Linux's")


async def examined(workers: Workers, data: bytes, name: str = "file.txt") -> Facts:
    with MemoryBody(data) as body:
        return await workers.examine(body, attachment(name))


async def told(workers: Workers, expression: str) -> Facts:
    with plant(expression) as body:
        return await workers.examine(body, attachment())


async def pid_of_next(workers: Workers) -> int:
    """The process that the next file goes to."""
    worker = await workers._supply.take()
    workers._supply.give_back(worker)
    return worker.pid


async def test_every_allowed_type_is_told_by_a_real_worker() -> None:
    async with Workers(2, bounds=Bounds(deadline_s=20.0), reports=Tally()) as workers:
        for extension, data in BENIGN.items():
            facts = await examined(workers, data, f"file.{extension}")
            assert facts.detected_type == facts.extension_type == TYPES_BY_EXTENSION[extension]
            assert facts.findings == ()
            assert facts.size == len(data)
            assert facts.detectors == versions()


@pytest.mark.parametrize(
    ("name", "declared", "differs"),
    [
        ("a.jpg", None, True),
        ("a.png", "image/jpeg", True),
        ("a.png", "image/png", False),
        ("a", None, False),
        ("a.unheardof", "application/octet-stream", False),
    ],
)
async def test_a_name_or_declaration_of_another_type_is_a_flag(name: str, declared: str | None, differs: bool) -> None:
    async with Workers(1, bounds=Bounds(deadline_s=20.0), reports=Tally()) as workers:
        with MemoryBody(BENIGN["png"]) as body:
            facts = await workers.examine(body, attachment(name, declared))
    assert ("type_differs" in facts.flags) == differs
    assert Policy.load().decide(attachment(name, declared), facts) is None


def test_every_flag_is_explained_to_readers_of_the_results() -> None:
    source = "".join(file.read_text() for file in Path(process.__file__).parents[1].rglob("*.py"))
    given = set(re.findall(r'flags?\.?(?:append)?\("([a-z_]+)"\)', source))
    page = (starting.ROOT / "schemas" / "README.md").read_text()
    listed = set(re.findall(r"^\| `([a-z_]+)` \|", page.partition("## Remarks")[2].partition("## Dead")[0], re.M))
    assert given | {TYPE_ONLY} == listed


async def test_remarks_about_the_declaration_are_flags() -> None:
    async with Workers(1, bounds=Bounds(deadline_s=20.0), reports=Tally()) as workers:
        with MemoryBody(b"text") as body:
            facts = await workers.examine(body, attachment(declared_type="text/plain", declared_size=4))
            assert facts.flags == ()
            facts = await workers.examine(body, attachment(declared_type="binary/octet-stream", declared_size=5))
            assert facts.flags == ("generic_declared_type", "size_differs")


@HELD_IN
@pytest.mark.parametrize(
    ("expression", "end"),
    [
        ("ctypes.string_at(0)", "crash"),
        ("os._exit(0)", "crash"),
        ("max(iter(int, 1))", "budget"),
        ("time.sleep(600)", "filter"),
        ("channel().send(b'12345678')", "babble"),
        ("channel().send(struct.pack('<Q', 2**64 - 1))", "babble"),
        ("channel().send(bytes(16)) and channel().recvmsg(1)", "babble"),
        ("channel().recvmsg(1)", "babble"),  # it could go on, and waits for what never comes
    ],
)
async def test_what_ends_its_worker_is_undetectable_at_once_and_the_next_file_meets_another(
    expression: str, end: str
) -> None:
    tally = Tally()
    deadline_s = 120.0 if end == "budget" else 2.0  # a busy machine gives it little time
    async with Workers(1, bounds=Bounds(deadline_s=deadline_s, cpu_s=0.5), command=planted(), reports=tally) as workers:
        facts = await told(workers, expression)
        assert [finding.code for finding in facts.findings] == [Reason.UNDETECTABLE]
        assert facts.detected_type is None
        assert facts.sha256
        assert (await examined(workers, b"next")).detected_type == "text/plain"
    assert tally.ended == {end: 1}


@HELD_IN
async def test_the_kernel_ends_what_spins_even_if_nobody_watches() -> None:
    """In whole seconds of its life: up to one more than it was allowed."""
    template = await process.Template.start(planted())
    worker = template.fork(Plan(1024 * MIB))
    await worker.ready()
    await worker.allow_cpu(worker.cpu_s() + 0.2)
    with plant("max(iter(int, 1))") as body:
        worker.give(body.fileno(), body.size)
        with pytest.raises(Died):
            await worker.answer()
    ending = await worker.end(kill=False)
    await template.close()
    assert ending.signal == signal.SIGXCPU
    assert 0.2 < ending.cpu_s < 1.5  # as the kernel samples it


async def test_a_worker_that_was_held_up_once_costs_no_verdict() -> None:
    tally = Tally()
    async with Workers(1, bounds=Bounds(deadline_s=1.0), reports=tally) as workers:
        os.kill(await pid_of_next(workers), signal.SIGSTOP)
        assert (await examined(workers, b"text")).detected_type == "text/plain"
    assert tally.ended == {"deadline": 1}


async def test_a_worker_that_was_stopped_and_goes_on_is_as_good_as_before() -> None:
    """As containers are frozen and thawed: what it waits in is begun anew by the kernel."""
    tally = Tally()
    async with Workers(1, bounds=Bounds(deadline_s=20.0), reports=tally) as workers:
        pid = await pid_of_next(workers)
        for _ in range(3):
            os.kill(pid, signal.SIGSTOP)
            os.kill(pid, signal.SIGCONT)
            assert (await examined(workers, b"text")).detected_type == "text/plain"
        assert await pid_of_next(workers) == pid
    assert not tally.ended


@HELD_IN
async def test_a_worker_that_is_not_needed_any_more_ends_by_itself() -> None:
    """Not by the filter: each such end would stand in the kernel's log."""
    template = await process.Template.start(starting.default_command())
    worker = template.fork(Plan(1024 * MIB))
    await worker.ready()
    ending = await worker.end(kill=False)
    await template.close()
    assert (ending.signal, ending.code, ending.killed) == (0, 0, False)


async def test_a_worker_that_was_killed_from_outside_costs_no_verdict() -> None:
    tally = Tally()
    async with Workers(1, bounds=Bounds(deadline_s=20.0), reports=tally) as workers:
        await examined(workers, b"text")
        os.kill(await pid_of_next(workers), signal.SIGKILL)
        assert (await examined(workers, b"text")).detected_type == "text/plain"
    assert tally.ended == {"outside": 1}


@HELD_IN
async def test_what_is_killed_from_outside_each_time_is_undetectable_in_the_end() -> None:
    """As the kernel does when a file takes all memory. Without the filter a worker can do so to itself."""
    tally = Tally()
    bounds = Bounds(deadline_s=20.0, confinement=Confinement.NONE)
    without = planted("confinement.EVERY_STEP = ('limits',)")
    async with Workers(1, bounds=bounds, command=without, reports=tally) as workers:
        facts = await told(workers, "os.kill(os.getpid(), signal.SIGKILL)")
        assert [finding.code for finding in facts.findings] == [Reason.UNDETECTABLE]
        assert (await examined(workers, b"next")).detected_type == "text/plain"
    assert tally.ended == {"outside": 3}


@HELD_IN
@pytest.mark.parametrize(("tries", "made"), [(Tries.BUT_LAST, 2), (Tries.LAST, 1)])
async def test_the_last_try_is_the_callers_to_make(tries: Tries, made: int) -> None:
    """It writes down that it does, before the file ends the caller as well."""
    tally = Tally()
    without = planted("confinement.EVERY_STEP = ('limits',)")
    bounds = Bounds(deadline_s=20.0, confinement=Confinement.NONE)
    async with Workers(1, bounds=bounds, command=without, reports=tally) as workers:
        with plant("os.kill(os.getpid(), signal.SIGKILL)") as body:
            asked = workers.examine(body, replace(attachment(), tries=tries))
            if tries is Tries.BUT_LAST:
                with pytest.raises(LastTryAhead):
                    await asked
            else:
                assert [finding.code for finding in (await asked).findings] == [Reason.UNDETECTABLE]
    assert tally.ended == {"outside": made}


async def test_the_tries_after_the_first_have_the_machine_to_themselves() -> None:
    spin = "next(0 for _ in iter(int, 1) if time.perf_counter() > began + 0.5)"
    tally = Tally()
    async with Workers(2, bounds=Bounds(deadline_s=1.0, cpu_s=20.0), command=planted(), reports=tally) as workers:
        os.kill(await pid_of_next(workers), signal.SIGSTOP)
        async with anyio.create_task_group() as group:
            group.start_soon(told, workers, f"[{spin} for began in [time.perf_counter()]] and Seen('text/plain')")
            with anyio.fail_after(60):
                while workers._slots.taken < 2:  # noqa: ASYNC110 # no event of theirs
                    await anyio.sleep(0.01)
        assert workers._slots.taken == 0
    assert tally.ended == {"deadline": 1}


async def test_what_needs_more_memory_than_there_is_says_so_and_its_worker_goes_on() -> None:
    tally = Tally()
    bounds = Bounds(deadline_s=20.0, address_space_bytes=256 * MIB, cpu_s=20.0)
    async with Workers(1, bounds=bounds, command=planted(), reports=tally) as workers:
        facts = await told(workers, "bytearray(1 << 30)")
        assert [finding.code for finding in facts.findings] == [Reason.UNDETECTABLE]
        assert (await examined(workers, b"next")).detected_type == "text/plain"
    assert not tally.ended
    assert tally.failures == {"MemoryError": 1}


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        ("ValueError('text of the file')", "ValueError"),
        ("struct.error()", "struct.error"),
        ("zlib.error()", "zlib.error"),
        ("UnicodeDecodeError('utf-8', b'', 0, 1, '')", "UnicodeError"),
        ("ModuleNotFoundError()", "ImportError"),
        ("StopIteration()", "another exception"),
    ],
)
async def test_an_exception_that_nobody_foresaw_is_an_answer_and_counted_by_its_class(error: str, counted: str) -> None:
    tally = Tally()
    async with Workers(1, bounds=Bounds(deadline_s=20.0), command=planted(), reports=tally) as workers:
        facts = await told(workers, f"fail({error})")
        assert [finding.code for finding in facts.findings] == [Reason.UNDETECTABLE]
        assert "text of the file" not in facts.findings[0].detail
    assert tally.failures == {counted: 1}
    assert not tally.ended


async def test_an_import_of_what_was_not_loaded_is_an_exception_and_ends_no_worker() -> None:
    tally = Tally()
    async with Workers(1, bounds=Bounds(deadline_s=20.0), command=planted(), reports=tally) as workers:
        await told(workers, "__import__('wave')")
    assert (tally.failures, dict(tally.ended)) == ({"ImportError": 1}, {})


async def test_what_is_in_flight_beside_a_dying_worker_is_not_lost() -> None:
    async with Workers(2, bounds=Bounds(deadline_s=20.0), command=planted(), reports=Tally()) as workers:
        answers: dict[int, Facts] = {}

        async def one(number: int) -> None:
            with plant("os._exit(1)") if number % 3 == 0 else MemoryBody(b"text %d" % number) as body:
                answers[number] = await workers.examine(body, attachment())

        async with anyio.create_task_group() as group:
            for number in range(12):
                group.start_soon(one, number)
    assert {n for n, facts in answers.items() if facts.detected_type == "text/plain"} == {n for n in range(12) if n % 3}
    assert all(answers[n].findings[0].code is Reason.UNDETECTABLE for n in range(0, 12, 3))


async def test_a_cancelled_examination_leaves_no_stale_answer() -> None:
    tally = Tally()
    async with Workers(1, bounds=Bounds(deadline_s=30.0), command=planted(), reports=tally) as workers:
        async with anyio.create_task_group() as group:
            with plant("channel().recvmsg(1)") as body:
                group.start_soon(workers.examine, body, attachment())
                await anyio.wait_all_tasks_blocked()
                group.cancel_scope.cancel()
        assert (await examined(workers, b"next")).detected_type == "text/plain"
    assert tally.ended == {"cancelled": 1}


async def test_waiting_for_a_worker_does_not_count_as_its_deadline() -> None:
    async with Workers(1, bounds=Bounds(deadline_s=3.0, cpu_s=20.0), command=planted(), reports=Tally()) as workers:
        answers: list[Facts] = []
        spin = "next(0 for _ in iter(int, 1) if time.perf_counter() > began + 1.1)"

        async def one() -> None:
            answers.append(await told(workers, f"[{spin} for began in [time.perf_counter()]] and Seen('text/plain')"))

        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(one)
    assert [facts.detected_type for facts in answers] == ["text/plain"] * 3


async def test_a_worker_lives_for_so_many_files_and_not_for_what_it_found() -> None:
    """Replaced for what it found, honest rejects would be what an attacker sends to make the service slow."""
    async with Workers(
        1, bounds=Bounds(deadline_s=20.0, files_per_worker=3), command=planted(), reports=Tally()
    ) as workers:
        pids = []
        for _ in range(9):
            facts = await told(workers, "Seen('text/plain' if os.getpid else '')")
            assert facts.detected_type == "text/plain"
            pids.append(await pid_of_next(workers))
    assert len(set(pids)) == 4
    tally = Tally()
    async with Workers(1, bounds=Bounds(deadline_s=20.0), reports=tally) as workers:
        pid = await pid_of_next(workers)
        for _ in range(10):
            assert (await examined(workers, b"")).findings[0].code is Reason.EMPTY
        assert await pid_of_next(workers) == pid
    assert not tally.ended


async def test_what_readers_leave_in_circles_is_collected_after_so_many_files() -> None:
    """Left to Python a worker without end grew by a third in ten thousand files."""
    before = """
gc.disable()
GONE = []
class Circle:
    def __init__(self):
        self.itself = self
    def __del__(self):
        GONE.append(self)
"""
    bounds = Bounds(deadline_s=20.0, files_per_worker=10_000)
    async with Workers(1, bounds=bounds, command=planted(before), reports=Tally()) as workers:
        await told(workers, "Circle() and Seen('text/plain')")
        seen = [await told(workers, "Seen('text/csv' if GONE else 'text/plain')") for _ in range(COLLECTED_EVERY)]
    assert [facts.detected_type for facts in seen] == ["text/plain"] * (COLLECTED_EVERY - 1) + ["text/csv"]


async def test_the_next_worker_is_warm_before_it_is_needed() -> None:
    async with Workers(1, bounds=Bounds(deadline_s=20.0, files_per_worker=1), reports=Tally()) as workers:
        for _ in range(4):
            with anyio.fail_after(20):
                assert await pid_of_next(workers)
            assert len(workers._supply._warm) == 3
            await examined(workers, b"text")


async def test_another_policy_replaces_the_workers() -> None:
    current = Limits()
    async with Workers(
        1, bounds=Bounds(deadline_s=20.0), limits=lambda: current, command=planted(), reports=Tally()
    ) as workers:
        assert "form" not in (await told(workers, "Seen(None, [], ['form'] if limits.pages == 7 else [])")).flags
        current = Limits(pages=7)
        assert "form" in (await told(workers, "Seen(None, [], ['form'] if limits.pages == 7 else [])")).flags


async def test_a_template_that_was_killed_is_started_again() -> None:
    async with Workers(1, bounds=Bounds(deadline_s=20.0), reports=Tally()) as workers:
        os.kill((await workers._supply.template()).pid, signal.SIGKILL)
        assert (await examined(workers, b"text")).detected_type == "text/plain"


async def test_a_template_that_says_nothing_more_is_ended_and_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that was stopped. Whoever waited for it could not even be cancelled, and the service not end."""
    monkeypatch.setattr(process, "SILENT_S", 1.0)
    tally = Tally()
    async with Workers(1, bounds=Bounds(deadline_s=20.0, files_per_worker=1), reports=tally) as workers:
        stopped = (await workers._supply.template()).pid
        os.kill(stopped, signal.SIGSTOP)
        for _ in range(len(workers._supply._warm) + 1):
            assert (await examined(workers, b"text")).detected_type == "text/plain"
        assert (await workers._supply.template()).pid != stopped


async def test_files_in_the_hands_of_workers_are_examined_though_the_template_is_killed_again_and_again() -> None:
    facts: list[Facts] = []
    bounds = Bounds(deadline_s=20.0, files_per_worker=5)
    async with Workers(2, bounds=bounds, command=planted(), reports=Tally()) as workers:

        async def ten() -> None:
            for _ in range(10):
                facts.append(await told(workers, "sum(range(400_000)) and Seen('text/csv')"))
                if len(facts) % 12 == 0:
                    os.kill((await workers._supply.template()).pid, signal.SIGKILL)

        with anyio.fail_after(120):
            async with anyio.create_task_group() as group:
                for _ in range(12):
                    group.start_soon(ten)
    types = [one.detected_type for one in facts]
    assert set(types) <= {"text/csv", None}, "a file whose workers were killed each time is told as such"
    assert types.count("text/csv") > 100


async def test_workers_that_end_at_their_start_are_told_and_waited_for(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    dies = f"confinement.prepare = lambda: os.path.exists({str(broken)!r}) and os._exit(3)"
    tally = Tally()
    bounds = Bounds(deadline_s=20.0, files_per_worker=1)
    async with Workers(1, bounds=bounds, reports=tally, command=planted(dies)) as workers:
        broken.touch()
        os.kill((await workers._supply.template()).pid, signal.SIGKILL)

        async def more_than_are_warm() -> None:
            for _ in range(4):
                assert (await examined(workers, b"text")).detected_type == "text/plain"

        async with anyio.create_task_group() as group:
            group.start_soon(more_than_are_warm)
            with anyio.fail_after(60):
                while tally.why_not_starting is None:  # noqa: ASYNC110 # told by a flag alone
                    await anyio.sleep(0.05)
            assert workers._supply._failures >= TOLD_AFTER
            broken.unlink()
        assert tally.why_not_starting is None


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
async def test_a_worker_starts_with_an_empty_environment_and_no_descriptor_of_ours(tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        async with Workers(1, bounds=Bounds(deadline_s=20.0), command=planted(), reports=Tally()) as workers:
            pid = await pid_of_next(workers)
            assert set(os.listdir(f"/proc/{pid}/fd")) == {"0"}  # noqa: PTH208 # names
            # LC_CTYPE is what the interpreter itself sets
            assert (
                "form"
                in (await told(workers, "Seen(None, [], ['form'] if set(os.environ) <= {'LC_CTYPE'} else [])")).flags
            )


async def test_without_libmagic_nothing_starts_and_the_message_says_what_to_install() -> None:
    with pytest.raises(LibmagicMissing, match=r"apt-get install libmagic1.*brew install libmagic"):
        async with Workers(
            1, bounds=Bounds(deadline_s=2.0), command=planted("sys.modules['magic'] = None"), reports=Tally()
        ):
            pass


async def test_a_worker_that_does_not_come_up_is_told() -> None:
    with pytest.raises(WorkersNotStarted):
        async with Workers(
            1, bounds=Bounds(deadline_s=2.0), command=(sys.executable, "-I", "-c", "pass"), reports=Tally()
        ):
            pass


@pytest.mark.skipif(sys.platform != "linux", reason="a Linux call")
def test_the_service_hides_its_memory_from_its_peers() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(starting.ROOT)!r}); import ctypes; "
        "from consumer.inspection.workers.pool import hide_from_peers; hide_from_peers(); "
        "sys.exit(ctypes.CDLL(None).prctl(3))"
    )
    assert subprocess.run([sys.executable, "-I", "-c", code], check=False).returncode == 0
    assert confinement.PR_SET_DUMPABLE == 4

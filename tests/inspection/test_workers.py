"""Real worker processes. Planted ones do what a taken-over or broken worker would."""

import json
import os
import re
import signal
import sys
from pathlib import Path

import anyio
import pytest

from consumer.inspection.policy.policy import TYPE_ONLY, Policy
from consumer.inspection.workers import confinement, process
from consumer.inspection.workers.pool import LibmagicMissing, Workers, WorkersNotStarted, versions
from consumer.model import Facts, Reason
from tests.inspection.files import BENIGN, TYPES_BY_EXTENSION, MemoryBody, attachment
from tests.reports import Recorder

MIB = 1024 * 1024
PLANTED = """
import sys
sys.path.insert(0, {root!r})
from consumer.inspection.workers import worker
def prepare():
    examine, detectors = original()
    def planted(data, claimed):
        if data.startswith(b"plant:"):
            return eval(data[6:].decode(), {{"worker": worker, **globals()}})
        return examine(data, claimed)
    return planted, detectors
original, worker.prepare = worker.prepare, prepare
import ctypes, os, socket, struct, time, pickle
sys.exit(worker.main([{address_space!r}, "3"]))
"""


def planted(address_space: int = 1024 * MIB) -> tuple[str, ...]:
    code = PLANTED.format(root=str(process.ROOT), address_space=str(address_space))
    return (sys.executable, "-I", "-c", code)


def plant(expression: str) -> MemoryBody:
    return MemoryBody(b"plant:" + expression.encode())


async def examined(workers: Workers, data: bytes, name: str = "file.txt") -> Facts:
    with MemoryBody(data) as body:
        return await workers.examine(body, attachment(name))


async def test_every_allowed_type_is_told_by_a_real_worker() -> None:
    async with Workers(count=2, deadline_s=20.0, reports=Recorder()) as workers:
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
    async with Workers(count=1, deadline_s=20.0, reports=Recorder()) as workers:
        with MemoryBody(BENIGN["png"]) as body:
            facts = await workers.examine(body, attachment(name, declared))
    assert ("type_differs" in facts.flags) == differs
    assert Policy.load().decide(attachment(name, declared), facts) is None


def test_every_flag_is_explained_to_readers_of_the_results() -> None:
    source = "".join(file.read_text() for file in Path(process.__file__).parents[1].rglob("*.py"))
    told = set(re.findall(r'flags?\.?(?:append)?\("([a-z_]+)"\)', source))
    page = (process.ROOT / "schemas" / "README.md").read_text()
    listed = set(re.findall(r"^\| `([a-z_]+)` \|", page.partition("## Remarks")[2].partition("## Dead")[0], re.M))
    schema = json.loads((process.ROOT / "schemas" / "accepted.json").read_text())
    assert {*told, TYPE_ONLY} == listed == set(schema["properties"]["flags"]["items"]["examples"])


async def test_remarks_about_the_declaration_are_flags() -> None:
    async with Workers(count=1, deadline_s=20.0, reports=Recorder()) as workers:
        with MemoryBody(b"text") as body:
            facts = await workers.examine(body, attachment(declared_type="text/plain", declared_size=4))
            assert facts.flags == ()
            facts = await workers.examine(body, attachment(declared_type="binary/octet-stream", declared_size=5))
            assert facts.flags == ("generic_declared_type", "size_differs")


@pytest.mark.parametrize(
    ("expression", "cause"),
    [
        ("ctypes.string_at(0)", "died"),
        ("os._exit(0)", "died"),
        ("time.sleep(600)", "deadline"),
        ("max(iter(int, 1))", "deadline"),
        ("socket.socket(fileno=os.dup(0)).sendall(pickle.dumps(os.getpid)) or time.sleep(600)", "died"),
        ("socket.socket(fileno=os.dup(0)).sendall(struct.pack('>L', 100 << 20) + bytes(1 << 20))", "died"),
        ("worker.send(socket.socket(fileno=os.dup(0)), {'detected': 7, 'findings': [], 'flags': []})", "died"),
        (
            "worker.send(socket.socket(fileno=os.dup(0)), {'detected': None, 'findings': [['no', '']], 'flags': []})",
            "died",
        ),
        ("worker.send(socket.socket(fileno=os.dup(0)), {'detected': None, 'findings': [], 'flags': ['A B']})", "died"),
        ("worker.send(socket.socket(fileno=os.dup(0)), ['text/plain'])", "died"),
    ],
)
async def test_a_worker_that_misbehaves_gives_undetectable_and_is_replaced(expression: str, cause: str) -> None:
    recorder = Recorder()
    async with Workers(1, 1.0, command=planted(), reports=recorder) as workers:
        with plant(expression) as body:
            facts = await workers.examine(body, attachment())
        assert [finding.code for finding in facts.findings] == [Reason.UNDETECTABLE]
        assert facts.detected_type is None
        assert facts.sha256 == body.sha256
        assert (await examined(workers, b"next")).detected_type == "text/plain"
    assert recorder.of("worker_ended") == [cause, cause]


async def test_a_worker_that_was_held_up_once_costs_no_verdict() -> None:
    recorder = Recorder()
    async with Workers(1, 1.0, reports=recorder) as workers:
        (worker,) = workers._idle
        assert worker is not None
        os.kill(worker.pid, signal.SIGSTOP)
        assert (await examined(workers, b"text")).detected_type == "text/plain"
    assert recorder.of("worker_ended") == ["deadline"]


async def test_a_worker_that_eats_its_address_space_says_so_and_goes_on() -> None:
    recorder = Recorder()
    async with Workers(1, 20.0, command=planted(256 * MIB), reports=recorder) as workers:
        with plant("bytearray(1 << 30)") as body:
            facts = await workers.examine(body, attachment())
        assert [finding.code for finding in facts.findings] == [Reason.UNDETECTABLE]
        assert (await examined(workers, b"next")).detected_type == "text/plain"
    assert recorder.of("worker_ended") == []


async def test_what_is_in_flight_beside_a_dying_worker_is_not_lost() -> None:
    async with Workers(2, 20.0, command=planted(), reports=Recorder()) as workers:
        answers: dict[int, Facts] = {}

        async def one(number: int) -> None:
            with plant("os._exit(1)") if number % 3 == 0 else MemoryBody(b"text %d" % number) as body:
                answers[number] = await workers.examine(body, attachment())

        async with anyio.create_task_group() as group:
            for number in range(12):
                group.start_soon(one, number)
    assert {n for n, facts in answers.items() if facts.detected_type == "text/plain"} == {n for n in range(12) if n % 3}
    assert all(answers[n].findings[0].code is Reason.UNDETECTABLE for n in range(0, 12, 3))


async def test_a_worker_that_died_while_idle_costs_no_verdict() -> None:
    recorder = Recorder()
    async with Workers(1, 20.0, reports=recorder) as workers:
        await examined(workers, b"text")
        (worker,) = workers._idle
        assert worker is not None
        await worker.kill()
        assert (await examined(workers, b"text")).detected_type == "text/plain"
    assert recorder.of("worker_ended") == ["died"]


async def test_a_cancelled_examination_leaves_no_stale_answer() -> None:
    recorder = Recorder()
    async with Workers(1, 30.0, command=planted(), reports=recorder) as workers:
        async with anyio.create_task_group() as group:
            with plant("time.sleep(600)") as body:
                group.start_soon(workers.examine, body, attachment())
                await anyio.wait_all_tasks_blocked()
                group.cancel_scope.cancel()
        assert (await examined(workers, b"next")).detected_type == "text/plain"
    assert recorder.of("worker_ended") == ["cancelled"]


async def test_waiting_for_a_worker_does_not_count_as_its_deadline() -> None:
    async with Workers(1, 3.0, command=planted(), reports=Recorder()) as workers:
        answers: list[Facts] = []

        async def one() -> None:
            with plant("time.sleep(1.2) or worker.Seen('text/plain')") as body:
                answers.append(await workers.examine(body, attachment()))

        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(one)
    assert [facts.detected_type for facts in answers] == ["text/plain"] * 4


@pytest.mark.skipif(sys.platform != "linux", reason="/proc and Landlock are Linux's")
@pytest.mark.parametrize("path", ["/proc/{parent}/environ", "/proc/{parent}/mem", "/etc/passwd", str(Path(__file__))])
async def test_a_worker_that_was_taken_over_reads_no_file(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENESYS_CLIENT_SECRET", "for the service only")
    target = path.format(parent=os.getpid())
    async with Workers(1, 20.0, command=planted(), reports=Recorder()) as workers:
        with plant(f"os.open({target!r}, os.O_RDONLY)") as body:
            facts = await workers.examine(body, attachment())
    assert [finding.code for finding in facts.findings] == [Reason.UNDETECTABLE]


async def test_a_worker_starts_with_an_empty_environment_and_no_descriptor_of_ours(tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        async with Workers(1, 20.0, command=planted(), reports=Recorder()) as workers:
            # LC_CTYPE is what the interpreter itself sets
            with plant("worker.Seen(None, [], ['empty' if set(os.environ) <= {'LC_CTYPE'} else 'inherited'])") as body:
                assert "empty" in (await workers.examine(body, attachment())).flags
            with plant(f"os.fstat({secret.fileno()})") as body:
                assert (await workers.examine(body, attachment())).findings[0].code is Reason.UNDETECTABLE


@pytest.mark.skipif(sys.platform != "linux", reason="its limits are Linux's")
async def test_a_worker_tells_what_holds_it_in() -> None:
    async with Workers(1, 20.0, reports=Recorder()) as workers:
        (worker,) = workers._idle
        assert worker is not None
        assert {"address_space", "descriptors", "file_size", "prctl"} <= set(worker.confined)


async def test_without_libmagic_nothing_starts_and_the_message_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['magic'] = None; "
        f"sys.path.insert(0, {str(process.ROOT)!r}); "
        "from consumer.inspection.workers.worker import main; sys.exit(main(['1073741824', '3']))"
    )
    with pytest.raises(LibmagicMissing, match=r"apt-get install libmagic1.*brew install libmagic"):
        async with Workers(1, 2.0, command=(sys.executable, "-I", "-c", code), reports=Recorder()):
            pass


async def test_a_worker_that_does_not_come_up_is_told() -> None:
    with pytest.raises(WorkersNotStarted):
        async with Workers(1, 2.0, command=(sys.executable, "-I", "-c", "pass"), reports=Recorder()):
            pass


@pytest.mark.skipif(sys.platform != "linux", reason="a Linux call")
def test_the_service_hides_its_memory_from_its_peers() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(process.ROOT)!r}); import ctypes; "
        "from consumer.inspection.workers.pool import hide_from_peers; hide_from_peers(); "
        "sys.exit(ctypes.CDLL(None).prctl(3))"
    )
    import subprocess

    assert subprocess.run([sys.executable, "-I", "-c", code], check=False).returncode == 0
    assert confinement.PR_SET_DUMPABLE == 4

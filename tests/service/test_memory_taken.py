"""A file that takes the memory of the service's container, on real Kafka: whatever the kernel ends then, and however
often it is started again, that file is undetectable and its neighbours are judged."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
import pytest

from consumer.model import Reason
from consumer.model.units import MIB
from consumer.sandbox import hostile
from consumer.sandbox.cases import Case, Due, ExpectedOutcome
from consumer.sandbox.check import OutputReader
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.world import Conversation
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.wire.results import Output
from tests.chaos.workers import Worker, worker_env
from tests.outages.crafted import GOOD, Maker, announced, traffic_of
from tests.service.composed import Kept, until
from tests.service.container import TAKES_MEMORY, Container, container
from tests.stream.harness import write_tasks

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="what takes memory is seen in Linux's /proc only"),
]

PROGRAM = """
import os, sys
from pathlib import Path
from consumer.service import assembly
group, sees_its_limit = sys.argv[1:3]
del sys.argv[1:3]
if group:
    Path(group, "cgroup.procs").write_text(str(os.getpid()))
if sees_its_limit == "no":
    assembly.allowed = lambda: None
from consumer.inspection.workers import pool
from tests.inspection.planted import planted
pool.default_command = planted
from consumer.__main__ import main
main()
"""
MOST_ENDS = 8
PATIENT = {  # so that only memory ends an examination
    "INSPECTION__WORKERS": "1",
    "INSPECTION__CPU_S": "3600",
    "INSPECTION__DEADLINE_S": "3600",
    "DOWNLOAD__MAX_BYTES_IN_MEMORY": str(64 * MIB),
}
UNDETECTABLE = Due(ExpectedOutcome.REJECTED, Reason.UNDETECTABLE.value)
BOMB = Case("takes_memory", UNDETECTABLE, ("takes_memory",), extension="txt", mime="text/plain")


@pytest.fixture(autouse=True)
def planted_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(hostile.RECIPES, "takes_memory", lambda rng: f"plant:{TAKES_MEMORY}".encode())


@dataclass(frozen=True, slots=True)
class Scene:
    kafka: KafkaSettings
    topics: TopicSettings
    reader: OutputReader
    score: Kept
    worker: Worker
    program: Sequence[str]
    log: Path

    async def announce(self, talks: Sequence[Conversation]) -> None:
        """As tasks that wait already when the service starts."""
        tasks = [(talk.conversation_id, (announced(talk).value or b"").decode()) for talk in talks]
        await write_tasks(self.kafka, self.topics, tasks)

    def start(self) -> None:
        self.worker.start(self.program)

    async def answers(self, count: int) -> None:
        await until(self.reader, self.score, lambda: len(self.score.records) >= count)

    def logged(self, event: str) -> list[dict[str, object]]:
        lines = (json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{"))
        return [line for line in lines if event in line["event"]]


@asynccontextmanager
async def prepared(
    kafka: KafkaSettings,
    topics: TopicSettings,
    folder: Path,
    talks: Sequence[Conversation],
    held: Container,
    more: Mapping[str, str],
    *,
    sees_its_limit: bool,
) -> AsyncIterator[Scene]:
    """A service in a container that is not started yet. Whatever happens, it does not survive the context."""
    kafka = kafka.model_copy(update={"session_timeout_ms": 2_000, "heartbeat_ms": 200})
    traffic = traffic_of(talks)
    async with Emulator(traffic.world) as emulator, OutputReader(kafka, topics) as reader:
        env = worker_env(emulator, kafka, topics, str(folder / "files"), **PATIENT, **more)
        worker = Worker("service", env, folder)
        program = (sys.executable, "-c", PROGRAM, held.group, "yes" if sees_its_limit else "no")
        try:
            yield Scene(kafka, topics, reader, Kept(traffic.expectation), worker, program, folder / "service.log")
        finally:
            if not worker.ended:
                worker.send(signal.SIGKILL)
                worker.wait(5)


async def until_looked(what: Callable[[], bool]) -> None:
    with anyio.fail_after(200):
        while not what():  # noqa: ASYNC110 # a process ends, and tells nobody
            await anyio.sleep(0.02)


async def test_workers_that_fit_meet_their_own_limit_and_those_that_no_longer_do_are_ended_without_the_service(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    maker = Maker("memory", topics.partitions)
    first, second = ([maker.talk(BOMB, GOOD, partition=0), maker.talk(GOOD, partition=0)] for _ in range(2))
    async with (
        container(1024 * MIB) as held,
        prepared(kafka_settings, topics, tmp_path, [*first, *second], held, held.fitting, sees_its_limit=True) as scene,
        anyio.create_task_group() as group,
    ):
        await scene.announce(first)
        scene.start()
        process = scene.worker.pid
        group.start_soon(partial(held.watch, scene.worker, whole=False))
        await scene.answers(3)
        assert held.ended == 0
        assert not held.group or scene.logged("do not fit"), "it found its limit"

        held.tighten()
        await scene.announce(second)
        await scene.answers(6)
        assert held.ended >= 3, "each of its tries"
        assert (scene.worker.pid, scene.worker.ended) == (process, False)
        assert scene.score.tally().good, scene.score.tally()
        group.cancel_scope.cancel()


async def test_a_file_that_ends_the_whole_container_is_found_by_those_who_take_over_and_its_neighbours_are_answered(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    maker = Maker("container", topics.partitions)
    talks = [maker.talk(BOMB, GOOD, partition=0), maker.talk(GOOD, partition=0), maker.talk(GOOD, partition=1)]
    starts = 0

    async def started_again_and_again(scene: Scene) -> None:
        """As by Kubernetes."""
        nonlocal starts
        while starts <= MOST_ENDS:
            await until_looked(lambda: scene.worker.ended)
            scene.start()
            starts += 1

    async with (
        container(400 * MIB) as held,
        prepared(kafka_settings, topics, tmp_path, talks, held, {}, sees_its_limit=False) as scene,
        anyio.create_task_group() as group,
    ):
        await scene.announce(talks)
        scene.start()
        group.start_soon(started_again_and_again, scene)
        group.start_soon(partial(held.watch, scene.worker, whole=True))
        with anyio.fail_after(200):
            while len(scene.score.records) < 4 and starts <= MOST_ENDS:
                await scene.reader.poll(scene.score)
        assert 2 <= starts <= MOST_ENDS
        assert not scene.worker.ended
        assert scene.score.tally().good, scene.score.tally()
        await until_looked(lambda: bool(scene.logged("no longer: Processes end")))
        group.cancel_scope.cancel()
    rejected = [json.loads(one.value or b"") for one in scene.score.records if one.output is Output.REJECTED]
    assert [finding["detail"] for finding in rejected[0]["findings"]] == [
        "the whole service was ended each time that it examined this file"
    ]

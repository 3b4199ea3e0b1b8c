"""Workers of the service as processes, to be killed, frozen and stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from consumer.sandbox.arrangement import environment
from consumer.sandbox.emulator import Emulator
from consumer.settings.model import KafkaSettings, TopicSettings

OURS = (sys.executable, "-m", "consumer")  # this checkout


def worker_env(
    emulator: Emulator, kafka: KafkaSettings, topics: TopicSettings, storage: str, **more: str
) -> dict[str, str]:
    """Environment variables of a worker beside an emulator; `more` adds to them, or replaces some."""
    return environment(emulator) | {
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "KAFKA__GROUP": kafka.group,
        "KAFKA__SESSION_TIMEOUT_MS": str(kafka.session_timeout_ms),
        "KAFKA__HEARTBEAT_MS": str(kafka.heartbeat_ms),
        "TOPICS__EVENTS": topics.events,
        "TOPICS__PREFIX": topics.prefix,
        "TOPICS__PARTITIONS": str(topics.partitions),
        "TOPICS__REPLICATION": str(topics.replication),
        "GENESYS__CALLS_PER_MINUTE": "1000000",
        "STORAGE__URL": storage,
        "WEB__HOST": "127.0.0.1",
        "WEB__PORT": "0",
        "LOG__FORMAT": "json",
        **more,
    }


class Worker:
    """One `attachment-consumer run`, started again after each end."""

    def __init__(self, name: str, env: dict[str, str], logs: Path) -> None:
        self.name = name
        self._env = {**os.environ, **env}
        self._log = logs / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, program: Sequence[str] = OURS) -> None:
        """`program`: the command line before `run`."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*program, "run"],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self, seconds: float) -> int | None:
        """Its exit status; None if it did not end by itself and was killed."""
        assert self._process is not None
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return None

    @property
    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None


class Workers:
    """Some of them; whatever happens, none survives the context."""

    def __init__(
        self,
        count: int,
        env: dict[str, str],
        logs: Path,
        each: Sequence[Mapping[str, str]] = (),
        program: Sequence[str] = OURS,
    ) -> None:
        """`each`: what only the first of them has in its environment, only the second, and so on."""
        self._program = program
        own = each or [{}] * count
        self.all = [Worker(f"worker-{n}", {**env, **own[n]}, logs) for n in range(count)]

    def __enter__(self) -> Self:
        for worker in self.all:
            worker.start(self._program)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self.all:
            if not worker.ended:
                worker.send(signal.SIGCONT)
                worker.send(signal.SIGKILL)
            worker.wait(5)

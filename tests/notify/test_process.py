"""`notify` as a process: it freezes and thaws, tells, ends when it is told to, and keeps its secrets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx
import pytest
from anyio.abc import Process

from consumer.sandbox.arrangement import environment
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.notify.scene import Member, Scene, at_once, on_stage
from tests.service.composed import until_true

pytestmark = pytest.mark.kafka


@dataclass
class Command:
    process: Process
    errors: Path

    def logged(self, event: str) -> list[dict[str, object]]:
        """The lines of the log whose event begins so."""
        lines = [json.loads(line) for line in self.errors.read_text().splitlines() if line.endswith("}")]
        return [line for line in lines if str(line["event"]).startswith(event)]

    async def metrics(self) -> str:
        port = self.logged("serving")[0]["port"]
        async with httpx.AsyncClient(trust_env=False) as http:
            pages = [
                (await http.get(f"http://127.0.0.1:{port}/{page}")).text for page in ("metrics", "readyz", "livez")
            ]
        return "\n".join(pages)

    async def stopped(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        with anyio.fail_after(15):
            return await self.process.wait()


@asynccontextmanager
async def command(scene: Scene, folder: Path) -> AsyncIterator[Command]:
    kafka, errors = scene.kafka, folder / "stderr"
    env = {
        "PATH": os.environ["PATH"],
        **environment(scene.emulator),
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "KAFKA__GROUP": kafka.group,
        "KAFKA__SESSION_TIMEOUT_MS": str(kafka.session_timeout_ms),
        "KAFKA__HEARTBEAT_MS": str(kafka.heartbeat_ms),
        "TOPICS__PREFIX": scene.topics.prefix,
        "NOTIFY__CHANNEL": "message",
        "WEB__HOST": "127.0.0.1",
        "WEB__PORT": "0",
        "LOG__LEVEL": "debug",
    }
    arguments = [sys.executable, "-m", "consumer", "notify"]
    with errors.open("wb") as stderr:
        process = await anyio.open_process(arguments, env=env, cwd=folder, stdout=subprocess.DEVNULL, stderr=stderr)
    try:
        yield Command(process, errors)
    finally:
        with anyio.CancelScope(shield=True):
            if process.returncode is None:
                process.kill()
            await process.wait()


@pytest.fixture
async def scene(kafka_settings: KafkaSettings, topics: TopicSettings) -> AsyncIterator[Scene]:
    async with on_stage(kafka_settings, topics) as scene:
        yield scene


async def test_who_was_frozen_while_others_told_tells_of_none_again(scene: Scene, tmp_path: Path) -> None:
    """Another takes over, tells of everything and leaves; the group is empty when the frozen one wakes up."""
    state, names, after = scene.emulator.state, [f"file-{number}.pdf" for number in range(12)], "after.pdf"
    await scene.begin_at_the_start()
    async with command(scene, tmp_path) as frozen, anyio.create_task_group() as group:
        state.switch({"outage": {"api": "hang"}})
        await scene.write(names)
        await until_true(lambda: state.calls["conversation"] == 1)
        frozen.process.send_signal(signal.SIGSTOP)
        state.switch({"outage": {"api": "off"}})
        other = Member()
        group.start_soon(other.run, scene, at_once)
        await until_true(lambda: len(other.told) == len(names))
        await other.leave()
        frozen.process.send_signal(signal.SIGCONT)
        await scene.write([after])
        await until_true(lambda: after in scene.told)
        pages = await frozen.metrics()
        assert await frozen.stopped() == 0
    assert scene.told == dict.fromkeys([*names, after], 1)
    assert (sum(offset or 0 for offset in await scene.committed())) == len(names) + 1
    assert 'attachment_consumer_notifications_total{outcome="sent"} 1.0' in pages
    out = pages + frozen.errors.read_text()
    assert [secret for secret in (state.switches.client_secret, *state.tokens) if secret in out] == []
    assert state.tokens
    assert "Traceback" not in out

"""Each dependency of the service, taken away and given back."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import anyio
from anyio.to_thread import run_sync
from moto.server import ThreadedMotoServer

from consumer.model import Dependency
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.kafka import KafkaBroker
from tests.antivirus.conftest import running_clamd

Step = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Outage:
    """`settings` point the service to what `begin` takes away. `gate`: None where there is none."""

    gate: Dependency | None
    begin: Step
    end: Step
    settings: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    hangs: bool = False  # then only a timeout tells
    antivirus: bool = False  # what the traffic expects changes


def of_genesys(emulator: Emulator, part: str, how: str) -> Outage:
    """`part` is login, api or files. A login that is away is only noticed once the token is worth nothing."""

    async def begin() -> None:
        emulator.state.switch({"outage": {part: how}, "expire_tokens": part == "login"})

    async def end() -> None:
        emulator.state.switch({"outage": {part: "off"}})

    return Outage(Dependency(part), begin, end, hangs=how == "hang")


def of_kafka(broker: KafkaBroker, how: str) -> Outage:
    """`how`: `stop` and start again, or `freeze` and thaw."""
    first, then = (broker.stop, broker.start) if how == "stop" else (broker.freeze, broker.thaw)

    async def begin() -> None:
        await run_sync(first)

    async def end() -> None:
        await run_sync(then)

    return Outage(None, begin, end)


@asynccontextmanager
async def s3_server() -> AsyncIterator[Outage]:
    """A bucket, whose server stops and comes back under the same address."""
    server = await run_sync(_s3, 0)
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    await run_sync(lambda: urlopen(Request(f"{endpoint}/bucket", method="PUT")).close())

    async def begin() -> None:
        await run_sync(server.stop)

    async def end() -> None:
        nonlocal server
        server = await run_sync(_s3, port)

    options = {
        "endpoint": endpoint,
        "allow_http": "true",
        "region": "us-east-1",
        "access_key_id": "tests",
        "secret_access_key": "tests",
    }
    try:
        yield Outage(Dependency.STORAGE, begin, end, {"storage": {"url": "s3://bucket/files", "options": options}})
    finally:
        await run_sync(server.stop)


def _s3(port: int) -> ThreadedMotoServer:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    return server


def clamd_is_there() -> bool:
    return shutil.which("clamd") is not None


@asynccontextmanager
async def clamd(folder: Path) -> AsyncIterator[Outage]:
    """A real clamd, killed and started again."""
    again: list[subprocess.Popen[bytes]] = []
    with running_clamd(folder) as first:

        async def begin() -> None:
            first.process.kill()
            await run_sync(first.process.wait)

        async def end() -> None:
            again.append(_start_clamd(folder))

        try:
            yield Outage(Dependency.ANTIVIRUS, begin, end, {"antivirus": {"address": first.tcp}}, antivirus=True)
        finally:
            with anyio.CancelScope(shield=True):
                for process in again:
                    process.kill()
                    await run_sync(process.wait)


def _start_clamd(folder: Path) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen(["clamd", f"--config-file={folder}/clamd.conf"], stdin=quiet, stdout=quiet, stderr=quiet)

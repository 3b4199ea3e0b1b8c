"""A service whose container forbids the filter takes no tasks, and says why. By the name of `none` it goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from consumer.inspection.workers.confinement import not_offered
from tests.loopback import free_port

pytestmark = pytest.mark.skipif(bool(not_offered()), reason=f"no filter here: {not_offered()}")

UNDER_A_PROFILE = """
import struct, sys
from consumer.inspection.workers import seccomp
seccomp.install(b"".join(struct.pack("HBBI", *one) for one in [
    (seccomp.LOAD, 0, 0, seccomp.NUMBER),
    (seccomp.EQUAL, 0, 1, seccomp.machine().seccomp),
    (seccomp.RETURN, 0, 0, seccomp.ERRNO | 1),
    (seccomp.RETURN, 0, 0, seccomp.ALLOW),
]))
sys.argv = ["attachment-consumer", "run"]
from consumer.__main__ import main
main()
"""


@contextmanager
def service(port: int, folder: Path, **settings: str) -> Iterator[None]:
    env = {
        **os.environ,
        "GENESYS_CLIENT_ID": "id",
        "GENESYS_CLIENT_SECRET": "secret",
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
        "STORAGE__URL": str(folder),
        "WEB__HOST": "127.0.0.1",
        "WEB__PORT": str(port),
        **settings,
    }
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-c", UNDER_A_PROFILE], env=env, stderr=log, stdout=log)  # ours
        try:
            yield
        finally:
            process.kill()
            process.wait()


def ready(port: int) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:  # ours
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except OSError:
        return 0, {}


async def until_it_says(port: int, condition: str) -> tuple[int, str]:
    with anyio.fail_after(60):
        while True:
            status, told = await anyio.to_thread.run_sync(ready, port)
            if condition in json.dumps(told):
                return status, json.dumps(told)
            await anyio.sleep(0.2)


async def test_with_less_than_was_asked_for_no_tasks_are_taken(tmp_path: Path) -> None:
    port = free_port()
    with service(port, tmp_path):
        status, told = await until_it_says(port, "workers_unconfined")
    assert status == 503
    assert "seccomp(SECCOMP_SET_MODE_FILTER): Operation not permitted" in told
    assert "look at the seccomp profile of the container's runtime" in told


async def test_none_is_gone_on_with_by_its_name_only_and_is_said(tmp_path: Path) -> None:
    port = free_port()
    with service(port, tmp_path, INSPECTION__CONFINEMENT="none"):
        _, told = await until_it_says(port, "confinement_off")
    assert "workers_unconfined" not in told

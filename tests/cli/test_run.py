"""`run` as a process: what it serves while its dependencies are away, and what signals do."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from consumer.inspection.policy.policy import SHIPPED

NOBODY = "http://127.0.0.1:1"
ENV = {
    "PATH": os.environ["PATH"],
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "GENESYS_CLIENT_ID": "id",
    "GENESYS_CLIENT_SECRET": "hush-hush",
    "GENESYS__LOGIN_URL": NOBODY,
    "GENESYS__API_URL": NOBODY,
    "DOWNLOAD__ALLOWED_ORIGINS": NOBODY,
    "WEB__HOST": "127.0.0.1",
    "WEB__PORT": "0",
    "KAFKA_GROUP": "meant for us",
}

NEVER_DONE = """
import anyio
from consumer.cli.run import _on_signals
from consumer.telemetry.log import setup
from consumer.settings.model import LogSettings

async def main():
    async with anyio.create_task_group() as group:
        group.start_soon(_on_signals, group, anyio.Event(), [], 10.0)
        await anyio.sleep(0.1)
        import logging
        logging.getLogger("test").warning("running")

setup(LogSettings())
anyio.run(main)
"""


@contextmanager
def process(*arguments: str, cwd: Path, **env: str) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(
        [sys.executable, *arguments], env=ENV | env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with started:
        try:
            yield started
        finally:
            started.kill()


def until(started: subprocess.Popen[str], event: str) -> dict[str, Any]:
    """The first line of the log whose event begins so."""
    assert started.stderr is not None
    for line in started.stderr:
        told: dict[str, Any] = json.loads(line)
        if told["event"].startswith(event):
            return told
    raise AssertionError(f"it ended without saying {event!r}")


def test_it_serves_its_state_while_everything_else_is_away_and_ends_when_told(tmp_path: Path) -> None:
    with process("-m", "consumer", "run", cwd=tmp_path) as service:
        until(service, "KAFKA_GROUP is no setting; did you mean KAFKA__GROUP?")
        starts = until(service, "the attachment consumer starts")
        assert {"version", "brokers", "region", "topics", "partitions", "antivirus", "confinement", "policy"} <= set(
            starts
        )
        port = until(service, "serving")["port"]
        assert "no broker of 127.0.0.1:1 answers" in until(service, "Kafka does not answer.")["detail"]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            assert client.get("/livez").status_code == 200
            ready = client.get("/readyz")
            assert "attachment_consumer_build_info" in client.get("/metrics").text
        assert ready.status_code == 503
        assert any("no broker" in one["detail"] for one in ready.json()["conditions"])
        service.send_signal(signal.SIGTERM)
        until(service, "draining")
        rest = service.communicate(timeout=30)
    assert service.returncode == 0
    assert "Traceback" not in rest[1]
    assert rest[0] == "", "stdout is for data"


def test_a_second_signal_stops_now(tmp_path: Path) -> None:
    with process("-c", NEVER_DONE, cwd=tmp_path) as service:
        until(service, "running")
        service.send_signal(signal.SIGTERM)
        until(service, "draining for at most 10 s; a second signal stops now")
        assert service.poll() is None
        service.send_signal(signal.SIGINT)
        until(service, "stopped now")
        assert service.wait(30) == 128 + signal.SIGINT


def versions_told(port: int) -> list[str]:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        return re.findall(r'^attachment_consumer_policy_info\{version="([^"]+)"\} 1', client.get("/metrics").text, re.M)


def test_a_hangup_reads_the_policy_again_and_metrics_tell_which_is_in_force(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(SHIPPED.read_text())
    with process("-m", "consumer", "run", cwd=tmp_path, INSPECTION__POLICY_FILE=str(policy)) as service:
        port = until(service, "serving")["port"]
        (first,) = versions_told(port)
        policy.write_text(SHIPPED.read_text().replace('version = "1"', 'version = "2"'))
        service.send_signal(signal.SIGHUP)
        second = until(service, "policy in force")["version"]
        assert (first.partition("+")[0], versions_told(port)) == ("1", [second])
        policy.write_text("version = ")
        service.send_signal(signal.SIGHUP)
        until(service, "The changed policy file is wrong; the one before stays in force.")
        assert versions_told(port) == [second]
        service.send_signal(signal.SIGTERM)
        until(service, "draining")
        service.communicate(timeout=30)
    assert service.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="a Linux call")
def test_nobody_else_of_the_same_user_may_read_the_services_memory(tmp_path: Path) -> None:
    code = (
        "import ctypes\n"
        "from consumer.cli.run import run_service\n"
        "from consumer.settings.load import SettingsProblem\n"
        "try: run_service(None)\n"
        "except SettingsProblem: print(ctypes.CDLL(None).prctl(3))\n"
    )
    with process("-c", code, cwd=tmp_path, WEB__PORT="wrong") as service:
        assert service.communicate(timeout=30)[0] == "0\n"

"""A real clamd, by itself and behind a real c-icap. It has two signatures of our own: no database is downloaded."""

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from consumer.download.body import Body
from consumer.inspection.inspect import Antivirus
from consumer.model import Facts
from tests.antivirus.c_icap import EVERYTHING, RunningIcap, needs_c_icap, running_c_icap
from tests.quick import installed

SIGNATURES = {
    "test.hdb": "44d88612fea8a8f36de82e1278abb02f:68:Test.EICAR_MD5",
    "test.ndb": "Test.EICAR_BODY:0:*:58354f2150254041505b345c505a58353428505e2937434329377d24454943"
    "41522d5354414e444152442d414e544956495255532d544553542d46494c452124482b482a",
}
MIB = 1024 * 1024
STREAM_LIMIT = 24 * MIB
STRICT = "MaxFileSize 5M\nMaxScanSize 20M\nAlertExceedsMax yes\nAlertEncrypted yes\n"
"""Limits that tests can exceed, and which it tells of: by default it does not."""


@dataclass
class RunningClamd:
    tcp: str
    unix: str
    process: subprocess.Popen[bytes]


@contextmanager
def running_clamd(
    folder: Path, limits: str = STRICT, signatures: Mapping[str, str] = SIGNATURES
) -> Iterator[RunningClamd]:
    """On a free port and a socket in `folder`; as many settings as its test needs to be small."""
    (folder / "db").mkdir()
    for name, line in signatures.items():
        (folder / "db" / name).write_text(line + "\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "clamd.conf"
    config.write_text(
        f"Foreground yes\nLogFile {folder}/clamd.log\nDatabaseDirectory {folder}/db\nTemporaryDirectory {folder}\n"
        f"TCPAddr 127.0.0.1\nTCPSocket {port}\nLocalSocket {folder}/s\nMaxThreads 4\nReadTimeout 30\n"
        f"StreamMaxLength {STREAM_LIMIT}\n{limits}SelfCheck 0\nConcurrentDatabaseReload no\n"
    )
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(["clamd", f"--config-file={config}"], stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        _wait_until_it_answers(process, folder / "s")
        yield RunningClamd(f"tcp://127.0.0.1:{port}", f"unix://{folder}/s", process)
    finally:
        process.kill()
        process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], path: Path) -> None:
    for _ in range(500):
        assert process.poll() is None, "clamd did not start"
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(path))
                connection.sendall(b"zPING\0")
                if connection.recv(10) == b"PONG\0":
                    return
        except OSError:
            pass
        time.sleep(0.02)
    raise AssertionError("clamd did not become ready")


def needs_clamd() -> None:
    installed("clamd", "clamav-daemon")


@pytest.fixture(scope="session")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningClamd]:
    needs_clamd()
    with running_clamd(tmp_path_factory.mktemp("clamd")) as running:
        yield running


@pytest.fixture
def clamd_by_default(tmp_path: Path) -> Iterator[RunningClamd]:
    needs_clamd()
    with running_clamd(tmp_path, limits="") as running:
        yield running


@pytest.fixture
def clamd_to_kill(tmp_path: Path) -> Iterator[RunningClamd]:
    needs_clamd()
    with running_clamd(tmp_path) as running:
        yield running


@contextmanager
def icap_and_clamd(folder: Path, types: str = EVERYTHING) -> Iterator[tuple[RunningIcap, RunningClamd]]:
    needs_clamd()
    needs_c_icap()
    with running_clamd(folder) as clamd, running_c_icap(folder, clamd.unix.removeprefix("unix://"), types) as running:
        yield running, clamd


@pytest.fixture(scope="session")
def c_icap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningIcap]:
    folder = tmp_path_factory.mktemp("icap")
    with icap_and_clamd(folder) as (running, _):
        yield running


async def scanned(scanner: Antivirus, data: bytes, facts: Facts | None = None) -> Facts:
    with Body.of(data) as body:
        return await scanner.scan(body, facts or Facts())

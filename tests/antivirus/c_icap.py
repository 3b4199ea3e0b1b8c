"""A real c-icap with its virus scanner, which asks a clamd with our two signatures."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.quick import installed

MODULES = next(Path("/usr/lib").glob("*/c_icap"), Path("/nowhere"))
SETTINGS = """\
PidFile {folder}/pid
CommandsSocket {folder}/ctl
Port 127.0.0.1:{port}
StartServers 1
MaxServers 4
ThreadsPerChild 10
TmpDir {folder}
ModulesDir {modules}
ServicesDir {modules}
TemplateDir /usr/share/c_icap/templates/
LoadMagicFile /etc/c-icap/c-icap.magic
ServerLog {folder}/server.log
AccessLog {folder}/access.log
Service echo srv_echo.so
Service antivirus_module virus_scan.so
ServiceAlias avscan virus_scan?allow204=on&sizelimit=off&mode=simple
virus_scan.ScanFileTypes {types}
virus_scan.MaxObjectSize 20M
Module common clamd_mod.so
clamd_mod.ClamdSocket {clamd}
"""
EVERYTHING = "TEXT DATA EXECUTABLE ARCHIVE GIF JPEG MSOFFICE DOCUMENT GRAPHICS STREAM"
AS_SHIPPED = "TEXT DATA EXECUTABLE ARCHIVE GIF JPEG MSOFFICE"


@dataclass
class RunningIcap:
    authority: str
    process: subprocess.Popen[bytes]

    @property
    def avscan(self) -> str:
        return f"icap://{self.authority}/avscan"


def needs_c_icap() -> None:
    installed("c-icap", "c-icap")
    if not (MODULES / "virus_scan.so").exists():
        pytest.skip("virus_scan.so is not installed (Debian: libc-icap-mod-virus-scan)")


@contextmanager
def running_c_icap(folder: Path, clamd: str, types: str = EVERYTHING) -> Iterator[RunningIcap]:
    """`clamd`: the path of its socket."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "c-icap.conf"
    config.write_text(SETTINGS.format(folder=folder, port=port, modules=MODULES, clamd=clamd, types=types))
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(["c-icap", "-N", "-f", str(config)], stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        _wait_until_it_answers(process, port)
        yield RunningIcap(f"127.0.0.1:{port}", process)
    finally:
        process.terminate()  # it ends its children, which killed it could not
        process.wait(20)


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int) -> None:
    question = f"OPTIONS icap://127.0.0.1:{port}/avscan ICAP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode()
    for _ in range(500):
        assert process.poll() is None, "c-icap did not start"
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as connection:
                connection.sendall(question)
                if connection.recv(100).startswith(b"ICAP/1.0 200"):
                    return
        except OSError:
            pass
        time.sleep(0.02)
    raise AssertionError("c-icap did not become ready")

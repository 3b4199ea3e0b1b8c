"""What a worker that was taken over would try. Done inside a worker, in place of a reader, to show that it can't.

Each raises `OSError` when the kernel refuses, and comes back when it worked. With the filter in force none comes back:
the process ends. The targets are the asker's own.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import platform
import resource
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from consumer.inspection.readers.seen import Seen

SUCCEEDED = "text/plain"  # the detected type that says so
PR_SET_NAME, PTRACE_TRACEME, IPC_PRIVATE, IPC_RMID, CLONE_NEWUSER = 15, 0, 0, 0, 0x1000_0000
IO_URING_SETUP, KEYCTL, MEMFD_CREATE = 425, {"x86_64": 250, "aarch64": 219}, {"x86_64": 319, "aarch64": 279}
DESCRIPTORS = 16


@dataclass(frozen=True, slots=True)
class Target:
    """Of the asker: all of these are there, and may be harmed."""

    pid: int  # of the asker itself
    file: str = "/"  # its path
    tcp_port: int = 9  # on 127.0.0.1
    udp_port: int = 9
    unix_path: str = "/"
    abstract_name: str = ""  # of a listening socket


def command(attack: str, target: Target) -> bytes:
    """The file that makes an attacking worker do it."""
    return json.dumps({"attack": attack, "target": asdict(target)}).encode()


def perform(data: bytes, claimed: str = "") -> Seen:
    said = json.loads(data)
    ATTACKS[said["attack"]](Target(**said["target"]))
    return Seen(SUCCEEDED)


def _connect(family: int, address: tuple[str, int] | str) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as outside:
        outside.connect(address)
        outside.sendall(b"what the customer wrote")


def _send_datagram(target: Target) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside:
        outside.sendto(b"what the customer wrote", ("127.0.0.1", target.udp_port))


def _write_to_files_in_hand(target: Target) -> None:
    """The next customer's file, if it came by a descriptor that can be written to."""
    written = 0
    for descriptor in range(1, DESCRIPTORS):
        try:
            written += os.pwrite(descriptor, b"forged", 0)
        except OSError as problem:
            refused = problem
    if not written:
        raise refused


def _raise_own_cpu_limit(target: Target) -> None:
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))


def _start_thread(target: Target) -> None:
    try:
        threading.Thread(target=str).start()
    except RuntimeError as refused:
        raise OSError(str(refused)) from None


def _start_process(target: Target) -> None:
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _start_program(target: Target) -> None:
    if (child := os.fork()) == 0:
        os.execv("/bin/true", ["true"])  # noqa: S606 # an attack
    if os.waitpid(child, 0)[1] != 0:
        raise OSError("the program did not run")


def _libc(name: str, *arguments: Any) -> int:
    result: int = getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments)
    if result == -1:
        raise OSError(ctypes.get_errno(), name)
    return result


def _syscall(number: int, *arguments: Any) -> None:
    _libc("syscall", *(ctypes.c_long(one) if isinstance(one, int) else one for one in (number, *arguments)))


def _run_written_code(target: Target) -> None:
    with mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC) as memory:
        memory[:1] = b"\xc3"


def _make_memory_executable(target: Target) -> None:
    with mmap.mmap(-1, mmap.PAGESIZE) as memory:
        place = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        _libc("mprotect", ctypes.c_void_p(place), mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_EXEC)


ATTACKS: dict[str, Callable[[Target], object]] = {
    "tcp": lambda target: _connect(socket.AF_INET, ("127.0.0.1", target.tcp_port)),
    "udp": _send_datagram,
    "unix socket": lambda target: _connect(socket.AF_UNIX, target.unix_path),
    "abstract socket": lambda target: _connect(socket.AF_UNIX, "\0" + target.abstract_name),
    "signal": lambda target: os.kill(target.pid, signal.SIGCONT),
    "limit of another": lambda target: resource.prlimit(target.pid, resource.RLIMIT_CORE),
    "own CPU limit": _raise_own_cpu_limit,
    "open a file": lambda target: os.close(os.open(target.file, os.O_RDONLY)),
    "stat": lambda target: os.stat(target.file),  # noqa: PTH116 # the call itself
    "truncate": lambda target: os.truncate(target.file, 0),
    "chmod": lambda target: os.chmod(target.file, 0o777),  # noqa: PTH101, S103 # the call itself, an attack
    "write to files in hand": _write_to_files_in_hand,
    "memory of another": lambda target: Path(f"/proc/{target.pid}/environ").read_bytes(),
    "ptrace": lambda target: _libc("ptrace", PTRACE_TRACEME, 0, None, None),
    "shared memory": lambda target: _libc("shmctl", _libc("shmget", IPC_PRIVATE, 4096, 0o600), IPC_RMID, None),
    "message queue": lambda target: _libc("msgctl", _libc("msgget", IPC_PRIVATE, 0o600), IPC_RMID, None),
    "thread": _start_thread,
    "process": _start_process,
    "program": _start_program,
    "new code": _run_written_code,
    "memory made executable": _make_memory_executable,
    "own name": lambda target: _libc("prctl", PR_SET_NAME, b"kworker", 0, 0, 0),
    "priority of another": lambda target: os.setpriority(os.PRIO_PROCESS, target.pid, os.getpriority(0, target.pid)),
    "namespace": lambda target: _libc("unshare", CLONE_NEWUSER),
    "io_uring": lambda target: _syscall(IO_URING_SETUP, 1, bytes(120)),
    "kernel keys": lambda target: _syscall(KEYCTL[platform.machine()], 0, -3, 1),
    "out of band": lambda target: _libc("sendto", 0, b"A", 1, socket.MSG_OOB, None, 0),
    "memory file": lambda target: _syscall(MEMFD_CREATE[platform.machine()], b"x", 0),
}
"""Names for people; the order is that of the table that `sandbox attack` prints."""

AT_START = (
    "tcp", "signal", "limit of another", "own CPU limit", "open a file", "stat", "thread", "process", "shared memory",
    "ptrace", "new code", "own name",
)  # fmt: skip
"""One of each kind, which needs no target beside the asker itself."""

"""What a worker may ask of the kernel once it is warm: a closed list, each call with its reason.

Found by tracing Python 3.11 and 3.13 with glibc 2.36 over the files of the tests. What is not here ends the process.
Numbers are those of `asm/unistd_64.h` (x86-64) and `asm-generic/unistd.h` (aarch64).
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from enum import Enum

CHANNEL = 0  # the descriptor that a worker is asked and answers on


class Check(Enum):
    """Of one argument of a call, against a value of 32 bits; but `ZERO` and `BELOW` look at all 64."""

    EQUAL = "equal"
    OTHER = "other than"
    WITHOUT = "has none of the bits"
    WITH = "has all of the bits"
    ZERO = "zero"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Argument:
    index: int  # 0 to 5
    test: Check
    value: int = 0


@dataclass(frozen=True, slots=True)
class Syscall:
    name: str
    x86_64: int
    aarch64: int
    why: str
    arguments: tuple[Argument, ...] = ()  # all have to hold, or the process ends
    error: int | None = None  # the call is not made, and this is what it gives: harmless, and asked for in passing


NOT_EXECUTABLE = Argument(2, Check.WITHOUT, mmap.PROT_EXEC)
ANONYMOUS = Argument(3, Check.WITH, mmap.MAP_ANONYMOUS)

ALLOWED = (
    Syscall(
        "recvmsg",
        47,
        212,
        "takes the next file: no flags, so nothing out of band",
        (Argument(0, Check.EQUAL, CHANNEL), Argument(2, Check.ZERO)),
    ),
    Syscall(
        "sendto",
        44,
        206,
        "answers, to nobody but the service: no address, no flags, and nothing but bytes",
        (Argument(0, Check.EQUAL, CHANNEL), Argument(3, Check.ZERO), Argument(4, Check.ZERO)),
    ),
    Syscall("pread64", 17, 67, "reads the file, which is sealed"),
    Syscall("close", 3, 57, "gives the file back; the channel stays open", (Argument(0, Check.OTHER, CHANNEL),)),
    Syscall("brk", 12, 214, "memory: the heap of glibc"),
    Syscall("mmap", 9, 222, "memory: of nobody else, and never code", (NOT_EXECUTABLE, ANONYMOUS)),
    Syscall("munmap", 11, 215, "memory given back"),
    Syscall("mremap", 25, 216, "memory that grows, as realloc does"),
    Syscall("futex", 202, 98, "locks of the interpreter and of glibc, which one thread never waits for"),
    Syscall("clock_gettime", 228, 113, "the time, where the kernel maps no clock", (Argument(0, Check.BELOW, 12),)),
    Syscall("exit_group", 231, 94, "ends the process"),
)

"""A filter for system calls, from the table to the kernel. No library and no root: 60 instructions of classic BPF.

seccomp(2), and `linux/seccomp.h` for what the filter sees: the number at 0, the architecture at 4, arguments from 16.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from consumer.inspection.workers.syscalls import ALLOWED, Argument, Check, Syscall

PR_SET_NO_NEW_PRIVS = 38
SET_MODE_FILTER = 1
KILL_PROCESS, ERRNO, ALLOW = 0x8000_0000, 0x0005_0000, 0x7FFF_0000
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
LOAD, RETURN = 0x20, 0x06  # BPF_LD|BPF_W|BPF_ABS, BPF_RET|BPF_K
EQUAL, AT_LEAST, ANY_BIT, AND = 0x15, 0x35, 0x45, 0x54  # BPF_JMP|{JEQ,JGE,JSET}|BPF_K, BPF_ALU|BPF_AND|BPF_K
X32 = 0x4000_0000  # numbers from here on are the calls of another convention under the same architecture

INSTRUCTION_BYTES = 8
Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, value


@dataclass(frozen=True, slots=True)
class Machine:
    audit: int  # AUDIT_ARCH_*
    seccomp: int  # number of seccomp(2)


MACHINES = {"x86_64": Machine(0xC000_003E, 317), "aarch64": Machine(0xC000_00B7, 277)}


class NotOffered(OSError):
    """No filter can be had here; the text says what is in the way."""


def machine() -> Machine:
    found = MACHINES.get(platform.machine())
    if found is None:
        raise NotOffered(f"there is no table of system calls for {platform.machine()}")
    return found


@cache
def program() -> bytes:
    """The table for this machine, as the kernel takes it."""
    machine()
    return b"".join(struct.pack("HBBI", *instruction) for instruction in assembled(ALLOWED, platform.machine()))


def install(code: bytes | None = None) -> None:
    """From now on this process makes the calls of the table and no other, or it ends. Nothing takes a filter back."""
    code = code or program()
    memory = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(code) // INSTRUCTION_BYTES, ctypes.addressof(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise NotOffered(f"prctl(PR_SET_NO_NEW_PRIVS): {os.strerror(ctypes.get_errno())}")
    if libc.syscall(machine().seccomp, SET_MODE_FILTER, 0, header) != 0:
        raise NotOffered(f"seccomp(SECCOMP_SET_MODE_FILTER): {os.strerror(ctypes.get_errno())}")


def assembled(calls: Sequence[Syscall], architecture: str) -> list[Instruction]:
    program = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, MACHINES[architecture].audit),
        (RETURN, 0, 0, KILL_PROCESS),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, X32),
        (RETURN, 0, 0, KILL_PROCESS),
    ]
    for call in calls:
        inside = _inside(call)
        program += [(EQUAL, 0, len(inside), getattr(call, architecture)), *inside]
    return [*program, (RETURN, 0, 0, KILL_PROCESS)]


def _inside(call: Syscall) -> list[Instruction]:
    """What decides once the number is this call's: ends in a return on every way."""
    if call.error is not None:
        return [(RETURN, 0, 0, ERRNO | call.error)]
    steps: list[Instruction] = []
    for argument in call.arguments:
        steps += [*_tested(argument), (RETURN, 0, 0, KILL_PROCESS)]
    return [*steps, (RETURN, 0, 0, ALLOW)]


def _tested(argument: Argument) -> list[Instruction]:
    """Goes on behind the next instruction, which kills, if the test holds, and to it otherwise."""
    low = ARGUMENTS + 8 * argument.index
    value = argument.value
    match argument.test:
        case Check.EQUAL:
            return [(LOAD, 0, 0, low), (EQUAL, 1, 0, value)]
        case Check.OTHER:
            return [(LOAD, 0, 0, low), (EQUAL, 0, 1, value)]
        case Check.WITHOUT:
            return [(LOAD, 0, 0, low), (ANY_BIT, 0, 1, value)]
        case Check.WITH:
            return [(LOAD, 0, 0, low), (AND, 0, 0, value), (EQUAL, 1, 0, value)]
        case Check.ZERO:
            return [(LOAD, 0, 0, low + 4), (EQUAL, 0, 2, 0), (LOAD, 0, 0, low), (EQUAL, 1, 0, 0)]
        case Check.BELOW:
            return [(LOAD, 0, 0, low + 4), (EQUAL, 0, 2, 0), (LOAD, 0, 0, low), (AT_LEAST, 0, 1, value)]

"""The filter as the kernel would run it, on both architectures, instruction by instruction."""

from __future__ import annotations

import mmap
import re
import struct
from pathlib import Path

import pytest

from consumer.inspection.workers.seccomp import (
    ALLOW,
    AND,
    ANY_BIT,
    AT_LEAST,
    EQUAL,
    KILL_PROCESS,
    LOAD,
    MACHINES,
    RETURN,
    X32,
    Instruction,
    assembled,
)
from consumer.inspection.workers.syscalls import ALLOWED, Argument, Check, Syscall

BOTH = sorted(MACHINES)


def verdict(program: list[Instruction], number: int, audit: int, arguments: tuple[int, ...] = ()) -> int:
    """What the filter returns for a call, as linux/filter.h defines the instructions."""
    data = struct.pack("<IIQ6Q", number, audit, 0, *arguments, *[0] * (6 - len(arguments)))
    at, value = 0, 0
    while True:
        code, yes, no, constant = program[at]
        at += 1
        if code == LOAD:
            (value,) = struct.unpack_from("<I", data, constant)
        elif code == AND:
            value &= constant
        elif code == RETURN:
            return constant
        else:
            holds = {EQUAL: value == constant, AT_LEAST: value >= constant, ANY_BIT: bool(value & constant)}[code]
            at += yes if holds else no


def fitting(argument: Argument) -> list[int]:
    return {
        Check.EQUAL: [argument.value],
        Check.OTHER: [argument.value + 1],
        Check.WITHOUT: [0, 0xFFFF_FFFF & ~argument.value],
        Check.WITH: [argument.value, 0xFFFF_FFFF],
        Check.ZERO: [0],
        Check.BELOW: [0, argument.value - 1],
    }[argument.test]


def unfitting(argument: Argument) -> list[int]:
    return {
        Check.EQUAL: [argument.value + 1],
        Check.OTHER: [argument.value],
        Check.WITHOUT: [argument.value, 0xFFFF_FFFF],
        Check.WITH: [0, 0xFFFF_FFFF & ~argument.value],
        Check.ZERO: [1, 1 << 32, 0xFFFF_0000_0000_0000],
        Check.BELOW: [argument.value, 1 << 32, 0xFFFF_FFFF_FFFF_FFF0],
    }[argument.test]


def arguments(call: Syscall, changed: Argument | None = None, value: int = 0) -> tuple[int, ...]:
    values = [0] * 6
    for one in call.arguments:
        values[one.index] = fitting(one)[0]
    if changed:
        values[changed.index] = value
    return tuple(values)


@pytest.mark.parametrize("architecture", BOTH)
@pytest.mark.parametrize("call", ALLOWED, ids=lambda call: call.name)
def test_a_call_of_the_table_is_made_with_the_arguments_that_it_allows_and_no_others(
    call: Syscall, architecture: str
) -> None:
    program, audit = assembled(ALLOWED, architecture), MACHINES[architecture].audit
    number = getattr(call, architecture)
    assert verdict(program, number, audit, arguments(call)) == ALLOW
    for one in call.arguments:
        assert {verdict(program, number, audit, arguments(call, one, good)) for good in fitting(one)} == {ALLOW}
        assert {verdict(program, number, audit, arguments(call, one, bad)) for bad in unfitting(one)} == {KILL_PROCESS}


@pytest.mark.parametrize("architecture", BOTH)
def test_every_other_call_ends_the_process(architecture: str) -> None:
    program, audit = assembled(ALLOWED, architecture), MACHINES[architecture].audit
    known = {getattr(call, architecture) for call in ALLOWED}
    for number in {*range(600), X32, X32 + 1, X32 + 44, 0xFFFF_FFFF} - known:
        assert verdict(program, number, audit) == KILL_PROCESS


@pytest.mark.parametrize("architecture", BOTH)
def test_a_call_by_another_convention_ends_the_process(architecture: str) -> None:
    """32-bit calls have other numbers: 11 is `execve` there, and `munmap` here."""
    program = assembled(ALLOWED, architecture)
    others = {0x4000_0003, *(machine.audit for machine in MACHINES.values())} - {MACHINES[architecture].audit}
    for audit in others:
        assert {verdict(program, number, audit) for number in range(600)} == {KILL_PROCESS}


def test_the_table_has_a_reason_for_each_call_and_none_twice() -> None:
    assert all(len(call.why) > 8 for call in ALLOWED)
    for architecture in BOTH:
        numbers = [getattr(call, architecture) for call in ALLOWED]
        assert len(set(numbers)) == len(numbers)


def test_a_call_that_only_fails_is_not_made() -> None:
    program = assembled((Syscall("x", 5, 5, "", error=13),), "x86_64")
    assert verdict(program, 5, MACHINES["x86_64"].audit) == 0x0005_000D


def test_memory_is_never_made_executable() -> None:
    program, audit = assembled(ALLOWED, "x86_64"), MACHINES["x86_64"].audit
    code = mmap.PROT_READ | mmap.PROT_EXEC
    assert verdict(program, 9, audit, (0, 4096, code, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)) == KILL_PROCESS
    assert verdict(program, 10, audit, (0, 4096, code)) == KILL_PROCESS


@pytest.mark.parametrize(
    ("header", "architecture"),
    [("x86_64-linux-gnu/asm/unistd_64.h", "x86_64"), ("asm-generic/unistd.h", "aarch64")],
)
def test_the_numbers_are_those_of_the_kernels_headers(header: str, architecture: str) -> None:
    file = Path("/usr/include") / header
    if not file.is_file():
        pytest.skip("the kernel's headers are not installed")
    numbers = dict(re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)", file.read_text(), re.MULTILINE))
    assert {call.name: numbers[call.name] for call in ALLOWED} == {
        call.name: str(getattr(call, architecture)) for call in ALLOWED
    }
    assert int(numbers["seccomp"]) == MACHINES[architecture].seccomp

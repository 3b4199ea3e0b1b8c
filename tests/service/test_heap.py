"""The heap of the process that reads sockets: kept, not asked for again with each read."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")

READS = 500
PROGRAM = f"""
import asyncio, resource, socket, sys
from consumer.service import heap

if sys.argv[1] == "kept":
    heap.keep()
ours, theirs = socket.socketpair()

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def read(times):
    for _ in range(times):
        theirs.sendall(bytes(600))
        ours.recv(256 * 1024)  # as the event loop does

read(50)
before = faults()
read({READS})
print((faults() - before) / {READS})
"""


def faults_of_a_read(heap: str) -> float:
    """In a process of its own, page faults."""
    program = [sys.executable, "-c", PROGRAM, heap]
    return float(subprocess.run(program, capture_output=True, text=True, check=True).stdout)


def test_a_read_of_a_socket_costs_no_page_fault() -> None:
    assert faults_of_a_read("kept") < 0.1


def test_left_to_itself_each_read_costs_some() -> None:
    assert faults_of_a_read("left alone") > 0.9

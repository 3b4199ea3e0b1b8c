"""Workers with a reader that does what its file says: real ones in all else, in every step of their confinement."""

from __future__ import annotations

import sys

from consumer.inspection.workers import starting
from tests.inspection.files import MemoryBody

PLANTED = """
import sys
sys.path.insert(0, {root!r})
import ctypes, gc, os, signal, socket, struct, time, zlib
from consumer.inspection.readers.seen import Seen
from consumer.inspection.workers import attacks, confinement, frames, seccomp, template
{before}
original = template.prepare
def channel():
    return [one for one in gc.get_objects() if isinstance(one, socket.socket)][0]
def fail(error):
    raise error
def prepare():
    examine, detectors = original()
    def planted(data, claimed, limits):
        if data.startswith(b"plant:"):
            return eval(data[6:].decode(), globals() | {{"limits": limits}})
        return examine(data, claimed, limits)
    return planted, detectors
template.prepare = prepare
sys.exit(template.main())
"""


def planted(before: str = "") -> tuple[str, ...]:
    """The command of a template whose workers do so; `before` is run in it at its start."""
    return (sys.executable, "-I", "-c", PLANTED.format(root=str(starting.ROOT), before=before))


def plant(expression: str) -> MemoryBody:
    """A file that makes such a worker evaluate an expression, whose value is what it has seen."""
    return MemoryBody(b"plant:" + expression.encode())

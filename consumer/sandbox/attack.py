"""`sandbox attack`: all that a worker that was taken over would try, on this very platform, and what becomes of it."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consumer.inspection.workers.attacks import ATTACKS, Target
from consumer.inspection.workers.confinement import EVERY_STEP, NOBODY
from consumer.inspection.workers.process import Template
from consumer.inspection.workers.proof import AttackEnd, attacked
from consumer.inspection.workers.starting import default_command
from consumer.inspection.workers.worker import Plan
from consumer.model.units import MIB

PLANS = {
    "held in": Plan(1024 * MIB),
    "without Landlock": Plan(1024 * MIB, leave_out=frozenset({"landlock"})),
    "Landlock alone": Plan(1024 * MIB, leave_out=frozenset(EVERY_STEP) - {"landlock", "privileges"}),
    "nothing": Plan(1024 * MIB, leave_out=frozenset(EVERY_STEP)),
}
"""What is in force → the steps of the confinement that are taken. The first two have to keep everything out."""
HOLDS = ("held in", "without Landlock")


@dataclass(frozen=True, slots=True)
class Attacked:
    attack: str
    outcomes: dict[str, AttackEnd]  # by what is in force, as in PLANS

    @property
    def works(self) -> bool:
        """In spite of what has to hold a worker in."""
        return any(self.outcomes[kind] != "killed" for kind in HOLDS)


@contextmanager
def targets() -> Iterator[Target]:
    """Things of our own to attack, for as long as the block lasts."""
    name = f"attack-{os.getpid()}"
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.socket() as tcp,
        socket.socket(type=socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as unix,
        socket.socket(socket.AF_UNIX) as abstract,
        _somebody() as victim,
    ):
        file, path = Path(folder) / "stored", str(Path(folder) / "socket")
        file.write_bytes(b"an earlier customer's file")
        for opened in (tcp, udp):
            opened.bind(("127.0.0.1", 0))
        unix.bind(path)
        abstract.bind("\0" + name)
        for opened in (tcp, unix, abstract):
            opened.listen(64)
        for place in (Path(folder), file, Path(path)):
            if os.geteuid() == 0:
                os.chown(place, NOBODY, NOBODY)  # as files of the service are its user's, where it is not root
        yield Target(victim, str(file), tcp.getsockname()[1], udp.getsockname()[1], path, name)


@contextmanager
def _somebody() -> Iterator[int]:
    """A process of the workers' own user, as the service is one where it is not root."""
    who: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "600"], **who) as process:  # noqa: S607 # of whichever place
        try:
            yield process.pid
        finally:
            process.kill()


async def suite() -> list[Attacked]:
    """Each attack, from inside a fresh worker each time. `WorkersNotStarted` if there can be none."""
    template = await Template.start(default_command())
    try:
        with targets() as target:
            return [
                Attacked(attack, {kind: await attacked(template, plan, attack, target) for kind, plan in PLANS.items()})
                for attack in ATTACKS
            ]
    finally:
        await template.close()

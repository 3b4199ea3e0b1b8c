"""A worker process: forked from the template, closed in, takes files by descriptor, answers in codes."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace

from consumer.inspection.readers.seen import Limits, Seen
from consumer.inspection.workers import codes, frames
from consumer.inspection.workers.confinement import confine
from consumer.inspection.workers.matching import NO_RULE, WARM, Matcher
from consumer.inspection.yara.rules import Rules

BROKEN = 70  # exit code of what should never happen
COLLECTED_EVERY = 250  # files: what readers leave in circles (a parser and what it calls) would stay for long

Reader = Callable[[bytes, str], Seen]
"""Of the bytes, and the type that they are claimed to be."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a worker is to be: said by the service, and fixed for the worker's life."""

    address_space_bytes: int
    first_cpu_s: int = 2  # CPU time that it begins with; the service allows more for what needs it
    life_cpu_s: int = 3_600  # CPU time in its whole life, whatever the service allows
    limits: Limits = field(default_factory=Limits)
    leave_out: frozenset[str] = frozenset()  # steps of the confinement, to show what they are good for
    wide: bool = False  # answers with sentences and places, for an operator's own eyes
    attack: bool = False  # does what its files tell it to, to show what a worker can't do
    rules: Rules | None = None
    rules_once: bool = False  # no later worker is to have these rules

    def order(self) -> dict[str, object]:
        """Without the content of the rules, which comes by descriptor."""
        digest = self.rules.compiled.digest if self.rules else None
        return {**asdict(replace(self, rules=None)), "leave_out": sorted(self.leave_out), "rules": digest}

    @classmethod
    def read(cls, order: Mapping[str, object]) -> Plan:
        limits, leave_out = order["limits"], order["leave_out"]
        assert isinstance(limits, dict)
        assert isinstance(leave_out, list)
        return cls(
            address_space_bytes=int(str(order["address_space_bytes"])),
            first_cpu_s=int(str(order["first_cpu_s"])),
            life_cpu_s=int(str(order["life_cpu_s"])),
            limits=Limits(**{**limits, "types": tuple(limits["types"])}),
            leave_out=frozenset(leave_out),
            wide=bool(order["wide"]),
            attack=bool(order["attack"]),
            rules_once=bool(order["rules_once"]),
        )


def run(channel: socket.socket, reader: Reader, matcher: Matcher | None, plan: Plan) -> None:
    """Closes itself in, greets, and serves until the service closes its end."""
    in_force, missing = confine(plan.address_space_bytes, (plan.first_cpu_s, plan.life_cpu_s), plan.leave_out)
    if not plan.attack:
        examined(WARM, "", reader)  # what the fork shares with its template is copied now, and not while a file waits
    frames.send(channel, frames.packed({"in_force": in_force, "missing": missing}))
    files = 0
    while (request := frames.receive_file(channel)) is not None:
        descriptor, size, claimed = request
        files += 1
        data = read_all(descriptor, size)
        if claimed == frames.BY_RULES:
            frames.send(channel, frames.ANSWER.pack(matcher(data) if matcher else NO_RULE))
        else:
            seen = examined(data, codes.TYPES[claimed] or "", reader)
            frames.send(channel, codes.wide(seen) if plan.wide else codes.closed(seen))
        os.close(descriptor)
        if files % COLLECTED_EVERY == 0:
            del data
            gc.collect()


def examined(data: bytes, claimed: str, reader: Reader) -> Seen:
    """An exception that nobody foresaw is an answer, with its class counted: bytes get no worker ended by it."""
    try:
        return reader(data, claimed)
    except Exception as error:  # noqa: BLE001 # hostile bytes found a way into each reader so far
        seen = Seen()
        codes.failed(seen, error)
        return seen


def read_all(descriptor: int, size: int) -> bytes:
    """By place, never by position: the position belongs to whoever sent the descriptor as well."""
    pieces: list[bytes] = []
    got = 0
    while got < size and (piece := os.pread(descriptor, size - got, got)):
        pieces.append(piece)
        got += len(piece)
    return b"".join(pieces)  # of one piece, as nearly always, no copy is made

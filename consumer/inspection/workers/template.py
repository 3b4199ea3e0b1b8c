"""The template process: loads all that an examination needs, sees no byte of a file, and is forked for each worker.

Started as `python -I -c …` with an empty environment and the service's socket as descriptor 0. It takes one order after
the other, and it alone waits for the workers: no process id is used again before the service knows of its end.
"""

from __future__ import annotations

import codecs
import encodings.aliases
import gc
import os
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable

from consumer.inspection.readers.seen import Limits, Seen
from consumer.inspection.workers import attacks, confinement, frames, matching, worker
from consumer.inspection.workers.matching import Matcher

GRACE_S, LOOKED_EVERY_S = 0.1, 0.002  # a process that was killed needs a moment to be gone

Examine = Callable[[bytes, str, Limits], Seen]


def main() -> int:
    control = socket.socket(fileno=0)
    try:
        examine, detectors = prepare()
    except ImportError:
        frames.send(control, frames.packed({"error": "libmagic"}))
        return 1
    try:
        if frames.WITH_RULES in sys.argv:
            matching.prepare()
    except ImportError:
        frames.send(control, frames.packed({"error": "yara-x"}))
        return 1
    confinement.prepare()
    confinement.offer_to_the_out_of_memory_killer()
    confinement.become_nobody()
    close_imports()
    gc.collect()
    gc.freeze()  # else each fork copies what a collection touches
    frames.send(control, frames.packed({"detectors": detectors}))
    ForkServer(control, examine).serve()
    return 0


def prepare() -> tuple[Examine, dict[str, str]]:
    """Loads all that an examination needs, since nothing can be opened later. `ImportError` without libmagic."""
    from consumer.inspection import examination  # imports libmagic: its absence has to be told, not to crash
    from consumer.inspection.detection import Detector, libmagic_version

    for name in {*encodings.aliases.aliases.values(), "cp437", "utf_8_sig"}:  # a part of a document may be in any
        try:
            codecs.lookup(name)
        except LookupError:
            continue  # another platform's
    detector = Detector()
    detector.detect(b"warm")
    examination.examine(b"PK\x05\x06" + bytes(18), detector)
    versions = {"libmagic": libmagic_version(), "inspection": examination.VERSION}
    return lambda data, claimed, limits: examination.examine(data, detector, limits, claimed=claimed), versions


def close_imports() -> None:
    """From now on an import of what is not there is an exception in a reader, and nothing writes a warning."""
    sys.path.clear()
    sys.meta_path.clear()
    sys.path_hooks.clear()
    warnings.simplefilter("ignore")
    sys.stdout = sys.stderr = None  # what is None is not written to


class ForkServer:
    def __init__(self, control: socket.socket, examine: Examine) -> None:
        self._control = control
        self._examine = examine
        self._children: dict[int, int] = {}  # the service's number of a worker → process id
        self._rules: tuple[object, Matcher] | None = None  # those that came last, with their digest

    def serve(self) -> None:
        """Until the service closes its end; the kernel then ends the workers."""
        while (received := frames.receive_order(self._control)) is not None:
            order, descriptors = received
            number = int(str(order["worker"]))
            match order["do"]:
                case "fork":
                    self._fork(number, order, *descriptors)
                case "limit":
                    self._limit(number, int(str(order["cpu_s"])))
                case "end":
                    self._end(number, grace_s=0.0 if order["kill"] else GRACE_S)

    def _fork(self, number: int, order: dict[str, object], *descriptors: int) -> None:
        """`descriptors`: the worker's channel, and new rules if there are any."""
        try:
            if len(descriptors) > 1 and not order["rules_once"]:
                self._load(order["rules"], descriptors[1])
            child = os.fork()
        except Exception as problem:  # noqa: BLE001 # whatever YARA-X has against them; the service tries again
            for descriptor in descriptors:
                os.close(descriptor)
            self._tell({"worker": number, "pid": None, "error": getattr(problem, "strerror", None) or str(problem)})
            return
        if child == 0:
            try:
                self._become_worker(order, *descriptors)
            finally:
                os._exit(worker.BROKEN)
        for descriptor in descriptors:
            os.close(descriptor)
        self._children[number] = child
        self._tell({"worker": number, "pid": child})

    def _load(self, digest: object, descriptor: int) -> None:
        """Once for all workers that are to have them: they share the memory."""
        self._rules = None
        self._rules = digest, matching.matcher(worker.read_all(descriptor, os.fstat(descriptor).st_size))
        gc.collect()
        gc.freeze()

    def _matcher(self, order: dict[str, object], descriptors: tuple[int, ...]) -> Matcher | None:
        if order["rules"] is None:
            return None
        if order["rules_once"]:
            return matching.matcher(worker.read_all(descriptors[0], os.fstat(descriptors[0]).st_size))
        if self._rules is None or self._rules[0] != order["rules"]:
            raise OSError("these rules did not come")
        return self._rules[1]

    def _become_worker(self, order: dict[str, object], channel: int, *rules: int) -> None:
        matcher = self._matcher(order, rules)
        os.dup2(channel, 0)
        os.closerange(1, max(channel + 1, *rules, 16) + 1)
        plan = worker.Plan.read(order)
        examine = self._examine
        reader = attacks.perform if plan.attack else lambda data, claimed: examine(data, claimed, plan.limits)
        ours = socket.socket(fileno=0)
        worker.run(ours, reader, matcher, plan)
        os._exit(0)  # while the socket is there: taking it down asks the kernel for what is not allowed

    def _limit(self, number: int, cpu_s: int) -> None:
        if (child := self._children.get(number)) is not None:
            confinement.limit_cpu(child, cpu_s)
        self._tell({"worker": number, "limit": cpu_s})

    def _end(self, number: int, grace_s: float) -> None:
        """Tells how a worker ended; one that still lives after `grace_s` is killed."""
        child = self._children.pop(number, None)
        if child is None:
            self._tell({"worker": number, "killed": True, "signal": signal.SIGKILL, "code": 0, "cpu_s": 0.0})
            return
        give_up = time.monotonic() + grace_s
        ended, status, usage = os.wait4(child, os.WNOHANG)
        while not ended and time.monotonic() < give_up:
            time.sleep(LOOKED_EVERY_S)
            ended, status, usage = os.wait4(child, os.WNOHANG)
        if killed := not ended:
            os.kill(child, signal.SIGKILL)
            _, status, usage = os.wait4(child, 0)
        by_signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0
        spent = usage.ru_utime + usage.ru_stime
        self._tell({"worker": number, "killed": killed, "signal": by_signal, "code": code, "cpu_s": spent})

    def _tell(self, message: dict[str, object]) -> None:
        frames.send(self._control, frames.packed(message))

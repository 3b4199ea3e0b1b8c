"""The worker process: takes files by descriptor, answers in JSON. Holds no secret, opens nothing, lives long.

Started as `python -I -m consumer.inspection.workers.worker`, with an empty environment and its socket as descriptor 0.
"""

from __future__ import annotations

import codecs
import json
import os
import socket
import sys
from collections.abc import Callable

from consumer.inspection.readers.seen import Seen
from consumer.inspection.readers.texts.opening import CODE_PAGES
from consumer.inspection.workers.confinement import HEADER, allow_cpu, confine
from consumer.model import Reason

ENCODINGS = (
    "utf-8",
    "latin-1",
    "ascii",
    "cp437",
    "cp1252",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32-le",
    "utf-32-be",
)

Examine = Callable[[bytes, str], Seen]
"""Of the bytes, and the type that they are claimed to be."""
MOST_CLAIMED = 100  # bytes


def main(arguments: list[str]) -> int:
    address_space, cpu_seconds = int(arguments[0]), int(arguments[1])
    channel = socket.socket(fileno=0)
    try:
        examine, detectors = prepare()
    except ImportError:
        send(channel, {"error": "libmagic"})
        return 1
    in_force = confine(address_space)
    send(channel, {"detectors": detectors, "confined": in_force})
    serve(channel, examine, cpu_seconds)
    return 0


def prepare() -> tuple[Examine, dict[str, str]]:
    """Loads all that an examination needs, since nothing can be opened later. `ImportError` without libmagic."""
    from consumer.inspection import examination  # imports libmagic: its absence has to be told, not to crash
    from consumer.inspection.detection import Detector, libmagic_version

    for encoding in (*ENCODINGS, *CODE_PAGES):
        codecs.lookup(encoding)
    detector = Detector()
    detector.detect(b"warm")
    examination.examine(b"PK\x05\x06" + bytes(18), detector)
    versions = {"libmagic": libmagic_version(), "inspection": examination.VERSION}
    return lambda data, claimed: examination.examine(data, detector, claimed=claimed), versions


def serve(channel: socket.socket, examine: Examine, cpu_seconds: int) -> None:
    """Until the service closes its end."""
    while (request := receive(channel)) is not None:
        descriptor, size, claimed = request
        try:
            data = read_all(descriptor, size)
        finally:
            os.close(descriptor)
        allow_cpu(cpu_seconds)
        send(channel, answer(data, examine, claimed))


def answer(data: bytes, examine: Examine, claimed: str = "") -> dict[str, object]:
    try:
        seen = examine(data, claimed)
    except (MemoryError, RecursionError):
        return {
            "detected": None,
            "findings": [[Reason.UNDETECTABLE, "examining it takes too much memory"]],
            "flags": [],
        }
    findings = [[finding.code, finding.detail] for finding in seen.findings]
    return {"detected": seen.detected_type, "findings": findings, "flags": seen.flags}


def receive(channel: socket.socket) -> tuple[int, int, str] | None:
    """The descriptor of the next file, its size and what it is claimed to be; None when there is none to come."""
    message, descriptors, _, _ = socket.recv_fds(channel, 8 + MOST_CLAIMED, 1)
    if len(message) < 8 or len(descriptors) != 1:
        return None
    return descriptors[0], int.from_bytes(message[:8], "big"), message[8:].decode("ascii", "replace")


def read_all(descriptor: int, size: int) -> bytes:
    """By place, never by position: the position belongs to whoever sent the descriptor as well."""
    pieces: list[bytes] = []
    got = 0
    while got < size and (piece := os.pread(descriptor, size - got, got)):
        pieces.append(piece)
        got += len(piece)
    return b"".join(pieces)  # of one piece, as nearly always, no copy is made


def send(channel: socket.socket, message: dict[str, object]) -> None:
    encoded = json.dumps(message).encode()
    channel.sendall(HEADER.pack(len(encoded)) + encoded)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

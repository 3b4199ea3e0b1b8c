"""What the service, the template and the workers write to each other, byte by byte.

Between service and template: a length and JSON, sometimes with descriptors. To a worker: the size of a file and what
it is claimed to be (its place in `codes.TYPES`), or `BY_RULES`, with its descriptor. From a worker: first a greeting as
JSON, then 8 bytes a file (see `codes`), or a length and JSON if it was started for wide answers. To `BY_RULES` it
answers with 8 bytes in any case: the place of a rule.
"""

from __future__ import annotations

import array
import json
import socket
import struct
from collections.abc import Mapping, Sequence

LENGTH = struct.Struct("<L")
FILE = struct.Struct("<QH")
ANSWER = struct.Struct("<Q")
BY_RULES = 0xFFFF  # in place of a claimed type: which rule matches?
WITH_RULES = "rules"  # an argument of the template's: some will come
MOST_DESCRIPTORS = 2  # of an order: a worker's channel, and rules


def packed(message: Mapping[str, object]) -> bytes:
    encoded = json.dumps(message).encode()
    return LENGTH.pack(len(encoded)) + encoded


def send(channel: socket.socket, raw: bytes, descriptors: Sequence[int] = ()) -> None:
    """All of it at once: what is written here fits into an empty socket's buffer many times."""
    if descriptors:
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        sent = channel.sendmsg([raw], ancillary)
    else:
        sent = channel.send(raw)
    if sent != len(raw):
        raise OSError("the channel is full")


def receive_exactly(channel: socket.socket, count: int) -> bytes | None:
    """For blocking sockets; None at the end."""
    got = b""
    while len(got) < count:
        piece = channel.recv(count - len(got))
        if not piece:
            return None
        got += piece
    return got


def receive_order(channel: socket.socket) -> tuple[dict[str, object], list[int]] | None:
    """A message of the service with its descriptors; None when there is none to come."""
    head, descriptors, _, _ = socket.recv_fds(channel, LENGTH.size, MOST_DESCRIPTORS)
    rest = receive_exactly(channel, LENGTH.unpack(head)[0]) if len(head) == LENGTH.size else None
    return None if rest is None else (json.loads(rest), list(descriptors))


def receive_file(channel: socket.socket) -> tuple[int, int, int] | None:
    """The descriptor of the next file, its size in bytes and its claimed type; None when there is none to come."""
    message, descriptors, _, _ = socket.recv_fds(channel, FILE.size, 1)
    if len(message) != FILE.size or len(descriptors) != 1:
        return None
    size, claimed = FILE.unpack(message)
    return descriptors[0], size, claimed

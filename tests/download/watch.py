"""Sees every name that this process resolves and every address that it connects to, whoever in it does so.

An audit hook can't be taken out again, so there is one, and it forbids what no test may do: leave this machine.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Seen:
    connected: list[tuple[str, int]] = field(default_factory=list)  # tried, whether or not it was forbidden
    resolved: list[str] = field(default_factory=list)


_watches: list[Seen] = []


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if not _watches:
        return
    if event == "socket.getaddrinfo":
        for seen in _watches:
            seen.resolved.append(str(arguments[0]))
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        address, port = arguments[1][:2]
        for seen in _watches:
            seen.connected.append((address, port))
        if address != "127.0.0.1":
            raise ConnectionRefusedError("a test wanted to leave this machine")


sys.addaudithook(_hook)


@contextmanager
def watching() -> Iterator[Seen]:
    seen = Seen()
    _watches.append(seen)
    try:
        yield seen
    finally:
        _watches.remove(seen)

"""A network of this run's own, in which packets can vanish: sockets stay open, and nobody is told.

On loopback a process can't be told from another one. So one of them talks with the brokers at a listener that nobody
else uses, and what is lost are the packets of one broker's port there.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

NEW_NETWORK: Final = 0x40000000  # CLONE_NEWNET
NEEDED: Final = ("ip", "nft")
TABLE: Final = "ip vanished"
LOST: Final = """\
table {table} {{
  chain sent {{
    type filter hook output priority 0
    tcp dport {port} drop
    tcp sport {port} drop
  }}
}}
"""


def isolate() -> str | None:
    """From now on this process and all that it starts have a network of their own: a loopback, and nothing else. Why
    not, where that can't be had. To be called before there is a second thread."""
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        return f"{', '.join(missing)} is not installed"
    if sys.platform != "linux":
        return "only Linux has namespaces"
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(NEW_NETWORK):
        return f"no namespace: {os.strerror(ctypes.get_errno())}"
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    return None


@contextmanager
def cut(address: str) -> Iterator[None]:
    """All packets from and to a `host:port` vanish."""
    rules = LOST.format(table=TABLE, port=address.rpartition(":")[2])
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run(["nft", "delete", "table", *TABLE.split()], check=True)

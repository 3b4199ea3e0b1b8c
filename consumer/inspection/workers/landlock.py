"""Landlock: no path, no TCP, no device, no socket and no signal beyond this process. Every right that the kernel knows.

landlock(7). A kernel refuses a right that it does not know: so the rights are found by asking, also a newer kernel's.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from functools import cache

CREATE_RULESET, RESTRICT_SELF = 444, 446  # the same on every architecture
FIELDS = 3  # of `struct landlock_ruleset_attr`: rights over files, over the network, and what is scoped
MOST_BITS = 40


@cache
def rights() -> bytes:
    """All rights that this kernel knows, as the attributes of a ruleset. `OSError` where there is no Landlock."""
    if sys.platform != "linux":
        raise OSError(f"{sys.platform} has no Landlock")
    known = [next((bits for bits in _from_most() if _is_known(field, bits)), 0) for field in range(FIELDS)]
    if not known[0]:
        raise OSError("the kernel offers no Landlock")
    while not known[-1]:  # a kernel of before a field was added
        known.pop()
    return struct.pack(f"{len(known)}Q", *known)


def restrict() -> None:
    """A ruleset without a rule: nothing of all that is allowed any more. Needs `no_new_privs`."""
    ruleset = _created(rights())
    try:
        if _libc().syscall(RESTRICT_SELF, ruleset, 0) != 0:
            raise OSError(ctypes.get_errno(), "landlock_restrict_self")
    finally:
        os.close(ruleset)


def _from_most() -> list[int]:
    return [(1 << count) - 1 for count in range(MOST_BITS, 0, -1)]


def _is_known(field: int, bits: int) -> bool:
    try:
        os.close(_created(struct.pack(f"{field + 1}Q", *[0] * field, bits)))
    except OSError:
        return False
    return True


def _created(attributes: bytes) -> int:
    ruleset: int = _libc().syscall(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    return ruleset


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)

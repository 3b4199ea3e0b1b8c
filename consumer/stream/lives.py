"""What the committed offset of a tasks partition remembers of processes that ended without a word. Pure.

Kafka keeps a string beside each committed offset. Whoever does not know it reads the offset alone, and leaves it empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_LIVES = 9_999
MOST_NAMES = 32  # the string is at most 4,096 bytes, as brokers are shipped
NAME_DIGITS = 32  # hexadecimal, of a SHA-256

WRITTEN = re.compile(
    rf"lives/1 (?P<begun>[1-9][0-9]{{0,3}}) (?P<by>[0-9a-f]{{16}})"
    rf"(?P<named>(?: [0-9a-f]{{{NAME_DIGITS}}}:[1-9]){{0,{MOST_NAMES}}})",
    re.ASCII,
)


def name_of(sha256: str) -> str:
    """Of a file, by its content."""
    return sha256[:NAME_DIGITS]


@dataclass(frozen=True, slots=True)
class Lives:
    """`begun`: lives of the partition that began here, one after the other, and neither came further nor said that
    they ended. `named`: how many of them ended while a file was examined, by its name."""

    begun: int = 0
    by: str = ""  # the last of them
    named: Mapping[str, int] = field(default_factory=dict)

    @property
    def kept(self) -> Mapping[str, int]:
        """Those of `named` for which there is room: the last ones."""
        return dict(list(self.named.items())[-MOST_NAMES:])

    def __str__(self) -> str:
        if not self.begun:
            return ""
        counts = [f"{name}:{min(times, 9)}" for name, times in self.kept.items()]
        return " ".join(["lives/1", str(min(self.begun, MOST_LIVES)), self.by, *counts])

    @classmethod
    def read(cls, metadata: str) -> Lives:
        """Of what anybody may have written: what is not understood says nothing."""
        written = WRITTEN.fullmatch(metadata)
        if written is None:
            return cls()
        named = (one.split(":") for one in written["named"].split())
        return cls(int(written["begun"]), written["by"], {name: int(times) for name, times in named})

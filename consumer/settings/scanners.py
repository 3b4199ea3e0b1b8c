"""Where an antivirus may be: one row a scheme. Another scanner is a row here, and a module that the row names.

By name, since settings stand below what they configure. `consumer.inspection.antivirus` opens the module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HOST = r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:/?#@\[\]]+)"
_PORT = r":(?P<port>[0-9]{1,5})"
_SERVICE = r"(?P<path>/[A-Za-z0-9._~/%?&=+-]+)"


@dataclass(frozen=True, slots=True)
class Scheme:
    module: str  # of `consumer.inspection.antivirus`
    form: str  # as an operator writes it
    pattern: str  # of what stands behind `scheme://`, with groups from host, port and path
    port: int | None = None  # where none is given


SCHEMES = {
    "tcp": Scheme("clamd", "tcp://host:port", _HOST + _PORT),
    "unix": Scheme("clamd", "unix:///path", r"(?P<path>/.+)"),
    "icap": Scheme("icap", "icap://host:port/service", f"{_HOST}(?:{_PORT})?{_SERVICE}", port=1344),
    "icaps": Scheme("icap", "icaps://host:port/service", f"{_HOST}(?:{_PORT})?{_SERVICE}", port=11344),
}
FORMS = ", ".join(row.form for row in SCHEMES.values())


@dataclass(frozen=True, slots=True)
class Address:
    """`host` and `port`, or a `path`, or all three: what its scheme has."""

    scheme: str
    host: str = ""  # an IPv6 address without its brackets
    port: int = 0
    path: str = ""

    @property
    def module(self) -> str:
        return SCHEMES[self.scheme].module

    @property
    def authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address_of(text: str) -> Address:
    """`ValueError`, with the forms that there are, for what has none of them."""
    scheme, _, rest = text.partition("://")
    row = SCHEMES.get(scheme)
    parts = re.fullmatch(row.pattern, rest) if row else None
    if row is None or parts is None:
        raise ValueError(f"must be one of {FORMS}")
    found = parts.groupdict(default="")
    port = int(found.get("port") or row.port or 0)
    if "host" in found and not 0 < port < 65_536:
        raise ValueError(f"{port} is no port; must be one of {FORMS}")
    return Address(scheme, found.get("host", "").strip("[]"), port, found.get("path", ""))

"""How the name of a type is written here (RFC 6838): in lower case, without parameters."""

from __future__ import annotations

import re

MIME = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,99}/[a-z0-9][a-z0-9!#$&^_.+-]{0,99}", re.ASCII)

UNKNOWN_TYPE = "application/octet-stream"  # of bytes that nobody has a name for

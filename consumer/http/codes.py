"""Error codes that say whether it is one object that is not there. Pure."""

from __future__ import annotations

import re

# A gateway says as much of a route, a host, a service that it does not know, and a store of what holds its objects.
NO_OBJECTS = (
    "account|api|bucket|container|domain|endpoint|gateway|host|method|page|path|route|server|service|site|tenant"
    "|upstream|uri|url|vhost"
)
WORDS = r"(?:[a-z0-9_-]+\.)*"
OF_ONE = rf"(?!{WORDS}(?:{NO_OBJECTS})\.){WORDS}"
NOT_FOUND = re.compile(rf"{OF_ONE}not\.found")

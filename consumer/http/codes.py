"""Error codes that say whether it is one object that is not there. Pure."""

from __future__ import annotations

import re

# A gateway says as much of a route, a host, a service that it does not know, and a store of what holds its objects.
GATEWAYS = "api|endpoint|gateway|host|method|page|path|route|server|service|upstream|uri|url"
NO_OBJECTS = f"{GATEWAYS}|account|bucket|container|domain|site|tenant|vhost"
WORDS = r"(?:[a-z0-9_-]+\.)*"
OF_ONE = rf"(?!(?:{GATEWAYS})\.|{WORDS}(?:{NO_OBJECTS})\.(?:not\.found|gone)\Z){WORDS}"
NOT_FOUND = re.compile(rf"{OF_ONE}not\.found")

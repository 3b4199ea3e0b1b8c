"""Error codes of Genesys's that say that one object is not there. Pure.

Only known ones count. Gateways, portals and the platforms below say `….not.found` as well, of a route, an application,
a tenant: there is no end of what is not an object of ours.

Sources: the `x-inin-error-codes` of Genesys's API definitions (`not.found`, for each call); its guest API and its
speech and text analytics (`resource.not.found`); the objects in the paths of the calls that are made here, as the
definitions name them.
"""

from __future__ import annotations

import re

OBJECTS = (
    "attachment", "communication", "conversation", "download", "media", "message", "participant", "resource",
)  # fmt: skip
_OF_ONE = rf"(?:(?:[a-z0-9_-]+\.)*(?:{'|'.join(OBJECTS)})s?\.)?"
NOT_FOUND = re.compile(rf"{_OF_ONE}not\.found")
NOT_THERE = rf"{_OF_ONE}(?:not\.found|gone)"  # of a file behind its link

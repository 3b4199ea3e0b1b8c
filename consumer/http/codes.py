"""Error codes of Genesys's that say that one object is not there. Pure.

Only known ones count. Gateways, portals and the platforms below say `….not.found` as well, of a route, an application,
a tenant: there is no end of what is not an object of ours.

Sources: the `x-inin-error-codes` of Genesys's API definitions (`not.found`, for each call); its guest API and its
speech and text analytics (`resource.not.found`); the objects in the paths of the calls that are made here, as the
definitions name them.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

BETWEEN = "api|errors?|exception|gateway|gw|http|kong|path|proxy|routes?|router|servers?|url"
OF_ANYTHING = re.compile(r"(?:resource\.)?(?:not\.found|gone)")
OBJECTS = frozenset({"attachment", "communication", "conversation", "download", "media", "message", "participant"})


def _of_one(objects: Collection[str]) -> str:
    """With the service that says it in front, unless it stands between us and Genesys."""
    named = "|".join(("resource", *sorted(objects)))
    return rf"(?:(?:(?!(?:{BETWEEN})\.)[a-z0-9_-]+\.)*(?:{named})s?\.)?"


def not_found(objects: Collection[str]) -> re.Pattern[str]:
    """That one of these is not there, or what was asked for, without a name."""
    return re.compile(rf"{_of_one(objects)}not\.found")


NOT_FOUND = not_found(OBJECTS)
NOT_THERE = rf"{_of_one(OBJECTS)}(?:not\.found|gone)"  # of a file behind its link
OWN_FIELDS = frozenset({"contextId", "messageParams", "messageWithParams", "entityId", "entityName"})
"""Of Genesys's error documents (its API definitions, `ErrorBody`), and of no framework's."""


def as_written(code: str, said: dict[str, Any]) -> str:
    """As Genesys writes most codes; "" for what is not known to be one of its. Frameworks and gateways say `NOT_FOUND`,
    or `RESOURCE_NOT_FOUND`, of a route in a document with `code` and `status` as well: only one of Genesys's own fields
    shows that it is its."""
    written = code.lower().replace("_", ".")
    foreign = "." not in code and written != code and OF_ANYTHING.fullmatch(written) and OWN_FIELDS.isdisjoint(said)
    return "" if foreign else written

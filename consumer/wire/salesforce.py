"""Platform events of Salesforce."""

from __future__ import annotations

from functools import lru_cache

from consumer.errors import Malformed
from consumer.wire.fields import Json, may_be_json
from consumer.wire.payloads import Payload

TABLES = 16  # whose names of fields are remembered
FIELDS = 1_000  # of one object, which may have 800 of its own


@lru_cache(TABLES)
def _own_fields(*names: str) -> list[tuple[str, str]]:
    """The names that end in `__c`, and what they are called here: event after event has the same."""
    return [(name, name[:1].lower() + name[1:].removesuffix("__c")) for name in names if name.endswith("__c")]


def platform_event(node: Json) -> Payload:
    """Its own fields end in `__c`. One that is JSON holds the event; else they are its fields."""
    event = node["payload"] if isinstance(node.get("payload"), dict) else node
    if len(event) > FIELDS:
        raise Malformed(f"more than {FIELDS} fields in an event of Salesforce")
    own = {ours: event[theirs] for theirs, ours in _own_fields(*event)}
    only = next(iter(own.values())) if len(own) == 1 else None
    return only if may_be_json(only) else own

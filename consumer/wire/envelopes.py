"""What transports put around events, and how it is taken off.

An envelope is known by its complete signature, never by one key: what customers write stands in the values of an event,
and must not pass for one. Strings are opened at an envelope's own payload alone. To add an envelope is to add a row to
`transports`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from consumer.errors import Malformed
from consumer.wire.fields import Json
from consumer.wire.framings import BY_FIRST
from consumer.wire.parsing import Effort, of_no_json
from consumer.wire.payloads import MAX_EVENTS, Broken, Envelope, Several, few, json_or_base64_or_itself
from consumer.wire.transports import ENVELOPES

MAX_WRAPPING = 8  # arrays, strings and envelopes around one event
MAX_FIELDS = 10_000  # of one object: a row of a table has 4,096 columns at most, mostly

# No transport's envelope has one of these, but for what it `shares`.
GENESYS_FIELDS = frozenset({
    "channel", "conversation", "conversationId", "detail", "eventBody", "normalizedMessage", "participants", "sender",
    "topicName",
})  # fmt: skip


def _by_first_key(envelopes: Iterable[Envelope]) -> dict[str, list[Envelope]]:
    """Nodes have few keys, and this table has many rows: a row is looked at where its rarest key is there."""
    rows_with = Counter(key for envelope in ENVELOPES for key in envelope.requires)
    found: dict[str, list[Envelope]] = defaultdict(list)
    for envelope in envelopes:
        rarest = max(envelope.requires, key=lambda key: (-rows_with[key], len(key)))
        found[rarest].append(envelope)
    return dict(found)


_BY_KEY = _by_first_key(ENVELOPES)
_SHARING = _by_first_key(envelope for envelope in ENVELOPES if envelope.shares)


def envelope_of(node: Json) -> Envelope | None:
    """The envelope that `node` is, by its complete signature."""
    is_free = GENESYS_FIELDS.isdisjoint(node)
    rows = _BY_KEY if is_free else _SHARING
    if rows.keys().isdisjoint(node):  # as most nodes are, and in one step
        return None
    for key in node:
        for envelope in rows.get(key, ()):
            if envelope.matches(node) and (is_free or GENESYS_FIELDS & node.keys() <= envelope.shares):
                return envelope
    return None


@dataclass(slots=True)
class Leaf:
    """One event, still as JSON: with what its own bytes are made of, and its place in the record's arrays."""

    node: Any
    own: Any  # bytes; or the element of an array, to be written
    path: str = ""
    envelope: tuple[str, ...] = ()
    fault: Malformed | None = None  # why its envelope can't be opened
    depth: int = 0  # wrappings around it

    @property
    def value(self) -> bytes:
        """Raises `Malformed`."""
        return self.own if isinstance(self.own, bytes) else _written(self.own)


def leaves(value: bytes) -> Iterator[Leaf]:
    """The events inside a record, in order. Raises `Malformed` for what can't be taken apart as a whole."""
    found, effort = 0, Effort(MAX_EVENTS, len(value))
    waiting = [Leaf(value, value)]
    while waiting:
        leaf = waiting.pop()
        inside = leaf if leaf.fault is not None else _opened(leaf, effort)
        if inside is leaf:
            yield leaf
            continue
        if leaf.depth > MAX_WRAPPING:
            raise Malformed(f"more than {MAX_WRAPPING} wrappings around an event")
        if isinstance(inside, Leaf):
            waiting.append(inside)
            continue
        found += len(inside)
        if found > MAX_EVENTS:
            raise Malformed(f"more than {MAX_EVENTS} events in one record")
        effort.part(len(inside))
        waiting += reversed(inside)


def _opened(leaf: Leaf, effort: Effort) -> Leaf | list[Leaf]:
    """What is one wrapping further inside; `leaf` itself if it is an event, or if nothing is known of it."""
    node, name = leaf.node, ""
    try:
        if isinstance(node, dict):
            if len(node) > MAX_FIELDS:
                raise Malformed(f"more than {MAX_FIELDS} fields in one object")
            envelope = envelope_of(node)
            if envelope is None:
                return leaf
            name = envelope.name  # first, so that a payload that can't be opened is said to be this one's
            node = envelope.payload(node)
            if isinstance(node, dict):
                return Leaf(node, leaf.own, leaf.path, (*leaf.envelope, name), None, leaf.depth + 1)
        if isinstance(node, str) and not name:
            node, name = json_or_base64_or_itself(node), "text"  # Kafka Connect writes bytes so, without their schema
        if isinstance(node, str):  # whatever it holds was counted with what holds it
            node = node.encode()
        elif isinstance(node, bytes):
            effort.hold(node)
        if isinstance(node, bytes):
            return _documents(leaf, node, name, effort)
    except Malformed as fault:
        fault.with_traceback(None)  # which keeps all that was read so far
        return Leaf(None, leaf.own, leaf.path, (*leaf.envelope, *filter(None, (name,))), fault, leaf.depth + 1)
    elements = node.payloads if isinstance(node, Several) else node if isinstance(node, list) else None
    if elements is None:
        return Leaf(node, leaf.own, leaf.path, (*leaf.envelope, name), depth=leaf.depth + 1) if name else leaf
    elements = few(elements)
    names, depth = (*leaf.envelope, name or "array"), leaf.depth + 1
    if len(elements) == 1 and isinstance(elements[0], Broken):  # so that its bytes say the same again
        return Leaf(None, leaf.own, leaf.path, names, elements[0].fault, depth)
    return [
        Leaf(None, each.own, f"{leaf.path}[{index}]", names, each.fault, depth)
        if isinstance(each, Broken)
        else Leaf(each, each, f"{leaf.path}[{index}]", names, None, depth)
        for index, each in enumerate(elements)
    ]


def _documents(leaf: Leaf, payload: bytes, name: str, effort: Effort) -> Leaf | list[Leaf]:
    """The JSON values of a payload: one keeps the bytes around it, several have their own. Raises `Malformed`."""
    names, depth = (*leaf.envelope, name) if name else leaf.envelope, leaf.depth + 1
    try:
        if payload[:1] not in BY_FIRST:
            return Leaf(orjson.loads(payload), leaf.own, leaf.path, names, None, depth)
    except orjson.JSONDecodeError:
        pass  # what it holds, a copy of the payload, is let go before the next error is kept
    found = of_no_json(payload, effort)
    if found[0].framing:
        names = (*names, found[0].framing)
    if len(found) == 1:
        return Leaf(found[0].node, leaf.own, leaf.path, names, found[0].fault, depth)
    names = (*names, "several values")
    return [
        Leaf(one.node, one.own, f"{leaf.path}[{index}]", names, one.fault, depth) for index, one in enumerate(found)
    ]


def _written(element: Any) -> bytes:
    try:  # orjson reads deeper nesting than it writes, and what it gives sits in a kilobyte: thousands are kept
        return bytes(memoryview(orjson.dumps(element)))
    except TypeError:
        raise Malformed("nested too deeply") from None

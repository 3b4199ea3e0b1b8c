"""Record number n: always the same bytes, made from real packings by the mistakes that bridges make."""

from __future__ import annotations

import json
import random
from functools import cache

import orjson

from tests.genesys.payloads import payload
from tests.wire.packing import BATCHES, ENVELOPES

WORDS = (
    b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\", b"\\ud800", b"\\udc00", b"\\u0000", b"\\\\", b"\xed\xa0\x80",
    b"\xff", b"\xef\xbb\xbf", b"\x1e", b"\n", b"\0\0\0\0\7", b"\x1f\x8b", b"null", b"NaN", b"1e999", b"-0", b"9" * 400,
    b'{"Records":[', b'"body":"{}"', b'"payload":', b'"schema":null', b'"data":"e30="', b'"eventBody":',
    b'"detail":', b'"topicName":"v2.system.socket_closing"', b'"participants":[{}]', b'"messages":[{"messages":[{}]}]',
    b'"id":"../x"', b'"conversationId":5', b"{}" * 50, b"[" * 300, b'{"a":' * 300, b"0," * 6_000,
)  # fmt: skip


@cache
def seeds() -> tuple[bytes, ...]:
    names = ("conversation", "message-data", "webhook-inbound", "tutorial", "event-notification", "event-eventbridge")
    events = [payload(name) for name in names]
    packed = [pack(event) for event in events for pack in ENVELOPES.values()]
    batches = [pack(events[:3]) for pack in BATCHES.values()]
    several = b"\n".join(orjson.dumps(event) for event in events)
    return (
        *(orjson.dumps(raw) for raw in (*events, *packed, *batches)),
        several,
        json.dumps(events, indent=1).encode(),
    )


def mutated(number: int) -> bytes:
    chance = random.Random(number)
    value = bytearray(chance.choice(seeds()))
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8))):
        at = chance.randrange(len(value) + 1)
        match chance.randrange(6):
            case 0:
                value[at:at] = chance.choice(WORDS)
            case 1:
                word = chance.choice(WORDS)
                value[at : at + len(word)] = word
            case 2:
                del value[at : at + chance.choice((1, 2, 16, 256))]
            case 3 if value:
                value[at % len(value)] ^= 1 << chance.randrange(8)
            case 4:
                piece = value[at : at + chance.choice((1, 8, 64, 512))]
                value[at:at] = piece * chance.choice((1, 2, 20))
            case _:
                other = chance.choice(seeds())
                begin = chance.randrange(len(other))
                value[at : at + 64] = other[begin : begin + chance.choice((16, 256))]
    return bytes(value)

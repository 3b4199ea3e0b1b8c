"""What stands in front of JSON, or in place of it: known by how it begins. Pure.

What is packed is opened where the standard library can, and never beyond what is left for its record.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

from consumer.errors import Malformed
from consumer.wire.coded import of_base64


def _inflated(packed: bytes, most: int) -> bytes | None:
    """None for what is not whole, or more than `most` bytes."""
    inflating = zlib.decompressobj()
    try:
        content = inflating.decompress(packed, most + 1)
    except zlib.error:
        return None
    return content if inflating.eof and len(content) <= most else None


def _decoded(packed: bytes, most: int) -> bytes | None:
    """The same of base64."""
    try:
        content = of_base64(packed.decode(errors="replace"))
    except Malformed:
        return None
    return content if len(content) <= most else None


@dataclass(frozen=True, slots=True)
class Framing:
    """What stands in front of a value, in a way that no JSON does."""

    name: str
    begins: tuple[bytes, ...]
    length: int  # of what stands in front of the value itself
    remedy: str
    json_may_follow: bool = False
    lengths: bool = False  # it stands in front of each of several values
    unpacked: Callable[[bytes, int], bytes | None] | None = None  # what is behind it, if it is at most so many bytes

    @property
    def told(self) -> str:
        what = "and what follows is no JSON (Avro or Protobuf, say)" if self.json_may_follow else "which is not read"
        return f"the value is framed by {self.name}, {what}: {self.remedy}"


LENGTH = 8  # bytes that say one
RESOLVED = bytes(LENGTH)  # a value of no length, by which TiCDC says that all before a time is there

PLAIN_JSON = "have the source write plain JSON (`value.converter=org.apache.kafka.connect.json.JsonConverter`)"
UNCOMPRESSED = "have the source leave values as they are, and let Kafka compress (`compression.type` of the producer)"

OF_JSON = (b"W3s", b"Wwo", b"WyJ", b"ew0", b"ewk", b"ewo", b"eyA", b"eyJ")  # how base64 of it begins

UTF_16 = Framing("UTF-16", (b"\xff\xfe", b"\xfe\xff", b"\0{", b"\0["), 2, "have the source write UTF-8")
FRAMINGS = (
    UTF_16,
    Framing("Confluent's schema registry, or Apicurio's (magic byte 0)", (b"\0",), 5, PLAIN_JSON, json_may_follow=True),
    Framing("Confluent's schema registry (magic byte 1)", (b"\1",), 17, PLAIN_JSON, json_may_follow=True),
    Framing("TiCDC's open protocol", (b"\0\0\0\0",), LENGTH, "set `protocol=canal-json`", True, lengths=True),
    Framing("Apicurio's schema registry (an id of 8 bytes)", (b"\0",), 9, PLAIN_JSON, json_may_follow=True),
    Framing("AWS Glue's schema registry", (b"\x03\x00",), 18, PLAIN_JSON, json_may_follow=True),
    Framing("AWS Glue's schema registry, compressed by zlib", (b"\x03\x05",), 18, PLAIN_JSON, True, unpacked=_inflated),
    Framing("base64", OF_JSON, 0, "have the source decode it", True, unpacked=_decoded),
    Framing("base64 of gzip", (b"H4sI",), 0, UNCOMPRESSED),
    Framing(
        "the Kinesis Producer Library, which puts several records into one",
        (b"\xf3\x89\x9a\xc2",),
        4,
        "have the producer send records alone (`AggregationEnabled=false`), or take them apart before Kafka",
    ),
    Framing("an Avro file", (b"Obj\x01",), 4, PLAIN_JSON),
    Framing("a serialised Java object", (b"\xac\xed\x00\x05",), 4, PLAIN_JSON),
    Framing("CBOR", (b"\xd9\xd9\xf7",), 3, PLAIN_JSON),
    Framing("syslog", tuple(b"<%d" % digit for digit in range(10)), 0, "have the source send messages alone"),
    Framing("XML", (b"<",), 0, "have the source write JSON (Axon: `axon.serializer.events=jackson`)"),
    Framing("Python's pickle", tuple(b"\x80%c" % version for version in range(2, 6)), 2, "have the source write JSON"),
    Framing("gzip", (b"\x1f\x8b",), 10, UNCOMPRESSED),
    Framing("zlib", (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"), 2, UNCOMPRESSED),
    Framing("zstd", (b"\x28\xb5\x2f\xfd",), 4, UNCOMPRESSED),
    Framing("snappy", (b"\xff\x06\x00\x00sNaPpY", b"\x82SNAPPY\x00"), 10, UNCOMPRESSED),
    Framing("lz4", (b"\x04\x22\x4d\x18", b"LZ4Block"), 4, UNCOMPRESSED),
    Framing("bzip2", (b"BZh",), 4, UNCOMPRESSED),
    Framing("xz", (b"\xfd7zXZ\x00",), 6, UNCOMPRESSED),
    Framing(
        "Spring Cloud Stream's embedded headers",
        tuple(b"\xff%c\x0bcontentType" % count for count in range(1, 9)),
        2,
        "set `headerMode=headers` for the binding",
    ),
)
"""From the magic numbers of the formats' own specifications; the registries' from their wire formats."""
BY_FIRST = {
    first: [framing for framing in FRAMINGS if any(begin.startswith(first) for begin in framing.begins)]
    for first in {begin[:1] for framing in FRAMINGS for begin in framing.begins}
}

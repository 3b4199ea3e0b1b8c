"""What is signed in a message of CMS (`smime.p7m`, `invoice.xml.p7m`): anybody can read it, and mail programs show it.

RFC 5652, section 5, written by BER or DER; files in letters (base64, PEM) as well. Signatures are not verified.
"""

from __future__ import annotations

from typing import NamedTuple

from consumer.inspection.readers.mail import encodings
from consumer.inspection.readers.names import extension_of, visible_name
from consumer.inspection.readers.seen import Unreadable, Work

EXTENSION = "p7m"
SEQUENCE, EXPLICIT, OCTETS, PIECES = 0x30, 0xA0, 0x04, 0x24
SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
NO_LENGTH, LONGEST_LENGTH = 0x80, 4  # bytes of a length
A_PIECE = 256  # of work


class _Element(NamedTuple):
    kind: int
    begin: int  # of its content
    stop: int  # of one without a length: where what it stands in stops


def is_named(name: str) -> bool:
    return extension_of(name) == EXTENSION


def name_of(name: str) -> str:
    """Of the file that is signed, by the name of the signed one."""
    return visible_name(name)[: -len(EXTENSION) - 1] if is_named(name) else name


def content_of(data: bytes, work: Work) -> bytes | None:
    """The bytes that are signed, none if there are only certificates. None if it is no signed message."""
    work.spend(len(data))
    if data[:1] != bytes([SEQUENCE]):
        data = encodings.decode(b"\n".join(line for line in data.split(b"\n") if line[:2] != b"--"), "base64", work)
    try:
        return _signed(data, work)
    except Unreadable:
        return None


def _signed(data: bytes, work: Work) -> bytes | None:
    whole = _element(data, 0, len(data), SEQUENCE)
    if not data.startswith(SIGNED_DATA, whole.begin):
        return None
    explicit = _element(data, whole.begin + len(SIGNED_DATA), whole.stop, EXPLICIT)
    signed = _element(data, explicit.begin, explicit.stop, SEQUENCE)
    version = _element(data, signed.begin, signed.stop)
    algorithms = _element(data, version.stop, signed.stop)
    inner = _element(data, algorithms.stop, signed.stop, SEQUENCE)
    kind = _element(data, inner.begin, inner.stop)
    if kind.stop >= inner.stop or data[kind.stop] != EXPLICIT:
        return b""
    explicit = _element(data, kind.stop, inner.stop, EXPLICIT)
    octets = _element(data, explicit.begin, explicit.stop)
    if octets.kind == OCTETS:
        return data[octets.begin : octets.stop]
    return _pieces(data, octets, work)


def _pieces(data: bytes, octets: _Element, work: Work) -> bytes:
    """Of one that was written while nobody knew how long it would be."""
    if octets.kind != PIECES:
        raise Unreadable("what is signed is no run of bytes")
    found, at = bytearray(), octets.begin
    while at < octets.stop and data[at]:
        work.step(A_PIECE)
        piece = _element(data, at, octets.stop, OCTETS)
        found += data[piece.begin : piece.stop]
        at = piece.stop
    return bytes(found)


def _element(data: bytes, at: int, stop: int, kind: int | None = None) -> _Element:
    """The one that begins there, which has to be of that kind."""
    if at + 2 > stop or (kind is not None and data[at] != kind):
        raise Unreadable("the message is not built like a signed one")
    length, begin = data[at + 1], at + 2
    if length == NO_LENGTH:
        return _Element(data[at], begin, stop)
    if length > NO_LENGTH:
        width = length - NO_LENGTH
        length, begin = int.from_bytes(data[begin : begin + width], "big"), begin + width
        if width > LONGEST_LENGTH:
            raise Unreadable("the message is not built like a signed one")
    if begin + length > stop:
        raise Unreadable("the message is cut off")
    return _Element(data[at], begin, begin + length)

"""Signatures of what this service writes for itself, tasks and ledger entries, in a header that older releases ignore.

Signed are topic, partition, key, value and all other headers, each with its length in front: an entry that is copied to
another place, or whose bytes are shared out otherwise, does not verify.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from struct import Struct

from consumer.model import Doubt, Headers
from consumer.wire.results import HEADER_OVERHEAD

HEADER = "signature"  # the key's id, then the HMAC-SHA256
ID_BYTES, MAC_BYTES = 4, 32
OF_ID = b"id of a signing key\0"
OVERHEAD = HEADER_OVERHEAD + len(HEADER) + ID_BYTES + MAC_BYTES  # bytes that a signature adds to a record

RECORD = Struct(">IiqqI")  # length of the topic's name, partition, lengths of key and value, number of headers
PAIR = Struct(">Iq")  # lengths of name and content
ABSENT = -1  # the length of what is null


class Signatures:
    """Signs and verifies. To write or to verify a record costs one HMAC, whatever keys there are."""

    def __init__(self, keys: Sequence[bytes] = (), required: bool = False) -> None:
        """`keys`: the first signs, each verifies; none: nothing is signed. `required`: signatures are verified; else
        one that names a known key counts as good."""
        self._by_id = {key_id(key): hmac.new(key, digestmod="sha256") for key in keys}
        self.ids = tuple(self._by_id)
        self.required = required

    def __bool__(self) -> bool:
        """Whether anything is signed."""
        return bool(self.ids)

    @property
    def overhead(self) -> int:
        """Bytes that it adds to a record."""
        return OVERHEAD if self else 0

    def sign(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers = ()
    ) -> Headers:
        """The headers that the record is to be written with, in this partition and no other."""
        if not self.ids:
            return headers
        ours = self.ids[0]
        return (*headers, (HEADER, ours + _mac(self._by_id[ours], topic, partition, key, value, headers)))

    def doubt(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers
    ) -> Doubt | None:
        """Why a record need not be ours; None if it is."""
        given = [content for name, content in headers if name == HEADER]
        if not given:
            return "unsigned"
        signature = given[0]
        if len(given) > 1 or signature is None or len(signature) != ID_BYTES + MAC_BYTES:
            return "forged"
        named = self._by_id.get(signature[:ID_BYTES])
        if named is None:
            return "other_key"
        if not self.required:
            return None
        signed = tuple(header for header in headers if header[0] != HEADER) if len(headers) > 1 else ()
        expected = _mac(named, topic, partition, key, value, signed)
        return None if hmac.compare_digest(signature[ID_BYTES:], expected) else "forged"


UNSIGNED = Signatures()


def key_id(key: bytes) -> bytes:
    """Tells keys apart, and nothing else of them."""
    return hashlib.sha256(OF_ID + key).digest()[:ID_BYTES]


def _mac(
    keyed: hmac.HMAC, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers
) -> bytes:
    name = topic.encode()
    parts = [RECORD.pack(len(name), partition, _length(key), _length(value), len(headers)), name, key or b""]
    for header, content in headers:
        written = header.encode("utf-8", "surrogatepass")
        parts += (PAIR.pack(len(written), _length(content)), written, content or b"")
    mac = keyed.copy()
    mac.update(b"".join(parts))
    if value:
        mac.update(value)
    return mac.digest()


def _length(content: bytes | None) -> int:
    return ABSENT if content is None else len(content)

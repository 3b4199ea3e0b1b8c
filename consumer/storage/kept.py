"""What is kept, under which name, and what every store can do."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from consumer.identity import conversation_identity
from consumer.model import Facts


class StoredBody(Protocol):
    """What is stored: a body's size in bytes, its SHA-256 in lower-case hex, and its descriptor."""

    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    def fileno(self) -> int: ...


class Tried(NamedTuple):
    reads: bool
    deletes: bool


class Store(Protocol):
    """Keeps bodies, each as one whole object: no reader ever finds half of one.

    A name holds the hash of its content, so that storing again, or late, writes the same bytes once more. Everything
    raises `Unavailable`, or `Refused` for what no waiting helps.
    """

    async def put(self, conversation_id: str, identity: bytes, body: StoredBody, facts: Facts) -> str:
        """Returns the object's URI, once it would outlast a power cut."""

    async def probe(self) -> None:
        """Writes an empty object, and takes it away again where that is allowed."""

    async def tried(self) -> Tried:
        """As `probe`, and tells what else may be done with what was written. The service needs none of that."""

    async def aclose(self) -> None: ...


def name_of(conversation_id: str, identity: bytes, sha256: str) -> str:
    """No customer's word is in it, and a conversation can be erased by the part before the slash."""
    return f"{conversation_identity(conversation_id).hex()}/{identity.hex()}-{sha256}"

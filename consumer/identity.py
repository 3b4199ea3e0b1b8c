"""What names things for ever, whichever event, key or shape they came by: digests of what Genesys calls them."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

REMEMBERED = 4_096  # names; one task asks for the same ones several times
# Genesys writes its own ids in lower case, as GUIDs or as 32 hex digits; databases on the way may not.
GUID = re.compile(r"(?:[a-z]+:)?(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32})")


def in_one_case(named: str) -> str:
    """An id, or the key of an attachment: a GUID in another case is the same one. Other ids are as they are written."""
    lower = named.lower()
    return lower if lower != named and GUID.fullmatch(named) else named


def identity(kind: str, *parts: str) -> bytes:
    """A 16-byte digest of `parts`, unambiguous about where one ends and the next begins."""
    digest = hashlib.blake2b(digest_size=16, person=kind.encode()[:16])
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(4, "big") + encoded)
    return digest.digest()


@lru_cache(REMEMBERED)
def message_identity(conversation_id: str, message_id: str) -> bytes:
    return identity("message", conversation_id, message_id)


@lru_cache(REMEMBERED)
def announcement_identity(conversation_id: str, message_id: str = "", attachments: int | None = None) -> bytes:
    """Of what an event alone says: that there is this conversation, this message of it, or so many attachments."""
    parts = [conversation_id, *filter(None, [message_id]), *([] if attachments is None else [str(attachments)])]
    return identity("announcement", *parts)


@lru_cache(REMEMBERED)
def announced_attachment_identity(conversation_id: str, message_id: str, key: str) -> bytes:
    """As an announcement's, of one attachment of the message; `key` as `attachment_key` gives it."""
    return identity("announcement", conversation_id, message_id, "attachment", in_one_case(key))


def conversation_identity(conversation_id: str) -> bytes:
    return identity("conversation", conversation_id)


def attachment_key(attachment_id: str | None, download_id: str | None, host_and_path: str | None) -> str | None:
    """The attachment's id, else its download id, else host and path of its URL; never a position in a list."""
    if attachment_id:
        return f"id:{attachment_id}"
    if download_id:
        return f"download:{download_id}"
    if host_and_path:
        return f"url:{host_and_path}"
    return None

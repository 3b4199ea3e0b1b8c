"""Links to files, and what a store says of one that is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from consumer.model.heard import Asked


class Resolved(str):
    """A URL that the API of Genesys resolved: Genesys's own word, not a customer's. It knows what it was asked for.
    `again`: the one before was over, maybe while it waited for its turn."""

    __slots__ = ("again", "conversation_id", "download_id")

    again: bool
    download_id: str
    conversation_id: str

    def __new__(cls, url: str, download_id: str, conversation_id: str, again: bool = False) -> Self:
        resolved = super().__new__(cls, url)
        resolved.download_id, resolved.conversation_id, resolved.again = download_id, conversation_id, again
        return resolved


@dataclass(frozen=True, slots=True)
class Expired:
    """A store's own answer that the link is no longer good."""

    status: int  # 403, or a guest link's 404, or 410
    code: str = ""  # the store's word for it
    asked: Asked | None = None
    host: str | None = None  # of a file host outside the region

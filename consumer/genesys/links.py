"""Which URLs of attachments are download links of our own API: those need the token, all others must never see it.

Both kinds live on the same hosts, so path and query decide: `/api/v2/downloads/{id}` is a link that the API resolves,
unless a signature shows that it was resolved already.
"""

from __future__ import annotations

from collections.abc import Set
from urllib.parse import parse_qsl

from consumer.http.urls import Origin, origin_of
from consumer.wire.fields import download_id

SIGNATURES = {"signature", "key-pair-id", "policy", "x-amz-signature"}


def bearer_id(url: str, origins: Set[Origin]) -> str | None:
    """The id to ask our API for, if `url` is such a link on one of `origins`; else None. Never raises."""
    return download_id(url) if origin_of(url) in origins and not is_signed(url) else None


def is_signed(url: str) -> bool:
    """Whether a signature shows that the address was resolved already. What can't be read counts as signed."""
    query = url.partition("#")[0].partition("?")[2]
    try:
        return bool(query) and any(name.lower() in SIGNATURES for name, _ in parse_qsl(query, max_num_fields=100))
    except ValueError:
        return True

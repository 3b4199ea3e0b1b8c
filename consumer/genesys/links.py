"""Which URLs of attachments are download links of our own API: those need the token, all others must never see it.

Both kinds live on the same hosts, so path and query decide: `/api/v2/downloads/{id}` is a link that the API resolves,
unless a signature shows that it was resolved already.
"""

from __future__ import annotations

from collections.abc import Set
from urllib.parse import parse_qsl, urlsplit

from consumer.wire.fields import download_id

SIGNATURES = {"signature", "key-pair-id", "policy", "x-amz-signature"}
DEFAULT_PORTS = {"https": 443, "http": 80}


def bearer_id(url: str, origins: Set[str]) -> str | None:
    """The id to ask our API for, if `url` is such a link on one of `origins`; else None. Never raises."""
    try:
        parts = urlsplit(url)
        port = parts.port
        signed = SIGNATURES & {name.lower() for name, _ in parse_qsl(parts.query, max_num_fields=100)}
    except ValueError:
        return None
    if parts.username is not None or parts.hostname is None or signed:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname.rstrip(".")
    shown_port = "" if port in (None, DEFAULT_PORTS.get(parts.scheme)) else f":{port}"
    return download_id(url) if f"{parts.scheme}://{host}{shown_port}" in origins else None

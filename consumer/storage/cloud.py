"""Files into S3, Google Cloud Storage or Azure, by obstore."""

from __future__ import annotations

import contextlib
import mmap
import os
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio
import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import from_url

from consumer.errors import Refused, Unavailable
from consumer.model import Dependency, Facts
from consumer.storage.kept import StoredBody, Tried, name_of
from consumer.storage.writer import PROBE

if TYPE_CHECKING:
    from obstore.store import ObjectStore

UPLOAD_S = 300.0  # for one file, its repeats included

# Options of the HTTP client in place of the store's own; its verification of certificates can't be switched off.
CLIENT_OPTIONS = frozenset({"allow_http", "connect_timeout", "proxy_url", "proxy_ca_certificate", "root_certificate"})
FORBIDDEN_OPTIONS = frozenset({"allow_invalid_certificates"})

# scheme → words of which one is in the name of each option that holds, or spares, credentials
CREDENTIALS: Mapping[str, tuple[str, ...]] = {
    "s3": ("access_key_id", "skip_signature"),
    "gs": ("service_account", "application_credentials", "bearer_token", "skip_signature"),
    "az": ("account_key", "access_key", "sas", "client_secret", "bearer_token", "skip_signature"),
}
SCHEMES = {"s3": "s3", "s3a": "s3", "gs": "gs", "az": "az", "adl": "az", "azure": "az", "abfs": "az", "abfss": "az"}

# obstore takes what it is not told out of the environment: proxies always, credentials of the platform's own chain.
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
FROM_THE_PLATFORM = ("aws_", "google_", "azure_", "msi_", "identity_")


class Cloud:
    """Satisfies `Store`."""

    def __init__(self, url: str, options: Mapping[str, str], *, ambient: bool) -> None:
        """`ambient`: credentials come from the platform (instance, workload identity, environment), not from options.

        Raises `ValueError` for what can't be meant. Contacts nothing.
        """
        self._url = url.rstrip("/")
        self._store = _opened(url, dict(options), ambient)

    async def put(self, conversation_id: str, identity: bytes, body: StoredBody, facts: Facts) -> str:
        name = name_of(conversation_id, identity, body.sha256)
        content = memoryview(mmap.mmap(body.fileno(), body.size, prot=mmap.PROT_READ)) if body.size else b""
        await self._put(name, content, facts.detected_type or "application/octet-stream")
        return f"{self._url}/{name}"

    async def probe(self) -> None:
        await self._put(PROBE, b"", "application/octet-stream")
        with contextlib.suppress(BaseError, OSError):
            await obstore.delete_async(self._store, PROBE)

    async def tried(self) -> Tried:
        await self._put(PROBE, b"", "application/octet-stream")
        reads = await _works(obstore.get_async(self._store, PROBE))
        return Tried(reads, deletes=await _works(obstore.delete_async(self._store, PROBE)))

    async def aclose(self) -> None:
        """obstore closes its connections by itself."""

    async def _put(self, name: str, content: bytes | memoryview, media_type: str) -> None:
        attributes: obstore.Attributes = {"Content-Type": media_type, "Content-Disposition": "attachment"}
        with _in_our_words():
            # In parts it would go on for ever against a host that is away, and leave pieces behind in the bucket.
            with anyio.fail_after(UPLOAD_S):
                await obstore.put_async(self._store, name, content, attributes=attributes, use_multipart=False)


async def _works(asking: Awaitable[object]) -> bool:
    try:
        await asking
    except (BaseError, OSError):
        return False
    return True


def _opened(url: str, options: dict[str, str], ambient: bool) -> ObjectStore:
    scheme = url.partition("://")[0].lower()
    if scheme not in SCHEMES:
        raise ValueError("STORAGE__URL: a folder, or s3://, gs:// or az:// with bucket and prefix")
    _refuse_secrets(url)
    if forbidden := FORBIDDEN_OPTIONS & options.keys():
        raise ValueError(f"STORAGE__OPTIONS: {', '.join(forbidden)} is not allowed")
    given = any(word in name.lower() for name in options for word in CREDENTIALS[SCHEMES[scheme]])
    if not given and not ambient:
        raise ValueError(
            "STORAGE__OPTIONS: no credentials. Give them there (STORAGE__OPTIONS__ACCESS_KEY_ID, …), or set "
            "STORAGE__CREDENTIALS=ambient to take those of the platform"
        )
    client: dict[str, Any] = {"timeout": timedelta(seconds=UPLOAD_S), "connect_timeout": timedelta(seconds=10)}
    client |= {name: _client_value(options.pop(name)) for name in CLIENT_OPTIONS & options.keys()}
    retries = {"max_retries": 2, "retry_timeout": timedelta(seconds=15)}
    try:
        with _environment_without((*PROXIES, *(() if ambient else FROM_THE_PLATFORM))):
            return from_url(url, config=options, client_options=client, retry_config=retries)  # type: ignore[call-overload,no-any-return]
    except (BaseError, ValueError):
        raise ValueError("STORAGE__URL or STORAGE__OPTIONS: the store does not take them") from None


def _refuse_secrets(url: str) -> None:
    """What stands in the URL stands in each result as well, as the beginning of `storageUri`."""
    parts = urlsplit(url)
    user = parts.username is not None and not parts.scheme.startswith("abfs")  # there it is the container
    if user or parts.password is not None or parts.query or parts.fragment:
        raise ValueError(
            "STORAGE__URL: credentials or a query in it would be published with each result; give them as "
            "STORAGE__OPTIONS__{name}"
        )


@contextmanager
def _environment_without(beginnings: tuple[str, ...]) -> Iterator[None]:
    """Without the variables that begin so, in any case, as long as the block runs. At the start, before any task."""
    taken = {name: value for name, value in os.environ.items() if name.lower().startswith(beginnings)}
    for name in taken:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(taken)


def _client_value(text: str) -> str | bool:
    return text.lower() == "true" if text.lower() in ("true", "false") else text


@contextmanager
def _in_our_words() -> Iterator[None]:
    """The texts of obstore hold addresses and answers of the store: none of them goes out."""
    try:
        yield
    except FileNotFoundError:
        raise Refused(Dependency.STORAGE, "the bucket does not exist") from None
    except (PermissionDeniedError, UnauthenticatedError, PermissionError):
        raise Refused(Dependency.STORAGE, "the storage does not let us write with these credentials") from None
    except TimeoutError:
        raise Unavailable(Dependency.STORAGE, "the storage took too long") from None
    except (BaseError, OSError):
        raise Unavailable(Dependency.STORAGE, "the storage is away or full") from None

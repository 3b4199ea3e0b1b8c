"""Files into a folder, S3, GCS or Azure storage, under names that only we choose."""

from __future__ import annotations

import contextlib
import mmap
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import anyio
import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, from_url

from consumer.errors import Refused, Unavailable
from consumer.identity import conversation_identity
from consumer.model import Dependency, Facts

if TYPE_CHECKING:
    from obstore import Attributes
    from obstore.store import ObjectStore

PROBE = "attachment-consumer.probe"
CLOUDS = ("s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss")
UPLOAD_S = 300.0  # for one file, its repeats included

# Options of the HTTP client in place of the store's own; its verification of certificates can't be switched off.
CLIENT_OPTIONS = frozenset({"allow_http", "connect_timeout", "proxy_url", "proxy_ca_certificate", "root_certificate"})
FORBIDDEN_OPTIONS = frozenset({"allow_invalid_certificates"})
REFUSING = frozenset({1, 2, 13, 20, 30})  # EPERM, ENOENT, EACCES, ENOTDIR, EROFS: no waiting helps


class StoredBody(Protocol):
    """What is stored: a body's size, digest and descriptor."""

    size: int
    sha256: str

    def fileno(self) -> int: ...


class ObjectStorage:
    """Keeps bodies, each as one whole object: no reader ever finds half of one.

    A name holds the hash of its content, so that storing again, or late, writes the same bytes once more.
    """

    def __init__(self, url: str, options: Mapping[str, str] | None = None) -> None:
        """Raises `ValueError` for a URL or an option that can't be meant; contacts nothing, but makes a folder."""
        self._store, self._base = _open(url, dict(options or {}))

    async def put(self, conversation_id: str, identity: bytes, body: StoredBody, facts: Facts) -> str:
        """The URI. Raises `Unavailable`, or `Refused` for what no waiting helps."""
        name = f"{conversation_identity(conversation_id).hex()}/{identity.hex()}-{body.sha256}"
        content = memoryview(mmap.mmap(body.fileno(), body.size, prot=mmap.PROT_READ)) if body.size else b""
        await self._put(name, content, facts.detected_type or "application/octet-stream")
        return f"{self._base}/{name}"

    async def probe(self) -> None:
        """Writes an empty object, and takes it away again where that is allowed. Raises as `put`."""
        await self._put(PROBE, b"", "application/octet-stream")
        with contextlib.suppress(BaseError, OSError):
            await obstore.delete_async(self._store, PROBE)

    async def _put(self, name: str, content: bytes | memoryview, media_type: str) -> None:
        attributes: Attributes | None = None
        if not isinstance(self._store, LocalStore):
            attributes = {"Content-Type": media_type, "Content-Disposition": "attachment"}
        with _in_our_words():
            # In parts it would go on for ever against a host that is away, and leave pieces behind in the bucket.
            with anyio.fail_after(UPLOAD_S):
                await obstore.put_async(self._store, name, content, attributes=attributes, use_multipart=False)


def _open(url: str, options: dict[str, str]) -> tuple[ObjectStore, str]:
    scheme = url.partition("://")[0].lower() if "://" in url else "file"
    if scheme == "file":
        if options:
            raise ValueError("STORAGE__OPTIONS: a folder takes none")
        return _open_folder(Path(url.removeprefix("file://")))
    if scheme not in CLOUDS:
        raise ValueError("STORAGE__URL: a folder, or s3://, gs:// or az:// with bucket and prefix")
    if forbidden := FORBIDDEN_OPTIONS & options.keys():
        raise ValueError(f"STORAGE__OPTIONS: {', '.join(forbidden)} is not allowed")
    client: dict[str, Any] = {"timeout": timedelta(seconds=UPLOAD_S), "connect_timeout": timedelta(seconds=10)}
    client |= {name: _client_value(options.pop(name)) for name in CLIENT_OPTIONS & options.keys()}
    retries = {"max_retries": 2, "retry_timeout": timedelta(seconds=15)}
    try:
        store = from_url(url, config=options, client_options=client, retry_config=retries)  # type: ignore[call-overload]
    except (BaseError, ValueError):
        raise ValueError("STORAGE__URL or STORAGE__OPTIONS: the store does not take them") from None
    return store, url.rstrip("/")


def _open_folder(folder: Path) -> tuple[LocalStore, str]:
    folder = folder.expanduser().absolute()
    try:
        return LocalStore(folder, mkdir=True), folder.as_uri()
    except (BaseError, OSError):
        raise ValueError("STORAGE__URL: the folder can't be made or opened") from None


def _client_value(text: str) -> str | bool:
    return text.lower() == "true" if text.lower() in ("true", "false") else text


@contextmanager
def _in_our_words() -> Iterator[None]:
    """The texts of obstore hold addresses and answers of the store: none of them goes out."""
    try:
        yield
    except FileNotFoundError:
        raise Refused(Dependency.STORAGE, "the bucket or folder does not exist") from None
    except (PermissionDeniedError, UnauthenticatedError, PermissionError):
        raise Refused(Dependency.STORAGE, "the storage does not let us write with these credentials") from None
    except TimeoutError:
        raise Unavailable(Dependency.STORAGE, "the storage took too long") from None
    except (BaseError, OSError) as error:
        number = re.search(r"\(os error ([0-9]+)\)", str(error))
        if number and int(number[1]) in REFUSING:
            raise Refused(Dependency.STORAGE, "the folder can't be written to") from None
        raise Unavailable(Dependency.STORAGE, "the storage is away or full") from None

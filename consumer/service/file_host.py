"""Whether the store is there that the region's links lead to, and the hosts that files come from deliver."""

from __future__ import annotations

from collections.abc import Collection

import httpx

from consumer.download.answers import store_code
from consumer.download.deliveries import Renew
from consumer.download.fetch import Fetcher
from consumer.download.hop import beginning
from consumer.errors import Refused, Unavailable
from consumer.genesys.api import NIL
from consumer.http.addresses import AddressNotAllowed, NameNotAllowed
from consumer.http.transport import CertificateNotTrusted, not_trusted
from consumer.model import Dependency
from consumer.settings.model import Settings

NO_DOWNLOAD = f"/api/v2/downloads/{NIL}?redirectToAuth=false"


async def probe_files(
    files: httpx.AsyncClient, origin: str, fetcher: Fetcher, failing: Collection[str], renew: Renew
) -> frozenset[str]:
    """That the store is there; and of the hosts that fail, those that deliver what they delivered before. Where that
    can't be told, the next new files find out."""
    await ask_file_host(files, origin)
    return await fetcher.prove(frozenset(failing), renew)


def file_origin(settings: Settings) -> str:
    origins = settings.download.allowed_origins
    return origins[0] if origins else f"https://api-downloads.{settings.genesys.region}"


async def ask_file_host(files: httpx.AsyncClient, origin: str) -> None:
    """The store's refusal, in its own words, shows that it is there; where its front says nothing of that kind, so does
    Genesys's to a download link without a token. A page or a redirect may be anybody's."""
    for path in ("/", NO_DOWNLOAD):
        try:
            async with files.stream("GET", origin + path) as answer:
                status, body = answer.status_code, await beginning(answer)
        except CertificateNotTrusted:
            raise Refused(Dependency.FILES, not_trusted("file host")) from None
        except httpx.TransportError:
            raise Unavailable(Dependency.FILES, "the region's file host does not answer") from None
        except (AddressNotAllowed, NameNotAllowed):
            detail = "the region's file host leads to an address that is not public"
            raise Unavailable(Dependency.FILES, detail) from None
        if status >= 500:
            raise Unavailable(Dependency.FILES, f"the region's file host answers {status}")
        if store_code(status, body):
            return
    raise Unavailable(Dependency.FILES, f"what answers in place of the region's file host is not the store ({status})")

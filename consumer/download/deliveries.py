"""What hosts delivered, and what came in place of files: by this it is known whether a host delivers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

import httpx

from consumer.download.answers import AGAIN, GONE, OTHER_BYTES
from consumer.download.body import Body
from consumer.download.hop import Hop
from consumer.download.sizes import KNOWN_FILES, Sizes
from consumer.errors import Strange, Unavailable
from consumer.http.urls import UrlRules, judge_url
from consumer.model import Expired, Resolved
from consumer.model.heard import Asked
from consumer.model.latest import remember

PROOF_S = 8.0
LATEST = 3  # of each host: one file alone may be kept from us, and must not keep all others
KNOWN_PAGES = 256
UNTOLD = "untold"
FOREIGN = frozenset({"html", "words", AGAIN})  # what no such file begins like

Renew = Callable[[Resolved], Awaitable[Resolved | None]]
"""Gives the same file's link anew; None if there is none now."""


class Reports(Protocol):
    def delivered(self, asked: Asked, again: bool = False, is_new: bool = True) -> None:
        """A host delivered a file for the first time. `asked` names host and file. `again`: it is doubted all the same,
        and asked for again. `is_new`: it was when it was announced."""


class Deliveries:
    def __init__(self, client: httpx.AsyncClient, rules: UrlRules, reports: Reports) -> None:
        self._client = client
        self._rules = rules
        self._reports = reports
        self._latest: dict[str, list[tuple[Hop, str]]] = {}  # by host, the latest first, with the SHA-256 of what came
        self._files: dict[str, None] = {}  # that were delivered: what comes once more may come from a cache
        self.sizes = Sizes()
        self._pages: dict[str, None] = {}  # SHA-256 of what came in place of files
        self._doubtful: set[str] = set()  # hosts of which something else came since a size fitted
        self._whole: dict[str, None] = {}  # SHA-256 of what has as many bytes as Genesys says

    def strange(self, hop: Hop, body: Strange) -> None:
        """Bytes that come again and again for one file alone are a delivery, whatever Genesys says of them."""
        code = body.settled.code if body.settled else ""
        if code != UNTOLD:
            self._doubtful.add(hop.wanted.feed.host)
        if code in FOREIGN and body.sha256 not in self._whole:  # customers send one file in several ways
            remember(self._pages, body.sha256, None, KNOWN_PAGES)
        file = hop.asked.of
        body.is_own = self.sizes.is_own(file, body.sha256)
        if code not in OTHER_BYTES:
            self.sizes.came(file, body.sha256)
        elif self.sizes.differs(hop.wanted.feed, file, body.sha256, asyncio.get_running_loop().time()):
            self._delivered(hop, again=True)

    def note(self, hop: Hop, body: Body) -> None:
        """Raises `Strange` for what came in place of another file, though it has as many bytes as this one."""
        wanted = hop.wanted
        if body.sha256 == wanted.believed:  # so it came in place of none
            self._pages.pop(body.sha256, None)
            if wanted.declared_size not in (None, body.size):
                self.sizes.believed(wanted.feed, body.sha256)
            return
        if body.sha256 in self._pages and body.sha256 != wanted.declared_sha256:
            raise hop.no_file("it sent what it sent in place of other files", AGAIN, body.sha256)
        fits = body.size == wanted.declared_size
        if not fits and wanted.declared_sha256 is None and self.sizes.fit(wanted.feed.host):
            self._note_untold(hop, body)
            return
        if fits:
            self.sizes.agreed(wanted.feed)
            self._doubtful.discard(wanted.feed.host)
            remember(self._whole, body.sha256, None, KNOWN_FILES)
        others = [other for other in self._latest.get(hop.asked.call, ()) if other[0].asked != hop.asked]
        self._latest[hop.asked.call] = [(hop, body.sha256), *others[: LATEST - 1]]
        self._delivered(hop)

    def _note_untold(self, hop: Hop, body: Body) -> None:
        """Where Genesys says sizes, what has none, or is of a kind of which they are wrong, proves nothing, and while
        others do not come it has to come twice."""
        host = hop.wanted.feed.host
        self.sizes.untold(host)
        if host in self._doubtful and not self.sizes.is_own(hop.asked.of, body.sha256):
            raise hop.no_file("it sent what Genesys says nothing of, while others do not come", UNTOLD, body.sha256)

    def _delivered(self, hop: Hop, again: bool = False) -> None:
        if remember(self._files, hop.asked.of, None, KNOWN_FILES):
            self._reports.delivered(hop.asked, again, is_new=hop.wanted.is_new)

    async def prove(self, hosts: Collection[str], renew: Renew) -> frozenset[str]:
        """Asks each host, of which nothing comes, for what it delivered last, until something comes. Raises
        `Unavailable` if nothing does. Gives the hosts that are well, without those of which it can't be told: they
        refuse what they delivered before, or send something else. That something comes proves nothing to several that
        fail: caches give old files while nothing new gets through."""
        return frozenset([host for host in hosts if await self._is_well(host, renew)])

    async def _is_well(self, host: str, renew: Renew) -> bool:
        failure: Unavailable | None = None
        well = True
        for hop, sha256 in tuple(self._latest.get(host, ())):
            try:
                comes = await self._comes(hop, sha256, renew)
            except Unavailable as failed:
                failure = failed
                continue
            if comes:
                return True
            well = well and comes is None
        if failure is not None:
            raise failure
        return well

    async def _comes(self, hop: Hop, sha256: str, renew: Renew) -> bool | None:
        """None if that says nothing of the host: the link is over and there is no other, or the file is gone since."""
        ends = asyncio.get_running_loop().time() + PROOF_S
        told = await hop.deliver_again(self._client, ends)
        if isinstance(told, Expired):
            url = None
            if isinstance(hop.url, Resolved):
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(ends):
                        url = await renew(hop.url)
            where = judge_url(url or "", self._rules)
            if url is None or not where.allowed or where.host != hop.asked.call:
                return None
            told = await replace(hop, url=url, where=where).deliver_again(self._client, ends)
        if not isinstance(told, Expired):  # of another size than Genesys says nothing comes as far as here
            return told == sha256 or (hop.wanted.sizes_tell and hop.wanted.declared_size is not None)
        if told.status not in GONE:
            return False
        self._latest[hop.asked.call] = [one for one in self._latest[hop.asked.call] if one[0].asked != hop.asked]
        return None

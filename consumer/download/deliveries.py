"""What hosts delivered, and what came in place of files: by this it is known whether a host delivers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

import httpx

from consumer.download.answers import GONE
from consumer.download.body import Body
from consumer.download.hop import Hop
from consumer.errors import Strange, Unavailable
from consumer.http.urls import UrlRules, judge_url
from consumer.model import Expired, Resolved
from consumer.model.heard import Asked

PROOF_S = 8.0
LATEST = 3  # of each host: one file alone may be kept from us, and must not keep all others
KNOWN_FILES = 4_096  # what comes once more may come from a cache
KNOWN_PAGES = 256

Renew = Callable[[Resolved], Awaitable[Resolved | None]]
"""Gives the same file's link anew; None if there is none now."""


class Reports(Protocol):
    def delivered(self, asked: Asked) -> None:
        """A host delivered a file for the first time. `asked` names host and file."""


class Deliveries:
    def __init__(self, client: httpx.AsyncClient, rules: UrlRules, reports: Reports) -> None:
        self._client = client
        self._rules = rules
        self._reports = reports
        self._latest: dict[str, list[tuple[Hop, str]]] = {}  # by host, the latest first, with the SHA-256 of what came
        self._files: dict[str, None] = {}  # that were delivered
        self._pages: dict[str, None] = {}  # SHA-256 of what came in place of files

    def strange(self, body: Strange) -> None:
        if body.sha256:
            _add(self._pages, body.sha256, KNOWN_PAGES)

    def note(self, hop: Hop, body: Body) -> None:
        """Raises `Strange` for what came in place of another file, though it has as many bytes as this one."""
        if body.sha256 in self._pages:
            raise hop.no_file("it sent what it sent in place of other files", "again", body.sha256)
        if hop.wanted.declared_size not in (None, body.size):
            return  # it may be anybody's, and proves nothing
        others = [other for other in self._latest.get(hop.asked.call, ()) if other[0].asked != hop.asked]
        self._latest[hop.asked.call] = [(hop, body.sha256), *others[: LATEST - 1]]
        if _add(self._files, hop.asked.of, KNOWN_FILES):
            self._reports.delivered(hop.asked)

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
        if not isinstance(told, Expired):
            return told == sha256
        if told.status not in GONE:
            return False
        self._latest[hop.asked.call] = [one for one in self._latest[hop.asked.call] if one[0].asked != hop.asked]
        return None


def _add(known: dict[str, None], name: str, most: int) -> bool:
    """Whether it is new. Of too many the oldest is forgotten."""
    new = name not in known
    known[name] = None
    if len(known) > most:
        del known[next(iter(known))]
    return new

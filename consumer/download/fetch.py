"""One link to the bytes behind it: judged, capped, counted, hashed, and never more of them in memory than allowed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

import httpx

from consumer.download.answers import Redirect, RequestedFile
from consumer.download.body import Body
from consumer.download.budget import Budget
from consumer.download.hop import Hop
from consumer.errors import HostNotAllowed
from consumer.http.urls import UrlJudgement, UrlRules, judge_url, redirect_target
from consumer.model import Attachment, Expired, Reason, Resolved
from consumer.model.heard import Asked
from consumer.turns import LONG, SHORT, Slots, Turn

REDIRECTS = 5
PROOF_S = 10.0
SHORT_FILE = 4 * 1024 * 1024  # that is said to have at most so many bytes
OUTSIDE_SHARE = 4  # one host outside the region gets the fourth part of the slots: if it hangs, the others go on


Renew = Callable[[Resolved], Awaitable[Resolved | None]]
"""Gives the same file's link anew; None if there is none now."""


class Reports(Protocol):
    def delivered(self, asked: Asked) -> None:
        """A host delivered a file. `asked` names host and file."""

    def proved(self, asked: Asked) -> None:
        """What was delivered before would be again: the host delivers others."""


class Fetcher:
    """Delivers bodies. At most `connections` are under way or in the hands of a caller that has not closed them yet:
    what was fetched and not judged is done again after a crash, so there must not be much of it. Not counted is what
    takes long to be judged: that keeps nobody else's file from being fetched."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        rules: UrlRules,
        budget: Budget,
        *,
        reports: Reports,
        connections: int = 64,
        deadline_s: float = 300.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._rules = rules
        self._budget = budget
        self._reports = reports
        self._slots = Slots(connections)
        self._outside: dict[str, Slots] = {}
        self._deadline_s = deadline_s
        self._now = now
        self._delivered: dict[str, Hop] = {}  # the last one of each host

    @property
    def running(self) -> int:
        return self._slots.taken

    @property
    def bytes_in_memory(self) -> int:
        return self._budget.reserved

    async def fetch(self, url: str, cap: int, attachment: Attachment) -> Body | Expired | Reason:
        """The body of the attachment, of at most `cap` bytes, which the caller closes. `Expired`: ask for a new link.

        Raises `Unavailable` when the host is away or says "later", `Doubtful` for an answer that may not be the
        store's, `HostNotAllowed` when Genesys's own link leads where the settings do not allow it (that costs no slot),
        `Refused` when one of the region's hosts shows a certificate that is not trusted.
        """
        where = judge_url(url, self._rules)
        if not where.allowed:
            if isinstance(url, Resolved):
                raise _not_allowed(where)
            return Reason.URL_NOT_ALLOWED
        conversation = attachment.conversation_id
        rank = SHORT if (attachment.declared_size or 0) <= SHORT_FILE else LONG
        held: list[tuple[Slots, Turn]] = []
        spent = 0.0

        def release() -> None:
            for slots, turn in held:
                slots.give_back(turn, spent)

        got: Body | Expired | Reason | None = None
        try:
            for slots in self._slots_for(where):
                turn = await slots.take(conversation, rank)
                held.append((slots, turn))
            began = time.monotonic()
            got = await self._follow(url, where, RequestedFile(cap, attachment.declared_type, conversation))
            spent = time.monotonic() - began
        finally:
            if isinstance(got, Body):
                got.hold(release)
            else:
                release()
        return got

    def _slots_for(self, where: UrlJudgement) -> list[Slots]:
        """Its own host's first: who waits for that holds back no other."""
        if where.region or where.host is None:
            return [self._slots]
        most = max(1, self._slots.room // OUTSIDE_SHARE)
        return [self._outside.setdefault(where.host, Slots(most)), self._slots]

    async def prove(self, hosts: Collection[str], renew: Renew) -> None:
        """Asks each host, of which nothing comes, for what it delivered last: only so can several files that fail be
        told from a host that fails. Raises `Unavailable` if it is the host."""
        for host in hosts:
            hop = self._delivered.get(host)
            if hop is None:
                continue
            ends = asyncio.get_running_loop().time() + PROOF_S
            if await hop.delivers(self._client, ends) or await self._delivers_anew(hop, renew, ends):
                self._reports.proved(hop.asked)

    async def _delivers_anew(self, hop: Hop, renew: Renew, ends: float) -> bool:
        """Whether its file still comes, by a fresh link to the same host."""
        url = None
        if isinstance(hop.url, Resolved):
            with suppress(TimeoutError):
                async with asyncio.timeout_at(ends):
                    url = await renew(hop.url)
        where = judge_url(url or "", self._rules)
        if url is None or not where.allowed or where.host != hop.asked.call:
            return False
        self._delivered[hop.asked.call] = renewed = replace(hop, url=url, where=where)
        return await renewed.delivers(self._client, ends)

    async def _follow(self, url: str, where: UrlJudgement, wanted: RequestedFile) -> Body | Expired | Reason:
        ends = asyncio.get_running_loop().time() + self._deadline_s
        file = url.partition("?")[0]  # the signature is another each time
        for _ in range(1 + REDIRECTS):
            hop = Hop(url, where, Asked(where.host or "", file), wanted, self._budget, self._now)
            got = await hop.run(self._client, ends)
            if not isinstance(got, Redirect):
                if isinstance(got, Body) or got is Reason.TOO_LARGE:
                    self._delivered[hop.asked.call] = hop
                    self._reports.delivered(hop.asked)
                return got
            url = redirect_target(url, got.location)
            leads_to = judge_url(url, self._rules)
            if leads_to.host == self._rules.login_host:
                raise hop.doubtful("it leads to the login page", "login", Reason.HTML_PAGE)
            if not leads_to.allowed:
                raise hop.doubtful("it leads to where nothing is fetched from", "redirect", hop.final_elsewhere)
            where = leads_to
        raise hop.doubtful("it leads round and round", "redirect", hop.final_elsewhere)


def _not_allowed(where: UrlJudgement) -> HostNotAllowed:
    host = where.host or "an address that can't be read"
    detail = f"Genesys's link leads to {host}: {where.reason}. DOWNLOAD__ALLOWED_HOSTS allows it"
    return HostNotAllowed(detail, host=host)

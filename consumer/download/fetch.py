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

from consumer.download.answers import GONE, Redirect, RequestedFile
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
KNOWN_FILES = 4_096  # files that were delivered: what comes once more may come from a cache
SHORT_FILE = 4 * 1024 * 1024  # that is said to have at most so many bytes
OUTSIDE_SHARE = 4  # one host outside the region gets the fourth part of the slots: if it hangs, the others go on


Renew = Callable[[Resolved], Awaitable[Resolved | None]]
"""Gives the same file's link anew; None if there is none now."""


class Reports(Protocol):
    def delivered(self, asked: Asked) -> None:
        """A host delivered a file for the first time. `asked` names host and file."""


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
        self._delivered: dict[str, tuple[Hop, str]] = {}  # by host the last one, and the SHA-256 of what came
        self._known: dict[str, None] = {}  # files that were delivered, the latest last

    @property
    def running(self) -> int:
        return self._slots.taken

    @property
    def bytes_in_memory(self) -> int:
        return self._budget.reserved

    async def fetch(
        self, url: str, cap: int, attachment: Attachment, as_it_is: bool = False
    ) -> Body | Expired | Reason:
        """The body of the attachment, of at most `cap` bytes, which the caller closes. `Expired`: ask for a new link.

        Raises `Unavailable` when the host is away or says "later", `Doubtful` for an answer that may not be the
        store's, `Strange` for a body that may not be, unless it is wanted `as_it_is`, `HostNotAllowed` when Genesys's
        own link leads where the settings do not allow it (that costs no slot), `Refused` when one of the region's hosts
        shows a certificate that is not trusted.
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
            declared = attachment.declared_type, conversation, attachment.declared_size
            got = await self._follow(url, where, RequestedFile(cap, *declared, as_it_is))
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
        """Asks each host, of which nothing comes, for what it delivered last. Raises `Unavailable` if that does not
        come. That it comes proves nothing to several that fail: caches give old files while nothing new gets through.
        """
        for host in hosts:
            if host in self._delivered:
                ends = asyncio.get_running_loop().time() + PROOF_S
                hop, sha256 = self._delivered[host]
                if await hop.deliver_again(self._client, ends, sha256) is not None:
                    await self._prove_anew(hop, sha256, renew, ends)

    async def _prove_anew(self, hop: Hop, sha256: str, renew: Renew, ends: float) -> None:
        """By a fresh link to the same file, if there is one. A file that is gone since is asked for no more."""
        url = None
        if isinstance(hop.url, Resolved):
            with suppress(TimeoutError):
                async with asyncio.timeout_at(ends):
                    url = await renew(hop.url)
        where = judge_url(url or "", self._rules)
        if url is None or not where.allowed or where.host != hop.asked.call:
            return
        renewed = replace(hop, url=url, where=where)
        expired = await renewed.deliver_again(self._client, ends, sha256)
        if expired is None:
            self._delivered[hop.asked.call] = renewed, sha256
        elif expired.status in GONE:
            del self._delivered[hop.asked.call]
        else:
            raise renewed.refuses_all(expired)

    async def _follow(self, url: str, where: UrlJudgement, wanted: RequestedFile) -> Body | Expired | Reason:
        ends = asyncio.get_running_loop().time() + self._deadline_s
        file = url.partition("?")[0]  # the signature is another each time
        for _ in range(1 + REDIRECTS):
            hop = Hop(url, where, Asked(where.host or "", file), wanted, self._budget, self._now)
            got = await hop.run(self._client, ends)
            if not isinstance(got, Redirect):
                if isinstance(got, Body) and not wanted.as_it_is:
                    self._note(hop, got)
                return got
            url = redirect_target(url, got.location)
            leads_to = judge_url(url, self._rules)
            if leads_to.host == self._rules.login_host:
                raise hop.doubtful("it leads to the login page", "login", Reason.HTML_PAGE)
            if not leads_to.allowed:
                raise hop.doubtful("it leads to where nothing is fetched from", "redirect", hop.final_elsewhere)
            where = leads_to
        raise hop.doubtful("it leads round and round", "redirect", hop.final_elsewhere)

    def _note(self, hop: Hop, body: Body) -> None:
        file, host = hop.asked.of, hop.asked.call
        first = file not in self._known
        self._known[file] = None
        if len(self._known) > KNOWN_FILES:
            del self._known[next(iter(self._known))]
        self._delivered[host] = hop, body.sha256
        if first:
            self._reports.delivered(hop.asked)


def _not_allowed(where: UrlJudgement) -> HostNotAllowed:
    host = where.host or "an address that can't be read"
    detail = f"Genesys's link leads to {host}: {where.reason}. DOWNLOAD__ALLOWED_HOSTS allows it"
    return HostNotAllowed(detail, host=host)

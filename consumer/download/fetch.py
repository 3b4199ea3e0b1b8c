"""One link to the bytes behind it: judged, capped, counted, hashed, and never more of them in memory than allowed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol, cast
from urllib.parse import urlsplit

import anyio
import httpx

from consumer.download.answers import (
    REFUSAL_CAP,
    Coming,
    Later,
    NotTheStore,
    Redirect,
    Refusal,
    Wanted,
    judge_head,
    judge_refusal,
)
from consumer.download.body import Body, Spool
from consumer.download.budget import Budget, Reservation
from consumer.errors import Doubtful, HostNotAllowed, Refused, Unavailable
from consumer.http.addresses import AddressNotAllowed
from consumer.http.transport import CertificateNotTrusted, not_trusted
from consumer.http.urls import UrlJudgement, UrlRules, judge_url, redirect_target
from consumer.model import Dependency, Expired, Reason, Resolved, Settled
from consumer.model.heard import Asked

REDIRECTS = 5
PROOF_S = 10.0
ELSEWHERE = Reason.URL_NOT_ALLOWED
OUTSIDE_SHARE = 4  # one host outside the region gets the fourth part of the slots: if it hangs, the others go on


class Reports(Protocol):
    def delivered(self, asked: Asked) -> None:
        """A host delivered a file. `asked` names host and file."""

    def proved(self, asked: Asked) -> None:
        """What was delivered before would be again: the host delivers others."""


class Fetcher:
    """Delivers bodies. At most `connections` are under way or in the hands of a caller that has not closed them yet:
    what was fetched and not judged is done again after a crash, so there must not be much of it."""

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
        self._slots = anyio.CapacityLimiter(connections)
        self._outside: dict[str, anyio.CapacityLimiter] = {}
        self._deadline_s = deadline_s
        self._now = now
        self._delivered: dict[str, _Hop] = {}  # the last one of each host

    @property
    def running(self) -> int:
        return int(self._slots.borrowed_tokens)

    async def fetch(self, url: str, cap: int, declared_type: str | None) -> Body | Expired | Reason:
        """The body, of at most `cap` bytes, which the caller closes. `Expired`: ask for a new link.

        Raises `Unavailable` when the host is away or says "later", `Doubtful` for an answer that may not be the
        store's, `HostNotAllowed` when Genesys's own link leads where the settings do not allow it (that costs no slot),
        `Refused` when one of the region's hosts shows a certificate that is not trusted.
        """
        where = judge_url(url, self._rules)
        if not where.allowed:
            if isinstance(url, Resolved):
                raise _not_allowed(where)
            return Reason.URL_NOT_ALLOWED
        holder = object()
        held: list[anyio.CapacityLimiter] = []

        def release() -> None:
            for slots in held:
                slots.release_on_behalf_of(holder)

        got: Body | Expired | Reason | None = None
        try:
            for slots in self._slots_for(where):
                await slots.acquire_on_behalf_of(holder)
                held.append(slots)
            got = await self._follow(url, where, Wanted(cap, declared_type))
        finally:
            if isinstance(got, Body):
                got.on_close(release)
            else:
                release()
        return got

    def _slots_for(self, where: UrlJudgement) -> list[anyio.CapacityLimiter]:
        """Its own host's first: who waits for that holds back no other."""
        if where.region or where.host is None:
            return [self._slots]
        most = max(1, int(self._slots.total_tokens) // OUTSIDE_SHARE)
        return [self._outside.setdefault(where.host, anyio.CapacityLimiter(most)), self._slots]

    async def prove(self, hosts: Collection[str]) -> None:
        """Asks each host, of which nothing comes, for what it delivered last, as long as that link is good: only so can
        several files that fail be told from a host that fails. Raises `Unavailable` if it is the host."""
        for host in hosts:
            hop = self._delivered.get(host)
            if hop is not None and await hop.delivers(self._client, anyio.current_time() + PROOF_S):
                self._reports.proved(hop.asked)

    async def _follow(self, url: str, where: UrlJudgement, wanted: Wanted) -> Body | Expired | Reason:
        ends = anyio.current_time() + self._deadline_s
        file = urlsplit(url).path  # the signature is another each time
        for _ in range(1 + REDIRECTS):
            hop = _Hop(url, where, Asked(where.host or "", file), wanted, self._budget, self._now)
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


@dataclass(frozen=True, slots=True)
class _Hop:
    """One request of a fetch, to a URL that was judged."""

    url: str
    where: UrlJudgement
    asked: Asked
    wanted: Wanted
    budget: Budget
    now: Callable[[], datetime]

    async def run(self, client: httpx.AsyncClient, ends: float) -> Body | Redirect | Expired | Reason:
        with anyio.CancelScope(deadline=ends) as scope:
            try:
                return await self._ask(client, scope)
            except AddressNotAllowed:
                if not self.where.region:
                    raise self.doubtful(
                        "its name leads to an address that is not public", "address", ELSEWHERE
                    ) from None
                # No customer decides where the region's names lead: that is a fault of our own network.
                raise self._away("its name leads to an address that is not public") from None
            except CertificateNotTrusted as error:
                if self.where.region:
                    raise Refused(Dependency.FILES, not_trusted("file host"), asked=self.asked) from None
                raise self._away(str(error)) from None
            except httpx.TransportError as error:
                raise self._away(str(error)) from None
            except (httpx.InvalidURL, UnicodeError):  # an allowed name that only looks like one: `xn--` and no code
                return Reason.URL_NOT_ALLOWED
        raise self._away("the file took longer than its deadline")

    async def delivers(self, client: httpx.AsyncClient, ends: float) -> bool:
        """Whether the body comes, all of it, though none is kept; False if the link is over."""
        with anyio.CancelScope(deadline=ends):
            try:
                async with client.stream("GET", self.url, headers={"Accept-Encoding": "identity"}) as response:
                    location = response.extensions["location"]
                    head = judge_head(response.status_code, response.headers, location, self.wanted, self.now())
                    if isinstance(head, Refusal):
                        return isinstance(self._told(judge_refusal(head.status, await beginning(response))), Body)
                    if not isinstance(head, Coming):
                        return self._told(head) is Reason.TOO_LARGE
                    size = 0
                    async for piece in response.aiter_raw():
                        size += len(piece)
                        if size > self.wanted.cap:
                            return True
                    if head.promised not in (None, size):
                        raise self._cut()
                    return True
            except (httpx.TransportError, AddressNotAllowed) as error:
                raise self._away(str(error)) from None
        raise self._away("it does not answer")

    async def _ask(self, client: httpx.AsyncClient, scope: anyio.CancelScope) -> Body | Redirect | Expired | Reason:
        async with client.stream("GET", self.url, headers={"Accept-Encoding": "identity"}) as response:
            location = response.extensions["location"]
            head = judge_head(response.status_code, response.headers, location, self.wanted, self.now())
            if isinstance(head, Refusal):
                return self._told(judge_refusal(head.status, await beginning(response)))
            if not isinstance(head, Coming):
                return self._told(head)
            size = self.wanted.cap if head.promised is None else head.promised
            if size > self.budget.total:
                return Reason.TOO_LARGE
            with await self._reserve(size, scope) as reservation:
                return await self._receive(response, head.promised, reservation)

    def _told(self, head: Redirect | Expired | NotTheStore | Later | Reason) -> Redirect | Expired | Reason:
        """What goes on from here. Raises what has to wait."""
        if isinstance(head, NotTheStore):
            raise self.doubtful(head.what, head.code, head.final)
        if isinstance(head, Later):
            raise self._away(head.what, head.retry_after_s, Settled("file", "down", head.code))
        if isinstance(head, Expired):
            return replace(head, asked=self.asked, host=self._outside)
        return head

    async def _reserve(self, size: int, scope: anyio.CancelScope) -> Reservation:
        """While we wait for memory of our own the clock of the host stands still."""
        left = scope.deadline - anyio.current_time()
        scope.deadline = float("inf")
        reservation = await self.budget.reserve(size)
        scope.deadline = anyio.current_time() + left
        return reservation

    async def _receive(self, response: httpx.Response, promised: int | None, reservation: Reservation) -> Body | Reason:
        try:
            with Spool() as spool:
                async with aclosing(cast(AsyncGenerator[bytes, None], response.aiter_raw())) as pieces:
                    async for piece in pieces:
                        if spool.size + len(piece) > reservation.size:
                            return Reason.TOO_LARGE
                        spool.write(piece)
                if promised is not None and spool.size != promised:
                    raise self._cut()
                reservation.shrink_to(spool.size)
                return spool.seal(reservation.keep())
        except httpx.RemoteProtocolError:
            raise self._cut() from None
        except OSError:
            raise Unavailable(Dependency.FILES, "no memory or no descriptor left for a body") from None

    @property
    def _outside(self) -> str | None:
        return None if self.where.region else self.where.host

    @property
    def final_elsewhere(self) -> Reason | None:
        """A customer's host may lead anywhere; where the region's own lead is no customer's word."""
        return None if self.where.region else ELSEWHERE

    def doubtful(self, what: str, code: str, final: Reason | None) -> Doubtful:
        settled = Settled("file", "not_the_store", code)
        return Doubtful(f"file host: {what}", final=final, asked=self.asked, host=self._outside, settled=settled)

    def _away(self, what: str, retry_after_s: float | None = None, settled: Settled | None = None) -> Unavailable:
        return Unavailable(
            Dependency.FILES,
            f"file host: {what}",
            retry_after_s=retry_after_s,
            host=self._outside,
            asked=self.asked,
            settled=settled or Settled("file", "no_answer"),
        )

    def _cut(self) -> Doubtful:
        return self.doubtful("it sent fewer bytes than it promised", "cut", Reason.TRUNCATED)


async def beginning(response: httpx.Response) -> bytes:
    """Of the body, as much as a refusal needs."""
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) >= REFUSAL_CAP:
            break
    return bytes(body)

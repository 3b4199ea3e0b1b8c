"""One link to the bytes behind it: judged, capped, counted, hashed, and never more of them in memory than allowed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import anyio
import httpx

from consumer.download.answers import Coming, Redirect, Wanted, judge_head
from consumer.download.body import Body, Spool
from consumer.download.budget import Budget, Reservation
from consumer.errors import NotYet, Refused, Unavailable
from consumer.http.addresses import AddressNotAllowed
from consumer.http.transport import CertificateNotTrusted, not_trusted
from consumer.http.urls import UrlJudgement, UrlRules, judge_url, redirect_target
from consumer.model import Dependency, Expired, Reason

REDIRECTS = 5
OUTSIDE_SHARE = 4  # one host outside the region gets the fourth part of the slots: if it hangs, the others go on


class Fetcher:
    """Delivers bodies. At most `connections` are under way or in the hands of a caller that has not closed them yet:
    what was fetched and not judged is done again after a crash, so there must not be much of it."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        rules: UrlRules,
        budget: Budget,
        *,
        connections: int = 64,
        deadline_s: float = 300.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_answer: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_answer` is told each time that one of the region's hosts answered as it should."""
        self._client = client
        self._rules = rules
        self._budget = budget
        self._slots = anyio.CapacityLimiter(connections)
        self._outside: dict[str, anyio.CapacityLimiter] = {}
        self._deadline_s = deadline_s
        self._now = now
        self._on_answer = on_answer

    @property
    def running(self) -> int:
        return int(self._slots.borrowed_tokens)

    async def fetch(self, url: str, cap: int, declared_type: str | None) -> Body | Expired | Reason:
        """The body, of at most `cap` bytes, which the caller closes. `Expired`: ask for a new link.

        Raises `Unavailable` when the host is away or says "later", `NotYet` when it answers and does not deliver,
        `Refused` when one of the region's hosts shows a certificate that is not trusted.
        """
        holder = object()
        held: list[anyio.CapacityLimiter] = []

        def release() -> None:
            for slots in held:
                slots.release_on_behalf_of(holder)

        got: Body | Expired | Reason | None = None
        try:
            for slots in self._slots_for(url):
                await slots.acquire_on_behalf_of(holder)
                held.append(slots)
            got = await self._follow(url, Wanted(cap, declared_type))
        finally:
            if isinstance(got, Body):
                got.on_close(release)
            else:
                release()
        return got

    def _slots_for(self, url: str) -> list[anyio.CapacityLimiter]:
        """Its own host's first: who waits for that holds back no other."""
        where = judge_url(url, self._rules)
        if not where.allowed or where.region or where.host is None:
            return [self._slots]
        most = max(1, int(self._slots.total_tokens) // OUTSIDE_SHARE)
        return [self._outside.setdefault(where.host, anyio.CapacityLimiter(most)), self._slots]

    async def _follow(self, url: str, wanted: Wanted) -> Body | Expired | Reason:
        ends = anyio.current_time() + self._deadline_s
        for _ in range(1 + REDIRECTS):
            where = judge_url(url, self._rules)
            if not where.allowed:
                return Reason.URL_NOT_ALLOWED
            got = await _Hop(url, where, wanted, self._budget, self._now).run(self._client, ends)
            if where.region:
                self._on_answer()
            if not isinstance(got, Redirect):
                return got
            url = redirect_target(url, got.location)
            if judge_url(url, self._rules).host == self._rules.login_host:
                return Reason.HTML_PAGE  # its login page, which is what the bytes would be
        return Reason.URL_NOT_ALLOWED  # it leads round and round, to nowhere that is allowed


@dataclass(frozen=True, slots=True)
class _Hop:
    """One request of a fetch, to a URL that was judged."""

    url: str
    where: UrlJudgement
    wanted: Wanted
    budget: Budget
    now: Callable[[], datetime]

    async def run(self, client: httpx.AsyncClient, ends: float) -> Body | Redirect | Expired | Reason:
        with anyio.CancelScope(deadline=ends) as scope:
            try:
                return await self._ask(client, scope)
            except AddressNotAllowed:
                if not self.where.region:
                    return Reason.URL_NOT_ALLOWED
                # No customer decides where the region's names lead: that is a fault of our own network.
                raise self._away("its name leads to an address that is not public") from None
            except CertificateNotTrusted as error:
                if self.where.region:
                    raise Refused(Dependency.FILES, not_trusted("file host")) from None
                raise self._away(str(error)) from None
            except httpx.TransportError as error:
                raise self._away(str(error)) from None
            except (httpx.InvalidURL, UnicodeError):  # an allowed name that only looks like one: `xn--` and no code
                return Reason.URL_NOT_ALLOWED
        raise self._away("the file took longer than its deadline")

    async def _ask(self, client: httpx.AsyncClient, scope: anyio.CancelScope) -> Body | Redirect | Expired | Reason:
        async with client.stream("GET", self.url, headers={"Accept-Encoding": "identity"}) as response:
            location = response.extensions["location"]
            head = judge_head(response.status_code, response.headers, location, self.wanted, self._outside, self.now())
            if not isinstance(head, Coming):
                return head
            size = self.wanted.cap if head.promised is None else head.promised
            if size > self.budget.total:
                return Reason.TOO_LARGE
            with await self._reserve(size, scope) as reservation:
                return await self._receive(response, head.promised, reservation)

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
            raise Unavailable(Dependency.FILES, "no memory or no descriptor left for a body", host=None) from None

    @property
    def _outside(self) -> str | None:
        return None if self.where.region else self.where.host

    def _away(self, what: str) -> Unavailable:
        return Unavailable(Dependency.FILES, f"file host: {what}", host=self._outside)

    def _cut(self) -> NotYet:
        detail = "the host sent fewer bytes than it promised"
        return NotYet(Dependency.FILES, detail, final=Reason.TRUNCATED, host=self._outside)

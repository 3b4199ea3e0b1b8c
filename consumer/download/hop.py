"""One request for a file, to a URL that was judged: what came, or why nothing did."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

import httpx

from consumer.download.answers import (
    HEAD,
    REFUSAL_CAP,
    Arrived,
    Coming,
    Later,
    NotTheStore,
    Redirect,
    Refusal,
    RequestedFile,
    judge_head,
    judge_refusal,
    strange,
    too_large,
)
from consumer.download.body import Body, Spool
from consumer.download.budget import Budget, Reservation
from consumer.errors import Doubtful, Refused, Strange, Unavailable
from consumer.http.addresses import AddressNotAllowed
from consumer.http.transport import CertificateNotTrusted, not_trusted
from consumer.http.urls import UrlJudgement
from consumer.model import Dependency, Expired, Reason, Settled
from consumer.model.heard import Asked

ELSEWHERE = Reason.URL_NOT_ALLOWED
AS_IT_IS = {"Accept-Encoding": "identity"}
PAST_CACHES = {**AS_IT_IS, "Cache-Control": "no-cache", "Pragma": "no-cache"}


@dataclass(frozen=True, slots=True)
class Hop:
    """One request of a fetch, to a URL that was judged."""

    url: str
    where: UrlJudgement
    asked: Asked
    wanted: RequestedFile
    budget: Budget
    now: Callable[[], datetime]

    async def run(self, client: httpx.AsyncClient, ends: float) -> Body | Redirect | Expired | Reason:
        try:
            async with asyncio.timeout_at(ends) as deadline:
                return await self._ask(client, deadline)
        except TimeoutError:
            raise self.away("the file took longer than its deadline") from None
        except AddressNotAllowed:
            if not self.where.region:
                raise self.doubtful("its name leads to an address that is not public", "address", ELSEWHERE) from None
            # No customer decides where the region's names lead: that is a fault of our own network.
            raise self.away("its name leads to an address that is not public") from None
        except CertificateNotTrusted as error:
            if self.where.region:
                raise Refused(Dependency.FILES, not_trusted("file host"), asked=self.asked) from None
            raise self.away(str(error)) from None
        except httpx.TransportError as error:
            raise self.away(str(error)) from None
        except (httpx.InvalidURL, UnicodeError):  # an allowed name that only looks like one: `xn--` and no code
            return Reason.URL_NOT_ALLOWED

    async def deliver_again(self, client: httpx.AsyncClient, ends: float) -> Expired | str:
        """Asks for the file once more, past all caches that heed it, and keeps nothing: the SHA-256 of what came, or
        what the store says if the link is over. Raises `Unavailable` if anything else comes."""
        try:
            async with asyncio.timeout_at(ends):
                return await self._deliver_again(client)
        except TimeoutError:
            raise self.away("it does not answer") from None
        except (httpx.TransportError, AddressNotAllowed) as error:
            raise self.away(str(error)) from None

    async def _deliver_again(self, client: httpx.AsyncClient) -> Expired | str:
        response = await self._sent(client, PAST_CACHES)
        try:
            head = judge_head(response.status_code, response.headers, self.wanted, self.now())
            if isinstance(head, Coming):
                return await self._digest(response, head)
            if isinstance(head, Refusal):
                told = self._told(judge_refusal(head.status, await beginning(response)))
            else:
                told = self._told(head)
            if isinstance(told, Expired):
                return told
            raise self.away("it no longer delivers what it delivered before")
        finally:
            await response.aclose()

    async def _digest(self, response: httpx.Response, told: Coming) -> str:
        """Of the whole body, and of no strange one."""
        digest, size, head = hashlib.sha256(), 0, b""
        async for piece in response.aiter_raw():
            digest.update(piece)
            size += len(piece)
            head += piece[: HEAD - len(head)]
            if size > self.wanted.cap:
                raise self.away("it no longer delivers what it delivered before")
        if told.promised not in (None, size):
            raise self._cut()
        self._doubt(Arrived(head, size, digest.hexdigest()), told)
        return digest.hexdigest()

    async def _sent(self, client: httpx.AsyncClient, headers: Mapping[str, str] = AS_IT_IS) -> httpx.Response:
        """The answer whose body is to come; whoever asked closes it."""
        return await client.send(client.build_request("GET", self.url, headers=headers), stream=True)

    async def _ask(self, client: httpx.AsyncClient, deadline: asyncio.Timeout) -> Body | Redirect | Expired | Reason:
        response = await self._sent(client)
        try:
            head = judge_head(response.status_code, response.headers, self.wanted, self.now())
            if isinstance(head, Refusal):
                return self._told(judge_refusal(head.status, await beginning(response)))
            if not isinstance(head, Coming):
                return self._told(head)
            size = self.wanted.cap if head.promised is None else head.promised
            if size > self.budget.total:
                return Reason.TOO_LARGE
            with await self._reserve(size, deadline) as reservation:
                return await self._receive(response, head, reservation)
        finally:
            await response.aclose()

    def _told(self, head: Redirect | Expired | NotTheStore | Later | Reason) -> Redirect | Expired | Reason:
        """What goes on from here. Raises what has to wait."""
        if isinstance(head, NotTheStore):
            raise self.doubtful(head.what, head.code, head.final)
        if isinstance(head, Later):
            raise self.away(head.what, head.retry_after_s, Settled("file", "down", head.code))
        if isinstance(head, Expired):
            return replace(head, asked=self.asked, host=self._outside)
        return head

    def _doubt(self, came: Arrived, told: Coming) -> None:
        """Raises `Strange` for a body that may be somebody else's."""
        if why := strange(came, told, self.wanted):
            raise self.no_file(why.what, why.code, came.sha256)

    def no_file(self, what: str, code: str, sha256: str) -> Strange:
        settled = Settled("file", "not_the_store", code)
        return Strange(f"file host: {what}", asked=self.asked, host=self._outside, settled=settled, sha256=sha256)

    async def _reserve(self, size: int, deadline: asyncio.Timeout) -> Reservation:
        """While we wait for memory of our own the clock of the host stands still."""
        ends = deadline.when()
        if ends is None or self.budget.has(size):
            return await self.budget.reserve(size, self.wanted.conversation)
        clock = asyncio.get_running_loop().time
        began = clock()
        deadline.reschedule(None)
        reservation = await self.budget.reserve(size, self.wanted.conversation)
        deadline.reschedule(ends + clock() - began)
        return reservation

    async def _receive(self, response: httpx.Response, told: Coming, reservation: Reservation) -> Body | Reason:
        head = b""
        try:
            with Spool() as spool:
                async with aclosing(cast(AsyncGenerator[bytes, None], response.aiter_raw())) as pieces:
                    async for piece in pieces:
                        head += piece[: HEAD - len(head)]
                        if spool.size + len(piece) > reservation.size:
                            return self._too_large(head)
                        spool.write(piece)
                if told.promised not in (None, spool.size):
                    raise self._cut()
                self._doubt(Arrived(head, spool.size, spool.sha256), told)
                reservation.shrink_to(spool.size)
                return spool.seal(reservation.keep())
        except httpx.RemoteProtocolError:
            raise self._cut() from None
        except OSError:
            raise Unavailable(Dependency.FILES, "no memory or no descriptor left for a body") from None

    def _too_large(self, head: bytes) -> Reason:
        told = too_large(self.wanted, head)
        if isinstance(told, Reason):
            return told
        raise self.doubtful(told.what, told.code, told.final)

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

    def away(self, what: str, retry_after_s: float | None = None, settled: Settled | None = None) -> Unavailable:
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

"""One link to the bytes behind it: judged, capped, counted, hashed, and never more of them in memory than allowed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime

import httpx

from consumer.download.answers import Redirect, RequestedFile
from consumer.download.body import Body
from consumer.download.budget import Budget
from consumer.download.deliveries import Deliveries, Renew, Reports
from consumer.download.hop import Hop
from consumer.download.shares import Shares
from consumer.download.sizes import Feed
from consumer.errors import HostNotAllowed, Strange, Unavailable
from consumer.http.urls import UrlJudgement, UrlRules, judge_url, redirect_target
from consumer.model import Attachment, Dependency, Expired, Reason, Resolved
from consumer.model.heard import Asked
from consumer.model.resting import LINE, resting
from consumer.model.taken_back import TakenBack
from consumer.turns import LONG, SHORT, SHORT_FILE, Slots, Turn

REDIRECTS = 5
BEFORE_IT_IS_OVER = SHORT - 1  # a rank: a link that was over before its turn came is over again where many wait
WAITING_SHARE = 8  # a conversation's files that wait to be judged have an eighth of the slots
OUTSIDE_SHARE = 4  # one host outside the region gets the fourth part of the slots: if it hangs, the others go on
ALL_OUTSIDE_SHARE = 2  # and all of them together the half


class Fetcher:
    """Delivers bodies. At most `connections` are under way or in the hands of a caller that has not closed them yet:
    what was fetched and not judged is done again after a crash, so there must not be much of it. Not counted is what
    takes long to be judged, and what waits to be judged of a conversation that has more than its share: that keeps
    nobody else's file from being fetched. Nor do large files, which wait for their share of the memory before all."""

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
        self._shares = Shares(budget.total)
        self._slots = Slots(connections)
        self._share = max(1, connections // WAITING_SHARE)
        self._outside: dict[str, Slots] = {}
        self._all_outside = Slots(max(1, connections // ALL_OUTSIDE_SHARE))
        self._deadline_s = deadline_s
        self._now = now
        self._taken_back = TakenBack()
        self._deliveries = Deliveries(client, rules, reports)

    @property
    def running(self) -> int:
        return self._slots.taken

    @property
    def bytes_in_memory(self) -> int:
        return self._budget.reserved

    async def fetch(self, url: str, cap: int, attachment: Attachment, believed: str = "") -> Body | Expired | Reason:
        """The body of the attachment, of at most `cap` bytes, which the caller closes. `Expired`: ask for a new link.

        Raises `Unavailable` when the host is away or says "later", `Doubtful` for an answer that may not be the
        store's, `Strange` for a body that may not be, unless its SHA-256 is `believed`, `HostNotAllowed` when
        Genesys's own link leads where the settings do not allow it (that costs no slot), `Refused` when one of the
        region's hosts shows a certificate that is not trusted.
        """
        where = judge_url(url, self._rules)
        if not where.allowed:
            if isinstance(url, Resolved):
                raise _not_allowed(where)
            return Reason.URL_NOT_ALLOWED
        said = attachment.declared_size if where.region else None  # a host outside that hangs is to hold nothing back
        give_back = await self._shares.take(attachment.conversation_id, said or 0)
        got: Body | Expired | Reason | None = None
        try:
            got = await self._in_turn(url, where, cap, attachment, believed)
        finally:
            if isinstance(got, Body):
                got.when_closed(give_back)
            else:
                give_back()
        return got

    async def _in_turn(
        self, url: str, where: UrlJudgement, cap: int, attachment: Attachment, believed: str
    ) -> Body | Expired | Reason:
        conversation = attachment.conversation_id
        rank = SHORT if (attachment.declared_size or 0) <= SHORT_FILE else LONG
        if isinstance(url, Resolved) and url.again:
            rank = BEFORE_IT_IS_OVER
        held: list[tuple[Slots, Turn]] = []
        spent = 0.0

        def release() -> None:
            for slots, turn in held:
                slots.give_back(turn, spent)

        got: Body | Expired | Reason | None = None
        try:
            for slots, host in self._slots_for(where):
                held.append((slots, await self._place(slots, host, conversation, rank)))
            began = time.monotonic()
            got = await self._noted(url, where, self._requested(attachment, where, cap, believed))
            spent = time.monotonic() - began
        finally:
            if isinstance(got, Body):
                got.hold(release, lambda: self._slots.running_of(conversation) > self._share)
            else:
                release()
        return got

    def _requested(self, attachment: Attachment, where: UrlJudgement, cap: int, believed: str) -> RequestedFile:
        """Only of what lies in a store of its own does Genesys know size and hash."""
        feed = Feed(where.host or "", attachment.messenger, attachment.declared_type)
        sizes_tell = where.region and self._deliveries.sizes.tell(feed)
        told = attachment.declared_size, attachment.declared_sha256
        return RequestedFile(cap, feed, attachment.conversation_id, *told, sizes_tell, believed, attachment.is_young)

    def _slots_for(self, where: UrlJudgement) -> list[tuple[Slots, str]]:
        """With the host outside the region that has to be waited for there; "" for none. Its own come first: who waits
        for those holds back no other."""
        if where.region or where.host is None:
            return [(self._slots, "")]
        most = max(1, self._slots.room // OUTSIDE_SHARE)
        own = self._outside.setdefault(where.host, Slots(most))
        return [(own, where.host), (self._all_outside, where.host), (self._slots, "")]

    async def _place(self, slots: Slots, host: str, conversation: str, rank: int) -> Turn:
        """Who waits for a host outside the region only waits: thousands may, and nobody else is to notice. Raises
        `Unavailable` where too many do."""
        if not host or slots.has():
            return await slots.take(conversation, rank)
        turn: Turn | None = None
        with resting(), LINE.get()(f"host {host}"):
            turn = await slots.take(conversation, rank)
        if turn is None:
            raise Unavailable(Dependency.FILES, "many wait for its host", host=host)
        return turn

    async def prove(self, hosts: Collection[str], renew: Renew) -> frozenset[str]:
        """Those of the hosts that deliver what they delivered before, as far as that can be asked. Raises
        `Unavailable` if one does not answer as a file host does."""
        return await self._deliveries.prove(hosts, renew)

    async def _noted(self, url: str, where: UrlJudgement, wanted: RequestedFile) -> Body | Expired | Reason:
        """With how often its host takes back that it gives no file; one outside the region has its own patience."""
        host, file, now = where.host or "", url.partition("?")[0], asyncio.get_running_loop().time
        try:
            got = await self._follow(url, where, wanted)
        except Unavailable as failure:
            if failure.host is None:
                failure.taken_back = self._taken_back.failed(host, file, now())
            raise
        if isinstance(got, Body) and got.sha256 != wanted.believed:  # else it is what came before
            self._taken_back.came(host, file, now())
        return got

    async def _follow(self, url: str, where: UrlJudgement, wanted: RequestedFile) -> Body | Expired | Reason:
        ends = asyncio.get_running_loop().time() + self._deadline_s
        file = url.partition("?")[0]  # the signature is another each time
        for _ in range(1 + REDIRECTS):
            hop = Hop(url, where, Asked(where.host or "", file), wanted, self._budget, self._now)
            got = await self._got(hop, ends)
            if not isinstance(got, Redirect):
                return got
            url = redirect_target(url, got.location)
            leads_to = judge_url(url, self._rules)
            if leads_to.host == self._rules.login_host:
                raise hop.doubtful("it leads to the login page", "login", Reason.HTML_PAGE)
            if not leads_to.allowed:
                raise hop.doubtful("it leads to where nothing is fetched from", "redirect", hop.final_elsewhere)
            where = leads_to
        raise hop.doubtful("it leads round and round", "redirect", hop.final_elsewhere)

    async def _got(self, hop: Hop, ends: float) -> Body | Redirect | Expired | Reason:
        got: Body | Redirect | Expired | Reason | None = None
        try:
            got = await hop.run(self._client, ends)
            if isinstance(got, Body):
                self._deliveries.note(hop, got)
        except Strange as strange:
            self._deliveries.strange(hop, strange)
            if isinstance(got, Body):
                got.close()
            raise
        return got


def _not_allowed(where: UrlJudgement) -> HostNotAllowed:
    host = where.host or "an address that can't be read"
    detail = f"Genesys's link leads to {host}: {where.reason}. DOWNLOAD__ALLOWED_HOSTS allows it"
    return HostNotAllowed(detail, host=host)

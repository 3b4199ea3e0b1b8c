"""One attachment, top to bottom, to a verdict. No Kafka and no HTTP here: what it needs comes in as ports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, Self, TypeVar

from consumer.errors import Doubtful, NotYet, Strange, Unavailable, not_there
from consumer.inspection.policy.policy import Policy
from consumer.model import Accepted, Attachment, Dependency, Expired, Facts, Reason, Settled, Tries, Verdict
from consumer.telemetry.labels import Stage

T = TypeVar("T")

S = TypeVar("S", bound="Storage", covariant=True)

BELIEFS = 3  # doubted bodies that are believed, if they come once more: the last one may have been an outage's
RESOLVES = 3  # a signed link lives for minutes: one that expired on the way is resolved again, this often in all


class Attempt(Protocol):
    """Runs a step, and again after a backoff as long as it raises `Unavailable` and attempts are left."""

    async def __call__(self, step: Callable[[], Awaitable[T]], dependency: Dependency | None = None) -> T: ...


class Body(Protocol):
    """The bytes of one file, counted and hashed while they arrived; closing it gives their memory back."""

    size: int
    sha256: str  # lower-case hex

    def fileno(self) -> int: ...
    def takes_long(self) -> None: ...
    def waits(self) -> None: ...
    def chunks(self, size: int = ...) -> Iterator[bytes]: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...


class Links(Protocol):
    async def locate(self, attachment: Attachment, again: bool = False) -> str | Reason:
        """The URL that delivers the bytes now; `again` if the one before had expired.

        Raises `NotYet` while Genesys has no finished upload.
        """


class Downloads(Protocol):
    async def fetch(self, url: str, cap: int, attachment: Attachment, believed: str = "") -> Body | Expired | Reason:
        """The attachment's body, at most `cap` bytes of it: a longer one is `Reason.TOO_LARGE`. Raises `Strange` for
        one that may be somebody else's, unless `believed` is its SHA-256."""


class Examiner(Protocol):
    async def examine(self, body: Body, attachment: Attachment) -> Facts:
        """What the bytes are and what is in them. Never raises on what they contain; `LastTryAhead` when the
        attachment's other tries are over."""


class Antivirus(Protocol):
    async def scan(self, body: Body, facts: Facts) -> Facts:
        """`facts` with `scanned` set, its signatures' version, and a finding if it found one."""


class Storage(Protocol):
    async def put(self, conversation_id: str, identity: bytes, body: Body, facts: Facts) -> str:
        """Keeps the body under a name that only we chose; its URI."""


@dataclass(frozen=True, slots=True)
class Stores(Generic[S]):
    accepted: S
    rejected: S | None  # samples are kept there; None: nowhere


class Reports(Protocol):
    def timed(self, stage: Stage) -> AbstractContextManager[object]:
        """Surrounds one stage."""


@dataclass(frozen=True, slots=True)
class Inspector:
    links: Links
    downloads: Downloads
    examiner: Examiner
    stores: Stores[Storage]
    policy: Callable[[], Policy]
    antivirus: Antivirus | None
    reports: Reports

    @property
    def policy_version(self) -> str:
        return self.policy().version

    async def inspect(self, attachment: Attachment, attempt: Attempt) -> Verdict:
        """The verdict. Raises `Unavailable` when the attempts ran out, `Refused` when we are set up wrongly, and
        `LastTryAhead` of an attachment that has one."""
        policy = self.policy()
        if reason := policy.before_download(attachment):
            return policy.reject(reason)
        if attachment.tries is Tries.NONE:
            return policy.reject(Reason.UNDETECTABLE)

        try:
            with self.reports.timed("fetch"):
                body = await self._body(attachment, policy.size_limit(attachment), attempt)
        except (NotYet, Doubtful) as missing:
            if missing.final is None:
                raise
            body = missing.final
        if isinstance(body, Reason):
            return policy.reject(body)

        with body:
            return await self._judge(body, attachment, policy, attempt)

    async def _body(self, attachment: Attachment, cap: int, attempt: Attempt) -> Body | Reason:
        """What does not look like the file is it once the host has delivered others: these very bytes alone. What may
        be an outage's that began at the last attempt is doubted until it is the last of two rounds of attempts."""
        believed = last = ""
        for _ in range(BELIEFS):
            try:
                return await attempt(partial(self._fetch, attachment, cap, believed))
            except Strange as strange:
                if strange.is_own or strange.sha256 == last:
                    believed = strange.sha256
                last = strange.sha256
        return await attempt(partial(self._fetch, attachment, cap, believed))

    async def _fetch(self, attachment: Attachment, cap: int, believed: str = "") -> Body | Reason:
        expired: Expired | None = None
        for earlier in range(RESOLVES):
            url = await self.links.locate(attachment, again=earlier > 0)
            if isinstance(url, Reason):
                return url
            got = await self.downloads.fetch(url, cap, attachment, believed)
            if not isinstance(got, Expired):
                return got
            expired = got
        assert expired is not None, "it is resolved at least once"
        raise _gone(attachment, expired)

    async def _judge(self, body: Body, attachment: Attachment, policy: Policy, attempt: Attempt) -> Verdict:
        with self.reports.timed("examine"):
            examined = await self.examiner.examine(body, attachment)
        facts = policy.marked(policy.as_claimed(attachment, examined))
        reason = policy.decide(attachment, facts)
        antivirus = self.antivirus
        if reason is None and antivirus is not None:
            with self.reports.timed("scan"):
                facts = await attempt(lambda: antivirus.scan(body, facts), Dependency.ANTIVIRUS)
            reason = policy.decide(attachment, facts)
        if reason is None:
            return Accepted(facts, await self._store(self.stores.accepted, attachment, body, facts, attempt))
        if self.stores.rejected is not None:
            await self._store(self.stores.rejected, attachment, body, facts, attempt)
        return policy.reject(reason, facts)

    async def _store(self, storage: Storage, attachment: Attachment, body: Body, facts: Facts, attempt: Attempt) -> str:
        identity = attachment.identity
        assert identity is not None, "only an attachment with a key is inspected"
        with self.reports.timed("store"):
            return await attempt(
                lambda: storage.put(attachment.conversation_id, identity, body, facts), Dependency.STORAGE
            )


def _gone(attachment: Attachment, expired: Expired) -> Unavailable:
    """What it comes to that the store itself refuses the fresh links of a file: once it has said so often enough."""
    settled = Settled("file", "refused", expired.code or str(expired.status))
    if expired.status not in (404, 410):
        detail = f"the file host answered {expired.status} to every fresh link"
        return Unavailable(Dependency.FILES, detail, host=expired.host, asked=expired.asked, settled=settled)
    return not_there(Dependency.FILES, "no such file yet", attachment, expired.asked, settled)

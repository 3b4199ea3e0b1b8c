"""The service from the judge down to the wire, with its real login, API, limiter, gates, patience and fetcher."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import orjson
from prometheus_client import CollectorRegistry

from consumer.attempts import Backoff, Gates, Patience, Probe, Repeats
from consumer.download.budget import Budget
from consumer.download.fetch import Fetcher
from consumer.genesys.api import Api
from consumer.genesys.hosts import Hosts
from consumer.genesys.limiter import Limiter
from consumer.genesys.login import Login
from consumer.genesys.lookup import Lookup
from consumer.genesys.sender import Sender
from consumer.http.urls import UrlRules
from consumer.inspection.inspect import Body, Inspector, Stores
from consumer.inspection.policy.policy import Policy
from consumer.judge.answers import Answer
from consumer.judge.ports import Terms
from consumer.judge.task import Judge
from consumer.model import AWAY, Attachment, Condition, Dependency, Facts, Rejected, Source, Task
from consumer.service.assembly import GenesysReports, Organization
from consumer.service.conditions import Conditions
from consumer.service.file_host import probe_files
from consumer.telemetry.metrics import Metrics
from consumer.telemetry.reporter import Reporter
from tests.ill.cloud import API, FILES, LOGIN, PNG, Cloud, Transport
from tests.judge.partition import Partition, resting

ATTEMPTS, OVER_S, HOST_PATIENCE_S, GATE_FAILURES = 5, 300.0, 300.0, 5
BACKOFF = Backoff(ATTEMPTS, OVER_S)
SHORTEST_S = OVER_S / (2.0 ** (ATTEMPTS - 1) - 1)
POLICY = Policy.load()


class Examiner:
    async def examine(self, body: Body, attachment: Attachment) -> Facts:
        picture = next(body.chunks(), b"").startswith(PNG[:8])
        return Facts(size=body.size, sha256=body.sha256, detected_type="image/png" if picture else "text/html")


class Storage:
    async def put(self, conversation_id: str, identity: bytes, body: Body, facts: Facts) -> str:
        return "file:///x"


def told(answer: Answer) -> tuple[str, str]:
    """Whose answer it is, and which: `accepted`, a reason, or `dead …`."""
    if answer.letter is not None:
        named = answer.letter.message_id or answer.letter.conversation_id or ""
        return named.partition("-")[2], f"dead {answer.letter.reason.value}"
    assert answer.decision is not None
    verdict = answer.decision.verdict
    number = answer.decision.attachment.message_id.partition("-")[2]
    return number, verdict.reason.value if isinstance(verdict, Rejected) else "accepted"


@dataclass
class Scene:
    cloud: Cloud
    judge: Judge
    gates: Gates
    conditions: Conditions
    metrics: Metrics
    partition: Partition = field(default_factory=Partition)
    in_flight: int = 0
    most_in_flight: int = 0
    lag_ms: int = 0  # how long events wait to be taken

    @property
    def answers(self) -> list[tuple[str, str]]:
        return [told(answer) for answer in self.partition.published]

    def holds(self, condition: Condition) -> bool:
        return any(held.condition is condition for held in self.conditions.held)

    def count_closings(self) -> Callable[[], int]:
        """How often a gate closed since then."""
        counted, told = [0], self.conditions.begin

        def begin(condition: Condition, detail: str = "", about: str = "") -> None:
            counted[0] += condition in AWAY.values() and not self.holds(condition)
            told(condition, detail, about)

        self.conditions.begin = begin  # type: ignore[method-assign] # counted on the way
        return lambda: counted[0]

    async def take(self, group: asyncio.TaskGroup, value: bytes) -> None:
        """As the stream does: behind a closed gate nothing is taken."""
        while self.gates.closed:
            await self.gates.closed[0].wait_open()
        group.create_task(self.judged(value))

    async def judged(self, value: bytes) -> None:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        now_ms = 1_790_000_000_000
        try:
            await self.judge.judge(
                Task(Source("events", 0, 0, now_ms), value, taken_ms=now_ms + self.lag_ms), self.partition, resting
            )
        finally:
            self.in_flight -= 1


def event_of(number: str, kind: str) -> bytes:
    """Each kind is announced as its calls need it: by its conversation, its message, or with its communication."""
    match kind:
        case "uploading":
            listed = {"messageId": f"m-{number}", "media": [{"id": f"a-{number}", "mediaType": "image/png"}]}
            talk = {"id": f"t-{number}", "messages": [listed]}
            body = {"id": f"c-{number}", "participants": [{"purpose": "customer", "messages": [talk]}]}
            return orjson.dumps({"topicName": "v2.users.u.conversations", "eventBody": body})
        case "details":
            return orjson.dumps({"messageId": f"m-{number}"})
        case "bare":
            return orjson.dumps({"conversationId": f"c-{number}"})
        case _:
            return orjson.dumps({"conversationId": f"c-{number}", "messageId": f"m-{number}"})


async def _set_location_aside(response: httpx.Response) -> None:
    response.extensions["location"] = response.headers.pop("location", None)


@asynccontextmanager
async def playing(cloud: Cloud, per_minute: int = 100_000, backoff: Backoff = BACKOFF) -> AsyncIterator[Scene]:
    """`per_minute`: the calls that the API allows."""
    loop = asyncio.get_running_loop()
    transport = Transport(cloud)
    async with AsyncExitStack() as stack:

        async def client(host: str) -> httpx.AsyncClient:
            made = httpx.AsyncClient(transport=transport, base_url=f"https://{host}", trust_env=False)
            return await stack.enter_async_context(made)

        files = await client(FILES)
        files.event_hooks = {"response": [_set_location_aside]}
        metrics = Metrics(CollectorRegistry())
        conditions = Conditions(metrics, 20)
        reporter = Reporter(metrics, conditions)
        probes: dict[Dependency, Probe] = {}
        gates = Gates(failures=GATE_FAILURES, probe_s=1.0, probe_max_s=30.0, probes=probes, reports=reporter)
        reports = GenesysReports(reporter, gates)
        login = Login(await client(LOGIN), lambda: ("client", "secret"), now=loop.time, reports=reports)
        limiter = Limiter(per_minute, now=loop.time, reports=reports)
        sender = Sender(await client(API), login, limiter, reports=reports)
        api = Api(sender, expected_organization="org-1", reports=reports, now=loop.time)
        organization = Organization(api, "org-1")
        probes[Dependency.LOGIN] = lambda: api.check_login(gates[Dependency.LOGIN].failing)
        probes[Dependency.API] = lambda: organization.probe(gates[Dependency.API].failing)
        lookup = Lookup(api, Hosts.of("mypurecloud.com").link_origins)
        fetcher = Fetcher(files, UrlRules.of("mypurecloud.com"), Budget(2**26), reports=reports)
        probes[Dependency.FILES] = lambda: probe_files(
            files, f"https://{FILES}", fetcher, gates[Dependency.FILES].failing, lookup.resolve_again
        )
        inspector = Inspector(lookup, fetcher, Examiner(), Stores(Storage(), None), lambda: POLICY, None, reporter)
        repeats = Repeats(lambda: limiter.allowed)
        patience = Patience(gates, backoff, HOST_PATIENCE_S, repeats, reporter, clock=loop.time)
        terms = Terms(timedelta(days=400), lambda: 1_000_000, lambda event: True, lambda message: False)
        judge = Judge(lookup, inspector, patience, terms, organization, reporter, now=lambda: datetime.now(UTC))
        probing = asyncio.create_task(gates.run())
        try:
            yield Scene(cloud, judge, gates, conditions, metrics)
        finally:
            probing.cancel()
            await asyncio.gather(probing, return_exceptions=True)

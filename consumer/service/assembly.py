"""The adapters of one service, made from its settings and tied to its gates and to what reports."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import anyio
import httpx

from consumer.attempts import Backoff, Gates, Patience, Probe, Repeats
from consumer.download.budget import Budget
from consumer.download.fetch import Fetcher
from consumer.errors import Failure, Refused, Unavailable
from consumer.genesys.api import PROBES, Api
from consumer.genesys.connect import connected
from consumer.genesys.lookup import Lookup, is_complete
from consumer.http.clients import file_client
from consumer.http.transport import Timeouts
from consumer.http.urls import UrlRules
from consumer.inspection.antivirus import Scanner, open_scanner
from consumer.inspection.in_force import InForce
from consumer.inspection.inspect import Inspector, Stores
from consumer.inspection.policy.file import PolicyFile
from consumer.inspection.workers.pool import Bounds, Confinement, Workers
from consumer.inspection.yara.file import RulesFile
from consumer.judge.ports import Terms, looks_up_bare
from consumer.judge.task import Judge
from consumer.kafka.limits import TopicLimits
from consumer.model import Dependency
from consumer.model.heard import Asked
from consumer.service.canary import Canary
from consumer.service.capacity import Capacity
from consumer.service.file_host import file_origin, probe_files
from consumer.service.memory import allowed, workers_that_fit
from consumer.settings.load import Credentials
from consumer.settings.model import Settings
from consumer.storage.kept import Store
from consumer.storage.opening import open_store
from consumer.telemetry.labels import Proof
from consumer.telemetry.reporter import Reporter

log = logging.getLogger(__name__)

PROVED_AGAIN_S = 5.0
POLICY_WATCH_S = 5.0
PROOFS: Mapping[Dependency, Proof] = {Dependency.LOGIN: "login", Dependency.STORAGE: "storage"}


class Organization:
    """The id of the organisation that the credentials belong to: as set, else as the API told it."""

    def __init__(self, api: Api, configured: str | None) -> None:
        self._api = api
        self.id = configured

    async def probe(self, failing: Collection[str]) -> frozenset[str]:
        """Asks whose token it is, and each call that fails for what can't exist; gives those calls."""
        calls = PROBES.keys() & failing
        self.id = await self._api.check_access(calls)
        return frozenset(calls)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the life of the service has to do with."""

    gates: Gates
    policies: PolicyFile
    judge: Judge
    probes: Mapping[Dependency, Probe]
    reporter: Reporter
    capacity: Capacity
    watches: Sequence[Callable[[], Coroutine[Any, Any, None]]]
    """What goes on beside the work, each until it is cancelled."""

    async def check_dependencies(self) -> None:
        """Asks each dependency once: what refuses us is said before the first task meets it."""
        async with anyio.create_task_group() as group:
            for dependency, probe in self.probes.items():
                group.start_soon(self._check, dependency, probe)

    async def prove(self) -> None:
        """Asks again what has to work once, until it has: the process is not ready before."""
        async with anyio.create_task_group() as group:
            for dependency in PROOFS:
                group.start_soon(self._prove, dependency)

    async def _prove(self, dependency: Dependency) -> None:
        while PROOFS[dependency] not in self.reporter.proven:
            await anyio.sleep(PROVED_AGAIN_S)
            await self.gates[dependency].wait_open()
            await self._check(dependency, self.probes[dependency])

    async def _check(self, dependency: Dependency, probe: Probe) -> None:
        try:
            await probe()
            if dependency in PROOFS:
                self.reporter.proved(PROOFS[dependency])
        except Failure as failure:
            log.warning("%s does not answer as it should: %s", dependency.value, failure.detail)
            at_fault = failure.dependency if isinstance(failure, Refused | Unavailable) else dependency
            self.gates[at_fault].failed(failure, at_once=True)  # nobody may come who would be the next to fail


@asynccontextmanager
async def assembled(
    settings: Settings, credentials: Credentials, limits: TopicLimits, reporter: Reporter
) -> AsyncIterator[Parts]:
    """Raises `WorkersNotStarted`, `PolicyError` or `RulesError` when the service can't run here at all."""
    async with AsyncExitStack() as stack:
        in_force = files_in_force(settings, reporter)
        workers = await stack.enter_async_context(workers_of(settings, in_force, reporter, patient=True))
        probes: dict[Dependency, Probe] = {}
        gates = _gates(settings, probes, reporter)
        reports = GenesysReports(reporter, gates)
        genesys = await stack.enter_async_context(connected(settings, credentials, reports=reports))
        organization = Organization(genesys.api, settings.genesys.organization_id)
        rules = UrlRules.of(settings.genesys.region, settings.download.allowed_hosts, settings.download.allowed_origins)
        files = await stack.enter_async_context(client_for_files(settings, rules))
        antivirus, stores = open_scanner(settings.antivirus), stores_of(settings)
        opened: tuple[Scanner | Store | None, ...] = (antivirus, stores.accepted, stores.rejected)
        for one in opened:
            if one is not None:
                stack.push_async_callback(one.aclose)
        lookup = Lookup(genesys.api, genesys.hosts.link_origins)
        fetcher = _fetcher(settings, files, rules, reports)
        probes |= {
            Dependency.LOGIN: lambda: genesys.api.check_login(gates[Dependency.LOGIN].failing),
            Dependency.API: lambda: organization.probe(gates[Dependency.API].failing),
            Dependency.FILES: lambda: probe_files(
                files, file_origin(settings), fetcher, gates[Dependency.FILES].failing, lookup.resolve_again
            ),
            Dependency.STORAGE: stores.accepted.probe,
        }
        if antivirus is not None:
            probes[Dependency.ANTIVIRUS] = antivirus.probe
        inspector = Inspector(lookup, fetcher, workers, stores, in_force.policies, antivirus, reporter)
        patience = _patience(settings, gates, Repeats(lambda: genesys.limiter.allowed), reporter)
        terms = _terms(settings, limits)
        judge = Judge(lookup, inspector, patience, terms, organization, reporter, now=lambda: datetime.now(UTC))
        capacity = Capacity(settings, genesys.limiter, fetcher, workers, reporter)
        canary = Canary(workers, antivirus, in_force.policies, reporter)
        watches = _watches(gates, workers, in_force, canary, capacity)
        yield Parts(gates, in_force.policies, judge, probes, reporter, capacity, watches)


def _watches(
    gates: Gates, workers: Workers, in_force: InForce, canary: Canary, capacity: Capacity
) -> Sequence[Callable[[], Coroutine[Any, Any, None]]]:
    return (
        gates.run,
        workers.watch,
        partial(in_force.watch, POLICY_WATCH_S, anyio.sleep),
        partial(canary.run, anyio.sleep),
        partial(capacity.run, anyio.sleep),
    )


class GenesysReports:
    """Satisfies `genesys.connect.Reports` and `download.fetch.Reports`: what was answered opens its gate."""

    def __init__(self, reporter: Reporter, gates: Gates) -> None:
        self._gates = gates
        self.called = reporter.called
        self.new_code = reporter.new_code
        self.token_renewed = reporter.token_renewed
        self.waited_for_the_limit = reporter.waited_for_the_limit
        self.limited = reporter.limited
        self.limit_over = reporter.limit_over
        self.begin = reporter.begin
        self.end = reporter.end

    def heard(self, dependency: Dependency, asked: Asked) -> None:
        self._gates[dependency].answered(asked)

    def delivered(self, asked: Asked, again: bool = False, is_new: bool = True) -> None:
        self._gates[Dependency.FILES].answered(asked, again)
        if is_new:
            self._gates[Dependency.FILES].answered(asked.of_new, again)


def files_in_force(settings: Settings, reporter: Reporter) -> InForce:
    """Policy and rules. `PolicyError` or `RulesError` if they are bad now."""
    rules = settings.inspection.yara_rules
    return InForce(policy_file(settings, reporter), RulesFile(rules, reporter) if rules else None)


def policy_file(settings: Settings, reporter: Reporter) -> PolicyFile:
    """The policy in force. `PolicyError` if it is bad now."""
    return PolicyFile(settings.inspection.policy_file, settings.download.max_bytes_in_memory, reporter)


def _terms(settings: Settings, limits: TopicLimits) -> Terms:
    genesys, topics = settings.genesys, settings.topics
    return Terms(
        horizon=timedelta(days=topics.horizon_days),
        dead_letter_bytes=lambda: limits.of(topics.dead_letter),
        looks_up_bare=looks_up_bare(genesys.bare_events),
        trusts=is_complete if genesys.metadata == "event" else lambda message: False,
    )


def _gates(settings: Settings, probes: Mapping[Dependency, Probe], reporter: Reporter) -> Gates:
    attempts = settings.attempts
    return Gates(
        failures=attempts.gate_failures,
        probe_s=attempts.probe_s,
        probe_max_s=attempts.probe_max_s,
        probes=probes,
        reports=reporter,
    )


def _patience(settings: Settings, gates: Gates, repeats: Repeats, reporter: Reporter) -> Patience:
    backoff = Backoff(settings.attempts.attempts, settings.attempts.over_s)
    return Patience(gates, backoff, settings.download.host_patience_s, repeats, reporter)


def workers_of(settings: Settings, in_force: InForce, reporter: Reporter, *, patient: bool) -> Workers:
    inspection = settings.inspection
    count, address_space_bytes = workers_that_fit(settings, allowed())
    bounds = Bounds(
        address_space_bytes=address_space_bytes,
        cpu_s=inspection.cpu_s,
        cpu_s_per_mib=inspection.cpu_s_per_mib,
        deadline_s=inspection.deadline_s,
        files_per_worker=inspection.files_per_worker,
        confinement=Confinement(inspection.confinement),
    )
    return Workers(
        count,
        bounds=bounds,
        limits=lambda: in_force.policies.current.limits,
        rules=in_force.rules,
        reports=reporter,
        patient=patient,
    )


def client_for_files(settings: Settings, rules: UrlRules) -> httpx.AsyncClient:
    proxy = settings.download.proxy
    return file_client(
        rules,
        ca_file=settings.genesys.ca_file,
        timeouts=Timeouts(settings.download.connect_timeout_s, settings.download.read_timeout_s),
        proxy=str(proxy) if proxy else None,
    )


def _fetcher(settings: Settings, files: httpx.AsyncClient, rules: UrlRules, reports: GenesysReports) -> Fetcher:
    download = settings.download
    return Fetcher(
        files,
        rules,
        Budget(download.max_bytes_in_memory),
        connections=download.connections,
        deadline_s=download.deadline_s,
        reports=reports,
    )


def stores_of(settings: Settings) -> Stores[Store]:
    chosen = settings.storage
    accepted = open_store(chosen.url, chosen)
    return Stores(accepted, open_store(chosen.quarantine_url, chosen) if chosen.quarantine_url else None)

"""The adapters of one service, made from its settings and tied to its gates and metrics."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import anyio
import httpx

from consumer.attempts import Backoff, Gates, Patience, Probe
from consumer.download.budget import Budget
from consumer.download.fetch import Fetcher
from consumer.errors import Failure, Refused, Unavailable
from consumer.genesys.api import Api
from consumer.genesys.connect import Genesys, connected
from consumer.genesys.login import Credentials
from consumer.genesys.lookup import Lookup, is_complete, wants_lookup
from consumer.http.addresses import AddressNotAllowed, NameNotAllowed
from consumer.http.clients import Timeouts, file_client
from consumer.http.transport import CertificateNotTrusted, not_trusted
from consumer.http.urls import UrlRules
from consumer.inspection.antivirus import Clamd
from consumer.inspection.inspect import Inspector
from consumer.inspection.policy.policy import Policy, PolicyError, PolicyFile
from consumer.inspection.workers.pool import Workers
from consumer.judge.task import Judge
from consumer.model import Dependency
from consumer.service.conditions import Conditions
from consumer.settings.model import Settings
from consumer.storage import ObjectStorage
from consumer.telemetry.metrics import Metrics

log = logging.getLogger(__name__)


class Organization:
    """The id of the organisation that the credentials belong to: as set, else as the API told it."""

    def __init__(self, api: Api, configured: str | None) -> None:
        self._api = api
        self.id = configured

    async def probe(self) -> None:
        self.id = await self._api.check_access()


@dataclass(frozen=True, slots=True)
class Parts:
    """What the life of the service has to do with."""

    settings: Settings
    metrics: Metrics
    conditions: Conditions
    gates: Gates
    patience: Patience
    policies: PolicyFile
    lookup: Lookup
    organization: Organization
    inspector: Inspector
    probes: dict[Dependency, Probe]

    def judge(self, dead_letter_bytes: int) -> Judge:
        settings = self.settings
        return Judge(
            lookup=self.lookup,
            inspector=self.inspector,
            patience=self.patience,
            metrics=self.metrics,
            policy_version=lambda: self.policies.current.version,
            horizon=timedelta(days=settings.topics.horizon_days),
            dead_letter_bytes=dead_letter_bytes,
            on_outcome=self.conditions.judged,
            looks_up_bare=lambda event: wants_lookup(event, settings.genesys.bare_events),
            trusts=is_complete if settings.genesys.metadata == "event" else lambda message: False,
            organization_id=lambda: self.organization.id,
            on_foreign=self.conditions.foreign,
        )

    async def check_dependencies(self) -> None:
        """Asks each dependency once: what refuses us is said before the first task meets it."""
        async with anyio.create_task_group() as group:
            for dependency, probe in self.probes.items():
                group.start_soon(self._check, dependency, probe)

    async def _check(self, dependency: Dependency, probe: Probe) -> None:
        try:
            await probe()
        except Failure as failure:
            log.warning("%s does not answer as it should: %s", dependency.value, failure.detail)
            at_fault = failure.dependency if isinstance(failure, Refused | Unavailable) else dependency
            self.gates[at_fault].failed(failure)


@asynccontextmanager
async def assembled(
    settings: Settings, metrics: Metrics, conditions: Conditions, credentials: Credentials | None
) -> AsyncIterator[Parts]:
    async with AsyncExitStack() as stack:
        policies = policy_file(settings, metrics)
        workers = await stack.enter_async_context(_workers(settings, metrics))
        probes: dict[Dependency, Probe] = {}
        attempts = settings.attempts
        gates = Gates(
            failures=attempts.gate_failures,
            probe_s=attempts.probe_s,
            probe_max_s=attempts.probe_max_s,
            probes=probes,
            on_change=conditions.gate_changed,
        )
        conditions.watch(gates)
        genesys = await stack.enter_async_context(_genesys(settings, metrics, gates, credentials))
        lookup = Lookup(genesys.api, genesys.hosts.link_origins)
        rules = UrlRules.of(settings.genesys.region, settings.download.allowed_hosts, settings.download.allowed_origins)
        files = await stack.enter_async_context(_file_client(settings, rules))
        storage = ObjectStorage(settings.storage.url, settings.storage.options)
        antivirus = _antivirus(settings)
        probes[Dependency.LOGIN] = genesys.login.token
        organization = Organization(genesys.api, settings.genesys.organization_id)
        probes[Dependency.API] = organization.probe
        probes[Dependency.FILES] = partial(_ask_file_host, files, settings)
        probes[Dependency.STORAGE] = storage.probe
        if antivirus is not None:
            stack.push_async_callback(antivirus.aclose)
            probes[Dependency.ANTIVIRUS] = antivirus.probe
        yield Parts(
            settings=settings,
            metrics=metrics,
            conditions=conditions,
            gates=gates,
            patience=_patience(settings, metrics, gates),
            policies=policies,
            lookup=lookup,
            organization=organization,
            inspector=Inspector(
                links=lookup,
                downloads=_fetcher(settings, files, rules, gates),
                examiner=workers,
                storage=storage,
                policy=policies,
                antivirus=antivirus,
                quarantine=_quarantine(settings),
                timed=lambda stage: metrics.stage_seconds[stage].time(),
            ),
            probes=probes,
        )


def policy_file(settings: Settings, metrics: Metrics) -> PolicyFile:
    """The policy in force, which says in log and metrics what becomes of the file. `PolicyError` if it is bad now."""

    def failed(error: PolicyError) -> None:
        metrics.policy_reload_failures.inc()
        log.error("the policy file is wrong, the one before stays in force: %s", error)

    def in_force(policy: Policy) -> None:
        metrics.policy_info.info({"version": policy.version})
        log.info("policy in force", extra={"version": policy.version})

    chosen, most = settings.inspection.policy_file, settings.download.max_bytes_in_memory
    return PolicyFile(chosen, on_failure=failed, on_policy=in_force, most_bytes=most)


def _patience(settings: Settings, metrics: Metrics, gates: Gates) -> Patience:
    return Patience(
        gates=gates,
        backoff=Backoff(settings.attempts.attempts, settings.attempts.over_s),
        host_patience_s=settings.download.host_patience_s,
        on_failure=lambda dependency: metrics.attempts_failed[dependency].inc(),
    )


def _workers(settings: Settings, metrics: Metrics) -> Workers:
    inspection = settings.inspection
    return Workers(
        inspection.workers,
        inspection.deadline_s,
        inspection.address_space_bytes,
        on_restart=lambda cause: metrics.worker_restarts[cause].inc(),
    )


def _genesys(
    settings: Settings, metrics: Metrics, gates: Gates, credentials: Credentials | None
) -> AbstractAsyncContextManager[Genesys]:
    def called(call: str, status: int | None) -> None:
        """A probe is one question of several: only their whole answer opens a gate."""
        metrics.api_call(call, status)
        if call != "probe" and status is not None and status < 500 and status not in (401, 403, 429):
            gates[Dependency.LOGIN if call == "token" else Dependency.API].answered()

    def renewed(lifetime_s: float) -> None:
        metrics.token_expires_timestamp_seconds.set(time.time() + lifetime_s)

    return connected(
        settings,
        credentials or _fixed(settings),
        on_call=called,
        on_token=renewed,
        on_wait=metrics.api_wait_seconds.inc,
    )


def _fixed(settings: Settings) -> Credentials:
    genesys = settings.genesys
    return lambda: (genesys.client_id, genesys.client_secret.get_secret_value())


def _file_client(settings: Settings, rules: UrlRules) -> httpx.AsyncClient:
    proxy = settings.download.proxy
    return file_client(
        rules,
        ca_file=settings.genesys.ca_file,
        timeouts=Timeouts(settings.download.connect_timeout_s, settings.download.read_timeout_s),
        proxy=str(proxy) if proxy else None,
    )


def _fetcher(settings: Settings, files: httpx.AsyncClient, rules: UrlRules, gates: Gates) -> Fetcher:
    download = settings.download
    return Fetcher(
        files,
        rules,
        Budget(download.max_bytes_in_memory),
        connections=download.connections,
        deadline_s=download.deadline_s,
        on_answer=gates[Dependency.FILES].answered,
    )


async def _ask_file_host(files: httpx.AsyncClient, settings: Settings) -> None:
    """Any answer but a 5xx shows that the region's file host is there."""
    origins = settings.download.allowed_origins
    url = origins[0] if origins else f"https://api-downloads.{settings.genesys.region}"
    try:
        status = (await files.get(url + "/")).status_code
    except CertificateNotTrusted:
        raise Refused(Dependency.FILES, not_trusted("file host")) from None
    except httpx.TransportError:
        raise Unavailable(Dependency.FILES, "the region's file host does not answer") from None
    except (AddressNotAllowed, NameNotAllowed):
        raise Unavailable(Dependency.FILES, "the region's file host leads to an address that is not public") from None
    if status >= 500:
        raise Unavailable(Dependency.FILES, f"the region's file host answers {status}")


def _antivirus(settings: Settings) -> Clamd | None:
    chosen = settings.antivirus
    if chosen.address is None:
        return None
    return Clamd(chosen.address, connections=chosen.connections, timeout_s=chosen.timeout_s)


def _quarantine(settings: Settings) -> ObjectStorage | None:
    url = settings.storage.quarantine_url
    return ObjectStorage(url, settings.storage.options) if url else None

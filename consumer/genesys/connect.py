"""A client of Genesys Cloud, put together from the settings: for `run` and `notify` alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import anyio

from consumer.genesys.api import Api
from consumer.genesys.api import Reports as ApiReports
from consumer.genesys.exchange import DEADLINE_S
from consumer.genesys.hosts import Hosts
from consumer.genesys.limiter import Limiter
from consumer.genesys.limiter import Reports as LimiterReports
from consumer.genesys.login import Login
from consumer.genesys.login import Reports as LoginReports
from consumer.genesys.sender import Sender
from consumer.http.clients import api_client
from consumer.http.transport import Timeouts
from consumer.settings.load import Credentials
from consumer.settings.model import Settings


class Reports(LoginReports, LimiterReports, ApiReports, Protocol):
    """Of login, API and rate limit together."""


@dataclass(frozen=True, slots=True)
class GenesysClient:
    hosts: Hosts
    login: Login
    api: Api
    limiter: Limiter


@asynccontextmanager
async def connected(
    settings: Settings,
    credentials: Credentials,
    *,
    reports: Reports,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> AsyncIterator[GenesysClient]:
    """Login, API and rate limit, each with its own HTTP client. Nothing is asked before the first call."""
    chosen = settings.genesys
    hosts = Hosts.of(
        chosen.region,
        login_url=str(chosen.login_url) if chosen.login_url else None,
        api_url=str(chosen.api_url) if chosen.api_url else None,
        extra_origins=frozenset(settings.download.allowed_origins),
    )
    ca, proxy = chosen.ca_file, str(chosen.proxy) if chosen.proxy else None
    timeouts = Timeouts(settings.download.connect_timeout_s, read_s=None)  # each exchange has its own deadline
    deadline_s = min(DEADLINE_S, settings.download.read_timeout_s)
    own_login, own_api = chosen.login_url is not None, chosen.api_url is not None
    async with (
        api_client(hosts.login_url, ca_file=ca, timeouts=timeouts, any_address=own_login, proxy=proxy) as to_login,
        api_client(hosts.api_url, ca_file=ca, timeouts=timeouts, any_address=own_api, proxy=proxy) as to_api,
    ):
        login = Login(to_login, credentials, reports=reports)
        limiter = Limiter(chosen.calls_per_minute, at_once=chosen.calls_at_once, sleep=sleep, reports=reports)
        sender = Sender(to_api, login, limiter, reports=reports, deadline_s=deadline_s)
        api = Api(sender, expected_organization=chosen.organization_id, reports=reports, sleep=sleep)
        yield GenesysClient(hosts, login, api, limiter)

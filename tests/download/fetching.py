"""A fetcher with a client of its own, set up for one test."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from consumer.download.budget import Budget
from consumer.download.fetch import Fetcher
from consumer.http.addresses import Resolve, system_lookup
from consumer.http.clients import file_client
from consumer.http.transport import Timeouts
from consumer.http.urls import UrlRules
from tests.download.conftest import PrivateAuthority
from tests.inspection.files import attachment
from tests.reports import Recorder

CAP = 1_000_000
DATA = bytes(range(256)) * 1_000
REGION = "mypurecloud.com"
ANY = attachment()


@asynccontextmanager
async def fetching(
    *origins: str,
    hosts: Sequence[str] = (),
    budget: Budget | None = None,
    connections: int = 64,
    deadline_s: float = 20.0,
    read_s: float = 20.0,
    authority: PrivateAuthority | None = None,
    lookup: Resolve = system_lookup,
) -> AsyncIterator[Fetcher]:
    rules = UrlRules.of(REGION, hosts, origins)
    ca_file = authority.ca_file if authority else None
    async with file_client(rules, ca_file=ca_file, timeouts=Timeouts(10.0, read_s), lookup=lookup) as client:
        yield Fetcher(
            client,
            rules,
            budget or Budget(10 * CAP),
            connections=connections,
            deadline_s=deadline_s,
            reports=Recorder(),
        )


@asynccontextmanager
async def fetching_from(port: int, budget: Budget | None = None, deadline_s: float = 20.0) -> AsyncIterator[Fetcher]:
    async with fetching(f"http://127.0.0.1:{port}", budget=budget, deadline_s=deadline_s) as fetcher:
        yield fetcher


def at(port: int) -> str:
    return f"http://127.0.0.1:{port}/file?Signature=secret"


def head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()

"""A real HTTP server on loopback that stands for Genesys Cloud: each test says what it answers and sees who asked."""

from __future__ import annotations

import base64
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from aiohttp import web

from consumer.genesys.api import Api
from consumer.genesys.exchange import DEADLINE_S
from consumer.genesys.hosts import Hosts
from consumer.genesys.limiter import Limiter
from consumer.genesys.login import Login
from consumer.genesys.lookup import Lookup
from consumer.genesys.sender import Sender
from consumer.http.addresses import CheckedResolver, Reach
from consumer.http.direct import DirectClient
from consumer.http.transport import SafeTransport, Session, Timeouts
from tests.reports import Recorder

TLS = ssl.create_default_context()  # costly to make, and not used on loopback

Respond = Callable[["Asked"], web.StreamResponse | Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def token(self) -> str | None:
        return self.headers.get("authorization")


def json(body: object, status: int = 200, **headers: str) -> web.Response:
    """As Genesys writes it: an error document names its own status."""
    if status >= 400 and isinstance(body, dict) and "code" in body:
        body = {"status": status, **body}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json", headers=named)


@dataclass
class Cloud:
    """Gives out tokens `token-1`, `token-2`, …, and only takes those that are in `good`."""

    url: str = ""
    secret: str = "s3cret"
    lifetime_s: float = 86_400
    good: set[str] = field(default_factory=set)
    logins: list[Asked] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    responds: dict[tuple[str, str], Respond] = field(default_factory=dict)
    on_login: Respond | None = None

    def at(self, method: str, path: str, respond: Respond | object) -> None:
        """What the API answers there: a function, or the JSON of a 200."""
        self.responds[method, path] = respond if callable(respond) else lambda asked: json(respond)

    @property
    def calls(self) -> Counter[str]:
        return Counter(f"{asked.method} {asked.path}" for asked in self.asked)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(request.method, request.path, dict(request.query), headers, await request.read())
        if request.path == "/oauth/token":
            self.logins.append(asked)
            return await _awaited(self.on_login(asked) if self.on_login else self._log_in(asked))
        self.asked.append(asked)
        if (asked.token or "").removeprefix("Bearer ") not in self.good:
            return json({"code": "bad.credentials", "status": 401, "message": "Invalid login credentials."}, 401)
        respond = self.responds.get((asked.method, asked.path))
        if respond is None and asked.path == "/api/v2/tokens/me":
            return json({"organization": {"id": "32aa07aa-db1b-4987-abd0-9483601ec29d"}})
        if respond is None:
            return json({"code": "not.found", "status": 404, "message": "The requested resource was not found."}, 404)
        return await _awaited(respond(asked))

    def _log_in(self, asked: Asked) -> web.Response:
        basic = base64.b64encode(f"client:{self.secret}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {basic}":
            return json({"error": "invalid_client", "description": "authentication failed"}, 401)
        token = f"token-{len(self.logins)}"
        self.good.add(token)
        return json({"access_token": token, "token_type": "bearer", "expires_in": self.lifetime_s})


async def _awaited(answer: web.StreamResponse | Awaitable[web.StreamResponse]) -> web.StreamResponse:
    return answer if isinstance(answer, web.StreamResponse) else await answer


@asynccontextmanager
async def serving(cloud: Cloud) -> AsyncIterator[Cloud]:
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", cloud.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        cloud.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield cloud
    finally:
        await runner.cleanup()


@asynccontextmanager
async def client_of(url: str) -> AsyncIterator[httpx.AsyncClient]:
    session = Session(CheckedResolver(Reach(trusted_hosts=frozenset({"127.0.0.1"}))), TLS, Timeouts(), None)
    async with DirectClient(SafeTransport(session, lambda request: None), url, {}) as client:
        yield client


@dataclass
class Client:
    """Our side, connected to a `Cloud`."""

    http: httpx.AsyncClient  # to the API
    login: Login
    api: Api
    lookup: Lookup
    limiter: Limiter
    recorder: Recorder

    @property
    def called(self) -> list[tuple[str, int | None]]:
        return self.recorder.of("called")


@asynccontextmanager
async def connected(cloud: Cloud, *, secret: Callable[[], str] | None = None, **api: Any) -> AsyncIterator[Client]:
    recorder = Recorder()
    limiter = api.pop("limiter", None) or Limiter(60_000, reports=recorder)
    async with client_of(cloud.url) as http, client_of(cloud.url) as login_http:
        login = Login(login_http, lambda: ("client", secret() if secret else cloud.secret), reports=recorder)
        sender = Sender(http, login, limiter, reports=recorder, deadline_s=api.pop("deadline_s", DEADLINE_S))
        made = Api(sender, reports=recorder, **{"expected_organization": None} | api)
        origins = Hosts.of("mypurecloud.com", api_url=cloud.url).link_origins
        lookup = Lookup(made, origins)
        yield Client(http, login, made, lookup, limiter, recorder)

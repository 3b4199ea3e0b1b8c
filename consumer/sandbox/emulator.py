"""Genesys Cloud on loopback: login, API and files of a planned world, with the faults of each file and switches.

`POST /_control` changes the switches (see `Switches`), `GET /_control` reports calls and switches as JSON.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ssl
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import orjson
from aiohttp import web
from pydantic import ValidationError

from consumer.sandbox import emulator_answers as answers
from consumer.sandbox.emulator_api import EarlyAnswer, EmulatedApi
from consumer.sandbox.emulator_faults import FAULTS, Fault
from consumer.sandbox.emulator_files import Files
from consumer.sandbox.emulator_state import UNLIMITED, EmulatorState, Switches
from consumer.sandbox.world import ORGANIZATION_ID, World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an emulator listens. With three ports login, API and files have one each."""

    host: str = "127.0.0.1"
    ports: Sequence[int] = (0,)
    tls: ssl.SSLContext | None = None
    advertised: str | None = None  # the base URL that signed links carry, where clients reach it under another name


LOOPBACK = Endpoint()


class Emulator:
    """Serves a world while the context is open. Whoever is in `state.listeners` is told each request as it came."""

    def __init__(
        self,
        world: World,
        endpoint: Endpoint = LOOPBACK,
        *,
        now: Callable[[], float] = time.time,
        faults: Sequence[str] = (),
    ) -> None:
        switches = Switches(organization_id=ORGANIZATION_ID, faults=tuple(faults))
        self.state = EmulatorState(world, switches, now=now)
        self._endpoint = endpoint
        self._runner: web.AppRunner | None = None
        self._urls: list[str] = []

    @property
    def login_url(self) -> str:
        return self._urls[0]

    @property
    def api_url(self) -> str:
        return self._urls[len(self._urls) // 2]

    @property
    def files_url(self) -> str:
        return self._urls[-1]

    async def __aenter__(self) -> Self:
        self._runner = web.AppRunner(application(self.state), access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        here = self._endpoint
        for port in here.ports:
            await web.TCPSite(self._runner, here.host, port, ssl_context=here.tls).start()
        scheme = "https" if here.tls else "http"
        self._urls = [f"{scheme}://{address[0]}:{address[1]}" for address in self._runner.addresses]
        self.state.files_url = here.advertised or self.files_url
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None, "only an open context is left"
        await self._runner.cleanup()


STATE = web.AppKey("state", EmulatorState)


def application(state: EmulatorState) -> web.Application:
    app = web.Application(middlewares=[_counted, _outages, _faults, _api_rules], client_max_size=2**20)
    app[STATE] = state
    app.add_routes([web.get("/_control", _report), web.post("/_control", _control)])
    app.add_routes([web.post("/oauth/token", _login, name="login"), web.get("/login", _login_page, name="login_page")])
    app.add_routes([*EmulatedApi(state).routes(), *Files(state).routes()])
    return app


@web.middleware
async def _counted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Counts each call by its kind, and the answers by part and status."""
    state, part = request.app[STATE], _part(request)
    for listener in state.listeners:
        listener(request)
    if part == "control":
        return await handler(request)
    state.calls[_route(request)] += 1
    try:
        response = await handler(request)
    except ConnectionResetError:  # who asked has gone, and hears nothing
        response = answers.unavailable()
    except web.HTTPException as refused:  # no such route, or no such method on it
        response = answers.not_found() if refused.status == 404 else answers.error(refused.status, "bad.request", "No.")
    state.answers[f"{part} {response.status}"] += 1
    return response


@web.middleware
async def _outages(request: web.Request, handler: Handler) -> web.StreamResponse:
    state, part = request.app[STATE], _host(request)
    mode = getattr(state.switches.outage, part, "off")
    if mode == "unavailable":
        return answers.unavailable()
    while getattr(state.switches.outage, part, "off") == "hang":
        await asyncio.sleep(0.05)
        if request.transport is None:
            break
    if mode != "off" and request.transport is not None:
        request.transport.close()
        return web.Response(status=503)
    return await handler(request)


@web.middleware
async def _faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The first fault that is switched on and meant for this request, in place of its answer."""
    state, route = request.app[STATE], _route(request)
    for name in state.switches.faults:
        fault = FAULTS[name]
        if fault.on in (_host(request), route) and not (fault.once and state.faults_met[name]):
            state.faults_met[name] += 1
            return await _ill(request, fault)
    return await handler(request)


async def _ill(request: web.Request, fault: Fault) -> web.StreamResponse:
    body = fault.body.replace(b"%s", request.app[STATE].new_token().encode())
    if not (fault.ends_early or fault.endless):
        return web.Response(body=body, status=fault.status, headers=fault.headers)
    response = web.StreamResponse(status=fault.status, headers=fault.headers)
    if fault.ends_early:
        response.content_length = len(body) + 100
    await response.prepare(request)
    with suppress(ConnectionError):  # the client has seen enough
        await response.write(body)
        while fault.endless and request.transport is not None:
            await response.write(body)
    if request.transport is not None:
        request.transport.close()
    return response


@web.middleware
async def _api_rules(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Token, limit and headers of every API answer."""
    if _part(request) != "api":
        return await handler(request)
    state = request.app[STATE]
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    problem = _token_problem(state, token)
    calls, reset_s = state.count_call(token) if problem is None else (0, 60)
    limit = state.switches.limit_per_minute
    if problem is not None:
        response: web.StreamResponse = _without_token(request, problem)
    elif limit is not None and calls > limit:
        response = answers.too_many(limit, reset_s)
    else:
        try:
            response = await handler(request)
        except EarlyAnswer as early:
            response = early.response
    response.headers["inin-ratelimit-count"] = str(calls)
    response.headers["inin-ratelimit-allowed"] = str(limit or UNLIMITED)
    response.headers["inin-ratelimit-reset"] = str(reset_s)
    response.headers["ININ-Correlation-Id"] = str(uuid.uuid4())
    return response


def _route(request: web.Request) -> str:
    return (request.match_info.route.name or "unknown").removesuffix("_platform")


def _part(request: web.Request) -> str:
    """Which host of Genesys's a path belongs to; one that is nobody's is asked of the file host, as a probe does."""
    path = request.path
    if path.startswith(("/api/", "/platform/api/")):
        return "api"
    if path.startswith("/_control"):
        return "control"
    return "login" if path in ("/oauth/token", "/login") else "files"


def _host(request: web.Request) -> str:
    """As `_part`, but for a download link that is asked for without a token: its own host is the one of the files."""
    tokenless = "/downloads/" in request.path and "Authorization" not in request.headers
    return "files" if tokenless else _part(request)


def _token_problem(state: EmulatorState, token: str) -> str | None:
    if not token:
        return "authentication.required"
    if token not in state.tokens:
        return "bad.credentials"
    return None if state.now() < state.tokens[token] else "credentials.expired"


def _without_token(request: web.Request, problem: str) -> web.Response:
    """A download without a good token leads to the login page, unless the client asked for an error instead."""
    if "/downloads/" in request.path and request.query.get("redirectToAuth", "true") != "false":
        return web.Response(status=302, headers={"Location": f"{request.url.origin()}/login"})
    return answers.unauthenticated(problem)


async def _login(request: web.Request) -> web.Response:
    """Client credentials by Basic; a secret that was rotated by a switch is wrong from then on."""
    state = request.app[STATE]
    form = await request.post()
    if form.get("grant_type") != "client_credentials":
        return answers.answer({"error": "unsupported_grant_type", "error_description": "unsupported grant"}, 400)
    client_id, secret = _basic(request.headers.get("Authorization", ""))
    if client_id != state.client_id:
        return answers.login_refused("client not found")
    if secret != state.switches.client_secret:
        return answers.login_refused("authentication failed")
    lifetime = state.switches.token_lifetime_s
    return answers.answer({"access_token": state.new_token(), "token_type": "bearer", "expires_in": lifetime})


def _basic(header: str) -> tuple[str, str]:
    try:
        decoded = base64.b64decode(header.removeprefix("Basic "), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    client_id, _, secret = decoded.partition(":")
    return client_id, secret


async def _login_page(_: web.Request) -> web.Response:
    return answers.login_page()


async def _report(request: web.Request) -> web.Response:
    return answers.answer(request.app[STATE].report())


async def _control(request: web.Request) -> web.Response:
    state = request.app[STATE]
    try:
        changes: dict[str, Any] = orjson.loads(await request.read())
        state.switch(changes)
    except ValidationError as wrong:
        return answers.bad_request("; ".join(f"{entry['loc']}: {entry['msg']}" for entry in wrong.errors()))
    except (TypeError, AttributeError, ValueError):
        return answers.bad_request("a JSON object of switches is wanted")
    return answers.answer(state.report())

"""The bearer token: asked for with client credentials, kept, and renewed before it expires.

The credentials are read again at each login, so a secret can be rotated while the service runs.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import anyio
import httpx

from consumer.errors import Failure, Refused, Unavailable
from consumer.genesys.exchange import Answer, exchange, retry_after_s
from consumer.model import Dependency
from consumer.settings.load import Credentials

DEADLINE_S = 30.0
ANSWER_CAP = 64 * 1024
RENEW_BEFORE_S = 300.0  # of a day's token; of a short-lived one a tenth of its life


class Reports(Protocol):
    def called(self, call: str, status: int | None) -> None:
        """One call ended; without an answer, `status` is None."""

    def token_renewed(self, lifetime_s: float) -> None: ...


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    renew_at: float
    expires_at: float


class Login:
    """Gives tokens. However many ask, one login runs at a time, and those who wait share how it ends."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        credentials: Credentials,
        *,
        now: Callable[[], float] = time.monotonic,
        reports: Reports,
    ) -> None:
        """`http` has the login host as its base URL; `credentials` gives client id and secret."""
        self._http = http
        self._credentials = credentials
        self._now = now
        self._reports = reports
        self._turn = anyio.Lock()
        self._token: _Token | None = None
        self._logins = 0
        self._failure: Failure | None = None

    async def token(self) -> str:
        """A token that is good for a while. Raises `Refused` for wrong credentials, `Unavailable`."""
        token = self._token
        if token is not None and self._now() < token.renew_at:
            return token.value
        try:
            return await self._login(spent=token)
        except Unavailable:
            if token is not None and self._now() < token.expires_at:
                return token.value  # renewing early is a courtesy: the old one still works
            raise

    async def renewed(self, refused: str) -> str:
        """A token that is not `refused`, which the API answered with 401."""
        token = self._token
        if token is not None and token.value != refused:
            return token.value
        self._token = None  # however long it was to last: else a login that is down looks as if it answered
        return await self._login(spent=token)

    async def _login(self, spent: _Token | None) -> str:
        asked = self._logins
        async with self._turn:
            if self._token is not None and self._token is not spent:
                return self._token.value
            if self._logins > asked and self._failure is not None:
                raise self._failure.with_traceback(None)  # it began after we asked, so it is our answer too
            self._logins += 1
            self._failure = None
            try:
                self._token = await self._ask()
            except Failure as failure:
                self._failure = failure
                raise
            return self._token.value

    async def _ask(self) -> _Token:
        client_id, secret = self._credentials()
        request = self._http.build_request(
            "POST",
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            headers={"accept": "application/json", "accept-encoding": "identity"},
        )
        basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode("ascii")
        request.headers["authorization"] = f"Basic {basic}"
        began = self._now()
        try:
            answer = await exchange(self._http, Dependency.LOGIN, request, deadline_s=DEADLINE_S, cap=ANSWER_CAP)
        except Failure:
            self._reports.called("token", None)
            raise
        self._reports.called("token", answer.status)
        return self._read(answer, began)

    def _read(self, answer: Answer, began: float) -> _Token:
        _raise_for(answer)
        said = answer.object() or {}
        value, lifetime_s = said.get("access_token"), said.get("expires_in")
        if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value or not value:
            raise Unavailable(Dependency.LOGIN, "the login host answered without a token")
        if not isinstance(lifetime_s, int | float) or isinstance(lifetime_s, bool) or lifetime_s <= 0:
            raise Unavailable(Dependency.LOGIN, "the login host answered without the token's lifetime")
        self._reports.token_renewed(lifetime_s)
        margin = min(RENEW_BEFORE_S, lifetime_s / 10)
        return _Token(value, renew_at=began + lifetime_s - margin, expires_at=began + lifetime_s)


def _raise_for(answer: Answer) -> None:
    status, code = answer.status, answer.code or "no code"
    if status == 429:
        raise Unavailable(
            Dependency.LOGIN, "too many logins", retry_after_s=retry_after_s(answer.headers, limited=True)
        )
    if status >= 500 or status == 408:
        raise Unavailable(Dependency.LOGIN, f"the login host answered {status}{answer.trace}")
    if status in (400, 401, 403):
        raise Refused(
            Dependency.LOGIN,
            f"the login host refuses the client credentials ({status}, {code}): check GENESYS_CLIENT_ID, "
            f"GENESYS_CLIENT_SECRET, that the client is active, and that GENESYS_REGION is its region{answer.trace}",
        )
    if status != 200:
        raise Refused(
            Dependency.LOGIN,
            f"the login host answered {status} to POST /oauth/token: check GENESYS_REGION and GENESYS__LOGIN_URL",
        )

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
from consumer.genesys.answers import Judged, Meaning, Reply, settled_by, told_trace
from consumer.genesys.exchange import DEADLINE_S, exchange, retry_after_s
from consumer.genesys.holds import LONGEST_S, TRY_S
from consumer.genesys.login_answers import judge_login
from consumer.model import Dependency
from consumer.model.heard import Asked
from consumer.settings.load import Credentials

ANSWER_CAP = 64 * 1024
RENEW_BEFORE_S = 300.0  # of a day's token; of a short-lived one a tenth of its life
PAUSE_S = 30.0  # after a limit that does not say how long
ASKED = Asked("token", "")  # every login is the same question


class Reports(Protocol):
    def called(self, call: str, status: int | None) -> None:
        """One call ended; without an answer, `status` is None."""

    def heard(self, dependency: Dependency, asked: Asked) -> None:
        """Genesys itself answered what was asked, be it that there is no such thing."""

    def new_code(self, call: str, code: str) -> None:
        """Genesys said an error code that nobody listed."""

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
        self.token_since = float("-inf")  # when the last one was asked for
        self._logins = 0
        self._failure: Failure | None = None
        self._limited_until = float("-inf")

    @property
    def latest(self) -> str | None:
        """The token that is known to be good, as far as anybody heard; None while there is none."""
        return self._token.value if self._token is not None else None

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
            if self._failure is not None and self._now() < self._limited_until:
                raise self._failure.with_traceback(None)
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
        basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode("ascii")
        request = self._http.build_request(
            "POST",
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            headers={"accept": "application/json", "accept-encoding": "identity", "authorization": f"Basic {basic}"},
        )
        began = self._now()
        try:
            answer = await exchange(
                self._http, Dependency.LOGIN, request, asked=ASKED, deadline_s=DEADLINE_S, cap=ANSWER_CAP
            )
        except Failure:
            self._reports.called("token", None)
            raise
        self._reports.called("token", answer.status)
        return self._read(answer, began)

    def _read(self, answer: Reply, began: float) -> _Token:
        judged, token = judge_login(answer)
        if judged.is_new:
            self._reports.new_code("token", judged.code)
        if token is None:
            raise self._failure_of(judged)
        self._reports.heard(Dependency.LOGIN, ASKED)
        self._reports.token_renewed(token.lifetime_s)
        margin = min(RENEW_BEFORE_S, token.lifetime_s / 10)
        ends = began + token.lifetime_s
        self.token_since = began
        return _Token(token.value, renew_at=ends - margin, expires_at=ends)

    def _failure_of(self, judged: Judged) -> Failure:
        said = f"{judged.status} {judged.code}".strip()
        trace = told_trace(judged.answer)
        settled = settled_by("token", judged)
        wait_s = retry_after_s(judged.answer.headers, limited=judged.meaning is Meaning.LIMITED)
        match judged.meaning:
            case Meaning.REFUSED:
                detail = (
                    f"the login host refuses the client credentials ({said}): check GENESYS_CLIENT_ID, "
                    f"GENESYS_CLIENT_SECRET, that the client is active, and that GENESYS_REGION is its region{trace}"
                )
                return Refused(Dependency.LOGIN, detail, asked=ASKED, settled=settled)
            case Meaning.LIMITED:
                wait_s = min(wait_s or PAUSE_S, LONGEST_S)
                self._limited_until = self._now() + min(wait_s, TRY_S)
                detail = f"too many logins: the login host asks for {wait_s:g} s ({said}){trace}"
            case Meaning.DOWN:
                detail = f"the login host answered {said}{trace}"
            case _:
                detail = (
                    f"what answers in place of the login host is not Genesys Cloud (HTTP {judged.status}): look for a "
                    "proxy or a portal, and check GENESYS_REGION and GENESYS__LOGIN_URL"
                )
        return Unavailable(Dependency.LOGIN, detail, retry_after_s=wait_s, asked=ASKED, settled=settled)

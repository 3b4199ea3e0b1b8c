"""How a call is made: with the token, at its turn, its answer judged, a refused token renewed once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import httpx
import orjson

from consumer.errors import Failure, Refused, Throttled, Unavailable
from consumer.genesys.answers import SHAPES, Judged, Meaning, judge, settled_by, told_trace
from consumer.genesys.exchange import DEADLINE_S, exchange, retry_after_s
from consumer.genesys.holds import LONGEST_S, RateLimit
from consumer.genesys.limiter import Begun, Limiter
from consumer.genesys.login import Login
from consumer.model import Dependency
from consumer.model.heard import Asked
from consumer.model.latest import remember

ANSWER_CAP = 16 * 1024 * 1024
PAUSE_S = 5.0  # after a 429 that does not say how long
KNOWN = 16_384  # questions: what is answered once more may come from a cache, and proves nothing to others
SHOWS_FILES = "shows files"  # in place of a call's name: `download`, answered with where a file is

Content = Callable[[], bytes | None]


class Reports(Protocol):
    def called(self, call: str, status: int | None) -> None:
        """One call ended; without an answer, `status` is None."""

    def heard(self, dependency: Dependency, asked: Asked) -> None:
        """Genesys itself answered, for the first time, what was asked, be it that there is no such thing."""

    def new_code(self, call: str, code: str) -> None:
        """Genesys said an error code that nobody listed."""


@dataclass(frozen=True, slots=True)
class Call:
    name: str  # of `answers.SHAPES`, and the metric's label
    method: str
    path: str
    content: Content | None = None  # asked for when the call has its turn, so that late needs still get in
    of: str = ""  # the id that a good answer carries
    ids: Callable[[], Sequence[str]] | None = None  # in place of `content` and `of`: what a bulk call sends as its JSON
    conversation: str = ""  # whose question it is
    repeatable: bool = True  # if not, only what was certainly not done is tried again
    probes: bool = False  # it asks for what can't exist: it is nobody's question
    is_new: bool = False  # what it asks for: that it is there proves something for others that are new

    @property
    def asked(self) -> Asked:
        return Asked("probe", "") if self.probes else Asked(self.name, self.conversation)

    @property
    def question(self) -> int:
        """The same for its repeats."""
        return hash((self.path, *(self.ids() if self.ids else ())))

    @property
    def about(self) -> str:
        """What may not be there: the message, if it asks for one, else the conversation."""
        return self.of if self.name == "message" else self.conversation


class Sender:
    """`http` has the API as its base URL and may send to nothing else; it gets the token, and nobody else does."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        login: Login,
        limiter: Limiter,
        *,
        reports: Reports,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._http = http
        self._login = login
        self._limiter = limiter
        self._reports = reports
        self._deadline_s = deadline_s
        self._good: dict[str, Call] = {}  # the last of each name that was answered with what it asked for
        self._answered: dict[int, bool] = {}  # questions that did not fail since, and what was there

    @property
    def base_url(self) -> str:
        return str(self._http.base_url)

    @property
    def token_since(self) -> float:
        """When the login was asked for the present token."""
        return self._login.token_since

    async def send(self, call: Call) -> Judged:
        """The answer; where a token was refused, the answer to a second try with a new one.

        It is answered, refused (but for a 401), limited, down or not Genesys's. Raises `Unavailable` without an answer,
        and `Refused` for the login where the new token is refused too.
        """
        judged, token = await self._once(call, await self._login.token())
        if _refuses_token(judged):
            judged, _ = await self._once(call, await self._login.renewed(token))
            if _refuses_token(judged):
                raise self._refused(call, judged)
        return judged

    def _refused(self, call: Call, judged: Judged) -> Refused:
        detail = f"the API refuses a new token: {said_of(call, judged)}"
        return Refused(Dependency.LOGIN, detail, asked=call.asked, settled=settled_by(call.name, judged))

    async def _once(self, call: Call, token: str) -> tuple[Judged, str]:
        """With the token that was sent: who waits for a turn may do so for longer than the one at hand lasts."""
        begun = await self._limiter.turn(call.name, call.conversation, call.about)
        token = self._login.latest or token
        status: int | None = None
        judged: Judged | None = None
        try:
            answer = await exchange(
                self._http,
                Dependency.API,
                self._request(call, token),
                asked=call.asked,
                deadline_s=self._deadline_s,
                cap=ANSWER_CAP,
            )
            status = answer.status
            judged = judge(answer, SHAPES[call.name], call.ids() if call.ids else (call.of,), self.base_url)
        finally:
            self._reports.called("probe" if call.probes else call.name, status)
            if judged is None:
                self._limiter.lost(begun)
                self._answered.pop(call.question, None)
        self._note(call, judged, begun)
        return judged, token

    def _note(self, call: Call, judged: Judged, begun: Begun) -> None:
        headers = judged.answer.headers
        answered = judged.meaning is Meaning.ANSWERED
        told = {} if judged.meaning is Meaning.NOT_GENESYS else headers  # nobody else knows what is allowed
        self._limiter.answered(call.name, begun, told, good=answered)
        if judged.meaning is Meaning.LIMITED:
            seconds = retry_after_s(headers, limited=True) or PAUSE_S
            self._limiter.limited(call.name, _limit_of(judged), seconds)
        if judged.is_new:
            self._reports.new_code(call.name, judged.code)
        if call.probes:
            return
        before = self._answered.pop(call.question, None)
        if answered:
            remember(self._answered, call.question, judged.found, KNOWN)
            self._limiter.told(call.name, call.about, there=judged.found)
            self._note_answered(call, judged.found, news=before is not judged.found)

    def _note_answered(self, call: Call, found: bool, news: bool) -> None:
        if news:
            self._reports.heard(Dependency.API, call.asked)
        if news and found and call.name == "download":
            asked = Asked(SHOWS_FILES, call.conversation)
            self._reports.heard(Dependency.API, asked)
            if call.is_new:
                self._reports.heard(Dependency.API, asked.of_new)
        if found and call.repeatable:
            self._good[call.name] = call

    async def prove(self, name: str) -> None:
        """Asks again what was answered last to this call, beside what can't exist. Raises the failure if it is the
        call. That it is answered proves nothing to several that fail: what is new may fail all the same."""
        good = self._good.get(name)
        if good is None:
            return
        call = replace(good, probes=True)
        judged = await self.send(call)
        if judged.meaning not in (Meaning.ANSWERED, Meaning.REFUSED):  # another's divisions may have changed since
            raise failure_of(call, judged)

    def _request(self, call: Call, token: str) -> httpx.Request:
        content = orjson.dumps(list(call.ids())) if call.ids else call.content() if call.content else None
        headers = {"authorization": f"Bearer {token}", "accept": "application/json", "accept-encoding": "identity"}
        if content is not None:
            headers["content-type"] = "application/json"
        return self._http.build_request(call.method, call.path, content=content, headers=headers)


def failure_of(call: Call, judged: Judged) -> Failure:
    """What an answer that is down, limited or not Genesys's means for whoever asked."""
    said, settled = said_of(call, judged), settled_by(call.name, judged)
    headers = judged.answer.headers
    if judged.meaning is Meaning.LIMITED:
        wait_s = min(retry_after_s(headers, limited=True) or PAUSE_S, LONGEST_S)
        return Throttled(Dependency.API, said, retry_after_s=wait_s, asked=call.asked, settled=settled)
    if judged.meaning is not Meaning.DOWN:
        said = f"what answers in place of the API is not Genesys Cloud: {said}"
    wait = retry_after_s(headers)
    return Unavailable(Dependency.API, said, retry_after_s=wait, asked=call.asked, settled=settled)


def said_of(call: Call, judged: Judged) -> str:
    return f"the API answered {f'{judged.status} {judged.code}'.strip()} to {call.name}{told_trace(judged.answer)}"


def _refuses_token(judged: Judged) -> bool:
    return judged.meaning is Meaning.REFUSED and (judged.status == 401 or judged.status < 400)


def _limit_of(judged: Judged) -> RateLimit:
    limit = judged.said.get("limit")
    key = limit.get("key") if isinstance(limit, dict) else None
    namespace = limit.get("namespace") if isinstance(limit, dict) else None
    if not isinstance(key, str) or not key:
        return RateLimit()
    return RateLimit(f"{namespace}/{key}"[:200] if isinstance(namespace, str) else key[:200])

"""The calls to the Genesys Cloud API, each with the token, its turn of the rate limit, and its errors by remedy."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from consumer.errors import Failure, NotJudged, NotYet, Refused, Throttled, Unavailable
from consumer.genesys.exchange import Answer, exchange, retry_after_s
from consumer.genesys.limiter import Limiter
from consumer.genesys.login import Login, Reports
from consumer.http.urls import redirect_target
from consumer.model import DeadReason, Dependency, Reason
from consumer.wire.fields import ID, host_and_path_of

DEADLINE_S = 30.0
ANSWER_CAP = 16 * 1024 * 1024
BULK_IDS = 1_000
PAUSE_S = 5.0  # after a 429 that does not say how long
NOT_FOUND_RUN = 20
DENIED_MEMORY_S = 60.0
NIL = "00000000-0000-0000-0000-000000000000"

Json = dict[str, Any]
Content = Callable[[], bytes | None]

CONVERSATIONS = "/api/v2/conversations"
MESSAGES = "/api/v2/conversations/messages"
AGENTLESS = f"{MESSAGES}/agentless"
# The same permission, asked for something that can't exist: 403 means that it is missing, 404 that it is there.
PERMISSION_PROBES = {
    "conversation": f"{CONVERSATIONS}/{NIL}",
    "message": f"{MESSAGES}/{NIL}/messages/{NIL}",
    "messages": f"{MESSAGES}/{NIL}/messages/{NIL}",
    "media": f"{MESSAGES}/{NIL}/messages/{NIL}",
}
PERMISSIONS = re.compile(r"\[([a-zA-Z0-9:_, *-]{1,400})\]")


class Missing(NotYet):
    """404: the API does not know it, or not yet."""


@dataclass(frozen=True, slots=True)
class Call:
    name: str  # the metric's label
    method: str
    path: str
    content: Content = lambda: None  # asked for when the call has its turn, so that late needs still get in
    params: tuple[tuple[str, str], ...] = ()
    repeatable: bool = True  # if not, only what was certainly not done is tried again


class Api:
    """`http` has the API as its base URL and may send to nothing else; it gets the token, and nobody else does."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        login: Login,
        limiter: Limiter,
        *,
        expected_organization: str | None,
        reports: Reports,
        now: Callable[[], float] = time.monotonic,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._http = http
        self._login = login
        self._limiter = limiter
        self._expected_organization = expected_organization
        self._now = now
        self._reports = reports
        self._deadline_s = deadline_s
        self._not_found = 0
        self._denied: dict[str, tuple[float, bool]] = {}

    # ---- the calls. All raise `Missing` for 404 and the failures of `_checked`.

    async def conversation(self, conversation_id: str, begun: Callable[[], object] = lambda: None) -> Json:
        """`begun` is called when the call has its turn."""

        def content() -> None:
            begun()

        return await self._json(Call("conversation", "GET", f"{CONVERSATIONS}/{_part(conversation_id)}", content))

    async def message(self, conversation_id: str, message_id: str) -> Json:
        path = f"{MESSAGES}/{_part(conversation_id)}/messages/{_part(message_id)}"
        return await self._json(Call("message", "GET", path))

    async def message_details(self, message_id: str) -> Json:
        return await self._json(Call("message", "GET", f"{MESSAGES}/{_part(message_id)}/details"))

    async def messages(self, conversation_id: str, ids: Callable[[], Sequence[str]]) -> list[Json]:
        """Bulk, 1,000 ids a call. `ids` is asked when the call has its turn, and may then not change any more."""
        path = f"{MESSAGES}/{_part(conversation_id)}/messages/bulk"
        entities: list[Json] = []
        begin = 0
        while begin == 0 or begin < len(ids()):
            piece = partial(_piece, ids, begin)
            listed = (await self._json(Call("messages", "POST", path, piece))).get("entities")
            entities += [entity for entity in listed if isinstance(entity, dict)] if isinstance(listed, list) else []
            begin += BULK_IDS
        return entities

    async def media(self, conversation_id: str, communication_id: str, media_id: str) -> Json:
        communication = f"{_part(conversation_id)}/communications/{_part(communication_id)}"
        return await self._json(Call("media", "GET", f"{MESSAGES}/{communication}/messages/media/{_part(media_id)}"))

    async def download_url(self, download_id: str) -> str:
        """Where the file behind a download link is now: a signed URL, good for minutes, fetched without a token."""
        params = (("issueRedirect", "false"), ("redirectToAuth", "false"))
        call = Call("download", "GET", f"/api/v2/downloads/{_part(download_id)}", params=params)
        answer = await self._send(call)
        location: str | None = answer.headers.get("location")
        if 300 <= answer.status < 400 and location and not self._asks_to_log_in(answer):
            self._not_found = 0
            return redirect_target(str(self._http.base_url), location)
        if self._asks_to_log_in(answer):
            detail = "the API answers a download link with a login page"
            raise NotYet(Dependency.API, detail, final=Reason.HTML_PAGE)
        url = (await self._checked(call, answer)).get("url")
        if not isinstance(url, str) or not url:
            raise NotYet(Dependency.API, "the API resolved a download link to nothing")
        return url

    async def send_message(self, body: Json) -> None:
        """The agentless message. Not idempotent: only after `Throttled` is it certain that nothing was sent."""
        await self._done(Call("notify", "POST", AGENTLESS, lambda: orjson.dumps(body), repeatable=False))

    async def check_sending(self) -> None:
        """Raises `Refused` if the permission to send messages is missing; an empty one is never sent."""
        answer = await self._send(Call("notify", "POST", AGENTLESS, lambda: b"{}"))
        if answer.status == 403:
            raise Refused(Dependency.API, _what_is_missing(answer))

    async def set_attributes(self, conversation_id: str, participant_id: str, attributes: dict[str, str]) -> None:
        """Flows may act on each change, so that this as well is done once only."""
        path = f"{CONVERSATIONS}/{_part(conversation_id)}/participants/{_part(participant_id)}/attributes"
        body = orjson.dumps({"attributes": attributes})
        await self._done(Call("notify", "PATCH", path, lambda: body, repeatable=False))

    async def organization(self) -> str:
        """The id of the organisation that the credentials belong to."""
        answer = await self._json(Call("probe", "GET", "/api/v2/tokens/me"))
        organization = answer.get("organization")
        found = organization.get("id") if isinstance(organization, dict) else None
        if not isinstance(found, str) or not found:
            raise Unavailable(Dependency.API, "the API does not say whose token it is")
        return found

    async def check_access(self) -> str:
        """For the start and for probes: the organisation's id. Raises `Refused` with what exactly is missing."""
        organization = await self._check_organization()
        for name in ("conversation", "messages"):
            answer = await self._send(Call("probe", "GET", PERMISSION_PROBES[name]))
            if answer.status == 403:
                raise Refused(Dependency.API, _what_is_missing(answer))
            if answer.status not in (400, 404):
                await self._checked(Call(name, "GET", ""), answer)
        return organization

    # ---- how they are made

    async def _json(self, call: Call) -> Json:
        return await self._checked(call, await self._send(call))

    async def _done(self, call: Call) -> None:
        """For calls whose good answer may be empty."""
        answer = await self._send(call)
        if not 200 <= answer.status < 300 or answer.is_html:
            await self._checked(call, answer)

    async def _send(self, call: Call) -> Answer:
        """The answer; where it is a 401 or asks to log in, the answer to a second try with a new token.

        A page in place of an answer (200) proves nothing: the call may well have been done.
        """
        token = await self._login.token()
        answer = await self._once(call, token)
        asks_to_log_in = self._asks_to_log_in(answer) and (call.repeatable or answer.status != 200)
        if answer.status == 401 or asks_to_log_in:
            answer = await self._once(call, await self._login.renewed(token))
        return answer

    async def _once(self, call: Call, token: str) -> Answer:
        await self._limiter.turn()
        status: int | None = None
        try:
            request = self._request(call, token)
            answer = await exchange(self._http, Dependency.API, request, deadline_s=self._deadline_s, cap=ANSWER_CAP)
            status = answer.status
        finally:
            self._reports.called(call.name, status)
            if status is None:
                self._limiter.lost()
        self._limiter.answered(answer.headers)
        if status == 429:
            self._limiter.pause(retry_after_s(answer.headers, limited=True) or PAUSE_S)
        return answer

    def _request(self, call: Call, token: str) -> httpx.Request:
        content = call.content()
        headers = {"authorization": f"Bearer {token}", "accept": "application/json", "accept-encoding": "identity"}
        if content is not None:
            headers["content-type"] = "application/json"
        return self._http.build_request(
            call.method, call.path, params=call.params or None, content=content, headers=headers
        )

    def _asks_to_log_in(self, answer: Answer) -> bool:
        """What comes in place of a 401 where the API redirects browsers to log in."""
        if answer.status == 200 and answer.is_html:
            return True
        if not 300 <= answer.status < 400:
            return False
        host, path = host_and_path_of(answer.headers.get("location", ""))
        return host.startswith("login.") or path.rstrip("/").endswith("/login")

    # ---- what their answers mean

    async def _checked(self, call: Call, answer: Answer) -> Json:
        """The JSON of a good answer. Raises by remedy, with what a person needs to know and nothing that is secret."""
        status = answer.status
        if 200 <= status < 300:
            self._not_found = 0
            found = answer.object()
            if found is None:
                raise NotYet(Dependency.API, f"the API answered {call.name} with something that is no JSON object")
            return found
        said = f"the API answered {status} {answer.code} to {call.name}{answer.trace}"
        if status == 401:
            raise Refused(Dependency.API, f"the API refuses a new token: {said}")
        if status == 403:
            raise await self._forbidden(call, answer)
        if status in (404, 405, 410, 501):
            await self._note_not_found()
            raise Missing(Dependency.API, said, dead=DeadReason.NOT_FOUND)
        if status == 429:
            raise Throttled(Dependency.API, said, retry_after_s=retry_after_s(answer.headers, limited=True) or PAUSE_S)
        if status in (400, 422):
            raise NotJudged(DeadReason.NO_IDS, f"the API does not take these ids: {said}")
        if status in (408, 425) or status >= 500:
            raise Unavailable(Dependency.API, said, retry_after_s=retry_after_s(answer.headers))
        raise NotYet(Dependency.API, said)

    async def _forbidden(self, call: Call, answer: Answer) -> Failure:
        if answer.code.startswith("missing.") and await self._is_denied(call.name):
            return Refused(Dependency.API, _what_is_missing(answer))
        return NotJudged(DeadReason.FORBIDDEN, _what_is_missing(answer))

    async def _is_denied(self, name: str) -> bool:
        """Whether the permission for calls of this name is missing altogether, not for this conversation alone."""
        probe = PERMISSION_PROBES.get(name)
        if probe is None:
            return False
        asked_at, denied = self._denied.get(name, (float("-inf"), False))
        if self._now() - asked_at > DENIED_MEMORY_S:
            denied = (await self._send(Call("probe", "GET", probe))).status == 403
            self._denied[name] = (self._now(), denied)
        return denied

    async def _note_not_found(self) -> None:
        """A long run of nothing but 404s looks like the wrong organisation: ask, before any becomes an answer."""
        self._not_found += 1
        if self._not_found >= NOT_FOUND_RUN:
            self._not_found = 0
            await self._check_organization()

    async def _check_organization(self) -> str:
        found, expected = await self.organization(), self._expected_organization
        if expected is not None and found != expected:
            raise Refused(
                Dependency.API,
                f"the credentials belong to organisation {found[:64]}, and the events to {expected}: "
                "check GENESYS_CLIENT_ID and GENESYS__ORGANIZATION_ID",
            )
        return found


def _piece(ids: Callable[[], Sequence[str]], begin: int) -> bytes:
    return orjson.dumps(list(ids()[begin : begin + BULK_IDS]))


def _part(raw: str) -> str:
    """An id as one segment of a path. What could be more than one segment never gets there."""
    if ID.fullmatch(raw) is None:
        raise NotJudged(DeadReason.NO_IDS, "an id that can't be part of a path")
    return quote(raw, safe="")


def _what_is_missing(answer: Answer) -> str:
    said = (answer.object() or {}).get("message")
    found = PERMISSIONS.search(said) if isinstance(said, str) else None
    if found:
        return f"the OAuth client's roles lack one of these permissions: {found.group(1)}{answer.trace}"
    return f"the OAuth client may not read this: its roles or divisions do not cover it ({answer.code}){answer.trace}"

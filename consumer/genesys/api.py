"""The calls to the Genesys Cloud API, and what their answers mean, by remedy."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Protocol
from urllib.parse import quote

import anyio
import orjson

from consumer.errors import Failure, NotJudged, NotYet, Refused, RefusedAlone, Unavailable
from consumer.genesys import refusals, sender
from consumer.genesys.answers import Judged, Meaning, settled_by, told_trace
from consumer.genesys.refusals import Refusals
from consumer.genesys.sender import Call, Sender, failure_of, said_of
from consumer.model import DeadReason, Dependency
from consumer.model.resting import AGAIN
from consumer.wire.fields import ID, Json

BULK_IDS = 1_000
NOT_FOUND_RUN = 20
NIL = "00000000-0000-0000-0000-000000000000"
RESOLVED = "issueRedirect=false&redirectToAuth=false"

CONVERSATIONS = "/api/v2/conversations"
MESSAGES = "/api/v2/conversations/messages"
DOWNLOADS = "/api/v2/downloads"
AGENTLESS = f"{MESSAGES}/agentless"
ANALYTICS = "/api/v2/analytics/conversations/details/query"
WHO = Call("probe", "GET", "/api/v2/tokens/me", probes=True)
# Each call, asked for what can't exist: refused it means that the permission is missing, not found that it is there.
PROBES = {
    "conversation": Call("conversation", "GET", f"{CONVERSATIONS}/{NIL}", of=NIL, probes=True),
    "message": Call("message", "GET", f"{MESSAGES}/{NIL}/messages/{NIL}", of=NIL, probes=True),
    "details": Call("details", "GET", f"{MESSAGES}/{NIL}/details", of=NIL, probes=True),
    "messages": Call("messages", "POST", f"{MESSAGES}/{NIL}/messages/bulk", ids=lambda: (NIL,), probes=True),
    "media": Call("media", "GET", f"{MESSAGES}/{NIL}/communications/{NIL}/messages/media/{NIL}", of=NIL, probes=True),
    "download": Call("download", "GET", f"{DOWNLOADS}/{NIL}?{RESOLVED}", probes=True),
}
ALWAYS_PROBED = ("conversation", "messages")
PERMISSIONS = re.compile(r"\[([a-zA-Z0-9:_, *-]{1,400})\]")


class Missing(NotYet):
    """404: the API does not know it, or not yet."""


class Reports(sender.Reports, refusals.Reports, Protocol):
    """Of the calls, and of how many are refused."""


class Api:
    """Each call by its name. `expected_organization`: whose token it has to be; None: that of the first."""

    def __init__(
        self,
        sender: Sender,
        *,
        expected_organization: str | None,
        reports: Reports,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._sender = sender
        self.refusals = Refusals(self._ask_for_nothing, reports=reports, now=now, sleep=sleep)
        self._expected_organization = expected_organization
        self._not_found = 0
        self._checking, self._now, self._right_at = anyio.Lock(), now, float("-inf")  # of the organisation

    # ---- the calls. All raise `Missing` for what is not there, and the failures of `_checked`.

    async def conversation(self, conversation_id: str, begun: Callable[[], None] | None = None) -> Json:
        """`begun`, if there is one, is called when the call has its turn."""
        path = f"{CONVERSATIONS}/{_part(conversation_id)}"
        call = Call("conversation", "GET", path, begun, of=conversation_id, conversation=conversation_id)
        return await self._json(call)

    async def message(self, conversation_id: str, message_id: str) -> Json:
        path = f"{MESSAGES}/{_part(conversation_id)}/messages/{_part(message_id)}"
        return await self._json(Call("message", "GET", path, of=message_id, conversation=conversation_id))

    async def message_details(self, message_id: str) -> Json:
        path = f"{MESSAGES}/{_part(message_id)}/details"
        return await self._json(Call("details", "GET", path, of=message_id, conversation=message_id))

    async def messages(self, conversation_id: str, ids: Callable[[], Sequence[str]]) -> list[Json]:
        """Bulk, 1,000 ids a call. `ids` is asked when the call has its turn, and may then not change any more."""
        path = f"{MESSAGES}/{_part(conversation_id)}/messages/bulk"
        entities: list[Json] = []
        begin = 0
        while begin == 0 or begin < len(ids()):
            piece = partial(_piece, ids, begin)
            call = Call("messages", "POST", path, ids=piece, conversation=conversation_id)
            listed = (await self._json(call))["entities"]
            entities += [entity for entity in listed if isinstance(entity, dict)]
            begin += BULK_IDS
        return entities

    async def media(self, conversation_id: str, communication_id: str, media_id: str) -> Json:
        communication = f"{_part(conversation_id)}/communications/{_part(communication_id)}"
        path = f"{MESSAGES}/{communication}/messages/media/{_part(media_id)}"
        return await self._json(Call("media", "GET", path, of=media_id, conversation=conversation_id))

    async def download_url(self, download_id: str, conversation_id: str, *, is_new: bool) -> str:
        """Where the file behind a download link is now: a signed URL, good for minutes, fetched without a token."""
        path = f"{DOWNLOADS}/{_part(download_id)}?{RESOLVED}"
        call = Call("download", "GET", path, conversation=conversation_id, is_new=is_new)
        judged = await self._sender.send(call)
        if judged.location is not None:
            self._note_found()
            return judged.location
        url: str = (await self._checked(call, judged))["url"]
        return url

    async def send_message(self, body: Json) -> None:
        """The agentless message. Not idempotent: only after `Throttled` is it certain that nothing was sent."""
        await self._done(Call("notify", "POST", AGENTLESS, lambda: orjson.dumps(body), repeatable=False))

    async def check_sending(self) -> None:
        """Raises `Refused` if the permission to send messages is missing; an empty one is never sent."""
        call = Call("notify", "POST", AGENTLESS, lambda: b"{}", probes=True)
        judged = await self._sender.send(call)
        if judged.status == 403 and judged.meaning is Meaning.REFUSED:
            raise Refused(Dependency.API, what_is_missing(judged), asked=call.asked)
        if judged.meaning not in (Meaning.ANSWERED, Meaning.REFUSED):
            raise failure_of(call, judged)

    async def set_attributes(self, conversation_id: str, participant_id: str, attributes: dict[str, str]) -> None:
        """Flows may act on each change, so that this as well is done once only."""
        path = f"{CONVERSATIONS}/{_part(conversation_id)}/participants/{_part(participant_id)}/attributes"
        body = orjson.dumps({"attributes": attributes})
        await self._done(Call("notify", "PATCH", path, lambda: body, repeatable=False))

    async def conversations(self, query: Json) -> list[Json]:
        """One page of the analytics query about conversations; an empty one is the end. Raises `Refused` where the
        permission is missing, or the query is not one that is taken."""
        call = Call("analytics", "POST", ANALYTICS, lambda: orjson.dumps(query))
        judged = await self._sender.send(call)
        if judged.meaning is Meaning.REFUSED:
            detail = what_is_missing(judged) if judged.status == 403 else said_of(call, judged)
            raise Refused(Dependency.API, detail, asked=call.asked, settled=settled_by(call.name, judged))
        if not judged.found:
            raise failure_of(call, judged)
        listed = [talk for talk in judged.said.get("conversations", []) if isinstance(talk, dict)]
        hits, paging = judged.said.get("totalHits"), query["paging"]
        if not listed and isinstance(hits, int) and hits > paging["pageSize"] * (paging["pageNumber"] - 1):
            detail = "the API counts conversations that it does not list"
            raise Unavailable(Dependency.API, detail, asked=call.asked, settled=settled_by(call.name, judged))
        return listed

    async def organization(self) -> str:
        """The id of the organisation that the credentials belong to."""
        judged = await self._sender.send(WHO)
        if judged.meaning is Meaning.REFUSED:
            detail = f"the API refuses this client, or the address that it calls from: {said_of(WHO, judged)}"
            raise Refused(Dependency.API, detail, asked=WHO.asked, settled=settled_by("probe", judged))
        if not judged.found:
            raise failure_of(WHO, judged)
        found: str = judged.said["organization"]["id"]
        return found

    async def probed(self, call: str) -> Judged:
        """The answer about what can't exist (of `probe`: whose token it is), whatever it means. Raises without one."""
        return await self._sender.send(PROBES.get(call, WHO))

    async def check_access(self, calls: Collection[str] = ()) -> str:
        """For the start and for probes: the organisation's id. `calls` are asked as well, for what can't exist.

        Raises `Refused` with what exactly is missing, and the failure of whatever does not answer.
        """
        organization = await self._check_organization()
        for name in dict.fromkeys((*ALWAYS_PROBED, *(call for call in calls if call in PROBES))):
            await self._ask_for_what_is_not_there(name, strict=False)
        for name in calls:
            await self._sender.prove(name)
        self.refusals.forget()
        return organization

    async def check_login(self, calls: Collection[str]) -> frozenset[str]:
        """Of `calls`, which were refused with a new token, those that are answered now.

        Raises `Refused` or `Unavailable` while there is no token that the API takes.
        """
        probed = PROBES.keys() & calls
        try:
            await self.organization()
            for name in probed:
                await self._ask_for_what_is_not_there(name, strict=False)
                await self._sender.prove(name)
        except (Refused, Unavailable) as failure:
            if failure.dependency is Dependency.LOGIN:
                raise
            return frozenset()  # there is a token: what else the API says is for its own gate
        return frozenset(probed)

    # ---- how they are made, and what their answers mean

    async def _json(self, call: Call) -> Json:
        return await self._checked(call, await self._sender.send(call))

    async def _done(self, call: Call) -> None:
        """For calls that change something. A refusal is theirs alone: they are never asked again to find out."""
        judged = await self._sender.send(call)
        if judged.meaning is Meaning.REFUSED:
            reason = DeadReason.FORBIDDEN if judged.status == 403 else DeadReason.NO_IDS
            raise NotJudged(reason, what_is_missing(judged), settled=settled_by(call.name, judged))
        if not judged.found:
            raise await self._missing(call, judged) if judged.meaning is Meaning.ANSWERED else failure_of(call, judged)

    async def _checked(self, call: Call, judged: Judged) -> Json:
        """The JSON of a good answer. Raises by remedy, with what a person needs to know and nothing that is secret."""
        if judged.found:
            self._note_found()
            return judged.said
        if judged.meaning is Meaning.ANSWERED:
            raise await self._missing(call, judged)
        if judged.meaning is Meaning.REFUSED:
            raise await self._refused(call, judged)
        raise failure_of(call, judged)

    async def _refused(self, call: Call, judged: Judged) -> Failure:
        """That of this one object, when it is known that others are not refused. Raises what keeps everybody out."""
        forbidden = judged.status == 403
        await self.refusals.check(call.name, strict=not forbidden)
        if not AGAIN.get():
            self.refusals.note(alone=True)
        settled = settled_by(call.name, judged)
        if forbidden:
            return RefusedAlone(DeadReason.FORBIDDEN, what_is_missing(judged), settled=settled)
        detail = f"the API does not take these ids: {said_of(call, judged)}"
        return RefusedAlone(DeadReason.NO_IDS, detail, settled=settled)

    async def _ask_for_nothing(self, name: str, strict: bool) -> None:
        await self._check_organization()
        await self._ask_for_what_is_not_there(name, strict)

    async def _ask_for_what_is_not_there(self, name: str, strict: bool) -> None:
        """Raises `Refused` if that is refused, too. `strict`: a 400 says so as well, not only a 403."""
        call = PROBES[name]
        judged = await self._sender.send(call)
        if judged.meaning is Meaning.REFUSED and (strict or judged.status == 403):
            detail = what_is_missing(judged) if judged.status == 403 else said_of(call, judged)
            raise Refused(Dependency.API, detail, asked=call.asked, settled=settled_by(name, judged))
        if judged.meaning not in (Meaning.ANSWERED, Meaning.REFUSED):
            raise failure_of(call, judged)

    async def _missing(self, call: Call, judged: Judged) -> Missing:
        """A run of 404s, and one with a new token, may be another organisation's: ask before they are answers."""
        self.refusals.note(alone=False)
        self._not_found = (self._not_found + 1) % NOT_FOUND_RUN
        if not self._not_found or self._is_of_new_token:
            async with self._checking:
                if self._now() - self._right_at > refusals.KEPT_S or self._is_of_new_token:
                    await self._check_organization()
        said, settled = said_of(call, judged), settled_by(call.name, judged)
        return Missing(Dependency.API, said, dead=DeadReason.NOT_FOUND, settled=settled)

    def _note_found(self) -> None:
        self._not_found = 0
        self.refusals.note(alone=False)

    @property
    def _is_of_new_token(self) -> bool:
        return float("-inf") < self._right_at < self._sender.token_since

    async def _check_organization(self) -> str:
        found, expected = await self.organization(), self._expected_organization
        if expected is not None and found != expected:
            raise Refused(
                Dependency.API,
                f"the credentials belong to organisation {found[:64]}, and the events to {expected}: "
                "check GENESYS_CLIENT_ID and GENESYS__ORGANIZATION_ID",
                asked=WHO.asked,
            )
        self._expected_organization = found  # a process has one, whatever its credentials become
        self._right_at = self._now()
        return found


def _piece(ids: Callable[[], Sequence[str]], begin: int) -> Sequence[str]:
    return ids()[begin : begin + BULK_IDS]


def _part(raw: str) -> str:
    """An id as one segment of a path. What could be more than one segment never gets there."""
    if ID.fullmatch(raw) is None:
        raise NotJudged(DeadReason.NO_IDS, "an id that can't be part of a path")
    return quote(raw, safe="")


def what_is_missing(judged: Judged) -> str:
    said, trace = judged.said.get("message"), told_trace(judged.answer)
    found = PERMISSIONS.search(said) if isinstance(said, str) else None
    if found:
        return f"the OAuth client's roles lack one of these permissions: {found.group(1)}{trace}"
    return f"the OAuth client may not do this: its roles or divisions do not cover it ({judged.code}){trace}"

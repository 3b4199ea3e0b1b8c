"""What an HTTP answer of the login or the API *is*. The one place that decides, as data, for each call. Pure.

A portal, a proxy, a firewall and a content network answer too, with any status and any body. So only what Genesys alone
says counts as its answer: the shape that the call returns, or its error document. Sources: `error_body.py` and the
models of the official SDK (shapes, `code`, `status`); RFC 6749, 5.2 (errors of the login host).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from consumer.errors import Malformed
from consumer.genesys.links import is_signed
from consumer.http.codes import NOT_FOUND, as_written, not_found
from consumer.http.urls import REGION_HOSTS
from consumer.model import Message, Settled
from consumer.wire import shapes
from consumer.wire.fields import Json
from consumer.wire.parsing import parse

CODE = re.compile(r"[A-Za-z0-9._-]{1,80}")
CORRELATION_ID = re.compile(r"[0-9a-fA-F-]{8,64}")
FILE_HOST = "api-downloads"
WHOLE = frozenset({200, 201, 202, 204})  # not a part (206), nor what somebody else has changed on the way (203)
OF_ERRORS = frozenset({"code", "error", "errors", "status"})
OF_OLD_MESSAGES = ("media", "normalizedReceipts", "stickers", "textBody")  # what stood beside what is normalized
LIMIT_HEADERS = ("inin-ratelimit-count", "inin-ratelimit-allowed", "inin-ratelimit-reset")
# Every code that is known to be said, by whomever it is about; others are counted, so that the lists can learn them.
CODES = frozenset(
    {
        "authentication.request.timeout",
        "authentication.required",
        "bad.credentials",
        "bad.request",
        "client.failed.request",
        "constraint.validation",
        "credentials.expired",
        "internal.server.error",
        "invalid.value",
        "ip.not.allowed",
        "method.not.allowed",
        "missing.any.permissions",
        "missing.permissions",
        "not.authorized",
        "request.timeout",
        "response.entity.too.large",
        "service.unavailable",
        "too.many.requests",
        "unsupported.media.type",
    }
)
CUT_OFF = "client.failed.request"  # a 400: the request did not arrive whole, "by poor network connection", say


class Meaning(StrEnum):
    ANSWERED = "answered"  # what was asked for, or that this one object is not there
    LIMITED = "limited"  # too many calls, be they ours or not
    REFUSED = "refused"  # not for us; whether this one object or everything has to be asked
    DOWN = "down"  # Genesys itself, saying that it can't now
    NOT_GENESYS = "not_genesys"  # somebody else's words: they prove nothing


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]  # finds names in any case
    body: bytes
    whole: bool = True  # False: its body passed the cap, or was encoded though nobody asked for it

    def json(self) -> Any:
        """The body's JSON; None if it is something else."""
        try:
            return parse(self.body)
        except Malformed:
            return None

    @property
    def correlation_id(self) -> str:
        """What Genesys's support asks for; "" where there is none."""
        value = self.headers.get("inin-correlation-id", "")
        return value if CORRELATION_ID.fullmatch(value) else ""


@dataclass(frozen=True, slots=True)
class ResponseShape:
    """What one call returns when it goes well."""

    fits: Callable[[Any, Collection[str]], bool]  # of the JSON of a 2xx, and the ids that were asked for, in lower case
    empty: bool = False  # a 2xx without a body belongs to it
    leads: bool = False  # it tells where a file is; a 3xx to a signed address does as well
    logs_in: bool = False  # a redirect to the login page stands for a 401
    missing: re.Pattern[str] | None = None  # the codes of a 404 that is about what was asked for
    absent: frozenset[int] = frozenset()  # statuses that say that the whole call is not to be had: there is another way


def _is_it(said: Any, of: Collection[str]) -> bool:
    """The object with the id that was asked for, or with one of them."""
    return isinstance(said, dict) and isinstance(said.get("id"), str) and said["id"].lower() in of


def _is_conversation(said: Any, of: Collection[str]) -> bool:
    """With somebody in it, as each has, or with messages of its own; and with the id that was asked for, or none."""
    if not isinstance(said, dict) or not isinstance(said.get("participants", []), list):
        return False
    return bool(said.get("participants") or said.get("messages")) and ("id" not in said or _is_it(said, of))


def message_in(said: Json, conversation_id: str = "") -> Message | None:
    """The message of that conversation, if it says what is in it, be it that it was removed. None for a stub and what
    can't be read."""
    try:
        message, type_ = shapes.message_data({**said, "conversationId": conversation_id or None})
    except Malformed:
        return None
    is_old = any(said.get(field) is not None for field in OF_OLD_MESSAGES)
    tells = type_ or message.announced or message.attachments or message.removed or is_old
    return message if tells else None


def _is_message(said: Any, of: Collection[str]) -> bool:
    return _is_it(said, of) and message_in(said) is not None


def _is_at_home(said: Any, of: Collection[str]) -> bool:
    """A message that names its conversation."""
    return _is_it(said, of) and isinstance(said.get("conversationId"), str) and bool(said["conversationId"])


def _is_listing(said: Any, of: Collection[str]) -> bool:
    """Of what was asked for, be it of nothing: what lists only others answers another question."""
    entities = said.get("entities") if isinstance(said, dict) else None
    return isinstance(entities, list) and (not entities or any(_is_message(entity, of) for entity in entities))


def _is_link(said: Any, of: Collection[str]) -> bool:
    return isinstance(said, dict) and isinstance(said.get("url"), str)


def _is_token_of_somebody(said: Any, of: Collection[str]) -> bool:
    organization = said.get("organization") if isinstance(said, dict) else None
    found = organization.get("id") if isinstance(organization, dict) else None
    return isinstance(found, str) and bool(found)


def _is_page_of_conversations(said: Any, of: Collection[str]) -> bool:
    """Of analytics: an empty one has the number of hits alone, or nothing."""
    if not isinstance(said, dict) or not isinstance(said.get("conversations", []), list):
        return False
    return not said or "conversations" in said or isinstance(said.get("totalHits"), int)


def _is_done(said: Any, of: Collection[str]) -> bool:
    """Of a message that was sent, or of attributes that were set: neither has a field for errors."""
    return isinstance(said, dict) and said.keys().isdisjoint(OF_ERRORS)


OF_A_MESSAGE = not_found({"conversation", "message"})
# By the name of the call. `messages` is the bulk call: where it is not to be had, messages are read one by one.
SHAPES: Mapping[str, ResponseShape] = {
    "conversation": ResponseShape(_is_conversation, missing=not_found({"conversation"})),
    "message": ResponseShape(_is_message, missing=OF_A_MESSAGE),
    "details": ResponseShape(_is_at_home, missing=OF_A_MESSAGE),
    "messages": ResponseShape(_is_listing, missing=OF_A_MESSAGE, absent=frozenset({405})),
    "media": ResponseShape(
        _is_it, missing=not_found({"conversation", "communication", "message", "media", "attachment"})
    ),
    "download": ResponseShape(
        _is_link, missing=not_found({"download", "media", "attachment"}), leads=True, logs_in=True
    ),
    "analytics": ResponseShape(_is_page_of_conversations),
    "probe": ResponseShape(_is_token_of_somebody),
    "notify": ResponseShape(_is_done, missing=not_found({"conversation", "participant"}), empty=True, logs_in=True),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer with its meaning."""

    meaning: Meaning
    answer: Reply
    said: Json  # the JSON object of a good answer or of an error document; else {}
    code: str = ""  # Genesys's own word for the error
    location: str | None = None  # of a redirect that belongs to the call

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def found(self) -> bool:
        return self.meaning is Meaning.ANSWERED and self.status < 400

    @property
    def is_new(self) -> bool:
        """An error code that none of the lists holds."""
        return bool(self.code) and self.code not in CODES and not NOT_FOUND.fullmatch(self.code)


def judge(answer: Reply, shape: ResponseShape, of: Collection[str] = (), api_url: str = "https://") -> Judged:
    """What the API's answer is. `of` are the ids that were asked for."""
    said = answer.json() if answer.whole else None
    status = answer.status
    if not answer.whole:
        return Judged(Meaning.NOT_GENESYS, answer, {})
    if status in WHOLE:
        return _judge_good(answer, shape, said, of, api_url)
    if 300 <= status < 400:
        return _judge_redirect(answer, shape, api_url)
    code = error_code(said, status)
    error = said if isinstance(said, dict) and code else {}
    return Judged(_of_error(answer, shape, code), answer, error, code)


def _judge_good(answer: Reply, shape: ResponseShape, said: Any, of: Collection[str], api_url: str) -> Judged:
    fits = shape.fits(said, frozenset(id_.lower() for id_ in of))
    if fits and not (shape.leads and not _is_a_store_s(said["url"], api_url)):
        assert isinstance(said, dict), "every shape is an object's"
        return Judged(Meaning.ANSWERED, answer, said)
    good = shape.empty and not answer.body
    return Judged(Meaning.ANSWERED if good else Meaning.NOT_GENESYS, answer, {})


def _is_a_store_s(url: str, api_url: str) -> bool:
    """Genesys gives whole addresses, and no less safe ones than its own. A portal leads anywhere, and what is not well
    to a page of Genesys's own: one of its hosts delivers files, behind signed addresses alone."""
    parts, own = urlsplit_safe(url), urlsplit_safe(api_url)
    if parts is None or not parts[0] or url.partition("://")[0].lower() not in ("https", api_url.partition("://")[0]):
        return False
    name = parts[0].partition(".")[0]
    if name in REGION_HOSTS and name != FILE_HOST:
        return False
    is_own = name == FILE_HOST or (own is not None and parts[0] == own[0])
    return is_signed(url) or not is_own


def _judge_redirect(answer: Reply, shape: ResponseShape, api_url: str) -> Judged:
    location = answer.headers.get("location", "")
    if shape.logs_in and _is_login(location):
        return Judged(Meaning.REFUSED, answer, {}, "authentication.required")
    if shape.leads and _is_a_store_s(location, api_url) and is_signed(location):
        return Judged(Meaning.ANSWERED, answer, {}, location=location)
    return Judged(Meaning.NOT_GENESYS, answer, {})


def _of_error(answer: Reply, shape: ResponseShape, code: str) -> Meaning:
    status = answer.status
    if status == 429:
        told = code or any(name in answer.headers for name in LIMIT_HEADERS)
        return Meaning.LIMITED if told else Meaning.NOT_GENESYS
    if not code:
        return Meaning.NOT_GENESYS
    if status in (408, 425) or status >= 500 or code == CUT_OFF:
        return Meaning.DOWN
    if status in (400, 401, 403, 422):
        return Meaning.REFUSED
    about_one = status == 404 and shape.missing is not None and shape.missing.fullmatch(code)
    return Meaning.ANSWERED if about_one or status in shape.absent else Meaning.NOT_GENESYS


def error_code(said: object, status: int) -> str:
    """The code of Genesys's error document, written as most are (`NOT_FOUND` is `not.found`); "" for everything else. A
    document names its own status."""
    if not isinstance(said, dict) or isinstance(said.get("status"), bool) or said.get("status") != status:
        return ""
    code = said.get("code")
    return as_written(code, said) if isinstance(code, str) and CODE.fullmatch(code) else ""


def _is_login(location: str) -> bool:
    parts = urlsplit_safe(location)
    return parts is not None and (parts[0].startswith("login.") or parts[1].rstrip("/").endswith("/login"))


def urlsplit_safe(url: str) -> tuple[str, str] | None:
    """Host (lower case, "" for a relative address) and path; None for what is no address."""
    try:
        parts = urlsplit(url)
        return ((parts.hostname or "").lower(), parts.path) if url.strip() else None
    except ValueError:
        return None


def told_trace(answer: Reply) -> str:
    """What Genesys's support asks for, ready to end a sentence."""
    return f" (correlation id {answer.correlation_id})" if answer.correlation_id else ""


def settled_by(call: str, judged: Judged) -> Settled:
    """For the dead letter that rests on this answer."""
    return Settled(call, judged.meaning.value, judged.code or str(judged.status), judged.answer.correlation_id)

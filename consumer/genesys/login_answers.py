"""What an answer of the login host is: as `answers`, for the one call that has a shape and errors of its own. Pure.

Source: RFC 6749, 5.1 and 5.2, and the description that Genesys adds to its errors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from consumer.genesys.answers import LIMIT_HEADERS, Judged, Meaning, Reply, error_code

# However it is worded: "rate limit exceeded", "client_rate_limit", "Too many requests", "throttled".
RATE_LIMIT = re.compile(r"rate.?limit|too.?many|throttl", re.IGNORECASE)
WORD = re.compile(r"[A-Za-z0-9._ -]{1,80}")
TOKEN = re.compile(r"[\x21-\x7e]+")
LONGEST_TOKEN_S = 172_800.0  # 48 h: the longest life that a client can be given
UNTOLD_TOKEN_S = 3_600.0
SHORTEST_TOKEN_S = 60.0  # or each call would cost a login; no client can be given less than 5 minutes
OAUTH_ERRORS = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "access_denied",
    }
)


@dataclass(frozen=True, slots=True)
class Token:
    value: str
    lifetime_s: float


def judge_login(answer: Reply) -> tuple[Judged, Token | None]:
    """What the login's answer is, with the token of a good one."""
    said = answer.json() if answer.whole else None
    if answer.status == 200 and (token := _token(said)) is not None:
        return Judged(Meaning.ANSWERED, answer, {}), token
    code = error_code(said, answer.status) or _oauth_error(said)
    return Judged(_of_login_error(answer, said, code), answer, said if isinstance(said, dict) else {}, code), None


def _of_login_error(answer: Reply, said: object, code: str) -> Meaning:
    status = answer.status
    limited = status == 429 or (status in (400, 401, 403) and RATE_LIMIT.search(f"{code} {_description(said)}"))
    if limited and (code or (status == 429 and any(name in answer.headers for name in LIMIT_HEADERS))):
        return Meaning.LIMITED
    if not code:
        return Meaning.NOT_GENESYS
    if status in (400, 401, 403):
        return Meaning.REFUSED
    return Meaning.DOWN if status in (408, 425) or status >= 500 else Meaning.NOT_GENESYS


def _token(said: object) -> Token | None:
    value = said.get("access_token") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(value, str) or not TOKEN.fullmatch(value):
        return None
    told = said.get("expires_in")
    usable = isinstance(told, int | float) and not isinstance(told, bool) and told > 0
    lifetime_s = float(told) if usable else UNTOLD_TOKEN_S  # type: ignore[arg-type] # usable
    return Token(value, min(max(lifetime_s, SHORTEST_TOKEN_S), LONGEST_TOKEN_S))


def _oauth_error(said: object) -> str:
    """RFC 6749, 5.2, with the description that Genesys always gives; or a limit, which the RFC has no word for."""
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(error, str) or not _description(said):
        return ""
    return error if error in OAUTH_ERRORS or (WORD.fullmatch(error) and RATE_LIMIT.search(error)) else ""


def _description(said: object) -> str:
    if not isinstance(said, dict):
        return ""
    told = said.get("error_description") or said.get("description") or said.get("message")
    return told if isinstance(told, str) else ""

"""Ill answers: every kind that the emulator gives by name, for every call; and any others, drawn from a grammar."""

from __future__ import annotations

import random
from collections.abc import Iterator

import orjson

from consumer.sandbox.emulator_faults import FAULTS, Fault, genesys, store
from tests.ill.cloud import Reply

CALLS = ("token", "tokens_me", "conversation", "bulk", "message", "details", "media", "download", "file")

# Parts of the emulator's faults that are no ill answers here: good ones, a host's matter, and limits that end.
NOT_ILL = {"login-no-expires_in", "login-expires_in-null", "login-expires_in-text", "resolve-amazonaws"}

BODIES = (
    b"",
    b"<html><body>portal</body></html>",
    b"<!DOCTYPE html>",
    b"{}",
    b"[]",
    b"null",
    b"true",
    b'"ok"',
    b"5",
    b"{",
    b"\xff\xfe",
    b"upstream connect error",
    b"<?xml version='1.0'?><note/>",
    b'{"entities": {}}',
    b'{"entities": [1]}',
    b'{"id": 5}',
    b'{"id": "somebody-else", "participants": [], "messages": []}',
    b'{"url": ""}',
    b'{"url": 5}',
    b'{"message": "Forbidden"}',
    b'{"error": "access_denied"}',
    b'{"error": "blocked", "error_description": "by policy"}',
    b'{"fault": {"faultstring": "x", "detail": {"errorcode": "policies.ratelimit"}}}',
    b'{"access_token": ""}',
    b'{"access_token": "a b"}',
    b'{"organization": {}}',
    b'{"code": "not.found"}',
    b'{"code": "not.found", "status": "404"}',
    b'{"code": 404, "status": 404}',
    b'{"status": 404}',
)
CODES = ("not.found", "bad.request", "not.authorized", "something.new", "internal.server.error", "too.many.requests")
_STATUSES = (
    "200 201 202 203 204 206 300 301 302 303 304 307 308 400 401 402 403 404 405 406 407 408 409 410 411 412 413 415 "
    "417 418 421 422 423 425 426 428 429 431 451 500 501 502 503 504 505 507 508 511 520 521 522 525 530 599"
)
STATUSES = [int(status) for status in _STATUSES.split()]
TYPES = ("text/html", "application/json", "text/plain", "application/xml", "application/octet-stream", "")
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {},
    {"retry-after": "7"},
    {"retry-after": "soon"},
    {"location": "https://portal.example/?next=api"},
    {"location": "/elsewhere"},
    {"location": "http://[::1"},
    {"content-encoding": "gzip"},
    {"x-cache": "Error from cloudfront"},
)


def of_fault(fault: Fault) -> Reply:
    headers = {name.lower(): value for name, value in fault.headers.items()}
    return Reply(fault.status, fault.body, headers, ends_early=fault.ends_early, endless=fault.endless)


def named() -> dict[str, Reply]:
    """By what they are, wherever the emulator gives them: of all that are the same, one."""
    found: dict[tuple[object, ...], tuple[str, Reply]] = {}
    for fault in FAULTS.values():
        if fault.name not in NOT_ILL:
            same = (fault.status, fault.body, tuple(sorted(fault.headers.items())), fault.ends_early, fault.endless)
            found.setdefault(same, (fault.name, of_fault(fault)))
    return dict(found.values())


def drawn(rng: random.Random) -> Reply:
    """Any status, headers and body; a document of Genesys's own form one time in four."""
    status = rng.choice(STATUSES)
    body = rng.choice(BODIES)
    if rng.random() < 0.25:
        body = genesys(status if rng.random() < 0.7 else rng.choice(STATUSES), rng.choice(CODES))
    elif rng.random() < 0.1:
        body = store(rng.choice(("SlowDown", "InternalError", "ServiceUnavailable")))
    elif rng.random() < 0.1:
        body = rng.randbytes(rng.randrange(200))
    headers = {"content-type": rng.choice(TYPES)} | rng.choice(HEADERS)
    return Reply(status, b"" if status in (204, 304) else body, headers, ends_early=rng.random() < 0.1)


def is_told_of_one(call: str, reply: Reply, sizes: bool = False) -> bool:
    """Whether it is an answer of the class that settles one object: told of all at once it would be true of all.
    `sizes`: whether Genesys says how large files are, so that another file is none."""
    said = _json(reply.body)
    if not isinstance(said, dict):
        said = {}
    if call == "file":
        return _is_of_the_store(reply, said, sizes)
    own = said.get("status") == reply.status
    if call in ("token", "tokens_me"):
        return False
    not_there = reply.status == 404 and said.get("code") == "not.found"
    return own and (not_there or (call == "bulk" and reply.status == 405))


def _is_of_the_store(reply: Reply, said: dict[str, object], sizes: bool) -> bool:
    kind = reply.headers.get("content-type", "").partition(";")[0]
    encoded = "content-encoding" in reply.headers
    binary = any(byte < 9 for byte in reply.body)  # what has none is no picture, whatever its type says
    page = kind in ("text/html", "application/xhtml+xml")
    delivered = reply.status == 200 and binary and not page and not encoded and not sizes
    refused = reply.status in (400, 401, 403, 404, 410) and said.get("status") == reply.status and "code" in said
    return (delivered and not reply.ends_early) or refused


def _json(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def ill_for(call: str) -> Iterator[tuple[str, Reply]]:
    for name, reply in named().items():
        if not is_told_of_one(call, reply, sizes=True):
            yield name, reply

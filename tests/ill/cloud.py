"""Genesys Cloud as a transport: minutes of its life cost milliseconds. Each answer can be replaced."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

JSON = {"content-type": "application/json"}
XML = {"content-type": "application/xml"}
API, LOGIN, FILES = "api.mypurecloud.com", "login.mypurecloud.com", "api-downloads.mypurecloud.com"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    ends_early: bool = False
    endless: bool = False


def json(said: object, status: int = 200) -> Reply:
    return Reply(status, orjson.dumps(said), JSON)


def error(status: int, code: str) -> Reply:
    return json({"message": "No.", "code": code, "status": status, "contextId": "c-1"}, status)


def denied(code: str = "AccessDenied", status: int = 403) -> Reply:
    return Reply(status, f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode(), XML)


Part = Callable[[Any], Any]
"""Of the JSON of the truth, what comes."""
Ill = Callable[[str], Reply | Part | None]
"""Given the call's name, what is answered in place of the truth, or comes of it; None for the truth."""


@dataclass
class Cloud:
    """What it holds is told by the ids: `c-3` has the message `m-3` with the attachment `a-3` behind the download `3`.

    Of `kinds`: "plain", "single" (no bulk call), "uploading", "gone", "expired" (link refused by the store once),
    "forbidden", "unknown".
    """

    kinds: dict[str, str] = field(default_factory=dict)  # number → kind
    ill: Ill = lambda call: None
    ill_of: dict[tuple[str, str], Reply] = field(default_factory=dict)  # of one call about one number alone
    calls: Counter[str] = field(default_factory=Counter)
    tokens: set[str] = field(default_factory=set)
    expired: set[str] = field(default_factory=set)
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    link_s: float = 10_000_000.0  # how long a signed link is good
    takes_s: float = 0.0  # each answer
    bodies: dict[str, bytes] = field(default_factory=dict)  # number → what the file holds, if it is no picture
    declared: dict[str, dict[str, Any]] = field(default_factory=dict)  # number → what its message says of it
    fresh: set[str] = field(default_factory=set)  # numbers of files that hold other bytes each time
    unfinished: set[str] = field(default_factory=set)  # numbers of uploads that still go on
    sent: str = "2026-01-01T00:00:00Z"  # when all messages were
    sent_of: dict[str, str] = field(default_factory=dict)  # number → when that one was
    sizes: bool = False  # whether each message says how large its file is
    spares_old: bool = False  # a cache in front: what was answered well before is, whatever is ill
    answered_well: set[tuple[str, str]] = field(default_factory=set)

    async def answer(self, request: httpx.Request) -> Reply:
        name = call_of(request)
        if self.takes_s:
            await asyncio.sleep(self.takes_s)
        self.calls[name] += 1
        asked = (name, number_in(name, request.url.path))
        ill = self.ill(name) or self.ill_of.get(asked)
        if isinstance(ill, Reply) and not (self.spares_old and asked in self.answered_well):
            return ill
        reply = self._well(name, request)
        if ill is not None and not isinstance(ill, Reply) and reply.status == 200:
            return json(ill(orjson.loads(reply.body)))
        if reply.status == 200:
            self.answered_well.add(asked)
        return reply

    def _well(self, name: str, request: httpx.Request) -> Reply:
        if name == "token":
            token = f"token-{next(self.numbers)}"
            self.tokens.add(token)
            return json({"access_token": token, "token_type": "bearer", "expires_in": 400})
        if name in ("file", "front"):
            return self._file(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return error(401, "bad.credentials")
        return self._api(name, request)

    def _api(self, name: str, request: httpx.Request) -> Reply:
        if name == "tokens_me":
            return json({"organization": {"id": "org-1"}})
        number = number_in(name, request.url.path)
        kind = self.kinds.get(number, "unknown")
        if kind == "unknown":
            return error(404, "not.found")
        if kind == "forbidden" and name != "download":
            return error(403, "not.authorized")
        match name:
            case "conversation":
                media = [{"id": f"a-{number}", "mediaType": "image/png"}]
                listed = [{"messageId": f"m-{number}", "messageStatus": "received", "media": media}]
                talk = {"id": f"t-{number}", "messages": listed}
                return json({"id": f"c-{number}", "participants": [{"purpose": "customer", "messages": [talk]}]})
            case "bulk" if kind == "single":
                return error(405, "method.not.allowed")
            case "bulk":
                known = f"m-{number}" in orjson.loads(request.content)
                return json({"entities": [self._message(number)] if known else []})
            case "message" | "details":
                return json(self._message(number))
            case "media" if number in self.unfinished:
                return json({"id": f"a-{number}", "status": "uploading", "mediaType": "image/png"})
            case "media":
                return json({"id": f"a-{number}", "status": "valid", "url": _link(number), "mediaType": "image/png"})
            case _:
                return error(404, "not.found") if kind == "gone" else json({"url": self._signed(number)})

    def _message(self, number: str) -> dict[str, Any]:
        attachment: dict[str, Any] = {
            "id": f"a-{number}",
            "mediaType": "Image",
            "mime": "image/png",
            "filename": "x.png",
        }
        if self.sizes:
            attachment["contentSizeBytes"] = len(self.bodies.get(number, PNG))
        attachment |= self.declared.get(number, {})
        if self.kinds[number] != "uploading":
            attachment["url"] = _link(number)
        content = [{"contentType": "Attachment", "attachment": attachment}]
        return {
            "id": f"m-{number}",
            "conversationId": f"c-{number}",
            "direction": "inbound",
            "timestamp": self.sent_of.get(number, self.sent),
            "normalizedMessage": {"type": "Text", "direction": "Inbound", "content": content},
        }

    def _signed(self, number: str) -> str:
        expires = asyncio.get_running_loop().time() + self.link_s
        return f"https://{FILES}/o/{number}?Expires={expires:.0f}&Signature=s{next(self.numbers)}&Key-Pair-Id=K"

    def _file(self, request: httpx.Request) -> Reply:
        number = request.url.path.rpartition("/")[2]
        kind = self.kinds.get(number)
        if kind is None or "signature" not in str(request.url.query, "ascii").lower():
            return denied()
        if kind == "expired" and number not in self.expired:
            self.expired.add(number)
            return denied()
        if float(request.url.params["Expires"]) < asyncio.get_running_loop().time():
            return denied()
        body = self.bodies.get(number, PNG)
        if number in self.fresh:
            body += str(next(self.numbers)).encode()
        return Reply(200, body, {"content-type": "binary/octet-stream"})


def _link(number: str) -> str:
    return f"https://{FILES}/api/v2/downloads/{number}"


def number_in(call: str, path: str) -> str:
    """Of the conversation, message or file that is asked for."""
    parts = path.split("/")
    part = parts[5] if call in ("bulk", "details") and len(parts) > 5 else parts[-1]
    return part.partition("-")[2] if "-" in part else part


def call_of(request: httpx.Request) -> str:
    host, path = request.url.host, request.url.path
    if host == LOGIN:
        return "token"
    if host == FILES:
        return "file" if path.startswith("/o/") else "front"
    if path.endswith("/tokens/me"):
        return "tokens_me"
    if "/downloads/" in path:
        return "download"
    if path.endswith("/bulk"):
        return "bulk"
    if path.endswith("/details"):
        return "details"
    if "/media/" in path:
        return "media"
    return "message" if path.count("/messages") > 1 else "conversation"


class Transport(httpx.AsyncBaseTransport):
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        reply = await self._cloud.answer(request)
        headers = dict(reply.headers)
        if reply.body and not reply.endless:
            headers["content-length"] = str(len(reply.body) + (10 if reply.ends_early else 0))
        return httpx.Response(reply.status, headers=headers, stream=_Body(reply))


class _Body(httpx.AsyncByteStream):
    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._reply.body
        while self._reply.endless:
            yield self._reply.body
        if self._reply.ends_early:
            raise httpx.RemoteProtocolError("the answer ended before its end")

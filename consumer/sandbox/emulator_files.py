"""Downloads: the stable link that wants a token and leads to a signed one, and the signed one that refuses a token."""

from __future__ import annotations

import asyncio
import hmac

from aiohttp import web

from consumer.sandbox import emulator_answers as answers
from consumer.sandbox.emulator_state import EmulatorState
from consumer.sandbox.world import SentFile

SENT_AT_ONCE = 64 * 1024
SLOW_PIECES = 10


class Files:
    def __init__(self, state: EmulatorState) -> None:
        self._state = state

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v2/downloads/{download}", self.download, name="download"),
            web.get("/platform/api/v2/downloads/{download}", self.download, name="download_platform"),
            web.get("/attachments/{download}", self.signed, name="file"),
        ]

    async def download(self, request: web.Request) -> web.Response:
        """302 to a signed link, or with `issueRedirect=false` 200 and its address."""
        _, file = self._state.world.files.get(request.match_info["download"], (None, None))
        if file is None or file.case.url or not self._state.uploaded(file):
            return answers.not_found()
        delivery = file.case.delivery
        if self._state.goes_wrong(file, "link", delivery.link_failures):
            return _failure(delivery.link_status)
        link = self._state.signed_link(file)
        if request.query.get("issueRedirect", "true") == "false":
            return answers.answer({"url": link})
        return web.Response(status=302, headers={"Location": link})

    async def signed(self, request: web.Request) -> web.StreamResponse:
        """The bytes, if the signature is good and no token came with it."""
        _, file = self._state.world.files.get(request.match_info["download"], (None, None))
        if file is None:
            return answers.access_denied("Access Denied")
        refusal = self._refusal(request, file)
        if refusal is not None:
            return refusal
        delivery = file.case.delivery
        if self._state.goes_wrong(file, "file", delivery.file_failures):
            if delivery.file_status == 403:
                return answers.access_denied("Access Denied")
            return answers.access_denied("Please reduce your request rate.", delivery.file_status)
        return await self._deliver(request, file)

    def _refusal(self, request: web.Request, file: SentFile) -> web.Response | None:
        if "Authorization" in request.headers:
            return answers.access_denied("Only one auth mechanism allowed")
        expires = request.query.get("Expires", "")
        good = self._state.signature(request.path, expires)
        if not hmac.compare_digest(good.encode(), request.query.get("Signature", "").encode()):
            return answers.access_denied("Access Denied")
        if int(expires) < self._state.now():
            if file.case.delivery.expired_status == 404:
                return answers.guest_link_expired()
            return answers.access_denied("Request has expired")
        return None

    async def _deliver(self, request: web.Request, file: SentFile) -> web.StreamResponse:
        """Without a length, slowly, or only the first half of it, as the file's case says."""
        delivery, body = file.case.delivery, file.body
        self._state.progress[file.download_id, "delivered"] += 1
        response = web.StreamResponse(headers={"Content-Type": delivery.content_type, "ETag": f'"{file.download_id}"'})
        if not delivery.chunked:
            response.content_length = len(body)
        await response.prepare(request)
        cut = self._state.goes_wrong(file, "cut", delivery.cuts)
        try:
            await _write(response, body[: len(body) // 2] if cut else body, delivery.seconds)
        except ConnectionError:  # the client has seen enough
            return response
        if cut and request.transport is not None:
            request.transport.close()
            return response
        await response.write_eof()
        return response


async def _write(response: web.StreamResponse, body: bytes, seconds: float) -> None:
    size = max(1, -(-len(body) // SLOW_PIECES)) if seconds else SENT_AT_ONCE
    for at in range(0, len(body), size):
        if seconds:
            await asyncio.sleep(seconds / SLOW_PIECES)
        await response.write(body[at : at + size])


def _failure(status: int) -> web.Response:
    if status == 404:
        return answers.not_found()
    if status == 429:
        return answers.too_many(300, 1)
    return answers.unavailable(status)

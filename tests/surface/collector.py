"""A collector of traces: OTLP over HTTP on loopback, decoded as OpenTelemetry publishes it."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Collector:
    url: str = ""
    spans: list[Span] = field(default_factory=list)
    resource: dict[str, object] = field(default_factory=dict)
    asked: int = 0
    let_go: anyio.Event | None = None  # until then it takes requests, and answers none
    _changed: anyio.Event = field(default_factory=anyio.Event)

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    async def until(self, enough: Callable[[], bool]) -> None:
        with anyio.fail_after(60):
            while not enough():
                changed = self._changed
                await changed.wait()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.asked += 1
        self._change()
        if self.let_go is not None:
            await self.let_go.wait()
        if request.headers.get("Content-Encoding") == "gzip" and body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resource = attributes(of_resource.resource.attributes)
            self.spans += [span for scope in of_resource.scope_spans for span in scope.spans]
        self._change()
        return web.Response(content_type="application/x-protobuf")

    def _change(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()


def attributes(pairs: object) -> dict[str, object]:
    found: dict[str, object] = {}
    for pair in pairs:  # type: ignore[attr-defined]
        assert isinstance(pair, KeyValue)
        found[pair.key] = getattr(pair.value, pair.value.WhichOneof("value") or "string_value")
    return found


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    collector = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield collector
    finally:
        await runner.cleanup()

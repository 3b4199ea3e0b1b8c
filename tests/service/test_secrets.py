"""Secrets stay where they belong, while everything goes wrong that can: all that comes out of the service is searched
for the client secret, the tokens and the signatures of links."""

from __future__ import annotations

import io
import logging
import sys
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any

import anyio
import httpx
import pytest
from aiohttp import web

from consumer.errors import Failure
from consumer.sandbox.cases import AWAY_HOST
from consumer.sandbox.check import OutputReader, read_to_end
from consumer.sandbox.emulator import Emulator, Endpoint
from consumer.sandbox.emulator_state import PERMISSIONS, Minute
from consumer.sandbox.traffic import InputRecord, Traffic, plan_traffic
from consumer.sandbox.world import World
from consumer.service.life import Running
from consumer.settings.model import KafkaSettings, LogSettings, TopicSettings
from consumer.telemetry import log
from consumer.wire.results import Output
from tests import loopback
from tests.outages.later import send_on, with_later
from tests.reports import closed_gates
from tests.service.composed import Kept, changed, serving, settings_for, until, until_true, write

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

EVENTS, SEED = 240, 21
WRONG_SECRET, ROTATED_SECRET = "a-wrong-client-secret", "a-rotated-client-secret"
FOREIGN = "X-Amz-Signature=0foreign0signature0&X-Amz-Credential=0foreign0credential0"
MARKS = ("Signature=", "X-Amz-")
RETRY_AFTER_S = 2


@dataclass
class Heard:
    """Requests by the port that they came to, each as one text."""

    requests: list[tuple[int, str]] = field(default_factory=list)
    signatures: set[str] = field(default_factory=set)

    def heard(self, request: web.Request) -> None:
        assert request.transport is not None
        port = request.transport.get_extra_info("sockname")[1]
        headers = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
        self.requests.append((port, f"{request.method} {request.raw_path}\n{headers}"))
        if signature := request.query.get("Signature"):
            self.signatures.add(signature)


@dataclass
class Out:
    """All that came out, by where it did."""

    texts: dict[str, list[str]] = field(default_factory=dict)

    def add(self, where: str, text: str) -> None:
        self.texts.setdefault(where, []).append(text)

    def found(self, secrets: set[str]) -> list[str]:
        return [
            f"{where}: {secret[:12]}… in {text[max(0, text.find(secret) - 150) :][:300]}"
            for where, texts in self.texts.items()
            for text in texts
            for secret in secrets
            if secret in text
        ]


@contextmanager
def everything_logged() -> Iterator[io.StringIO]:
    """The service's own set-up of logging at debug level, libraries included, into a text."""
    root, stream = logging.getLogger(), io.StringIO()
    before, level = list(root.handlers), root.level
    log.setup(LogSettings(level="debug", format="json"), stream)
    try:
        yield stream
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        logging.captureWarnings(False)
        for name in log.QUIET:
            logging.getLogger(name).setLevel(logging.NOTSET)


@contextmanager
def every_failure(into: Out) -> Iterator[None]:
    """The text of each failure that passes through our own code, with all that Python would print around it."""
    seen: set[int] = set()
    kept: list[BaseException] = []  # so that no number is given twice

    def local(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "exception" and isinstance(argument[1], Failure | httpx.HTTPError) and id(argument[1]) not in seen:
            seen.add(id(argument[1]))
            kept.append(argument[1])
            into.add("exceptions", "".join(traceback.format_exception(argument[1])))
        return local

    def entered(frame: FrameType, event: str, argument: Any) -> Any:
        frame.f_trace_lines = False
        return (
            local if "/consumer/" in frame.f_code.co_filename and "/sandbox/" not in frame.f_code.co_filename else None
        )

    sys.settrace(entered)
    try:
        yield
    finally:
        sys.settrace(None)


def traffic_with_foreign_links(elsewhere: str) -> Traffic:
    """Some files are where links signed by others lead: to a host of a partner's, to nobody's, to one beside ours."""
    planned = plan_traffic(EVENTS, SEED)
    urls = {
        "host_away": f"https://{AWAY_HOST}/form.pdf?{FOREIGN}",
        "foreign_host": f"https://files.attacker.example/form.pdf?{FOREIGN}",
        "link_expired": f"{elsewhere}/form.pdf?{FOREIGN}",
    }
    talks = [
        replace(
            talk,
            messages=tuple(
                replace(
                    message,
                    files=tuple(
                        replace(file, case=replace(file.case, url=urls[file.case.name]))
                        if file.case.name in urls
                        else file
                        for file in message.files
                    ),
                )
                for message in talk.messages
            ),
        )
        for talk in planned.world.conversations.values()
    ]
    return replace(planned, world=World(talks, planned.world.now))


@asynccontextmanager
async def another_host(heard: Heard) -> AsyncIterator[str]:
    """A file host that is neither login nor API, and always says "forbidden"."""

    async def handle(request: web.Request) -> web.Response:
        heard.heard(request)
        return web.Response(status=403, text="AccessDenied")

    async with loopback.serving(handle) as port:
        yield f"http://127.0.0.1:{port}"


async def watch(running: Running, out: Out) -> None:
    """What an operator's browser would show, again and again."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{running.metrics_port}", trust_env=False) as client:
        while True:
            for path in ("/metrics", "/readyz", "/livez"):
                out.add(path, (await client.get(path)).text)
            await anyio.sleep(0.3)


class Misfortune:
    """Everything that can be switched, one after the other, each until it was felt."""

    def __init__(self, emulator: Emulator, secret: list[str], running: Running) -> None:
        self._emulator, self._secret, self._running = emulator, secret, running
        self.felt: list[str] = []

    async def happens(self) -> None:
        for what in ("unavailable", "drop", "hang"):
            for part in ("api", "files"):
                await self._until_felt({"outage": {part: what}}, {"outage": {part: "off"}}, part)
        await self._tokens_expire_while_login_is_away()
        await self._until_felt({"permissions": []}, {"permissions": PERMISSIONS}, "api")
        await self._limit()
        await self._secret_rotates()

    async def _until_felt(self, trouble: dict[str, Any], end: dict[str, Any], gate: str) -> None:
        self._emulator.state.switch(trouble)
        await until_true(lambda: gate in closed_gates(self._running.conditions))
        self.felt.append(str(trouble))
        self._emulator.state.switch(end)
        await until_true(lambda: not closed_gates(self._running.conditions))

    async def _tokens_expire_while_login_is_away(self) -> None:
        trouble = {"expire_tokens": True, "outage": {"login": "unavailable"}}
        await self._until_felt(trouble, {"outage": {"login": "off"}}, "login")

    async def _limit(self) -> None:
        state = self._emulator.state
        before = state.answers["api 429"]
        for token in state.tokens:
            state.minutes[token] = Minute(state.now() - 60 + RETRY_AFTER_S, 10_000)
        state.switch({"limit_per_minute": 1_000})
        await until_true(lambda: state.answers["api 429"] > before)
        self.felt.append("429")
        state.switch({"limit_per_minute": None})

    async def _secret_rotates(self) -> None:
        trouble = {"client_secret": ROTATED_SECRET, "expire_tokens": True}
        self._emulator.state.switch(trouble)
        await until_true(lambda: self._running.conditions.stopped)
        self.felt.append("secret")
        self._secret[0] = ROTATED_SECRET
        await until_true(lambda: not closed_gates(self._running.conditions))


async def feed(settings: Any, records: tuple[InputRecord, ...], done: anyio.Event) -> None:
    """Some at a time, so that each misfortune meets work."""
    for begin in range(0, len(records), 6):
        await write(settings, records[begin : begin + 6])
        with anyio.move_on_after(0.4):
            await done.wait()


async def test_no_secret_comes_out_whatever_goes_wrong(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    heard, out, secret = Heard(), Out(), [WRONG_SECRET]
    async with another_host(heard) as elsewhere:
        traffic, later = with_later(traffic_with_foreign_links(elsewhere), topics.partitions)
        async with Emulator(traffic.world, Endpoint(ports=(0, 0, 0))) as emulator:
            emulator.state.listeners.append(heard.heard)
            settings = settings_for(emulator, kafka_settings, topics, tmp_path)
            origins = (emulator.files_url, emulator.api_url, elsewhere)
            settings = changed(settings, "download", allowed_origins=origins, read_timeout_s=4.0)
            score = Kept(traffic.expectation)
            with everything_logged() as logged, every_failure(out):
                async with (
                    serving(settings, lambda: ("sandbox", secret[0])) as running,
                    anyio.create_task_group() as group,
                ):
                    group.start_soon(watch, running, out)
                    await until_true(lambda: running.conditions.stopped)
                    secret[0] = emulator.state.switches.client_secret
                    await until_true(lambda: not running.conditions.stopped)
                    troubled, misfortune = anyio.Event(), Misfortune(emulator, secret, running)
                    group.start_soon(feed, settings, traffic.records, troubled)
                    await misfortune.happens()
                    troubled.set()
                    group.start_soon(send_on, later, settings.kafka, settings.topics.events, score)
                    async with OutputReader(settings.kafka, settings.topics) as reader:
                        await until(reader, score, lambda: len(score.records) > 20)
                        await read_to_end(reader, score, patience_s=120)
                    group.cancel_scope.cancel()
            secrets = {WRONG_SECRET, ROTATED_SECRET, "sandbox-secret", *emulator.state.tokens, *heard.signatures}
            for line in logged.getvalue().splitlines():
                out.add("log", line)
            for port, request in heard.requests:
                if f":{port}" not in emulator.login_url + emulator.api_url:
                    out.add("requests to files", request)
    for record in score.records:
        add_published(out, record.output, record.value, record.ours)
    assert len(misfortune.felt) == 10
    assert {
        "log",
        "exceptions",
        "/metrics",
        "/readyz",
        "results",
        "dead letters",
        "dead letters' values",
        "requests to files",
    } <= out.texts.keys()
    assert (score.tally().missing, score.tally().duplicated) == (0, 0), score.tally()
    assert len(emulator.state.tokens) >= 3
    assert len(heard.signatures) > 50
    kept_apart = {"requests to files", "dead letters' values"}  # where signatures belong, and tokens do not
    unsigned = Out({where: texts for where, texts in out.texts.items() if where not in kept_apart})
    assert unsigned.found(secrets | set(MARKS) | set(FOREIGN.replace("&", "=").split("=")[1::2])) == []
    assert out.found(secrets - heard.signatures) == []
    assert not any("authorization:" in text.lower() for text in out.texts["requests to files"])


def add_published(out: Out, output: Output, value: bytes | None, headers: dict[str, bytes]) -> None:
    """Value and own headers of a dead letter are the customer's; all else is ours."""
    if output is not Output.DEAD_LETTER:
        out.add("results", f"{(value or b'').decode()} {headers}")
    else:
        out.add("dead letters' values", f"{(value or b'').decode(errors='replace')} {headers}")
        out.add("dead letters", str({name: content for name, content in headers.items() if name.startswith("dlq.")}))

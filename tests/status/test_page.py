"""The status page over HTTP: to whom it answers, what it may do in a browser, and what it never tells."""

from __future__ import annotations

import hashlib
import re
import socket
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path

import anyio
import httpx
import pytest

from consumer.model import Condition
from consumer.service.status.listener import Pages, serving_page
from consumer.settings.load import SettingsProblem
from tests.quick import installed
from tests.status.seen import SECRET_HOST, Told


@asynccontextmanager
async def shown(told: Told) -> AsyncIterator[int]:
    async with serving_page(told.health, told.metrics.registry, 0) as port:
        assert port is not None
        yield port


async def asked(port: int, method: str = "GET", path: str = "/", host: str | None = None) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {"Host": host} if host is not None else {}
        return await client.request(method, f"http://127.0.0.1:{port}{path}", headers=headers)


def text_of(html: str) -> str:
    body = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


async def test_it_tells_what_top_tells_without_ids_and_names() -> None:
    told = Told()
    told.works()
    told.hindered()
    async with shown(told) as port:
        answer = await asked(port)
    text = text_of(answer.text)
    assert answer.status_code == 200
    for expected in (
        "waiting", "Kafka does not answer.", "What to do: Nothing, or mend the brokers.", "48 / 64",
        "40 / 16 384", "tasks 0", "events 3", "3.5 more files a second; then full: the API's rate limit",
        "1, the oldest for 2 h",
    ):  # fmt: skip
        assert expected in text
    for secret in (SECRET_HOST, "no broker answers", "genesys.attachments", "genesys.conversations"):
        assert secret not in answer.text


async def test_a_condition_that_holds_for_several_is_one_card_with_their_number() -> None:
    told = Told()
    for partition in (3, 5):
        told.conditions.begin(Condition.PARTITION_WAITS, "in detail", f"partition {partition}")
    async with shown(told) as port:
        page = text_of((await asked(port)).text)
    assert page.count("A partition can't commit its answers.") == 1
    assert "partition_waits, waits, for 2, since" in page


async def test_what_happened_is_told_since_somebody_looked_before_and_what_did_not_as_none() -> None:
    told, clock = Told(), [1_000.0]
    pages = Pages(told.health, told.metrics.registry, now=lambda: clock[0])
    clock[0] += 10
    assert "none in this time" in pages.newest()
    told.works()
    clock[0] += 20
    page = pages.newest()
    assert '<th scope="row">accepted</th><td>3</td><td>90</td>' in page
    assert "half in 0.75 s" in page
    clock[0] += 0.5
    told.works()
    assert pages.newest() == page, "it is made anew once a second"
    clock[0] += 3_600
    assert '<th scope="row">accepted</th><td>0.025</td><td>180</td>' in pages.newest()


async def test_it_needs_nothing_else_and_may_do_nothing_else() -> None:
    async with shown(Told()) as port:
        answer = await asked(port)
    policy = answer.headers["Content-Security-Policy"]
    for kind in ("style", "script"):
        (inline,) = re.findall(rf"<{kind}>(.*?)</{kind}>", answer.text, re.DOTALL)
        digest = b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"""(?:src|href|action)=["'](?!data:,)""", answer.text)
    assert not re.search(r"<[^>]* (?:style|on\w+)=", answer.text)
    assert "innerHTML" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "aiohttp" not in answer.headers["Server"].lower()
    assert not any(name.lower().startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "a@localhost", "[", "0.0.0.0"]
)
async def test_it_answers_to_no_name_but_this_machine_s_own(host: str) -> None:
    async with shown(Told()) as port:
        answer = await asked(port, host=host)
    assert answer.status_code in (400, 421)
    assert "Attachment consumer" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "LOCALHOST:1234", "[::1]:80"])
async def test_it_answers_to_those_by_whatever_port(host: str) -> None:
    async with shown(Told()) as port:
        assert (await asked(port, host=host)).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"])
async def test_it_is_only_looked_at(method: str) -> None:
    async with shown(Told()) as port:
        answer = await asked(port, method)
    assert answer.status_code in (400, 405)
    assert "Content-Security-Policy" in answer.headers or answer.status_code == 400


async def test_it_has_no_other_pages_and_listens_on_this_machine_alone() -> None:
    async with shown(Told()) as port:
        assert (await asked(port, path="/metrics")).status_code == 404
        with pytest.raises(OSError):  # refused, or however anyio tells it
            await anyio.connect_tcp("127.0.0.2", port)


async def test_it_is_off_unless_it_has_a_port_and_one_that_is_taken_is_a_problem_of_the_settings() -> None:
    told = Told()
    async with serving_page(told.health, told.metrics.registry, None) as port:
        assert port is None
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SettingsProblem, match="STATUS__PORT"):
        async with serving_page(told.health, told.metrics.registry, taken.getsockname()[1]):
            pass


@pytest.mark.timeout(120)
async def test_a_browser_runs_its_script_under_its_own_policy_and_shows_what_is_new(tmp_path: Path) -> None:
    chromium = installed("chromium", "chromium")
    told = Told()
    told.works()
    async with shown(told) as port:
        done = await anyio.run_process(
            [
                chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}",
                "--virtual-time-budget=9000", "--enable-logging=stderr", "--dump-dom", f"http://127.0.0.1:{port}/",
            ],
            check=False,
        )  # fmt: skip
    assert b"Content Security Policy" not in done.stderr
    assert '<th scope="row">accepted</th>' in done.stdout.decode()
    assert "It does not answer" not in text_of(done.stdout.decode())

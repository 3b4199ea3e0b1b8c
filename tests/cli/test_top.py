"""`top` as a process beside others, and what it draws on terminals of several sizes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from io import StringIO

import anyio
import pytest
from aiohttp import web
from rich.console import Console

from consumer.cli.top_view import fitted, rendered
from consumer.service.status.processes import base_url
from consumer.service.status.shown import View
from consumer.service.status.view import view_of
from tests.cli.conftest import Command
from tests.status.seen import Told, told_by

ESCAPE = "\x1b["


async def top(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return await anyio.run_process([sys.executable, "-m", "consumer", "top", *arguments], check=False)


async def test_one_look_tells_of_each_process_and_ends_well_without_colours_where_no_terminal_is() -> None:
    one, other = Told(), Told()
    one.works()
    other.works()
    async with told_by(one) as first, told_by(other) as second:
        done = await top("--once", "--interval", "0.2", f"http://{first}/metrics", second)
    shown = done.stdout.decode()
    assert done.returncode == 0, done.stderr.decode()
    assert first in shown
    assert second in shown
    assert "no condition holds" in shown
    assert re.search(r"accepted +0 +180\n", shown)
    assert ESCAPE not in shown


async def test_without_a_terminal_lines_are_as_long_as_what_they_say() -> None:
    told = Told()
    told.works()
    told.hindered()
    async with told_by(told) as address:
        done = await top("--once", "--interval", "0.2", address)
    assert max(map(len, done.stdout.decode().splitlines())) < 300


async def test_json_is_an_object_with_all_that_is_shown() -> None:
    told = Told()
    told.works()
    told.hindered()
    async with told_by(told) as address:
        done = await top("--once", "--interval", "0.2", "--json", address)
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert document["processes"][0]["state"] == "waiting"
    assert [one["condition"] for one in document["conditions"]] == ["kafka_away", "host_not_allowed"]
    assert document["partitions"][0]["window"] == 16_384


async def test_a_process_that_is_not_ready_is_no_good_news_and_one_that_is_not_there_says_so() -> None:
    async with told_by(Told()) as address:
        starting = await top("--once", "--interval", "0.2", address)
        one_of_two = await top("--once", "--interval", "0.2", address, "127.0.0.1:1")
    assert starting.returncode == 1
    assert b"starting" in starting.stdout
    assert one_of_two.returncode == 3
    assert re.search(rb"127.0.0.1:1 +away +it did not take the connection", one_of_two.stdout)


async def test_who_answers_and_is_no_process_of_ours_is_told_so() -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>hello</html>")

    app = web.Application()
    app.router.add_get("/metrics", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    done = await top("--once", f"127.0.0.1:{port}")
    await runner.cleanup()
    assert done.returncode == 3
    assert b"what answers there is no attachment consumer" in done.stderr


def test_what_is_no_address_is_a_problem_of_the_command(command: Command) -> None:
    done = command("top", "ftp://somewhere")
    assert done.exit_code == 2
    assert "no address of a process" in done.stderr


def test_who_asks_for_nobody_is_told_whom_this_machine_would_be(command: Command) -> None:
    done = command("top", "--once", WEB__PORT="1")
    assert done.exit_code == 3
    assert "127.0.0.1:1: it did not take the connection" in done.stderr
    assert "WEB__PORT" in done.stderr


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("localhost:9464", "http://localhost:9464"),
        ("http://pod-1:9464/metrics", "http://pod-1:9464"),
        ("https://ops.example/consumer/metrics", "https://ops.example/consumer"),
        ("[::1]:9464", "http://[::1]:9464"),
    ],
)
def test_addresses_may_be_written_as_people_do(given: str, url: str) -> None:
    assert base_url(given) == url


@pytest.mark.parametrize("given", ["", "ftp://x", "http://", "http://a:b", "http://u:p@host", "http://host/?q=1"])
def test_other_texts_are_none(given: str) -> None:
    with pytest.raises(ValueError, match=r"address|port|Port"):
        base_url(given)


# ---- on terminals


def seen(hindered: bool = True) -> View:
    told = Told()
    told.works()
    if hindered:
        told.hindered()
    return view_of([told.look("127.0.0.1:9464", 1_030.0)], {})


def terminal(width: int, height: int = 50, **options: object) -> Console:
    return Console(file=StringIO(), width=width, height=height, force_terminal=True, color_system="standard", **options)  # type: ignore[arg-type]


def drawn(view: View, console: Console, fit: bool = True) -> list[str]:
    console.print(fitted(view, console) if fit else rendered(view, console))
    assert isinstance(console.file, StringIO)
    return re.sub(r"\x1b\[[0-9;]*m", "", console.file.getvalue()).split("\n")[:-1]


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("height", [10, 24, 50])
def test_no_line_is_longer_and_no_picture_higher_than_the_terminal(width: int, height: int) -> None:
    lines = drawn(seen(), terminal(width, height))
    assert max(map(len, lines)) <= width
    assert len(lines) < height


@pytest.mark.parametrize("width", [40, 80, 120])
def test_what_matters_is_there_at_any_width(width: int) -> None:
    text = " ".join(" ".join(drawn(seen(), terminal(width), fit=False)).split())
    for told in ("kafka_away", "Kafka does not answer.", "no broker answers", "48 / 64", "dead letters open: 1"):
        assert told in text
    assert re.search(r"tasks +0 +12 +2 min +40 / 16.384", text)


def test_a_small_terminal_says_that_there_is_more() -> None:
    assert re.fullmatch(r"… \d+ more lines.*", drawn(seen(), terminal(80, 12))[-1])


def test_on_a_wide_terminal_answers_and_limits_stand_side_by_side() -> None:
    assert any("accepted" in line and "tasks in flight" in line for line in drawn(seen(), terminal(120)))
    assert any("accepted" in line and "tasks in flight" in line for line in drawn(seen(), terminal(80)))
    assert not any("accepted" in line and "tasks in flight" in line for line in drawn(seen(), terminal(60)))


def test_foreign_text_steers_no_terminal() -> None:
    view = seen(hindered=False)
    process = replace(view.processes[0], name="\x1b[2J[red]evil", version="\u202e1")
    shown = "\n".join(drawn(replace(view, processes=(process,)), terminal(200), fit=False))
    assert "\x1b" not in shown
    assert "\\x1b[2J[red]evil" in shown
    assert "\u202e" not in shown

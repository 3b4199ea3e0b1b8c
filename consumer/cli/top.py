"""`top`: how running processes are, live in a terminal, from what they tell of themselves."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict

import anyio
import typer
from rich.console import Console
from rich.live import Live

from consumer.cli.outcome import PIPED_WIDTH, Exit, data_json, ended, unwrapped
from consumer.cli.top_view import fitted, rendered
from consumer.service.status.processes import Processes, base_url, reached
from consumer.service.status.readings import OVER_S, Look
from consumer.service.status.shown import View
from consumer.service.status.view import view_of
from consumer.settings.load import load_part
from consumer.text import printable


def show_processes(given: Sequence[str], interval_s: float, once: bool, as_json: bool) -> None:
    """Until Ctrl-C, or with `once` for one look at what happened in one interval."""
    urls = [_address(one) for one in given] or [f"http://127.0.0.1:{load_part('web').web.port}"]
    try:
        anyio.run(_show, urls, interval_s, once, as_json)
    except KeyboardInterrupt:
        return


def _address(given: str) -> str:
    try:
        return base_url(given)
    except ValueError as wrong:
        raise ended(Exit.USAGE, f"{printable(given, 200)!r}: {wrong}") from None


async def _show(urls: list[str], interval_s: float, once: bool, as_json: bool) -> None:
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
    with unwrapped():
        async with reached(urls) as processes:
            views = _views(processes, interval_s)
            first = await anext(views)
            if all(process.state == "away" for process in first.processes):
                if as_json:
                    _print(first, console, as_json)
                raise _nobody_answers(first)
            if once:
                last = await anext(views)
                _print(last, console, as_json)
                _judge(last)
            elif as_json or not console.is_terminal:
                async for view in views:
                    _print(view, console, as_json)
            else:
                with Live(fitted(first, console), console=console, screen=True, auto_refresh=False) as live:
                    async for view in views:
                        live.update(fitted(view, console), refresh=True)


async def _views(processes: Processes, interval_s: float) -> AsyncIterator[View]:
    """One an interval; the first shows what happened since the processes began."""
    earlier: deque[list[Look]] = deque()
    while True:
        began = time.monotonic()
        looks = await processes.look()
        while len(earlier) > 1 and looks[0].at - earlier[1][0].at >= OVER_S:
            earlier.popleft()
        yield view_of(looks, _first_of(earlier))
        earlier.append(looks)
        await anyio.sleep(max(interval_s - (time.monotonic() - began), 0.0))


def _first_of(earlier: deque[list[Look]]) -> dict[str, Look]:
    """The first look at each process that answered to it."""
    first: dict[str, Look] = {}
    for looks in earlier:
        for look in looks:
            if look.readings is not None:
                first.setdefault(look.process, look)
    return first


def _nobody_answers(view: View) -> typer.Exit:
    told = [f"{process.name}: {process.problem}" for process in view.processes]
    return ended(Exit.DOWN, "\n".join([*told, "is it running there, and is this its WEB__PORT?"]))


def _print(view: View, console: Console, as_json: bool) -> None:
    if as_json:
        data_json(asdict(view))
    else:
        console.print(rendered(view, console))


def _judge(view: View) -> None:
    """What is away cannot be judged; what is not ready or not known is no good news."""
    states = {process.state for process in view.processes}
    if "away" in states:
        raise ended(Exit.DOWN)
    if states - {"ready", "waiting"}:
        raise ended(Exit.NEGATIVE)

"""`check-config --online`: every part of a set-up tried once."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from consumer.cli.loading import checked
from consumer.cli.outcome import Exit, data_json, ended, show, table, unwrapped
from consumer.cli.typed import conversation_id
from consumer.inspection.workers.pool import hide_from_peers
from consumer.service.doctor.doctor import look, worst
from consumer.service.doctor.lines import CheckLine, Outcome
from consumer.settings.load import Credentials, credentials
from consumer.settings.model import Settings
from consumer.telemetry.log import setup

if TYPE_CHECKING:
    from rich.table import Table

COLOURS = {Outcome.FINE: "green", Outcome.WARNING: "yellow", Outcome.WRONG: "red", Outcome.AWAY: "red"}
WIDE = 110  # columns
EXITS = {Outcome.WRONG: Exit.NEGATIVE, Outcome.AWAY: Exit.DOWN}


def check_online(config: Path | None, conversation: str | None, as_json: bool) -> None:
    """Ends with 1 if an operator has to change something, else with 3 if a service is away."""
    try:
        asked = conversation_id(conversation) if conversation is not None else None
    except ValueError as wrong:
        raise ended(Exit.USAGE, f"--conversation: {wrong}") from None
    settings = checked(config).settings
    hide_from_peers()
    setup(settings.log.model_copy(update={"level": "error"}))
    lines = anyio.run(_look, settings, credentials(settings, config), asked)
    found = worst(lines)
    if as_json:
        data_json({"ok": found is Outcome.FINE, "problems": [], "checks": [asdict(line) for line in lines]})
    else:
        show(by_check(lines) if is_narrow() else table_of(lines))
    if found in EXITS:
        raise ended(EXITS[found])


async def _look(settings: Settings, secrets: Credentials, conversation: str | None) -> list[CheckLine]:
    with unwrapped():
        return await look(settings, secrets, conversation)
    raise AssertionError("it returns, or raises")


def is_narrow() -> bool:
    """A terminal in which the table would cut names in two, that somebody wants to copy."""
    return sys.stdout.isatty() and shutil.get_terminal_size().columns < WIDE


def by_check(lines: Iterable[CheckLine]) -> Table:
    """One thing below the other."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    for line in lines:
        grid.add_row(Text(*_outcome(line)), Text(line.check, "bold"))
        for what, told in (("tried", line.tried), ("came", line.came), ("do", line.remedy)):
            if told:
                grid.add_row(Text(what.rjust(len(Outcome.NOT_CHECKED)), "dim"), Text(told))
    return grid


def table_of(lines: Iterable[CheckLine]) -> Table:
    columns = ("result", "check", "tried", "what came", "what to do")
    rows = ((_outcome(line), line.check, line.tried, line.came, line.remedy) for line in lines)
    return table(columns, rows, whole=columns[:2])


def _outcome(line: CheckLine) -> tuple[str, str]:
    return line.outcome, COLOURS.get(line.outcome, "dim")

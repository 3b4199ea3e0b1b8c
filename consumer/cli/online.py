"""`check-config --online`: every part of a set-up tried once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import anyio

from consumer.cli.loading import checked
from consumer.cli.outcome import Cell, Exit, data_json, ended, show, unwrapped
from consumer.cli.typed import conversation_id
from consumer.inspection.workers.pool import hide_from_peers
from consumer.service.doctor.doctor import look, worst
from consumer.service.doctor.lines import CheckLine, Outcome
from consumer.settings.load import Credentials, credentials
from consumer.settings.model import Settings
from consumer.telemetry.log import setup

COLOURS = {Outcome.FINE: "green", Outcome.WARNING: "yellow", Outcome.WRONG: "red", Outcome.AWAY: "red"}
COLUMNS = ("result", "check", "tried", "what came", "what to do")
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
        show(COLUMNS, map(_row, lines), whole=COLUMNS[:2], ids=True)
    if found in EXITS:
        raise ended(EXITS[found])


async def _look(settings: Settings, secrets: Credentials, conversation: str | None) -> list[CheckLine]:
    with unwrapped():
        return await look(settings, secrets, conversation)
    raise AssertionError("it returns, or raises")


def _row(line: CheckLine) -> Sequence[Cell]:
    outcome = (line.outcome, COLOURS.get(line.outcome, "dim"))
    return outcome, (line.check, "bold"), line.tried, line.came, line.remedy

"""How a command ends: its exit code, and what it says when it can't do what it was asked: on stderr, for people; with
`--json` on stdout as well, if nothing was told there yet. So whoever reads JSON always finds some."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

if TYPE_CHECKING:
    from rich.table import Table

PIPED_WIDTH = 10_000


class Exit(IntEnum):
    FINE = 0
    NEGATIVE = 1  # a file is rejected, a URL refused, a topic differs
    USAGE = 2  # wrong arguments or settings
    DOWN = 3  # a dependency does not answer


@dataclass(slots=True)
class _Reader:
    """Who reads stdout."""

    wants_json: bool = False
    was_told: bool = False


_reader: ContextVar[_Reader] = ContextVar("reader")


@contextmanager
def failures_told(as_json: bool = False) -> Iterator[None]:
    """Surrounds a command: turns the failures that it may meet into a message and its exit code."""
    from consumer.errors import Refused, Unavailable
    from consumer.settings.load import SettingsProblem

    before = _reader.set(_Reader(as_json))
    try:
        yield
    except SettingsProblem as problem:
        raise ended(Exit.USAGE, str(problem), problem.problems) from None
    except Unavailable as failure:
        raise ended(Exit.DOWN, f"{failure.dependency}: {failure.detail}") from None
    except Refused as failure:
        raise ended(Exit.NEGATIVE, f"{failure.dependency}: {failure.detail}") from None
    finally:
        _reader.reset(before)


@contextmanager
def unwrapped() -> Iterator[None]:
    """Raises what went wrong inside a task group as itself, if it is one thing."""
    try:
        yield
    except BaseExceptionGroup as group:
        only: BaseException = group
        while isinstance(only, BaseExceptionGroup) and len(only.exceptions) == 1:
            only = only.exceptions[0]
        raise only from None


class Commands(TyperGroup):
    """Arguments that can't be read are told in JSON as well: no command begins that could."""

    def invoke(self, ctx: Any) -> Any:
        wants_json = "--json" in ctx.args
        try:
            return super().invoke(ctx)
        except TyperException as wrong:
            if wants_json:
                data_json(failed([wrong.format_message()]))
            raise


def ended(code: Exit, message: str = "", problems: Sequence[str] = ()) -> typer.Exit:
    """`problems`: the message as a list, where it is more than its lines."""
    if message:
        typer.echo(message, err=True)
        reader = _reader.get(_Reader())
        if reader.wants_json and not reader.was_told:
            data_json(failed(problems or message.splitlines()))
    return typer.Exit(int(code))


def failed(problems: Sequence[str]) -> dict[str, object]:
    return {"ok": False, "problems": problems}


def data(text: str) -> None:
    """One line of the answer, on stdout."""
    typer.echo(text)


def data_json(document: object, *, only_ascii: bool = False) -> None:
    """One JSON object on a line; `only_ascii` for foreign text that goes out as it came in."""
    _reader.get(_Reader()).was_told = True
    data(json.dumps(document, ensure_ascii=only_ascii, default=str))


Cell = str | tuple[str, str]
"""A text, or a text and its style. Foreign text too: nothing in it is markup."""


def table(columns: Iterable[str], rows: Iterable[Iterable[Cell]], whole: Collection[str] = ()) -> Table:
    """For people. `whole`: columns whose cells are never broken into lines."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column in whole)
    for row in rows:
        made.add_row(*(Text(cell) if isinstance(cell, str) else Text(*cell) for cell in row))
    return made


def show(shown: Table) -> None:
    """A table for people; one line a row where no terminal is, since someone pipes it into grep."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else PIPED_WIDTH).print(shown)

"""How a command ends: its exit code, and what it says when it can't do what it was asked: on stderr, for people; with
`--json` on stdout as well, if nothing was told there yet. So whoever reads JSON always finds some."""

from __future__ import annotations

import json
import shutil
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
    from rich.text import Text

PIPED_WIDTH = 10_000
WIDE = 110  # columns of a terminal


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


def show(
    columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, whole: Collection[str] = (), ids: bool = False
) -> None:
    """A table for people; one line a row where no terminal is, since someone pipes it into grep.

    `whole`: columns whose cells are never broken into lines. `ids`: somebody wants to copy what a narrow terminal would
    cut in two, so that there one cell stands below the other.
    """
    from rich.console import Console

    is_terminal = sys.stdout.isatty()
    narrow = ids and is_terminal and shutil.get_terminal_size().columns < WIDE
    shown = one_below_the_other(columns, rows) if narrow else side_by_side(columns, rows, whole)
    Console(width=None if is_terminal else PIPED_WIDTH).print(shown)


def side_by_side(columns: Sequence[str], rows: Iterable[Sequence[Cell]], whole: Collection[str] = ()) -> Table:
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in whole)
    for row in rows:
        table.add_row(*map(_text, row))
    return table


def one_below_the_other(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Table:
    """The first two cells of a row are its heading; of the others those that say something."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for row in rows:
        table.add_row(*map(_text, row[:2]))
        for column, cell in zip(columns[2:], row[2:], strict=True):
            if text := _text(cell):
                table.add_row(Text(f"  {column}", "dim"), text)
    return table


def _text(cell: Cell) -> Text:
    from rich.text import Text

    return Text(cell) if isinstance(cell, str) else Text(*cell)

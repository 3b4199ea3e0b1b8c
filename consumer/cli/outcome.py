"""How a command ends: its exit code, and what it says on stderr when it can't do what it was asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.table import Table

PIPED_WIDTH = 10_000


class Exit(IntEnum):
    FINE = 0
    NEGATIVE = 1  # a file is rejected, a URL refused, a topic differs
    USAGE = 2  # wrong arguments or settings
    DOWN = 3  # a dependency does not answer


@contextmanager
def failures_told() -> Iterator[None]:
    """Turns the failures that a command may meet into a message and its exit code."""
    from consumer.errors import Refused, Unavailable
    from consumer.settings.load import SettingsProblem

    try:
        yield
    except SettingsProblem as problem:
        raise ended(Exit.USAGE, str(problem)) from None
    except Unavailable as failure:
        raise ended(Exit.DOWN, f"{failure.dependency}: {failure.detail}") from None
    except Refused as failure:
        raise ended(Exit.NEGATIVE, f"{failure.dependency}: {failure.detail}") from None


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


def ended(code: Exit, message: str = "") -> typer.Exit:
    if message:
        typer.echo(message, err=True)
    return typer.Exit(int(code))


def data(text: str) -> None:
    """One line of the answer, on stdout."""
    typer.echo(text)


def data_json(document: object, *, only_ascii: bool = False) -> None:
    """One JSON object on a line; `only_ascii` for foreign text that goes out as it came in."""
    data(json.dumps(document, ensure_ascii=only_ascii, default=str))


def show(table: Table) -> None:
    """A table for people; one line a row where no terminal is, since someone pipes it into grep."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else PIPED_WIDTH).print(table)

"""`demo`: broker, Genesys emulator, traffic and the service in one go, and whether every answer was the right one."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import anyio
import typer

from consumer.cli.outcome import Exit, data_json, ended

if TYPE_CHECKING:
    from rich.console import Console

    from consumer.sandbox.demo import Report
    from consumer.sandbox.demo_view import LiveView, Quiet
    from consumer.sandbox.traffic import Traffic

FOLDER = Path(".demo")
FILES = FOLDER / "attachments"
LOG = FOLDER / "service.log"
MADE_HERE = FOLDER / ".gitignore"  # stands for a folder of files that the demo made
DEADLINE_S, EVENTS_PER_S = 55.0, 10.0  # a run is given up after the first, or at this rate if that takes longer


class BrokerKind(StrEnum):
    EMBEDDED = "embedded"
    KAFKA = "kafka"


def play_demo(events: int, seed: int, broker: BrokerKind, as_json: bool, keep: bool) -> None:
    """Exit 1 if an answer is missing, came twice, or is not the expected one."""
    from rich.console import Console

    from consumer.inspection.workers.confinement import not_offered
    from consumer.sandbox.demo_view import as_json as report_as_json
    from consumer.sandbox.demo_view import summary
    from consumer.sandbox.traffic import plan_traffic
    from consumer.settings.model import LogSettings
    from consumer.telemetry.log import setup

    traffic = plan_traffic(events, seed)
    if why := not_offered():
        print(f"nothing holds in what examines the files: {why}", file=sys.stderr)  # noqa: T201 # what a command says
    console = Console(stderr=as_json)
    with open_log() as log, _running(broker, events) as bootstrap_servers, _view(traffic, console) as view:
        setup(LogSettings(format="json"), log)
        steps = partial(_steps, traffic, view, bootstrap_servers, embedded=broker is BrokerKind.EMBEDDED)
        hold = partial(_until_interrupted, view, steps) if keep else None
        report = _played(traffic, bootstrap_servers, view, embedded=broker is BrokerKind.EMBEDDED, hold=hold)
    if as_json:
        data_json(report_as_json(report))
        for kind, lines in report.tally.which.items():
            for line in lines:
                print(f"{kind}: {line}", file=sys.stderr)  # noqa: T201 # what a command says is its work
    else:
        console.print(summary(report), soft_wrap=True)  # a path that is cut in two can't be copied
    if not report.tally.good:
        raise ended(Exit.NEGATIVE, f"not every answer is as it must be; what the service says is in {LOG}")


def _played(
    traffic: Traffic,
    bootstrap_servers: str,
    view: LiveView | Quiet,
    *,
    embedded: bool,
    hold: Callable[[], Awaitable[None]] | None,
) -> Report:
    from consumer.inspection.policy.policy import PolicyError
    from consumer.inspection.workers.pool import WorkersNotStarted
    from consumer.sandbox.demo import play

    deadline_s = max(DEADLINE_S, traffic.expectation.events / EVENTS_PER_S)
    run = partial(play, embedded=embedded, deadline_s=deadline_s, hold=hold)
    try:
        return anyio.run(run, traffic, bootstrap_servers, FOLDER, view)
    except WorkersNotStarted as missing:
        raise ended(Exit.DOWN, str(missing)) from None
    except PolicyError as wrong:
        raise ended(Exit.USAGE, str(wrong)) from None


def open_log() -> TextIO:
    """The log in its folder, from which the files of an earlier run are gone; nobody else's are touched."""
    try:
        FOLDER.mkdir(exist_ok=True)
        if not FILES.exists():
            MADE_HERE.write_text("*\n")
        elif MADE_HERE.exists():
            shutil.rmtree(FILES)
        else:
            typer.echo(f"{FILES} was there before the demo: what is in it stays", err=True)
        return LOG.open("w")
    except OSError as error:
        told = f"{error.filename or FILES}: {error.strerror or error}"
        raise ended(Exit.USAGE, f"the demo needs a folder here: {told}") from None


def _steps(traffic: Traffic, view: LiveView | Quiet, bootstrap_servers: str, *, embedded: bool) -> list[str]:
    from consumer.sandbox.demo import SETTINGS
    from consumer.sandbox.next_steps import next_steps

    return next_steps(traffic.expectation, view.metrics_url, FOLDER / SETTINGS, bootstrap_servers, embedded=embedded)


async def _until_interrupted(view: LiveView | Quiet, steps: Callable[[], list[str]]) -> None:
    serving = f"running on, with {view.metrics_url} and, to look at, {view.page_url}; Ctrl-C or SIGTERM ends it"
    told = "\n".join([serving, *steps()])
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        print(told, file=sys.stderr)  # noqa: T201 # the live view puts it above itself: not so what typer writes
        async for _ in signals:
            return


@contextmanager
def _view(traffic: Traffic, console: Console) -> Iterator[LiveView | Quiet]:
    """What shows the answers as they come, where somebody looks."""
    from consumer.sandbox.demo_view import LiveView, Quiet

    if not console.is_terminal:
        yield Quiet()
        return
    with LiveView(traffic.expectation, console) as live:
        yield live


@contextmanager
def _running(broker: BrokerKind, events: int) -> Iterator[str]:
    """The broker's address."""
    if broker is BrokerKind.KAFKA:
        try:
            from consumer.sandbox.kafka import BrokerFailed, KafkaBroker
            from consumer.sandbox.kafka_jars import JarMissing, WrongJar
        except ImportError:
            raise ended(Exit.USAGE, "a real Kafka comes with a checkout: `make demo BROKER=kafka` there") from None
        try:
            with KafkaBroker() as kafka:
                yield kafka.bootstrap_servers
        except (BrokerFailed, JarMissing, WrongJar) as failed:
            raise ended(Exit.DOWN, str(failed)) from None
        return
    from consumer.sandbox.arrangement import topic_partitions

    try:
        from consumer.sandbox.embedded import EmbeddedBroker
    except ImportError:
        raise ended(Exit.USAGE, "the embedded broker comes with the extra: attachment-consumer[sandbox]") from None
    with EmbeddedBroker(topic_partitions(events)) as embedded:
        yield embedded.bootstrap_servers

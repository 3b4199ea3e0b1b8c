"""`sandbox`: the demo's parts one by one, for anyone's own Kafka."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from consumer.cli.loading import AsJson, quiet_settings
from consumer.cli.outcome import Cell, Exit, data, data_json, ended, failures_told, show

if TYPE_CHECKING:
    from consumer.sandbox.attack import Attacked
    from consumer.sandbox.check import Tally
    from consumer.sandbox.emulator import Emulator
    from consumer.sandbox.expectation import Expectation
    from consumer.sandbox.traffic import Traffic
    from consumer.settings.model import Settings

app = typer.Typer(help="The demo's parts one by one. For your own Kafka, and for trying things.", no_args_is_help=True)

Events = Annotated[int, typer.Option(min=1, max=1_000_000, help="Number of events.")]
Seed = Annotated[int, typer.Option(help="The same events and seed give the same conversations, files and answers.")]


@app.command()
def emulator(
    events: Events = 300,
    seed: Seed = 1,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0: a free one.")] = 8080,
    base_url: Annotated[
        str | None, typer.Option(help="Where clients reach it, if not at that address: http://emulator:8080")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="An ill answer in place of the good ones; may be given again. `list` names all."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Serve Genesys Cloud's login, API and files. On loopback, until SIGTERM or SIGINT.

    What is printed are the settings of a service beside it. `POST /_control` switches outages, limits and faults.
    """
    from consumer.sandbox.emulator_faults import FAULTS
    from consumer.sandbox.plan import plan_world

    faults = fault or []
    with failures_told(as_json):
        if faults == ["list"]:
            names = sorted(FAULTS)
            if as_json:
                data_json(names)
            else:
                data("\n".join(names))
            return
        if unknown := sorted(set(faults) - FAULTS.keys()):
            raise ended(Exit.USAGE, f"no such fault: {', '.join(unknown)}; `--fault list` names all")
        from consumer.sandbox.emulator import Emulator, Endpoint

        emulated = Emulator(plan_world(events, seed), Endpoint(host, (port,), advertised=base_url), faults=faults)
        try:
            anyio.run(_serve, emulated, base_url, as_json)
        except OSError as taken:
            raise ended(Exit.DOWN, f"can't listen on {host}:{port}: {taken.strerror}") from None


async def _serve(emulated: Emulator, base_url: str | None, as_json: bool) -> None:
    """Until a signal. Says the settings of a service beside it."""
    from consumer.sandbox.arrangement import environment

    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with emulated as running:
            settings = environment(running, base_url=base_url)
            if as_json:
                data_json(settings)
            else:
                data("\n".join(f"{name}='{value}'" for name, value in settings.items()))
            sys.stdout.flush()
            async for _ in signals:
                break


@app.command()
def traffic(
    expect: Annotated[Path, typer.Option(help="File for the answers that must come out.", show_default=False)],
    events: Events = 300,
    seed: Seed = 1,
    rate: Annotated[float, typer.Option(min=0, help="Records a second; 0: as fast as Kafka takes them.")] = 0,
    antivirus: Annotated[bool, typer.Option(help="The service has an antivirus: the test signature is found.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the events of a seed to Kafka. They go to the input topic, the expected answers to a file."""
    from consumer.sandbox.traffic import plan_traffic

    planned = plan_traffic(events, seed, antivirus=antivirus)
    with failures_told(as_json):
        settings = quiet_settings(None)
        try:
            planned.expectation.write(expect)
        except OSError as error:
            raise ended(Exit.USAGE, f"{expect}: {error.strerror}") from None
        sent = anyio.run(_publish, planned, settings, rate)
    told = {
        "events": events,
        "records": sent,
        "attachments": planned.expectation.attachments,
        "expected": len(planned.expectation.answers),
        "topic": settings.topics.events,
    }
    if as_json:
        data_json(told)
    else:
        data(", ".join(f"{name} {value}" for name, value in told.items()))


async def _publish(planned: Traffic, settings: Settings, rate: float) -> int:
    from consumer.sandbox.traffic import write

    async def pause(number: int) -> None:
        if rate:
            await anyio.sleep(1 / rate)

    with _kafka_failures_told(settings):
        return await write(planned.records, settings.kafka, settings.topics.events, pause=pause)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `sandbox traffic --expect` wrote.")],
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds without a new answer until what is not there counts as missing.")
    ] = 10.0,
    as_json: AsJson = False,
) -> None:
    """Compare the output topics with what must be in them. Exit 1 if anything is missing, duplicated or wrong."""
    from consumer.sandbox.expectation import Expectation

    with failures_told(as_json):
        try:
            expectation = Expectation.read(file)
        except OSError as error:
            raise ended(Exit.USAGE, f"{file}: {error.strerror}; `sandbox traffic --expect` writes it") from None
        except ValueError as wrong:
            raise ended(Exit.USAGE, str(wrong)) from None
        tally = anyio.run(_compared, expectation, quiet_settings(None), wait)
        _tell(tally, expectation.events, as_json)
        if tally.missing:
            why = "what is missing may still be waited for: `explain ID` tells for what"
            print(why, file=sys.stderr)  # noqa: T201 # what a command says is its work
        if not tally.good:
            raise ended(Exit.NEGATIVE)


async def _compared(expectation: Expectation, settings: Settings, patience_s: float) -> Tally:
    from consumer.sandbox.check import OutputReader, Score, read_to_end

    score = Score(expectation)
    with _kafka_failures_told(settings):
        async with OutputReader(settings.kafka, settings.topics) as reader:
            await read_to_end(reader, score, patience_s=patience_s)
    return score.tally()


@app.command()
def attack(as_json: AsJson = False) -> None:
    """Try what a taken-over worker process would try. It is tried on this machine; exit 1 if any of it works.

    `killed`: the filter ended the process, which is what is promised. The last two columns show what else would hold.
    """
    from consumer.inspection.workers.confinement import not_offered
    from consumer.inspection.workers.pool import WorkersNotStarted
    from consumer.inspection.workers.proof import surroundings
    from consumer.sandbox.attack import PLANS, suite

    with failures_told(as_json):
        if why := not_offered():
            raise ended(Exit.NEGATIVE, f"nothing can hold a worker in here: {why}")
        try:
            results = anyio.run(suite)
        except WorkersNotStarted as missing:
            raise ended(Exit.DOWN, str(missing)) from None
        if as_json:
            data_json({"platform": surroundings(), "attacks": {one.attack: one.outcomes for one in results}})
        else:
            show(("attack", *PLANS), _attacks(results, tuple(PLANS)))
            data(surroundings())
        if any(one.works for one in results):
            raise ended(Exit.NEGATIVE)


def _attacks(results: Sequence[Attacked], kinds: Sequence[str]) -> Iterator[Sequence[Cell]]:
    for one in results:
        colour = "red" if one.works else "green"
        yield one.attack, *((one.outcomes[kind], colour if kind != kinds[-1] else "") for kind in kinds)


@contextmanager
def _kafka_failures_told(settings: Settings) -> Iterator[None]:
    from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

    from consumer.errors import Unavailable
    from consumer.kafka.explain import explain
    from consumer.model import Dependency

    try:
        yield
    except UnknownTopicOrPartitionError:
        raise Unavailable(Dependency.KAFKA, "a topic is missing: `topics create` makes them") from None
    except KafkaError as error:
        raise Unavailable(Dependency.KAFKA, f"{settings.kafka.bootstrap_servers}: {explain(error)}") from None


def _tell(tally: Tally, events: int, as_json: bool) -> None:
    if as_json:
        data_json({"events": events, **asdict(tally)})
        return
    for name, value in asdict(tally).items():
        if name != "which":
            data(f"{name:>14}  {value}")
    for kind, lines in tally.which.items():
        for line in lines:
            data(f"{kind}: {line}")

"""The demo for people: a live table of answers beside what must come, a progress bar, and a summary."""

from __future__ import annotations

from collections import Counter
from types import TracebackType
from typing import Self

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from consumer.sandbox.cases import NOT_CAUSED, Outcome
from consumer.sandbox.check import Score
from consumer.sandbox.demo import Report
from consumer.sandbox.expectation import Expectation

STYLES = {Outcome.ACCEPTED: "green", Outcome.REJECTED: "red", Outcome.DEAD: "yellow"}
Row = tuple[Outcome, str]


class Quiet:
    """Shows nothing: for a machine that reads the JSON."""

    def serving(self, metrics_url: str) -> None:
        pass

    def came(self, score: Score) -> None:
        pass


class LiveView:
    """Redraws itself on a terminal while the context is open; elsewhere it draws once, at the end."""

    def __init__(self, expectation: Expectation, console: Console) -> None:
        self._wanted: Counter[Row] = Counter((answer.outcome, answer.reason or "") for answer in expectation.answers)
        self._came: Counter[Row] = Counter()
        self._metrics_url = ""
        self._progress = Progress(
            TextColumn("answers"),
            BarColumn(None),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            expand=True,
        )
        self._bar = self._progress.add_task("answers", total=self._wanted.total())
        self._live = Live(self._drawn(), console=console, refresh_per_second=8)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.update(self._drawn())
        self._live.stop()

    def serving(self, metrics_url: str) -> None:
        self._metrics_url = metrics_url
        self._live.update(self._drawn())

    def came(self, score: Score) -> None:
        self._came = score.by_row
        self._progress.update(self._bar, completed=min(self._came.total(), self._wanted.total()))
        self._live.update(self._drawn())

    def _drawn(self) -> RenderableType:
        rows = sorted(set(self._wanted) | set(self._came), key=lambda row: (list(STYLES).index(row[0]), row[1]))
        half = -(-len(rows) // 2)
        tables = Columns([self._table(rows[:half]), self._table(rows[half:])], expand=True, equal=True)
        metrics = Text(f"metrics: {self._metrics_url or 'starting …'}", style="dim")
        return Group(tables, self._progress, metrics)

    def _table(self, rows: list[Row]) -> Table:
        table = Table(expand=True, pad_edge=False, box=None)
        table.add_column("answer")
        table.add_column("reason")
        table.add_column("came", justify="right")
        table.add_column("of", justify="right", style="dim")
        for row in rows:
            outcome, reason = row
            came, wanted = self._came[row], self._wanted[row]
            mark = "bold" if came == wanted else "dim" if came < wanted else "bold reverse"
            table.add_row(Text(outcome.value, STYLES[outcome]), reason, Text(str(came), mark), str(wanted))
        return table


def summary(report: Report) -> RenderableType:
    """What came out beside what had to, where the files are, and what could not be shown."""
    tally, expectation = report.tally, report.traffic.expectation
    verdict = Text("every answer came once, and as expected", "bold green")
    if not tally.good:
        verdict = Text(f"missing {tally.missing}, duplicated {tally.duplicated}, wrong {tally.wrong}", "bold red")
    facts = Table.grid(padding=(0, 2))
    facts.add_row("events", f"{expectation.events} in {len(report.traffic.records)} records")
    facts.add_row("answers", f"{tally.published} of {tally.expected} expected, {report.seconds} s")
    facts.add_row(
        "of them", f"{tally.accepted} accepted, {tally.rejected} rejected, {tally.dead_lettered} dead letters"
    )
    facts.add_row("compared", verdict)
    facts.add_row("files", str(report.files))
    facts.add_row("metrics", f"{report.metrics_url} while it ran; --keep leaves it running")
    facts.add_row("calls", ", ".join(f"{kind} {count}" for kind, count in sorted(report.calls.items())))
    problems = [Text(f"{kind}: {line}", "red") for kind, lines in tally.which.items() for line in lines]
    unseen = Table(title="Not caused here", title_justify="left", box=None, pad_edge=False)
    unseen.add_column("reason")
    unseen.add_column("why")
    for reason, why in NOT_CAUSED.items():
        unseen.add_row(reason.value, why)
    return Group(facts, *problems, Text(), unseen)


def as_json(report: Report) -> dict[str, object]:
    tally, expectation = report.tally, report.traffic.expectation
    return {
        "events": expectation.events,
        "attachments": expectation.attachments,
        "expected": tally.expected,
        "published": tally.published,
        "accepted": tally.accepted,
        "rejected": tally.rejected,
        "dead_lettered": tally.dead_lettered,
        "by_reason": tally.by_reason,
        "missing": tally.missing,
        "duplicated": tally.duplicated,
        "wrong": tally.wrong,
        "seconds": report.seconds,
    }

"""The demo for people: a progress bar above the answers beside what must come, and a summary."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Self

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from consumer.sandbox.cases import NOT_CAUSED, ExpectedOutcome
from consumer.sandbox.check import Score
from consumer.sandbox.demo import Report
from consumer.sandbox.expectation import Expectation

STYLES = {ExpectedOutcome.ACCEPTED: "green", ExpectedOutcome.REJECTED: "red", ExpectedOutcome.DEAD: "yellow"}
FRAME = 3  # lines of the live view around the answers
Row = tuple[ExpectedOutcome, str]


class Quiet:
    """Shows nothing: nobody looks."""

    def __init__(self) -> None:
        self.metrics_url = self.page_url = ""

    def serving(self, metrics_url: str, page_url: str) -> None:
        self.metrics_url, self.page_url = metrics_url, page_url

    def came(self, score: Score) -> None:
        pass


class LiveView:
    """Redraws itself on a terminal while the context is open, and leaves nothing behind: the summary says it all."""

    def __init__(self, expectation: Expectation, console: Console) -> None:
        self._console = console
        self._wanted = rows_of(expectation)
        self._came: Counter[Row] = Counter()
        self.metrics_url = self.page_url = ""
        self._progress = Progress(
            TextColumn("answers"),
            BarColumn(None),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            expand=True,
        )
        self._bar = self._progress.add_task("answers", total=self._wanted.total())
        # What is said on stderr goes above it, unless that leads elsewhere.
        self._live = Live(self, console=console, transient=True, redirect_stderr=sys.stderr.isatty())

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def serving(self, metrics_url: str, page_url: str) -> None:
        self.metrics_url, self.page_url = metrics_url, page_url

    def came(self, score: Score) -> None:
        self._came = Counter(score.by_row)  # a copy: it is drawn in a thread of its own
        self._progress.update(self._bar, completed=min(self._came.total(), self._wanted.total()))

    def __rich__(self) -> RenderableType:
        """Never higher than the terminal: what scrolls out can't be drawn anew."""
        metrics = Text(f"metrics {self.metrics_url or 'starting …'}", style="dim")
        table = answers(self._wanted, self._came)
        if len(self._console.render_lines(table)) + FRAME > self._console.height:
            table = answers(self._wanted, self._came, reasons=False)
        return Group(self._progress, metrics, table, Text())  # a key's echo behind a full line would move all of it


def rows_of(expectation: Expectation) -> Counter[Row]:
    """How many answers of each outcome and reason must come."""
    return Counter((answer.outcome, answer.reason or "") for answer in expectation.answers)


def answers(wanted: Counter[Row], came: Counter[Row], *, reasons: bool = True) -> RenderableType:
    """What came of what must come: each outcome, and below it its reasons, in as many columns as there is room for."""
    parts: list[RenderableType] = []
    for outcome, style in STYLES.items():
        rows = sorted(row for row in wanted.keys() | came.keys() if row[0] is outcome)
        if rows:
            total = f"{sum(came[row] for row in rows)}/{sum(wanted[row] for row in rows)}"
            parts.append(Text.assemble((outcome.value, style), " ", total))
        if rows and reasons:
            parts.append(Padding(Columns(_cells(rows, wanted, came), column_first=True), (0, 0, 0, 2)))
    return Group(*parts)


def _cells(rows: list[Row], wanted: Counter[Row], came: Counter[Row]) -> list[Text]:
    counts = {row: f"{came[row]}/{wanted[row]}" for row in rows if row[1]}
    name_width = max((len(reason) for _, reason in counts), default=0)
    count_width = max(map(len, counts.values()), default=0)
    return [
        Text.assemble(row[1].ljust(name_width + 1), (count.rjust(count_width), _mark(came[row], wanted[row])))
        for row, count in counts.items()
    ]


def _mark(came: int, wanted: int) -> str:
    return "bold" if came == wanted else "dim" if came < wanted else "bold reverse"


def summary(report: Report) -> RenderableType:
    """What came of what had to and what could not be shown; last, where everything is and whether all was right."""
    problems = [Text(f"{kind}: {line}", "red") for kind, lines in report.tally.which.items() for line in lines]
    table = answers(rows_of(report.traffic.expectation), report.came)
    return Group(table, Text(), _not_caused(), Text(), *problems, _facts(report))


def _not_caused() -> RenderableType:
    table = Table(title="Not caused here", title_justify="left", box=None, pad_edge=False, show_header=False)
    for reason, why in NOT_CAUSED.items():
        table.add_row(reason.value, why)
    return table


def _facts(report: Report) -> RenderableType:
    tally, expectation = report.tally, report.traffic.expectation
    verdict = Text("every answer came once, and as expected", "bold green")
    if not tally.good:
        verdict = Text(f"missing {tally.missing}, duplicated {tally.duplicated}, wrong {tally.wrong}", "bold red")
    kinds = f"{tally.accepted} accepted, {tally.rejected} rejected, {tally.dead_lettered} dead letters"
    facts: dict[str, str | Text] = {
        "events": f"{expectation.events} in {len(report.traffic.records)} records",
        "calls": ", ".join(f"{kind} {count}" for kind, count in sorted(report.calls.items())),
        "files": str(report.files),
        "metrics": f"{report.metrics_url} while it ran; --keep leaves it running, and says what to try next",
        "answers": f"{tally.published} of {tally.expected} expected, in {report.seconds} s: {kinds}",
        "compared": verdict,
    }
    return Group(*(Text.assemble(name.ljust(10), fact) for name, fact in facts.items()))


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

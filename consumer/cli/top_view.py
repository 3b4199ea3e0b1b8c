"""The view of `top` for people: rich tables that fit a terminal of any width, with or without colours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from consumer.service.status.shown import LimitUse, Partition, Process, ShownCondition, View
from consumer.service.status.words import NONE_NOW, number, percent, size, span
from consumer.text import printable

T = TypeVar("T")

WIDE, USUAL, NARROW = 108, 80, 60  # columns: from the first two more things stand side by side; below the last, less
BAR = 10
STATES = {"ready": "green", "waiting": "yellow", "starting": "yellow", "unknown": "yellow"}
EFFECTS = {"stops": "bold red", "waits": "yellow", "warns": "yellow"}
MORE = "… {} more lines: a higher terminal shows them, and --once all"


def rendered(view: View, console: Console, most: int | None = None) -> RenderableType:
    """All of it, or at most so many rows of each list."""
    return Group(*_sections(view, console, most))


def fitted(view: View, console: Console) -> RenderableType:
    """What a terminal has lines for: lists get shorter until it fits. If it never does, the last line says so."""
    room = console.height - 1  # a key's echo behind a full screen would move all of it
    for most in (None, 12, 8, 4, 2):
        lines = console.render_lines(rendered(view, console, most), pad=False)
        if len(lines) <= room:
            return Group(*(_line(line) for line in lines))
    left = len(lines) - (room - 1)
    return Group(*(_line(line) for line in lines[: room - 1]), Text(MORE.format(left), style="dim", no_wrap=True))


def _line(segments: Iterable[object]) -> Text:
    text = Text(no_wrap=True, overflow="crop", end="")
    for segment in segments:
        text.append(segment.text, segment.style)  # type: ignore[attr-defined] # rich's own pair
    text.end = "\n"
    return text


def _sections(view: View, console: Console, most: int | None) -> Iterable[RenderableType]:
    width = console.width if console.is_terminal else WIDE - 1  # piped: one thing below the other
    at = datetime.fromtimestamp(view.at, UTC)
    yield Text.assemble(
        ("attachment consumer", "bold"), f"  {at:%H:%M:%S} UTC, rates over the last {span(view.over_s)}"
    )
    yield _processes(view.processes, width)
    yield from (_condition(held, several=len(view.processes) > 1) for held in view.conditions)
    if not view.conditions and any(process.state != "away" for process in view.processes):
        yield Text("no condition holds", style="green")
    answers, limits = _answers(view, most), _limits(view, console)
    partitions, kinds = _partitions(view, width, most), _kinds(view, most)
    first = [[answers, limits]] if width >= USUAL and len(view.processes) == 1 else [[answers], [limits]]
    rows = [*first, *([[partitions, kinds]] if width >= WIDE else [[partitions], [kinds]])]
    rows = rows if console.is_terminal else [[answers], [limits], [partitions], [kinds]]
    for row in rows:
        yield Text()
        yield _beside(row) if len(row) > 1 else row[0]


def _beside(parts: Sequence[RenderableType]) -> RenderableType:
    grid = Table.grid(padding=(0, 3, 0, 0))
    grid.add_row(*parts)
    return grid


def _shown(rows: Sequence[T], most: int | None) -> tuple[Sequence[T], str]:
    """The first of them, and what is said of the others."""
    if most is None or len(rows) <= most:
        return rows, ""
    return rows[: most - 1], f"… {len(rows) - most + 1} more"


def _table(title: str, columns: Sequence[str], left: int = 1) -> Table:
    """The first `left` columns hold words, the others numbers."""
    table = Table(box=None, title=title, title_justify="left", title_style="bold", header_style="dim", pad_edge=False)
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < left else "right", overflow="fold", no_wrap=place >= left)
    return table


def _words(text: str, style: str = "", limit: int = 300) -> Text:
    """Foreign text too: nothing in it is markup."""
    return Text(printable(text, limit), style=style)


def _processes(processes: Sequence[Process], width: int) -> RenderableType:
    columns = ["process", "state", "room for"] + (["up", "CPU", "memory", "version"] if width >= NARROW else [])
    table = _table("", columns, left=3)
    for process in processes:
        state = _words(process.state, STATES.get(process.state, "bold red"))
        if process.state == "away":
            table.add_row(_words(process.name), state, _words(process.problem, "red"))
            continue
        spare = "not known yet"
        if process.spare_per_s is not None:
            spare = f"{number(process.spare_per_s)} more/s ({process.spare_by})"
        row: list[RenderableType] = [_words(process.name), state, _words(process.problem or spare)]
        if width >= NARROW:
            told = span(process.up_s), percent(process.cpu_share), size(process.memory_bytes), process.version
            row += [_words(one) for one in told]
        table.add_row(*row)
    return table


def _condition(held: ShownCondition, *, several: bool) -> RenderableType:
    whom = ", ".join(filter(None, (held.process if several else "", held.about)))
    head = Text.assemble((f"{printable(held.condition, 60)} {held.effect}", EFFECTS.get(held.effect, "yellow")))
    head.append(f"  {whom}" if whom else "")
    if held.since is not None:
        head.append(f"  since {datetime.fromtimestamp(held.since, UTC):%Y-%m-%d %H:%M:%S} UTC", "dim")
    said = [_words(held.sentence), *([_words(held.detail)] if held.detail else []), _words(f"→ {held.remedy}", "bold")]
    return Group(head, Padding(Group(*said), (0, 0, 0, 2), expand=False))


def _answers(view: View, most: int | None) -> RenderableType:
    table = _table("Answers", ("", "a second", "in all"))
    for verdict in (count for count in view.counts if not count.reason):
        table.add_row(_words(verdict.verdict), number(verdict.per_s), number(verdict.total))
        reasons, more = _shown([one for one in view.counts if one.reason and one.verdict == verdict.verdict], most)
        for one in reasons:
            table.add_row(_words(f"  {one.reason}"), number(one.per_s), number(one.total))
        if more:
            table.add_row(Text(f"  {more}", style="dim"))
    told = [NONE_NOW if view.half_within_s is None else f"half within {span(view.half_within_s)}"]
    if view.nearly_all_within_s is not None:
        told.append(f"99 of 100 within {span(view.nearly_all_within_s)}")
    notes = [f"from event to answer: {', '.join(told)}"]
    if view.calls_per_attachment is not None:
        notes.append(f"{number(view.calls_per_attachment)} API calls an attachment")
    if view.open_letters:
        notes.append(f"dead letters open: {number(view.open_letters)}, the oldest for {span(view.oldest_letter_s)}")
    return Group(table, *(_words(note, "dim") for note in notes))


def _limits(view: View, console: Console) -> RenderableType:
    several = len(view.processes) > 1
    wide = console.width >= WIDE or not console.is_terminal
    columns = [*(["process"] if several else []), "", *([""] if wide else []), "taken / of"]
    table = _table("Limits", columns, left=len(columns) - 1)
    full, empty = ("#", ".") if console.options.ascii_only else ("█", "░")
    for limit in view.limits:
        filled, told = round(limit.share * BAR), size if limit.unit else number
        bar = [Text(full * filled + empty * (BAR - filled), style=_colour(limit))] if wide else []
        taken = Text(f"{told(limit.taken)} / {told(limit.most)}", style="" if wide else _colour(limit))
        table.add_row(*([_words(limit.process)] if several else []), _words(limit.what), *bar, taken)
    return table


def _colour(limit: LimitUse) -> str:
    return "red" if limit.share >= 0.95 else "yellow" if limit.share >= 0.8 else "green"


Column = tuple[str, Callable[[Partition], str]]


def _partitions(view: View, width: int, most: int | None) -> RenderableType:
    columns: list[Column] = [
        ("loop", lambda row: row.loop),
        ("partition" if width >= NARROW else "part", lambda row: str(row.partition)),
        ("lag", lambda row: number(row.lag)),
        ("waits", lambda row: span(row.waits_s)),
        ("window", lambda row: f"{number(row.uncommitted)} / {number(row.window)}" if row.window else ""),
    ]
    if width >= NARROW:
        columns.append(("outbox", lambda row: size(row.outbox_bytes) if row.outbox_budget else ""))
        if len(view.processes) > 1:
            columns.insert(0, ("process", lambda row: row.process))
    table = _table("Partitions", [name for name, _ in columns], left=len(columns) - 4 - (width >= NARROW))
    rows, more = _shown(view.partitions, most)
    for row in rows:
        table.add_row(*(_words(told(row)) for _, told in columns))
    if not rows:
        return Group(Text("Partitions", style="bold"), Text("none is assigned", style="dim"))
    return Group(table, Text(more, style="dim")) if more else table


def _kinds(view: View, most: int | None) -> RenderableType:
    table = _table("Examining, since the start", ("kind", "bytes", "CPU", "CPU a MB"))
    rows, more = _shown(view.kinds, most)
    for kind in rows:
        table.add_row(_words(kind.kind), size(kind.files_bytes), span(kind.cpu_s), span(kind.cpu_s_per_mb))
    if not rows:
        return Text()
    return Group(table, Text(more, style="dim")) if more else table

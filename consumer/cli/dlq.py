"""`dlq ls`, `show`, `replay`, `export`: looking after what could not be judged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from consumer.cli.loading import AsJson, ConfigFile
from consumer.cli.outcome import failures_told
from consumer.wire.entries import MOST_GENERATIONS

app = typer.Typer(help="Look after dead letters: what could not be judged.", no_args_is_help=True)

ReasonOption = Annotated[list[str] | None, typer.Option("--reason", help="Only this reason; may be given again.")]
IdOption = Annotated[list[str] | None, typer.Option("--id", help="Only this identity (hex); may be given again.")]
ConversationOption = Annotated[str | None, typer.Option("--conversation", help="Only this conversation.")]
SinceOption = Annotated[str | None, typer.Option(help="Only from then on: 2026-11-23T09:30Z, or 90m, 2h, 7d ago.")]
UntilOption = Annotated[str | None, typer.Option(help="Only before then, written as for --since.")]
LimitOption = Annotated[int, typer.Option(min=1, help="At most as many.")]


@app.command("ls")
def list_letters(
    reason: ReasonOption = None,
    identity: IdOption = None,
    conversation: ConversationOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = 1_000,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """List dead letters, without their contents."""
    from consumer.cli import dlq_commands

    with failures_told(as_json):
        chosen = dlq_commands.chosen(reason, identity, conversation, since, until)
        dlq_commands.list_letters(config, chosen, limit, as_json)


@app.command()
def show(
    place: Annotated[str, typer.Argument(metavar="PLACE", help="An identity (hex), or partition:offset of its topic.")],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show one dead letter whole, with links and tokens masked. Of an identity, the latest. Exit 1 if there is none."""
    from consumer.cli import dlq_commands

    with failures_told(as_json):
        dlq_commands.show_letter(config, place, as_json)


@app.command()
def replay(
    reason: ReasonOption = None,
    identity: IdOption = None,
    conversation: ConversationOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written; write nothing.")] = False,
    rate: Annotated[float, typer.Option(min=0.01, help="Written a second, at most.")] = 10.0,
    max_generation: Annotated[
        int,
        typer.Option(min=1, max=MOST_GENERATIONS, help="Leave alone what was a dead letter this often already."),
    ] = 3,
    yes: Annotated[bool, typer.Option("--yes", help="Needed to replay all of them, with no filter.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Judge dead letters again. Twice changes nothing. Exit 1 if one that was chosen can't be replayed, 2 if it
    can't be signed as the service signs."""
    from consumer.cli import dlq_commands

    with failures_told(as_json):
        chosen = dlq_commands.chosen(reason, identity, conversation, since, until)
        dlq_commands.replay_letters(config, chosen, dry_run, rate, max_generation, yes, as_json)


@app.command()
def export(
    reason: ReasonOption = None,
    identity: IdOption = None,
    conversation: ConversationOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    output: Annotated[
        Path | None, typer.Option(help="File to write, readable by its owner alone; else stdout.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Write dead letters as JSON lines. Verbatim, with contents, links and all: treat the file like the topic."""
    from consumer.cli import dlq_commands

    with failures_told():
        chosen = dlq_commands.chosen(reason, identity, conversation, since, until)
        dlq_commands.export_letters(config, chosen, output)

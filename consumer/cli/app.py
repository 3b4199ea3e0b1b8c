"""The commands. Each imports what it needs when it runs, so that `--help` is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from consumer.cli import dlq
from consumer.cli.loading import AsJson, ConfigFile
from consumer.cli.outcome import failures_told

app = typer.Typer(
    name="attachment-consumer",
    help="Judges the files that customers send in Genesys Cloud messaging: Kafka events in, verdicts out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # they print local variables, and those hold secrets
    context_settings={"help_option_names": ["-h", "--help"]},
)
topics_app = typer.Typer(help="The service's topics.", no_args_is_help=True)
app.add_typer(topics_app, name="topics")
app.add_typer(dlq.app, name="dlq")


@app.command()
def run(config: ConfigFile = None) -> None:
    """Run the service until SIGTERM or SIGINT: the first drains, a second one stops now."""
    from consumer.cli.run import run_service

    with failures_told():
        run_service(config)


@app.command()
def scan(
    files: Annotated[list[Path], typer.Argument(help="The files to judge.", show_default=False)],
    policy: Annotated[
        Path | None,
        typer.Option(help="Policy TOML; the shipped one if not given.", envvar="INSPECTION__POLICY_FILE"),
    ] = None,
    antivirus: Annotated[
        str | None, typer.Option(help="clamd: tcp://host:port or unix:///path.", envvar="ANTIVIRUS__ADDRESS")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge files by hand, as the service would. No network but the antivirus; exit 1 if one is rejected."""
    from consumer.cli.scan import scan as scan_files

    with failures_told():
        scan_files(files, policy, antivirus, as_json)


@app.command("check-config")
def check_config(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show every setting and where it comes from, or everything that is wrong. Contacts nothing."""
    from consumer.cli import checks

    with failures_told():
        checks.check_config(config, as_json)


@app.command("check-url")
def check_url(
    urls: Annotated[list[str], typer.Argument(help="URLs, or - to read them from stdin.", show_default=False)],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the service may connect to these URLs, and why not. Connects nowhere; exit 1 if it may not."""
    from consumer.cli.checks import check_urls

    with failures_told():
        check_urls(urls, config, as_json)


@topics_app.command("create")
def topics_create(
    config: ConfigFile = None,
    events_partitions: Annotated[
        int, typer.Option(min=0, help="Also create the topic of the events, which is usually somebody else's.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Create what is missing. Changes nothing that exists: exit 1 if that differs from what is needed."""
    from consumer.cli.topic_commands import create_topics

    with failures_told():
        create_topics(config, events_partitions, as_json)


@topics_app.command("describe")
def topics_describe(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show the topics and how they differ from what `topics create` makes: exit 1 if they do."""
    from consumer.cli.topic_commands import describe_topics

    with failures_told():
        describe_topics(config, as_json)


@app.command()
def version(as_json: AsJson = False) -> None:
    """Versions of everything that a verdict depends on."""
    from consumer.cli.versions import print_versions

    print_versions(as_json)

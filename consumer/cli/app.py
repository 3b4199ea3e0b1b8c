"""The commands. Each imports what it needs when it runs, so that `--help` is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from consumer import __version__
from consumer.cli import dlq, sandbox
from consumer.cli.acl_commands import AclFormat
from consumer.cli.demo import BrokerKind
from consumer.cli.loading import AsJson, ConfigFile
from consumer.cli.outcome import Commands, Exit, ended, failures_told
from consumer.kafka.grants import Role
from consumer.settings.scanners import FORMS

app = typer.Typer(
    name="attachment-consumer",
    cls=Commands,
    help="Judges the files that customers send in Genesys Cloud messaging: Kafka events in, verdicts out.",
    no_args_is_help=True,
    rich_markup_mode=None,  # half a second of imports for a frame around the help
    pretty_exceptions_enable=False,  # they print local variables, and those hold secrets
    context_settings={"help_option_names": ["-h", "--help"]},
)
topics_app = typer.Typer(
    help="Create and show the service's topics. And print the ACLs that each role needs.", no_args_is_help=True
)
app.add_typer(topics_app, name="topics")
app.add_typer(dlq.app, name="dlq")
app.add_typer(sandbox.app, name="sandbox")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="The version, and nothing else.")
    ] = False,
) -> None:
    """Judges the files that customers send in Genesys Cloud messaging: Kafka events in, verdicts out."""


@app.command()
def run(config: ConfigFile = None) -> None:
    """Run the service, until a signal. The first SIGTERM or SIGINT drains, a second one stops now."""
    from consumer.cli.run import run_service

    with failures_told():
        run_service(config)


@app.command()
def demo(
    events: Annotated[int, typer.Option(min=1, max=100_000, help="Number of events.")] = 300,
    seed: Annotated[int, typer.Option(help="The same events and seed give the same files and answers.")] = 1,
    broker: Annotated[BrokerKind, typer.Option(help="One in this process, or a real Kafka.")] = BrokerKind.EMBEDDED,
    keep: Annotated[
        bool, typer.Option("--keep", help="Go on until interrupted, and say what to try beside it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show it working, all in one go. Broker, Genesys emulator, traffic and service; exit 1 if one answer differs."""
    from consumer.cli.demo import play_demo

    with failures_told(as_json):
        play_demo(events, seed, broker, as_json, keep)


@app.command()
def scan(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="The files to judge.", show_default=False)],
    policy: Annotated[
        Path | None,
        typer.Option(help="Policy TOML; the shipped one if not given.", envvar="INSPECTION__POLICY_FILE"),
    ] = None,
    rules: Annotated[
        Path | None, typer.Option("--yara-rules", help="Also apply YARA rules.", envvar="INSPECTION__YARA_RULES")
    ] = None,
    antivirus: Annotated[
        str | None, typer.Option(help=f"Also ask a scanner: {FORMS}.", envvar="ANTIVIRUS__ADDRESS")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Each finding with its place, the bytes there, and who would act on them.")
    ] = False,
    reduce: Annotated[
        bool, typer.Option("--reduce", help="Write a small file without personal content that is rejected as FILE is.")
    ] = False,
    output: Annotated[Path | None, typer.Option(help="With --reduce: where to; reduced.EXT if not given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Judge files by hand, as the service would. No network but the antivirus; exit 1 if one is rejected. With
    --reduce, exit 1 if there is nothing to reduce."""
    from consumer.cli.reduce import reduce as reduce_file
    from consumer.cli.scan import scan as scan_files

    with failures_told(as_json):
        if output is not None and not reduce:
            raise ended(Exit.USAGE, "--output is for --reduce")
        if reduce:
            reduce_file(files, output, policy, as_json)
        else:
            scan_files(files, policy, rules, antivirus, explain, as_json)


@app.command("check-config")
def check_config(
    config: ConfigFile = None,
    diff: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="OLD NEW", help="Show only what the second policy judges otherwise."),
    ] = None,
    online: Annotated[
        bool, typer.Option("--online", help="Try every part: Kafka, Genesys, storage, antivirus, workers.")
    ] = False,
    conversation: Annotated[
        str | None, typer.Option(metavar="ID", help="With --online: read this one through, to its first file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show all settings, or all that is wrong. Each with its source. Contacts nothing without --online: then exit 1 if
    anything has to be changed, 3 if anything is away. With --diff, exit 1 if anything is judged otherwise."""
    from consumer.cli import checks

    with failures_told(as_json):
        if conversation is not None and not online:
            raise ended(Exit.USAGE, "--conversation is for --online")
        if diff:
            checks.compare_policies(*diff, as_json)
        elif online:
            from consumer.cli.online import check_online

            check_online(config, conversation, as_json)
        else:
            checks.check_config(config, as_json)


@app.command("check-url")
def check_url(
    urls: Annotated[
        list[str], typer.Argument(metavar="URL", help="URLs, or - to read them from stdin.", show_default=False)
    ],
    resolve: Annotated[bool, typer.Option("--resolve", help="Look the names up, and judge their addresses.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Say whether the service may connect to URLs. And why not. Connects nowhere; exit 1 if it may not to one."""
    from consumer.cli.checks import check_urls

    with failures_told(as_json):
        check_urls(urls, config, as_json, resolve)


@app.command("check-event")
def check_event(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="Values of records, one a file; - is stdin.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Show what the service reads in a record's bytes. Contacts nothing; exit 1 if one becomes a dead letter."""
    from consumer.cli.check_event import check_event as check

    with failures_told(as_json):
        check(files, as_json)


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

    with failures_told(as_json):
        create_topics(config, events_partitions, as_json)


@topics_app.command("describe")
def topics_describe(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show the topics. And how they differ from what `topics create` makes: exit 1 if they do."""
    from consumer.cli.topic_commands import describe_topics

    with failures_told(as_json):
        describe_topics(config, as_json)


@topics_app.command("acls")
def topics_acls(
    principal: Annotated[str, typer.Option(help="As Kafka writes it: User:name.", show_default=False)],
    role: Annotated[Role, typer.Option(help="Whoever it is for.")] = Role.SERVICE,
    group: Annotated[
        str | None, typer.Option(help="The consumer group, if not that of the settings; a reader needs its own.")
    ] = None,
    form: Annotated[AclFormat, typer.Option("--format", help="For kafka-acls.sh, or a KafkaUser.")] = AclFormat.CLI,
    config: ConfigFile = None,
) -> None:
    """Print the least that a role has to be allowed at the brokers. Contacts nothing."""
    from consumer.cli.acl_commands import print_acls

    with failures_told():
        print_acls(config, principal, role, group, form)


@app.command()
def reconcile(
    since: Annotated[
        str, typer.Option(help="Messages from then on: 2026-11-23T09:30Z, or 90m, 2h, 7d ago.", show_default=False)
    ],
    until: Annotated[str, typer.Option(help="And before then: what is younger may still be on its way.")] = "20m",
    look_back: Annotated[
        str, typer.Option(help="How long before --since a conversation may have started: 7d, 12h.")
    ] = "7d",
    feed: Annotated[
        bool, typer.Option("--feed", help="Write their conversations to the events topic: the service judges them.")
    ] = False,
    rate: Annotated[float, typer.Option(min=0.01, help="Conversations fed a second, at most.")] = 1.0,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """List messages with files that have no answer. Asks the API and reads the ledger; a running service notices
    nothing. Exit 1 if there are any and they are not fed."""
    from consumer.cli.reconcile import print_missing

    with failures_told(as_json):
        print_missing(config, since, until, look_back, feed_at=rate if feed else None, as_json=as_json)


@app.command()
def notify(config: ConfigFile = None) -> None:
    """Tell customers of rejected files, until a signal. A service of its own, off unless NOTIFY__CHANNEL says how; of
    each file at most once."""
    from consumer.cli.notify import run_notify

    with failures_told():
        run_notify(config)


@app.command()
def top(
    urls: Annotated[
        list[str] | None,
        typer.Argument(metavar="URL", help="host:port of each process; this machine's WEB__PORT if not given."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="One look instead of a live one.")] = False,
    interval: Annotated[float, typer.Option(min=0.2, max=60, help="Seconds between two looks.")] = 2.0,
    as_json: AsJson = False,
) -> None:
    """Show how running processes are. Rates, reasons, conditions, limits and partitions, until Ctrl-C. With --once,
    exit 1 if one is not ready, 3 if one does not answer. With --json, an object for each look."""
    from consumer.cli.top import show_processes

    with failures_told(as_json):
        show_processes(urls or [], interval, once, as_json)


@app.command()
def explain(
    what: Annotated[
        str, typer.Argument(metavar="ID", help="Of a conversation, a message or an attachment.", show_default=False)
    ],
    since: Annotated[
        str | None,
        typer.Option(help="Only from then on, and all events since: 2026-11-23T09:30Z, or 90m, 2h, 7d ago."),
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="Ask this process, host:port, what it waits for; may be given again."),
    ] = None,
    names: Annotated[bool, typer.Option("--names", help="Tell the files' names too, which customers gave.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Say where a customer's file is. Its event, task, answer and what it waits for; exit 1 if nothing is known."""
    from consumer.cli.whereabouts import explain as explain_id

    with failures_told(as_json):
        explain_id(config, what, since, status or [], names, as_json)


@app.command()
def version(as_json: AsJson = False) -> None:
    """Versions of everything that a verdict depends on."""
    from consumer.cli.versions import print_versions

    with failures_told(as_json):
        print_versions(as_json)

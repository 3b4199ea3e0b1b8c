"""`topics` and `dlq`, on a real broker."""

from __future__ import annotations

import io
import json
import re
import secrets
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml
from rich.console import Console
from typer.testing import Result

from consumer.cli.dlq_commands import chosen
from consumer.cli.outcome import side_by_side
from consumer.cli.topic_commands import rows_of
from consumer.kafka.topic_rules import Topic, TopicDifference
from consumer.model import DeadReason, Settled
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.wire.signatures import Signatures
from tests.brokers import Broker
from tests.cli.conftest import Command
from tests.surface.test_deadletters import letter, put, task_records, tasks

NO_GENESYS = {"GENESYS_CLIENT_ID": "", "GENESYS_CLIENT_SECRET": ""}
SIGNED = b'{"media":{"url":"https://files.example/a?X-Amz-Signature=s3cret"},"token":"s3cret"}'


@pytest.fixture
def topics() -> TopicSettings:
    prefix = f"cli-{secrets.token_hex(4)}"
    return TopicSettings(events=f"{prefix}.events", prefix=prefix, partitions=2, replication=1)


@pytest.fixture
def env(kafka: Broker, topics: TopicSettings) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "TOPICS__EVENTS": topics.events,
        "TOPICS__PREFIX": topics.prefix,
        "TOPICS__PARTITIONS": str(topics.partitions),
        "TOPICS__REPLICATION": "1",
    }


@pytest.fixture
def letters(command: Command, env: dict[str, str], topics: TopicSettings) -> KafkaSettings:
    """Three dead letters in topics of this test's own: two not found, one of a bug."""
    assert command("topics", "create", "--events-partitions", "1", **env).exit_code == 0
    kafka = KafkaSettings(bootstrap_servers=env["KAFKA_BOOTSTRAP_SERVERS"])
    one = replace(letter(1), value=SIGNED, settled=Settled("messages", "answered", "not.found", "ca138a93-3198"))
    anyio.run(put, kafka, topics, one, letter(2), letter(3, reason=DeadReason.BUG))
    return kafka


def told(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.kafka
def test_topics_are_created_once_and_described(command: Command, env: dict[str, str], topics: TopicSettings) -> None:
    missing = command("topics", "describe", **env)
    assert (missing.exit_code, missing.stdout.count("missing")) == (1, 6)
    (created,) = told(command("topics", "create", "--json", "--events-partitions", "1", **env))
    assert len(created["created"]) == 6
    again = command("topics", "create", **env)
    assert (again.exit_code, again.stdout) == (0, "nothing was missing\n")
    described = command("topics", "describe", **env)
    assert (described.exit_code, topics.ledger in described.stdout) == (0, True)


@pytest.mark.kafka
def test_topics_that_differ_end_with_1_and_stay_as_they_are(command: Command, env: dict[str, str]) -> None:
    assert command("topics", "create", **env).exit_code == 0
    other = {**env, "TOPICS__PARTITIONS": "3"}
    refused = command("topics", "create", **other)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "partitions is 2, not 3" in refused.stderr
    assert command("topics", "describe", **other).exit_code == 1


@pytest.mark.kafka
@pytest.mark.usefixtures("letters")
def test_dead_letters_are_listed_by_filters(command: Command, env: dict[str, str]) -> None:
    every = told(command("dlq", "ls", "--json", **env))
    assert sorted(one["reason"] for one in every) == ["bug", "not_found", "not_found"]
    assert [one["id"] for one in told(command("dlq", "ls", "--json", "--reason", "bug", **env))] == ["03" * 16]
    assert told(command("dlq", "ls", "--json", "--conversation", "c-2", **env))[0]["id"] == "02" * 16
    assert told(command("dlq", "ls", "--json", "--until", "1h", **env)) == []
    assert len(told(command("dlq", "ls", "--json", "--since", "1h", "--limit", "2", **env))) == 2
    header, *rows = command("dlq", "ls", **env).stdout.splitlines()
    assert "reason" in header
    assert len(rows) == 3, "one line each, for grep"


@pytest.mark.kafka
def test_dead_letters_are_listed_in_the_order_of_their_times(
    command: Command, env: dict[str, str], letters: KafkaSettings, topics: TopicSettings
) -> None:
    for number in range(4, 10):
        anyio.run(put, letters, topics, replace(letter(number), key=b"key %d" % number))
    every = told(command("dlq", "ls", "--json", **env))
    assert len({one["place"].partition(":")[0] for one in every}) == 2, "of several partitions"
    assert [one["id"] for one in every[3:]] == [f"{number:02}" * 16 for number in range(4, 10)]


@pytest.mark.kafka
@pytest.mark.usefixtures("letters")
def test_show_masks_and_export_does_not(command: Command, env: dict[str, str], tmp_path: Path) -> None:
    shown = command("dlq", "show", "01" * 16, **env)
    (as_json,) = told(command("dlq", "show", "--json", "01" * 16, **env))
    assert (shown.exit_code, as_json["key"]) == (0, "original key")
    assert "files.example/a" in shown.stdout
    assert as_json["settledBy"] == {
        "call": "messages",
        "meaning": "answered",
        "code": "not.found",
        "correlationId": "ca138a93-3198",
    }
    assert as_json["explanation"] == "Genesys itself says that there is no such thing."
    assert ["null", None] in as_json["headers"]
    assert "s3cret" not in shown.stdout + json.dumps(as_json)
    assert command("dlq", "show", as_json["place"], **env).stdout == shown.stdout
    assert command("dlq", "show", "0f" * 16, **env).exit_code == 1
    file = tmp_path / "letters.jsonl"
    assert command("dlq", "export", "--id", "01" * 16, "--output", file, **env).exit_code == 0
    (exported,) = [json.loads(line) for line in file.read_text().splitlines()]
    assert exported["value"] == SIGNED.decode()
    assert exported["headers"][:2] == [["trace", {"base64": "/w=="}], ["null", None]]
    assert file.stat().st_mode & 0o077 == 0
    assert command("dlq", "export", "--output", file, **env).exit_code == 2
    assert len(told(command("dlq", "export", **env))) == 3


@pytest.mark.kafka
def test_replay_needs_a_choice_or_a_yes_and_a_dry_run_writes_nothing(
    command: Command, env: dict[str, str], topics: TopicSettings, letters: KafkaSettings
) -> None:
    assert command("dlq", "replay", **env).exit_code == 2
    dry = told(command("dlq", "replay", "--dry-run", "--json", **env))
    assert [one["fate"] for one in dry] == ["would_be_written"] * 3
    assert anyio.run(tasks, letters, topics) == []
    written = command("dlq", "replay", "--reason", "not_found", "--rate", "1000", **env)
    assert (written.exit_code, written.stdout) == (0, "written: 2\n")
    assert len(anyio.run(tasks, letters, topics)) == 2
    too_often = command("dlq", "replay", "--yes", "--max-generation", "1", **env)
    assert (too_often.exit_code, "too_often: 3" in too_often.stdout) == (1, True)


@pytest.mark.kafka
@pytest.mark.usefixtures("letters")
def test_a_replay_is_signed_or_says_what_it_lacks_and_writes_nothing(
    command: Command, env: dict[str, str], letters: KafkaSettings, topics: TopicSettings
) -> None:
    """The service signs: it says with which key in each dead letter, and would believe no other replay."""
    theirs, other = Signatures([b"k" * 32]), {"SIGNATURES__MODE": "sign", "SIGNATURES__KEY": "o" * 32}
    anyio.run(partial(put, signatures=theirs), letters, topics, letter(4))
    told = f"the service signs its tasks with the key {theirs.ids[0].hex()}, and here "
    for lacking, what in (
        ({}, f"{told}none is set"),
        (other, f"{told}SIGNATURES__KEY and SIGNATURES__OTHER_KEY are others"),
        ({"SIGNATURES__MODE": "require"}, "SIGNATURES__KEY is not set, and SIGNATURES__MODE=require needs it"),
    ):
        refused = command("dlq", "replay", "--yes", **env, **lacking)
        assert (refused.exit_code, refused.stdout, what in refused.stderr) == (2, "", True), refused.stderr
    assert anyio.run(task_records, letters, topics) == []

    rotating = other | {"SIGNATURES__OTHER_KEY": "k" * 32}
    for keys in ({"SIGNATURES__MODE": "require", "SIGNATURES__KEY": "k" * 32}, rotating):
        written = command("dlq", "replay", "--yes", "--rate", "1000", **env, **keys)
        assert (written.exit_code, written.stdout) == (0, "written: 4\n")
    service = Signatures([b"k" * 32, b"o" * 32], required=True)
    found = anyio.run(task_records, letters, topics)
    assert len(found) == 8
    assert {service.doubt(r.topic, r.partition, r.key, r.value, tuple(r.headers)) for r in found} == {None}


def test_nothing_but_what_kafka_needs_has_to_be_right(command: Command) -> None:
    result = command("topics", "describe", **NO_GENESYS, KAFKA__TICK_MS="soon", WEB__PORT="x", GENESYS_REGION="x")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "KAFKA__TICK_MS" in result.stderr
    assert not {"GENESYS", "WEB"} & set(re.findall("[A-Z]+", result.stderr))


def test_what_a_broker_says_of_a_topic_is_shown_as_it_is() -> None:
    configs = TopicDifference("events[bold]", "cleanup.policy", "delete", "[red]compact[/]")
    shown = Console(width=120, record=True, file=io.StringIO())
    shown.print(side_by_side(["topic", *[""] * 4], rows_of([Topic("events[bold]", 1)], [configs])))
    assert "events[bold]" in (text := shown.export_text())
    assert "cleanup.policy: [red]compact[/], not delete" in text


def test_brokers_that_are_away_end_with_3(command: Command) -> None:
    for arguments in (("topics", "create"), ("topics", "describe"), ("dlq", "ls"), ("dlq", "replay", "--yes")):
        result = command(*arguments, **NO_GENESYS)
        assert (result.exit_code, result.stdout) == (3, "")
        assert "kafka: no broker of 127.0.0.1:1 answers" in result.stderr


@pytest.mark.parametrize(
    "arguments", [("--reason", "nonsense"), ("--id", "xyz"), ("--since", "yesterday"), ("--until", "5x")]
)
def test_options_that_mean_nothing_end_with_2_before_anything_is_contacted(
    command: Command, arguments: tuple[str, str]
) -> None:
    result = command("dlq", "ls", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "kafka" not in result.stderr


def test_times_without_a_zone_are_utc() -> None:
    wanted = chosen(None, None, None, "2026-11-23T09:30", "2026-11-23T10:30+01:00")
    assert wanted.since == wanted.until


def test_the_least_acls_are_printed_for_kafka_s_own_tool_and_as_a_resource_of_strimzi(command: Command) -> None:
    lines = command("topics", "acls", "--principal", "User:svc", **NO_GENESYS).stdout.splitlines()
    begin = "kafka-acls.sh --bootstrap-server 127.0.0.1:1 --add --allow-principal User:svc --operation "
    assert all(line.startswith(begin) for line in lines)
    assert f"{begin}Write --resource-pattern-type prefixed --transactional-id genesys.attachments.tasks-" in lines
    assert f"{begin}Read --topic genesys.conversations.events" in lines
    printed = command("topics", "acls", "--principal", "User:CN=svc", "--format", "strimzi", **NO_GENESYS).stdout
    user = yaml.safe_load(printed)
    assert (user["kind"], user["metadata"]["name"]) == ("KafkaUser", "svc")
    acls = user["spec"]["authorization"]["acls"]
    assert {
        "resource": {"type": "group", "name": "attachment-consumer-intake", "patternType": "literal"},
        "operations": ["Read"],
    } in acls
    assert len(acls) == len(lines)
    read = command("topics", "acls", "--principal", "User:x", "--role", "reader", "--group", "mine", **NO_GENESYS)
    assert "--operation Read --group mine" in read.stdout


@pytest.mark.parametrize("group", [None, "attachment-consumer", "attachment-consumer-intake"])
def test_no_reader_is_given_a_group_of_the_service(command: Command, group: str | None) -> None:
    named = ["--group", group] if group else []
    result = command("topics", "acls", "--principal", "User:x", "--role", "reader", *named, **NO_GENESYS)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--group" in result.stderr

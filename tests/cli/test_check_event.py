"""`check-event`: what the service makes of a record's bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson

from tests.cli.conftest import Command
from tests.genesys.payloads import payload
from tests.wire.carriers import kinesis

NOTIFICATION = payload("event-notification")
CONVERSATION = "f3d0ab2e-7f1c-4f0b-9a55-1f0c8d1f2a10"
MESSAGE = "5c1f9f8d0a4b6a0f2f1c0f1f3a9d7e21"
DETAIL = {"topicName": f"v2.detail.events.conversation.{CONVERSATION}.acw", "eventBody": {"mediaType": "MESSAGE"}}
GOES_OUT = payload("webhook-outbound")


def checked(command: Command, raw: object) -> tuple[int, list[dict[str, Any]]]:
    value = raw if isinstance(raw, bytes) else orjson.dumps(raw)
    result = command("check-event", "--json", "-", stdin=value)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def test_each_event_of_a_record_is_a_line(command: Command) -> None:
    code, (first, second) = checked(command, {"Records": [kinesis(NOTIFICATION), kinesis(DETAIL)]})
    assert code == 0
    assert first == {
        "file": "-",
        "kind": "event",
        "conversationId": CONVERSATION,
        "messageIds": [MESSAGE],
        "attachments": 1,
        "lookup": True,
        "reason": None,
        "detail": None,
        "envelope": "Lambda batch > Kinesis > notification",
    }
    assert (second["kind"], second["lookup"], second["reason"]) == ("event", False, "not_looked_up")
    assert "GENESYS__BARE_EVENTS" in second["detail"]


def test_what_goes_to_the_customer_costs_no_call(command: Command) -> None:
    code, (only,) = checked(command, GOES_OUT)
    assert (code, only["kind"], only["attachments"], only["lookup"], only["reason"]) == (
        0,
        "event",
        1,
        False,
        "outbound",
    )


def test_what_is_dropped_says_why(command: Command) -> None:
    code, (only,) = checked(command, {"topicName": "channel.metadata", "eventBody": {"message": "WebSocket Heartbeat"}})
    assert (code, only["kind"], only["reason"]) == (0, "dropped", "heartbeat")
    assert "heartbeat" in only["detail"]


def test_a_dead_letter_is_a_negative_answer_and_says_what_to_do(command: Command) -> None:
    code, (only,) = checked(command, b"\0\0\0\0\7\x02\x48")
    assert (code, only["kind"], only["reason"]) == (1, "dead_letter", "unreadable")
    assert "JsonConverter" in only["detail"]


def test_people_get_a_table_and_hostile_ids_do_not_reach_the_terminal(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_bytes(orjson.dumps(NOTIFICATION))
    shown = command("check-event", file)
    assert shown.exit_code == 0
    for part in ("event.json", "notification", CONVERSATION, MESSAGE, "yes"):
        assert part in shown.stdout
    hostile = command("check-event", "-", stdin=b'{"conversationId": "\\u001b[31m"}')
    assert hostile.exit_code == 1
    assert "\x1b[31m" not in hostile.stdout


def test_a_file_that_is_not_there_is_a_usage_error_and_the_others_are_checked(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_bytes(orjson.dumps(NOTIFICATION))
    result = command("check-event", "--json", tmp_path / "missing.json", file)
    assert result.exit_code == 2
    assert "missing.json: No such file" in result.stderr
    assert len(result.stdout.splitlines()) == 1

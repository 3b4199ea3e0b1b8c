"""Logs: what goes out, in which form, and above all what never does."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from aiokafka.errors import KafkaConnectionError
from hypothesis import given
from hypothesis import strategies as st

from consumer.settings.model import LogSettings
from consumer.telemetry.log import RepeatFilter, mask, setup

TOKEN = "hQ7wEXAMPLEtoken0000000000000000"
SIGNED = f"https://bucket.example/path/file.pdf?X-Amz-Signature={TOKEN}&X-Amz-Date=1#{TOKEN}"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the logs of a test go; afterwards logging is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_time_level_logger_and_fields(stream: io.StringIO) -> None:
    setup(LogSettings(), stream)
    structlog.get_logger("consumer.x").warning("gate closed", dependency="api", failures=5)
    (line,) = lines(stream)
    assert (line["event"], line["level"], line["logger"]) == ("gate closed", "warning", "consumer.x")
    assert (line["dependency"], line["failures"]) == ("api", 5)
    assert line["timestamp"].endswith("Z")


def test_the_standard_librarys_loggers_go_the_same_way_with_their_extras(stream: io.StringIO) -> None:
    setup(LogSettings(), stream)
    logging.getLogger("consumer.y").error("lost %s", "it", extra={"partition": 3})
    (line,) = lines(stream)
    assert (line["event"], line["level"], line["partition"]) == ("lost it", "error", 3)


def test_libraries_are_not_heard_below_a_warning(stream: io.StringIO) -> None:
    setup(LogSettings(), stream)
    logging.getLogger("aiokafka.consumer.group_coordinator").info("joined group")
    logging.getLogger("httpx").info("HTTP Request: GET https://x")
    logging.getLogger("httpx").warning("odd")
    assert [line["event"] for line in lines(stream)] == ["odd"]


def test_what_aiokafka_says_of_an_outage_is_for_debugging(stream: io.StringIO) -> None:
    def say() -> None:
        logger = logging.getLogger("aiokafka.consumer.group_coordinator")
        logger.error("Group Coordinator Request failed: %s", "away")
        for error in (KafkaConnectionError(), ConnectionResetError()):
            logger.error("Unexpected error in coordinator routine", exc_info=error)

    setup(LogSettings(), stream)
    say()
    assert lines(stream) == []
    setup(LogSettings(level="debug"), stream)
    say()
    assert {line["level"] for line in lines(stream)} == {"debug"}


def test_an_error_of_aiokafka_itself_is_heard(stream: io.StringIO) -> None:
    setup(LogSettings(), stream)
    logging.getLogger("aiokafka.producer.sender").error("Unexpected error in sender routine", exc_info=KeyError("x"))
    (line,) = lines(stream)
    assert line["level"] == "error"


@pytest.mark.parametrize("renderer", ["json", "console"])
def test_no_secret_leaves_whatever_way_it_was_logged(stream: io.StringIO, renderer: Any) -> None:
    setup(LogSettings(format=renderer), stream)
    log = structlog.get_logger("x")
    log.warning(f"GET {SIGNED}", url=SIGNED, nested={"headers": [("Authorization", f"Bearer {TOKEN}")], "u": [SIGNED]})
    log.warning("login", client_secret=TOKEN, answer=f'{{"access_token":"{TOKEN}"}}', form=f"client_secret={TOKEN}&a=1")
    log.warning("object", thing=ValueError(f"Bearer {TOKEN}"), proxy=f"http://user:{TOKEN}@proxy:1")
    logging.getLogger("aiokafka").warning("sasl_plain_password=%s", TOKEN)
    try:
        raise ValueError(f"could not fetch {SIGNED} with Bearer {TOKEN}")
    except ValueError:
        log.exception("failed")
        logging.getLogger("y").exception("failed too")
    assert TOKEN not in stream.getvalue()
    assert "bucket.example/path/file.pdf" in stream.getvalue()
    assert stream.getvalue().count("Traceback") == 2


@given(st.text(st.characters(), max_size=50), st.text(alphabet="abcdefXYZ0123456789-._~", min_size=16, max_size=60))
def test_a_bearer_token_and_a_query_are_masked_in_any_surroundings(around: str, secret: str) -> None:
    assert secret not in mask(f"{around} Authorization: Bearer {secret} {around}").replace(around, "")
    assert secret not in mask(f"{around} https://h.example/p?{secret}").replace(around, "")
    assert secret not in mask(f'{around} {{"url":"https:\\/\\/h.example\\/p?{secret}"}}').replace(around, "")


def test_masking_keeps_what_is_not_secret() -> None:
    text = "the bearer token expired; GET https://api.example:443/api/v2/x gave 404 in 0.2 s, retry=3"
    assert mask(text) == text


def test_foreign_text_cannot_forge_a_line_or_steer_the_terminal(stream: io.StringIO) -> None:
    setup(LogSettings(format="console"), stream)
    structlog.get_logger("x").warning("name", name="a\x1b[2J\u202e\rfake", lone="\ud800")
    assert "\x1b" not in stream.getvalue()
    assert "\\x1b[2J\\u202e\\rfake" in stream.getvalue()


def test_anything_can_be_logged(stream: io.StringIO) -> None:
    setup(LogSettings(), stream)
    deep: list[object] = []
    deep.append(deep)
    structlog.get_logger("x").warning("odd", deep=deep, big=2**80, raw=b"\xff", keys={1: "\ud800"}, number=float("nan"))
    (line,) = lines(stream)
    assert line["big"] == str(2**80)


def test_nothing_is_coloured_where_no_terminal_is(stream: io.StringIO) -> None:
    setup(LogSettings(format="console"), stream)
    structlog.get_logger("x").error("plain")
    assert "\x1b[" not in stream.getvalue()


def record(name: str = "aiokafka.conn", message: str = "connect to %s failed") -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "f", 1, message, ("broker",), None)


def test_a_library_that_repeats_itself_is_heard_once_in_ten_seconds_with_a_count() -> None:
    clock = [0.0]
    repeats = RepeatFilter(lambda: clock[0])
    assert repeats.filter(record())
    assert [repeats.filter(record()) for _ in range(500)] == [False] * 500
    assert repeats.filter(record(message="another line"))
    clock[0] = 10.0
    again = record()
    assert repeats.filter(again)
    assert vars(again)["held_back"] == 500


def test_the_handler_holds_repeats_back(stream: io.StringIO) -> None:
    setup(LogSettings(), stream)
    for broker in range(20):
        logging.getLogger("botocore").error("connect to %s failed", broker)
    assert len(lines(stream)) == 1


def test_our_own_lines_are_never_held_back() -> None:
    repeats = RepeatFilter(lambda: 0.0)
    assert all(repeats.filter(record("consumer.judge")) for _ in range(10))

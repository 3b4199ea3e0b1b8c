"""What holds for all commands."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from consumer.cli.app import app
from tests.cli.conftest import NEEDED, Command

ROOT = Path(__file__).parents[2]


def test_help_names_every_command(command: Command) -> None:
    listed = command("--help").stdout
    for name in (
        "run",
        "demo",
        "scan",
        "check-config",
        "check-url",
        "check-event",
        "topics",
        "dlq",
        "notify",
        "sandbox",
        "top",
        "version",
    ):
        assert f"\n  {name} " in listed


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command and group of commands, from the program itself on."""
    group = group or typer.main.get_command(app)
    yield path, group
    for name, one in getattr(group, "commands", {}).items():
        yield from commands(one, (*path, name))


@pytest.mark.parametrize("path", [path for path, _ in commands()], ids=" ".join)
def test_help_is_told_whole_and_names_arguments_as_people_write_them(command: Command, path: tuple[str, ...]) -> None:
    told = command(*path, "--help").stdout
    assert not re.findall(r"^  [a-z-]+ .*\.\.\.$", told, re.MULTILINE), "its first sentence has no room in the list"
    assert not re.findall(r"\{[a-z]", told)


def test_help_imports_none_of_the_heavy_libraries() -> None:
    heavy = ("aiokafka", "aiohttp", "httpx", "obstore", "pydantic", "prometheus_client", "rich.console", "structlog")
    script = f"""
import sys
from consumer.cli.app import app
try:
    app(["--help"])
except SystemExit:
    pass
print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stderr == "[]\n"


@pytest.mark.parametrize("arguments", [("nonsense",), ("scan",), ("check-config", "--nonsense")])
def test_wrong_usage_ends_with_2(command: Command, arguments: tuple[str, ...]) -> None:
    assert command(*arguments).exit_code == 2


def test_wrong_settings_end_the_service_with_2_before_anything_is_contacted(command: Command) -> None:
    result = command("run", KAFKA__TICK_MS="soon", GENESYS_CLIENT_ID="")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "KAFKA__TICK_MS" in result.stderr
    assert "GENESYS_CLIENT_ID is not set" in result.stderr


def test_a_folder_that_cannot_be_made_ends_the_service_with_2(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = command("run", STORAGE__URL=str(tmp_path / "file" / "store"))
    assert (result.exit_code, "STORAGE__URL" in result.stderr) == (2, True)


def test_a_port_that_is_taken_ends_the_service_with_2(command: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = command("run", WEB__HOST="127.0.0.1", WEB__PORT=str(port))
    assert (result.exit_code, f"can't listen on 127.0.0.1:{port}" in result.stderr) == (2, True)


def test_nobody_is_told_of_anything_unless_a_setting_says_how(command: Command) -> None:
    result = command("notify")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "NOTIFY__CHANNEL is off" in result.stderr


def test_telling_needs_kafka(command: Command) -> None:
    result = command("notify", NOTIFY__CHANNEL="message", WEB__HOST="127.0.0.1", WEB__PORT="0")
    assert (result.exit_code, "kafka: no broker" in result.stderr) == (3, True)


QUICK = (("--help",), ("version",), ("check-config",), ("check-config", "--json"), ("check-url", "http://x"))


@pytest.mark.parametrize("arguments", QUICK, ids=" ".join)
def test_a_reader_that_stops_reading_ends_a_command_as_the_signal_would(arguments: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "consumer", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=NEEDED | {"PYTHONPATH": str(ROOT)},
        cwd="/",
    )
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGPIPE
    assert b"Traceback" not in errors
    assert b"BrokenPipe" not in errors


def test_who_does_not_hear_the_remarks_gets_the_same_exit_code() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write) as nobody:
        ended = subprocess.run(
            [sys.executable, "-m", "consumer", "run"],
            stdout=subprocess.DEVNULL,
            stderr=nobody,
            env={"PYTHONPATH": str(ROOT)},
            cwd="/",
            check=False,
        )
    assert ended.returncode == 2


GOES_WRONG = [
    ("explain 550e8400-e29b-41d4-a716-446655440000", 3),
    ("dlq ls", 3),
    ("dlq show 0:1", 3),
    ("dlq replay --yes", 3),
    ("topics describe", 3),
    ("topics create", 3),
    ("sandbox check none.json", 2),
    ("sandbox traffic --expect none/expected.json", 2),
    ("sandbox emulator --fault none", 2),
    ("explain xx\tyy", 2),
    ("dlq show nothing", 2),
    ("dlq ls --conversation xx/yy", 2),
    ("check-config --online --conversation xx/yy", 2),
    ("check-config --conversation xx", 2),
    ("dlq ls --reason none", 2),
    ("reconcile --since yesterday", 2),
    ("scan none.pdf", 2),
    ("scan none.pdf --explain", 2),
    ("scan none.pdf --output x", 2),
    ("scan --reduce none.pdf", 2),
    ("scan none.pdf --policy none.toml", 2),
    ("check-event none.json", 2),
    ("check-config --config none.toml", 2),
    ("check-config --online --config none.toml", 2),
    ("top --once 127.0.0.1:1", 3),
    ("top --once ftp://x", 2),
    ("demo", 2),
    ("top --interval 0", 2),
    ("dlq replay --rate many", 2),
    ("explain", 2),
    ("check-url x --config none.toml", 2),
]
NEVER_WRONG = {"version", "sandbox attack"}


@pytest.mark.parametrize(("arguments", "code"), GOES_WRONG)
def test_who_reads_json_is_told_in_json_also_of_what_went_wrong(
    command: Command, tmp_path: Path, arguments: str, code: int
) -> None:
    (tmp_path / ".demo").write_text("no folder")
    result = command(*arguments.split(" "), "--json")
    (line,) = result.stdout.splitlines()
    told = json.loads(line)
    assert result.exit_code == code
    assert result.stderr
    assert told.get("ok") is False or told["processes"][0]["problem"]


def test_every_command_that_can_tell_in_json_was_tried() -> None:
    told = {" ".join(path) for path, one in commands() if any("--json" in each.opts for each in one.params)}
    tried = {one for one in told for arguments, _ in GOES_WRONG if f"{arguments} ".startswith(f"{one} ")}
    assert told - tried == NEVER_WRONG


def test_a_principal_without_its_kind_is_told_as_kafka_writes_it(command: Command) -> None:
    result = command("topics", "acls", "--principal", "svc")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "User:svc" in result.stderr


@pytest.mark.parametrize("principal", ["User:", "User: ", ":svc", "user:svc", "USER:svc", "User:a\nb", "User:*"])
def test_a_principal_that_kafka_would_take_for_nobody_gets_no_rules(command: Command, principal: str) -> None:
    result = command("topics", "acls", "--principal", principal, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize("principal", ["User:", "User:A", "a_b", "Group:g", "User:CN=svc,O=x", "a" * 254])
def test_a_kafka_user_has_a_name_that_kubernetes_takes(command: Command, principal: str) -> None:
    settings = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    result = command("topics", "acls", "--principal", principal, "--format", "strimzi", **settings)
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_file_that_is_not_there_leaves_no_line_behind(command: Command) -> None:
    assert command("scan", "--explain", "none.pdf").stdout == ""

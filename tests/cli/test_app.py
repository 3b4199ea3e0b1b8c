"""What holds for all commands."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from consumer.cli.app import app
from tests.cli.conftest import NEEDED, Command


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


def commands(group: object = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Each command and group of commands, from the program itself on."""
    group = group or typer.main.get_command(app)
    yield path
    for name, one in getattr(group, "commands", {}).items():
        yield from commands(one, (*path, name))


@pytest.mark.parametrize("path", tuple(commands()), ids=" ".join)
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


def test_a_reader_that_stops_reading_is_no_error() -> None:
    code = "import sys; sys.argv = ['x', 'check-config']; from consumer.__main__ import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=NEEDED, cwd="/"
    )
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=30)
    assert b"Traceback" not in errors
    assert b"BrokenPipe" not in errors

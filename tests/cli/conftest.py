"""Commands as somebody types them, in a folder and an environment of their own."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from consumer.cli.app import app

Command = Callable[..., Result]
FOREIGN = ("KAFKA", "GENESYS", "CONFIG_FILE", "SECRETS_DIR", "INSPECTION", "ANTIVIRUS", "DOWNLOAD", "TOPICS")

NEEDED = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "GENESYS_CLIENT_ID": "id", "GENESYS_CLIENT_SECRET": "hush-hush"}


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    """`command("scan", file, KAFKA__GROUP="x")` runs in an empty folder; nothing of the caller's settings is seen."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        monkeypatch.delenv(name)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def run(*arguments: object, stdin: str | bytes | None = None, **env: str) -> Result:
        return CliRunner().invoke(
            app, [str(argument) for argument in arguments], input=stdin, env={**NEEDED, **env}, catch_exceptions=False
        )

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()

"""What a newcomer may try beside a demo that is kept running: commands that work as they stand."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from urllib.parse import urlsplit

from consumer.model import Reason
from consumer.sandbox.cases import ExpectedOutcome
from consumer.sandbox.expectation import Expectation, Expected

NAME = "attachment-consumer"
TOLD = {
    ExpectedOutcome.ACCEPTED: "a file that was accepted",
    ExpectedOutcome.REJECTED: "one that was rejected",
    ExpectedOutcome.DEAD: "one that could not be judged",
}


def next_steps(expectation: Expectation, metrics_url: str, settings: Path, broker: str, *, embedded: bool) -> list[str]:
    """Lines for a terminal in the folder that the demo was started in. `settings`: the file with those of the demo."""
    address = urlsplit(metrics_url).netloc
    steps = [(f"top {address}", "how the service is"), *_asked(expectation, settings, embedded=embedded)]
    commands = [(f"{program()} {command}", why) for command, why in steps]
    if not embedded:
        commands.insert(0, (f"export CONFIG_FILE={settings}", "where everything is"))
    lines = [f"the broker is {broker}; to try in another terminal, in this folder:"]
    for command, why in commands:  # on lines of their own: the live view breaks a long one, and half can't be copied
        lines += [f"# {why}", f"  {command}"]
    return lines


def _asked(expectation: Expectation, settings: Path, *, embedded: bool) -> Iterator[tuple[str, str]]:
    if embedded:
        yield "demo --broker kafka --keep", "a real broker, which explain, dlq, topics and reconcile need"
        return
    for outcome, told in TOLD.items():
        if one := _one_of(expectation, outcome):
            reason = f": {one.reason}" if one.reason else ""
            yield f"explain {quote(str(one.attachment_id))}", told + reason
            if outcome is ExpectedOutcome.REJECTED:
                yield f"explain {quote(str(one.conversation_id))}", "all of its conversation"
    yield "dlq ls", "what could not be judged"
    yield "topics describe", "the topics"
    yield "reconcile --since 1d --until 0m", "messages without an answer"
    yield "check-config --online", "whether every part of the set-up works"


def _one_of(expectation: Expectation, outcome: ExpectedOutcome) -> Expected | None:
    """One that says something of the file, if there is one."""
    found = [one for one in expectation.answers if one.outcome is outcome and one.attachment_id]
    return min(found, key=lambda one: one.reason == Reason.REMOVED, default=None)


def program() -> str:
    """As it can be called from here."""
    if shutil.which(NAME):
        return NAME
    called = sys.argv[0]
    return _shorter(called) if Path(called).name == NAME else f"{_shorter(sys.executable)} -m consumer"


def _shorter(path: str) -> str:
    return min(os.path.relpath(path), path, key=len)

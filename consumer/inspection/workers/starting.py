"""What is started for workers, and what is missing where nothing can be."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from consumer.inspection.workers.channel import Died
from consumer.inspection.yara.rules import NOT_INSTALLED

VERSION = re.compile(r"[A-Za-z0-9.+-]{1,40}", re.ASCII)
ROOT = Path(__file__).parents[3]
BOOT = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from consumer.inspection.workers.template import main; sys.exit(main())"
)

LIBMAGIC_MISSING = (
    "libmagic is not installed, and no file can be examined without it. "
    "Debian and Ubuntu: apt-get install libmagic1; Fedora: dnf install file-libs; macOS: brew install libmagic"
)


class WorkersNotStarted(RuntimeError):
    """No worker can be started here; the text says what is missing."""


class LibmagicMissing(WorkersNotStarted):
    """There is no libmagic; the text says how to install it."""


class YaraMissing(WorkersNotStarted):
    """There is no YARA-X where workers are to apply rules."""


def default_command() -> tuple[str, ...]:
    """`-I` keeps the working directory and the user's own packages out; the path is where this package stands."""
    return (sys.executable, "-I", "-c", BOOT, str(ROOT))


def spawned(command: list[str], theirs: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 # our own interpreter and our own module
        command,
        stdin=theirs.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={},
        cwd=os.sep,
        close_fds=True,
        start_new_session=True,  # a Ctrl-C on the terminal is for the service, which drains first
    )


def detectors_of(greeting: Mapping[str, Any]) -> dict[str, str]:
    """What a template has to detect types with, by name and version. Raises what keeps it from starting."""
    if greeting.get("error") == "libmagic":
        raise LibmagicMissing(LIBMAGIC_MISSING)
    if greeting.get("error") == "yara-x":
        raise YaraMissing(NOT_INSTALLED)
    detectors = greeting.get("detectors")
    if not isinstance(detectors, dict) or not detectors:
        raise Died("its greeting was malformed")
    if not all(VERSION.fullmatch(str(word)) for word in (*detectors, *detectors.values())):
        raise Died("its greeting was malformed")
    return {str(name): str(version) for name, version in detectors.items()}


def versions() -> dict[str, str]:
    """Versions of the detectors as this installation has them. `LibmagicMissing` if there is none."""
    try:
        from consumer.inspection.detection import libmagic_version
        from consumer.inspection.examination import VERSION as INSPECTION
    except ImportError:
        raise LibmagicMissing(LIBMAGIC_MISSING) from None
    return {"libmagic": libmagic_version(), "inspection": INSPECTION}

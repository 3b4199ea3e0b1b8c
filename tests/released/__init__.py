"""The last release, kept as it was: its wheel, contracts, policy, settings, and records that it wrote.

`python -m tests.released.keep` keeps the present state as a release of its own. Only the newest folder is looked at.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def last() -> Path:
    """The folder of the newest release."""
    return max((path for path in HERE.iterdir() if (path / "requirements.txt").exists()), key=_version)


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in folder.name.split("."))


def install(release: Path, into: Path) -> Path:
    """Its wheel in an environment of its own, with the very packages that it was released with; its command.

    Raises `subprocess.CalledProcessError` where the packages can't be had.
    """
    (wheel,) = release.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(into)], check=True)
    pip = [str(into / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(release / "requirements.txt")], check=True)
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True)
    return into / "bin" / "attachment-consumer"

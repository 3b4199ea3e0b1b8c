"""`version`: what runs here, for a bug report."""

from __future__ import annotations

import platform
from importlib.metadata import version

from consumer import __version__
from consumer.cli.outcome import data, data_json

LIBRARIES = ("aiokafka", "httpx", "aiohttp", "obstore", "python-magic")


def print_versions(as_json: bool) -> None:
    from consumer.inspection.workers.pool import LibmagicMissing
    from consumer.inspection.workers.pool import versions as detectors

    told = {"attachment-consumer": __version__, "python": platform.python_version()}
    told |= {library: version(library) for library in LIBRARIES}
    try:
        told |= detectors()
    except LibmagicMissing:
        told["libmagic"] = "missing"
    if as_json:
        data_json(told)
        return
    for name, number in told.items():
        data(f"{name} {number}")

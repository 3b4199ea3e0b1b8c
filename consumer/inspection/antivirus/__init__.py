"""Scanners that an operator brings. Which there are stands in `consumer.settings.scanners`, a row a scheme.

Each is a module with a function `scanner` of the settings.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Protocol

from consumer.inspection.inspect import Antivirus
from consumer.settings.model import AntivirusSettings
from consumer.settings.scanners import address_of


class Scanner(Antivirus, Protocol):
    async def probe(self) -> str:
        """Who answers, with the version of its signatures where it tells. Raises `Unavailable`."""

    async def aclose(self) -> None: ...


def open_scanner(chosen: AntivirusSettings) -> Scanner | None:
    """The one at `chosen.address`, None without one. Connects to nothing yet."""
    if chosen.address is None:
        return None
    module = import_module(f"{__name__}.{address_of(chosen.address).module}")
    maker: Callable[[AntivirusSettings], Scanner] = module.scanner
    return maker(chosen)

"""Which store a URL means."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from consumer.storage.cloud import Cloud
from consumer.storage.folder import Folder
from consumer.storage.kept import Store


def is_folder(url: str) -> bool:
    return "://" not in url or url.startswith("file://")


class Chosen(Protocol):
    """The part of the settings that this module knows."""

    @property
    def options(self) -> Mapping[str, str]: ...
    @property
    def credentials(self) -> str: ...
    @property
    def file_mode(self) -> int: ...
    @property
    def durable(self) -> bool: ...


def open_store(url: str, settings: Chosen) -> Store:
    """Contacts nothing, but makes a folder. Raises `ValueError` for a URL or an option that can't be meant."""
    if not is_folder(url):
        return Cloud(url, settings.options, ambient=settings.credentials == "ambient")
    if settings.options:
        raise ValueError("STORAGE__OPTIONS: a folder takes none")
    return Folder(Path(url.removeprefix("file://")), mode=settings.file_mode, durable=settings.durable)

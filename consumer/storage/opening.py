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


def place_to_be_made(url: str) -> Path | None:
    """What is there above a folder that is not; None for one that is."""
    path = _path_of(url)
    return None if path.exists() else next(parent for parent in path.parents if parent.exists())


def _path_of(url: str) -> Path:
    return Path(url.removeprefix("file://")).expanduser().absolute()


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
    return Folder(_path_of(url), mode=settings.file_mode, durable=settings.durable)

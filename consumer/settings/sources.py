"""What the sources say, unchecked. First wins: environment, `.env`, TOML file, secrets directory."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource

from consumer.settings.model import KNOWN_NAMES, Settings

CONFIG_FILE = "CONFIG_FILE"  # environment variable: the TOML file
SECRETS_DIR = "SECRETS_DIR"  # environment variable: a directory with one file per secret, named like its variable
SECRET_FILE_BYTES = 64 * 1024

KeyPath = tuple[str, ...]  # ("kafka", "group"): where a value belongs


@dataclass(slots=True)
class Given:
    """What the sources say together, and what was noticed while they were read."""

    values: dict[str, Any]  # by group
    origins: dict[KeyPath, str] = field(default_factory=dict)  # where each value comes from
    names: set[str] = field(default_factory=set)  # of all variables and secret files, those of others too
    problems: list[str] = field(default_factory=list)

    def add(self, origin: str, values: dict[str, Any]) -> None:
        for path in _paths(values):
            self.origins.setdefault(path, origin)
        self.values = _over(self.values, values)

    def add_flat(self, origin: str, texts: Mapping[str, str]) -> None:
        self.names |= texts.keys()
        self.add(origin, _Flat(texts)())


def read_sources(toml: Path | None, env: Mapping[str, str] | None, dotenv: Path) -> Given:
    """`toml` defaults to what CONFIG_FILE names, `env` to the process's own."""
    env = os.environ if env is None else env
    given = Given({group: {} for group in Settings.model_fields})  # so that what a whole group lacks is named
    given.add_flat("environment", env)
    in_file = _read_dotenv(dotenv, given.problems)
    given.add_flat(str(dotenv), in_file)
    toml = toml or (Path(env[CONFIG_FILE]) if env.get(CONFIG_FILE) else None)
    if toml is not None:
        given.add(str(toml), _read_toml(toml, given.problems))
    secrets = env.get(SECRETS_DIR) or in_file.get(SECRETS_DIR)
    if secrets:
        given.add_flat(secrets, _read_secrets(Path(secrets), given.problems))
    return given


class _Flat(EnvSettingsSource):
    """Pydantic's reading of nested names, over any mapping of names to texts."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = _nested_names(texts)
        super().__init__(_Shape, env_nested_delimiter="__", env_ignore_empty=True)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name: text for name, text in self._texts.items() if text}

    def decode_complex_value(self, field_name: str, field: FieldInfo | None, value: Any) -> Any:
        """Lists may be written as JSON or with commas; what is neither is left for validation to name."""
        try:
            return super().decode_complex_value(field_name, field, value)  # type: ignore[arg-type] # None inside a dict
        except ValueError:
            is_list = field is not None and "tuple" in str(field.annotation)
            return [part.strip() for part in value.split(",")] if is_list else value


class _Shape(Settings, BaseSettings):  # type: ignore[misc] # pydantic merges the two configurations
    """The settings as pydantic-settings wants to see them, to know which fields are nested."""


def _read_dotenv(file: Path, problems: list[str]) -> dict[str, str]:
    try:
        return {name: text or "" for name, text in dotenv_values(file, interpolate=False).items()}
    except OSError as error:
        problems.append(f"{file}: {error.strerror}")
    except UnicodeDecodeError:
        problems.append(f"{file} is not UTF-8")
    return {}


def _read_toml(file: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"{file}: {error.strerror}")
    except UnicodeDecodeError:
        problems.append(f"{file} is not UTF-8")
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{file}: not TOML: {error}")  # line and column, and no word of a file that may hold secrets
    except (RecursionError, ValueError):
        problems.append(f"{file}: not TOML: nested too deeply, or a number of too many digits")
    return {}


def _read_secrets(directory: Path, problems: list[str]) -> dict[str, str]:
    texts = {}
    try:
        for file in sorted(directory.iterdir()):
            if file.is_file() and file.stat().st_size <= SECRET_FILE_BYTES:
                texts[file.name] = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        problems.append(f"{SECRETS_DIR} {directory}: {error.strerror}")
    except UnicodeDecodeError:
        problems.append(f"{SECRETS_DIR} {directory}: {file.name} is not UTF-8")
    return texts


def _nested_names(texts: Mapping[str, str]) -> dict[str, str]:
    """`kafka__group` for KAFKA__GROUP, and for the names that people know. Others are nobody's business here."""
    nested = {}
    for name, text in texts.items():
        if name.upper() in KNOWN_NAMES:
            nested["__".join(KNOWN_NAMES[name.upper()])] = text
    for name, text in texts.items():
        group, delimiter, _ = name.lower().partition("__")
        if delimiter and group in Settings.model_fields:
            nested[name.lower()] = text
    return nested


def _over(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Both, and of what both hold, what `first` says."""
    merged = dict(second)
    for name, value in first.items():
        other = second.get(name)
        merged[name] = _over(value, other) if isinstance(value, dict) and isinstance(other, dict) else value
    return merged


def _paths(values: dict[str, Any]) -> Iterator[KeyPath]:
    for group, fields in values.items():
        if isinstance(fields, dict):
            yield from ((group, name) for name in fields)

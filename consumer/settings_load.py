"""Settings out of their sources. First wins: environment, `.env`, TOML file, secrets directory.

Nothing is contacted here. Every problem is found in one go, and each names the variable that it is about.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource

from consumer.settings import KNOWN_NAMES, Settings

CONFIG_FILE = "CONFIG_FILE"  # environment variable: the TOML file
SECRETS_DIR = "SECRETS_DIR"  # environment variable: a directory with one file per secret, named like its variable
MASK = "********"
SECRET_FILE_BYTES = 64 * 1024

Path_ = tuple[str, ...]  # ("kafka", "group"): where a value belongs
Credentials = Callable[[], tuple[str, str]]


class SettingsProblem(Exception):
    """The settings can't be used; `problems` names every variable that is wrong and says how."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(["The settings are wrong:", *(f"  {problem}" for problem in problems)]))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting as `check-config` shows it: secrets are masked."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Loaded:
    settings: Settings
    origins: Mapping[str, str]  # variable → the source that it came from
    unknown: tuple[str, ...]  # a sentence for each variable that looks like ours and is none

    def shown(self) -> list[Shown]:
        """Every setting with its value and where that came from."""
        return [
            Shown(variable(path), _masked(path, value), self.origins.get(variable(path), "default"))
            for path, value in _leaves(self.settings)
        ]


def load(toml: Path | None = None, env: Mapping[str, str] | None = None, dotenv: Path = Path(".env")) -> Settings:
    """The settings, or `SettingsProblem` with everything that is wrong with them."""
    return load_with_origins(toml, env, dotenv).settings


def load_with_origins(
    toml: Path | None = None, env: Mapping[str, str] | None = None, dotenv: Path = Path(".env")
) -> Loaded:
    """As `load`, and where each value came from. `toml` defaults to what CONFIG_FILE names."""
    env = os.environ if env is None else env
    problems: list[str] = []
    origins: dict[str, str] = {}
    merged = _merged(_sources(toml, env, dotenv, problems), origins)
    try:
        settings = Settings.of(merged)
    except ValidationError as invalid:
        problems += [_problem(dict(error)) for error in invalid.errors(include_input=False, include_url=False)]
    if problems:
        raise SettingsProblem(problems + list(_unknown(env)))
    return Loaded(settings, origins, tuple(_unknown(env)))


def given(
    toml: Path | None = None, env: Mapping[str, str] | None = None, dotenv: Path = Path(".env")
) -> dict[str, dict[str, Any]]:
    """What the sources say, by group, unchecked: for commands that need a part of it and no more."""
    return _merged(_sources(toml, os.environ if env is None else env, dotenv, []), {})


def credentials(
    settings: Settings, toml: Path | None = None, env: Mapping[str, str] | None = None, dotenv: Path = Path(".env")
) -> Credentials:
    """Reads client id and secret again at each call, so that they can rotate; keeps the last good ones if it can't."""
    last = settings.genesys

    def read() -> tuple[str, str]:
        nonlocal last
        with contextlib.suppress(
            SettingsProblem
        ):  # half-written while they rotate; the login tells if the old ones died
            last = load(toml, env, dotenv).genesys
        return last.client_id, last.client_secret.get_secret_value()

    return read


def variable(path: Path_) -> str:
    """The name of the environment variable that people know a setting by."""
    for known, place in KNOWN_NAMES.items():
        if place == path:
            return known
    return "__".join(path).upper()


def variables() -> list[str]:
    """Every variable that is read, in the order of the settings."""
    names = []
    for group, field in Settings.model_fields.items():
        assert field.annotation is not None
        names += [variable((group, name)) for name in field.annotation.model_fields]
    return names


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


def _sources(
    toml: Path | None, env: Mapping[str, str], dotenv: Path, problems: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "environment", _Flat(env)()
    in_file = {name: text or "" for name, text in dotenv_values(dotenv, interpolate=False).items()}
    yield str(dotenv), _Flat(in_file)()
    toml = toml or (Path(env[CONFIG_FILE]) if env.get(CONFIG_FILE) else None)
    if toml is not None:
        yield str(toml), _read_toml(toml, problems)
    secrets = env.get(SECRETS_DIR) or in_file.get(SECRETS_DIR)
    if secrets:
        yield secrets, _Flat(_read_secrets(Path(secrets), problems))()


def _merged(sources: Iterable[tuple[str, dict[str, Any]]], origins: dict[str, str]) -> dict[str, Any]:
    merged: dict[str, Any] = {group: {} for group in Settings.model_fields}  # so that what a whole group lacks is named
    for origin, values in sources:
        for path in _paths(values):
            origins.setdefault(variable(path), origin)
        merged = _over(merged, values)
    return merged


def _read_toml(file: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"{file}: {error.strerror}")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{file}: not TOML: {error}")
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


def _paths(values: dict[str, Any]) -> Iterator[Path_]:
    for group, fields in values.items():
        if isinstance(fields, dict):
            yield from ((group, name) for name in fields)


def _leaves(settings: Settings) -> Iterator[tuple[Path_, Any]]:
    for group in type(settings).model_fields:
        part = getattr(settings, group)
        for name in type(part).model_fields:
            yield (group, name), getattr(part, name)


def _masked(path: Path_, value: object) -> str:
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, dict):  # keys of a bucket
        return ", ".join(f"{name}={MASK}" for name in value)
    if isinstance(value, tuple):
        return ", ".join(value)
    if value is None:
        return ""
    text = str(value)
    credentials_end = text.rfind("@")
    if "://" in text and credentials_end > 0:  # a proxy's or a server's own user and password
        return text[: text.index("://") + 3] + MASK + text[credentials_end:]
    return text


def _problem(error: dict[str, Any]) -> str:
    path = tuple(str(part) for part in error["loc"])
    what = str(error["msg"]).removeprefix("Value error, ")
    name = variable(path[:2]) + "".join(f"[{part}]" for part in path[2:])
    if error["type"] == "missing":
        return f"{name} is not set"
    if error["type"] == "extra_forbidden":
        close = difflib.get_close_matches(variable(path), variables(), n=1)
        return f"{name} is no setting" + (f"; did you mean {close[0]}?" if close else "")
    if len(path) < 2 and error["type"] == "value_error":
        return what  # about several variables: it names them itself
    return f"{name}: {what[0].lower()}{what[1:]}"


def _unknown(env: Mapping[str, str]) -> Iterator[str]:
    """Names that were probably meant for us: a missing underscore, a letter too much."""
    known = variables()
    groups = tuple(f"{group}_".upper() for group in Settings.model_fields)
    for name in sorted(env):
        if name in KNOWN_NAMES or "__" in name or not name.startswith(groups):
            continue  # what has `__` and is wrong is refused by name
        if close := difflib.get_close_matches(name, known, n=1, cutoff=0.85):
            yield f"{name} is no setting; did you mean {close[0]}?"
        elif name.startswith("GENESYS_"):
            yield f"{name} is no setting"

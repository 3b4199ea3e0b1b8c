"""Settings out of their sources, and everything that is wrong with them.

Nothing is contacted here. Every problem is found in one go, and each names the variable that it is about.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from consumer.model.secrets import MASK
from consumer.settings.model import KNOWN_NAMES, RULES, Group, Settings, broken
from consumer.settings.sources import CONFIG_FILE, SECRETS_DIR, KeyPath, read_sources

__all__ = [
    "CONFIG_FILE",
    "SECRETS_DIR",
    "Credentials",
    "Loaded",
    "SettingsProblem",
    "Shown",
    "credentials",
    "fixed_credentials",
    "load",
    "load_part",
    "load_with_origins",
    "variable",
    "variables",
]


Credentials = Callable[[], tuple[str, str]]


class SettingsProblem(Exception):
    """The settings can't be used; `problems` names every variable that is wrong and says how.

    `right` has those that are not wrong; to ask it for another raises `AttributeError`.
    """

    def __init__(self, problems: list[str], right: Settings | None = None) -> None:
        super().__init__("\n".join(["The settings are wrong:", *(f"  {problem}" for problem in problems)]))
        self.problems = problems
        self.right = right or _part({}, lambda path: False)


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting as `check-config` shows it: secrets are masked."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Loaded:
    settings: Settings
    origins: Mapping[KeyPath, str]  # the source that each value came from
    unknown: tuple[str, ...]  # a sentence for each variable that looks like ours and is none

    def shown(self) -> list[Shown]:
        """Every setting with its value and where that came from."""
        return [
            Shown(variable(path), _masked(value), self.origins.get(path, "default"))
            for path, value in _leaves(self.settings)
        ]


def load(toml: Path | None = None, env: Mapping[str, str] | None = None, dotenv: Path = Path(".env")) -> Settings:
    """The settings, or `SettingsProblem` with everything that is wrong with them."""
    return load_with_origins(toml, env, dotenv).settings


def load_with_origins(
    toml: Path | None = None, env: Mapping[str, str] | None = None, dotenv: Path = Path(".env")
) -> Loaded:
    """As `load`, and where each value came from. `toml` defaults to what CONFIG_FILE names."""
    given = read_sources(toml, env, dotenv)
    settings, problems = _examined(given.values, lambda path: True)
    unknown = tuple(_unknown(given.names))
    if problems := given.problems + problems:
        raise SettingsProblem([*problems, *unknown], settings)
    return Loaded(settings, given.origins, unknown)


def load_part(
    *wanted: str, toml: Path | None = None, env: Mapping[str, str] | None = None, dotenv: Path = Path(".env")
) -> Settings:
    """Only what is wanted, groups ("kafka") or single ones ("genesys.region"): for commands that need no more.

    Nothing else has to be right, or set at all; to ask for it raises `AttributeError`. Raises `SettingsProblem`.
    """
    given = read_sources(toml, env, dotenv)
    settings, problems = _examined(given.values, lambda path: path[0] in wanted or ".".join(path) in wanted)
    if problems := given.problems + problems:
        raise SettingsProblem(problems, settings)
    return settings


def fixed_credentials(settings: Settings) -> Credentials:
    """Client id and secret as they are in these settings, for ever."""
    genesys = settings.genesys
    return lambda: (genesys.client_id, genesys.client_secret.get_secret_value())


def credentials(
    settings: Settings, toml: Path | None = None, env: Mapping[str, str] | None = None, dotenv: Path = Path(".env")
) -> Credentials:
    """Reads client id and secret again at each call, so that they can rotate; keeps the last good ones if it can't."""
    last = settings.genesys

    def read() -> tuple[str, str]:
        nonlocal last
        # Half-written while they rotate; the login tells if the old ones died.
        with contextlib.suppress(SettingsProblem):
            last = load(toml, env, dotenv).genesys
        return last.client_id, last.client_secret.get_secret_value()

    return read


def variable(path: KeyPath) -> str:
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


def _examined(values: dict[str, Any], is_wanted: Callable[[KeyPath], bool]) -> tuple[Settings, list[str]]:
    """The settings that are wanted and right by themselves, and all that is wrong with those that are wanted."""
    errors: list[ErrorDetails] = []
    try:
        Settings.of(values)
    except ValidationError as invalid:
        errors = [error for error in invalid.errors(include_input=False, include_url=False) if error["loc"]]
    wrong = {_path(error)[:2] for error in errors}
    right = _part(values, lambda path: is_wanted(path) and not {path, path[:1]} & wrong)
    return right, [_problem(error) for error in errors if is_wanted(_path(error)[:2])] + broken(RULES, right)


def _part(values: dict[str, Any], is_there: Callable[[KeyPath], bool]) -> Settings:
    """Settings of which some are not there: to ask for one of them raises `AttributeError`."""
    parts: dict[str, Any] = {}
    for group, about in Settings.model_fields.items():
        model: Any = about.annotation
        absent = {name for name in model.model_fields if not is_there((group, name))}
        parts[group] = _group_without(absent, model, values.get(group, {}))
    return Settings.model_construct(**parts)


def _group_without(absent: set[str], model: type[Group], values: dict[str, Any]) -> Group:
    fields = {name: field for name, field in model.model_fields.items() if name not in absent}
    given = {
        name: TypeAdapter(field.rebuild_annotation()).validate_python(values[name])
        for name, field in fields.items()
        if name in values
    }
    group = model.model_construct(**given)
    for name in absent:
        group.__dict__.pop(name, None)  # its default, which nobody chose
    return group


def _leaves(settings: Settings) -> Iterator[tuple[KeyPath, Any]]:
    for group in type(settings).model_fields:
        part = getattr(settings, group)
        for name in type(part).model_fields:
            yield (group, name), getattr(part, name)


def _masked(value: object) -> str:
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


def _path(error: ErrorDetails) -> KeyPath:
    return tuple(str(part) for part in error["loc"])


def _problem(error: ErrorDetails) -> str:
    path = _path(error)
    what = error["msg"].removeprefix("Value error, ")
    name = variable(path[:2]) + "".join(f"[{part}]" for part in path[2:])
    if error["type"] == "missing":
        return f"{name} is not set"
    if error["type"] == "extra_forbidden":
        close = difflib.get_close_matches(variable(path), variables(), n=1)
        return f"{name} is no setting" + (f"; did you mean {close[0]}?" if close else "")
    return f"{name}: {what[0].lower()}{what[1:]}"


def _unknown(names: Iterable[str]) -> Iterator[str]:
    """Names that were probably meant for us: a missing underscore, a letter too much, a group that is misspelt."""
    known, groups = variables(), [group.upper() for group in Settings.model_fields]
    for name in sorted(names):
        nested = "__" in name
        group = name.upper().partition("__" if nested else "_")[0]
        if name.upper() in KNOWN_NAMES or (nested and group in groups):
            continue  # what is nested in a group of ours and wrong is refused by name
        if not difflib.get_close_matches(group, groups, n=1, cutoff=0.8):
            continue  # somebody else's
        if close := difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.85):
            yield f"{name} is no setting; did you mean {close[0]}?"
        elif nested or group == "GENESYS":
            yield f"{name} is no setting"

"""The settings of a command, checked as far as they can be without contacting anything."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from consumer.inspection.policy.policy import Policy
    from consumer.settings.load import Loaded
    from consumer.settings.model import Settings, StorageSettings

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="TOML file with settings; CONFIG_FILE names one as well.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout instead of tables.")]


def checked(config: Path | None, *, make_folders: bool = False) -> Loaded:
    """The settings, or `SettingsProblem` with all that is wrong with them and with the files that they name.

    Contacts nothing. `make_folders`: those of the storage are made, or told why they can't be.
    """
    from consumer.settings.load import SettingsProblem, load_with_origins
    from consumer.settings.model import broken

    rules = (
        _hosts,
        partial(_storage, make_folders),
        partial(_quarantine, make_folders),
        _policy,
        _rules,
        _language,
        _memory,
        _tracing,
    )
    try:
        loaded = load_with_origins(config)
    except SettingsProblem as problem:
        raise SettingsProblem(problem.problems + broken(rules, problem.right)) from None
    if problems := broken(rules, loaded.settings):
        raise SettingsProblem(problems)
    return loaded


def _hosts(settings: Settings) -> Iterator[str]:
    from consumer.http.urls import UrlRules

    try:
        UrlRules.of(settings.genesys.region, settings.download.allowed_hosts, settings.download.allowed_origins)
    except ValueError as wrong:
        yield from str(wrong).split("; ")


def _storage(make_folder: bool, settings: Settings) -> Iterator[str]:
    yield from _store("STORAGE__URL", settings.storage.url, settings.storage, make_folder)


def _quarantine(make_folder: bool, settings: Settings) -> Iterator[str]:
    if url := settings.storage.quarantine_url:
        yield from _store("STORAGE__QUARANTINE_URL", url, settings.storage, make_folder)


def _store(name: str, url: str, storage: StorageSettings, make_folder: bool) -> Iterator[str]:
    from consumer.storage.opening import is_folder, open_store

    if is_folder(url) and storage.options:
        yield f"{name} is a folder, which takes no STORAGE__OPTIONS"
    elif make_folder or not is_folder(url):
        try:
            open_store(url, storage)
        except ValueError as wrong:
            yield str(wrong) if name == "STORAGE__URL" else f"{name}: {wrong}"


def _policy(settings: Settings) -> Iterator[str]:
    from consumer.inspection.policy.policy import Policy, PolicyError

    try:
        Policy.load(settings.inspection.policy_file)
    except PolicyError as error:
        yield from (f"INSPECTION__POLICY_FILE: {problem}" for problem in str(error).splitlines())


def _rules(settings: Settings) -> Iterator[str]:
    from consumer.inspection.yara.rules import RulesError, load

    try:
        if file := settings.inspection.yara_rules:
            load(file)
    except RulesError as error:
        yield from (f"INSPECTION__YARA_RULES: {problem}" for problem in str(error).splitlines())


def _language(settings: Settings) -> Iterator[str]:
    policy, language = _usable_policy(settings), settings.notify.language
    if policy and language and language not in policy.languages:
        yield f"NOTIFY__LANGUAGE: the policy speaks {', '.join(sorted(policy.languages))}, not {language!r}"


def _memory(settings: Settings) -> Iterator[str]:
    policy, memory = _usable_policy(settings), settings.download.max_bytes_in_memory
    if policy and policy.largest > memory:
        yield f"DOWNLOAD__MAX_BYTES_IN_MEMORY is {memory}: less than a file may have by the policy, {policy.largest}"


def _tracing(settings: Settings) -> Iterator[str]:
    if settings.tracing.exporter == "off":
        return
    from consumer.telemetry.tracing import is_installed

    if not is_installed():
        yield "TRACING__EXPORTER needs the extra [otel]: install attachment-consumer[otel]"


def _usable_policy(settings: Settings) -> Policy | None:
    from consumer.inspection.policy.policy import Policy, PolicyError

    try:
        return Policy.load(settings.inspection.policy_file)
    except PolicyError:
        return None


def quiet_settings(config: Path | None, *more: str) -> Settings:
    """For a command that only talks to Kafka: the settings for that, with `more` groups, and the libraries' warnings on
    stderr."""
    from consumer.settings.load import load_part
    from consumer.telemetry.log import setup

    settings = load_part("kafka", "topics", "log", *more, toml=config)
    setup(settings.log)
    return settings

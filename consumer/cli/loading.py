"""The settings of a command, checked as far as they can be without contacting anything."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from consumer.settings import Settings, StorageSettings
    from consumer.settings_load import Loaded

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="TOML file with settings; CONFIG_FILE names one as well.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout instead of tables.")]


def checked(config: Path | None, *, make_folders: bool = False) -> Loaded:
    """The settings, or `SettingsProblem` with all that is wrong with them and with the files that they name.

    Contacts nothing. `make_folders`: those of the storage are made, or told why they can't be.
    """
    from consumer.settings_load import SettingsProblem, given, load_with_origins

    problems: list[str] = []
    try:
        loaded = load_with_origins(config)
    except SettingsProblem as problem:
        problems += problem.problems
    else:
        problems += _problems_of(loaded.settings)
        problems += _problems_of_storage(loaded.settings.storage, make_folders)
    said = given(config)
    policy_file = said.get("inspection", {}).get("policy_file")
    if policy_file is None or Path(policy_file).is_file():  # one that can't be read is among the problems already
        problems += _problems_of_policy(
            Path(policy_file) if policy_file else None, said.get("notify", {}).get("language")
        )
    if problems:
        raise SettingsProblem(problems)
    return loaded


def _problems_of(settings: Settings) -> Iterator[str]:
    """What only those who use a setting can tell."""
    from consumer.errors import Refused
    from consumer.kafka_client import client_options

    try:
        client_options(settings.kafka)
    except Refused as refused:
        yield refused.detail
    if settings.genesys.ca_file is not None:
        try:
            ssl.create_default_context(cafile=settings.genesys.ca_file)
        except OSError:
            yield f"GENESYS__CA_FILE {settings.genesys.ca_file} is not a readable PEM file of certificates"


def _problems_of_storage(storage: StorageSettings, make_folders: bool) -> Iterator[str]:
    from consumer.storage import ObjectStorage

    for name, url in (("STORAGE__URL", storage.url), ("STORAGE__QUARANTINE_URL", storage.quarantine_url)):
        if url is None:
            continue
        is_folder = "://" not in url or url.startswith("file://")
        if is_folder and storage.options:
            yield f"{name} is a folder, which takes no STORAGE__OPTIONS"
        elif make_folders or not is_folder:
            try:
                ObjectStorage(url, storage.options)
            except ValueError as wrong:
                yield str(wrong) if name == "STORAGE__URL" else f"{name}: {wrong}"


def _problems_of_policy(file: Path | None, language: str | None) -> Iterator[str]:
    from consumer.inspection.policy import Policy, PolicyError

    try:
        policy = Policy.load(file)
    except PolicyError as error:
        yield f"INSPECTION__POLICY_FILE: {error}"
    else:
        if language and language not in policy.translations:
            yield f"NOTIFY__LANGUAGE: the policy speaks {', '.join(sorted(policy.translations))}, not {language!r}"


def quiet_settings(config: Path | None) -> Settings:
    """For a command that talks to Kafka: its settings, and the libraries' warnings on stderr."""
    from consumer.log import setup

    settings = checked(config).settings
    setup(settings.log)
    return settings

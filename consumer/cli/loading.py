"""The settings of a command, checked as far as they can be without contacting anything."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from consumer.settings import Settings
    from consumer.settings_load import Loaded

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="TOML file with settings; CONFIG_FILE names one as well.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout instead of tables.")]


def checked(config: Path | None) -> Loaded:
    """The settings, or `SettingsProblem` with all that is wrong with them, the policy file included."""
    from consumer.inspection.policy import Policy, PolicyError
    from consumer.settings_load import SettingsProblem, given, load_with_origins

    problems: list[str] = []
    try:
        loaded = load_with_origins(config)
    except SettingsProblem as problem:
        problems += problem.problems
    policy_file = given(config).get("inspection", {}).get("policy_file")
    if policy_file is None or Path(policy_file).is_file():  # one that can't be read is among the problems already
        try:
            Policy.load(Path(policy_file) if policy_file else None)
        except PolicyError as error:
            problems.append(f"INSPECTION__POLICY_FILE: {error}")
    if problems:
        raise SettingsProblem(problems)
    return loaded


def quiet_settings(config: Path | None) -> Settings:
    """For a command that talks to Kafka: its settings, and the libraries' warnings on stderr."""
    from consumer.log import setup

    settings = checked(config).settings
    setup(settings.log)
    return settings

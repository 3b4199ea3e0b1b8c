"""README, ARCHITECTURE and Makefile name only what exists."""

import re
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer.main

from consumer.cli.app import app
from consumer.inspection.policy.model import Action
from consumer.inspection.policy.policy import SHIPPED, Policy
from consumer.settings.load import variables
from tests import reference
from tests.deploy import derived

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md")
WITH_LINKS = (*PAGES, "CHANGELOG.md", "deploy/runbook.md", "deploy/events/notifications.md", "schemas/README.md")
OTHER_VARIABLES = {"REQUIRE_ALL"}


@pytest.mark.parametrize("page", WITH_LINKS)
def test_every_link_leads_to_a_file(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)", (ROOT / page).read_text())
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / page).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("page", WITH_LINKS)
def test_every_link_into_a_page_leads_to_a_heading(page: str) -> None:
    here = ROOT / page
    links = re.findall(r"\]\(([^)#:]*)#([^)]+)\)", here.read_text())
    missing = [(to, heading) for to, heading in links if heading not in _headings(here.parent / to if to else here)]
    assert missing == []


def test_the_changelog_says_nothing_twice() -> None:
    lines = [line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("- ")]
    assert [line for line, times in Counter(lines).items() if times > 1] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_that_is_named_exists(page: str) -> None:
    named = set(re.findall(r"\b[A-Z]+(?:_+[A-Z]+)+\b", (ROOT / page).read_text()))
    assert named <= {*variables(), *OTHER_VARIABLES}


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_is_shown_exists(page: str) -> None:
    shown = re.findall(r"attachment-consumer ((?:[a-z-]+ ?)+)", _code(page)) + re.findall(r"`(dlq [a-z]+)", _code(page))
    missing = [words for words in shown if not _is_command(words.split())]
    assert missing == []


def test_the_readme_starts_with_the_two_commands() -> None:
    commands = re.findall(r"^make (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert commands[:2] == ["demo", "test"]
    assert (ROOT / "README.md").read_text().index("make demo") < 100


def test_every_room_is_on_the_map() -> None:
    house = (ROOT / "ARCHITECTURE.md").read_text().split("## The rooms")[1].split("## The journey")[0]
    first_columns = [row.split("|")[1] for row in house.splitlines() if row.startswith("| `")]
    on_the_map = {name.rstrip("/") for column in first_columns for name in re.findall(r"`([^`]+)`", column)}
    there = {path.name.removesuffix(".py") for path in (ROOT / "consumer").iterdir() if path.suffix in {"", ".py"}}
    assert there - {"__init__", "__pycache__"} == on_the_map


def test_every_program_that_the_makefile_runs_is_there() -> None:
    modules = re.findall(r"-m ([\w.]+)", (ROOT / "Makefile").read_text())
    assert modules
    assert [module for module in modules if not _is_program(module)] == []


def _is_program(module: str) -> bool:
    found = find_spec(module)
    return found is not None and (found.submodule_search_locations is None or bool(find_spec(f"{module}.__main__")))


def _headings(page: Path) -> set[str]:
    """As GitHub links to them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _code(page: str) -> str:
    return "\n".join(line.split("#")[0] for line in (ROOT / page).read_text().splitlines())


def _is_command(words: list[str]) -> bool:
    command: object = typer.main.get_command(app)
    while commands := getattr(command, "commands", None):  # of a group
        if not words or words[0] not in commands:
            return False
        command = commands[words.pop(0)]
    return True


def test_the_reference_is_what_the_code_says() -> None:
    assert reference.PAGE.read_text() == reference.page(), "run `python -m tests.reference`"


def test_the_reference_says_what_the_shipped_policy_does_with_a_finding() -> None:
    told = [code for code, action in Policy.load(SHIPPED).findings.items() if action is Action.TELL]
    rows = [line.split(" | ") for line in reference.PAGE.read_text().splitlines()]
    shown = {row[0].removeprefix("| "): row[2] for row in rows if len(row) == 4}
    assert told
    assert [shown[code] for code in told] == ["tells"] * len(told)


def test_manifests_that_are_derived_say_what_their_source_says() -> None:
    wrong = [path.name for path, text in derived.pages().items() if path.read_text() != text]
    assert not wrong, "run `python -m tests.deploy.derived`"

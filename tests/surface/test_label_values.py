"""A value of a label that nobody emits is a series that stays at zero for ever, and its alert silent: it goes.

Each value is given by the code that emits it (`emitted`), and said by a test that brings it about.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from consumer.inspection.workers.codes import FAILURES
from consumer.inspection.workers.confinement import Confinement
from consumer.model import Condition, DeadReason, Dependency, Reason
from consumer.telemetry import labels
from tests.surface import emitted
from tests.surface.emitted import Typed

ROOT = Path(__file__).parents[2]
DECLARED = ROOT / "consumer" / "telemetry" / "labels.py"
WORDS = {
    name: get_args(kind) for name, kind in vars(labels).items() if get_args(kind) and isinstance(get_args(kind)[0], str)
}
MADE = {"ApiStatus", "ReaderException", "Confined"}  # of what came, or of an enumeration
OF_OTHERS = {"Limit": WORDS["Slots"], "LoopWork": (*WORDS["Loop"], *WORDS["Stage"])}
TYPES = {"Noise": Typed({"Noise", "NoiseKind", "NothingKind"}), "ApiCall": Typed({"ApiCall"}, {"Call", "called"})}
MEMBERS = (Condition, DeadReason, Dependency, Reason)
# Rooms that only tell what others gave, and modules that are a table of all.
READING = ("sandbox/", "cli/", "settings/", "service/whereabouts/", "inspection/policy/model.py",
           "inspection/readers/openers.py", "inspection/workers/codes.py")  # fmt: skip


@cache
def modules(folder: str) -> dict[str, ast.Module]:
    """Of all files but the one that declares the values, and this one."""
    paths = set((ROOT / folder).rglob("*.py")) - {DECLARED, Path(__file__)}
    return {str(path.relative_to(ROOT / folder)): ast.parse(path.read_text()) for path in paths}


@cache
def emitting() -> dict[str, ast.Module]:
    return {path: tree for path, tree in modules("consumer").items() if not path.startswith(READING)}


@cache
def said_in(folder: str) -> frozenset[str]:
    """Texts, names of attributes and of arguments."""
    return frozenset(name for tree in modules(folder).values() for name in _names(tree))


def _names(tree: ast.Module) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg


@pytest.mark.parametrize("kind", sorted(WORDS.keys() - MADE))
def test_each_word_is_emitted_and_brought_about(kind: str) -> None:
    given = emitted.words(TYPES.get(kind, Typed({kind})), emitting())
    assert [value for value in WORDS[kind] if value not in given and value not in OF_OTHERS.get(kind, ())] == []
    assert [value for value in WORDS[kind] if value not in said_in("tests")] == []


@pytest.mark.parametrize("kind", MEMBERS)
def test_each_member_is_emitted_and_brought_about(kind: type[Reason]) -> None:
    given, said = emitted.members(kind.__name__, emitting()), said_in("tests")
    assert [one.name for one in kind if one.name not in given] == []
    assert [one.name for one in kind if one.name not in said and one.value not in said] == []


def test_words_that_are_made_of_what_came_are_all_that_can_be_made() -> None:
    assert {labels.status_label(status) for status in (None, *range(100, 600))} == set(WORDS["ApiStatus"])
    assert set(FAILURES) == set(WORDS["ReaderException"])
    assert {one.value for one in Confinement} == set(WORDS["Confined"])


# ---- what is found where nothing is emitted

TOLD_ONLY = """
TOLD: Mapping[Cause, str] = {"never": "in no time"}
SENTENCES = {Condition.NEVER: "It is not well."}
QUIET = frozenset({Condition.NEVER})
def ends(cause: Cause) -> bool:
    return cause == "never" or cause in ("never",)
def holds(condition: Condition) -> bool:
    match condition:
        case Condition.NEVER:
            return True
    return condition is Condition.NEVER or DeadReason.NEVER is None
log.warning("never")
"""
GIVEN = (
    "reports.ended('never')", "partial(reports.ended, 'never')", "reports.ended(cause='never' if late else 'x')",
    "def why() -> Cause | None:\n    return 'never'", "cause: Cause = 'never'", "BY: dict[int, Cause] = {1: 'never'}",
    "def f():\n    spent: dict[Cause, int] = {'never': 1}", "class Ended:\n    cause: Cause\nEnded('never')",
)  # fmt: skip
TAKER = "def ended(self, cause: Cause) -> None: ..."


def test_what_is_only_told_of_compared_or_looked_for_is_not_emitted() -> None:
    told = {"judge/told.py": ast.parse(TOLD_ONLY)}
    assert "never" not in emitted.words(Typed({"Cause"}), told)
    assert emitted.members("Condition", told) == set()


@pytest.mark.parametrize("code", GIVEN)
def test_what_is_given_to_somebody_is(code: str) -> None:
    both = {"judge/told.py": ast.parse(f"{TAKER}\n{code}")}
    assert "never" in emitted.words(Typed({"Cause"}), both)


@pytest.mark.parametrize("code", ["begin(Condition.NEVER)", "AWAY = {1: Condition.NEVER}", "now = Condition.NEVER, 3"])
def test_a_member_is_given_wherever_it_is_a_value(code: str) -> None:
    assert emitted.members("Condition", {"": ast.parse(code)}) == {"NEVER"}

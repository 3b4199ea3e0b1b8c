"""A value of a label that nobody emits is a series that stays at zero for ever, and its alert silent: it goes.

Each value is said by the code that emits it, and by a test that brings it about.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from consumer.inspection.workers.codes import FAILURES
from consumer.model import Condition, DeadReason, Dependency, Reason
from consumer.telemetry import labels

ROOT = Path(__file__).parents[2]
DECLARED = ROOT / "consumer" / "telemetry" / "labels.py"
WORDS = {
    name: get_args(kind) for name, kind in vars(labels).items() if get_args(kind) and isinstance(get_args(kind)[0], str)
}
MADE = {"ApiStatus", "ReaderException"}  # by a function, of what came
MEMBERS = (Condition, DeadReason, Dependency, Reason)


@cache
def said_in(folder: str) -> frozenset[str]:
    """Texts, names of attributes and of arguments, of all files but the one that declares the values, and this one."""
    paths = set((ROOT / folder).rglob("*.py")) - {DECLARED, Path(__file__)}
    return frozenset(name for path in paths for name in _names(ast.parse(path.read_text())))


def _names(tree: ast.Module) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg


@pytest.mark.parametrize("kind", sorted(WORDS.keys() - MADE))
@pytest.mark.parametrize("folder", ["consumer", "tests"])
def test_each_word_is_emitted_and_brought_about(folder: str, kind: str) -> None:
    assert [value for value in WORDS[kind] if value not in said_in(folder)] == []


@pytest.mark.parametrize("kind", MEMBERS)
@pytest.mark.parametrize("folder", ["consumer", "tests"])
def test_each_member_is_emitted_and_brought_about(folder: str, kind: type[Reason]) -> None:
    said = said_in(folder)
    assert [one.name for one in kind if one.name not in said and (folder == "consumer" or one.value not in said)] == []


def test_words_that_are_made_of_what_came_are_all_that_can_be_made() -> None:
    assert {labels.status_label(status) for status in (None, *range(100, 600))} == set(WORDS["ApiStatus"])
    assert set(FAILURES) == set(WORDS["ReaderException"])

"""Two policies compared: what is named judges otherwise, and what judges otherwise is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.inspection.policy.difference import Difference, differences
from consumer.inspection.policy.model import CERTAIN, DEFAULTS
from consumer.inspection.policy.policy import SHIPPED, Policy
from consumer.model import Attachment, Facts, Finding
from tests.inspection.files import attachment
from tests.quick import examples

MIB = 1024 * 1024
KINDS = ("image/png", "image/jpeg", "application/pdf", "application/gzip")
NAMES = (None, "a.png", "a.jpg", "a.pdf", "a.gz", "a.exe")
CODES = [*list(DEFAULTS)[:3], *list(DEFAULTS)[-2:]]

words = st.sampled_from(["reject", "tell"])
rows: dict[str, dict[str, st.SearchStrategy[Any]]] = {  # table → key → what may stand there
    "types": dict.fromkeys(KINDS, st.fixed_dictionaries({"size": st.integers(1, 2), "type_only": st.booleans()})),
    "disagreement": {
        "families": st.sampled_from([(), (KINDS[:2],), (KINDS[1:3],), (KINDS,)]),
        **dict.fromkeys(("declared", "extension", "family"), words),
    },
    "findings": dict.fromkeys(CODES, words),
    "limits": dict.fromkeys(("pages", "nesting"), st.integers(1, 2)),
}
documents = st.fixed_dictionaries(
    {"version": st.just("1"), **{table: st.fixed_dictionaries({}, optional=keys) for table, keys in rows.items()}}
).filter(lambda document: document["types"])
changes = st.sampled_from([(table, key) for table, keys in rows.items() for key in keys]).flatmap(
    lambda place: rows[place[0]][place[1]].map(lambda value: (*place, value))
)
CLAIMS = [attachment(name, declared) for name in NAMES for declared in (None, *KINDS)]
SIZES = [attachment(None, declared, declared_size=size) for declared in (None, *KINDS) for size in (1, 2, 3)]
SEEN = [
    *(Facts(size=1, detected_type=kind) for kind in (None, *KINDS)),
    *(Facts(size=size, detected_type=kind) for kind in KINDS for size in (2, 3)),
    *(Facts(size=1, detected_type=kind, findings=(Finding(code),)) for kind in KINDS for code in (*CODES, *CERTAIN)),
]
FILES = [(claim, facts) for claim in (*CLAIMS, *SIZES) for facts in SEEN]


def judged(policy: Policy, file: Attachment, facts: Facts) -> tuple[object, ...]:
    return policy.before_download(file), policy.size_limit(file), policy.decide(file, facts), policy.marked(facts)


@settings(max_examples=examples(300))
@given(documents, changes)
def test_what_is_judged_otherwise_is_named(document: dict[str, Any], change: tuple[str, str, object]) -> None:
    """One row is another, so that no other difference stands in for the one that is looked for."""
    table, key, value = change
    old = Policy.model_validate(document)
    new = Policy.model_validate(document | {table: document[table] | {key: value}})
    found = differences(old, new)
    before, after = (replace(policy.limits, types=()) for policy in (old, new))  # types have rows of their own
    assert (before == after) == (not [one for one in found if one.rule.startswith("limits.")])
    if any(judged(old, file, facts) != judged(new, file, facts) for file, facts in FILES):
        assert found


@given(documents)
def test_a_policy_does_not_differ_from_itself(document: dict[str, Any]) -> None:
    policy = Policy.model_validate(document)
    assert differences(policy, policy) == ()


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        ('"image/png" = "10 MiB"\n', "", Difference("image/png", "types", "10 MiB", "not allowed")),
        ('"image/png" = "10 MiB"', '"image/png" = "3 KiB"', Difference("image/png", "size", "10 MiB", "3 KiB")),
        (
            '"image/png" = "10 MiB"',
            '"image/png" = { size = "10 MiB", type_only = true }',
            Difference("image/png", "type_only", "false", "true"),
        ),
        (
            'families = "known"',
            'families = [["image/jpeg", "image/gif"]]',
            Difference("image/png", "family", "image/gif, image/jpeg", "none"),
        ),
        ('family = "tell"', 'family = "reject"', Difference(None, "disagreement.family", "tell", "reject")),
        ('macros = "reject"', 'macros = "tell"', Difference(None, "findings.macros", "reject", "tell")),
        ('javascript = "tell"', "", Difference(None, "findings.javascript", "tell", "reject")),
        ('"512 MiB"', '"511 MiB"', Difference(None, "limits.picture", "512 MiB", "511 MiB")),
    ],
)
def test_a_difference_names_type_and_rule(tmp_path: Path, old: str, new: str, difference: Difference) -> None:
    assert old in SHIPPED.read_text()
    assert difference in differences(Policy.load(), _changed(tmp_path, old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('version = "1"', 'version = "2"'),
        ('language = "en"', 'language = "de"'),
        ('empty = "The file is empty."', 'empty = "Nothing there."'),
        ('macros = "reject"\n', ""),  # its default
        ("pages = 100000 ", "# "),
        ('"image/png" = "10 MiB"', '"image/png" = { size = 10485760 }'),
    ],
)
def test_what_judges_alike_is_no_difference(tmp_path: Path, old: str, new: str) -> None:
    assert old in SHIPPED.read_text()
    assert differences(Policy.load(), _changed(tmp_path, old, new)) == ()


def _changed(folder: Path, old: str, new: str) -> Policy:
    file = folder / "policy.toml"
    file.write_text(SHIPPED.read_text().replace(old, new, 1))
    return Policy.load(file)

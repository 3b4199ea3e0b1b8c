"""Two policies compared: what is named judges otherwise, and what judges otherwise is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.inspection.policy.difference import Difference, differences
from consumer.inspection.policy.model import CERTAIN, DEFAULTS, AllowedType
from consumer.inspection.policy.policy import SHIPPED, Policy
from consumer.model import Attachment, Facts, Finding
from tests.inspection.files import attachment

MIB = 1024 * 1024
KINDS = ("image/png", "image/jpeg", "application/pdf", "application/gzip")
NAMES = (None, "a.png", "a.jpg", "a.pdf", "a.gz", "a.exe")
CODES = [*list(DEFAULTS)[:3], *list(DEFAULTS)[-2:]]

actions = st.sampled_from(["reject", "tell"])
allowed = st.builds(AllowedType, size=st.sampled_from([1, 2]), type_only=st.booleans())
policies = st.builds(
    lambda types, disagreement, findings, limits: Policy.model_validate(
        {"version": "1", "types": types, "disagreement": disagreement, "findings": findings, "limits": limits}
    ),
    st.dictionaries(st.sampled_from(KINDS), allowed, min_size=1),
    st.fixed_dictionaries(
        {"families": st.lists(st.frozensets(st.sampled_from(KINDS), min_size=2), max_size=2)},
        optional={"declared": actions, "extension": actions, "family": actions},
    ),
    st.dictionaries(st.sampled_from(CODES), actions),
    st.dictionaries(st.sampled_from(["pages", "nesting"]), st.sampled_from([1, 2])),
)
files = st.tuples(
    st.builds(
        attachment,
        st.sampled_from(NAMES),
        st.none() | st.sampled_from(KINDS),
        declared_size=st.none() | st.integers(1, 3),
    ),
    st.builds(
        Facts,
        size=st.integers(1, 3),
        detected_type=st.none() | st.sampled_from(KINDS),
        findings=st.lists(st.sampled_from([*CODES, *CERTAIN]).map(Finding), max_size=2).map(tuple),
    ),
)


def judged(policy: Policy, file: Attachment, facts: Facts) -> tuple[object, ...]:
    return policy.before_download(file), policy.size_limit(file), policy.decide(file, facts), policy.marked(facts)


@given(policies, policies, st.lists(files, min_size=1, max_size=20))
def test_what_is_judged_otherwise_is_named(
    old: Policy, new: Policy, judgements: list[tuple[Attachment, Facts]]
) -> None:
    found = differences(old, new)
    assert (old.limits == new.limits) == (not [one for one in found if one.rule.startswith("limits.")])
    for file, facts in judgements:
        if judged(old, file, facts) != judged(new, file, facts):
            assert found


@given(policies)
def test_a_policy_does_not_differ_from_itself(policy: Policy) -> None:
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
            '["image/png", "image/jpeg", "image/gif"]',
            '["image/jpeg", "image/gif"]',
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

"""The rules of an operator: read, compiled, wrong, and changed while the service runs. YARA-X is the real one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from consumer.inspection.yara import rules as module
from consumer.inspection.yara.file import RulesFile
from consumer.inspection.yara.rules import NOT_INSTALLED, RulesError, compiled, load
from tests.reports import Recorder

GOOD = """
rule Told { strings: $a = "tell me" condition: $a }
rule Refused : tag { meta: author = "we" action = "reject" strings: $a = "evil" condition: $a }
rule AlsoTold { meta: action = "tell" condition: filesize > 1MB }
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "rules.yar"
    file.write_text(text)
    return file


def problems(text: str) -> list[str]:
    with pytest.raises(RulesError) as raised:
        compiled(text, "rules.yar")
    return str(raised.value).splitlines()


def test_a_rule_rejects_if_it_says_so_and_is_told_otherwise(tmp_path: Path) -> None:
    rules = load(written(tmp_path, GOOD))
    assert [(rule.name, rule.rejects) for rule in rules.rules] == [
        ("Told", False),
        ("Refused", True),
        ("AlsoTold", False),
    ]
    assert rules.compiled.content.startswith(b"YARA-X")


def test_an_edit_changes_the_version(tmp_path: Path) -> None:
    before = load(written(tmp_path, GOOD))
    after = load(written(tmp_path, GOOD.replace("evil", "bad")))
    assert before.version != after.version
    assert before.compiled != after.compiled
    assert before == load(written(tmp_path, GOOD))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rule A { condition: $b }", "1: unknown pattern `$b`; this pattern is not declared in the `strings` section"),
        ("\n\nrule A { condition: true", "3: syntax error; expecting operator or `}`, found end of file"),
        ("rule A { condition: true }\nrule A { condition: true }", "2: duplicate rule `A`"),
        ('rule A {\n strings: $b = "x" condition: true }', "2: unused pattern `$b`"),
        ('include "other.yar"', "1: include statements not allowed"),
        ('import "magic_wand"\nrule A { condition: true }', "1: unknown module `magic_wand`"),
        ("// nothing", " there is no rule in it"),
        (
            '\nrule A { condition: true }\nrule B : c { meta: action = "rejct" condition: true }',
            '3: the action of the rule B must be "reject" or "tell"',
        ),
        ("rule A { meta: action = 1 condition: true }", '1: the action of the rule A must be "reject" or "tell"'),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, said: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith(f"rules.yar:{said}")


def test_what_to_do_is_told_with_it() -> None:
    assert problems('include "other.yar"')[0].endswith("one file holds all rules: put them in here")


def test_a_file_that_is_no_text_or_not_there_is_told(tmp_path: Path) -> None:
    file = tmp_path / "rules.yar"
    file.write_bytes(b"rule A\n\xff\xfe")
    with pytest.raises(RulesError, match=r"rules.yar:2: not UTF-8"):
        load(file)
    file.unlink()
    with pytest.raises(RulesError, match="can't be read: No such file"):
        load(file)


def test_too_many_rules_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_RULES", 2)
    assert problems(GOOD) == ["rules.yar: 3 rules are too many: at most 2"]


def test_without_yara_x_the_rules_are_no_use_and_what_to_install_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yara_x", None)
    assert problems(GOOD) == [NOT_INSTALLED]


async def test_a_changed_file_is_in_force_and_a_bad_one_changes_nothing(tmp_path: Path) -> None:
    file, recorder = written(tmp_path, GOOD), Recorder()
    rules = RulesFile(file, recorder)
    before = rules()
    written(tmp_path, GOOD.replace("rule Told", "rule 3"))
    assert not await rules.reload()
    assert rules() is before
    assert "rules.yar:2: syntax error" in recorder.of("rules_not_reloaded")[0]
    written(tmp_path, GOOD.replace("evil", "bad"))
    assert await rules.reload()
    assert recorder.of("rules_in_force") == [(before.version, 3), (rules().version, 3)]
    assert rules().version != before.version


async def test_it_is_looked_for_a_change_again_and_again(tmp_path: Path) -> None:
    file, recorder = written(tmp_path, GOOD), Recorder()
    rules = RulesFile(file, recorder)
    changes = iter([GOOD, GOOD + "rule More { condition: false }"])

    async def sleep(seconds: float) -> None:
        written(tmp_path, next(changes, None) or pytest.fail("enough"))

    with pytest.raises(pytest.fail.Exception):
        await rules.watch(1.0, sleep)
    assert [count for _, count in recorder.of("rules_in_force")] in ([3, 4], [3, 3, 4])

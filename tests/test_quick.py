"""`make check` runs what needs Python alone, of many cases some, and says what it left out."""

import pytest

from tests.quick import CASES, SHARE

TESTS = """
import pytest
from hypothesis import given, strategies as st
from tests.quick import beside_python, installed

seen = []

@pytest.mark.parametrize("case", range(100))
def test_of_many(case):
    seen.append(case)

@pytest.mark.parametrize("case", range(3))
def test_of_few(case): ...

examples = []

@given(st.integers())
def test_of_a_property(number):
    examples.append(number)

def test_of_a_broker():
    beside_python("a broker")

def test_of_a_program():
    assert installed("sh").endswith("/sh")

def test_of_what_is_not_there():
    installed("no-such-program", "its-package")

def test_how_many():
    print("cases", sorted(seen), "examples", len(examples))
"""
WITH = ("-p", "tests.left_out", "-p", "tests.quick", "-p", "_hypothesis_pytestplugin", "-s")


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("REQUIRE_ALL", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(TESTS)
    return pytester


def test_a_quick_run_takes_some_of_many_cases_and_nothing_but_python_and_says_so(run: pytest.Pytester) -> None:
    result = run.runpytest_subprocess(*WITH, "--quick")
    assert result.parseoutcomes() == {"passed": CASES + 3 + 2, "skipped": 3, "deselected": 100 - CASES}
    result.stdout.fnmatch_lines(["left out: needs a broker (1); needs sh (1); needs no-such-program (1)"])
    told = counted(result)
    assert told.endswith(f"examples {100 // SHARE}")
    assert counted(run.runpytest_subprocess(*WITH, "--quick")) == told


def test_a_quick_run_takes_all_cases_where_it_is_told_to(run: pytest.Pytester) -> None:
    elsewhere = run.runpytest_subprocess(*WITH, "--quick", "--whole", "somewhere_else.py")
    assert elsewhere.parseoutcomes()["deselected"] == 100 - CASES
    here = run.runpytest_subprocess(*WITH, "--quick", "--whole", "test_a_quick_run_takes_all_cases_where_it_is_told_to")
    assert here.parseoutcomes() == {"passed": 100 + 3 + 2, "skipped": 3}
    assert counted(here).endswith(f"examples {100 // SHARE}")


def test_a_whole_run_takes_all_of_it(run: pytest.Pytester) -> None:
    result = run.runpytest_subprocess(*WITH)
    assert result.parseoutcomes() == {"passed": 100 + 3 + 4, "skipped": 1}
    result.stdout.fnmatch_lines(["left out: no-such-program is not installed (Debian: its-package) (1)"])
    assert counted(result).endswith("examples 100")


def counted(result: pytest.RunResult) -> str:
    return next(line for line in result.stdout.lines if "cases [" in line)

"""A run that leaves something out says so, and fails where nothing may be left out."""

import pytest

TESTS = """
import pytest

@pytest.mark.skip(reason="no such server here")
def test_of_a_server(): ...

def test_of_nothing(): ...
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("REQUIRE_ALL", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # each run is a process, and needs none of them
    pytester.makepyfile(TESTS)
    return pytester


def test_the_last_line_names_what_was_left_out_and_why(run: pytest.Pytester) -> None:
    result = run.runpytest_subprocess("-p", "tests.left_out")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["left out: no such server here (1)"])


@pytest.mark.parametrize("way", ["option", "environment"])
def test_a_skip_fails_the_run_where_nothing_may_be_left_out(
    run: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "environment":
        monkeypatch.setenv("REQUIRE_ALL", "1")
    options = ["--nothing-left-out"] if way == "option" else []
    for again in ([], ["--last-failed", "--last-failed-no-failures", "none"]):
        result = run.runpytest_subprocess("-p", "tests.left_out", *options, *again)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(["left out, although nothing may be: no such server here"])


def test_a_test_that_was_not_selected_counts_as_left_out(run: pytest.Pytester) -> None:
    result = run.runpytest_subprocess("-p", "tests.left_out", "-k", "of_nothing", "--nothing-left-out")
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_run_that_left_nothing_out_says_nothing(run: pytest.Pytester) -> None:
    run.makepyfile("def test_of_nothing(): ...")
    result = run.runpytest_subprocess("-p", "tests.left_out", "--nothing-left-out")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.no_fnmatch_line("left out*")


def test_what_passes_at_its_second_try_is_enough(run: pytest.Pytester) -> None:
    run.makepyfile(test_one="def test_of_one(): assert False\ndef test_of_two(): ...", test_two="def test_of_it(): ...")
    run.path.joinpath("test_what_passes_at_its_second_try_is_enough.py").unlink()
    again = ["-p", "tests.left_out", "--nothing-left-out", "--last-failed", "--last-failed-no-failures", "none"]
    assert run.runpytest_subprocess("-p", "tests.left_out").ret == pytest.ExitCode.TESTS_FAILED
    run.makepyfile(test_one="def test_of_one(): ...\ndef test_of_two(): ...")
    result = run.runpytest_subprocess(*again)
    assert (result.ret, result.parseoutcomes()) == (pytest.ExitCode.OK, {"passed": 1})

"""Nothing is left out in silence: one line at the end of a run names every skipped test's reason.

With `--nothing-left-out`, or `REQUIRE_ALL=1` in the environment, a skipped test is a failed one, to `--last-failed` as
well, and what else is left out fails the run.
"""

import os
from collections import Counter
from collections.abc import Generator, Iterable

import pytest

OPTION = "--nothing-left-out"
ALTHOUGH = "left out, although nothing may be: "
LEFT_OUT = pytest.StashKey[Counter[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, action="store_true", help="fail if a test was skipped, for whatever reason")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEFT_OUT] = Counter()
    config.pluginmanager.register(_Recorder(config), "left-out-recorder")


class _Recorder:
    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._left_out = config.stash[LEFT_OUT]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.skipped and not hasattr(report, "wasxfail") and _must_be_complete(self._config):
            report.outcome, report.longrepr = "failed", ALTHOUGH + _reason(report.longrepr)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self._left_out[_reason(report.longrepr)] += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._left_out[_reason(report.longrepr)] += 1

    def pytest_deselected(self, items: Iterable[pytest.Item]) -> None:
        left_out = len(list(items))  # 0, too, where `--last-failed` looks through its files
        if left_out and _must_be_complete(self._config):  # else whoever gave -k or -m knows
            self._left_out["not selected on the command line"] += left_out

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._left_out and _must_be_complete(self._config) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._left_out:
            return
        named = "; ".join(f"{reason} ({count})" for reason, count in self._left_out.most_common())
        failed = _must_be_complete(self._config)
        verdict = ALTHOUGH if failed else "left out: "
        terminalreporter.write_line(verdict + named, red=failed, yellow=not failed)


def _must_be_complete(config: pytest.Config) -> bool:
    return bool(config.getoption(OPTION)) or os.environ.get("REQUIRE_ALL") == "1"


def _reason(longrepr: object) -> str:
    reason = longrepr[2] if isinstance(longrepr, tuple) else longrepr
    return str(reason).removeprefix("Skipped: ")

"""What `make check` leaves to `make test`: of many cases all but some, and whatever needs more than Python.

Which cases is fixed: the same in each run of the same tests, and in each process that shares a run.
"""

from __future__ import annotations

import shutil
import zlib
from collections import defaultdict

import hypothesis
import pytest

OPTION, WHOLE = "--quick", "--whole"
CASES = 3  # of a test
SHARE = 5  # of the examples of a property, one in so many

_is_quick = False


def pytest_addoption(parser: pytest.Parser) -> None:
    told = f"no other program, {CASES} cases of a test, one in {SHARE} examples of a property"
    parser.addoption(OPTION, action="store_true", help=told)
    parser.addoption(WHOLE, action="append", default=[], metavar="PATH", help=f"with {OPTION}: all cases of its tests")


def pytest_configure(config: pytest.Config) -> None:
    global _is_quick
    _is_quick = bool(config.getoption(OPTION))
    whole = hypothesis.settings()
    hypothesis.settings.register_profile("quick", whole, max_examples=examples(whole.max_examples))
    if _is_quick:
        hypothesis.settings.load_profile("quick")


@pytest.hookimpl(trylast=True)  # of those that -k and -m leave
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption(OPTION):
        return
    whole = tuple(config.getoption(WHOLE))
    taken = {item.nodeid for cases in _by_test(items).values() for item in _some(cases, whole)}
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in taken])
    items[:] = [item for item in items if item.nodeid in taken]


def examples(whole: int) -> int:
    """For a property that names its own number."""
    return max(1, whole // SHARE) if _is_quick else whole


def beside_python(what: str) -> None:
    """Said by whoever needs it. The test is left out where nothing but Python is to be needed."""
    if _is_quick:
        pytest.skip(f"needs {what}")


def installed(name: str, package: str = "") -> str:
    """The path of somebody else's program, which Debian has in `package`. Without it the test is left out."""
    beside_python(name)
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed" + (f" (Debian: {package})" if package else ""))
    return path


def _by_test(items: list[pytest.Item]) -> dict[str, list[pytest.Item]]:
    tests: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        tests[item.nodeid.partition("[")[0]].append(item)
    return tests


def _some(cases: list[pytest.Item], whole: tuple[str, ...]) -> list[pytest.Item]:
    """By checksums, whose order is none of the cases' own, so that no kind of them is left out."""
    if cases[0].nodeid.startswith(whole):
        return cases
    return sorted(cases, key=lambda case: (zlib.crc32(case.nodeid.encode()), case.nodeid))[:CASES]

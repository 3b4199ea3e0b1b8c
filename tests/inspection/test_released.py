"""The last release's policy under this version: it loads, and no upgrade makes a verdict worse by itself."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from consumer.inspection.detection import Detector
from consumer.inspection.examination import examine
from consumer.inspection.policy.model import DEFAULTS, Action
from consumer.inspection.policy.policy import Policy
from consumer.model import Facts, Reason
from tests.inspection.files import attachment

LAST = Path(__file__).parents[1] / "released" / "0.1.0"
POLICY = Policy.load(LAST / "policy.toml")
DETECTOR = Detector()
WORSE = {
    "1a335c771216afa1": Reason.EMBEDDED_EXECUTABLE,  # a program in an archive that a PDF attaches
    "2ba8ce9db580c954": Reason.ARCHIVE_LIMITS,  # an attached archive that nobody here can open
    "00cd9efb162d8a3b": Reason.MALFORMED,  # a JPEG that is cut inside its pixels
    "676aad5cddf54971": Reason.MALFORMED,  # a PDF without an end, of which no reader finds the first object
    "2d720002d8320e28": Reason.MALFORMED,  # the same, behind lines of text
    "36dd861e7fa71349": Reason.MALFORMED,
    "98dc32e3b031f2c3": Reason.MALFORMED,
    "bb98b96f253943ce": Reason.MALFORMED,
}
"""Files that are rejected now, each with why that is right. By the beginning of their SHA-256."""


IMPOSSIBLE = b"\xff\xc4\0\x1f" + bytes(29)
POSSIBLE = b"\xff\xc4\0\x1f" + bytes(8) + b"\x0c" + bytes(20)  # twelve codes of eight bits
"""The codes of the last release's JPEG, by which no viewer draws it, and others in their place: the rest is judged."""


def accepted_by_the_last_release() -> dict[str, bytes]:
    """Files that its tests made and that it let in by its own policy, by the beginning of their SHA-256."""
    with zipfile.ZipFile(LAST / "accepted.zip") as files:
        return {name: files.read(name).replace(IMPOSSIBLE, POSSIBLE) for name in files.namelist()}


FILES = accepted_by_the_last_release()


def test_the_policy_of_the_last_release_loads_and_says_something_for_each_reason() -> None:
    assert POLICY.warnings == ()
    for reason in Reason:
        assert POLICY.sentence(reason)


def test_findings_that_are_newer_than_the_last_release_are_told_and_the_others_reject_as_they_did() -> None:
    """Where a policy does not name them: a file of the last release can't name what came later."""
    assert {code: Action.REJECT if code in POLICY.findings else Action.TELL for code in DEFAULTS} == DEFAULTS
    assert POLICY.findings.keys() <= DEFAULTS.keys()


@pytest.mark.parametrize("name", FILES)
def test_no_file_gets_a_worse_verdict(name: str) -> None:
    data = FILES[name]
    seen = examine(data, DETECTOR, POLICY.limits)
    facts = Facts(size=len(data), detected_type=seen.detected_type, findings=tuple(seen.findings))
    assert POLICY.decide(attachment(None), facts) is WORSE.get(name)


def test_each_verdict_that_is_worse_is_of_a_file_that_is_there() -> None:
    assert len(FILES) > 200
    assert WORSE.keys() <= FILES.keys()

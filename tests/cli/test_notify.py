"""What `notify` says, and in which language."""

from __future__ import annotations

import pytest

from consumer.inspection.policy.policy import Policy
from consumer.model import Reason
from consumer.notify.service import spoken
from tests.cli.conftest import Command

ENGLISH, GERMAN = "The file is empty.", "Die Datei ist leer."


@pytest.mark.parametrize(
    ("always", "customers", "sentence"),
    [
        (None, "de", GERMAN),
        (None, "fr", ENGLISH),
        (None, "", ENGLISH),
        ("de", "en", GERMAN),
        ("en", "de", ENGLISH),
    ],
)
def test_the_setting_decides_else_the_customer_else_the_policy(
    always: str | None, customers: str, sentence: str
) -> None:
    assert spoken(Policy.load, always)(Reason.EMPTY, customers) == sentence


def test_a_language_that_the_policy_does_not_speak_is_a_wrong_setting(command: Command) -> None:
    assert command("check-config", NOTIFY__LANGUAGE="de").exit_code == 0
    result = command("check-config", NOTIFY__LANGUAGE="fr")
    assert (result.exit_code, "NOTIFY__LANGUAGE: the policy speaks de, en, not 'fr'" in result.stderr) == (2, True)


def test_without_a_channel_nothing_is_started(command: Command) -> None:
    assert command("notify").exit_code == 2

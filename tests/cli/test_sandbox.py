"""What `sandbox` says of wrong usage, before anything is made or contacted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command


@pytest.mark.parametrize("content", [None, "{}", "not JSON"])
def test_a_file_that_holds_no_expectation_is_a_usage_error(
    command: Command, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "expected.json"
    if content is not None:
        file.write_text(content)
    result = command("sandbox", "check", file)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "expected.json" in result.stderr
    assert "Errno" not in result.stderr


def test_without_an_address_of_kafka_the_missing_variable_is_named(command: Command) -> None:
    result = command("sandbox", "traffic", "--events", "1", "--expect", "x", KAFKA_BOOTSTRAP_SERVERS="")
    assert (result.exit_code, "KAFKA_BOOTSTRAP_SERVERS" in result.stderr) == (2, True)


def test_an_emulator_names_its_faults_and_knows_no_others(command: Command) -> None:
    listed = command("sandbox", "emulator", "--fault", "list")
    faults = listed.stdout.splitlines()
    assert (listed.exit_code, "api-200-html" in faults, len(faults) > 40) == (0, True, True)
    wrong = command("sandbox", "emulator", "--fault", "api-200-htm")
    assert (wrong.exit_code, "no such fault: api-200-htm" in wrong.stderr) == (2, True)

"""`sandbox attack`: the promises as measured where they are asked for."""

import json

import pytest
from typer.testing import CliRunner

from consumer.cli.app import app
from consumer.inspection.workers.attacks import ATTACKS
from consumer.inspection.workers.confinement import not_offered

pytestmark = pytest.mark.skipif(bool(not_offered()), reason=f"no filter here: {not_offered()}")


def test_every_attempt_is_told_and_none_works() -> None:
    result = CliRunner().invoke(app, ["sandbox", "attack", "--json"])
    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert set(told["attacks"]) == set(ATTACKS)
    assert {outcomes["held in"] for outcomes in told["attacks"].values()} == {"killed"}
    assert "succeeded" in told["attacks"]["tcp"]["nothing"]
    assert "glibc" in told["platform"]


def test_the_table_is_for_people() -> None:
    result = CliRunner().invoke(app, ["sandbox", "attack"])
    assert result.exit_code == 0
    assert "unix socket" in result.stdout
    assert "held in" in result.stdout

"""Each condition is brought about and seen: in the state, the gauge, one line of the log at its start and one at its
end, and the expression of an alert. A new condition without a provoker fails."""

from __future__ import annotations

import gc
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from consumer.model import Condition
from consumer.sandbox.kafka import KafkaBroker
from tests.brokers import guarded_broker, private_broker
from tests.conditions.provokers import PROVOKERS
from tests.conditions.stage import Stage

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.timeout(180),
    # A client that is given up while its broker is frozen: aiokafka forgets the connection that it was opening.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:Unclosed AIOKafkaConnection:ResourceWarning"),
]

ALERTS = Path(__file__).parents[2] / "deploy" / "prometheus" / "alerts.yml"
NOBODYS_NEWS = {Condition.DRAINING}


@pytest.fixture(scope="module")
def own() -> Iterator[KafkaBroker]:
    """One that is frozen for a while."""
    with private_broker() as broker:
        yield broker


@pytest.fixture(scope="module")
def guarded() -> Iterator[KafkaBroker]:
    with guarded_broker({"svc": "secret"}) as broker:
        yield broker


@pytest.mark.parametrize("condition", Condition)
async def test_each_condition_is_seen_when_it_is_brought_about(
    condition: Condition, tmp_path: Path, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage(condition, tmp_path, request)
    with caplog.at_level(logging.WARNING):
        await PROVOKERS[condition](stage)
        for conditions in stage.parts:
            conditions.over()
    gc.collect()  # here, and not in somebody else's test
    assert stage.looked
    told = [vars(record) for record in caplog.records if vars(record).get("condition") == condition.value]
    begun = [line for line in told if "remedy" in line]
    over = [line for line in told if "seconds" in line]
    assert {line["about"] for line in begun} == {line["about"] for line in over}
    assert len({(line["about"], line["detail"]) for line in begun}) == len(begun) >= len(over) >= 1
    assert all(line["seconds"] >= 0 for line in over)


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def test_each_condition_has_an_alert() -> None:
    matchers = [m for rule in rules() for m in re.findall(r'condition=~?"([^"]*)"', rule["expr"])]
    named = {name for matcher in matchers for name in matcher.split("|")}
    assert set(Condition) - named == NOBODYS_NEWS

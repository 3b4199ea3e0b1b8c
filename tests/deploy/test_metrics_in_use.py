"""Alerts and dashboard name metrics that the service has, and the alerts fire when they should."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from consumer.model import Condition, Effect
from consumer.telemetry.metrics import Metrics
from tests.quick import installed

DEPLOY = Path(__file__).parents[2] / "deploy"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
DASHBOARD = DEPLOY / "grafana" / "dashboard.json"

NAME = re.compile(r"\battachment_consumer_\w+")
SELECTOR = re.compile(r"(attachment_consumer_\w+)\{([^}]*)\}")
MATCHER = re.compile(r'(\w+)\s*=~?\s*"([^"]*)"')
BY = re.compile(r"\bby \(([^)]*)\)")


def _expressions() -> list[str]:
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [rule["expr"] for rule in rules] + [t["expr"] for panel in panels for t in panel.get("targets", [])]


@pytest.fixture(scope="module")
def series() -> dict[str, dict[str, set[str]]]:
    """Each sample name of the service with its labels and, where the label set is closed, their values."""
    registry = CollectorRegistry()
    Metrics(registry)
    found: dict[str, dict[str, set[str]]] = {}
    for family in registry.collect():
        found.setdefault(family.name, {})
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


def test_every_metric_in_use_exists(series: dict[str, dict[str, set[str]]]) -> None:
    used = {name for expression in _expressions() for name in NAME.findall(expression)}
    assert len(used) > 20
    assert used <= set(series)


def test_what_waits_is_a_page_sooner_under_each_condition_that_hinders_work() -> None:
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    (expression,) = [rule["expr"] for rule in rules if rule["alert"] == "AttachmentConsumerUnanswered"]
    (left_out,) = re.findall(r'condition!~"([^"]*)"', expression)
    warns = {condition for condition in Condition if condition.told.effect is Effect.WARNS}
    assert set(left_out.split("|")) == warns | {Condition.DRAINING}


def test_a_condition_is_told_by_one_alert_and_draining_by_none() -> None:
    expressions = [rule["expr"] for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    named = [
        name for one in expressions for found in re.findall(r'condition=~?"([^"]*)"', one) for name in found.split("|")
    ]
    assert sorted(named) == sorted(set(Condition) - {Condition.DRAINING})


def test_every_label_value_in_use_exists(series: dict[str, dict[str, set[str]]]) -> None:
    wrong = [
        f"{name}: {label}={value}"
        for expression in _expressions()
        for name, matchers in SELECTOR.findall(expression)
        for label, values in MATCHER.findall(matchers)
        for value in values.split("|")
        if not value.startswith("$")  # of a variable of the dashboard
        if value not in series[name].get(label, set())
    ]
    assert not wrong


def test_every_label_that_is_summed_by_exists(series: dict[str, dict[str, set[str]]]) -> None:
    known = {label for labels in series.values() for label in labels}
    known |= {"le", "partition", "topic", "limit", "job", "instance"}
    used = {label.strip() for expression in _expressions() for by in BY.findall(expression) for label in by.split(",")}
    assert used <= known


def test_the_dashboard_places_its_panels_side_by_side() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        place: dict[str, Any] = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


@pytest.mark.parametrize(
    "command",
    [("check", "config", "prometheus.yml"), ("test", "rules", "alerts_test.yml")],
    ids=["the configuration is valid", "each alert fires when it should"],
)
def test_promtool_agrees(command: tuple[str, ...]) -> None:
    promtool(*command, cwd=ALERTS.parent)


def promtool(*command: str, cwd: Path) -> None:
    done = subprocess.run([installed("promtool", "prometheus"), *command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_condition_alone_fires_its_alert_and_draining_none(tmp_path: Path) -> None:
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    told = {
        name: rule
        for rule in rules
        for m in re.findall(r'condition=~?"([^"]*)"', rule["expr"])
        for name in m.split("|")
    }
    tests = []
    for condition in Condition:
        series = {
            'attachment_consumer_build_info{instance="a"}': "1x30",
            f'attachment_consumer_condition{{condition="{condition}", instance="a"}}': "0x4 1x25",
        }
        rule = told.get(condition)
        labels = rule and f'{{alertname="{rule["alert"]}", severity="{rule["labels"]["severity"]}"}}'
        fired = [{"labels": labels, "value": 1}] if rule else []
        expression = 'count by (alertname, severity) (ALERTS{alertstate="firing"})'
        tests.append(
            {
                "name": f"{condition} fires its alert",
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [
                    {"expr": expression, "eval_time": "4m", "exp_samples": []},
                    {"expr": expression, "eval_time": "20m", "exp_samples": fired},
                ],
            }
        )
    page = {"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "conditions.yml").write_text(yaml.safe_dump(page))
    promtool("test", "rules", "conditions.yml", cwd=tmp_path)


def test_every_alert_has_a_test() -> None:
    rules = [rule["alert"] for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    tests = (ALERTS.parent / "alerts_test.yml").read_text()
    assert [alert for alert in rules if alert not in tests] == []

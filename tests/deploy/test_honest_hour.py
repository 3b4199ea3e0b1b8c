"""Honest traffic, recorded from a real run (`honest_hour.py`) and replayed: it wakes nobody and opens no ticket."""

from __future__ import annotations

import re
from pathlib import Path

from tests.deploy.recorded import Recording
from tests.deploy.test_metrics_in_use import promtool

HERE = Path(__file__).parent
RECORDED = HERE / "honest_hour.yml"
SEEN = ("login_away", "api_away", "files_away", "storage_refused", "kafka_away")
"""An antivirus that is silent for half a minute is waited for, and nothing has to be said."""
LINE = re.compile(r"- \{ series: '(\w+)\{([^}]*)\}', values: \"([^\"]*)\" \}")


def held(condition: str) -> bool:
    """Whether some process said so at some time."""
    return any(
        name == "attachment_consumer_condition" and f'condition="{condition}"' in labels and "1" in counted(values)
        for name, labels, values in LINE.findall(RECORDED.read_text())
    )


def counted(values: str) -> set[str]:
    return {run.partition("x")[0] for run in values.split()}


def test_no_alert_fires_in_it() -> None:
    promtool("test", "rules", RECORDED.name, cwd=HERE)


def test_there_was_traffic_a_rolling_restart_and_an_outage_of_each_dependency_in_it() -> None:
    series = LINE.findall(RECORDED.read_text())
    assert [one for one in SEEN if not held(one)] == []
    accepted = [values for name, labels, values in series if 'verdict="accepted"' in labels]
    assert sum(int(values.split()[-1].partition("x")[0]) for values in accepted) > 1_000
    restarted = {re.findall(r'instance="(.)"', labels)[0] for _, labels, values in series if "stale" in values}
    assert restarted == {"a", "b"}


def test_what_is_told_no_more_is_stale_and_only_what_alerts_ask_for_is_kept() -> None:
    recording = Recording(['rate(attachment_consumer_x_bucket{le="5.0"}[5m])', "attachment_consumer_y > 0"])
    text = '# TYPE attachment_consumer_x histogram\nattachment_consumer_x_bucket{le="5.0"} 2\n'
    text += (
        'attachment_consumer_x_bucket{le="9.0"} 3\n# TYPE attachment_consumer_y gauge\nattachment_consumer_y{of="z"} '
    )
    for value in ("1", "1", "2"):
        recording.scraped({"a": f"{text}{value}\n"})
    for _ in range(3):
        recording.scraped({"a": None})
    recording.scraped({"a": f"{text}0\n"})
    assert dict(recording.lines()) == {
        'attachment_consumer_x_bucket{instance="a", le="5.0"}': "2x2 stale _x2 2",
        'attachment_consumer_y{instance="a", of="z"}': "1x1 2 stale _x2 0",
        'up{instance="a"}': "1x2 0x2 1",
    }

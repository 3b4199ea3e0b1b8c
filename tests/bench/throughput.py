"""Answers a second on a real broker, and where the time goes."""

from __future__ import annotations

import tempfile
import time
import urllib.request
from collections import defaultdict
from pathlib import Path

from anyio.to_thread import run_sync
from prometheus_client.parser import text_string_to_metric_families

from consumer.sandbox.arrangement import partitions_for
from consumer.sandbox.check import Score
from consumer.sandbox.demo import play
from consumer.sandbox.kafka import KafkaBroker
from consumer.sandbox.traffic import plan_traffic
from tests.bench.figures import Figures

EVENTS, SEED, DEADLINE_S = 3_000, 1, 900.0
PREFIX = "attachment_consumer_"

Samples = dict[str, dict[str, float]]


class _Scrape:
    """Takes the metrics once, when every answer is there and before the service stops."""

    def __init__(self) -> None:
        self.samples: Samples = defaultdict(dict)
        self._url = ""

    def serving(self, metrics_url: str, page_url: str) -> None:
        self._url = metrics_url

    def came(self, score: Score) -> None: ...

    async def take(self) -> None:
        text = await run_sync(lambda: urllib.request.urlopen(self._url).read().decode())
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                label = ",".join(sample.labels.values())
                self.samples[sample.name.removeprefix(PREFIX)][label] = sample.value


async def run() -> Figures:
    """Everything that one run tells. Raises `AssertionError` when an answer is not as it must be."""
    traffic, scrape = plan_traffic(EVENTS, SEED), _Scrape()
    with KafkaBroker() as broker, tempfile.TemporaryDirectory() as folder:
        before = time.process_time()
        report = await play(
            traffic, broker.bootstrap_servers, Path(folder), scrape,
            embedded=False, deadline_s=DEADLINE_S, hold=scrape.take,
        )  # fmt: skip
        cpu_s = time.process_time() - before
    assert report.tally.good, report.tally
    samples, seconds = scrape.samples, report.seconds
    answers, attachments = len(traffic.expectation.answers), traffic.expectation.attachments
    return {
        "events": traffic.expectation.events,
        "attachments": attachments,
        "seconds": round(seconds, 1),
        "answers a second": round(answers / seconds, 1),
        "CPU, ms an answer (worker processes not counted)": round(1000 * cpu_s / answers, 1),
        "inspections an attachment": round(_all(samples, "inspections_total") / attachments, 2),
        "API calls an attachment": round(_all(samples, "api_calls_total") / attachments, 2),
        **_transactions(samples, seconds),
        **_stages(samples, seconds),
    }


async def transactions() -> Figures:
    wanted = ("seconds", "transactions")
    return {name: value for name, value in (await run()).items() if name.startswith(wanted)}


def _transactions(samples: Samples, seconds: float) -> Figures:
    spent, partitions = samples["stage_seconds_sum"]["commit"], partitions_for(EVENTS)
    count = _all(samples, "transactions_total")
    return {
        "transactions": int(count),
        "transactions, ms each": round(1000 * spent / max(count, 1), 1),
        "transactions, share of a partition's wall time": round(spent / seconds / partitions, 3),
        "transactions, partitions": partitions,
    }


def _stages(samples: Samples, seconds: float) -> Figures:
    figures: Figures = {}
    for stage, total in sorted(samples["stage_seconds_sum"].items(), key=lambda item: -item[1]):
        times = samples["stage_seconds_count"][stage]
        figures[f"{stage}, ms on average"] = round(1000 * total / max(times, 1), 1)
        figures[f"{stage}, at once on average"] = round(total / seconds, 1)
    return figures


def _all(samples: Samples, name: str) -> float:
    return sum(samples[name].values())

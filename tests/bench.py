"""`python -m tests.bench [EVENTS]`: throughput on a real broker, and where the time goes, on this machine.

Emulator and reader run in the service's own process, and the broker shares its cores: compare two runs on one machine,
and take no figure for what a deployment does.
"""

import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from pathlib import Path

import anyio
from anyio.to_thread import run_sync
from prometheus_client.parser import text_string_to_metric_families

from consumer.sandbox.check import Score
from consumer.sandbox.demo import play
from consumer.sandbox.kafka import KafkaBroker
from consumer.sandbox.traffic import Traffic, plan_traffic

EVENTS, SEED, DEADLINE_S = 3_000, 1, 900.0
PREFIX = "attachment_consumer_"

Samples = dict[str, dict[str, float]]


class _Scrape:
    """Takes the metrics once, when every answer is there and before the service stops."""

    def __init__(self) -> None:
        self.samples: Samples = defaultdict(dict)
        self._url = ""

    def serving(self, metrics_url: str) -> None:
        self._url = metrics_url

    def came(self, score: Score) -> None: ...

    async def take(self) -> None:
        text = await run_sync(lambda: urllib.request.urlopen(self._url).read().decode())
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                label = ",".join(sample.labels.values())
                self.samples[sample.name.removeprefix(PREFIX)][label] = sample.value


def main(events: int = EVENTS) -> int:
    traffic, scrape = plan_traffic(events, SEED), _Scrape()
    with KafkaBroker() as broker, tempfile.TemporaryDirectory() as folder:
        before = time.process_time()

        async def run() -> tuple[float, bool]:
            report = await play(
                traffic, broker.bootstrap_servers, Path(folder), scrape,
                embedded=False, deadline_s=DEADLINE_S, hold=scrape.take,
            )  # fmt: skip
            return report.seconds, report.tally.good

        seconds, good = anyio.run(run)
        _show(traffic, scrape.samples, seconds, time.process_time() - before)
    print("every answer came once, and as expected" if good else "NOT every answer is as it must be")
    return 0 if good else 1


def _show(traffic: Traffic, samples: Samples, seconds: float, cpu_s: float) -> None:
    answers, attachments = len(traffic.expectation.answers), traffic.expectation.attachments
    print(f"{traffic.expectation.events} events, {attachments} attachments, {answers} answers in {seconds:.1f} s")
    print(f"  answers a second          {answers / seconds:8.1f}")
    print(f"  CPU, ms an answer         {1000 * cpu_s / answers:8.1f}   worker processes not counted")
    print(f"  inspections an attachment {_all(samples, 'inspections_total') / attachments:8.2f}")
    print(f"  API calls an attachment   {_all(samples, 'api_calls_total') / attachments:8.2f}")
    print(f"  transactions              {_all(samples, 'transactions_total'):8.0f}")
    print(f"{'stage':<12}{'times':>8}{'mean ms':>10}{'at once, on average':>22}")
    for stage, total in sorted(samples["stage_seconds_sum"].items(), key=lambda item: -item[1]):
        times = samples["stage_seconds_count"][stage]
        print(f"{stage:<12}{times:>8.0f}{1000 * total / max(times, 1):>10.1f}{total / seconds:>22.1f}")


def _all(samples: Samples, name: str) -> float:
    return sum(samples[name].values())


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))

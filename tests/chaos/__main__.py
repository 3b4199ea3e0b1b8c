"""`python -m tests.chaos`: trouble for as long as you like. The report goes to stdout, exit 1 if an answer is off.

With `--brokers 3` the processes are left alone, and single brokers of a cluster falter: then the time without an
answer counts as well. `--scenarios` plays a fixed list of faults in place of random ones; it takes about ten minutes.
"""

import argparse
import json
import logging
import sys
import tempfile
from pathlib import Path

import anyio

from consumer.sandbox.kafka import KafkaCluster
from consumer.sandbox.kafka_jars import class_path
from consumer.sandbox.traffic import plan_traffic
from tests.chaos import cluster, network, run
from tests.chaos.faults import KINDS

EVENTS_A_SECOND = {1: 60, 3: 30}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--events", type=int, help=f"default, a second: {EVENTS_A_SECOND} by brokers")
    parser.add_argument("--brokers", type=int, choices=list(EVENTS_A_SECOND), default=1)
    parser.add_argument("--scenarios", action="store_true", help="a fixed list of faults; with --brokers 3")
    arguments = parser.parse_args()
    seconds = arguments.minutes * 60
    events = arguments.events or int(seconds * EVENTS_A_SECOND[arguments.brokers])
    logs = Path(tempfile.mkdtemp(prefix="chaos-"))
    print(f"seed {arguments.seed}, {events} events in {seconds:g} s; the workers log to {logs}", file=sys.stderr)
    report: run.Report | cluster.Report
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the traffic's own clients meet each fault as well
    if arguments.brokers == 1:
        report = anyio.run(run.run, arguments.seed, seconds, events, logs)
    else:
        class_path()  # what may have to be fetched comes from outside
        kinds = set(KINDS)
        if why_not := network.isolate():
            print(f"no split is tried: {why_not}", file=sys.stderr)
            kinds.remove("split")
        script = cluster.scenarios if arguments.scenarios else cluster.at_random(arguments.seed, seconds, kinds)
        traffic = plan_traffic(events, arguments.seed)
        with KafkaCluster(arguments.brokers) as kafka:
            report = anyio.run(cluster.run, kafka, traffic, events / seconds, script, logs)
    print(json.dumps(report.as_json(), indent=2))
    return 0 if report.good else 1


if __name__ == "__main__":
    sys.exit(main())

"""How a sandbox's Kafka runs: one node, or several that each are broker and controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

LOG_FOLDER: Final = "data"

# The size of the heap and the first compiler only: a test broker lives for minutes and shares the cores with the tests.
JVM: Final = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")

DEFAULTS: Final = {
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "log.segment.delete.delay.ms": "1000",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
}

# How long a killed broker is taken for alive, which its next start has to wait out. Several nodes keep Kafka's own
# nine seconds, since those decide how long a cluster without one of its brokers has no leaders.
ALONE: Final = {
    "broker.heartbeat.interval.ms": "1000",
    "broker.session.timeout.ms": "4000",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.replication.factor": "1",
}

# The markers of a transaction that times out while too few replicas are in sync are written again and again, without a
# pause (as seen in librdkafka's issue 3444): telling of each of thousands of refusals a second costs most of it.
LOGGING: Final = """\
status=warn
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=info
rootLogger.appenderRef.out.ref=out
logger.appends.name=kafka.server.ReplicaManager
logger.appends.level=fatal
logger.markers.name=kafka.coordinator.transaction.TransactionMarkerRequestCompletionHandler
logger.markers.level=warn
"""


class Ports(NamedTuple):
    """Those of one node on loopback."""

    client: int
    internal: int
    controller: int


def server_properties(node: int, quorum: Mapping[int, Ports], protocol: str, folder: str) -> dict[str, str]:
    """Of `node`, one of the nodes in `quorum`. `protocol` is that of the listener `CLIENT`; `folder` holds the log."""
    ports = quorum[node]
    served = f"CLIENT://127.0.0.1:{ports.client},INTERNAL://127.0.0.1:{ports.internal}"
    return {
        "process.roles": "broker,controller",
        "node.id": str(node),
        "controller.quorum.voters": ",".join(f"{n}@127.0.0.1:{p.controller}" for n, p in quorum.items()),
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "INTERNAL",
        "listeners": f"{served},CONTROLLER://127.0.0.1:{ports.controller}",
        "advertised.listeners": served,
        "listener.security.protocol.map": f"CLIENT:{protocol},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": f"{folder}/{LOG_FOLDER}",
        **DEFAULTS,
        **(ALONE if len(quorum) == 1 else {}),
    }

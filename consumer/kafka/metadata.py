"""How often a client asks for the layout of the cluster.

aiokafka asks as fast as it gets an answer, or a refused connection, while a partition that it reads or writes has no
leader: a broker that stops leaves that behind, and each client then takes a core until it is back, and thousands of
log lines a second. Kafka's own clients wait `retry.backoff.ms` between two questions; so do these.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka.admin import client as admin_client
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer import consumer
from aiokafka.producer import producer


def pace_metadata() -> None:
    """From now on all clients of this process wait between two questions. aiokafka has no public place to say so."""
    for module in (admin_client, consumer, producer):
        module.AIOKafkaClient = PacedClient  # type: ignore[attr-defined]


class PacedClient(AIOKafkaClient):
    """A client that pauses before it asks once more about the same topics; about others it asks at once."""

    _asked: frozenset[str] | None = None
    _not_before = 0.0  # by the clock of the event loop, in seconds

    async def _metadata_update(self, cluster_metadata: Any, topics: Any) -> bool:
        clock = asyncio.get_running_loop().time
        asked = frozenset(topics or ())
        if asked == self._asked:
            await asyncio.sleep(self._not_before - clock())
        self._asked = asked
        try:
            return bool(await super()._metadata_update(cluster_metadata, topics))  # type: ignore[no-untyped-call]
        finally:
            self._not_before = clock() + self._retry_backoff

"""How large a record each topic takes, in bytes: refused on our side, since a broker's refusal ends a producer."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from consumer.errors import Failure
from consumer.kafka import topics
from consumer.settings.model import KafkaSettings, TopicSettings

DEFAULT_BYTES = 1_048_588  # Kafka's own, for a topic whose limit could not be read


class TopicLimits:
    """Read with the check of the topics, and again after a topic has refused a record."""

    def __init__(self, kafka: KafkaSettings, settings: TopicSettings) -> None:
        self._kafka, self._settings = kafka, settings
        self._bytes: dict[str, int] = {}
        self.weaknesses: tuple[str, ...] = ()  # of the topics, in sentences, as of the last check

    def of(self, topic: str) -> int:
        return self._bytes.get(topic, DEFAULT_BYTES)

    def all(self) -> Iterable[int]:
        """Of each topic that is known; none before the first check."""
        return self._bytes.values()

    async def check(self) -> None:
        """Raises `Refused` with all that is wrong with the topics, `Unavailable` when Kafka does not answer."""
        if self._kafka.topics_are_checked:
            checked = await topics.check(self._kafka, self._settings)
            self._bytes, self.weaknesses = dict(checked.max_message_bytes), checked.weaknesses

    async def read_again(self) -> None:
        """An operator may have raised what a topic takes."""
        with suppress(Failure):
            await self.check()

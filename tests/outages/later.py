"""Good files that customers send on, once the trouble is over.

A body that is not what Genesys says settles a file only once its host has delivered others: the last of them would wait
for ever where no customer sends anything any more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import anyio

from consumer.sandbox.check import OutputReader, Score, read_to_end
from consumer.sandbox.expectation import Expectation
from consumer.sandbox.traffic import InputRecord, Traffic, write
from consumer.sandbox.world import World
from consumer.settings.model import KafkaSettings, Settings
from tests.outages.crafted import GOOD, Maker, traffic_of

LATER, EACH_S = 120, 0.5
Planned = tuple[Traffic, tuple[InputRecord, ...]]
"""All that is to be answered, and the records of it that are sent later."""

GOOD_ONE = replace(GOOD, name="later")


def with_later(traffic: Traffic, partitions: int) -> Planned:
    """The traffic and these files, in one world with one expectation; and the records of these."""
    maker = Maker("later", partitions)
    later = traffic_of([maker.talk(GOOD_ONE) for _ in range(LATER)])
    talks = [*traffic.world.conversations.values(), *later.world.conversations.values()]
    expected = traffic.expectation
    both = Expectation(expected.events, expected.seed, (*expected.answers, *later.expectation.answers))
    return Traffic(World(talks, traffic.world.now), traffic.records, both), later.records


async def send_on(later: tuple[InputRecord, ...], kafka: KafkaSettings, topic: str, score: Score) -> None:
    """From when little is missing, slowly; and without a pause once nothing is but these, which a tally lists last."""
    await write(later, kafka, topic, pause=_while_missing(score))


async def read_on(
    reader: OutputReader, score: Score, later: tuple[InputRecord, ...], service: Settings, patience_s: float
) -> None:
    """Reads answers to the end, while customers send these on."""
    async with anyio.create_task_group() as group:
        group.start_soon(send_on, later, service.kafka, service.topics.events, score)
        await read_to_end(reader, score, patience_s=patience_s)
        group.cancel_scope.cancel()


def _while_missing(score: Score) -> Callable[[int], Awaitable[None]]:
    async def pause(number: int) -> None:
        while (tally := score.tally()).missing > 2 * LATER:  # noqa: ASYNC110 # whoever reads them tells nobody
            await anyio.sleep(EACH_S)
        if any(not line.startswith(GOOD_ONE.name) for line in tally.which["missing"]):
            await anyio.sleep(EACH_S)

    return pause

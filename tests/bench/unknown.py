"""How long honest traffic waits for its answers while a thousand conversations are announced that nobody knows, against
the same alone; and what those cost in calls to the API.
"""

from __future__ import annotations

from itertools import count

from consumer.sandbox.kafka import KafkaBroker
from tests.bench.figures import Figures, spread
from tests.bench.honest import PARTITIONS, api_calls, p95, waits, warm_service
from tests.outages.crafted import Maker

UNKNOWN, HONEST, ROUNDS = 1_000, 300, 2
PER_MINUTE = 6_000
NUMBERS = count()


async def run() -> Figures:
    alone: list[float] = []
    beside: list[float] = []
    calls: list[int] = []
    with KafkaBroker() as broker:
        for _ in range(ROUNDS):
            alone.append((await _a_round(broker, 0))[0])
            p95, first_minute = await _a_round(broker, UNKNOWN)
            beside.append(p95)
            calls.append(first_minute - 2 * HONEST)
    ratios = [one / other for one, other in zip(beside, alone, strict=True)]
    return {
        "rounds": ROUNDS,
        "honest answers a round": HONEST,
        "unknown conversations": UNKNOWN,
        **spread("p95 of honest answers alone, s", alone, 3),
        **spread("p95 of honest answers beside unknown ones, s", beside, 3),
        **spread("beside ÷ alone (at most 1.2)", ratios, 2),
        **spread("calls for the unknown ones in the first minute", calls, 0),
    }


async def _a_round(broker: KafkaBroker, unknown: int) -> tuple[float, int]:
    """The p95 of the honest ones, and the calls to the API while they came, which takes a minute."""
    name = f"unknown-{next(NUMBERS)}"
    maker = Maker(name, PARTITIONS)
    honest, strangers = maker.talks(HONEST), maker.talks(unknown)
    async with warm_service(broker, name, maker, honest, PER_MINUTE) as scene:
        before = api_calls(scene.emulator)
        seconds = await waits(scene, honest, strangers)
        return p95(seconds), api_calls(scene.emulator) - before

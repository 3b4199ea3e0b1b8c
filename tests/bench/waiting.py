"""How long everybody else's answers take while five thousand tasks of one kind wait, against alone."""

from __future__ import annotations

from collections.abc import Sequence

from consumer.sandbox.cases import CASES
from consumer.sandbox.kafka import KafkaBroker
from consumer.sandbox.world import Conversation
from tests.bench.figures import Figures
from tests.bench.honest import PARTITIONS, p95, waits, warm_service
from tests.outages.crafted import Maker, announced
from tests.outages.scene import Scene, write

WAITING, HONEST = 5_000, 300
PER_MINUTE = 60_000  # so that those that wait have asked all they have to ask within seconds
KINDS = {"an upload that never ends": "never_uploaded", "a host that is away": "host_away"}
"""Kinds of waiting by the case of the sandbox that causes them. Beside these: ids that nobody knows."""


async def run() -> Figures:
    figures: Figures = {"waiting": WAITING, "honest answers": HONEST}
    with KafkaBroker() as broker:
        for number, kind in enumerate([*KINDS, "ids that nobody knows"]):
            alone, beside = await _measured(broker, f"waiting-{number}", kind)
            figures |= {
                f"{kind}: alone, p95 ms": round(alone * 1_000),
                f"{kind}: p95 ms": round(beside * 1_000),
                f"{kind}: p95 ÷ alone (at most 1.2)": round(beside / alone, 2),
            }
    return figures


async def _measured(broker: KafkaBroker, name: str, kind: str) -> tuple[float, float]:
    """The p95 of honest answers in seconds, alone and beside those that wait, of one service."""
    maker = Maker(name, PARTITIONS)
    honest = maker.talks(2 * HONEST)
    case = next((case for case in CASES if case.name == KINDS.get(kind)), None)
    waiting = [maker.talk(case) for _ in range(WAITING)] if case else maker.talks(WAITING)
    async with warm_service(broker, name, maker, [*honest, *(waiting if case else ())], PER_MINUTE) as scene:
        alone = await waits(scene, honest[:HONEST])
        await _wait(scene, waiting)
        beside = await waits(scene, honest[HONEST:])
        assert scene.series("tasks_resting") > 0.9 * WAITING, "those that wait have to wait to the end"
    return p95(alone), p95(beside)


async def _wait(scene: Scene, waiting: Sequence[Conversation]) -> None:
    """Until nearly all of them rest: a few are in flight at any time, to ask once more."""
    await write(scene.settings, tuple(map(announced, waiting)), 100_000.0)
    await scene.until(lambda: scene.series("tasks_resting") > 0.95 * WAITING, 300)

"""One outage in the middle of traffic, from before it until everything is answered."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import anyio

from consumer.model import AWAY, REFUSED, Dependency
from consumer.sandbox.check import Tally
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.traffic import InputRecord, Traffic
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.outages.dependencies import Outage
from tests.outages.later import send_on
from tests.outages.scene import Scale, Scene, playing, settings_for
from tests.reports import closed_gates

STOPS_WITHIN_S = 5.0
WARM = 20  # answers before the outage begins
LONG_S = 60.0  # by then every call to a broker that is away has met its deadline
OPENS_WITHIN_S = 30.0  # a probe's longest wait, and some
POLL_S = 1.0  # a poll that had begun when the gate closed still hands over what it brings


@dataclass(slots=True)
class Report:
    """What was seen. `taken_after_s`: how long after the outage's begin tasks were still taken."""

    outage_s: float = 0.0
    stopped_after_s: float | None = None
    taken_after_s: float = 0.0
    unsettled_then: float = 0.0
    unsettled_most: float = 0.0
    ready: dict[str, object] = field(default_factory=dict)
    answered_before: float = 0.0
    answered_within: float = 0.0
    caught_up_after_s: float = 0.0
    rebalances: float = 0.0
    rebuilds: float = 0.0
    closed_at_the_end: float = 0.0
    tally: Tally | None = None

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    def problems(self, outage: Outage, scale: Scale) -> list[str]:
        """What is not as it is promised; empty if all is."""
        assert self.tally is not None
        found = [] if self.tally.good else [f"answers: {self.tally}"]
        if self.closed_at_the_end:
            found.append("a gate is still closed")
        if outage.gate is not None:
            found += self._problems_of_gate(outage, scale)
        elif self.outage_s > LONG_S and self.ready.get("ready"):
            found.append("/readyz says nothing of the broker")
        return found

    def _problems_of_gate(self, outage: Outage, scale: Scale) -> list[str]:
        allowed = STOPS_WITHIN_S + (scale.read_timeout_s if outage.hangs else 0.0)
        found = []
        if self.stopped_after_s is None or self.stopped_after_s > allowed:
            found.append(f"the intake stopped after {self.stopped_after_s} s")
        if self.taken_after_s > allowed + POLL_S:
            found.append(f"tasks were taken until {self.taken_after_s:.1f} s after the outage began")
        if self.unsettled_most > self.unsettled_then:
            found.append(f"unsettled tasks grew from {self.unsettled_then} to {self.unsettled_most}")
        if self.rebalances:
            found.append(f"{self.rebalances} rebalances")
        held = self.ready.get("conditions")
        assert isinstance(held, list) and outage.gate is not None
        others = {*AWAY.values(), *REFUSED.values()} - {AWAY[Dependency.FILES]}  # which a bad file may close for itself
        told = [one for one in held if one["condition"] in {*others, AWAY[outage.gate]}]
        if [one["condition"] for one in told] != [AWAY[outage.gate]]:
            found.append(f"/readyz names {held}")
        else:
            datetime.fromisoformat(told[0]["since"])
        return found


async def run(
    outage: Outage,
    traffic: Traffic,
    later: tuple[InputRecord, ...],
    emulator: Emulator,
    kafka: KafkaSettings,
    topics: TopicSettings,
    folder: Path,
    scale: Scale,
    a_second: float,
) -> Report:
    settings = settings_for(emulator, kafka, topics, folder, scale, outage.settings)
    report = Report()
    async with playing(settings, traffic, emulator, a_second) as scene:
        await scene.until(lambda: scene.answered >= WARM, 120)
        before = scene.series("rebalances_total"), _rebuilds(scene)
        await _take_away(scene, outage, report, scale)
        report.rebalances = scene.series("rebalances_total") - before[0]
        began = time.monotonic()
        await outage.end()
        await scene.written.wait()
        async with anyio.create_task_group() as group:
            group.start_soon(send_on, later, kafka, topics.events, scene.score)
            await scene.read_to_end(30 + 2 * max(scale.attempts_s, scale.host_patience_s, scale.probe_max_s))
            group.cancel_scope.cancel()
        report.caught_up_after_s = round(time.monotonic() - began, 1)
        report.rebuilds = _rebuilds(scene) - before[1]
        with suppress(TimeoutError):  # the last bad files of the traffic keep a gate busy until its next probe
            await scene.until(lambda: not closed_gates(scene.running.conditions), OPENS_WITHIN_S)
        report.closed_at_the_end = float(len(closed_gates(scene.running.conditions)))
        report.tally = scene.score.tally()
    return report


async def _take_away(scene: Scene, outage: Outage, report: Report, scale: Scale) -> None:
    """Begins the outage, and watches until it has lasted long enough."""
    conditions, began = scene.running.conditions, time.monotonic()
    report.answered_before = scene.answered
    await outage.begin()
    if outage.gate is not None:
        gate = outage.gate
        with anyio.move_on_after(scale.outage_s):
            await scene.until(lambda: gate in closed_gates(conditions), scale.outage_s)
            report.stopped_after_s = round(time.monotonic() - began, 2)
            await anyio.sleep(POLL_S)
            report.unsettled_then = scene.unsettled
            scene.most_unsettled = 0.0
            _, report.ready = await scene.readyz()
    await anyio.sleep(max(0.0, scale.outage_s - (time.monotonic() - began)))
    if outage.gate is None:
        _, report.ready = await scene.readyz()
    report.outage_s = round(time.monotonic() - began, 1)
    report.taken_after_s = round(max(0.0, scene.last_taken - began), 2)
    report.unsettled_most = scene.most_unsettled
    report.answered_within = scene.answered - report.answered_before


def _rebuilds(scene: Scene) -> float:
    return sum(scene.series("rebuilds_total", cause=cause) for cause in scene.running.metrics.rebuilds)

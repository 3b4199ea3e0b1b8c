"""Ill answers in front of honest traffic, one kind after the other, against the real clock and a real broker."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import anyio

from consumer.sandbox.emulator import Emulator
from consumer.sandbox.traffic import InputRecord, Traffic
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.outages.later import send_on
from tests.outages.scene import Scale, Scene, playing, settings_for

KINDS = (
    "api-200-html",
    "api-200-other",
    "api-403-cloudfront",
    "api-403-not-authorized",
    "api-503-genesys",
    "bulk-404-no-code",
    "download-200-other",
    "files-200-html",
    "files-200-page-as-octets",
    "files-200-picture-as-octets",
    "files-404-html",
    "login-200-html",
)
BETWEEN_S = 3.0
PATIENT = Scale(0.0, 4.0, host_patience_s=3.0, probe_s=0.2, probe_max_s=1.0, read_timeout_s=1.5, attempts=5)


async def run_ill(
    traffic: Traffic,
    later: tuple[InputRecord, ...],
    emulator: Emulator,
    kafka: KafkaSettings,
    topics: TopicSettings,
    folder: Path,
    *,
    kinds: tuple[str, ...] = KINDS,
    each_s: float,
    a_second: float,
) -> tuple[dict[str, object], list[str]]:
    """What was seen, and what is not as it is promised: each attachment its right answer, none dead or wrong."""
    settings = settings_for(emulator, kafka, topics, folder, PATIENT)
    told: dict[str, str] = {}
    async with playing(settings, traffic, emulator, a_second) as scene:
        await scene.until(lambda: scene.answered >= 20, 60)
        for kind in kinds:
            emulator.state.switch({"faults": [kind], "expire_tokens": kind.startswith("login")})
            await anyio.sleep(each_s)
            told[kind] = _said(scene)
            emulator.state.switch({"faults": []})
            await anyio.sleep(BETWEEN_S)
        await scene.written.wait()
        async with anyio.create_task_group() as group:
            group.start_soon(send_on, later, kafka, topics.events, scene.score)
            await scene.read_to_end(60)
            group.cancel_scope.cancel()
        tally = scene.score.tally()
    met = {kind: emulator.state.faults_met[kind] for kind in kinds}
    problems = [] if tally.good else [f"answers: {tally}"]
    problems += [f"{kind} was met by nobody" for kind, times in met.items() if not times]
    return {"met": met, "told": told, "tally": asdict(tally)}, problems


def _said(scene: Scene) -> str:
    return "; ".join(f"{held.condition}: {held.detail}"[:120] for held in scene.running.conditions.held)

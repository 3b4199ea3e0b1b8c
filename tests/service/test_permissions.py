"""A permission that is missing: said, asked for again and again, and no moment of hope in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from consumer.model import Dependency
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.emulator_state import PERMISSIONS
from consumer.sandbox.world import World
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.reports import closed_gates, details
from tests.service.composed import changed, serving, settings_for, until_true

NOBODY = KafkaSettings(bootstrap_servers="127.0.0.1:1")


async def test_a_gate_stays_closed_while_any_of_its_probe_s_questions_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whose token it is may be asked without any permission: that answer alone opens nothing."""
    async with Emulator(World([])) as emulator:
        emulator.state.switch({"permissions": []})
        settings = changed(settings_for(emulator, NOBODY, TopicSettings(), tmp_path), "attempts", probe_s=0.05)
        async with serving(changed(settings, "attempts", probe_max_s=0.05)) as running:
            await until_true(lambda: emulator.state.calls["tokens_me"] >= 8)
            assert closed_gates(running.conditions) == {Dependency.API}
            assert any("conversation:communication:view" in refusal for refusal in details(running.conditions))
            assert not [line for line in caplog.messages if "no longer" in line]
            emulator.state.switch({"permissions": PERMISSIONS})
            await until_true(lambda: not closed_gates(running.conditions))

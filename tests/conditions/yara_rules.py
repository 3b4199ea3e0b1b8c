"""Rules of an operator that can't be used."""

from __future__ import annotations

from consumer.inspection.yara.file import RulesFile
from tests.conditions.stage import Stage


async def rules_not_reloaded(stage: Stage) -> None:
    file = stage.folder / "rules.yar"
    file.write_text("rule A { condition: false }")
    reporter, conditions, metrics = stage.part()
    rules = RulesFile(file, reporter)
    file.write_text("rule A {")
    await rules.reload()
    stage.look(conditions, metrics)
    file.write_text("rule B { condition: false }")
    await rules.reload()
    assert not stage.holds(conditions)

"""What ends workers, or leaves them free, so that a condition holds."""

from __future__ import annotations

import os
import signal

import anyio

from consumer.inspection.workers.losses import MANY
from consumer.inspection.workers.pool import Bounds, Workers
from tests.conditions.stage import Stage
from tests.inspection.files import MemoryBody, attachment
from tests.inspection.planted import planted
from tests.inspection.test_proof import THAT_ONLY_REFUSES


async def workers_unconfined(stage: Stage) -> None:
    reporter, conditions, metrics = stage.part()
    async with Workers(
        1, bounds=Bounds(deadline_s=20.0), reports=reporter, patient=True, command=planted(THAT_ONLY_REFUSES)
    ):
        stage.look(conditions, metrics)


async def workers_not_starting(stage: Stage) -> None:
    reporter, conditions, metrics = stage.part()
    broken = stage.folder / "broken"
    stage.folder.chmod(0o755)
    dies = f"confinement.prepare = lambda: os.path.exists({str(broken)!r}) and os._exit(3)"
    bounds = Bounds(deadline_s=20.0, files_per_worker=1)
    async with Workers(1, bounds=bounds, reports=reporter, command=planted(dies)) as workers:
        broken.touch()
        os.kill((await workers._supply.template()).pid, signal.SIGKILL)

        async def more_than_are_warm() -> None:
            for _ in range(4):
                with MemoryBody(b"text") as body:
                    await workers.examine(body, attachment())

        async with anyio.create_task_group() as group:
            group.start_soon(more_than_are_warm)
            await stage.until(lambda: stage.holds(conditions))
            stage.look(conditions, metrics)
            broken.unlink()
        assert not stage.holds(conditions)


async def workers_killed(stage: Stage) -> None:
    reporter, conditions, metrics = stage.part()
    async with Workers(1, bounds=Bounds(deadline_s=20.0), reports=reporter) as workers:
        for _ in range(MANY):
            template = await workers._supply.template()
            os.kill(template.pid, signal.SIGKILL)
            template._process.wait()
            await workers._supply.look()
        stage.look(conditions, metrics)

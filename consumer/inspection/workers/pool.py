"""The pool of worker processes: examines files, survives what they do to it."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

import anyio

from consumer.inspection.policy.extensions import claimed_type, declared_as, extension_type, is_generic
from consumer.inspection.workers.confinement import hide_from_peers
from consumer.inspection.workers.process import (
    Answer,
    Died,
    LibmagicMissing,
    WorkerProcess,
    WorkersNotStarted,
    default_command,
)
from consumer.model import Attachment, Facts, Finding, Reason
from consumer.telemetry.metrics import WorkerEnd

__all__ = ["LibmagicMissing", "Workers", "WorkersNotStarted", "hide_from_peers", "versions"]

MIB = 1024 * 1024


class FileBody(Protocol):
    size: int
    sha256: str

    def fileno(self) -> int: ...


SECOND_DEADLINE = 2  # times the first: a machine that was too busy may be so still


class Reports(Protocol):
    def worker_ended(self, cause: WorkerEnd) -> None:
        """Why a worker had to be replaced."""


class Workers:
    """`count` processes, each examining one file at a time. Enter it before use; leaving it ends them.

    `deadline_s` is for one examination, twice that for its second try; waiting for a free worker does not count.
    """

    def __init__(
        self,
        count: int = 2,
        deadline_s: float = 2.0,
        address_space_bytes: int = 1024 * MIB,
        *,
        reports: Reports,
        command: Sequence[str] | None = None,
    ) -> None:
        self._deadline_s = deadline_s
        self._command = tuple(command or default_command(address_space_bytes, deadline_s * SECOND_DEADLINE))
        self._reports = reports
        self._free = anyio.Semaphore(count)
        self._idle: list[WorkerProcess | None] = [None] * count  # None: to be started by whoever takes the place
        self._detectors: dict[str, str] = {}

    @property
    def detectors(self) -> dict[str, str]:
        """Name to version, as the workers told when they started."""
        return dict(self._detectors)

    async def __aenter__(self) -> Self:
        """Starts all of them. `LibmagicMissing` or `WorkersNotStarted` if they can't run here."""
        try:
            for place in range(len(self._idle)):
                self._idle[place] = await self._started()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def examine(self, body: FileBody, attachment: Attachment) -> Facts:
        """What the bytes are and hold. Bytes on which two workers in turn crash, hang or babble give `UNDETECTABLE`.

        One worker's end is no evidence: this process may have been frozen, or the machine out of memory.
        """
        claimed = claimed_type(attachment.name, attachment.declared_type) or ""
        async with self._free:
            taken, healthy = self._idle.pop(), None
            try:
                for deadline_s in (self._deadline_s, self._deadline_s * SECOND_DEADLINE):
                    worker = await self._alive(taken)
                    taken, detectors = None, worker.detectors
                    answer, healthy = await self._ask(worker, body, claimed, deadline_s)
                    if healthy is not None:
                        break
            finally:
                self._idle.append(healthy)
        return _facts(body, attachment, answer, detectors)

    async def _alive(self, worker: WorkerProcess | None) -> WorkerProcess:
        if worker is not None and not worker.alive:
            await self._replace(worker, "died")
            worker = None
        return worker or await self._started()

    async def _ask(
        self, worker: WorkerProcess, body: FileBody, claimed: str, deadline_s: float
    ) -> tuple[Answer, WorkerProcess | None]:
        """The answer, and the worker if it may be asked again."""
        cause: WorkerEnd = "cancelled"
        answer = None
        try:
            with anyio.move_on_after(deadline_s):
                answer = await worker.ask(body.fileno(), body.size, claimed)
            cause = "deadline"
        except Died:
            cause = "died"
        finally:
            if answer is None:
                await self._replace(worker, cause)
        if answer is not None:
            return answer, worker
        why = "examining it takes too long" if cause == "deadline" else "examining it ended the worker process"
        return Answer(None, (Finding(Reason.UNDETECTABLE, why),), ()), None

    async def _replace(self, worker: WorkerProcess, cause: WorkerEnd) -> None:
        self._reports.worker_ended(cause)
        await worker.kill()

    async def _started(self) -> WorkerProcess:
        worker = await WorkerProcess.start(self._command)
        self._detectors = dict(worker.detectors)
        return worker

    async def _end(self) -> None:
        for place, worker in enumerate(self._idle):
            if worker is not None:
                self._idle[place] = None
                await worker.kill()


def _facts(body: FileBody, attachment: Attachment, answer: Answer, detectors: object) -> Facts:
    flags = list(answer.flags)
    if is_generic(attachment.declared_type):
        flags.append("generic_declared_type")
    if attachment.declared_size is not None and attachment.declared_size != body.size:
        flags.append("size_differs")
    named = extension_type(attachment.name)
    claims = {named, declared_as(attachment.declared_type)} - {None}
    if claims - {answer.detected_type}:
        flags.append("type_differs")
    return Facts(
        size=body.size,
        sha256=body.sha256,
        extension_type=named,
        detected_type=answer.detected_type,
        findings=answer.findings,
        flags=tuple(flags),
        detectors=dict(detectors) if isinstance(detectors, dict) else {},
    )


def versions() -> dict[str, str]:
    """Versions of the detectors as this installation has them. `LibmagicMissing` if there is none."""
    from consumer.inspection.workers.process import LIBMAGIC_MISSING

    try:
        from consumer.inspection.detection import libmagic_version
        from consumer.inspection.examination import VERSION
    except ImportError:
        raise LibmagicMissing(LIBMAGIC_MISSING) from None
    return {"libmagic": libmagic_version(), "inspection": VERSION}

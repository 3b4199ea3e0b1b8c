"""`scan`: judges files by hand. The service's own inspector, with a folder in place of Genesys and of the storage."""

from __future__ import annotations

import errno
import logging
import stat
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import anyio

from consumer.cli.explain import ExplainedFinding, Explaining, opener_lines, rule_of
from consumer.cli.outcome import Cell, Exit, data, data_json, ended, show
from consumer.download.body import Body
from consumer.inspection.antivirus import Scanner, open_scanner
from consumer.inspection.inspect import Inspector, Stores
from consumer.inspection.policy.policy import Policy, PolicyError
from consumer.inspection.workers.confinement import not_offered
from consumer.inspection.workers.pool import Bounds, Workers, WorkersNotStarted
from consumer.inspection.yara.rules import Rules, RulesError
from consumer.inspection.yara.rules import load as load_rules
from consumer.model import Attachment, Dependency, Facts, Finding, Reason, Rejected, Verdict
from consumer.settings.load import SettingsProblem, load_part
from consumer.settings.scanners import address_of
from consumer.telemetry.labels import Confined, Stage, WorkerEnd
from consumer.text import printable

log = logging.getLogger(__name__)

T = TypeVar("T")


class ByHand:
    """The ports of the inspector for files that are here already: nothing is fetched, nothing is kept."""

    async def locate(self, attachment: Attachment, again: bool = False) -> str | Reason:
        assert attachment.url is not None, "every file of a scan has its path there"
        return attachment.url

    async def fetch(self, url: str, cap: int, attachment: Attachment, believed: str = "") -> Body | Reason:
        return body_of(Path(url), cap)

    async def put(self, conversation_id: str, identity: bytes, body: object, facts: Facts) -> str:
        return ""

    def timed(self, stage: Stage) -> AbstractContextManager[object]:
        return nullcontext()

    def examined(self, detected: str | None, size: int, cpu_s: float) -> None:
        pass

    def worker_ended(self, cause: WorkerEnd) -> None:
        log.warning("an examination ended its worker: %s", cause)

    def reader_failed(self, exception: str) -> None:
        log.warning("a reader failed on a file: %s", exception)

    def rules_applied(self, cpu_s: float) -> None:
        pass

    def rules_exceeded(self, rule: str | None) -> None:
        log.warning("YARA rules took too long with a file: %s", rule or "several together")

    def confined(self, by: Confined, missing: str | None) -> None:
        if by == "none":
            log.warning("nothing holds in what examines the files, since this platform can't: %s", not_offered())

    def workers_start(self, problem: str | None) -> None:
        if problem:
            log.warning("no worker comes up: %s", problem)

    def workers_last(self, problem: str | None) -> None:
        if problem:
            log.warning("what workers are forked from ends again and again: %s", problem)


@dataclass(frozen=True, slots=True)
class ScannedFile:
    file: Path
    verdict: Verdict
    seen: tuple[ExplainedFinding, ...] = ()  # of findings, where they are to be explained

    def as_json(self) -> dict[str, Any]:
        facts = self.verdict.facts
        rejected = self.verdict if isinstance(self.verdict, Rejected) else None
        return {
            "file": printable(str(self.file), 4_096),
            "verdict": "rejected" if rejected else "accepted",
            "reason": rejected.reason.value if rejected else None,
            "detail": rejected.detail if rejected else None,
            "detected": facts.detected_type,
            "extension": facts.extension_type,
            "size": facts.size,
            "sha256": facts.sha256,
            "findings": [
                {"code": finding.code.value, "detail": finding.detail, **self._explained(finding)}
                for finding in facts.findings
            ],
            "flags": list(facts.flags),
            "scanned": facts.scanned,
            "detectors": dict(facts.detectors),
        }

    def _explained(self, finding: Finding) -> dict[str, Any]:
        return next((one.as_json() for one in self.seen if one.evidence.finding == finding), {})

    def explained(self) -> Iterator[str]:
        """In lines, for people."""
        told = self.as_json()
        yield f"{told['file']}: {told['verdict']}" + (f" ({told['reason']})" if told["reason"] else "")
        named = f" (its name says {told['extension']})" if told["extension"] not in (None, told["detected"]) else ""
        yield f"  {told['detected'] or 'no type'}{named}, {told['size']} bytes, sha256 {told['sha256']}"
        for one in self.seen:
            yield from one.lines()
        if told["reason"] not in (None, *(finding["code"] for finding in told["findings"])):
            yield f"  {told['reason']}: {told['detail']}"
            yield from opener_lines(rule_of(told["reason"]))


def scan(
    files: Sequence[Path],
    policy_file: Path | None,
    rules_file: Path | None,
    address: str | None,
    explain: bool,
    as_json: bool,
) -> None:
    """Prints a verdict a file; ends with 1 when one is rejected, and with 2 when one can't be read.

    With `explain` the worker answers in sentences and places, which for the service's own none does.
    """
    try:
        policy = Policy.load(policy_file)
        rules = load_rules(rules_file) if rules_file else None
        antivirus = _antivirus(address) if address else None
        scanned, unreadable = anyio.run(_scan, files, policy, rules, antivirus, Bounds(wide=explain))
    except (PolicyError, RulesError) as error:
        raise ended(Exit.USAGE, str(error)) from None
    except WorkersNotStarted as missing:
        raise ended(Exit.DOWN, str(missing)) from None
    if as_json:
        for one in scanned:
            data_json(one.as_json())
    elif explain and scanned:
        data("\n\n".join("\n".join(one.explained()) for one in scanned))
    elif scanned:
        show(("file", "verdict", "reason", "detected", "findings"), _rows(scanned))
    if unreadable:
        raise ended(Exit.USAGE, "\n".join(unreadable))
    if any(isinstance(one.verdict, Rejected) for one in scanned):
        raise ended(Exit.NEGATIVE)


async def _scan(
    files: Sequence[Path], policy: Policy, rules: Rules | None, antivirus: Scanner | None, bounds: Bounds
) -> tuple[list[ScannedFile], list[str]]:
    by_hand = ByHand()
    scanned: list[ScannedFile] = []
    unreadable: list[str] = []
    async with AsyncExitStack() as stack:
        by_rules = (lambda: rules) if rules else None
        examining = Workers(1, bounds=bounds, limits=lambda: policy.limits, rules=by_rules, reports=by_hand)
        workers = Explaining(await stack.enter_async_context(examining))
        if antivirus:
            stack.push_async_callback(antivirus.aclose)
        inspector = Inspector(by_hand, by_hand, workers, Stores(by_hand, None), lambda: policy, antivirus, by_hand)
        for file in files:
            try:
                verdict = await inspector.inspect(attachment_of(file), once)
            except OSError as error:
                unreadable.append(f"{printable(str(file), 4_096)}: {error.strerror}")
            else:
                scanned.append(ScannedFile(file, verdict, workers.take() if bounds.wide else ()))
    return scanned, unreadable


def body_of(file: Path, cap: int) -> Body | Reason:
    mode = file.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a pipe would be waited for until somebody writes
        raise OSError(errno.EINVAL, "not a regular file")
    return Body.from_path(file, cap)


def _antivirus(address: str) -> Scanner | None:
    """At that address, in all else as the service's own settings have it."""
    try:
        address_of(address)
    except ValueError as problem:
        raise SettingsProblem([f"--antivirus {problem}"]) from None
    return open_scanner(load_part("antivirus").antivirus.model_copy(update={"address": address}))


def attachment_of(file: Path) -> Attachment:
    return Attachment("scan", "scan", None, f"url:{file}", name=file.name, url=str(file))


async def once(step: Callable[[], Awaitable[T]], dependency: Dependency | None = None) -> T:
    return await step()


def _rows(scanned: Sequence[ScannedFile]) -> Iterator[Sequence[Cell]]:
    for one in scanned:
        told = one.as_json()
        yield (
            told["file"],
            (told["verdict"], "red" if told["reason"] else "green"),
            told["reason"] or "",
            told["detected"] or "",
            "; ".join(finding["detail"] or finding["code"] for finding in told["findings"]),
        )

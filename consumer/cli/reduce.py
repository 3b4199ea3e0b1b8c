"""`scan --reduce`: makes of a file that was turned away wrongly one that an operator may send in."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio

from consumer.cli.outcome import Exit, data, data_json, ended
from consumer.cli.scan import ByHand, attachment_of, body_of, once
from consumer.download.body import Body
from consumer.inspection.inspect import Inspector, Stores
from consumer.inspection.policy.policy import Policy, PolicyError
from consumer.inspection.reduction.reduce import Reducer
from consumer.inspection.workers.pool import Bounds, Workers, WorkersNotStarted
from consumer.model import Attachment, Finding, Reason, Rejected
from consumer.text import printable

MOST_TRIES = 20_000
LONGEST_S = 240.0
FILES_PER_WORKER = 1_024  # all are made of one, on the machine of whoever has it
MOST_WORDS, LONGEST_WORD = 40, 60  # that are shown
NAME = "reduced"


@dataclass(frozen=True, slots=True)
class RejectionCause:
    """Why a file is rejected: what has to stay true of it."""

    reason: Reason
    findings: frozenset[Finding]  # of that reason; none: by what it is
    detected: str | None

    @classmethod
    def of(cls, verdict: object) -> RejectionCause | None:
        """None for a file that is accepted."""
        if not isinstance(verdict, Rejected):
            return None
        found = frozenset(finding for finding in verdict.facts.findings if finding.code is verdict.reason)
        return cls(verdict.reason, found, verdict.facts.detected_type)


@dataclass(frozen=True, slots=True)
class Reduced:
    fault: RejectionCause
    before: bytes
    reducer: Reducer

    def as_json(self, file: Path, output: Path) -> dict[str, Any]:
        return {
            "file": printable(str(file), 4_096),
            "output": printable(str(output), 4_096),
            "reason": self.fault.reason.value,
            "findings": sorted(finding.detail for finding in self.fault.findings),
            "detected": self.fault.detected,
            "bytes": {"before": len(self.before), "after": len(self.reducer.best)},
            "tries": self.reducer.tries,
            "finished": self.reducer.finished,
            "left": [_shown(word) for word in self.reducer.left],
        }


class InHand(ByHand):
    """Fetches the bytes that are tried next."""

    content = b""

    async def fetch(self, url: str, cap: int, attachment: Attachment, believed: str = "") -> Body | Reason:
        return Body.of(self.content) if len(self.content) <= cap else Reason.TOO_LARGE


def reduce(files: Sequence[Path], output: Path | None, policy_file: Path | None, as_json: bool) -> None:
    """Writes the reduced file and tells what is left of the first one. Ends with 1 when there is nothing to show."""
    if len(files) != 1:
        raise ended(Exit.USAGE, "--reduce takes one file")
    (file,) = files
    target = output or Path(NAME + file.suffix)
    if target.exists():
        raise ended(Exit.USAGE, f"{printable(str(target), 4_096)} is there already: name another with --output")
    try:
        policy = Policy.load(policy_file)
        before = _content(file, policy)
        reduced = anyio.run(_reduce, before, file, policy)
        target.write_bytes(reduced.reducer.best)
    except PolicyError as error:
        raise ended(Exit.USAGE, str(error)) from None
    except OSError as error:
        raise ended(Exit.USAGE, f"{printable(str(error.filename or file), 4_096)}: {error.strerror}") from None
    except WorkersNotStarted as missing:
        raise ended(Exit.DOWN, str(missing)) from None
    told = reduced.as_json(file, target)
    if as_json:
        data_json(told)
    else:
        data("\n".join(_lines(told)))


def _content(file: Path, policy: Policy) -> bytes:
    body = body_of(file, policy.largest)
    if isinstance(body, Reason):
        raise ended(
            Exit.NEGATIVE, f"{printable(str(file), 4_096)}: its size alone rejects it: there is nothing to show"
        )
    with body:
        return b"".join(body.chunks())


async def _reduce(before: bytes, file: Path, policy: Policy) -> Reduced:
    by_hand = InHand()
    bounds = Bounds(wide=True, files_per_worker=FILES_PER_WORKER)
    async with Workers(1, bounds=bounds, limits=lambda: policy.limits, reports=by_hand) as workers:
        inspector = Inspector(by_hand, by_hand, workers, Stores(by_hand, None), lambda: policy, None, by_hand)

        async def fault(content: bytes, name: str) -> RejectionCause | None:
            by_hand.content = content
            attachment = replace(attachment_of(file), name=name)
            return RejectionCause.of(await inspector.inspect(attachment, once))

        shown = await fault(before, file.name)
        if shown is None:
            raise ended(Exit.NEGATIVE, f"{printable(file.name, 255)} is accepted: there is nothing to show")
        neutral_name = NAME + file.suffix
        if await fault(before, neutral_name) != shown:
            raise ended(
                Exit.NEGATIVE, f"{printable(file.name, 255)} is rejected for its name: tell us that, not what is in it"
            )

        async def shows(content: bytes) -> bool:
            return await fault(content, neutral_name) == shown

        give_up = time.monotonic() + LONGEST_S
        reducer = Reducer(shows, MOST_TRIES, goes_on=lambda: time.monotonic() < give_up)
        await reducer.reduce(before)
        return Reduced(shown, before, reducer)


def _lines(told: Mapping[str, Any]) -> list[str]:
    size, left = told["bytes"], told["left"]
    lines = [
        f"{told['output']}: {size['after']} bytes of {size['before']}, still {told['reason']}"
        + (f": {'; '.join(told['findings'])}" if told["findings"] else f" as {told['detected']}"),
    ]
    if not told["finished"]:
        lines.append(f"It was given up after {told['tries']} tries: more of it could go.")
    if not left:
        return [*lines, "Nothing is left that was written in the file."]
    lines.append("These words of the file are left, since it is not rejected without. Look at them before you send it:")
    lines += [f"  {word}" for word in left[:MOST_WORDS]]
    if len(left) > MOST_WORDS:
        lines.append(f"  and {len(left) - MOST_WORDS} more")
    return lines


def _shown(word: bytes) -> str:
    try:
        return printable(word.decode(), LONGEST_WORD)
    except UnicodeDecodeError:
        return f"bytes {word[: LONGEST_WORD // 3].hex(' ')}"

"""How often the shipped policy is wrong, on a folder of labelled files: `python -m tests.accuracy CORPUS_DIR [--json]`.

The folder holds `labels.jsonl` (one object a line: `file`, `extension`, `expected`, `kind`) and `files/`. A `benign`
file should be accepted, any other `kind` names what should not be. libmagic alone (what it calls an allowed type is
accepted) is measured beside it. Intervals are Wilson's, 95 %. Exit 1 if more than one benign file was rejected without
evidence.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path

import anyio
import magic

from consumer.download.body import Body
from consumer.inspection.policy import Policy
from consumer.inspection.workers import Workers
from consumer.model import Attachment, Facts, Reason

DEADLINE_S = 20.0  # a busy machine must not be measured as a bad detector
EVIDENCE = frozenset(
    {
        Reason.ENCRYPTED,
        Reason.MACROS,
        Reason.TEMPLATE,
        Reason.EMBEDDED_EXECUTABLE,
        Reason.EXTERNAL_REFERENCE,
        Reason.CONTENT_NOT_ALLOWED,
    }
)
"""Rejected for what was found in the file: the policy's wish, whatever the label says. The rest may be our mistake."""


@dataclass(frozen=True, slots=True)
class Label:
    file: str
    extension: str
    expected: str
    kind: str

    @property
    def benign(self) -> bool:
        return self.kind == "benign"


@dataclass(frozen=True, slots=True)
class Outcome:
    label: Label
    reason: Reason | None
    facts: Facts
    libmagic: str

    @property
    def by_evidence(self) -> bool:
        return self.reason in EVIDENCE

    def explain(self) -> str:
        details = "; ".join(finding.detail for finding in self.facts.findings if finding.code is self.reason)
        return f"{self.reason}: {details or self.facts.detected_type}"


def labels_of(corpus: Path) -> list[Label]:
    lines = (corpus / "labels.jsonl").read_text("utf-8").splitlines()
    rows = (json.loads(line) for line in lines if line.strip())
    return [Label(row["file"], row["extension"], row["expected"], row.get("kind", "benign")) for row in rows]


async def judge(corpus: Path, labels: Iterable[Label], policy: Policy) -> list[Outcome]:
    outcomes = []
    alone = magic.Magic(mime=True)
    async with Workers(count=1, deadline_s=DEADLINE_S) as workers:
        for label in labels:
            data = (corpus / "files" / label.file).read_bytes()
            attachment = Attachment(
                "accuracy", label.file, None, label.file, name=label.file, declared_type=label.expected
            )
            with Body.of(data) as body:
                facts = await workers.examine(body, attachment)
            outcomes.append(Outcome(label, policy.decide(attachment, facts), facts, _said(alone, data)))
    return outcomes


def _said(alone: magic.Magic, data: bytes) -> str:
    try:
        return str(alone.from_buffer(data))
    except magic.MagicException:
        return "raised"


def wilson(count: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share, as fractions; (0, 1) of nothing."""
    if total == 0:
        return 0.0, 1.0
    z, share = 1.96, count / total
    middle = share + z * z / (2 * total)
    half = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    whole = 1 + z * z / total
    return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    files: int
    ours: int  # wrong: rejected if benign, accepted if hostile
    evidence: int  # of these, rejected for what was found in the file
    libmagic: int

    def text(self) -> str:
        low, high = wilson(self.ours, self.files)
        share = f"{100 * self.ours / self.files:5.1f} % ({100 * low:4.1f}–{100 * high:4.1f})"
        return f"{self.name:<28}{self.files:>6}{self.ours:>6}  {share:<24}{self.evidence:>6}{self.libmagic:>10}"


def rows(outcomes: Iterable[Outcome], allowed: Iterable[str]) -> tuple[list[Row], list[Row]]:
    """False rejects by type, accepted hostile files by class."""
    types = set(allowed)
    groups: dict[tuple[bool, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        label = outcome.label
        groups[label.benign, label.extension if label.benign else f"{label.kind} {label.extension}"].append(outcome)
        groups[label.benign, "all"].append(outcome)
    rejects: list[Row] = []
    accepts: list[Row] = []
    for (benign, name), group in sorted(groups.items(), key=lambda item: (item[0][1] == "all", item[0])):
        wrong = [outcome for outcome in group if (outcome.reason is not None) == benign]
        alone = sum((outcome.libmagic not in types) == benign for outcome in group)
        evidence = sum(outcome.by_evidence for outcome in wrong)
        (rejects if benign else accepts).append(Row(name, len(group), len(wrong), evidence, alone))
    return rejects, accepts


def report(outcomes: list[Outcome], policy: Policy) -> str:
    rejects, accepts = rows(outcomes, policy.types)
    head = f"{'':<28}{'files':>6}{'wrong':>6}  {'share (95 %)':<24}{'found':>6}{'libmagic':>10}"
    lines = ["false rejects, by type ('found': for something that is in the file)", head, *map(Row.text, rejects), ""]
    lines += ["hostile or broken and accepted, by class", head, *map(Row.text, accepts), ""]
    lines += ["each of them:"]
    for outcome in outcomes:
        if outcome.label.benign and outcome.reason is not None:
            kind = "found   " if outcome.by_evidence else "rejected"
            lines.append(f"  {kind} {outcome.label.file}: {outcome.explain()}")
        elif not outcome.label.benign and outcome.reason is None:
            told = ", ".join([f.detail for f in outcome.facts.findings] + list(outcome.facts.flags)) or "nothing found"
            lines.append(f"  accepted {outcome.label.file}: {outcome.facts.detected_type}; {told}")
    reasons = Counter(str(o.reason) for o in outcomes if o.reason is not None)
    lines += ["", "rejected for: " + ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())]
    detectors = (
        ", ".join(f"{name} {version}" for name, version in outcomes[0].facts.detectors.items()) if outcomes else ""
    )
    return "\n".join([*lines, f"policy {policy.version}; {detectors}"])


def as_json(outcomes: list[Outcome], policy: Policy) -> str:
    rejects, accepts = rows(outcomes, policy.types)
    files = [
        {
            "file": outcome.label.file,
            "kind": outcome.label.kind,
            "verdict": "accepted" if outcome.reason is None else "rejected",
            "reason": outcome.reason,
            "detected": outcome.facts.detected_type,
            "findings": [[finding.code, finding.detail] for finding in outcome.facts.findings],
            "flags": outcome.facts.flags,
            "libmagic": outcome.libmagic,
        }
        for outcome in outcomes
    ]
    tables = {"false_rejects": rejects, "hostile_accepted": accepts}
    summary = {
        name: [asdict(row) | {"wilson95": wilson(row.ours, row.files)} for row in table]
        for name, table in tables.items()
    }
    return json.dumps({"policy": policy.version, **summary, "files": files}, indent=1)


def unexplained(outcomes: Iterable[Outcome]) -> int:
    return sum(o.label.benign and o.reason is not None and not o.by_evidence for o in outcomes)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__.split("\n\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--policy", type=Path)
    chosen = parser.parse_args(arguments)
    if not (chosen.corpus / "labels.jsonl").is_file():
        print(f"{chosen.corpus} has no labels.jsonl", file=sys.stderr)
        return 2
    policy = Policy.load(chosen.policy)
    outcomes = anyio.run(judge, chosen.corpus, labels_of(chosen.corpus), policy)
    print(as_json(outcomes, policy) if chosen.json else report(outcomes, policy))
    return 1 if unexplained(outcomes) > 1 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How often the shipped policy is wrong, on a folder of labelled files: `python -m tests.accuracy CORPUS_DIR [--json]`.

The folder holds `labels.jsonl` (one object a line: `file`, `extension`, `expected`, `kind`) and `files/`. A `benign`
file should be accepted, any other `kind` names what should not be. `set` says where it comes from; without it, what
stands before `--` in its name does. A benign file that was rejected counts as wrong,
whatever the reason, unless something in it explains that: `tests/witnesses.py` looks for it in another way than the
service does, and each is listed. libmagic alone (what it calls an allowed type is accepted) is measured on the same
files. Intervals are Wilson's, 95 %. Exit 1 if more than one benign file is wrongly rejected.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path

import anyio
import magic

from consumer.download.body import Body
from consumer.inspection.policy.policy import Policy
from consumer.inspection.workers.pool import Workers
from consumer.model import Attachment, Facts, Reason
from tests.reports import Recorder
from tests.witnesses import witness


@dataclass(frozen=True, slots=True)
class Label:
    file: str
    extension: str
    expected: str
    kind: str
    set: str = ""  # that it comes from

    @property
    def benign(self) -> bool:
        return self.kind == "benign"


@dataclass(frozen=True, slots=True)
class Judgement:
    label: Label
    reason: Reason | None
    facts: Facts
    libmagic: str
    explained: str | None = None  # what is in a benign file that was rejected

    @property
    def wrong(self) -> bool:
        return self.explained is None and (self.reason is not None) == self.label.benign

    def libmagic_wrong(self, allowed: AbstractSet[str]) -> bool:
        return self.explained is None and (self.libmagic not in allowed) == self.label.benign

    def because(self) -> str:
        details = "; ".join(finding.detail for finding in self.facts.findings if finding.code is self.reason)
        return f"{self.reason}: {details or self.facts.detected_type}"


def labels_of(corpus: Path) -> list[Label]:
    lines = (corpus / "labels.jsonl").read_text("utf-8").splitlines()
    rows = (json.loads(line) for line in lines if line.strip())
    return [
        Label(row["file"], row["extension"], row["expected"], row.get("kind", "benign"), row.get("set") or _set_of(row))
        for row in rows
    ]


def _set_of(row: dict[str, str]) -> str:
    name, separator, _ = row["file"].partition("--")
    return name if separator else ""


async def judge(corpus: Path, labels: Iterable[Label], policy: Policy) -> list[Judgement]:
    outcomes = []
    alone = magic.Magic(mime=True)
    async with Workers(count=1, reports=Recorder()) as workers:  # with the service's own deadline, and its second try
        for label in labels:
            data = (corpus / "files" / label.file).read_bytes()
            attachment = Attachment(
                "accuracy", label.file, None, label.file, name=label.file, declared_type=label.expected
            )
            with Body.of(data) as body:
                facts = await workers.examine(body, attachment)
            reason, said = policy.decide(attachment, facts), _said(alone, data)
            explained = None
            if label.benign and reason is not None:
                explained = witness(data, reason, facts.detected_type, label.expected, said)
            outcomes.append(Judgement(label, reason, facts, said, explained))
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
    wrong: int  # rejected if benign, accepted if hostile; without those that are explained
    explained: int
    libmagic: int  # how often it would be wrong alone

    def text(self) -> str:
        share, alone = (_share(count, self.files) for count in (self.wrong, self.libmagic))
        return f"{self.name:<26}{self.files:>6}{self.explained:>10}{self.wrong:>7} {share}{self.libmagic:>10} {alone}"


HEAD = f"{'':<26}{'files':>6}{'explained':>10}{'wrong':>7} {'share (95 %)':<24}{'libmagic':>10} {'share (95 %)':<24}"


def _share(count: int, total: int) -> str:
    low, high = wilson(count, total)
    return f"{100 * count / total:5.1f} % ({100 * low:4.1f}–{100 * high:4.1f})".ljust(24)


def rows(outcomes: Iterable[Judgement], allowed: AbstractSet[str]) -> tuple[list[Row], list[Row], list[Row]]:
    """False rejects by type and by set, accepted hostile files by class."""
    benign = [outcome for outcome in outcomes if outcome.label.benign]
    hostile = [outcome for outcome in outcomes if not outcome.label.benign]
    return (
        _table(benign, lambda label: label.extension, allowed),
        _table(benign, lambda label: label.set or "of no name", allowed),
        _table(hostile, lambda label: f"{label.kind} {label.extension}", allowed),
    )


def _table(outcomes: Iterable[Judgement], named: Callable[[Label], str], allowed: AbstractSet[str]) -> list[Row]:
    groups: dict[str, list[Judgement]] = defaultdict(list)
    for outcome in outcomes:
        groups[named(outcome.label)].append(outcome)
        groups["all"].append(outcome)
    return [
        Row(
            name,
            len(group),
            sum(outcome.wrong for outcome in group),
            sum(outcome.explained is not None for outcome in group),
            sum(outcome.libmagic_wrong(allowed) for outcome in group),
        )
        for name, group in sorted(groups.items(), key=lambda item: (item[0] == "all", item[0]))
    ]


def report(outcomes: list[Judgement], policy: Policy) -> str:
    rejects, by_set, accepts = rows(outcomes, policy.types.keys())
    lines = ["benign and rejected, by type", HEAD, *map(Row.text, rejects), ""]
    lines += ["benign and rejected, by set", HEAD, *map(Row.text, by_set), ""]
    lines += ["hostile or broken and accepted, by class", HEAD, *map(Row.text, accepts), ""]
    lines += ["rejected benign files that are explained by what is in them:"]
    lines += [f"  {o.label.file}: {o.because()}; seen: {o.explained}" for o in outcomes if o.explained is not None]
    lines += ["rejected benign files that are not:"]
    lines += [f"  {o.label.file}: {o.because()}" for o in outcomes if o.wrong and o.label.benign]
    lines += ["accepted though labelled otherwise:"]
    for outcome in outcomes:
        if outcome.wrong and not outcome.label.benign:
            told = ", ".join([f.detail for f in outcome.facts.findings] + list(outcome.facts.flags)) or "nothing found"
            lines.append(f"  {outcome.label.file}: {outcome.facts.detected_type}; {told}")
    reasons = Counter(str(o.reason) for o in outcomes if o.reason is not None)
    lines += ["", "rejected for: " + ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())]
    detectors = (
        ", ".join(f"{name} {version}" for name, version in outcomes[0].facts.detectors.items()) if outcomes else ""
    )
    return "\n".join([*lines, f"policy {policy.version}; {detectors}"])


def as_json(outcomes: list[Judgement], policy: Policy) -> str:
    rejects, by_set, accepts = rows(outcomes, policy.types.keys())
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
            "explained": outcome.explained,
        }
        for outcome in outcomes
    ]
    tables = {"false_rejects": rejects, "false_rejects_by_set": by_set, "hostile_accepted": accepts}
    summary = {
        name: [asdict(row) | {"wilson95": wilson(row.wrong, row.files)} for row in table]
        for name, table in tables.items()
    }
    return json.dumps({"policy": policy.version, **summary, "files": files}, indent=1)


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
    return 1 if sum(outcome.wrong and outcome.label.benign for outcome in outcomes) > 1 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What two policies would judge otherwise, by type and rule. Sentences, languages and versions judge nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from consumer.inspection.policy.model import DEFAULTS, Action, AllowedType, shown_size
from consumer.inspection.policy.policy import Policy

NOT_ALLOWED = "not allowed"


@dataclass(frozen=True, slots=True)
class Difference:
    kind: str | None  # the MIME type of the files that it is about; None: all
    rule: str  # as the file names it: `size`, `type_only`, `family`, `findings.macros`, `limits.pages`
    old: str
    new: str


def differences(old: Policy, new: Policy) -> tuple[Difference, ...]:
    """Each rule under which a file may get another verdict, or other findings to it; nothing if there is none."""
    return (*_types(old, new), *_rules(old, new))


def _types(old: Policy, new: Policy) -> Iterator[Difference]:
    for kind in sorted(old.types.keys() | new.types.keys()):
        before, after = old.types.get(kind), new.types.get(kind)
        if before is None or after is None:
            yield Difference(kind, "types", _allowed(before), _allowed(after))
            continue
        yield from _changed(kind, "size", shown_size(before.size), shown_size(after.size))
        yield from _changed(kind, "type_only", _word(before.type_only), _word(after.type_only))
        yield from _changed(kind, "family", _listed(old, kind), _listed(new, kind))


def _rules(old: Policy, new: Policy) -> Iterator[Difference]:
    for rule in ("declared", "extension", "family"):
        before, after = (_action(policy, rule) for policy in (old, new))
        yield from _changed(None, f"disagreement.{rule}", before, after)
    for code in DEFAULTS:
        yield from _changed(None, f"findings.{code}", old.action(code), new.action(code))
    limits = new.limit_table.model_dump()
    for name, limit in old.limit_table.model_dump().items():
        yield from _changed(None, f"limits.{name}", shown_size(limit), shown_size(limits[name]))


def _changed(kind: str | None, rule: str, before: str, after: str) -> Iterator[Difference]:
    if before != after:
        yield Difference(kind, rule, before, after)


def _allowed(allowed: AllowedType | None) -> str:
    if allowed is None:
        return NOT_ALLOWED
    return shown_size(allowed.size) + (", type_only" if allowed.type_only else "")


def _word(value: bool) -> str:
    return "true" if value else "false"


def _action(policy: Policy, rule: str) -> Action:
    action: Action = getattr(policy.disagreement, rule)
    return action


def _listed(policy: Policy, kind: str) -> str:
    """The allowed types that its files may be taken for."""
    return ", ".join(sorted(policy.family(kind) & policy.types.keys() - {kind})) or "none"

"""YARA rules, compiled by YARA-X in the service's own process: that needs memory which can be executed.

A rule with `meta: action = "reject"` turns a file away, one with `"tell"`, or without the word, is told.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NOT_INSTALLED = 'YARA-X is not installed; install "attachment-consumer[yara]", or unset INSPECTION__YARA_RULES'
ACTION, REJECT, TELL = "action", "reject", "tell"
MOST_RULES = 10_000  # with the place of one among them, 64 bits leave a worker for a file
LARGEST_SOURCE = 64 * 1024 * 1024  # bytes
REMEDIES = {
    "IncludeNotAllowed": "one file holds all rules: put them in here",
    "UnusedPattern": "use it in the condition, or let its name begin with $_",
    "UnknownModule": "leave the import out, and the rules that need it",
}


class RulesError(ValueError):
    """The rules can't be used. The text names every problem, each with file and line."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a worker needs. Equal if the digest is."""

    digest: str
    content: bytes = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Rule:
    name: str  # letters, digits and _: YARA allows no others
    rejects: bool


@dataclass(frozen=True, slots=True)
class Rules:
    rules: tuple[Rule, ...]  # in the order by whose places workers name them
    compiled: Compiled
    source: str = field(repr=False)
    warnings: tuple[str, ...] = ()  # of YARA-X, each with its line

    @property
    def version(self) -> str:
        """YARA-X's own, with a digest of the rules behind it, so that no edit goes unseen."""
        return f"{importlib.metadata.version('yara-x')}+{self.compiled.digest[:8]}"


def load(path: Path) -> Rules:
    """The rules in a file. `RulesError` names every problem."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RulesError(f"{path}: can't be read: {error.strerror}") from None
    if len(content) > LARGEST_SOURCE:
        raise RulesError(f"{path}: larger than {LARGEST_SOURCE} bytes")
    try:
        source = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RulesError(f"{path}:{line}: not UTF-8") from None
    return compiled(source, str(path))


def compiled(source: str, origin: str) -> Rules:
    """`origin`: what the source is called in problems. `RulesError` names every one."""
    try:
        made = _made(source, origin)
    except ImportError:
        raise RulesError(NOT_INSTALLED) from None
    if problems := [*_problems(made.errors, origin), *([] if made.errors else _faults(made, source, origin))]:
        raise RulesError("\n".join(problems))
    rules = tuple(Rule(name, metadata.get(ACTION) == REJECT) for name, metadata in made.rules)
    warnings = tuple(f"{origin}:{one['line']}: {one['title']}" for one in made.warnings)
    return Rules(rules, Compiled(hashlib.sha256(source.encode()).hexdigest(), made.content), source, warnings)


@dataclass(frozen=True, slots=True)
class _Made:
    """What YARA-X made of a source, without an object of its own: those must end in the thread that they began in."""

    errors: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    rules: list[tuple[str, dict[str, Any]]]  # names, and what stands under `meta`
    content: bytes


def _made(source: str, origin: str) -> _Made:
    import yara_x

    compiler = yara_x.Compiler(includes_enabled=False)
    try:
        compiler.add_source(source, origin=origin)
    except yara_x.CompileError:
        return _Made(_told(compiler.errors()), [], [], b"")
    warnings, made, out = _told(compiler.warnings()), compiler.build(), io.BytesIO()
    made.serialize_into(out)
    return _Made([], warnings, [(rule.identifier, dict(rule.metadata)) for rule in made], out.getvalue())


def _told(told: Any) -> list[dict[str, Any]]:
    """What YARA-X has to say: a list of objects, as they are or in JSON."""
    return json.loads(told) if isinstance(told, str) else list(told)


def _problems(errors: Sequence[dict[str, Any]], origin: str) -> Iterator[str]:
    for error in errors:
        labels = [label["text"] for label in error["labels"] if label["level"] == "error" and label["text"]]
        remedy = REMEDIES.get(error["type"])
        yield f"{origin}:{error['line']}: " + "; ".join([error["title"], *labels, *([remedy] if remedy else [])])


def _faults(made: _Made, source: str, origin: str) -> Iterator[str]:
    """What YARA-X has nothing against."""
    if not made.rules:
        yield f"{origin}: there is no rule in it"
    if len(made.rules) > MOST_RULES:
        yield f"{origin}: {len(made.rules)} rules are too many: at most {MOST_RULES}"
    for name, metadata in made.rules:
        if metadata.get(ACTION, TELL) not in (REJECT, TELL):
            where = f"{origin}:{_line_of(name, source)}"
            yield f'{where}: the action of the rule {name} must be "reject" or "tell"'


def _line_of(name: str, source: str) -> int:
    lines = source.splitlines()
    return next(
        (
            at
            for at, line in enumerate(lines, 1)
            if {"rule", name} <= set(line.replace(":", " ").replace("{", " ").split())
        ),
        1,
    )

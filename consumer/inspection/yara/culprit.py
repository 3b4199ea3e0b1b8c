"""Which rule takes too long with a file: found by halves, since YARA-X does not tell."""

from __future__ import annotations

import io
import re
from collections.abc import Awaitable, Callable, Sequence

from consumer.inspection.yara.rules import Rules, RulesError, compiled

_HEADER = re.compile(r"(?:(?:private|global)\s+)*rule\s+(\w+)")
_WORD = re.compile(r"\w+")

Exceeds = Callable[[Rules], Awaitable[bool]]
"""Whether these rules, and no others, take too long."""


async def culprit(rules: Rules, exceeds: Exceeds) -> str | None:
    """Its name; None if only several rules together take too long, or the rules can't be told apart."""
    imports, pieces = apart(rules.source)
    names = list(pieces)
    while len(names) > 1:
        half = len(names) // 2
        for part in (names[:half], names[half:]):
            if await _alone(part, imports, pieces, exceeds):
                names = part
                break
        else:
            return None
    return names[0] if names else None


async def only(name: str, rules: Rules, exceeds: Exceeds) -> bool:
    """Whether this one takes too long by itself."""
    imports, pieces = apart(rules.source)
    return name in pieces and await _alone([name], imports, pieces, exceeds)


async def _alone(names: Sequence[str], imports: str, pieces: dict[str, str], exceeds: Exceeds) -> bool:
    try:
        some = compiled(imports + "".join(pieces[name] for name in with_needed(names, pieces)), "some rules")
    except RulesError:
        return False
    return await exceeds(some)


def apart(source: str) -> tuple[str, dict[str, str]]:
    """The imports, and each rule's own text by its name: as YARA-X writes them, a rule ends with the first brace that
    stands alone at the beginning of a line."""
    import yara_x

    written = io.StringIO()
    yara_x.Formatter().format(io.StringIO(source), written)
    imports, pieces, lines = "", {}, list[str]()
    for line in written.getvalue().splitlines(keepends=True):
        if line.startswith("import "):
            imports += line
            continue
        lines.append(line)
        if line.rstrip() == "}" and (header := next(filter(None, map(_HEADER.match, lines)), None)):
            pieces[header[1]] = "".join(lines)
            lines = []
    return imports, pieces


def with_needed(names: Sequence[str], pieces: dict[str, str]) -> list[str]:
    """These rules and those that they refer to, in the order of the source."""
    needed: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += set(_WORD.findall(pieces[name])) & pieces.keys() - needed
    return [name for name in pieces if name in needed]

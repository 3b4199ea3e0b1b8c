"""From the policy's TOML to the fields of a `Policy`: every problem at once, each with its line."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from consumer.model import Reason

MAX_BYTES = 100 * 1024 * 1024
UNITS = {"": 1, "b": 1, "kib": 1024, "mib": 1024 * 1024}

CONFIGURABLE = (
    Reason.MALFORMED,
    Reason.ENCRYPTED,
    Reason.MACROS,
    Reason.TEMPLATE,
    Reason.EMBEDDED_EXECUTABLE,
    Reason.EMBEDDED_FILES,
    Reason.LAUNCH_ACTION,
    Reason.JAVASCRIPT,
    Reason.ACTIVE_CONTENT,
    Reason.EXTERNAL_REFERENCE,
    Reason.SECOND_FORMAT,
    Reason.TRAILING_DATA,
    Reason.ARCHIVE_LIMITS,
    Reason.IMAGE_TOO_LARGE,
    Reason.SCRIPT,
    Reason.INFECTED,
    Reason.SCAN_LIMIT_EXCEEDED,
)

_MIME = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,99}/[a-z0-9][a-z0-9!#$&^_.+-]{0,99}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}", re.ASCII)  # as the first part of a customer's locale
_SIZE = re.compile(r"([0-9]{1,12}) ?([A-Za-z]*)", re.ASCII)
_HEADER = re.compile(r"""\s*\[\[?\s*([^\]#]+?)\s*\]\]?""")
_KEY = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")


class PolicyError(ValueError):
    """The policy file can't be used. The text names every problem, each with file and line."""


@dataclass(slots=True)
class _Problems:
    source: str
    lines: Mapping[tuple[str, ...], int]
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, path: tuple[str, ...], text: str) -> None:
        known = next((self.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.lines), 1)
        self.found.append((known, text))

    def unknown(self, path: tuple[str, ...], table: Mapping[str, object], known: Iterable[str]) -> None:
        names = list(known)
        for key in table:
            if key not in names:
                where = ".".join(path) or "the policy"
                self.add((*path, key), f"unknown key {key!r} in {where}; known: {', '.join(names)}")


def read_policy(content: bytes, source: str) -> dict[str, Any]:
    """The keyword arguments of `Policy`; the version gets a digest of the content, so that no edit goes unseen."""
    try:
        text = content.decode("utf-8")
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PolicyError(f"{source}:{line}: not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{source}: not TOML: {error}") from None
    problems = _Problems(source, _lines(text))
    problems.unknown((), document, ("version", "language", "types", "disagreement", "findings", "sentences"))
    version = _word(document, "version", problems)
    fields = {
        "version": f"{version}+{hashlib.sha256(content).hexdigest()[:8]}",
        "types": _types(_table(document, "types", problems), problems),
        "rejects": _findings(_table(document, "findings", problems), problems),
        **_sentences(document, problems),
        **_disagreement(_table(document, "disagreement", problems), problems),
    }
    if problems.found:
        raise PolicyError("\n".join(f"{source}:{line}: {text}" for line, text in sorted(problems.found)))
    return fields


def _table(document: Mapping[str, Any], key: str, problems: _Problems) -> Mapping[str, Any]:
    table = document.get(key)
    if isinstance(table, dict):
        return table
    problems.add((key,), f"[{key}] is missing" if table is None else f"{key} must be a table")
    return {}


def _word(document: Mapping[str, Any], key: str, problems: _Problems) -> str:
    word = document.get(key)
    if isinstance(word, str) and re.fullmatch(r"[A-Za-z0-9._-]{1,40}", word):
        return word
    problems.add((key,), f'{key} must be a word of up to 40 letters, digits, ".", "_" and "-"')
    return ""


def _types(table: Mapping[str, Any], problems: _Problems) -> dict[str, int]:
    types = {}
    for kind, size in table.items():
        if not _MIME.fullmatch(kind):
            problems.add(("types", kind), f"{kind!r} is not a MIME type in lower case without parameters")
        limit = _bytes(size)
        if limit is None:
            problems.add(("types", kind), f'the size of {kind} must be like "10 MiB", more than 0, at most 100 MiB')
        else:
            types[kind] = limit
    if not table:
        problems.add(("types",), "no type is allowed at all")
    return types


def _bytes(size: object) -> int | None:
    match = _SIZE.fullmatch(str(size)) if isinstance(size, str | int) and not isinstance(size, bool) else None
    if match is None or match[2].lower() not in UNITS:
        return None
    count = int(match[1]) * UNITS[match[2].lower()]
    return count if 0 < count <= MAX_BYTES else None


def _rejects(value: object, path: tuple[str, ...], problems: _Problems) -> bool:
    if value not in ("reject", "tell"):
        problems.add(path, f'{path[-1]} must be "reject" or "tell"')
    return value != "tell"


def _findings(table: Mapping[str, Any], problems: _Problems) -> dict[Reason, bool]:
    problems.unknown(("findings",), table, CONFIGURABLE)
    return {
        Reason(key): _rejects(value, ("findings", key), problems) for key, value in table.items() if key in CONFIGURABLE
    }


def _disagreement(table: Mapping[str, Any], problems: _Problems) -> dict[str, Any]:
    problems.unknown(("disagreement",), table, ("declared", "extension", "family", "families"))
    fields: dict[str, Any] = {
        f"reject_{key}": _rejects(table.get(key, default), ("disagreement", key), problems)
        for key, default in (("declared", "reject"), ("extension", "reject"), ("family", "tell"))
    }
    families = table.get("families", [])
    if not isinstance(families, list) or not all(
        isinstance(family, list) and all(isinstance(kind, str) and _MIME.fullmatch(kind) for kind in family)
        for family in families
    ):
        problems.add(("disagreement", "families"), "families must be a list of lists of MIME types")
        families = []
    return {**fields, "families": tuple(frozenset(family) for family in families)}


def _sentences(document: Mapping[str, Any], problems: _Problems) -> dict[str, Any]:
    """The policy's own language is complete; any other may leave out what the first one then says."""
    language = _language(document, problems)
    tables = _table(document, "sentences", problems)
    read = {name: _of_language(name, table, problems) for name, table in tables.items()}
    chosen = read.get(language, {})
    missing = [reason.value for reason in Reason if reason not in chosen]
    if missing and language:
        place = ("sentences", language) if language in read else ("language",)
        problems.add(place, f"no sentence in {language!r} for: {', '.join(missing)}")
    return {"language": language, "sentences": chosen, "translations": read}


def _language(document: Mapping[str, Any], problems: _Problems) -> str:
    language = document.get("language")
    if isinstance(language, str) and _LANGUAGE.fullmatch(language):
        return language
    problems.add(("language",), 'language must be two or three small letters, like "en"')
    return ""


def _of_language(name: str, table: object, problems: _Problems) -> dict[Reason, str]:
    if not _LANGUAGE.fullmatch(name):
        problems.add(("sentences", name), f"{name!r} is no language: two or three small letters, like sentences.en")
    if not isinstance(table, dict):
        problems.add(("sentences", name), f"sentences.{name} must be a table")
        return {}
    problems.unknown(("sentences", name), table, list(Reason))
    for key, sentence in table.items():
        if not isinstance(sentence, str) or not 0 < len(sentence) <= 500 or not sentence.isprintable():
            problems.add(("sentences", name, key), f"the sentence for {key} must be one line, at most 500 characters")
    return {Reason(key): sentence for key, sentence in table.items() if key in list(Reason)}


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """Where each table and key stands. The parser keeps no places, so lines that look like keys are read again."""
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _path(header[1])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_path(key[1])), number)
    return lines


def _path(dotted: str) -> tuple[str, ...]:
    return tuple("".join(part) for part in _PART.findall(dotted))

"""A TOML file into a model: every problem at once, each with the line that it stands in."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from consumer.inspection.policy.model import unknown

M = TypeVar("M", bound=BaseModel)
DottedKey = tuple[str, ...]

_HEADER = re.compile(r"""\s*\[\[?\s*([^\]#]+?)\s*\]\]?""")
_KEY = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")
_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)")
_NEWLINE, _SHOWN = "\n", 80  # characters of a line that is not TOML
_IS_KEY = "[key]"  # where pydantic has a problem with a key and not with its value

_SENTENCES = {
    "missing": "is missing",
    "bool_type": "must be true or false",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": "must be a list",
    "frozen_set_type": "must be a list",
}


class PolicyError(ValueError):
    """The policy file can't be used. The text names every problem, each with file and line."""


def read(model: type[M], content: bytes, source: str) -> M:
    """The model that `content` holds. `PolicyError` names every problem, in the order of their lines."""
    document, text = _document(content, source)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        lines = _lines(text)
        problems = sorted(_problems(model, document, lines, error))
    raise PolicyError("\n".join(f"{source}:{line}: {sentence}" for line, sentence in problems))


def _document(content: bytes, source: str) -> tuple[dict[str, Any], str]:
    # Some editors write a mark in front, which TOML does not know.
    text = content.decode("utf-8-sig", "backslashreplace").replace("\r\n", "\n")
    try:
        content.decode()
        return tomllib.loads(text), text
    except UnicodeDecodeError as error:
        place, told = _end_of(content[: error.start].decode("utf-8-sig")), "not UTF-8"
    except tomllib.TOMLDecodeError as error:
        found = _PLACE.search(str(error))
        place = (int(found[1]), int(found[2])) if found and found[1] else _end_of(text.rstrip())
        told = f"not TOML: {_PLACE.sub('', str(error))}"
    except (RecursionError, ValueError):
        raise PolicyError(f"{source}: not TOML: nested too deeply, or a number of too many digits") from None
    line, column = place
    raise PolicyError(f"{source}:{line}:{column}: {told}, in {_around(column, text.split(_NEWLINE)[line - 1])!r}")


def _end_of(text: str) -> tuple[int, int]:
    """Line and column, both counted from 1, of what would stand behind it."""
    return text.count(_NEWLINE) + 1, len(text) - text.rfind(_NEWLINE)


def _around(column: int, line: str) -> str:
    return line[max(0, column - _SHOWN // 2) :][:_SHOWN]


def _problems(
    model: type[BaseModel], document: object, lines: Mapping[DottedKey, int], error: ValidationError
) -> Iterator[tuple[int, str]]:
    for problem in error.errors():
        path = _written(document, problem)
        line = next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), 1)
        yield line, _sentence(model, path, problem)


def _written(document: object, problem: ErrorDetails) -> DottedKey:
    """The place of a problem as far as the file has it: a short form has no `size` of its own, a list no names."""
    path: list[str] = []
    for step in problem["loc"]:
        if not isinstance(document, dict) or step == _IS_KEY:
            break
        path.append(str(step))
        document = document.get(str(step))
    return tuple(path)


def _sentence(model: type[BaseModel], path: DottedKey, problem: ErrorDetails) -> str:
    if problem["type"] == "extra_forbidden":
        return _told(path[:-1], unknown("key", path[-1], _keys(model, path[:-1])))
    return _told(path, _SENTENCES.get(problem["type"], problem["msg"]))


def _told(path: DottedKey, sentence: str) -> str:
    quoted = (part if _BARE.fullmatch(part) else f'"{part}"' for part in path)
    return f"{'.'.join(quoted) or 'the policy'}: {sentence}"


def _keys(model: object, path: DottedKey) -> list[str]:
    """The keys of the table at `path`, whose parts are fields of a model or keys of a mapping."""
    for part in path:
        model = _fields(model)[part] if _is_table(model) else get_args(model)[1]
    return list(_fields(model))


def _is_table(model: object) -> bool:
    return isinstance(model, type) and issubclass(model, BaseModel)


def _fields(model: Any) -> dict[str, Any]:
    """What each key of a table holds."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _lines(text: str) -> dict[DottedKey, int]:
    """Where each table and key stands. The parser keeps no places, so lines that look like keys are read again."""
    lines: dict[DottedKey, int] = {}
    table: DottedKey = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _path(header[1])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_path(key[1])), number)
    return lines


def _path(dotted: str) -> DottedKey:
    return tuple("".join(part) for part in _PART.findall(dotted))

"""The parts of a policy, as its file writes them. Each says in one sentence what is wrong with what it can't take."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StrictBool, ValidationError, create_model, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from consumer.inspection.mime import MIME, UNKNOWN_TYPE
from consumer.inspection.policy.extensions import GENERIC_TYPES
from consumer.inspection.policy.languages import MEANT, is_language
from consumer.inspection.policy.names import is_known, known_types
from consumer.inspection.readers.seen import LARGEST_FILE, SAFE, Limits
from consumer.inspection.readers.table import FAMILIES, canonical
from consumer.model import Reason

UNITS = {"": 1, "b": 1, "kib": 1024, "mib": 1024 * 1024}

_LANGUAGE = re.compile(r"[a-z]{2,3}", re.ASCII)  # as the first part of a customer's locale
_COUNT = re.compile(r"([0-9]{1,12}) ?([A-Za-z]*)", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9._-]{1,40}", re.ASCII)
_SENTENCE = 500  # characters


class Action(StrEnum):
    REJECT = "reject"
    TELL = "tell"  # the file is accepted, and its result says what was found


CERTAIN = (Reason.EMPTY, Reason.UNDETECTABLE)
"""Findings that reject whatever a policy says: there is nothing to let in, or nobody knows what it is."""

ANTIVIRUS = frozenset({Reason.INFECTED, Reason.SCAN_LIMIT_EXCEEDED})
"""Findings about a file's content that no reader of ours makes."""

DEFAULTS: Mapping[Reason, Action] = {
    Reason.MALFORMED: Action.REJECT,
    Reason.ENCRYPTED: Action.REJECT,
    Reason.MACROS: Action.REJECT,
    Reason.TEMPLATE: Action.REJECT,
    Reason.EMBEDDED_EXECUTABLE: Action.REJECT,
    Reason.EMBEDDED_FILES: Action.REJECT,
    Reason.LAUNCH_ACTION: Action.REJECT,
    Reason.JAVASCRIPT: Action.REJECT,
    Reason.ACTIVE_CONTENT: Action.REJECT,
    Reason.EXTERNAL_REFERENCE: Action.REJECT,
    Reason.SECOND_FORMAT: Action.REJECT,
    Reason.TRAILING_DATA: Action.REJECT,
    Reason.ARCHIVE_LIMITS: Action.REJECT,
    Reason.IMAGE_TOO_LARGE: Action.REJECT,
    Reason.SCRIPT: Action.REJECT,
    Reason.LEADING_DATA: Action.TELL,
    Reason.LOOKS_LIKE_CODE: Action.TELL,
    Reason.CONTROL_CHARACTERS: Action.TELL,
    Reason.INFECTED: Action.REJECT,
    Reason.SCAN_LIMIT_EXCEEDED: Action.REJECT,
}
"""What becomes of a finding that a policy file does not name.

A finding that a later version adds is told, so that no upgrade makes a verdict worse: an operator decides to reject.
"""


class Table(BaseModel):
    """A table of the file: it takes what it knows, and nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def refused(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("policy", "{sentence}", {"sentence": sentence})


def refused_at(sentences: Mapping[str, str]) -> ValidationError:
    """A sentence for each key of a table that can't stand there."""
    problems = [InitErrorDetails(type=refused(sentence), loc=(key,), input=key) for key, sentence in sentences.items()]
    return ValidationError.from_exception_data("policy", problems)


def unknown(what: str, word: str, known: Collection[str], likeness: float = 0.6) -> str:
    """A sentence that names the nearest word that is known, or all of them where none is near and they are few."""
    if near := difflib.get_close_matches(word, known, 1, likeness):
        return f'unknown {what} "{word}"; did you mean "{near[0]}"?'
    listed = f"; known: {', '.join(known)}" if len(known) <= 40 else ""
    return f'unknown {what} "{word}"{listed}'


def shown_size(count: int) -> str:
    """As a policy writes it: `10 MiB`."""
    for unit, size in (("MiB", UNITS["mib"]), ("KiB", UNITS["kib"])):
        if count >= size and count % size == 0:
            return f"{count // size} {unit}"
    return str(count)


def counted(value: object) -> int | None:
    """A number, or a size with its unit; None for what is neither."""
    match = _COUNT.fullmatch(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    if match is None or match[2].lower() not in UNITS:
        return None
    return int(match[1]) * UNITS[match[2].lower()]


def _up_to(most: int, example: str) -> Callable[[object], int]:
    def read(value: object) -> int:
        count = counted(value)
        if not count:
            raise refused(f"must be like {example}, more than 0, at most {shown_size(most)}")
        if count > most:
            raise refused(f"{shown_size(count)} is too much: at most {shown_size(most)}")
        return count

    return read


def _limit(most: int) -> Callable[[object], int]:
    return _up_to(most, str(min(2000, most)))


def _word(value: object) -> str:
    if isinstance(value, str) and _WORD.fullmatch(value):
        return value
    raise refused('must be a word of up to 40 letters, digits, ".", "_" and "-"')


def _language(value: object) -> str:
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        raise refused('must be a language of two or three small letters, like "en"')
    if not is_language(value):
        meant = f'did you mean "{MEANT[value]}"?' if value in MEANT else "ISO 639 has no such code"
        raise refused(f'unknown language "{value}"; {meant}')
    return value


def _mime(value: object) -> str:
    if not isinstance(value, str) or not MIME.fullmatch(value):
        raise refused("is not a MIME type in lower case without parameters and wildcards, in quotes")
    if value in GENERIC_TYPES - {UNKNOWN_TYPE}:
        raise refused("is what senders write who do not know: no file is of it, and who declares it needs no line")
    if not is_known(value):
        raise refused(unknown("type", value, sorted(known_types()), likeness=0.85))
    return value


def _own_name(value: object) -> str:
    return canonical(_mime(value))


def _finding(value: object) -> Reason:
    if value in DEFAULTS:
        return Reason(str(value))
    if value in CERTAIN:
        raise refused(f'"{value}" always rejects: no policy can say otherwise')
    if value == Reason.YARA:
        raise refused('"yara" is decided by each rule: write meta: action = "reject" into it')
    if value in list(Reason):
        raise refused(f'"{value}" is no finding in a file: no policy decides about it here')
    raise refused(unknown("finding", str(value), list(DEFAULTS)))


def _reason(value: object) -> Reason:
    if value in list(Reason):
        return Reason(str(value))
    raise refused(unknown("reason", str(value), list(Reason)))


def _action(value: object) -> Action:
    if value in list(Action):
        return Action(str(value))
    raise refused('must be "reject" or "tell"')


def _sentence(value: object) -> str:
    if isinstance(value, str) and 0 < len(value) <= _SENTENCE and value.isprintable():
        return value
    raise refused(f"the sentence must be one line, at most {_SENTENCE} characters")


Word = Annotated[str, BeforeValidator(_word)]
Language = Annotated[str, BeforeValidator(_language)]
MimeType = Annotated[str, BeforeValidator(_own_name)]
AnyName = Annotated[str, BeforeValidator(_mime)]  # of a type, as it is written
FindingCode = Annotated[Reason, BeforeValidator(_finding)]
ReasonCode = Annotated[Reason, BeforeValidator(_reason)]
ActionWord = Annotated[Action, BeforeValidator(_action)]
Sentence = Annotated[str, BeforeValidator(_sentence)]


class AllowedType(Table):
    """One type that is let in. `"10 MiB"` alone is short for `{ size = "10 MiB" }`."""

    size: Annotated[
        int, BeforeValidator(_up_to(LARGEST_FILE, '"10 MiB" (in B, KiB or MiB)'))
    ]  # bytes that a file of it may have
    type_only: StrictBool = False  # judged by its type alone: what a reader of ours finds in it is told, no more

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if not isinstance(value, str | int | dict):
            raise refused('must be a size like "10 MiB", or a table like { size = "10 MiB" }')
        return {"size": value} if isinstance(value, str | int) else value


def _known_families(value: Any) -> Any:
    """`"known"`: those of this version's readers, which grow with them."""
    if value == "known":
        return FAMILIES
    listed = isinstance(value, list | tuple)
    if not listed or not all(isinstance(family, list | tuple | frozenset) for family in value):
        raise refused('must be "known", or a list of lists of types, like [["video/mp4", "audio/mp4"]]')
    return value


class Disagreement(Table):
    """What the bytes are, against what was claimed."""

    declared: ActionWord = Action.REJECT
    extension: ActionWord = Action.REJECT
    family: ActionWord = Action.TELL
    families: Annotated[tuple[frozenset[MimeType], ...], BeforeValidator(_known_families)] = ()


LimitTable = create_model(
    "LimitTable",
    __base__=Table,
    **{  # type: ignore[call-overload] # a field for each limit that there is
        limit.name: (Annotated[int, BeforeValidator(_limit(getattr(SAFE, limit.name)))], limit.default)
        for limit in fields(Limits)
        if limit.name != "types"  # a table of its own
    },
)

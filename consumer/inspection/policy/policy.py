"""What may be let in: a frozen policy that turns what was claimed and what was seen into a reason, or into none."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator

from consumer.inspection.mime import UNKNOWN_TYPE
from consumer.inspection.policy.extensions import declares, extension_type
from consumer.inspection.policy.model import (
    ANTIVIRUS,
    CERTAIN,
    DEFAULTS,
    Action,
    ActionWord,
    AllowedType,
    AnyName,
    Disagreement,
    FindingCode,
    Language,
    LimitTable,
    ReasonCode,
    Sentence,
    Table,
    Word,
    refused,
    refused_at,
    shown_size,
)
from consumer.inspection.policy.names import has_reader
from consumer.inspection.policy.reading import PolicyError, read
from consumer.inspection.readers.names import ends_in_words, extension_of
from consumer.inspection.readers.seen import Limits
from consumer.inspection.readers.table import canonical, is_text
from consumer.inspection.readers.text import PLAIN
from consumer.model import Attachment, Facts, Finding, MediaStatus, Reason, Rejected

__all__ = ["SHIPPED", "TYPE_ONLY", "Policy", "PolicyError"]

SHIPPED = Path(__file__).with_name("policy.toml")
TYPE_ONLY = "type_only"  # the flag of a result: nothing of ours had a say in what is inside

_UNKNOWN_WARNING = (
    'types."{kind}": it lets in every file that nobody has a name for, whatever it is; files that are only declared so '
    'need no line; leave it out or, to say that you know, write: "{kind}" = {{ size = "{size}", type_only = true }}'
)
_WARNING = {
    False: 'types."{kind}": no reader looks into such files, so they are judged by their type alone; '
    'to say that you know, write: "{kind}" = {{ size = "{size}", type_only = true }}',
    True: 'types."{kind}": type_only, though a reader looks into such files: what it finds rejects nothing; '
    'to have it judged, write: "{kind}" = "{size}"',
}  # by whether there is a reader


class Policy(Table):
    """Its fields are those of the file; `policy.toml` explains them."""

    version: Word
    types: Mapping[AnyName, AllowedType]  # by their own names, once they are read
    disagreement: Disagreement = Disagreement()
    findings: Mapping[FindingCode, ActionWord] = {}
    limit_table: LimitTable = Field(LimitTable(), alias="limits")
    sentences: Mapping[Language, Mapping[ReasonCode, Sentence]] = {}
    language: Language = "en"  # below `sentences`, since it has to be one that somebody speaks

    @field_validator("types")
    @classmethod
    def _by_own_names(cls, written: Mapping[str, AllowedType]) -> Mapping[str, AllowedType]:
        """A type may stand there under several of its names, if each says the same."""
        if not written:
            raise refused("no type is allowed at all")
        types: dict[str, AllowedType] = {}
        first: dict[str, str] = {}
        problems = {}
        for name, allowed in written.items():
            kind = canonical(name)
            other = first.setdefault(kind, name)
            if types.setdefault(kind, allowed) != allowed:
                problems[name] = f'is the same type as "{other}", which says otherwise; leave one of the two out'
        if problems:
            raise refused_at(problems)
        return types

    @field_validator("language")
    @classmethod
    def _spoken(cls, language: str, known: ValidationInfo) -> str:
        languages = shipped_sentences().keys() | known.data.get("sentences", {language: {}}).keys()
        if language not in languages:
            raise refused(f"there are no [sentences.{language}]; the policy speaks {', '.join(sorted(languages))}")
        return language

    @classmethod
    def load(cls, path: Path | None = None) -> Policy:
        """The policy in `path`, the shipped one for None. `PolicyError` names every problem with its line.

        Its version gets a digest of the file behind it, so that no edit goes unseen.
        """
        path = path or SHIPPED
        try:
            content = path.read_bytes()
        except OSError as error:
            raise PolicyError(f"{path}: can't be read: {error.strerror}") from None
        policy = read(cls, content, str(path))
        return policy.model_copy(update={"version": f"{policy.version}+{hashlib.sha256(content).hexdigest()[:8]}"})

    @cached_property
    def limits(self) -> Limits:
        """What an examination keeps to."""
        return Limits(**self.limit_table.model_dump(), types=tuple(sorted(self.types)))

    @property
    def largest(self) -> int:
        """Bytes of the largest file that may be let in."""
        return max(allowed.size for allowed in self.types.values())

    @property
    def languages(self) -> frozenset[str]:
        """Those that some sentence is there in."""
        return frozenset(self.sentences.keys() | shipped_sentences().keys())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the policy allows and its author may not know, each with what to write instead."""
        return tuple(
            _warning(kind).format(kind=kind, size=shown_size(allowed.size))
            for kind, allowed in self.types.items()
            if has_reader(kind) == allowed.type_only
        )

    def is_type_only(self, kind: str) -> bool:
        """Whether files of this type are judged by it alone: asked for, or since no reader looks into them."""
        return kind in self.types and (self.types[kind].type_only or not has_reader(kind))

    def action(self, code: Reason, kind: str | None = None) -> Action:
        """What becomes of a file of this type with this finding. What nobody knows rejects."""
        if code in CERTAIN:
            return Action.REJECT
        asked_for = kind is not None and kind in self.types and self.types[kind].type_only
        if asked_for and code not in ANTIVIRUS:
            return Action.TELL
        return self.findings.get(code, DEFAULTS.get(code, Action.REJECT))

    def _rejects(self, finding: Finding, kind: str | None) -> bool:
        return self.action(finding.code, kind) is Action.REJECT if finding.rejects is None else finding.rejects

    def as_claimed(self, attachment: Attachment, facts: Facts) -> Facts:
        """`facts` with the text type that is claimed and let in, where the bytes are a text and nothing more is known.

        Nothing but its name or declaration makes a text one of these. Where a reader knows the type, its word counts;
        where an ending is one that nobody knows, it may be the one that runs the text.
        """
        named = extension_type(attachment.name)
        claimed = named or declares(attachment.name, attachment.declared_type)
        if facts.detected_type != PLAIN or claimed is None or (named is None and _has_ending(attachment.name)):
            return facts
        if not is_text(claimed) or claimed not in self.types or has_reader(claimed):
            return facts
        return replace(facts, detected_type=claimed)

    def marked(self, facts: Facts) -> Facts:
        """`facts` with a flag where the type alone decides."""
        if facts.detected_type is None or not self.is_type_only(facts.detected_type):
            return facts
        return replace(facts, flags=(*facts.flags, TYPE_ONLY))

    def before_download(self, attachment: Attachment) -> Reason | None:
        """What the declaration alone decides; None lets the download start."""
        if attachment.removed:
            return Reason.REMOVED
        if attachment.status is MediaStatus.INVALID:
            return Reason.UPLOAD_FAILED
        declared = declares(attachment.name, attachment.declared_type)
        if declared is not None and declared not in self.types:
            return Reason.TYPE_NOT_ALLOWED
        if attachment.declared_size is not None and attachment.declared_size > self.size_limit(attachment):
            return Reason.TOO_LARGE
        return None

    def size_limit(self, attachment: Attachment) -> int:
        """Bytes that its declared type may have; the largest limit there is while the type is not known."""
        declared = declares(attachment.name, attachment.declared_type)
        if declared is None or declared not in self.types:
            return self.largest
        return max(self.types[kind].size for kind in self.family(declared) if kind in self.types)

    def decide(self, attachment: Attachment, facts: Facts) -> Reason | None:
        """The reason to reject what `facts` tell, None to accept. What nobody can tell is rejected."""
        if attachment.declared_sha256 and facts.sha256 and attachment.declared_sha256.lower() != facts.sha256.lower():
            return Reason.HASH_MISMATCH
        detected = facts.detected_type
        seen = [finding.code for finding in facts.findings if self._rejects(finding, detected)]
        for code in (*CERTAIN, *seen):
            if code in seen:
                return code
        if detected is None:
            return Reason.UNDETECTABLE
        if detected not in self.types:
            return Reason.CONTENT_NOT_ALLOWED
        if self._mismatch(attachment, facts, detected):
            return Reason.TYPE_MISMATCH
        if facts.size is not None and facts.size > self.types[detected].size:
            return Reason.TOO_LARGE
        return None

    def reject(self, reason: Reason, facts: Facts = Facts()) -> Rejected:  # noqa: B008 # frozen
        """The verdict with its sentence for people, which holds nothing of the attachment's own text."""
        return Rejected(reason, self.sentence(reason), facts)

    def sentence(self, reason: Reason, language: str = "") -> str:
        """For people: the file's words before the shipped ones, in `language`, else the policy's, else English."""
        return next(
            spoken[chosen][reason]
            for chosen in (language, self.language, "en")
            for spoken in (self.sentences, shipped_sentences())
            if reason in spoken.get(chosen, {})
        )

    def family(self, kind: str) -> frozenset[str]:
        """The types that one another may be taken for, itself included."""
        return frozenset({kind}).union(*(family for family in self.disagreement.families if kind in family))

    def _mismatch(self, attachment: Attachment, facts: Facts, detected: str) -> bool:
        declared = declares(attachment.name, attachment.declared_type)
        plainly = declared == PLAIN and is_text(detected) and self.disagreement.family is Action.TELL
        if self.disagreement.declared is Action.REJECT and not plainly and self._differs(declared, detected):
            return True
        if self.disagreement.extension is Action.TELL:
            return False
        named = facts.extension_type or extension_type(attachment.name)
        if detected == PLAIN and named is None and _has_ending(attachment.name):
            return True  # any script is plain text: an ending that nobody knows may be the one that runs it
        return self._differs(named, detected)

    def _differs(self, claimed: str | None, detected: str) -> bool:
        if claimed is None or claimed == detected:
            return False
        related = claimed in self.types and claimed in self.family(detected)
        return self.disagreement.family is Action.REJECT or not related


def _has_ending(name: str | None) -> bool:
    return bool(extension_of(name)) and not ends_in_words(name)


def _warning(kind: str) -> str:
    return _UNKNOWN_WARNING if kind == UNKNOWN_TYPE else _WARNING[has_reader(kind)]


@cache
def shipped_sentences() -> Mapping[str, Mapping[str, str]]:
    """Language → reason → sentence, of the shipped policy: complete in each of its languages."""
    sentences: dict[str, dict[str, str]] = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["sentences"]
    return sentences

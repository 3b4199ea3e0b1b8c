"""What may be let in: a frozen policy that turns what was claimed and what was seen into a reason, or into none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from consumer.inspection.policy.extensions import extension_type, is_generic
from consumer.inspection.policy.model import PolicyError, read_policy
from consumer.inspection.readers.names import extension_of
from consumer.model import Attachment, Facts, MediaStatus, Reason, Rejected

__all__ = ["SHIPPED", "Policy", "PolicyError", "PolicyFile"]

SHIPPED = Path(__file__).with_name("policy.toml")

CERTAIN = (Reason.EMPTY, Reason.UNDETECTABLE)
"""Whatever a policy says, these reject: there is nothing to let in, or nobody knows what it is."""


@dataclass(frozen=True, slots=True)
class Policy:
    version: str
    types: Mapping[str, int]  # MIME type → largest size in bytes
    rejects: Mapping[Reason, bool]  # findings that only tell are False; what is not named rejects
    sentences: Mapping[Reason, str]  # for people, in `language`; complete
    language: str = "en"
    translations: Mapping[str, Mapping[Reason, str]] = field(default_factory=dict)  # language → what it has
    families: tuple[frozenset[str], ...] = ()
    reject_declared: bool = True
    reject_extension: bool = True
    reject_family: bool = False

    @classmethod
    def load(cls, path: Path | None = None) -> Policy:
        """The policy in `path`, the shipped one for None. `PolicyError` names every problem with its line."""
        path = path or SHIPPED
        try:
            content = path.read_bytes()
        except OSError as error:
            raise PolicyError(f"{path}: can't be read: {error.strerror}") from None
        return cls(**read_policy(content, str(path)))

    def before_download(self, attachment: Attachment) -> Reason | None:
        """What the declaration alone decides; None lets the download start."""
        if attachment.removed:
            return Reason.REMOVED
        if attachment.status is MediaStatus.INVALID:
            return Reason.UPLOAD_FAILED
        if not is_generic(attachment.declared_type) and attachment.declared_type not in self.types:
            return Reason.TYPE_NOT_ALLOWED
        if attachment.declared_size is not None and attachment.declared_size > self.size_limit(attachment):
            return Reason.TOO_LARGE
        return None

    def size_limit(self, attachment: Attachment) -> int:
        """Bytes that its declared type may have; the largest limit there is while the type is not known."""
        largest = max(self.types.values(), default=0)
        declared = attachment.declared_type
        if declared is None or declared not in self.types:
            return largest
        family = self._family(declared)
        return max((self.types[kind] for kind in family if kind in self.types), default=largest)

    def decide(self, attachment: Attachment, facts: Facts) -> Reason | None:
        """The reason to reject what `facts` tell, None to accept. What nobody can tell is rejected."""
        if attachment.declared_sha256 and facts.sha256 and attachment.declared_sha256.lower() != facts.sha256.lower():
            return Reason.HASH_MISMATCH
        seen = [finding.code for finding in facts.findings]
        for code in (*CERTAIN, *seen):
            if code in seen and (code in CERTAIN or self.rejects.get(code, True)):
                return code
        detected = facts.detected_type
        if detected is None:
            return Reason.UNDETECTABLE
        if detected not in self.types:
            return Reason.CONTENT_NOT_ALLOWED
        if self._mismatch(attachment, facts, detected):
            return Reason.TYPE_MISMATCH
        if facts.size is not None and facts.size > self.types[detected]:
            return Reason.TOO_LARGE
        return None

    def reject(self, reason: Reason, attachment: Attachment, facts: Facts = Facts()) -> Rejected:  # noqa: B008 # frozen
        """The verdict with its sentence for people. Nothing of the attachment's own text gets into the sentence."""
        return Rejected(reason, self.sentence(reason), facts)

    def sentence(self, reason: Reason, language: str = "") -> str:
        """For people, in `language` where the policy speaks it, else in the policy's own."""
        return self.translations.get(language, {}).get(reason) or self.sentences[reason]

    def _mismatch(self, attachment: Attachment, facts: Facts, detected: str) -> bool:
        declared = None if is_generic(attachment.declared_type) else attachment.declared_type
        if self.reject_declared and self._differs(declared, detected):
            return True
        if not self.reject_extension:
            return False
        named = facts.extension_type or extension_type(attachment.name)
        if detected == "text/plain" and named is None and extension_of(attachment.name):
            return True  # any script is plain text: an ending that nobody knows may be the one that runs it
        return self._differs(named, detected)

    def _differs(self, claimed: str | None, detected: str) -> bool:
        if claimed is None or claimed == detected:
            return False
        related = claimed in self.types and claimed in self._family(detected)
        return self.reject_family or not related

    def _family(self, kind: str) -> frozenset[str]:
        return frozenset({kind}).union(*(family for family in self.families if kind in family))


class PolicyFile:
    """The policy in force. A changed file replaces it; a bad one changes nothing and is told to `on_failure`.

    `on_policy` is told of each that comes into force, the first included.
    """

    def __init__(
        self,
        path: Path | None = None,
        on_failure: Callable[[PolicyError], None] = lambda error: None,
        on_policy: Callable[[Policy], None] = lambda policy: None,
        most_bytes: int | None = None,
    ) -> None:
        """`most_bytes`: of a file in memory; a policy that allows larger ones is as bad as one that can't be read."""
        self.path = path or SHIPPED
        self._on_failure = on_failure
        self._on_policy = on_policy
        self._most_bytes = most_bytes
        self._seen = _stamp(self.path)
        self._policy = self._load()
        on_policy(self._policy)

    def __call__(self) -> Policy:
        return self._policy

    @property
    def current(self) -> Policy:
        return self._policy

    def reload(self) -> bool:
        """Reads the file again, changed or not; whether the policy in it is in force now."""
        self._seen = _stamp(self.path)
        try:
            self._policy = self._load()
        except PolicyError as error:
            self._on_failure(error)
            return False
        self._on_policy(self._policy)
        return True

    def _load(self) -> Policy:
        policy = Policy.load(self.path)
        if self._most_bytes is not None and max(policy.types.values(), default=0) > self._most_bytes:
            raise PolicyError(f"{self.path}: it allows files of more than the {self._most_bytes} bytes of all memory")
        return policy

    async def watch(self, interval_s: float, sleep: Callable[[float], Awaitable[object]]) -> None:
        """Looks for a change every `interval_s` seconds, until cancelled."""
        while True:
            await sleep(interval_s)
            if _stamp(self.path) != self._seen:
                self.reload()


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Differs when the file was replaced or written, also through a link as Kubernetes swaps it; None: no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size

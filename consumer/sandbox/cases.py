"""The catalogue: every kind of attachment that the sandbox can send, how the emulator serves it, and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from consumer.model import DeadReason, Kind, Reason
from consumer.sandbox.files import GENUINE, MIME

FOR_EVER = 1_000_000_000
AWAY_HOST = "files.partner.invalid"  # allowed by name in the sandbox's settings, and never there


class ExpectedOutcome(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DEAD = "dead-letter"
    UNANSWERED = "unanswered"  # skipped and counted: links, and what our own side sent


@dataclass(frozen=True, slots=True)
class Due:
    outcome: ExpectedOutcome
    reason: str | None = None  # a `Reason` or a `DeadReason`


ACCEPTED = Due(ExpectedOutcome.ACCEPTED)
UNANSWERED = Due(ExpectedOutcome.UNANSWERED)


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the emulator serves a file. Each number counts down as it is asked, so that trying again helps."""

    uploading: int = 0  # answers without a URL before the upload is finished
    upload_fails: bool = False
    link_status: int = 404  # what the download link answers for `link_failures` times
    link_failures: int = 0
    expired_links: int = 0  # fresh signed links that have expired already
    expired_status: int = 403  # guests get 404
    file_status: int = 503  # what the signed link answers for `file_failures` times
    file_failures: int = 0
    cuts: int = 0  # bodies that end in the middle
    seconds: float = 0.0  # that a body takes
    chunked: bool = False  # no Content-Length
    content_type: str = "binary/octet-stream"


@dataclass(frozen=True, slots=True)
class Case:
    """`recipes`: one of them is taken. `size`, `sha256`: what is declared; None declares nothing, "true" the truth."""

    name: str
    answer: Due
    recipes: tuple[str, ...] = tuple(GENUINE)
    weight: float = 1.0
    extension: str | None = None  # of the name, if not the recipe's own
    mime: str | None = None  # declared, if not the recipe's own
    kind: Kind | None = None
    size: int | Literal["true"] | None = "true"
    sha256: Literal["true", "wrong"] | None = None
    names_itself: bool = True  # False: the API gives no attachment id
    file_name: str | None = None
    url: str | None = None  # an address of its own in place of a download link
    young: bool = False  # its message is as old as the first question about it
    delivery: Delivery = Delivery()
    infected: bool = False  # with an antivirus the answer is another one

    @property
    def is_doubtful(self) -> bool:
        """What comes is not what Genesys says, or more than a file may have: it may be a stranger's, and is asked for
        again."""
        return isinstance(self.size, int) or self.sha256 == "wrong" or self.recipes == ("too_long",)


def _rejected(reason: Reason) -> Due:
    return Due(ExpectedOutcome.REJECTED, reason.value)


def _dead(reason: DeadReason) -> Due:
    return Due(ExpectedOutcome.DEAD, reason.value)


def _hostile(name: str, reason: Reason, recipe: str, extension: str, weight: float = 1.0) -> Case:
    """A file that claims to be an allowed one in name and declaration."""
    return Case(name, _rejected(reason), (recipe,), weight, extension, MIME[extension])


def _late(name: str, delivery: Delivery, *, young: bool = False) -> Case:
    return Case(name, ACCEPTED, delivery=delivery, young=young)


GOOD = (
    Case("genuine", ACCEPTED, weight=60.0),
    Case("genuine_with_hash", ACCEPTED, sha256="true", weight=6.0),
    Case("generic_type", ACCEPTED, mime="application/octet-stream", weight=4.0),
    Case("size_not_declared", ACCEPTED, size=None, delivery=Delivery(chunked=True)),
    Case("size_lies", ACCEPTED, size=77),
    Case("content_type_lies", ACCEPTED, delivery=Delivery(content_type="video/mp4")),
    Case("no_attachment_id", ACCEPTED, names_itself=False),
    Case("climbing_name", ACCEPTED, ("pdf",), file_name="../../../etc/cron.d/form.pdf"),
    Case("odd_name", ACCEPTED, ("png",), file_name="\u202egnp\u202c <b>№ 1</b> \u0007.png"),
    Case("pdf_with_script", ACCEPTED, ("pdf_with_script",), extension="pdf", mime=MIME["pdf"]),
    Case("picture_with_tail", ACCEPTED, ("picture_with_tail",), extension="png", mime=MIME["png"]),
    Case("test_signature", ACCEPTED, ("eicar",), extension="txt", mime="text/plain", infected=True),
    _late("upload_in_progress", Delivery(uploading=2)),
    _late("not_there_yet", Delivery(link_failures=2), young=True),
    _late("link_expired", Delivery(expired_links=1)),
    _late("guest_link_expired", Delivery(expired_links=1, expired_status=404)),
    _late("link_unavailable_once", Delivery(link_status=500, link_failures=1)),
    _late("link_limited_once", Delivery(link_status=429, link_failures=1)),
    _late("file_unavailable_once", Delivery(file_failures=1)),
    _late("cut_once", Delivery(cuts=1)),
    _late("slow", Delivery(seconds=1.0)),
)
BAD = (
    Case("upload_failed", _rejected(Reason.UPLOAD_FAILED), delivery=Delivery(upload_fails=True)),
    Case("gone", _rejected(Reason.NO_LONGER_AVAILABLE), delivery=Delivery(link_failures=FOR_EVER)),
    Case("foreign_host", _rejected(Reason.URL_NOT_ALLOWED), url="https://files.attacker.example/form.pdf"),
    Case("look_alike_host", _rejected(Reason.URL_NOT_ALLOWED), url="https://api-downloads.evil-mypurecloud.com/f.pdf"),
    Case("metadata_address", _rejected(Reason.URL_NOT_ALLOWED), url="http://169.254.169.254/latest/meta-data/"),
    Case("too_large_declared", _rejected(Reason.TOO_LARGE), size=30_000_000),
    Case("too_large_counted", _rejected(Reason.TOO_LARGE), ("too_long",), 0.2, "txt", "text/plain", size=1_000),
    Case(
        "too_large_endless",
        _rejected(Reason.TOO_LARGE),
        ("too_long",),
        0.2,
        "txt",
        "text/plain",
        size=None,
        delivery=Delivery(chunked=True),
    ),
    _hostile("empty", Reason.EMPTY, "nothing", "pdf"),
    _hostile("white_space", Reason.EMPTY, "white_space", "txt"),
    Case("cut_always", _rejected(Reason.TRUNCATED), weight=0.5, delivery=Delivery(cuts=FOR_EVER)),
    Case(
        "login_page",
        _rejected(Reason.HTML_PAGE),
        ("login_page",),
        extension="pdf",
        mime=MIME["pdf"],
        size=18_000,
        delivery=Delivery(content_type="text/html; charset=utf-8"),
    ),
    Case("hash_differs", _rejected(Reason.HASH_MISMATCH), sha256="wrong"),
    Case("video", _rejected(Reason.TYPE_NOT_ALLOWED), ("program",), 1.0, "mp4", "video/mp4", Kind.VIDEO),
    _hostile("program_as_pdf", Reason.CONTENT_NOT_ALLOWED, "program", "pdf", 3.0),
    _hostile("program_as_docx", Reason.CONTENT_NOT_ALLOWED, "program", "docx"),
    _hostile("picture_as_pdf", Reason.TYPE_MISMATCH, "png", "pdf"),
    _hostile("pdf_as_picture", Reason.TYPE_MISMATCH, "pdf", "jpeg"),
    _hostile("poison", Reason.UNDETECTABLE, "poison", "pdf", 0.5),
    _hostile("broken_document", Reason.MALFORMED, "broken_document", "docx"),
    _hostile("encrypted", Reason.ENCRYPTED, "encrypted", "docx"),
    _hostile("macros", Reason.MACROS, "macros", "docx"),
    _hostile("template", Reason.TEMPLATE, "template", "docx"),
    _hostile("program_inside", Reason.EMBEDDED_EXECUTABLE, "program_inside", "docx"),
    _hostile("remote_template", Reason.EXTERNAL_REFERENCE, "remote_template", "docx"),
    _hostile("picture_and_archive", Reason.SECOND_FORMAT, "picture_and_archive", "png"),
    _hostile("bomb", Reason.ARCHIVE_LIMITS, "bomb", "docx", 0.2),
    _hostile("wide_picture", Reason.IMAGE_TOO_LARGE, "wide_picture", "png", 0.3),
    _hostile("script", Reason.SCRIPT, "script", "txt"),
)
LOST = (
    Case("never_uploaded", _dead(DeadReason.UNAVAILABLE), weight=0.2, delivery=Delivery(uploading=FOR_EVER)),
    Case(
        "links_never_work",
        _dead(DeadReason.UNAVAILABLE),
        weight=0.2,
        delivery=Delivery(file_status=403, file_failures=FOR_EVER),
    ),
    Case("host_away", _dead(DeadReason.HOST_UNAVAILABLE), weight=0.2, url=f"https://{AWAY_HOST}/form.pdf"),
)
LINK = Case("link", UNANSWERED, ("pdf",), kind=Kind.LINK, url="https://www.example.org/catalogue")
CASES = (*GOOD, *BAD, *LOST, LINK)

NOT_CAUSED = {
    Reason.INFECTED: "needs an antivirus: the test signature is sent, and accepted without one",
    Reason.SCAN_LIMIT_EXCEEDED: "needs an antivirus with a limit below ours",
    Reason.YARA: "needs a rule of the operator's own",
    Reason.EMBEDDED_FILES: "accepted by the shipped policy, with a note",
    Reason.LAUNCH_ACTION: "accepted by the shipped policy, with a note",
    Reason.JAVASCRIPT: "accepted by the shipped policy, with a note; such files are sent",
    Reason.ACTIVE_CONTENT: "accepted by the shipped policy, with a note; such files are sent",
    Reason.TRAILING_DATA: "accepted by the shipped policy, with a note; such files are sent",
    Reason.LEADING_DATA: "accepted by the shipped policy, with a note",
    Reason.LOOKS_LIKE_CODE: "accepted by the shipped policy, with a note; such files are sent",
    Reason.CONTROL_CHARACTERS: "accepted by the shipped policy, with a note",
    DeadReason.BUG: "needs a bug",
}
"""Reasons that the sandbox can't cause, each with why not."""

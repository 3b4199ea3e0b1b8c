"""An archive that is no document (ZIP): each of its files is judged as if it had been sent by itself.

What a policy lets in by itself may come in an archive, and nothing else: its types are part of the limits.
"""

from __future__ import annotations

from consumer.inspection.readers import attached, folder_look
from consumer.inspection.readers.names import extension_of
from consumer.inspection.readers.office import containers
from consumer.inspection.readers.office.compound import is_ole
from consumer.inspection.readers.office.containers import Kept, Sink
from consumer.inspection.readers.office.package import MAC_FORK
from consumer.inspection.readers.seen import ExpansionBudget, Limits, Seen, TooMuch, most_kept
from consumer.inspection.readers.zip_reader import Archive
from consumer.model import Reason

FOLDERS = b"\0\0\0\1Bud1"
"""How a Mac's list of what a folder shows begins."""


def read(data: bytes, archive: Archive, budget: ExpansionBudget, seen: Seen, limits: Limits) -> None:
    seen.detected_type = "application/zip"
    if not any(entry.size for entry in archive.entries):
        seen.find(Reason.EMPTY, "there is nothing in the archive")
    most = most_kept(len(data))

    def opened(name: str, head: bytes) -> Sink | None:
        if _is_of_a_desktop(name, head):
            return None
        return Kept(lambda content, whole: _judge(name, content, whole, seen, limits), most)

    containers.read_contents(data, archive, opened, budget, seen, limits)


def _is_of_a_desktop(name: str, head: bytes) -> bool:
    """What Macs and Windows put beside the files of a folder, and nobody opens."""
    base = name.rpartition("/")[2].lower()
    return (
        (head.startswith(MAC_FORK) and base.startswith("._"))
        or (head.startswith(FOLDERS) and base == ".ds_store")
        or (is_ole(head) and base == "thumbs.db")
    )


def _judge(name: str, content: bytes, whole: bool, seen: Seen, limits: Limits) -> None:
    if not whole:
        raise TooMuch("a file in the archive is larger than can be examined")
    if folder_look.is_named(name):
        folder_look.examine(content, seen)
        name = folder_look.AS_A_TEXT
    inner = seen.others.examine(content, name, "")
    if inner.has(Reason.EMPTY):
        return  # an export of no rows, the icon of a folder: nobody is harmed by nothing
    kind = inner.detected_type or ""
    if kind not in limits.types:
        seen.find(Reason.CONTENT_NOT_ALLOWED, "a file in the archive is of a type that is not accepted")
    elif not seen.others.fits(extension_of(name), kind):
        seen.find(Reason.TYPE_MISMATCH, "a file in the archive is of another type than its name says")
    if attached.runs(name, inner, content):
        seen.find(Reason.EMBEDDED_EXECUTABLE, "a page or a drawing with a script is in the archive", opener="browser")
    elif attached.is_closed(inner, content):
        seen.find(Reason.ARCHIVE_LIMITS, "an archive in the archive can't be opened", opener="7-zip")
    for finding in inner.findings:
        seen.find(finding.code, finding.detail)

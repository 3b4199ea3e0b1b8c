"""OLE files (.doc and its like): what they are by the streams at their root, and what they carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from uuid import UUID

from consumer.inspection.readers import trailing
from consumer.inspection.readers.anywhere import PACKED_PICTURES, marked_in
from consumer.inspection.readers.ends import End
from consumer.inspection.readers.formats import (
    HEAD,
    HEADER_OF_A_PDF,
    PADDING,
    foreign,
    formats_at_fixed_places,
    formats_of,
    pdf_in,
    zip_at,
)
from consumer.inspection.readers.office import biff, ole_link, ole_package, outlook, slides, vba, word
from consumer.inspection.readers.office.compound import STORAGE, STREAM, CompoundFile, Node
from consumer.inspection.readers.programs import is_program
from consumer.inspection.readers.seen import Limits, Seen, TooMuch, Unreadable, most_kept
from consumer.inspection.readers.zip_reader import listed, read_archive
from consumer.model import Reason

OF_SECTORS = End(
    "the sectors of each stream",
    "every one that a stream or the listing lacks",
    "up to 1,024 bytes behind those, which some programs leave out",
)
MSWORD, EXCEL, POWERPOINT = "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"
OUTLOOK = "application/vnd.ms-outlook"
WORKBOOKS = ("workbook", "book")
LEFT_BEHIND = ("an OLE document", "markup or a script")  # of objects and words that were deleted

ROOT_STREAMS: tuple[tuple[str, str], ...] = (
    ("worddocument", MSWORD),
    *((name, EXCEL) for name in WORKBOOKS),
    ("powerpoint document", POWERPOINT),
    ("__properties_version1.0", OUTLOOK),
    ("visiodocument", "application/vnd.visio"),
)
OF_ARCHIVES = (Reason.EMBEDDED_EXECUTABLE, Reason.SCRIPT, Reason.SECOND_FORMAT, Reason.ARCHIVE_LIMITS)
"""What in an archive hurts whoever opens the document as one. Documents in it are no more than embedded ones."""
INSTALLERS = frozenset(UUID(fields=(kind, 0, 0, 0xC0, 0, 0x46)).bytes_le for kind in (0xC1082, 0xC1084, 0xC1086))
"""The classes of a transform, a package and a patch of Windows Installer."""
CONTROL = "\x03ocxname"  # a stream of each ActiveX control
ENCRYPTED_STREAMS = ("encryptedpackage", "encryptioninfo", "\x09drmcontent", "\x06dataspaces")
A_LISTED = 1024  # of work


def examine(data: bytes, seen: Seen, limits: Limits) -> None:
    """Sets the detected type by the streams at the root; embedded documents do not count for it."""
    seen.detected_type = "application/x-ole-storage"
    try:
        file = CompoundFile(data, seen.work)
    except Unreadable as problem:
        seen.find(Reason.MALFORMED, str(problem))
        return
    root = {file.nodes[i].name: file.nodes[i] for i in file.children()}
    seen.detected_type = next((kind for name, kind in ROOT_STREAMS if name in root), seen.detected_type)
    if any(name in root for name in ENCRYPTED_STREAMS):
        seen.find(Reason.ENCRYPTED, "the document is protected by a password or by rights management")
        seen.detected_type = "application/encrypted" if "encryptedpackage" in root else seen.detected_type
    if file.nodes[0].of in INSTALLERS:
        seen.find(Reason.SECOND_FORMAT, "an installer of Windows by the class of the document", opener="msiexec")
    _content(file, root, seen)
    if seen.detected_type == OUTLOOK:
        outlook.examine(file, most_kept(len(data)), seen)
    for has_code in projects(file, seen):
        if has_code:
            seen.find(Reason.MACROS, "it contains macros")
        else:
            seen.flag("empty_macro_project")
    if any(node.name == CONTROL for node in file.nodes):
        seen.find(Reason.ACTIVE_CONTENT, "it contains ActiveX controls")
    _objects(file, seen)
    _links(file, seen)
    seen.work.marks(data, of_files=True)  # PHP's are among them
    trailing.find_php(data, seen, "document")
    _inside(data, file, seen, limits)
    _between(file, seen)
    _behind(data, file, seen)


def _content(file: CompoundFile, root: Mapping[str, Node], seen: Seen) -> None:
    if seen.detected_type == MSWORD:
        word.examine(file, root, seen)
    elif seen.detected_type == EXCEL:
        for node in (root[name] for name in WORKBOOKS if name in root):  # a file for two versions has both
            stream = file.read(node, node.size)
            biff.examine(stream, len(stream) == node.size, seen)
    elif seen.detected_type == POWERPOINT:
        node, user = root["powerpoint document"], root.get("current user")
        stream = file.read(node, node.size)
        head = file.read(user, HEAD) if user is not None else b""
        slides.examine(stream, len(stream) == node.size, head, lambda content: embedded(content, True, seen), seen)


def embedded(content: bytes, whole: bool, seen: Seen) -> None:
    """Looks into an object of a document that is a compound file; `whole`: whether all of it is there."""
    try:
        file = CompoundFile(content, seen.work)
    except Unreadable:
        return  # no program opens it either
    if not whole:
        raise TooMuch("an object inside is larger than can be examined")
    if any(programs(file, seen)):
        seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is embedded in the document")
    _links(file, seen)
    if not is_project(file):
        seen.flag("embedded_files")
    if any(projects(file, seen)):
        if is_project(file):
            seen.find(Reason.MACROS, "it contains macros")
        else:
            seen.flag("embedded_macros")


def projects(file: CompoundFile, seen: Seen) -> Iterator[bool]:
    """For each VBA project, whether it has code. It is a storage with a stream `dir` beside the modules."""
    for index, node in enumerate(file.nodes):
        if node.kind != STORAGE:
            continue
        streams = {file.nodes[child].name: file.nodes[child] for child in file.children(index)}
        if "_vba_project" not in streams and node.name != "vba":
            continue
        if "dir" in streams:
            yield vba.has_code({name: partial(file.read, stream) for name, stream in streams.items()}, seen.work)
        elif streams:
            yield True


def is_project(file: CompoundFile) -> bool:
    """Whether it is a project alone, as an Office Open XML document has one, and not another document with one."""
    return "vba" in {file.nodes[child].name for child in file.children()}


def programs(file: CompoundFile, seen: Seen) -> Iterator[bool]:
    """For each file that was dropped into the document, whether it would run; and each program among the streams."""
    for node in file.nodes:
        if node.kind != STREAM:
            continue
        if node.name == ole_package.STREAM_NAME:
            yield ole_package.examine(file.read(node, node.size), seen)
        elif is_program(file.read(node, HEAD)):
            yield True


def _objects(file: CompoundFile, seen: Seen) -> None:
    for starts in programs(file, seen):
        if starts:
            seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is embedded in the document")
        else:
            seen.flag("embedded_files")


def _links(file: CompoundFile, seen: Seen) -> None:
    for node in file.nodes:
        if node.kind == STREAM and node.name == ole_link.STREAM_NAME:
            ole_link.examine(file.read(node, ole_link.MOST_READ), seen)


def _inside(data: bytes, file: CompoundFile, seen: Seen, limits: Limits) -> None:
    """What programs find that search the file, or look at its end or beginning. Office itself keeps archives in it."""
    for at, name in marked_in(data, seen.work, without=(PACKED_PICTURES,)):
        if at < file.end:
            seen.find(Reason.SECOND_FORMAT, f"{name} inside the document", at=at, opener="7-zip")
    document = pdf_in(data, seen.work)
    if document is not None and document < HEADER_OF_A_PDF:
        seen.find(Reason.SECOND_FORMAT, "a PDF inside the document", at=document, opener="pdf")
    try:
        archive = read_archive(data, limits.entries)
    except Unreadable:  # or scattered over sectors
        for name in listed(data):
            seen.work.spend(A_LISTED)
            if is_program(b"", name):
                detail = "the archive in the document lists a program"
                seen.find(Reason.EMBEDDED_EXECUTABLE, detail, opener="unzip")
                break
        return
    begin = min((entry.start for entry in archive.entries), default=file.end)
    if begin < file.end:
        inner = seen.others.examine(data[begin : archive.end], "", "")
        if inner.has(Reason.MACROS):
            seen.flag("embedded_macros")
        if harm := next((finding for finding in inner.findings if finding.code in OF_ARCHIVES), None):
            detail = f"the archive in the document is refused: {harm.detail}"[:200]
            seen.find(Reason.EMBEDDED_EXECUTABLE, detail, at=begin, opener="unzip")


def _between(file: CompoundFile, seen: Seen) -> None:
    for found in formats_of(file.unused, seen.work):
        if found not in LEFT_BEHIND:
            seen.find(Reason.SECOND_FORMAT, f"{found} in sectors that belong to nothing")
            return


def _behind(data: bytes, file: CompoundFile, seen: Seen) -> None:
    for name in formats_at_fixed_places(data):
        seen.find(Reason.SECOND_FORMAT, f"the file is {name} as well")
    behind = data[file.end :]
    archive = zip_at(data, seen.work)
    if archive is not None and archive >= file.end:
        seen.find(Reason.SECOND_FORMAT, "a ZIP archive behind the document", at=archive)
    elif found := foreign(behind, seen.work):
        seen.find(Reason.SECOND_FORMAT, f"{found} behind the document", at=file.end)
    elif behind.strip(PADDING):
        seen.find(Reason.TRAILING_DATA, "bytes behind the document's last sector", at=file.end)

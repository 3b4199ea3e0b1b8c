"""A message as Outlook saves it (MS-OXMSG): what is attached to it, and to messages in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from consumer.inspection.readers import attached
from consumer.inspection.readers.office.compound import STORAGE, CompoundFile, Node
from consumer.inspection.readers.programs import is_program
from consumer.inspection.readers.seen import Seen, TooMuch
from consumer.model import Reason

ATTACHED, PROPERTY = "__attach_version1.0_", "__substg1.0_"
CONTENT, NAMES = f"{PROPERTY}37010102", ("3707", "3704", "3001")  # of the names the long one first
KINDS = {"001f": "utf-16-le", "001e": "latin-1"}  # of a text
LONGEST = 1024  # bytes of a name


def examine(file: CompoundFile, most: int, seen: Seen) -> None:
    """`most`: bytes of an attached file that are kept."""
    for index, node in enumerate(file.nodes):
        if node.kind != STORAGE or not node.name.startswith(ATTACHED):
            continue
        streams = {file.nodes[child].name: file.nodes[child] for child in file.children(index)}
        names = tuple(_names(file, streams))
        if is_program(b"", *names):
            seen.find(Reason.EMBEDDED_EXECUTABLE, "a program is attached", opener="desktop")
        elif (content := streams.get(CONTENT)) is not None:
            if content.size > most:
                raise TooMuch("an attached file is larger than can be examined")
            attached.judge(names[0] if names else "", "", file.read(content, content.size), seen)


def _names(file: CompoundFile, streams: Mapping[str, Node]) -> Iterator[str]:
    for name in NAMES:
        for kind, encoding in KINDS.items():
            if (stream := streams.get(f"{PROPERTY}{name}{kind}")) is not None:
                yield file.read(stream, LONGEST).decode(encoding, "replace").rstrip("\0")

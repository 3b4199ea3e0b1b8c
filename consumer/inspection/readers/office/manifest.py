"""The manifest of an OpenDocument file: what it says of the whole document, for those that say so nowhere else."""

from __future__ import annotations

from consumer.inspection.readers.office.xml_reader import XmlReader
from consumer.inspection.readers.seen import Unreadable, Work

ENTRY, PATH, WHOLE, KIND = "file-entry", "full-path", "/", "media-type"


class Manifest:
    """Fed with its pieces. As for LibreOffice, the last entry of the whole document counts."""

    def __init__(self, work: Work) -> None:
        self.kind = b""
        self._reader: XmlReader | None = XmlReader(self._element, work)

    def feed(self, piece: bytes) -> None:
        try:
            if self._reader:
                self._reader.feed(piece)
        except Unreadable:
            self._reader = None  # no document, and no worse than any other archive

    def close(self) -> None:
        try:
            if self._reader:
                self._reader.close()
        except Unreadable:
            self._reader = None
        if self._reader is None:
            self.kind = b""

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        said = {attribute.rpartition(":")[2]: value for attribute, value in attributes.items()}
        if name.rpartition(":")[2] == ENTRY and said.get(PATH) == WHOLE:
            self.kind = said.get(KIND, "").encode()

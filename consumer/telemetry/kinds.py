"""What a file is, in as few words as a label may have. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

FileKind = Literal[
    "pdf", "word", "sheet", "slides", "image", "audio", "video", "text", "mail", "archive", "other", "unknown"
]

_BEGINS: dict[str, FileKind] = {"image/": "image", "audio/": "audio", "video/": "video", "text/": "text"}
_HOLDS: dict[str, FileKind] = {
    "pdf": "pdf",
    "spreadsheet": "sheet",
    "ms-excel": "sheet",
    "presentation": "slides",
    "ms-powerpoint": "slides",
    "word": "word",
    "opendocument.text": "word",
    "/rtf": "word",
    "rfc822": "mail",
    "ms-outlook": "mail",
    "tnef": "mail",
    "/json": "text",
    "/yaml": "text",
    "/ogg": "audio",
    "zip": "archive",
    "compressed": "archive",
    "/x-tar": "archive",
    "/x-rar": "archive",
    "/x-xz": "archive",
    "/zstd": "archive",
}


@lru_cache(1_024)  # as many as there are types
def kind_of(media_type: str | None) -> FileKind:
    """Of a detected type; "unknown" where none could be told, and "other" for programs and whatever else there is."""
    if media_type is None:
        return "unknown"
    for beginning, kind in _BEGINS.items():
        if media_type.startswith(beginning):
            return kind
    return next((kind for part, kind in _HOLDS.items() if part in media_type), "other")

"""What marks the end of a file, by type: which cuts are certain, and which are recordings that stopped."""

from __future__ import annotations

from typing import NamedTuple


class End(NamedTuple):
    types: tuple[str, ...]
    mark: str  # what marks the end
    certain: str  # cuts that make a file `malformed`
    taken: str  # what can't be told from a recording that stopped: accepted, with the flag `incomplete`


ENDS: tuple[End, ...] = (
    End(
        ("application/vnd.ms-excel", "application/vnd.ms-powerpoint"), "the sectors of each stream",
        "every one that a stream or the listing lacks", "up to 1,024 bytes behind those, which some programs leave out",
    ),
    End(
        (
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet",
            "application/vnd.oasis.opendocument.presentation", "application/zip",
        ),
        "the directory behind the last part", "every one", "none",
    ),
    End(("application/rtf",), "the brace that closes the first one", "every one", "none"),
    End(("text/csv",), "nothing", "none", "every one"),
    End(("text/vcard", "text/calendar"), "the line `END` of each object", "every one", "none"),
    End(("text/xml",), "the end of the root element", "every one", "none"),
    End(("application/json",), "the bracket that closes the first one", "every one", "of many lines some"),
    End(
        ("message/rfc822",), "the last boundary of its parts", "every one, if it has several parts",
        "of a mail of one part every one",
    ),
    End(("image/webp",), "the size in its header", "every one", "none"),
    End(("image/heic", "image/heif", "image/avif"), "the places of its items, its last box", "every one", "none"),
    End(("image/bmp",), "width × height × depth, or the size of its pixels", "every one of more than 3 bytes", "none"),
    End(("image/tiff",), "the last value, strip or tile that a directory names", "every one", "none"),
    End(("image/svg+xml",), "the end of the root element", "every one", "none"),
    End(("audio/amr", "audio/amr-wb"), "nothing", "before the first whole frame", "every other, inside a frame too"),
    End(("audio/aac",), "nothing", "before the fourth whole frame", "every other, inside a frame too"),
    End(
        ("audio/mpeg",), "nothing, or a tag", "inside the tag at its beginning, before the fourth whole frame",
        "every other, inside a frame or the last tag too",
    ),
    End(
        ("audio/ogg", "video/ogg", "application/ogg"), "a last page of each stream",
        "among the headers, before the first whole page of sound", "every other, inside a page too",
    ),
    End(
        ("audio/wav",), "the size of its sound", "every one, if it says a size",
        "every one, if the size is 0 or at least 0x7F000000: it came through a pipe",
    ),
    End(
        ("video/mp4", "audio/mp4", "video/quicktime", "video/3gpp", "video/3gpp2"),
        "the last box, and what its index names",
        "every one; of a fragmented film those inside an index, and those before the first whole fragment",
        "of a fragmented film every other",
    ),
    End(
        ("video/webm", "video/x-matroska"), "the size of its segment", "every one, if the size is known",
        "if it is not known, as browsers record, every one behind the first whole block",
    ),
)  # fmt: skip

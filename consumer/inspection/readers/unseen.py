"""What the reader of each type does not see. An operator who lets a type in should know it."""

from __future__ import annotations

from collections.abc import Mapping

_PIXELS = "what the pixels show, or a decoder makes of pixels that are built to break it"
_SOUND = "what is said or shown, or a decoder makes of frames that are built to break it"
_OOXML = "cells and text: formulas, links that are clicked on, and what a reader makes of parts built to break it"
_OLD = "cells and text, and what a reader makes of records that are built to break it"
_ODF = "formulas but DDE, links that are clicked on, and what a reader makes of parts built to break it"
_TEXT = "what the words say"

USUAL = (
    "aac 3g2 3gp 7z amr avi bmp csv doc docx eml gif heic ics jfif jpeg jpg key log m4a m4v mov mp3 mp4 mpeg mpg mpga "
    "neon numbers odt oga ogg ogv pages pdf png pps ppsx ppt pptx qt svg tif tiff txt vcf wav webm webp wmv xls xlsx "
    "xml yml yaml"
)
"""The extensions that supported content profiles of Genesys Cloud list, as its help shows them."""

UNSEEN: Mapping[str, str] = {
    "image/svg+xml": "what the drawing shows",
    "application/pdf": "what stands on its pages, where links lead, and what a reader makes of fonts built to break it",
    "application/rtf": "what pictures in it hold, and what a reader makes of control words that are built to break it",
    "application/zip": "files in archives inside it: these are refused",
    "application/ms-tnef": "messages that are attached in Outlook's own form, and long names of files",
    "message/rfc822": "where links lead, who sent it and whether signatures are right; encrypted parts are refused",
    "text/plain": "what the words say, and what a program makes of the text by another name",
    "text/csv": "what formulas compute; those that call a program are told",
    "text/vcard": _TEXT,
    "text/calendar": "where links and files that are not inside it lead",
    "text/xml": "what the program that it is meant for makes of it; document types are refused",
    "application/json": "what the program that it is meant for makes of it",
    "application/msword": _OLD,
    "application/vnd.ms-excel": _OLD,
    "application/vnd.ms-powerpoint": _OLD,
}
"""By type. What is not here is told by `unseen`."""


def unseen(kind: str) -> str:
    if kind in UNSEEN:
        return UNSEEN[kind]
    if kind.startswith("image/"):
        return _PIXELS
    if kind.startswith(("audio/", "video/")) or kind == "application/ogg":
        return _SOUND
    return _ODF if "opendocument" in kind else _OOXML

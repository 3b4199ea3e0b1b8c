"""The content types and relationships of Office Open XML that tell which document it is, and what it may do."""

from __future__ import annotations

from collections.abc import Mapping

from consumer.model import Reason

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml"
MAIN_PARTS: Mapping[str, tuple[str, Reason | None]] = {
    f"{WORD}.document.main+xml": (f"{WORD}.document", None),
    f"{WORD}.template.main+xml": (f"{WORD}.template", Reason.TEMPLATE),
    "application/vnd.ms-word.document.macroenabled.main+xml": (
        "application/vnd.ms-word.document.macroenabled.12",
        Reason.MACROS,
    ),
    "application/vnd.ms-word.template.macroenabledtemplate.main+xml": (
        "application/vnd.ms-word.template.macroenabled.12",
        Reason.MACROS,
    ),
    f"{SHEET}.sheet.main+xml": (f"{SHEET}.sheet", None),
    f"{SHEET}.template.main+xml": (f"{SHEET}.template", Reason.TEMPLATE),
    "application/vnd.ms-excel.sheet.macroenabled.main+xml": (
        "application/vnd.ms-excel.sheet.macroenabled.12",
        Reason.MACROS,
    ),
    "application/vnd.ms-excel.template.macroenabled.main+xml": (
        "application/vnd.ms-excel.template.macroenabled.12",
        Reason.MACROS,
    ),
    "application/vnd.ms-excel.addin.macroenabled.main+xml": (
        "application/vnd.ms-excel.addin.macroenabled.12",
        Reason.MACROS,
    ),
    "application/vnd.ms-excel.sheet.binary.macroenabled.main": (
        "application/vnd.ms-excel.sheet.binary.macroenabled.12",
        None,
    ),
    f"{SLIDES}.presentation.main+xml": (f"{SLIDES}.presentation", None),
    f"{SLIDES}.slideshow.main+xml": (f"{SLIDES}.presentation", None),
    f"{SLIDES}.template.main+xml": (f"{SLIDES}.template", Reason.TEMPLATE),
    **{
        f"application/vnd.ms-powerpoint.{kind}.macroenabled.main+xml": (
            "application/vnd.ms-powerpoint.presentation.macroenabled.12",
            Reason.MACROS,
        )
        for kind in ("presentation", "slideshow", "template", "addin")
    },
}
MACRO_PARTS = frozenset(
    {
        "application/vnd.ms-office.vbaproject",
        "application/vnd.ms-word.vbadata+xml",
        "application/vnd.ms-excel.macrosheet+xml",
        "application/vnd.ms-excel.intlmacrosheet+xml",
        "application/vnd.ms-excel.macrosheet",
    }
)
MACRO_RELATIONS = ("/vbaproject", "/wordvbadata", "/xlmacrosheet", "/xlintlmacrosheet")
DOCUMENT_RELATION = "/officedocument"
LINK_RELATION = "/hyperlink"
CHUNK = "/afchunk"
LOADED_UNASKED = ("/attachedtemplate", "/frame", CHUNK, "/control")
PICTURE = "/image"
ASKED_OF_SHARES = (PICTURE, "/subdocument")  # unasked as well, and a share is told who asks
ASKED_OF_THE_WEB = ("/oleobject",)

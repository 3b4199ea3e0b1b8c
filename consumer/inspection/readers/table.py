"""All that is known of a type, in one row: names, extensions, how it begins, which module reads it.

A new type is one row here and one module with `examine(data, seen, limits)`. What else speaks of types (extensions,
families of the policy, names that libmagic uses) is derived from this table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from consumer.inspection.readers import gif, jpeg, png, rtf, text
from consumer.inspection.readers.ends import End
from consumer.inspection.readers.mail import document as mail
from consumer.inspection.readers.mail import tnef
from consumer.inspection.readers.media import amr, bmff, bmp, ebml, mpeg_audio, ogg, riff, svg, svg_root, tiff
from consumer.inspection.readers.office import ole, ooxml
from consumer.inspection.readers.office.compound import SIGNATURE as OLE
from consumer.inspection.readers.office.ooxml_types import SHEET, SLIDES, WORD
from consumer.inspection.readers.other_names import OTHER_NAMES
from consumer.inspection.readers.pdf import document as pdf
from consumer.inspection.readers.pdf import root
from consumer.inspection.readers.picture import Picture
from consumer.inspection.readers.program_names import PROGRAMS
from consumer.inspection.readers.seen import Limits, Seen, Unreadable, Work
from consumer.inspection.readers.signatures import JPEG
from consumer.inspection.readers.texts import cards, json_text, tables, xml_text

Reader = Callable[[bytes, Seen, Limits], None]
"""Looks through the bytes of one file: sets `detected_type`, tells findings and flags.

May raise `Unreadable` for what is not built as the format requires, and `TooMuch` where a limit is reached.
"""

SHORTEST_TEXT = 16  # bytes: in fewer, a signature is no word
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
ODF = "application/vnd.oasis.opendocument"


@dataclass(frozen=True, slots=True)
class Format:
    """One type. The first row that a file begins like has its reader; that may set another row's name as its type."""

    name: str  # MIME type, lower case
    extensions: tuple[str, ...] = ()  # lower case, without the dot
    aliases: tuple[str, ...] = ()  # other names, as browsers declare it or libmagic calls it
    signatures: tuple[bytes, ...] = ()  # a file of this type begins with one of them
    starts: Callable[[bytes], bool] | None = None  # or as this function says
    reader: Reader | None = None  # None: nothing looks inside
    walk: Callable[[bytes, Work], Picture] | None = None  # of a picture: where it ends
    family: str = ""  # types of one family are mistaken for each other
    end: End | None = None  # what marks it, where `deploy/reference.md` tells
    plain: bool = False  # its files may be nothing but text; one of any other type that is, is a text
    text: bool = False
    """A text like any other, and of this type only if its name or its declaration says so. Then, if it reads as text
    and `starts` agrees (None always does), `reader` looks at it in place of the reader of plain text."""

    def begins(self, data: bytes) -> bool:
        if self.signatures:
            return data.startswith(self.signatures)
        return self.starts is not None and self.starts(data)


FORMATS: tuple[Format, ...] = (
    Format(
        "image/png", ("png", "apng"), ("image/apng", "image/x-png"), (png.SIGNATURE,),
        reader=png.examine, end=png.END, walk=png.walk, family="picture",
    ),
    Format(
        "image/jpeg", ("jpg", "jpeg", "jpe", "jfif", "jif"), ("image/jpg", "image/pjpeg"), (JPEG,),
        reader=jpeg.examine, end=jpeg.END, walk=jpeg.walk, family="picture",
    ),
    Format("image/gif", ("gif",), (), gif.SIGNATURES, reader=gif.examine, end=gif.END, walk=gif.walk, family="picture"),
    Format(
        "image/webp", ("webp",),
        starts=riff.is_webp, reader=riff.examine_webp, end=riff.END_OF_WEBP, walk=riff.walk_webp, family="picture",
    ),
    Format(
        "image/bmp", ("bmp", "dib"), ("image/x-ms-bmp", "image/x-bmp"),
        starts=bmp.begins, reader=bmp.examine, end=bmp.END, family="picture",
    ),
    Format("image/tiff", ("tif", "tiff"), signatures=tiff.STARTS, reader=tiff.examine, end=tiff.END, family="picture"),
    Format(
        "image/heic", ("heic",), ("image/heic-sequence",),
        starts=bmff.begins, reader=bmff.examine, end=bmff.END_OF_PICTURE, family="picture",
    ),
    Format(
        "image/heif", ("heif", "hif"), ("image/heif-sequence",),
        starts=bmff.begins, reader=bmff.examine, end=bmff.END_OF_PICTURE, family="picture",
    ),
    Format(
        "image/avif", ("avif",), ("image/avif-sequence",),
        starts=bmff.begins, reader=bmff.examine, end=bmff.END_OF_PICTURE, family="picture",
    ),
    Format("video/mp4", ("mp4", "m4v"), starts=bmff.begins, reader=bmff.examine, end=bmff.END_OF_FILM, family="media"),
    Format(
        "video/quicktime", ("mov", "qt"),
        starts=bmff.begins, reader=bmff.examine, end=bmff.END_OF_FILM, family="media",
    ),
    Format(
        "video/3gpp", ("3gp", "3gpp"), ("audio/3gpp",),
        starts=bmff.begins, reader=bmff.examine, end=bmff.END_OF_FILM, family="media",
    ),
    Format(
        "video/3gpp2", ("3g2",), ("audio/3gpp2",),
        starts=bmff.begins, reader=bmff.examine, end=bmff.END_OF_FILM, family="media",
    ),
    Format(
        "audio/mp4", ("m4a", "m4b"), ("audio/x-m4a", "audio/m4a", "audio/mp4a-latm"),
        starts=bmff.begins, reader=bmff.examine, end=bmff.END_OF_FILM, family="media",
    ),
    Format(
        "video/webm", ("webm",), ("audio/webm",), (ebml.SIGNATURE,),
        reader=ebml.examine, end=ebml.END, family="media",
    ),
    Format(
        "video/x-matroska", ("mkv", "mka"), (), (ebml.SIGNATURE,),
        reader=ebml.examine, end=ebml.END, family="media",
    ),
    Format(
        "audio/ogg", ("ogg", "oga", "opus"), ("audio/opus", "audio/vorbis"),
        (ogg.PAGE,), reader=ogg.examine, end=ogg.END, family="media",
    ),
    Format("video/ogg", ("ogv",), (), (ogg.PAGE,), reader=ogg.examine, end=ogg.END, family="media"),
    Format("application/ogg", ("ogx",), (), (ogg.PAGE,), reader=ogg.examine, end=ogg.END, family="media"),
    Format(
        "audio/wav", ("wav", "wave"), ("audio/x-wav", "audio/wave", "audio/vnd.wave"),
        starts=riff.is_wave, reader=riff.examine_wave, end=riff.END_OF_WAVE, family="media",
    ),
    Format("audio/amr", ("amr",), (), (amr.NARROW,), reader=amr.examine, end=amr.END, family="media"),
    Format("audio/amr-wb", ("awb",), (), (amr.WIDE,), reader=amr.examine, end=amr.END, family="media"),
    Format("image/x-icon", ("ico", "cur")),
    Format("application/msword", ("doc",), signatures=(OLE,), reader=ole.examine, family="word"),
    Format(
        "application/vnd.ms-excel", ("xls", "xlt", "xla"),
        signatures=(OLE,), reader=ole.examine, end=ole.OF_SECTORS, family="table",
    ),
    Format(
        "application/vnd.ms-powerpoint", ("ppt", "pps", "pot"),
        signatures=(OLE,), reader=ole.examine, end=ole.OF_SECTORS, family="slides",
    ),
    Format("application/vnd.ms-outlook", ("msg",)),
    Format(f"{WORD}.document", ("docx",), signatures=ZIP, reader=ooxml.examine, family="word"),
    Format(f"{SHEET}.sheet", ("xlsx",), signatures=ZIP, reader=ooxml.examine, family="table"),
    Format(
        f"{SLIDES}.presentation", ("pptx", "ppsx", "potx"),
        signatures=ZIP, reader=ooxml.examine, end=ooxml.END, family="slides",
    ),
    Format(f"{WORD}.template", ("dotx",)),
    Format("application/vnd.ms-word.document.macroenabled.12", ("docm",)),
    Format("application/vnd.ms-word.template.macroenabled.12", ("dotm", "dot")),
    Format(f"{SHEET}.template", ("xltx",)),
    Format("application/vnd.ms-excel.sheet.macroenabled.12", ("xlsm",)),
    Format("application/vnd.ms-excel.template.macroenabled.12", ("xltm",)),
    Format("application/vnd.ms-excel.addin.macroenabled.12", ("xlam",)),
    Format("application/vnd.ms-excel.sheet.binary.macroenabled.12", ("xlsb",)),
    Format("application/vnd.ms-powerpoint.presentation.macroenabled.12", ("pptm", "ppsm", "potm", "ppam")),
    Format(f"{ODF}.text", ("odt", "ott"), signatures=ZIP, reader=ooxml.examine, end=ooxml.END),
    Format(f"{ODF}.spreadsheet", ("ods", "ots"), signatures=ZIP, reader=ooxml.examine, end=ooxml.END),
    Format(f"{ODF}.presentation", ("odp", "otp"), signatures=ZIP, reader=ooxml.examine, end=ooxml.END),
    Format("application/zip", ("zip", "zipx"), signatures=ZIP, reader=ooxml.examine, end=ooxml.END),
    Format(
        "application/pdf", ("pdf",), ("application/x-pdf",),
        starts=pdf.is_pdf, reader=pdf.examine, end=root.ENDING, plain=True,
    ),
    Format("application/x-ole-storage", (), ("application/cdfv2",)),
    Format("application/encrypted", (), ("application/cdfv2-encrypted",)),
    Format("application/x-empty", (), ("inode/x-empty",)),
    Format("application/postscript", ("ps", "eps", "ai")),
    Format(
        "application/rtf", ("rtf",),
        starts=rtf.begins, reader=rtf.examine, end=rtf.END, plain=True, family="word",
    ),
    Format("text/plain", (*("txt", "text", "log", "lst", "rst", "adoc", "tex", "bib", "diff", "patch", "srt", "lrc"),
                          *("qif", "ofx", "sta", "mt940"))),
    Format("text/csv", ("csv",), reader=tables.examine, end=tables.END, text=True, family="table"),
    Format("text/tab-separated-values", ("tsv", "tab")),
    Format("text/markdown", ("md", "markdown")),
    Format("text/html", ("html", "htm", "xhtml", "xht", "shtml", "mht", "mhtml")),
    Format(
        "text/xml", ("xml", "xsl", "xslt", "xsd", "gpx"), ("application/xml", "application/gpx+xml"),
        starts=xml_text.begins, reader=xml_text.examine, end=xml_text.END, text=True,
    ),
    Format("text/css", ("css",)),
    Format(
        "text/calendar", ("ics", "vcs", "ical"), ("text/x-vcalendar", "application/ics"),
        starts=cards.is_calendar, reader=cards.examine_calendar, end=cards.END, text=True,
    ),
    Format(
        "text/vcard", ("vcf", "vcard"), ("text/x-vcard", "text/directory"),
        starts=cards.is_contact, reader=cards.examine_contact, end=cards.END, text=True,
    ),
    Format(
        "application/json", ("json", "ndjson", "jsonl", "geojson"), ("text/json", "application/x-ndjson"),
        reader=json_text.examine, end=json_text.END, text=True,
    ),
    Format("application/yaml", ("yaml", "yml"), text=True),
    Format("message/rfc822", ("eml",), starts=mail.begins, reader=mail.examine, end=mail.END, text=True),
    Format("application/ms-tnef", (), ("application/vnd.ms-tnef",), (tnef.SIGNATURE,), reader=tnef.examine),
    Format("application/x-rar", ("rar",), ("application/x-rar-compressed", "application/vnd.rar")),
    Format("application/x-7z-compressed", ("7z",)),
    Format("application/x-tar", ("tar", "tgz", "tbz", "txz")),
    Format("application/gzip", ("gz", "gzip")),
    Format("application/x-bzip2", ("bz2",)),
    Format("application/x-xz", ("xz",)),
    Format("application/zstd", ("zst",)),
    Format("application/vnd.ms-cab-compressed", ("cab",)),
    Format("application/vnd.debian.binary-package", ("deb", "rpm", "appimage", "snap", "flatpak")),
    Format("application/x-shockwave-flash", ("swf",)),
    Format("application/x-sharedlib", ("so", "dylib", "elf", "bin", "wasm")),
    Format(
        "audio/mpeg", ("mp3", "mpga"), ("audio/mp3", "audio/x-mp3", "audio/mpeg3"),
        starts=mpeg_audio.begins_mpeg, reader=mpeg_audio.examine_mpeg, end=mpeg_audio.END_OF_MPEG, family="media",
    ),
    Format(
        "audio/aac", ("aac", "adts"), ("audio/x-aac", "audio/aacp", "audio/x-hx-aac-adts"),
        starts=mpeg_audio.begins_adts, reader=mpeg_audio.examine_adts, end=mpeg_audio.END_OF_ADTS, family="media",
    ),
    Format(
        "image/svg+xml", ("svg",), ("image/svg",),
        starts=svg_root.begins, reader=svg.examine, end=xml_text.END, plain=True,
    ),
    Format("video/x-msvideo", ("avi", "wmv")),
    *(
        Format(
            name, extensions,
            aliases=("application/x-dosexec", "application/vnd.microsoft.portable-executable")
            if name == "application/x-msdownload" else (),
        )
        for name, extensions in PROGRAMS.items()
    ),
)  # fmt: skip

BY_NAME = {row.name: row for row in FORMATS}
BY_EXTENSION = {extension: row.name for row in FORMATS for extension in row.extensions}
ALIASES = {alias: row.name for row in FORMATS for alias in row.aliases} | OTHER_NAMES
FAMILIES = tuple(
    frozenset(row.name for row in FORMATS if row.family == family)
    for family in sorted({row.family for row in FORMATS} - {""})
)
BINARY = tuple(
    row
    for number, row in enumerate(FORMATS)
    if row.reader is not None
    and not row.text
    and not any((row.signatures, row.starts) == (first.signatures, first.starts) for first in FORMATS[:number])
)
"""Those by which a file is known that is no text; of types that begin alike the first one."""
SIGNATURES = tuple(signature for row in BINARY for signature in row.signatures)
UNSIGNED = tuple(row for row in BINARY if not row.signatures)
PLAIN = tuple(row for row in BINARY if row.plain)
READABLE = frozenset(row.name for row in FORMATS if row.reader is not None)


def canonical(kind: str) -> str:
    """The name that this service uses for a MIME type, given in lower case."""
    return ALIASES.get(kind, kind)


def format_of(data: bytes) -> Format | None:
    """The row whose reader looks at these bytes; None for texts, and for what begins like none."""
    rows = BINARY if data.startswith(SIGNATURES) else UNSIGNED
    row = next((row for row in rows if row.begins(data)), None)
    if row is None or row.plain or (len(data) < SHORTEST_TEXT and not data.startswith(text.UTF16)):
        return row
    return next((row for row in PLAIN if row.begins(data)), None) if text.is_clean(data) else row


def text_format(claimed: str, data: bytes) -> Format | None:
    """The row whose reader looks at a text that is claimed to be of that type; None for a plain one."""
    row = BY_NAME.get(claimed)
    if row is None or not row.text or row.reader is None:
        return None
    return row if row.begins(data) or not (row.signatures or row.starts) else None


def is_text(kind: str) -> bool:
    """Whether a file of this type has to read as a text."""
    return kind.startswith("text/") or (kind in BY_NAME and BY_NAME[kind].text)


def fits(extension: str, kind: str) -> bool:
    """Whether a name goes with a type: with types of its family it does, and of a text it has to be known."""
    named = BY_EXTENSION.get(extension)
    if named is None:
        return not (extension and kind == "text/plain")
    return named == kind or any({named, kind} <= family for family in FAMILIES)


def picture_at(data: bytes, work: Work) -> Picture | None:
    """The picture that `data` begins with; None if there is none, or one that is built wrongly."""
    row = next((row for row in FORMATS if row.walk and row.begins(data)), None)
    try:
        return row.walk(data, work) if row and row.walk else None
    except Unreadable:
        return None

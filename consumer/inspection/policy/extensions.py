"""What a file's name claims: its last extension, read as a desktop would read it, and the MIME type behind it."""

from __future__ import annotations

import re
import unicodedata

GENERIC_TYPES = frozenset({"application/octet-stream", "binary/octet-stream"})  # browsers say it when they don't know

_EXTENSION = re.compile(r"(?=[a-z0-9_~-]*[a-z])[a-z0-9_~-]{1,12}", re.ASCII)
"""Has a letter, so that the date in "report 12.05.2024" and the number in "notes v1.2" are none."""

_TYPES: dict[str, tuple[str, ...]] = {
    "image/png": ("png", "apng"),
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif", "jif"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/bmp": ("bmp", "dib"),
    "image/tiff": ("tif", "tiff"),
    "image/svg+xml": ("svg", "svgz"),
    "image/heic": ("heic", "heif"),
    "image/avif": ("avif",),
    "image/x-icon": ("ico", "cur"),
    "application/pdf": ("pdf",),
    "application/postscript": ("ps", "eps", "ai"),
    "application/rtf": ("rtf",),
    "text/plain": ("txt", "text", "log"),
    "text/csv": ("csv",),
    "text/tab-separated-values": ("tsv", "tab"),
    "text/markdown": ("md", "markdown"),
    "text/html": ("html", "htm", "xhtml", "xht", "shtml", "mht", "mhtml"),
    "text/xml": ("xml", "xsl", "xslt", "xsd"),
    "text/css": ("css",),
    "text/calendar": ("ics",),
    "text/vcard": ("vcf",),
    "application/json": ("json", "ndjson", "jsonl", "geojson"),
    "application/yaml": ("yaml", "yml"),
    "message/rfc822": ("eml",),
    "application/vnd.ms-outlook": ("msg",),
    "application/msword": ("doc",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.template": ("dotx",),
    "application/vnd.ms-word.document.macroenabled.12": ("docm",),
    "application/vnd.ms-word.template.macroenabled.12": ("dotm", "dot"),
    "application/vnd.ms-excel": ("xls", "xlt", "xla"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template": ("xltx",),
    "application/vnd.ms-excel.sheet.macroenabled.12": ("xlsm",),
    "application/vnd.ms-excel.template.macroenabled.12": ("xltm",),
    "application/vnd.ms-excel.addin.macroenabled.12": ("xlam",),
    "application/vnd.ms-excel.sheet.binary.macroenabled.12": ("xlsb",),
    "application/vnd.ms-powerpoint": ("ppt", "pps", "pot"),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ("pptx", "ppsx", "potx"),
    "application/vnd.ms-powerpoint.presentation.macroenabled.12": ("pptm", "ppsm", "potm", "ppam"),
    "application/vnd.oasis.opendocument.text": ("odt", "ott"),
    "application/vnd.oasis.opendocument.spreadsheet": ("ods", "ots"),
    "application/vnd.oasis.opendocument.presentation": ("odp", "otp"),
    "application/zip": ("zip", "zipx"),
    "application/java-archive": ("jar", "war", "apk", "xpi"),
    "application/x-rar": ("rar",),
    "application/x-7z-compressed": ("7z",),
    "application/x-tar": ("tar", "tgz", "tbz", "txz"),
    "application/gzip": ("gz", "gzip"),
    "application/x-bzip2": ("bz2",),
    "application/x-xz": ("xz",),
    "application/zstd": ("zst",),
    "application/vnd.ms-cab-compressed": ("cab",),
    "application/x-iso9660-image": ("iso", "img", "udf"),
    "application/x-virtual-disk": ("vhd", "vhdx", "vmdk"),
    "application/x-msdownload": ("exe", "dll", "scr", "com", "pif", "cpl", "sys", "ocx", "drv", "xll", "wll"),
    "application/x-msi": ("msi", "msix", "msp", "mst", "appx", "appinstaller", "application"),
    "application/x-ms-shortcut": ("lnk", "url", "website", "scf", "inf", "desktop", "webloc"),
    "application/x-msdos-program": ("bat", "cmd", "btm"),
    "application/x-powershell": ("ps1", "psm1", "psd1", "ps1xml", "psc1"),
    "text/vbscript": ("vbs", "vbe", "vb", "wsf", "wsh", "wsc", "sct", "bas"),
    "text/javascript": ("js", "jse", "mjs", "cjs", "ts"),
    "application/hta": ("hta",),
    "application/vnd.ms-htmlhelp": ("chm", "hlp"),
    "text/x-ms-regedit": ("reg",),
    "application/x-onenote": ("one", "onepkg"),
    "application/x-ms-settings": (
        "settingcontent-ms",
        "diagcab",
        "search-ms",
        "library-ms",
        "theme",
        "themepack",
        "msc",
    ),
    "application/x-ms-gadget": ("gadget", "rdp", "xbap", "vsto"),
    "application/x-ms-query": ("iqy", "oqy", "dqy", "rqy", "slk", "odc", "udl"),
    "application/x-sh": ("sh", "bash", "zsh", "csh", "ksh", "command", "run"),
    "text/x-python": ("py", "pyw", "pyc", "pyz"),
    "application/x-perl": ("pl", "pm"),
    "application/x-ruby": ("rb",),
    "application/x-httpd-php": ("php", "php3", "php4", "php5", "phtml", "phar"),
    "application/x-asp": ("asp", "aspx", "ashx", "jsp", "jspx", "cgi"),
    "application/x-java-jnlp-file": ("jnlp", "class"),
    "application/x-apple-diskimage": ("dmg", "pkg", "app"),
    "application/x-apple-automation": ("workflow", "action", "scpt", "terminal", "fileloc", "inetloc"),
    "application/vnd.debian.binary-package": ("deb", "rpm", "appimage", "snap", "flatpak"),
    "application/x-shockwave-flash": ("swf",),
    "application/x-sharedlib": ("so", "dylib", "elf", "bin", "wasm"),
    "audio/mpeg": ("mp3",),
    "audio/wav": ("wav",),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/mp4": ("m4a", "aac"),
    "audio/amr": ("amr",),
    "video/mp4": ("mp4", "m4v"),
    "video/quicktime": ("mov", "qt"),
    "video/webm": ("webm", "mkv"),
    "video/3gpp": ("3gp", "3g2"),
    "video/x-msvideo": ("avi", "wmv"),
}

_BY_EXTENSION = {extension: mime for mime, extensions in _TYPES.items() for extension in extensions}

EXECUTABLE_EXTENSIONS = frozenset(
    extension
    for mime in (
        "application/x-msdownload",
        "application/x-msi",
        "application/x-ms-shortcut",
        "application/x-msdos-program",
        "application/x-powershell",
        "text/vbscript",
        "text/javascript",
        "text/x-python",
        "application/x-perl",
        "application/x-ruby",
        "application/x-httpd-php",
        "application/hta",
        "application/vnd.ms-htmlhelp",
        "application/x-sh",
        "application/x-ms-settings",
        "application/x-ms-gadget",
        "application/x-ms-query",
        "application/x-onenote",
        "application/x-iso9660-image",
        "application/x-virtual-disk",
        "application/x-apple-diskimage",
        "application/x-apple-automation",
        "application/x-java-jnlp-file",
        "application/java-archive",
        "text/x-ms-regedit",
    )
    for extension in _TYPES[mime]
)


def visible_name(name: str) -> str:
    """The last part of `name` without what hides its ending: paths, control and bidi characters, trailing dots.

    What stands behind a NUL is dropped: C code would not see it, and `evil.exe\\0.jpg` is an `.exe` there.
    """
    name = name.partition("\0")[0]
    shown = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    base = re.split(r"[/\\]", shown)[-1]
    base = base.partition("::$")[0] if "::$" in base else base
    return base.rstrip(". \u00a0\u3000")


def extension_of(name: str | None) -> str:
    """The last extension in lower case without its dot; "" if the name has none."""
    if not name:
        return ""
    _, dot, extension = unicodedata.normalize("NFKC", visible_name(name)).rpartition(".")
    extension = extension.strip().lower()
    return extension if dot and _EXTENSION.fullmatch(extension) else ""


def extension_type(name: str | None) -> str | None:
    """The MIME type that the last extension of `name` stands for; None for no extension or an unknown one."""
    return _BY_EXTENSION.get(extension_of(name))


def is_generic(declared_type: str | None) -> bool:
    """Whether the declared type says nothing, so that only name and bytes can tell."""
    return declared_type is None or declared_type in GENERIC_TYPES

"""Types whose files a desktop or a server runs, or opens like a program: known by the extension alone.

Compared in tests with what Windows, Outlook and Outlook on the web, Acrobat and macOS refuse to open.
"""

from __future__ import annotations

from collections.abc import Mapping

from consumer.inspection.readers.names import extension_of

PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "application/x-msdownload": (
        "exe", "dll", "scr", "com", "pif", "cpl", "sys", "ocx", "drv", "xll", "wll", "sfx", "mui", "prg",
    ),
    "application/x-msi": (
        "msi", "msix", "msixbundle", "msp", "mst", "msu", "appx", "appxbundle", "appinstaller", "application",
        "appref-ms", "ppkg", "ins", "isp", "slupkg-ms",
    ),
    "application/x-ms-shortcut": (
        "lnk", "url", "website", "scf", "inf", "desktop", "webloc", "xnk", "pi", "shb", "shs", "job",
    ),
    "application/x-msdos-program": ("bat", "cmd", "btm"),
    "application/x-powershell": (
        "ps1", "psm1", "psd1", "ps1xml", "psc1", "ps2", "ps2xml", "psc2", "pssc", "cdxml",
        "msh", "msh1", "msh2", "mshxml", "msh1xml", "msh2xml",
    ),
    "text/vbscript": (
        "vbs", "vbe", "vb", "wsf", "wsh", "wsc", "ws", "sct", "bas", "vbp", "vsmacros", "vsw", "htc", "rgs", "mof",
    ),
    "text/javascript": ("js", "jse", "mjs", "cjs", "ts", "osd"),
    "application/hta": ("hta",),
    "application/vnd.ms-htmlhelp": ("chm", "hlp", "cnt", "hpj", "its"),
    "text/x-ms-regedit": ("reg", "xrm-ms", "printerexport"),
    "application/x-onenote": ("one", "onepkg"),
    "application/x-ms-settings": (
        "settingcontent-ms", "appcontent-ms", "diagcab", "diagcfg", "diagpkg", "search-ms", "searchconnector-ms",
        "library-ms", "osdx", "theme", "themepack", "deskthemepack", "msc", "grp", "prf", "ops", "plg", "pcd",
    ),
    "application/x-ms-gadget": ("gadget", "rdp", "wsb", "xbap", "vsto", "mcf", "contact"),
    "application/x-ms-query": ("iqy", "oqy", "dqy", "rqy", "slk", "odc", "udl"),
    "application/x-msaccess": (
        "ade", "adp", "accda", "accde", "accdr", "accdu", "mad", "maf", "mag", "mam", "maq", "mar", "mas", "mat",
        "mau", "mav", "maw", "mda", "mdb", "mde", "mdt", "mdw", "mdz", "fxp", "laccdb",
    ),
    "application/pkix-cert": ("cer", "crt", "der"),
    "application/x-sh": ("sh", "bash", "zsh", "csh", "ksh", "command", "run", "tool"),
    "text/x-python": ("py", "pyw", "pyc", "pyo", "pyz", "pyzw", "pth"),
    "application/x-perl": ("pl", "pm"),
    "application/x-ruby": ("rb",),
    "application/x-httpd-php": ("php", "php3", "php4", "php5", "php7", "phtml", "phar", "pht", "phps"),
    "application/x-asp": ("asp", "aspx", "ashx", "asmx", "asa", "jsp", "jspx", "cgi"),
    "application/java-archive": ("jar", "war", "apk", "xpi"),
    "application/x-iso9660-image": ("iso", "img", "udf"),
    "application/x-virtual-disk": ("vhd", "vhdx", "vmdk"),
    "application/x-java-jnlp-file": ("jnlp", "class"),
    "application/x-apple-diskimage": ("dmg", "pkg", "mpkg", "app", "xip", "sparseimage", "osax", "kext", "prefpane"),
    "application/x-apple-automation": (
        "workflow", "action", "scpt", "scptd", "applescript", "terminal", "fileloc", "inetloc", "mobileconfig",
    ),
}  # fmt: skip

EXECUTABLE_EXTENSIONS = frozenset(extension for extensions in PROGRAMS.values() for extension in extensions)
SHELL = "-ms"  # what Windows' own shell opens ends like this
CLASS = "{"  # of a class's id, by which Windows opens the file as that class's


def names_program(name: str) -> bool:
    """Whether a desktop or a server would run a file of that name, or open it like a program."""
    extension = extension_of(name)
    return extension in EXECUTABLE_EXTENSIONS or extension.endswith(SHELL) or extension.startswith(CLASS)

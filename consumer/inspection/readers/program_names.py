"""Types whose files a desktop or a server runs, or opens like a program: known by the extension alone."""

from __future__ import annotations

from collections.abc import Mapping

PROGRAMS: Mapping[str, tuple[str, ...]] = {
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
    "application/java-archive": ("jar", "war", "apk", "xpi"),
    "application/x-iso9660-image": ("iso", "img", "udf"),
    "application/x-virtual-disk": ("vhd", "vhdx", "vmdk"),
    "application/x-java-jnlp-file": ("jnlp", "class"),
    "application/x-apple-diskimage": ("dmg", "pkg", "app"),
    "application/x-apple-automation": ("workflow", "action", "scpt", "terminal", "fileloc", "inetloc"),
}

EXECUTABLE_EXTENSIONS = frozenset(extension for extensions in PROGRAMS.values() for extension in extensions)

"""Who would act on a file as something else. A rule that rejects names one of these, or says why nobody can tell.

*Direct* openers act on opening, preview or navigation, given the name and type of our result or neither of them. A
*second step* needs another command or a server that is set up wrongly. In a field for words only direct openers count,
and PHP's tags; anywhere else both kinds do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from consumer.model import Reason


class Step(StrEnum):
    DIRECT = "direct"
    SECOND = "second step"
    NONE = "nobody can tell"  # what can't be looked into is not let in


@dataclass(frozen=True, slots=True)
class Opener:
    program: str
    step: Step
    acts: str  # on what, and how
    source: str  # where that is written down


OPENERS: Mapping[str, Opener] = {
    "desktop": Opener(
        "the desktop: Explorer, Finder, xdg-open",
        Step.DIRECT,
        "runs a program, a shortcut or an installer by its name or its first bytes",
        "Outlook's and Acrobat's lists of refused extensions; freedesktop.org, shared-mime-info",
    ),
    "browser": Opener(
        "a browser",
        Step.DIRECT,
        "sniffs a file without a type by its first 1,445 bytes, and runs what begins as a page",
        "mimesniff.spec.whatwg.org, 7.1; html.spec.whatwg.org, scripting",
    ),
    "office": Opener(
        "Word, Excel, LibreOffice",
        Step.DIRECT,
        "runs macros, asks other programs for data, loads templates and objects from the network when it opens a file",
        "MS-OVBA; ECMA-376 part 1, 17.16 and 18.14; OpenDocument 1.3 part 3",
    ),
    "viewer": Opener(
        "a PDF viewer",
        Step.DIRECT,
        "runs scripts and actions, and opens attached files, on opening or on a click",
        "ISO 32000-1, 12.6 and 7.11.4",
    ),
    "pdf": Opener(
        "a PDF viewer",
        Step.DIRECT,
        "takes a file with the header among its first bytes for a document, whatever stands before it",
        "ISO 32000-1, annex H, note 13: within the first 1,024 bytes",
    ),
    "unzip": Opener(
        "unzip, java -jar",
        Step.SECOND,
        "finds an archive's directory from the end of the file, whatever stands before it",
        "APPNOTE.TXT 4.3.16; the Java launcher",
    ),
    "7-zip": Opener(
        "7-Zip, cpio, lha, unrar, unarj, losetup",
        Step.SECOND,
        "searches the file for an archive, a program or a disk's image, and opens what is found",
        "7-Zip's parser mode (-t#); self-extracting archives of RAR, ARJ and ACE",
    ),
    "msiexec": Opener(
        "msiexec",
        Step.SECOND,
        "installs any compound file that has the class of a package or a patch, by whatever name",
        "learn.microsoft.com, msiexec; Wine, msi: MSI_OpenDatabaseW",
    ),
    "php": Opener(
        "PHP",
        Step.SECOND,
        "runs what stands behind its tag, wherever that is in a file that it includes",
        "php.net, PHP tags, include",
    ),
    "asp": Opener(
        "a server of ASP or JSP",
        Step.SECOND,
        "runs what stands between its marks, wherever that is in a page",
        "learn.microsoft.com, ASP delimiters; Jakarta Server Pages 3.1, JSP.1.5",
    ),
    "mshta": Opener(
        "mshta",
        Step.SECOND,
        "reads any file as a page, and runs the scripts in it",
        "learn.microsoft.com, HTML applications; attack.mitre.org, T1218.005",
    ),
    "perl": Opener(
        "perl -x, ruby -x",
        Step.SECOND,
        "passes over all that stands before a line that begins with #! and names it, and runs what follows",
        "perldoc.perl.org, perlrun; ruby(1)",
    ),
    "node": Opener(
        "node, cscript",
        Step.SECOND,
        "runs a file as a script whose first bytes hide the rest in a comment or a string",
        "ECMA-262, 12.4 and 12.9.4",
    ),
    "script element": Opener(
        "a browser",
        Step.SECOND,
        "runs a picture as a script that a page names in a script element, where its header is the beginning of one",
        "html.spec.whatwg.org, the script element",
    ),
    "nobody": Opener(
        "nobody here",
        Step.NONE,
        "can look inside: encrypted, broken, too large to be read, or of two minds about what is in it",
        "what can't be told is not let in",
    ),
}

RULES: Mapping[Reason, str] = {
    Reason.MALFORMED: "nobody",
    Reason.ENCRYPTED: "nobody",
    Reason.ARCHIVE_LIMITS: "nobody",
    Reason.IMAGE_TOO_LARGE: "nobody",
    Reason.EMPTY: "nobody",
    Reason.UNDETECTABLE: "nobody",
    Reason.MACROS: "office",
    Reason.TEMPLATE: "office",
    Reason.EXTERNAL_REFERENCE: "office",
    Reason.ACTIVE_CONTENT: "office",
    Reason.EMBEDDED_EXECUTABLE: "desktop",
    Reason.EMBEDDED_FILES: "viewer",
    Reason.LAUNCH_ACTION: "viewer",
    Reason.JAVASCRIPT: "viewer",
    Reason.SECOND_FORMAT: "7-zip",
    Reason.SCRIPT: "php",
    Reason.CONTENT_NOT_ALLOWED: "desktop",
    Reason.TYPE_MISMATCH: "desktop",
}
"""Of each finding that may reject: the opener of those that name none of their own."""

"""Text: whether it reads as text in some encoding, and whether it is a script in a text file's clothes."""

from __future__ import annotations

import codecs
import re

from consumer.inspection.seen import Seen
from consumer.model import Reason

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
HEAD = 64 * 1024
_CONTROLS = bytes(c for c in range(32) if c not in b"\t\n\r\x0c\x08\x1b\x1a\x0b") + b"\x7f"
_ALLOWED_CONTROLS = 0.001  # of all characters: form feeds of old printers and stray bytes, never binary data

_MARKUP = re.compile(
    r"<(?:!doctype\s{1,9}(?:html|svg)|(?:html|head|body|script|svg|iframe|style|hta:application)[\s>/])", re.I
)
_BEFORE_MARKUP = (("<!--", "-->"), ("<?xml", ">"))
_PROGRAM_STARTS = re.compile(
    r"#!\s*/|<\?php\s|<%@|@echo\s+(?:off|on)\b|<job\b|<package\b|Windows Registry Editor Version", re.I
)

_LANGUAGES = (
    (  # PowerShell
        re.compile(
            r"\b(?:Invoke-Expression|IEX\b|New-Object\s|Invoke-WebRequest|Start-Process|DownloadString|Set-ExecutionPolicy|Add-Type|Get-WmiObject|Write-Host|-EncodedCommand)",
            re.I,
        ),
        re.compile(
            r"^\s*(?:\$[\w:.]+(?:\[.*\])?\s*[-+]?=|\$\w+[.|]|param\s*\(|function\s+[\w-]+|(?:if|foreach|for|while|switch|try|catch|finally|else|elseif|process|begin|end|return|throw)\b.*[({]?|[})\]]+.*$|[A-Z][a-z]+-[A-Z]\w+|iex\b|\[[\w.]+\]|Add-Type|import-module|#|.*\|\s*(?:%|\?|iex|out-|select|where|foreach))",
            re.I,
        ),
    ),
    (  # VBScript
        re.compile(
            r"\b(?:CreateObject\s*\(|WScript\.\w+|GetObject\s*\(|ExecuteGlobal|Option\s+Explicit|MsgBox\b)", re.I
        ),
        re.compile(
            r"^\s*(?:(?:dim|set|const|option|on\s+error|if|else|elseif|end|for|next|do|loop|while|wend|function|sub|call|select|case|with|exit|private|public|msgbox|execute|redim|rem)\b|[\w.()]+\s*=|'|[\w.]+\.\w+)",
            re.I,
        ),
    ),
    (  # JavaScript, for the Windows Script Host, Node or a page
        re.compile(
            r"\b(?:new\s+ActiveXObject|WScript\.\w+|eval\s*\(|require\s*\(|document\.\w+|window\.\w+|XMLHttpRequest|fromCharCode|alert\s*\(|console\.log|module\.exports|child_process)"
        ),
        re.compile(
            r"^\s*(?:(?:var|let|const|function|if|else|for|while|do|return|try|catch|finally|switch|case|throw|new|import|export|async|await|class)\b.*[;{(=})]|[\w.$\[\]'\"]+\s*[-+|]?=[^=]|[\w.$]+\(.*|[})\];,]+.*$|//|/\*|\*)"
        ),
    ),
    (  # batch files
        re.compile(
            r"^[ \t]{0,80}@?(?:echo\s+off|start\s+(?:/|\"|\S+\.(?:exe|bat|cmd|com|msi|vbs|js|ps1)\b)|"
            r"powershell|cmd\s+/c|del\s+/|reg\s+add|certutil|"
            r"bitsadmin|mshta|rundll32|regsvr32|setlocal|goto\s+\w)",
            re.I | re.M,
        ),
        re.compile(
            r"^\s*(?:@?(?:echo|set|if|for|goto|call|start|del|copy|move|rem|pause|exit|cd|cmd|powershell|reg|certutil|setlocal|endlocal|mkdir|md|rd|attrib|ping|timeout|shift|else|xcopy|net|sc|schtasks|taskkill|curl|bitsadmin|mshta|rundll32|regsvr32)\b|:\w|[()]|%)",
            re.I,
        ),
    ),
)
_MOSTLY = 0.8  # of the lines that are not blank: prose with code in it stays below, programs do not


def decode(data: bytes) -> str | None:
    """The head of `data` as text, None if it is none: a NUL outside of UTF-16 and UTF-32, or too many controls."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _strict(data, encoding)
    whole = data.rstrip(b"\0")  # some programs write the end of their string as well
    if b"\0" in whole:
        return _wide(data)
    data = whole
    controls = len(data) - len(data.translate(None, _CONTROLS))
    if controls > len(data) * _ALLOWED_CONTROLS:
        return None
    return _strict(data, "utf-8") or data[:HEAD].decode("latin-1")


def is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text[:HEAD]


def _wide(data: bytes) -> str | None:
    """UTF-16 without its mark, as Windows tools write it: every second byte of Western text is zero."""
    for encoding, zero in (("utf-16-le", 1), ("utf-16-be", 0)):
        high = data[zero::2]
        if len(data) % 2 == 0 and high.count(0) > 0.7 * len(high):
            text = _strict(data, encoding)
            if text is not None and sum(c.isprintable() or c in "\t\n\r" for c in text) >= 0.99 * len(text):
                return text
    return None


def markup(text: str) -> str | None:
    """The MIME type of a page or a drawing that begins here, which a browser would run."""
    at = _behind_comments(text)
    match = _MARKUP.match(text, at)
    if match is None:
        return None
    return "image/svg+xml" if "svg" in match[0].lower() else "text/html"


def _behind_comments(text: str) -> int:
    """By hand: a pattern with a loop in a loop takes for ever on what is made for it."""
    at = len(text) - len(text.lstrip())
    while pair := next((pair for pair in _BEFORE_MARKUP if text.startswith(pair[0], at)), None):  # at once
        end = text.find(pair[1], at + len(pair[0]))
        if end < 0:
            return at
        at = end + len(pair[1])
        while text[at : at + 1].isspace():
            at += 1
    return at


def examine(text: str, seen: Seen) -> None:
    if _PROGRAM_STARTS.match(text.lstrip("\ufeff \t\r\n")):
        seen.find(Reason.SCRIPT, "it begins as a script")
    elif _is_program(text):
        seen.find(Reason.SCRIPT, "nearly every line of it is a program's")


def _is_program(text: str) -> bool:
    lines = [line for line in text.splitlines() if line.strip()][:400]
    if not lines:
        return False
    for marker, statement in _LANGUAGES:
        if marker.search(text) and sum(statement.match(line[:500]) is not None for line in lines) >= _MOSTLY * len(
            lines
        ):
            return True
    return False

"""Programs in a text file's clothes: what begins as one, and what is one line for line.

Two things have to agree. A word that only programs of a language have, or libmagic's opinion; and the lines, of which
nearly all are statements. Prose with code in it has the first, a list or a table the second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

MOST_LINES = 400
LONGEST_LINE = 500
MOSTLY = 0.8  # of the lines that are neither blank nor a remark

_STARTS = re.compile(
    r"#!\s{0,9}/|<\?php\s|<\?=|<%[@=\s]|@echo\s+(?:off|on)\b|<job\b|<package\b|<scriptlet\b|"
    r"Windows Registry Editor Version|REGEDIT4\b|\[InternetShortcut\]",
    re.I,
)
_REMARKS = (("/*", "*/"), ('"""', '"""'), ("'''", "'''"), ("\n=", "\n=cut"))
"""Of many lines: strings stand for them in Python, and Perl's are a manual."""


@dataclass(frozen=True, slots=True)
class Language:
    name: str  # as libmagic calls it
    word: re.Pattern[str]  # anywhere
    statement: re.Pattern[str]  # at the beginning of a line


def _language(name: str, word: str, statement: str, flags: re.RegexFlag = re.M) -> Language:
    word = word.replace("^", "^[ \t]{0,40}+")
    return Language(name, re.compile(word, flags | re.M), re.compile(rf"[ \t]*+(?:{statement})", flags))


_LANGUAGES = (
    _language(
        "text/x-powershell",
        r"\b(?:Invoke-Expression|IEX\b|New-Object\s|(?:Invoke-WebRequest|iwr)\s|Start-Process|DownloadString|"
        r"Set-ExecutionPolicy|Add-Type|Get-WmiObject|Write-Host|-EncodedCommand)",
        r"\$[\w:.]+(?:\[.*\])?\s*[-+]?=|\$\w+[.|]|param\s*\(|function\s+[\w-]+|[})\]]|\[[\w.]+\]|#|"
        r"(?:if|foreach|for|while|switch|try|catch|finally|else|elseif|process|begin|end|return|throw)\b|"
        r"[A-Z][a-z]+-[A-Z]\w+|(?:iex|iwr)\b|.*\|\s*(?:%|\?|iex|out-|select|where|foreach)",
        re.I,
    ),
    _language(
        "text/vbscript",
        r"\b(?:CreateObject\s*\(|WScript\.\w+|GetObject\s*\(|ExecuteGlobal|Option\s+Explicit|MsgBox\b)",
        r"(?:dim|set|const|option|on\s+error|if|else|elseif|end|for|next|do|loop|while|wend|function|sub|call|select|"
        r"case|with|exit|private|public|msgbox|execute|redim|rem|createobject)\b|[\w.()]+\s*=|'|[\w.]+\.\w+",
        re.I,
    ),
    _language(
        "application/javascript",
        r"\b(?:new\s+ActiveXObject|WScript\.\w+|document\.\w+|window\.\w+|XMLHttpRequest|fromCharCode|console\.log|"
        r"module\.exports|child_process|(?:eval|require|alert|fetch)\s*\(|function\s{0,9}[\w$]*\s{0,9}\([\w$,\s]{0,200}\)"
        r"\s{0,9}\{)|\)\s{0,9}=>|=>\s{0,9}\{|^(?:import|export)\s.{0,200}\bfrom\s{1,9}['\"]|"
        r"^(?:let|const|var)\s+[\w$]+\s*=\s",
        r"(?:var|let|const|function|if|else|for|while|do|return|try|catch|finally|switch|case|throw|new|import|export|"
        r"async|await|class)\b.*[;{(=})'\"]|[\w.$\[\]'\"]+\s*[-+|]?=[^=]|[\w.$]+\(|[(!]+\w.*[{;]|[(})\];,.?:+&|]|//|"
        r"[\w$'\"]+\s*:.*[,{(\[]$|.*[;{]$|(?=.{200})(?:[^;{}]{0,120}[;{}]){3}",
    ),
    _language(
        "text/x-script.python",
        r"^(?:from[ \t]+[\w.]+[ \t]+import[ \t]+[\w*(]|import[ \t]+\w[\w.]*(?:[ \t]*,[ \t]*\w[\w.]*)*"
        r"(?:[ \t]+as[ \t]+\w+)?[ \t]*$|(?:async[ \t]+)?def[ \t]+\w+[ \t]*\(|class[ \t]+\w+[ \t]*[(:]|if __name__)",
        r"import\s+[\w.]+(?:\s*,\s*[\w.]+|\s+as\s+\w+)*$|from\s+[\w.]+\s+import\b|(?:else|try|finally)\s*:|"
        r"(?:async\s+)?(?:def|class|with|for|if|elif|while|except)\b.*[:(\[{,\\]\s*(?:#.*)?$|"
        r"(?<=[ \t])(?:return|raise|yield|assert|global|nonlocal|del|pass|break|continue|and|or|not|in|is|if|else|for|"
        r"await)\b|(?:print|exec|del|assert)\b\s*[\w(\"']|[@#'\")\]}]|[\w.\[\]'\", ]++[-+*/%|&^]?=[^=]|[\w.]+\(|"
        r"(?<=[ \t])[+\-*/%.|&]\s*\w|(?<=[ \t]).*[,)\]}]$|.*[(\[{\\]$",
    ),
    _language(
        "text/x-perl",
        r"^(?:use[ \t]+(?:strict|warnings|v?5[\d._]*|[A-Z]\w*(?:::\w+)*)\b[^.\n]{0,200};|package[ \t]+[\w:]+;|"
        r"(?:my|our|local)[ \t]*\(?[$@%]\w+|sub[ \t]+\w+\s{0,9}\{|require[ \t]+['\"\w:.]+;)",
        r".*[;{},(]\s*(?:#.*)?$|#|=\w+|[)}\]]|[$@%&]\w+|\.\s|__(?:END|DATA)__|.*=>",
    ),
    _language(
        "text/x-shellscript",
        r"^(?:(?:fi|done|esac)[ \t]*$|export[ \t]+\w+=|\w+[ \t]*\(\)\s{0,9}\{|(?:rm|chmod|curl|wget)[ \t]+-?\w)|"
        r"\|\s{0,9}(?:ba)?sh\b",
        r"(?:if|then|elif|else|fi|for|while|until|do|done|case|esac|function|return|exit|export|local|readonly|set|unset|"
        r"shift|trap|source|echo|printf|cd|rm|cp|mv|mkdir|chmod|chown|curl|wget|sudo|apt|cat|grep|sed|awk|test|eval|"
        r"exec)\b|\w+=|\w+\s*\(\)|[}#\[({.$]|;;|.*[|\\&;]$|[\w*|\"' -]+\)\s*$",
    ),
    _language(
        "text/x-msdos-batch",
        r"^@?(?:echo\s+off|start\s+(?:/|\"|\S+\.(?:exe|bat|cmd|com|msi|vbs|js|ps1)\b)|powershell|cmd\s+/c|del\s+/|"
        r"reg\s+add|certutil|bitsadmin|mshta|rundll32|regsvr32|setlocal|goto\s+\w|[\w.\\:]+\.(?:exe|cmd|bat)\b|"
        r"set\s+\w+=%)",
        r"@?(?:echo|set|if|for|goto|call|start|del|copy|move|rem|pause|exit|cd|cmd|powershell|reg|certutil|setlocal|"
        r"endlocal|mkdir|md|rd|attrib|ping|timeout|shift|else|xcopy|net|sc|schtasks|taskkill|curl|bitsadmin|mshta|"
        r"rundll32|regsvr32)\b|::?\w?|[()]|@?%|@?[\w.\\:]+\.(?:exe|cmd|bat)\b",
        re.I,
    ),
    _language(
        "text/x-ruby",
        r"^(?:require(?:_relative)?[ \t]+['\"]|def[ \t]+\w+|module[ \t]+[A-Z]\w*[ \t]*$|class[ \t]+[A-Z]\w*)",
        r"(?:require|require_relative|def|module|class|end|if|unless|else|elsif|while|until|case|when|begin|rescue|ensure|"
        r"return|yield|puts|attr_\w+|include|extend|raise|next|private|public)\b|[#)\]}]|[\w.@$\[\]]+\s*[-+|]?=|"
        r"[\w.@:]+[.(]\w*|.*\bdo(?:\s*\|[^|]*\|)?$|:\w|['\"].*,?$",
    ),
)


def program(text: str, libmagic: str) -> str | None:
    """Why it is one, in words; None if it is none."""
    if _STARTS.match(text.lstrip("\ufeff \t\r\n")):
        return "it begins as a script"
    if libmagic == "application/json":
        return None  # what is quoted in data does not run
    text = unescape(text)  # an entity at the end of a line is no end of a statement
    lines = [line.rstrip()[:LONGEST_LINE] for line in _without_remarks(text).splitlines() if line.strip()][:MOST_LINES]
    for language in _LANGUAGES:
        if language.name == libmagic or language.word.search(text):
            statements = sum(language.statement.match(line) is not None for line in lines)
            if lines and statements >= MOSTLY * len(lines):
                return "nearly every line of it is a program's"
    return None


def _without_remarks(text: str) -> str:
    for opened, closed in _REMARKS:
        kept, at = [], 0
        while (begin := text.find(opened, at)) >= 0 and (end := text.find(closed, begin + len(opened))) >= 0:
            kept.append(text[at:begin])
            at = end + len(closed)
        text = "\n".join([*kept, text[at:]])
    return text

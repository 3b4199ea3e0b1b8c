"""Whether a text looks like a program. That is only told: a text is a text, and lists look like code as well."""

from __future__ import annotations

MOST_LINES = 400
LONGEST_LINE = 500
MOSTLY = 0.6  # of the lines that are not blank

_STARTS = (
    "#!/", "<%", "@echo", "<job", "<package", "<scriptlet", "windows registry editor", "regedit4",
    "[internetshortcut]", "[desktop entry]", "[autorun]",
)  # fmt: skip
_STATEMENTS = """
class def function import from export var let const if else elif elseif fi then for foreach while do done return try
catch except finally switch case using namespace package public private static void int use my sub require include
echo set rem dim call goto start del copy move curl wget sudo apt chmod rm mkdir powershell cmd end iwr print module
"""
_WORDS = frozenset(_STATEMENTS.split())
_ENDS = (";", "{", "}", "};", "){", "):", "\\", "|", "(", "[", "],", "},")
_FIRST = ("#", "//", "/*", "*", "$", "@", "::", "}", ")", "--")


def looks_like(text: str) -> bool:
    """`text`: its beginning."""
    lines = [line.strip()[:LONGEST_LINE] for line in text.splitlines()[:MOST_LINES]]
    lines = [line for line in lines if line]
    if not lines:
        return False
    return lines[0].lower().startswith(_STARTS) or sum(map(_is_statement, lines)) >= MOSTLY * len(lines)


def _is_statement(line: str) -> bool:
    word = line.split(None, 1)[0].lower()
    return word.rstrip("(:{;") in _WORDS or line.endswith(_ENDS) or line.startswith(_FIRST)

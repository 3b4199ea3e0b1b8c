"""Fields of Word that load something: pictures and texts of other files, and objects that are linked."""

from __future__ import annotations

from consumer.inspection.readers.external import Place, is_near, place_of
from consumer.inspection.readers.seen import Seen
from consumer.model import Reason

PICTURE_FIELD, LINK_FIELD = "includepicture", "link"
LOADS = (PICTURE_FIELD, "includetext", "include", "import", LINK_FIELD)
OPTION, AUTOMATIC_LINK, SLASHES = "\\", "\\a", ("\\", "/")
LONGEST_INSTRUCTION = 1024  # characters that tell what a field does
A_WORD_OF_IT, A_LETTER_OF_IT = 6144, 96  # of work


def examine(instruction: str, seen: Seen, strict: bool = False) -> None:
    """What is on a share rejects: a picture is loaded unasked, and tells it who asks. In documents of Word's own people
    link workbooks of their company, and name machines that nobody outside can name; an object of the web is loaded when
    they are opened if the link says so. `strict`: where programs write few such fields.
    """
    name, *rest = instruction.strip(" \t\r\n\"'").split(None, 1) or [""]
    name = name.lower().rstrip('"\\')
    if name not in LOADS or not rest:
        return
    words = [bare for word in rest[0].split() if (bare := word.strip('"'))]
    automatic = AUTOMATIC_LINK in map(str.lower, words)
    for word in words:
        if set("/\\%").isdisjoint(word) or (word[0] == OPTION and word[1:2] not in SLASHES):
            continue  # a range of cells, an option
        seen.work.spend(A_WORD_OF_IT + A_LETTER_OF_IT * len(word))
        place = place_of(word)
        if place is Place.HERE:
            continue
        if strict:
            told = name == PICTURE_FIELD and place is Place.ELSEWHERE
        elif place is Place.SHARE:
            told = name == LINK_FIELD or is_near(word)
        else:
            told = name != LINK_FIELD or not automatic
        if told:
            seen.flag("external_references")
        else:
            seen.find(Reason.EXTERNAL_REFERENCE, "it loads something from the network when it is opened")

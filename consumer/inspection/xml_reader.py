"""The elements of a part as they pass by: nothing expands, and neither depth nor number grows without end."""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

from consumer.inspection.seen import Unreadable

Element = Callable[[str, dict[str, str]], None]

DEEPEST = 32  # levels; listings and relationships have two


def read_elements(content: bytes, element: Element, most: int) -> int:
    """Hands each element to `element`, and returns how many there were.

    `Unreadable` for what is no XML, more than `most` elements, too many levels, or a document type: it is refused
    before any of it is read, since entities expand there.
    """
    counted = depth = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal counted, depth
        counted, depth = counted + 1, depth + 1
        if counted > most or depth > DEEPEST:
            raise Unreadable("a part of the document has more elements than it can need")
        element(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        raise Unreadable("a part of the document is not XML") from None
    except (ValueError, LookupError):  # an encoding that nobody knows
        raise Unreadable("a part of the document is not XML that can be read") from None
    return counted


def _refuse(*declaration: object) -> None:
    raise Unreadable("a part of the document declares a document type")

"""Words with marks in the middle of other XML, as records of patients, feeds and forms have them (FHIR, Atom, XFDF).

A browser shows elements of XHTML wherever they stand. These here it shows as words: they run, load and ask nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from consumer.inspection.readers.media import svg_style
from consumer.inspection.readers.media.svg_names import XHTML

_ELEMENTS = """
a abbr acronym address b bdo big blockquote body br caption center cite code col colgroup dd del dfn div dl dt em
font h1 h2 h3 h4 h5 h6 hr i ins kbd li ol p pre q s samp small span strike strong sub sup table tbody td tfoot th
thead tr tt u ul var
"""
_ATTRIBUTES = """
abbr align border cellpadding cellspacing class color colspan dir face headers height href id lang name rowspan
scope size span start style summary title type valign value width
"""
WORDS, SAID = frozenset(_ELEMENTS.split()), frozenset(_ATTRIBUTES.split())  # and what they may say of themselves
_LINKS = ("http://", "https://", "mailto:", "tel:", "#")


def is_narrative(element: str, attributes: Mapping[str, str]) -> bool:
    """Whether an element, as expat names it, is none of a page's or nothing but words in one."""
    space, _, local = element.rpartition(" ")
    if space.strip().lower() != XHTML:
        return True
    return local in WORDS and all(_says(name, value) for name, value in attributes.items())


def _says(name: str, value: str) -> bool:
    """Browsers know no attribute of another name space on these elements."""
    if " " in name:
        return True
    if name == "style":
        return next(svg_style.faults(value), None) is None
    if name == "href" and ":" in value:
        return value.lower().startswith(_LINKS)
    return name in SAID

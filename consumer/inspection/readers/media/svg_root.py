"""Whether a text is a drawing (SVG): by its root element, or as a browser takes it."""

from __future__ import annotations

from contextlib import suppress
from xml.parsers import expat

from consumer.inspection.readers import scripts
from consumer.inspection.readers.seen import TooMuch, Work
from consumer.inspection.readers.texts import opening, xml_text
from consumer.model.units import MIB

ROOT_WITHIN = 64 * 1024  # bytes in which the root element begins
A_ROOT = 16 * MIB  # of work


class _Known(Exception):
    """Nothing behind this changes what the root element is called."""


def begins(data: bytes) -> bool:
    """Whether its root element is a drawing's, in any encoding, behind whatever may stand before a root."""
    if data[:64].lstrip(b"\xef\xbb\xbf\xfe\xff\0 \t\r\n")[:1] != b"<":
        return False
    head = opening.as_utf8(data[:ROOT_WITHIN], Work())
    try:
        xml_text.pay_for_namespaces(head, Work(A_ROOT))
    except TooMuch:
        return True  # its reader says so
    return _root(head) == "svg" or scripts.page(head, Work()) == "image/svg+xml"


def _root(head: bytes) -> str:
    """The name of the root element, of the document type if entities are declared before it, "" if there is none."""
    found: list[str] = []
    parser = expat.ParserCreate("utf-8", " ")

    def named(name: str, *more: object) -> None:
        found.append(name.rpartition(" ")[2])

    def ended(*more: object) -> None:
        raise _Known

    def root(name: str, attributes: object) -> None:
        found.append(name.rpartition(" ")[2])
        raise _Known

    parser.StartDoctypeDeclHandler, parser.EntityDeclHandler, parser.StartElementHandler = named, ended, root
    with suppress(expat.ExpatError, _Known):
        parser.Parse(head, False)
    return found[-1] if found else ""

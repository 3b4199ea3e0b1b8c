"""Base64, as strict and as loose as it is written."""

from __future__ import annotations

import binascii

from consumer.errors import Malformed

_OF_URLS = bytes.maketrans(b"-_", b"+/")
_BEFORE_JSON = b"\xef\xbb\xbf \t\r\n"


def of_base64(text: object) -> bytes:
    """What is JSON also where it is broken into lines, has the letters for URLs, lacks what fills it up, or was decoded
    already: nothing in base64 begins so."""
    if not isinstance(text, str):
        raise Malformed("an envelope without its payload")
    if text.lstrip("\ufeff \t\r\n").startswith(("{", "[", '"')):
        return text.encode()
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError):
        letters = text.encode(errors="replace").translate(_OF_URLS, b" \t\r\n").rstrip(b"=")
    try:
        loose = binascii.a2b_base64(letters + b"=" * (-len(letters) % 4), strict_mode=True)
    except (binascii.Error, ValueError):
        loose = b""
    if not loose.lstrip(_BEFORE_JSON).startswith((b"{", b"[", b'"')):
        raise Malformed("an envelope's payload is not base64")
    return loose

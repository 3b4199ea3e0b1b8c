"""With what the records of this service are signed, as the settings say."""

from __future__ import annotations

from consumer.settings.model import SignatureSettings
from consumer.wire.signatures import Signatures


def signatures_of(settings: SignatureSettings) -> Signatures:
    return Signatures(settings.keys, required=settings.mode == "require")

"""With what the records of this service are signed, as the settings say; and who looks at a signature afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from consumer.kafka.reading import Record
from consumer.model import Doubt
from consumer.settings.model import SignatureSettings
from consumer.wire.signatures import Signatures


def signatures_of(settings: SignatureSettings) -> Signatures:
    return Signatures(settings.keys, required=settings.mode == "require")


@dataclass(frozen=True, slots=True)
class Verifier:
    """For who only looks: each signature is verified, also where the service believes all."""

    signatures: Signatures
    believes_all: bool  # as the service does: what is doubted counts all the same

    @classmethod
    def of(cls, settings: SignatureSettings) -> Self:
        return cls(Signatures(settings.keys, required=True), believes_all=settings.mode != "require")

    def __bool__(self) -> bool:
        """Whether there is a key to verify by."""
        return bool(self.signatures)

    def doubt(self, record: Record) -> Doubt | None:
        """Why a task or an entry of the ledger need not be ours. Without a key only a signature raises a doubt."""
        headers = tuple(record.headers)
        found = self.signatures.doubt(record.topic, record.partition, record.key, record.value, headers)
        return None if found == "unsigned" and not self.signatures else found

"""How many hostile files made here libmagic alone and the service accept: `python -m tests.inspection.compared`."""

from __future__ import annotations

import magic

from consumer.inspection.detection import Detector
from consumer.inspection.examination import examine
from consumer.inspection.policy.policy import SHIPPED, Policy
from consumer.model import Facts
from tests.inspection import media_polyglots
from tests.inspection.bombs import BOMBS
from tests.inspection.files import MAIN_TYPES, attachment, ooxml
from tests.inspection.polyglots import joined, polyglots

MEDIA = "media of messaging with a second format"
NOT_ALLOWED = sorted(MAIN_TYPES.keys() - {"docx", "xlsx"})


MESSAGING = Policy.load(SHIPPED.with_name("messaging.toml"))


def made() -> dict[str, list[bytes]]:
    return {
        "two formats in one file": list(polyglots().values()),
        "a second file behind, and anything between": list(joined().values()),
        "macro, template and binary OOXML": [ooxml(kind) for kind in NOT_ALLOWED],
        MEDIA: list(media_polyglots.polyglots().values()),
        "bombs": [make() for make in BOMBS.values()],
    }


def accepted(data: bytes, policy: Policy, detector: Detector) -> bool:
    seen = examine(data, detector)
    facts = Facts(size=len(data), detected_type=seen.detected_type, findings=tuple(seen.findings))
    return policy.decide(attachment(None), facts) is None


def accepted_by_libmagic(data: bytes, policy: Policy, alone: magic.Magic) -> bool:
    try:
        return alone.from_buffer(data) in policy.types
    except magic.MagicException:
        return False


def main() -> None:
    shipped, detector, alone = Policy.load(), Detector(), magic.Magic(mime=True)
    print(f"{'':<44}{'files':>6}{'libmagic':>10}{'service':>9}")
    for name, files in made().items():
        policy = MESSAGING if name == MEDIA else shipped
        ours = sum(accepted(data, policy, detector) for data in files)
        theirs = sum(accepted_by_libmagic(data, policy, alone) for data in files)
        print(f"{name:<44}{len(files):>6}{theirs:>10}{ours:>9}")


if __name__ == "__main__":
    main()

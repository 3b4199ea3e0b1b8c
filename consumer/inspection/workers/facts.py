"""What is known of a file, once its bytes were looked at: what they are, beside what was claimed of them."""

from __future__ import annotations

from consumer.inspection.policy.extensions import declared_as, extension_type, is_generic
from consumer.inspection.workers.asking import FileBody
from consumer.inspection.workers.codes import Examined
from consumer.model import Attachment, Facts, Finding, Reason


def undetectable(sentence: str) -> Examined:
    return Examined(None, (Finding(Reason.UNDETECTABLE, sentence),), ())


def facts_of(body: FileBody, attachment: Attachment, answer: Examined, detectors: dict[str, str]) -> Facts:
    flags = list(answer.flags)
    if is_generic(attachment.declared_type):
        flags.append("generic_declared_type")
    if attachment.declared_size is not None and attachment.declared_size != body.size:
        flags.append("size_differs")
    named = extension_type(attachment.name)
    claims = {named, declared_as(attachment.declared_type)} - {None}
    if claims - {answer.detected_type}:
        flags.append("type_differs")
    return Facts(
        size=body.size,
        sha256=body.sha256,
        extension_type=named,
        detected_type=answer.detected_type,
        findings=answer.findings,
        flags=tuple(flags),
        detectors=detectors,
    )

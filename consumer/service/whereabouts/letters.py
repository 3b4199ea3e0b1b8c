"""What a dead letter means, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from consumer.model import DeadLetter, DeadReason

FILE = "file"  # in place of a call's name: what was asked of a file's host
EXPLAINED = {
    (DeadReason.FORBIDDEN, "refused"): (
        "This one was refused while the client, its address and the permission for the call were not: the divisions of "
        "the client's roles do not cover it. Widen them, then replay."
    ),
    (DeadReason.NO_IDS, "refused"): (
        "The API does not take these ids, and takes others: the event names what Genesys can't know."
    ),
    (DeadReason.NOT_FOUND, "answered"): "Genesys itself says that there is no such thing.",
}
EXPLAINED_OF_FILES = {"refused": "The store refused each fresh link to this file, and delivered others."}
EXPLAINED_BY_MEANING = {
    "answered": "Genesys answered, and did not show what was announced until the attempts ran out.",
    "refused": "It was refused again and again, while others were answered.",
    "limited": "This one met a limit of calls each time it was asked for, while others were answered. Replay it later.",
    "down": "The host said that it can't, each time for this one, while it answered others. Replay it later.",
    "not_genesys": "Something else answered in place of Genesys for this one, and not for others. Replay it later.",
    "not_the_store": "Something else answered in place of the file's host. Replay it once the host delivers.",
    "no_answer": "Nobody answered for this one, while others were answered. Replay it later.",
}
REPLAY = "`dlq replay --id {id}`"
REMEDIES: Mapping[DeadReason, str] = {
    DeadReason.UNREADABLE: "See with `dlq show {id}` what it is, and mend what brings the events.",
    DeadReason.NO_IDS: "See with `dlq show {id}` what it is, and mend what brings the events.",
    DeadReason.OTHER_ORGANIZATION: "Check TOPICS__EVENTS and the credentials: one deployment serves one organisation.",
    DeadReason.NOT_FOUND: f"Nothing, if it was deleted in Genesys. If Genesys shows it now: {REPLAY}.",
    DeadReason.FORBIDDEN: f"Widen the divisions of the client's roles, then {REPLAY}.",
    DeadReason.UNAVAILABLE: f"Judge it once more: {REPLAY}.",
    DeadReason.HOST_UNAVAILABLE: f"Allow the host in DOWNLOAD__ALLOWED_HOSTS if it is theirs, restart, then {REPLAY}.",
    DeadReason.BUG: f"Report what the log says at that time. With a release that mends it: {REPLAY}.",
}


def explained(letter: DeadLetter) -> str | None:
    """What the answer that it rests on means; None where no answer of a host led to it."""
    if letter.settled is None:
        return None
    meaning = letter.settled.meaning
    of_files = EXPLAINED_OF_FILES.get(meaning) if letter.settled.call == FILE else None
    return of_files or EXPLAINED.get((letter.reason, meaning)) or EXPLAINED_BY_MEANING.get(meaning)


def remedy(letter: DeadLetter) -> str:
    return REMEDIES[letter.reason].format(id=letter.identity.hex())

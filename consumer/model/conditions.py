"""Every state in which the service takes no tasks, or takes them and is not well."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

from consumer.model.reasons import Dependency


class Effect(Enum):
    """What a condition does while it holds."""

    STOPS = "stops"  # this process can't work as it is set up: it is not ready
    WAITS = "waits"  # an outage of somebody else, or the end: work waits, and the process stays ready
    WARNS = "warns"  # work goes on


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a condition, whoever it holds for."""

    effect: Effect
    sentence: str
    remedy: str
    takes_tasks: bool = True  # False: the second loop takes no task while it holds


class Condition(StrEnum):
    """A closed list: `/readyz`, the gauge `condition`, the log and the alerts are derived from it."""

    LOGIN_AWAY = "login_away"
    API_AWAY = "api_away"
    FILES_AWAY = "files_away"
    STORAGE_AWAY = "storage_away"
    ANTIVIRUS_AWAY = "antivirus_away"
    LOGIN_REFUSED = "login_refused"
    API_REFUSED = "api_refused"
    FILES_REFUSED = "files_refused"
    STORAGE_REFUSED = "storage_refused"
    ANTIVIRUS_REFUSED = "antivirus_refused"
    TOPICS_WRONG = "topics_wrong"
    TOPICS_WEAK = "topics_weak"
    KAFKA_AWAY = "kafka_away"
    KAFKA_REFUSED = "kafka_refused"
    PARTITION_WAITS = "partition_waits"
    WORKERS_UNCONFINED = "workers_unconfined"
    WORKERS_NOT_STARTING = "workers_not_starting"
    WORKERS_KILLED = "workers_killed"
    CONFINEMENT_OFF = "confinement_off"
    CRASH_LOOP = "crash_loop"
    BUGS = "bugs"
    FOREIGN_TOPIC = "foreign_topic"
    API_LIMITED = "api_limited"
    MANY_FORBIDDEN = "many_forbidden"
    STILL_FAILING = "still_failing"
    TOO_MANY_REST = "too_many_rest"
    HOST_NOT_ALLOWED = "host_not_allowed"
    POLICY_NOT_RELOADED = "policy_not_reloaded"
    POLICY_UNCLEAR = "policy_unclear"
    RULES_NOT_RELOADED = "rules_not_reloaded"
    LEDGER_ODD = "ledger_odd"
    SIGNATURES_MISSING = "signatures_missing"
    SIGNATURES_WRONG = "signatures_wrong"
    EVENTS_BELIEVED = "events_believed"
    NO_LONGER_SUBSCRIBED = "no_longer_subscribed"
    SOCKET_CLOSING = "socket_closing"
    LAG_UNKNOWN = "lag_unknown"
    CANARY_WRONG = "canary_wrong"
    CANARY_LATE = "canary_late"
    SCANNER_BLIND = "scanner_blind"
    DRAINING = "draining"

    @property
    def told(self) -> Told:
        return _TOLD[self]


AWAY = {
    Dependency.LOGIN: Condition.LOGIN_AWAY,
    Dependency.API: Condition.API_AWAY,
    Dependency.FILES: Condition.FILES_AWAY,
    Dependency.STORAGE: Condition.STORAGE_AWAY,
    Dependency.ANTIVIRUS: Condition.ANTIVIRUS_AWAY,
}
"""Of each dependency that has a gate: what holds while the gate is closed and nothing refused us."""

REFUSED = {
    Dependency.LOGIN: Condition.LOGIN_REFUSED,
    Dependency.API: Condition.API_REFUSED,
    Dependency.FILES: Condition.FILES_REFUSED,
    Dependency.STORAGE: Condition.STORAGE_REFUSED,
    Dependency.ANTIVIRUS: Condition.ANTIVIRUS_REFUSED,
}
"""Of each dependency that has a gate: what holds while it refuses us as we are set up."""

_PROBED = (
    "Nothing, if it is down: it is asked every 1 to 30 s, and tasks are taken again once it answers. If it never "
    "answered: check GENESYS_REGION, the proxy, and what your network lets out."
)


def _away(sentence: str, remedy: str = _PROBED) -> Told:
    return Told(Effect.WAITS, sentence, remedy, takes_tasks=False)


def _refused(sentence: str, remedy: str) -> Told:
    return Told(Effect.STOPS, sentence, remedy, takes_tasks=False)


_TOLD = {
    Condition.LOGIN_AWAY: _away("The login host of Genesys Cloud does not answer."),
    Condition.API_AWAY: _away("The API of Genesys Cloud does not answer."),
    Condition.FILES_AWAY: _away("The file hosts of Genesys Cloud do not answer."),
    Condition.STORAGE_AWAY: _away("Accepted files can't be stored.", "Mend the storage, or free space in it."),
    Condition.ANTIVIRUS_AWAY: _away("The antivirus does not answer.", "Start it again."),
    Condition.LOGIN_REFUSED: _refused(
        "Genesys Cloud refuses the client credentials.",
        "Check GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_REGION, and that the client is active.",
    ),
    Condition.API_REFUSED: _refused(
        "Genesys Cloud refuses the API calls of this client.",
        "Give its role the permission that is named, or allow the address that is named.",
    ),
    Condition.FILES_REFUSED: _refused(
        "The certificate of the file host is not trusted.", "Set GENESYS__CA_FILE to your own authority."
    ),
    Condition.STORAGE_REFUSED: _refused(
        "The storage refuses this service.", "Check STORAGE__URL, its credentials and its permissions."
    ),
    Condition.ANTIVIRUS_REFUSED: _refused(
        "What answers at ANTIVIRUS__ADDRESS is no antivirus that is known.", "Check ANTIVIRUS__ADDRESS."
    ),
    Condition.TOPICS_WRONG: Told(
        Effect.STOPS, "A topic is missing or not as it must be.", "Run `attachment-consumer topics describe`."
    ),
    Condition.TOPICS_WEAK: Told(
        Effect.WARNS,
        "A topic can lose answers with a broker, or takes no writes without one.",
        "Change what the detail names. A restart looks again.",
    ),
    Condition.KAFKA_AWAY: Told(
        Effect.WAITS, "Kafka does not answer.", "Nothing, or mend the brokers. It is tried again every 0.5 to 30 s."
    ),
    Condition.KAFKA_REFUSED: Told(
        Effect.STOPS,
        "Kafka refuses what this service has to do.",
        "Mend what the detail names: a grant, a login, a topic, a limit.",
    ),
    Condition.PARTITION_WAITS: Told(
        Effect.WAITS, "A partition can't commit its answers.", "Mend the brokers, or what the detail names."
    ),
    Condition.WORKERS_UNCONFINED: _refused(
        "Examining processes are not held in as they have to be.",
        "Allow in the container's profile what the detail names; SECURITY.md tells what each runtime needs.",
    ),
    Condition.WORKERS_NOT_STARTING: _refused(
        "Examining processes end at their start.", "See the detail: memory, processes or files may be missing."
    ),
    Condition.WORKERS_KILLED: Told(
        Effect.WARNS,
        "The process that examining processes are forked from is ended again and again: their files begin anew.",
        "See what ends it. Signal 9 comes from the kernel where the memory of the container or its node is short: "
        "raise it, or lower INSPECTION__WORKERS.",
    ),
    Condition.CONFINEMENT_OFF: Told(
        Effect.WARNS,
        "Nothing keeps a file that takes an examining process over from what the service may do.",
        "Set INSPECTION__CONFINEMENT to seccomp or full.",
    ),
    Condition.CRASH_LOOP: Told(
        Effect.WARNS,
        "Processes end at the same tasks again and again: it is being found out which file does it.",
        "See why they end: exit code 137 is the memory of the container or of its node. A file that ends two of them "
        "alone is `undetectable`; raise the limit if honest ones are.",
    ),
    Condition.BUGS: _refused(
        "Many tasks in a row failed by a bug of this service.", "See the tracebacks in the log. A restart tries again."
    ),
    Condition.FOREIGN_TOPIC: _refused(
        "The events are of another Genesys organisation.",
        "Check TOPICS__EVENTS and the credentials. It is tried every 30 s, and ends with the first that the API knows.",
    ),
    Condition.API_LIMITED: Told(
        Effect.WARNS,
        "Genesys Cloud asks for minutes without calls.",
        "See the limit in the log. One call every 5 minutes tries; ask Genesys for a higher limit if it comes again.",
    ),
    Condition.MANY_FORBIDDEN: Told(
        Effect.WARNS,
        "Many conversations may not be read: they become dead letters.",
        "Check which divisions the roles of the OAuth client cover, then `dlq replay --reason forbidden`.",
    ),
    Condition.STILL_FAILING: Told(
        Effect.WARNS,
        "A dependency answers its probe, and what failed before fails again: it waits until others are answered.",
        "See the detail. Mend a proxy or a filter in between; else the next good answer for others ends it.",
    ),
    Condition.TOO_MANY_REST: Told(
        Effect.WAITS,
        "As many tasks wait as may, for what ends by itself: no more are taken.",
        "See what else holds: a limit, a gate, refused conversations. Raise LIMITS__RESTING if there is memory.",
    ),
    Condition.HOST_NOT_ALLOWED: Told(
        Effect.WARNS,
        "Links of Genesys Cloud lead to a host that is not allowed: its files wait, and then are dead letters.",
        "Allow the host in DOWNLOAD__ALLOWED_HOSTS if it is theirs, restart, then "
        "`dlq replay --reason host_unavailable`.",
    ),
    Condition.POLICY_NOT_RELOADED: Told(
        Effect.WARNS, "The changed policy file is wrong; the one before stays in force.", "Run `check-config`."
    ),
    Condition.RULES_NOT_RELOADED: Told(
        Effect.WARNS, "The changed YARA rules are wrong; those before stay in force.", "Run `check-config`."
    ),
    Condition.POLICY_UNCLEAR: Told(
        Effect.WARNS,
        "The policy judges some files by their type alone, or leaves out what a reader finds.",
        "Write the lines that the detail names into the policy: then it is what you want.",
    ),
    Condition.LEDGER_ODD: Told(
        Effect.WARNS,
        "The ledger of a partition holds records that this release did not write.",
        "See who else writes to the ledger topic. After going back by a release: its newer entries count as answers.",
    ),
    Condition.SIGNATURES_MISSING: Told(
        Effect.STOPS,
        "Signatures are required, and the ledger of a partition holds answers without one.",
        "Set SIGNATURES__MODE=sign until the day that the detail names. If somebody else wrote them, and no release or "
        "mode that does not sign: SIGNATURES__FORGED_SINCE.",
    ),
    Condition.SIGNATURES_WRONG: Told(
        Effect.STOPS,
        "More of a partition's ledger does not verify than a forger explains: a signing key may be wrong.",
        "Set the keys that it was signed with. One is lost: SIGNATURES__MODE=sign for as long as the ledger is kept. "
        "Somebody forged the entries: SIGNATURES__FORGED_SINCE.",
    ),
    Condition.EVENTS_BELIEVED: Told(
        Effect.WARNS,
        "Events are believed without asking the API: whoever may write events can take answers away.",
        "Set GENESYS__METADATA=api, unless nobody else writes to the events topic.",
    ),
    Condition.NO_LONGER_SUBSCRIBED: Told(
        Effect.WARNS,
        "What brings the events was told that it is no longer subscribed: events are missing from there on.",
        "See why (its permissions, its channel), subscribe again, and bring in what was missed.",
    ),
    Condition.SOCKET_CLOSING: Told(
        Effect.WARNS,
        "What brings the events was told that its socket closes: events are missing until it connects again.",
        "Nothing, if it connects again by itself.",
    ),
    Condition.CANARY_WRONG: _refused(
        "A known file is judged wrongly, so others may be: no more are judged.",
        "Roll back to the version, image or policy before; it is tried again every minute.",
    ),
    Condition.CANARY_LATE: Told(
        Effect.WARNS,
        "A known file got no answer from worker or antivirus in a minute.",
        "See the CPU that workers and antivirus get; fewer tasks at once, or more workers, shorten the queue.",
    ),
    Condition.SCANNER_BLIND: Told(
        Effect.WARNS,
        "The antivirus does not see the test signature, so it sees less than it seems.",
        "Load its signatures; raise StreamMaxLength, MaxScanSize and MaxFileSize above the policy's largest file. "
        "An ICAP server has to scan all types and sizes.",
    ),
    Condition.LAG_UNKNOWN: Told(
        Effect.WARNS,
        "How far this process is behind is not known.",
        "Nothing, if Kafka is away; else grant DESCRIBE and READ on the topic and its group, or mend the brokers.",
    ),
    Condition.DRAINING: Told(Effect.WAITS, "The service is stopping.", "Nothing.", takes_tasks=False),
}

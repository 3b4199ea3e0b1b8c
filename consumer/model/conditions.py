"""Every state in which the service takes no tasks, or takes them and is not well."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

from consumer.model.reasons import Dependency


class Effect(Enum):
    """What a condition does while it holds."""

    STOPS = "stops"  # this process can't work as it is set up: it takes no tasks and is not ready
    WAITS = "waits"  # an outage of somebody else: no tasks are taken, and the process stays ready
    WARNS = "warns"  # tasks are taken


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a condition, whoever it holds for."""

    effect: Effect
    sentence: str
    remedy: str


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
    EVENTS_NOT_READ = "events_not_read"
    TASKS_NOT_READ = "tasks_not_read"
    PARTITION_STOPPED = "partition_stopped"
    BUGS = "bugs"
    FOREIGN_TOPIC = "foreign_topic"
    POLICY_NOT_RELOADED = "policy_not_reloaded"
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

_PROBED = "Nothing: it is asked every 1 to 30 s, and tasks are taken again once it answers."

_TOLD = {
    Condition.LOGIN_AWAY: Told(Effect.WAITS, "The login host of Genesys Cloud does not answer.", _PROBED),
    Condition.API_AWAY: Told(Effect.WAITS, "The API of Genesys Cloud does not answer.", _PROBED),
    Condition.FILES_AWAY: Told(Effect.WAITS, "The file hosts of Genesys Cloud do not answer.", _PROBED),
    Condition.STORAGE_AWAY: Told(
        Effect.WAITS, "Accepted files can't be stored.", "Mend the storage, or free space in it. It is probed."
    ),
    Condition.ANTIVIRUS_AWAY: Told(Effect.WAITS, "The antivirus does not answer.", "Start it again. It is probed."),
    Condition.LOGIN_REFUSED: Told(
        Effect.STOPS,
        "Genesys Cloud refuses the client credentials.",
        "Check GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET and GENESYS_REGION, and that the client is active.",
    ),
    Condition.API_REFUSED: Told(
        Effect.STOPS,
        "Genesys Cloud refuses the API calls of this client.",
        "Give its role the permission that is named, or allow the address that is named.",
    ),
    Condition.FILES_REFUSED: Told(
        Effect.STOPS, "The file host's certificate is not trusted.", "Set GENESYS__CA_FILE to your own authority."
    ),
    Condition.STORAGE_REFUSED: Told(
        Effect.STOPS, "The storage refuses this service.", "Check STORAGE__URL, its credentials and its permissions."
    ),
    Condition.ANTIVIRUS_REFUSED: Told(
        Effect.STOPS, "What answers at ANTIVIRUS__ADDRESS is no antivirus that is known.", "Check ANTIVIRUS__ADDRESS."
    ),
    Condition.TOPICS_WRONG: Told(
        Effect.STOPS, "A topic is missing or not as it must be.", "Run `attachment-consumer topics describe`."
    ),
    Condition.EVENTS_NOT_READ: Told(
        Effect.STOPS, "Events can't be taken in from Kafka.", "Mend what the detail names: a grant, a login, a topic."
    ),
    Condition.TASKS_NOT_READ: Told(
        Effect.STOPS, "Tasks can't be read from Kafka.", "Mend what the detail names: a grant, a login, a topic."
    ),
    Condition.PARTITION_STOPPED: Told(
        Effect.STOPS, "A partition can't commit its answers.", "Mend what the detail names: a grant, a limit, a topic."
    ),
    Condition.BUGS: Told(
        Effect.STOPS,
        "Many tasks in a row failed by a bug of this service.",
        "See the tracebacks in the log. A restart tries again.",
    ),
    Condition.FOREIGN_TOPIC: Told(
        Effect.STOPS,
        "The events are of another Genesys organisation.",
        "Check TOPICS__EVENTS and the credentials. A restart tries again.",
    ),
    Condition.POLICY_NOT_RELOADED: Told(
        Effect.WARNS, "The changed policy file is wrong; the one before stays in force.", "Run `check-config`."
    ),
    Condition.DRAINING: Told(Effect.WAITS, "The service is stopping.", "Nothing."),
}

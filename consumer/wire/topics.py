"""What a notification topic tells, by its template: whether customers' messages can be in it at all.

Source: the topics that the SDKs of Genesys Cloud list (`notificationMappings`), and the models of their bodies. A topic
that is not here is read by what its body shows.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from typing import Any

from consumer.model import Event


class TopicSubject(Enum):
    """What events of a topic are about."""

    MESSAGING = "messaging"  # conversations with customers' messages, or with ids of such
    OTHER_MEDIA = "other_media"  # conversations by voice, e-mail, …: without messages
    OTHER = "other"  # anything else: settings, jobs, people, what agents write to each other
    HEARTBEAT = "heartbeat"
    NO_LONGER_SUBSCRIBED = "no_longer_subscribed"  # from here on events are missing
    SOCKET_CLOSING = "socket_closing"  # the socket ends within a minute


REMEMBERED = 1_024  # topics: those of the same queues and users come again and again
ONE, REST = "*", "**"  # stand for one part of a topic, and for all that follow, none included

_OF_CONVERSATIONS = {
    "": TopicSubject.MESSAGING,
    ".messages": TopicSubject.MESSAGING,
    ".socialexpressions": TopicSubject.MESSAGING,
    ".videos": TopicSubject.MESSAGING,  # its body lists all that a conversation has
    ".callbacks": TopicSubject.OTHER_MEDIA,
    ".calls": TopicSubject.OTHER_MEDIA,
    ".chats": TopicSubject.OTHER_MEDIA,
    ".cobrowseSessions": TopicSubject.OTHER_MEDIA,
    ".emails": TopicSubject.OTHER_MEDIA,
    ".screenshares": TopicSubject.OTHER_MEDIA,
    ".inbound.typing.event": TopicSubject.OTHER,
    ".summaries.**": TopicSubject.OTHER,
    ".*.recordings.**": TopicSubject.OTHER,
}
_OTHER = (
    "analytics", "architect", "audits", "bot", "businessunits", "coaching", "contentmanagement",
    "detail.events.agent", "detail.events.collaboratechat", "employeeperformance", "externalcontacts", "flows",
    "gamification", "groups", "integrations", "journey", "managementunits", "operations", "outbound", "quality",
    "routing.queues.*.users", "speechandtextanalytics", "subscription", "system", "taskmanagement", "telephony",
    "video", "webdeployments", "webmessaging.deployments.*.undelivered", "wem", "workflows", "workforcemanagement",
    "conversations.*.agentchecklist", "conversations.*.suggestions", "conversations.*.transcription",
    "users.*.activity", "users.*.alerting", "users.*.analytics", "users.*.badges", "users.*.callforwarding",
    "users.*.conversationsummary", "users.*.employeeengagement", "users.*.fax", "users.*.geolocation",
    "users.*.greetings", "users.*.integrationpresence", "users.*.integrations", "users.*.outbound",
    "users.*.outofoffice", "users.*.persistentconnection", "users.*.presence", "users.*.recordings",
    "users.*.routingStatus", "users.*.station", "users.*.tokens", "users.*.userrecordings", "users.*.voicemail",
    "users.*.wem", "users.*.workforcemanagement",
)  # fmt: skip

TOPICS = {
    "channel.metadata": TopicSubject.HEARTBEAT,
    "v2.system.no_longer_subscribed.**": TopicSubject.NO_LONGER_SUBSCRIBED,
    "v2.system.socket_closing.**": TopicSubject.SOCKET_CLOSING,
    "v2.detail.events.conversation.**": TopicSubject.MESSAGING,
    **{f"v2.users.*.conversations{rest}": subject for rest, subject in _OF_CONVERSATIONS.items()},
    **{f"v2.routing.queues.*.conversations{rest}": subject for rest, subject in _OF_CONVERSATIONS.items()},
    **{f"v2.{family}.**": TopicSubject.OTHER for family in _OTHER},
}


def _tree(topics: dict[str, TopicSubject]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for template, subject in topics.items():
        node = root
        for part in template.split("."):
            node = node.setdefault(part, {})
        node[""] = subject
    return root


_TREE = _tree(TOPICS)


@lru_cache(REMEMBERED)
def subject_of(topic: str) -> TopicSubject | None:
    """None for a topic that nobody listed. A part in the topic's own words wins over one that stands for any."""
    node, inherited = _TREE, None
    for part in topic.split("."):
        if REST in node:
            inherited = node[REST].get("", inherited)
        node = node.get(part) or node.get(ONE) or {}
    found: TopicSubject | None = node.get("") or node.get(REST, {}).get("", inherited)
    return found


def wants_lookup(event: Event, patterns: Iterable[str]) -> bool:
    """Whether an event is worth a call: it names or may list messages, names no topic, one that nobody knows, or one of
    those of the setting.

    Patterns are shell-like (`*.customer.end`). Most bare events come before the file does, and would find nothing.
    """
    if event.messages or event.cut_down or event.topic_name is None or subject_of(event.topic_name) is None:
        return True
    return any(fnmatch.fnmatchcase(event.topic_name, pattern) for pattern in patterns)

"""The ids beside a message, or in place of one: of which conversation it is, and whether its id is one of Genesys's.

Carriers number what they carry, and many call that `messageId`, too: JMS, queues of Amazon and Microsoft, Segment,
gateways of short messages. So the id of a message counts as Genesys's only in Genesys's company: beside the id of a
conversation, under a topic of its, in an address of its API, or with nothing around it but what Genesys says of
messages.
"""

from __future__ import annotations

import re

from consumer.identity import in_one_case
from consumer.wire.described import MESSAGE_URI
from consumer.wire.fields import BadId, Json, first_text, read_id, word

TOPIC_CONVERSATION = re.compile(
    r"v2\.(?:detail\.events\.conversation|conversations(?:\.[a-z]+)?)\.([0-9a-fA-F-]{36})(?:\.|$)"
)
# Whose bodies are conversations with all that they have.
TOPIC_OF_CONVERSATIONS = re.compile(
    r"v2\.(?:users|routing\.queues)\.[^.]+\.conversations(?:\.(?:messages|socialexpressions|videos))?"
)
TOPICS_BEGIN = "v2."
FOR_BOTS = "genesysConversationId"  # as the bot connector says it, whose messages and sessions have ids of its own
NOT_OURS = "may be its carrier's: nothing beside it says that it is from Genesys"
TYPES = frozenset({"", "text", "structured", "receipt", "event"})
# Fields of the models of messages and their events in Genesys's SDKs that no carrier's own record has, or not alone.
GENESYS_WORDS = frozenset({
    "agentId", "communicationId", "conversation", "conversationId", "conversationUri", "direction", "divisionId",
    "eventTime", "externalContactId", "fromAddress", "id", "integrationId", "mediaType", "message", "messageId",
    "messageSegmentCount", "messageStatus", "messageTime", "messageType", "messageURI", "messageUri", "messengerType",
    "organizationId", "originatingEntity", "participantId", "provider", "purpose", "queueId", "selfUri", "sessionId",
    "timestamp", "toAddress", "type", "userId",
})  # fmt: skip
# And what messages that are listed have besides.
LISTED_WORDS = GENESYS_WORDS | {
    "attachments", "body", "channel", "content", "contentType", "from", "media", "messageMediaAttachments",
    "messageMetadata", "messageText", "normalizedMessage", "status", "stickers", "text", "textBody", "to",
}  # fmt: skip


def conversation_id_of(body: Json, topic: str | None) -> str | None:
    """Raises `BadId`."""
    found = read_id(body.get("conversationId") or body.get(FOR_BOTS), "conversation id")
    if found is not None:
        return found
    if isinstance(nested := body.get("conversation"), dict):
        found = read_id(nested.get("id"), "conversation id")
    if found is None and (
        "participants" in body or isinstance(body.get("messages"), list) or shows_conversations(topic)
    ):
        found = read_id(body.get("id"), "conversation id")
    if found is None and topic is not None and (match := TOPIC_CONVERSATION.match(topic)):
        found = in_one_case(match.group(1))
    return found


def shows_conversations(topic: str | None) -> bool:
    return topic is not None and TOPIC_OF_CONVERSATIONS.fullmatch(topic) is not None


def check_posted(raw: Json, conversation_id: str) -> None:
    """Whether what looks like a message of open messaging is one: it names its channel or its conversation, or its
    content in Genesys's way. Others list `content` as well, language models among them. Raises `BadId`."""
    contents = raw.get("content")
    typed = isinstance(contents, list) and any(isinstance(each, dict) and "contentType" in each for each in contents)
    if not (conversation_id or typed or not contents or "channel" in raw):
        raise BadId(f"its id {NOT_OURS}")


def check_listed(raw: Json, conversation_id: str) -> None:
    """Whether what lists `messages`, and names no conversation, lists those of one: services for publishing list
    messages as well. Raises `BadId`."""
    messages = raw.get("messages")
    if not isinstance(messages, list):
        return
    if messages and raw.keys() == {"id", "messages"} and all(map(_is_a_body, messages)):
        raise BadId(f"the ids of its messages {NOT_OURS}")
    if conversation_id:
        return
    if not all(isinstance(each, dict) and each.keys() <= LISTED_WORDS for each in messages):
        raise BadId("the ids that it lists may be its carrier's: not all of what stands there is said by Genesys")


def _is_a_body(listed: object) -> bool:
    """As queues list what they hold."""
    return isinstance(listed, dict) and listed.keys() == {"id", "body"}


def is_of_genesys(body: Json, conversation_id: str | None, topic: str | None) -> bool:
    """Whether the id of a message in `body` is one of Genesys's."""
    if conversation_id is not None or (topic is not None and topic.startswith(TOPICS_BEGIN)):
        return True
    if isinstance(body.get("message"), str):  # Genesys has an object there
        return False
    if MESSAGE_URI.search(first_text(body, "messageURI", "messageUri") or ""):
        return True
    return body.keys() <= GENESYS_WORDS and word(body.get("type")) in TYPES

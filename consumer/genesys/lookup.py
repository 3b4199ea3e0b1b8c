"""What Genesys knows about messages and their files, for as few calls as what is known already allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from typing import Any

from consumer.errors import Failure, Malformed, NotJudged, NotYet, Unavailable, not_there
from consumer.genesys.answers import message_in
from consumer.genesys.api import Api, Missing
from consumer.genesys.links import bearer_id
from consumer.genesys.merged import Merged, MergedCall
from consumer.genesys.sender import SHOWS_FILES
from consumer.http.urls import Origin
from consumer.model import (
    Attachment,
    DeadReason,
    Dependency,
    Direction,
    MediaStatus,
    Message,
    Reason,
    Resolved,
    Settled,
    Shape,
)
from consumer.model.heard import Asked
from consumer.model.latest import remember
from consumer.wire import shapes
from consumer.wire.fields import ID, BadId, read_id, usable_id

COMMUNICATIONS = 4_096  # that are known
TRIED_ALONE, TRIED_ALONE_AGAIN = 8, 100  # conversations: each of the first, then each hundredth
Found = dict[str, Message | NotJudged]


def is_complete(message: Message) -> bool:
    """Whether an event said all that the API could say about a message's files (the setting `metadata = "event"`)."""
    return (
        message.direction is Direction.INBOUND
        and bool(message.attachments)
        and len(message.attachments) >= message.announced
        and all(
            a.attachment_id and a.url and a.name and a.declared_type and a.declared_size is not None
            for a in message.attachments
        )
        and not any(a.status in (MediaStatus.UPLOADING, MediaStatus.INVALID) for a in message.attachments)
    )


class Lookup:
    """Finds messages, conversations and files. `link_origins` are the hosts whose download links are our API's."""

    def __init__(self, api: Api, link_origins: Set[Origin]) -> None:
        self._api = api
        self._link_origins = link_origins
        self._conversations: Merged[None, Sequence[Message]] = Merged(self._list)
        self._messages: Merged[frozenset[str], Found] = Merged(self._read)
        self._has_bulk = False  # once it was answered for any conversation
        self._communications: dict[tuple[str, str], str] = {}  # of messages whose events did not name it, oldest first
        self._in_vain = 0  # conversations that bulk did not know before that, in a row, nor did the other calls

    async def find(self, conversation_id: str, message_ids: frozenset[str]) -> dict[str, Message]:
        """The messages with these ids; what is not there is not in it.

        Questions about one conversation share a call, never one that began earlier.
        """
        found = await self._messages.ask(conversation_id, message_ids) if message_ids else {}
        messages = {}
        for message_id in message_ids & found.keys():
            message = found[message_id]
            if isinstance(message, NotJudged):
                raise message.with_traceback(None)
            messages[message_id] = message
        return messages

    async def find_listed(self, conversation_id: str, wanted: Callable[[Message], bool]) -> list[Message]:
        """Of the messages that the conversation lists and that may carry files, those that are wanted.

        Only these are read in full; without an id a message comes as it is listed. Calls are shared as with `find`.
        """
        listed = [m for m in await self._conversations.ask(conversation_id, None) if wanted(m)]
        unread = frozenset(m.message_id for m in listed if m.message_id and not _is_told(m))
        found = await self.find(conversation_id, unread)
        return [_both(message, found.get(message.message_id)) for message in listed]

    async def conversation_of(self, message_id: str) -> str:
        """The conversation of a message that came without one."""
        raw = await self._api.message_details(message_id)
        try:
            conversation_id = read_id(raw.get("conversationId"), "conversation id")
        except BadId as bad:
            raise NotYet(Dependency.API, bad.detail) from None
        if conversation_id is None:
            raise NotYet(Dependency.API, "Genesys does not say to which conversation the message belongs")
        return conversation_id

    # ---- merged questions about a conversation

    async def _list(self, conversation_id: str, batch: MergedCall[None, Sequence[Message]]) -> Sequence[Message]:
        """What the conversation itself says, of messages that may carry files."""

        def begun() -> None:
            batch.close()

        raw = await self._api.conversation(conversation_id, begun)
        try:
            seen = shapes.conversation(raw, conversation_id)
        except Malformed as malformed:
            asked, settled = Asked("conversation", conversation_id), Settled("conversation", "not_genesys")
            detail = f"the conversation is of an unknown shape: {malformed.detail}"
            raise Unavailable(Dependency.API, detail, asked=asked, settled=settled) from None
        return [one.message for one in seen if one.message.announces_media]

    async def _read(self, conversation_id: str, batch: MergedCall[frozenset[str], Found]) -> Found:
        """The authoritative form: one bulk call, or one call for each message where bulk is not to be had."""

        def ids() -> list[str]:
            batch.close()
            return sorted(frozenset().union(*batch.needs))

        try:
            entities = await self._api.messages(conversation_id, ids)
        except Missing as missing:
            if missing.settled is not None and missing.settled.code.endswith("not.found"):
                return await self._if_bulk_is_missing(conversation_id, ids())
            return await self._one_by_one(conversation_id, ids())
        except NotJudged:
            if self._has_bulk and len(ids()) == 1 and self._api.refusals.are_many:
                raise  # else it is asked for itself as well, since whoever is not well may answer that
            return await self._one_by_one(conversation_id, ids())
        self._has_bulk = True
        return dict(message for raw in entities if (message := _message(raw, conversation_id)))

    async def _if_bulk_is_missing(self, conversation_id: str, ids: list[str]) -> Found:
        """Where others were answered in bulk, or nobody knows any of many conversations, it is the conversation that
        is unknown, and not the call."""
        if self._has_bulk or (self._in_vain >= TRIED_ALONE and self._in_vain % TRIED_ALONE_AGAIN):
            self._in_vain += 1
            return {}
        self._in_vain += 1
        found = await self._one_by_one(conversation_id, ids)
        if found:
            self._in_vain = 0
        return found

    async def _one_by_one(self, conversation_id: str, ids: list[str]) -> Found:
        """The first one shows whether it is the conversation that is unknown or forbidden: then no other is asked."""
        first, *others = ids
        found = await self._one(conversation_id, first)
        if others and first not in found:
            await self._api.conversation(conversation_id)
        if _is_forbidden(found.get(first)):
            return dict.fromkeys(ids, found[first])
        for id_ in others:
            found |= await self._one(conversation_id, id_)
        return found

    async def _one(self, conversation_id: str, id_: str) -> Found:
        try:
            message = _message(await self._api.message(conversation_id, id_), conversation_id)
        except Missing:
            return {}
        except NotJudged as failure:
            return {id_: failure}
        return dict([message]) if message else {}

    # ---- where a file is

    async def locate(self, attachment: Attachment, again: bool = False) -> str | Reason:
        """The URL that delivers the bytes now, without a token. `again`: the one before was no longer good.

        Raises `NotYet` while Genesys has no finished upload, or has not got the file yet.
        """
        if attachment.removed:
            return Reason.REMOVED
        if attachment.status is MediaStatus.INVALID:
            return Reason.UPLOAD_FAILED
        url = attachment.url
        ours = bearer_id(url, self._link_origins) if url else None
        if url is None or attachment.status is MediaStatus.UPLOADING or (again and ours is None):
            now = await self._ask_for_upload(attachment)
            if isinstance(now, Reason):
                return now
            url, ours = now, bearer_id(now, self._link_origins)
        return url if ours is None else await self._resolve(ours, attachment, again)

    async def _resolve(self, download_id: str, attachment: Attachment, again: bool) -> str | Reason:
        try:
            return await self._resolved(download_id, attachment.conversation_id, attachment.is_young, again)
        except Missing as missing:
            asked = Asked(SHOWS_FILES, attachment.conversation_id)
            raise not_there(Dependency.API, missing.detail, attachment, asked, missing.settled) from None

    async def resolve_again(self, link: Resolved) -> Resolved | None:
        """The same file behind a fresh link; None if Genesys does not tell, for whatever reason."""
        try:
            return await self._resolved(link.download_id, link.conversation_id)
        except Failure:
            return None

    async def _resolved(self, download_id: str, of: str, is_new: bool = False, again: bool = False) -> Resolved:
        return Resolved(await self._api.download_url(download_id, of, is_new=is_new), download_id, of, again)

    async def _ask_for_upload(self, attachment: Attachment) -> str | Reason:
        attachment = self._with_communication(attachment)
        told = await self._by_media(attachment)
        current = told or await self._by_message(attachment)
        if told is None and current is not None and _goes_on(current) and attachment.shape is not Shape.TUTORIAL:
            current = await self._by_conversation(attachment) or current
        if current is None:
            raise NotYet(Dependency.API, "Genesys does not show the attachment")
        if current.removed:
            return Reason.REMOVED
        if current.status is MediaStatus.INVALID:
            return Reason.UPLOAD_FAILED
        if current.url is None or _goes_on(current):
            asked = Asked(SHOWS_FILES, attachment.conversation_id).of_new
            raise NotYet(Dependency.API, "the upload is not finished", asked=asked)
        return current.url

    async def _by_media(self, attachment: Attachment) -> Attachment | None:
        """The status of the upload itself: the cheapest answer, where the communication is known."""
        communication_id, media_id = attachment.communication_id, attachment.attachment_id
        if not communication_id or not media_id or not ID.fullmatch(communication_id) or not ID.fullmatch(media_id):
            return None
        try:
            raw = await self._api.media(attachment.conversation_id, communication_id, media_id)
            return shapes.finished(attachment, raw)
        except (Missing, NotJudged, Malformed):
            return None

    def _with_communication(self, attachment: Attachment) -> Attachment:
        """What an event names may be made up, or over."""
        known = self._communications.get((attachment.conversation_id, attachment.message_id))
        return replace(attachment, communication_id=known) if known else attachment

    async def _by_conversation(self, attachment: Attachment) -> Attachment | None:
        """The conversation names the communication, or has none, once and for all attempts."""
        if (attachment.conversation_id, attachment.message_id) in self._communications:
            return None
        try:
            listed = await self._conversations.ask(attachment.conversation_id, None)
        except (Missing, NotJudged):
            return None
        for message in listed:
            if message.message_id == attachment.message_id:
                key = message.conversation_id, message.message_id
                remember(self._communications, key, message.communication_id or "", COMMUNICATIONS)
                return await self._by_media(self._with_communication(attachment))
        return None

    async def _by_message(self, attachment: Attachment) -> Attachment | None:
        conversation_id, message_id = attachment.conversation_id, attachment.message_id
        if attachment.shape is Shape.TUTORIAL:  # whose world has no call but the conversation's
            found = await self.find_listed(conversation_id, lambda message: message.message_id == message_id)
        else:
            found = list((await self.find(conversation_id, frozenset((message_id,)))).values())
        if not found:
            return None
        (message,) = found
        here = (a for a in message.attachments if a.key == attachment.key)
        return next(here, replace(attachment, removed=True) if message.removed else None)


def _message(raw: dict[str, Any], conversation_id: str) -> tuple[str, Message] | None:
    """Under the conversation that the answer names ("the id of the conversation of this message", say Genesys's SDKs,
    and none of its documents that the one in the path is compared), under the one that was asked if it names none.
    None for one that does not say what is in it, or in an unknown shape: as if not there."""
    named, _ = usable_id(raw.get("conversationId"))
    message = message_in(raw, named or conversation_id)
    return (message.message_id, message) if message is not None and message.message_id else None


def _goes_on(current: Attachment) -> bool:
    told = current.removed or current.status is MediaStatus.INVALID
    return not told and (current.url is None or current.status is MediaStatus.UPLOADING)


def _is_forbidden(found: Message | NotJudged | None) -> bool:
    return isinstance(found, NotJudged) and found.reason is DeadReason.FORBIDDEN


def _is_told(message: Message) -> bool:
    """The tutorial's conversations tell everything at once, and there is nothing else to ask."""
    return any(attachment.shape is Shape.TUTORIAL for attachment in message.attachments)


def _both(listed: Message, found: Message | None) -> Message:
    """The authoritative form, with what only the conversation knows."""
    if found is None:
        return listed
    communication_id = found.communication_id or listed.communication_id
    described = found.attachments or listed.attachments
    attachments = (replace(a, communication_id=communication_id, removed=found.removed) for a in described)
    return replace(found, attachments=tuple(attachments), communication_id=communication_id)

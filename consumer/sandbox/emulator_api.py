"""The API host: conversations, messages, media, who we are, and what is sent to the customer."""

from __future__ import annotations

import random
from typing import Any

import orjson
from aiohttp import web

from consumer.sandbox import emulator_analytics, payloads
from consumer.sandbox import emulator_answers as answers
from consumer.sandbox.emulator_state import EmulatorState
from consumer.sandbox.world import Conversation, SentFile, SentMessage
from consumer.wire.fields import Json

BULK_LIMIT = 1_000
CONVERSATION = ("conversation:communication:view",)
MESSAGE = ("conversation:message:view", "conversation:webmessaging:view")
MEDIA_LIST = ("conversation:messageMedia:view",)
CREATE = ("conversation:message:create",)
ANALYTICS = ("analytics:conversationDetail:view", "analytics:agentConversationDetail:view")
MESSENGERS = ("sms", "whatsapp", "open", "webmessaging", "apple")


class EmulatedApi:
    """Handlers; the token was checked before they are called."""

    def __init__(self, state: EmulatorState) -> None:
        self._state = state

    def routes(self) -> list[web.RouteDef]:
        talks = "/api/v2/conversations"
        media = f"{talks}/messages/{{conversation}}/communications/{{communication}}/messages/media"
        return [
            web.get("/api/v2/tokens/me", self.token, name="tokens_me"),
            web.get("/api/v2/organizations/me", self.organization, name="organizations_me"),
            web.post(f"{talks}/messages/agentless", self.agentless, name="agentless"),
            web.get(f"{talks}/messages/{{message}}/details", self.details, name="details"),
            web.post(f"{talks}/messages/{{conversation}}/messages/bulk", self.bulk, name="bulk"),
            web.get(f"{talks}/messages/{{conversation}}/messages/{{message}}", self.message, name="message"),
            web.get(media, self.media_list, name="media_list"),
            web.get(f"{media}/{{media}}", self.media, name="media"),
            web.get(f"{talks}/messages/{{conversation}}", self.message_conversation, name="message_conversation"),
            web.get(f"{talks}/{{conversation}}", self.conversation, name="conversation"),
            web.post("/api/v2/analytics/conversations/details/query", self.query, name="analytics"),
            web.patch(f"{talks}/{{conversation}}/participants/{{participant}}/attributes", self.set, name="attributes"),
        ]

    async def conversation(self, request: web.Request) -> web.Response:
        self._must_have(CONVERSATION)
        talk = self._talk(request)
        messages = self._known(talk)
        self._state.asked(*messages)
        if talk.tutorial:
            return answers.answer(payloads.tutorial_body(talk, messages, self._signed))
        return answers.answer(payloads.conversation_body(talk, messages, self._state.clock, self._state.link))

    async def message_conversation(self, request: web.Request) -> web.Response:
        talk = self._talk(request, tutorial=False)
        messages = self._known(talk)
        self._state.asked(*messages)
        return answers.answer(payloads.message_conversation_body(talk, messages, self._state.clock, self._state.link))

    async def message(self, request: web.Request) -> web.Response:
        self._must_have(MESSAGE)
        talk = self._talk(request, tutorial=False)
        found = [one for one in self._asked_for(talk) if one.message_id == request.match_info["message"]]
        if not found:
            raise EarlyAnswer(answers.not_found())
        return answers.answer(self._data(found[0]))

    async def details(self, request: web.Request) -> web.Response:
        self._must_have(MESSAGE)
        message = self._state.world.messages.get(request.match_info["message"])
        talk = self._state.world.conversations[message.conversation_id] if message else None
        if message is None or talk is None or not message.known or talk.tutorial:
            raise EarlyAnswer(answers.not_found())
        if not talk.readable:
            raise EarlyAnswer(answers.not_authorized())
        return answers.answer(self._data(message))

    async def bulk(self, request: web.Request) -> web.Response:
        """Unknown ids are simply absent, and the order is nobody's."""
        self._must_have(MESSAGE)
        wanted = await _json(request)
        if not isinstance(wanted, list) or not all(isinstance(one, str) for one in wanted):
            raise EarlyAnswer(answers.bad_request("The body must be an array of message ids."))
        if len(wanted) > BULK_LIMIT:
            raise EarlyAnswer(answers.bad_request(f"No more than {BULK_LIMIT} message ids are allowed."))
        talk = self._talk(request)
        known = [] if talk.tutorial else self._asked_for(talk)
        found = [self._data(message) for message in known if message.message_id in wanted]
        random.shuffle(found)
        return answers.answer({"entities": found})

    async def media(self, request: web.Request) -> web.Response:
        self._must_have(MESSAGE)
        talk = self._communication(request)
        for message, file in _files(self._known(talk)):
            if file.attachment_id == request.match_info["media"]:
                self._state.asked(message)
                return answers.answer(payloads.media_data(talk, file, self._state.link))
        raise EarlyAnswer(answers.not_found())

    async def media_list(self, request: web.Request) -> web.Response:
        self._must_have(MEDIA_LIST)
        talk = self._communication(request)
        try:
            size = min(max(int(request.query.get("pageSize", 25)), 1), 100)
            number = max(int(request.query.get("pageNumber", 1)), 1)
        except ValueError:
            raise EarlyAnswer(answers.bad_request("pageSize and pageNumber must be numbers.")) from None
        found = [payloads.media_data(talk, file, self._state.link) for _, file in _files(self._known(talk))]
        if status := request.query.get("status"):
            found = [entry for entry in found if entry["status"] == status]
        page = found[(number - 1) * size : number * size]
        pages = -(-len(found) // size)
        listing = {"entities": page, "pageSize": size, "pageNumber": number, "total": len(found), "pageCount": pages}
        return answers.answer(listing | {"selfUri": request.path_qs})

    async def query(self, request: web.Request) -> web.Response:
        self._must_have(ANALYTICS)
        try:
            return answers.answer(emulator_analytics.answer(await _json(request), self._state))
        except emulator_analytics.BadQuery as bad:
            raise EarlyAnswer(answers.bad_request(str(bad))) from None

    async def token(self, _: web.Request) -> web.Response:
        organization = {"id": self._state.switches.organization_id, "name": "Sandbox"}
        client = {"id": self._state.client_id, "name": "attachment-consumer", "organization": organization}
        return answers.answer({"organization": organization, "homeOrganization": organization, "OAuthClient": client})

    async def organization(self, _: web.Request) -> web.Response:
        return answers.answer(
            {
                "id": self._state.switches.organization_id,
                "name": "Sandbox",
                "domain": "sandbox",
                "defaultLanguage": "en-US",
                "state": "active",
                "selfUri": "/api/v2/organizations/me",
            }
        )

    async def agentless(self, request: web.Request) -> web.Response:
        """Takes a text for the customer; the calls are kept, since no one can take them back."""
        self._must_have(CREATE)
        body = await _json(request)
        missing = [name for name in ("fromAddress", "toAddressMessengerType", "textBody") if not body.get(name)]
        if missing:
            raise EarlyAnswer(answers.bad_request(f"Missing: {', '.join(missing)}."))
        if body["toAddressMessengerType"] not in MESSENGERS:
            raise EarlyAnswer(answers.bad_request("Unknown toAddressMessengerType."))
        if body["toAddressMessengerType"] == "webmessaging" and not body.get("externalContactId"):
            raise EarlyAnswer(answers.bad_request("externalContactId is required for webmessaging."))
        self._state.sent.append(body)
        number = f"{len(self._state.sent):032x}"
        told = {"id": number, "messengerType": body["toAddressMessengerType"], "fromAddress": body["fromAddress"]}
        return answers.answer(told | {"timestamp": payloads.stamp(self._state.world.now)}, 202)

    async def set(self, request: web.Request) -> web.Response:
        talk = self._talk(request)
        body = await _json(request)
        if request.match_info["participant"] not in (talk.customer_id, talk.agent_id):
            raise EarlyAnswer(answers.not_found())
        if not isinstance(body.get("attributes"), dict):
            raise EarlyAnswer(answers.bad_request("attributes must be an object."))
        change = {"conversation": talk.conversation_id, "participant": request.match_info["participant"]}
        self._state.attributes.append(change | {"attributes": body["attributes"]})
        return answers.answer({"attributes": body["attributes"]})

    def _must_have(self, any_of: tuple[str, ...]) -> None:
        if not set(any_of) & set(self._state.switches.permissions):
            raise EarlyAnswer(answers.missing_permission(any_of))

    def _talk(self, request: web.Request, *, tutorial: bool = True) -> Conversation:
        talk = self._state.world.conversations.get(request.match_info["conversation"])
        if talk is None or not talk.known or (talk.tutorial and not tutorial):
            raise EarlyAnswer(answers.not_found())
        if talk.failing:
            raise EarlyAnswer(answers.unavailable(500))
        if not talk.readable:
            raise EarlyAnswer(answers.not_authorized())
        return talk

    def _communication(self, request: web.Request) -> Conversation:
        talk = self._talk(request, tutorial=False)
        if request.match_info["communication"] != talk.communication_id:
            raise EarlyAnswer(answers.not_found())
        return talk

    def _known(self, talk: Conversation) -> list[SentMessage]:
        return [message for message in talk.messages if message.known]

    def _asked_for(self, talk: Conversation) -> list[SentMessage]:
        """Whether Genesys compares the conversation in the path with the message's own is nowhere documented."""
        if self._state.switches.compares_conversations:
            return self._known(talk)
        return [message for message in self._state.world.messages.values() if message.known]

    def _data(self, message: SentMessage) -> Json:
        self._state.asked(message)
        return payloads.message_data(message, self._state.clock(message), self._state.link)

    def _signed(self, file: SentFile) -> str | None:
        return self._state.signed_link(file) if self._state.uploaded(file) else None


class EarlyAnswer(Exception):
    """Ends a handler with its answer."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(response.status)
        self.response = response


def _files(messages: list[SentMessage]) -> list[tuple[SentMessage, SentFile]]:
    return [(message, file) for message in messages for file in message.files]


async def _json(request: web.Request) -> Any:
    try:
        return orjson.loads(await request.read())
    except ValueError:
        raise EarlyAnswer(answers.bad_request("The body is not JSON.")) from None

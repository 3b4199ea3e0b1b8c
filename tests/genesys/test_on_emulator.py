"""The whole client against the sandbox's Genesys: what that world holds is what is found."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from consumer.errors import Failure, NotYet, Refused
from consumer.genesys.api import Api
from consumer.genesys.hosts import Hosts
from consumer.genesys.limiter import Limiter
from consumer.genesys.login import Login
from consumer.genesys.lookup import Lookup
from consumer.genesys.sender import Sender
from consumer.http.clients import api_client
from consumer.model import Direction, Reason
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.traffic import plan_traffic
from consumer.sandbox.world import ORGANIZATION_ID, REGION, World
from tests.reports import Recorder
from tests.sandbox.worlds import COMMUNICATION, CONVERSATION, MESSAGE, world_with


@asynccontextmanager
async def client_of(emulator: Emulator) -> AsyncIterator[tuple[Api, Lookup]]:
    hosts = Hosts.of(REGION, login_url=emulator.login_url, api_url=emulator.api_url)
    async with api_client(hosts.login_url) as to_login, api_client(hosts.api_url) as to_api:
        login = Login(to_login, lambda: ("sandbox", "sandbox-secret"), reports=Recorder())
        sender = Sender(to_api, login, Limiter(60_000, reports=Recorder()), reports=Recorder())
        api = Api(sender, expected_organization=ORGANIZATION_ID, reports=Recorder())
        yield api, Lookup(api, hosts.link_origins)


async def found_in(world: World, lookup: Lookup, *, bare: bool) -> dict[str, set[bytes | None]]:
    """Identities by message, of what the API knows and lets us read."""
    found: dict[str, set[bytes | None]] = {}
    for talk in world.conversations.values():
        inbound = [m.message_id for m in talk.messages if m.direction is not Direction.OUTBOUND]
        if talk.tutorial and not bare:
            continue
        try:
            if bare:
                messages = {m.message_id: m for m in await lookup.find_listed(talk.conversation_id, lambda m: True)}
            else:
                messages = await lookup.find(talk.conversation_id, frozenset(inbound))
        except Failure:
            assert not talk.known or not talk.readable
            continue
        found |= {id_: {a.identity for a in message.attachments} for id_, message in messages.items()}
    return found


@pytest.mark.parametrize("bare", [False, True])
async def test_every_attachment_of_a_world_is_found_under_its_identity(bare: bool) -> None:
    world = plan_traffic(200, seed=3).world
    async with Emulator(world) as emulator, client_of(emulator) as (_, lookup):
        found = await found_in(world, lookup, bare=bare)
    for talk in world.conversations.values():
        for message in talk.messages:
            reachable = talk.known and talk.readable and message.known and (bare or not talk.tutorial)
            if message.files and reachable and message.direction is not Direction.OUTBOUND:
                assert found[message.message_id] == {
                    file.identity(talk.conversation_id, message.message_id) for file in message.files
                }


async def test_an_upload_becomes_a_link_or_a_verdict() -> None:
    world = world_with("upload_in_progress", "upload_failed")
    async with Emulator(world) as emulator, client_of(emulator) as (_, lookup):
        message = (await lookup.find(CONVERSATION, frozenset({MESSAGE})))[MESSAGE]
        late, failed = (replace(a, communication_id=COMMUNICATION) for a in message.attachments)
        answers = []
        for _ in range(3):
            try:
                answers.append(await lookup.locate(late))
            except NotYet:
                answers.append("not yet")
        assert answers[0] == "not yet"
        assert str(answers[-1]).startswith(emulator.files_url)
        assert await lookup.locate(failed) is Reason.UPLOAD_FAILED


async def test_a_token_that_expired_on_the_way_is_renewed() -> None:
    now = [1_000_000_000.0]
    async with Emulator(world_with("genuine"), now=lambda: now[0]) as emulator, client_of(emulator) as (api, lookup):
        await api.check_access()
        now[0] += 100_000
        assert (await lookup.find(CONVERSATION, frozenset({MESSAGE})))[MESSAGE].attachments


async def test_what_is_missing_is_said_at_the_start() -> None:
    async with Emulator(world_with("genuine")) as emulator, client_of(emulator) as (api, _):
        assert await api.check_access() == ORGANIZATION_ID
        emulator.state.switch({"permissions": ["conversation:communication:view"]})
        with pytest.raises(Refused, match="conversation:message:view, conversation:webmessaging:view"):
            await api.check_access()
        emulator.state.switch({"organization_id": "another"})
        with pytest.raises(Refused, match="organisation another"):
            await api.check_access()

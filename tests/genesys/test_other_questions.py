"""An answer to another question than the one that was asked is not Genesys's, and settles nothing."""

from typing import Any

import pytest

from consumer.errors import NotYet, Unavailable
from consumer.genesys.api import ANALYTICS
from tests.genesys.cloud import Client, Cloud
from tests.genesys.test_lookup import BULK, MEDIA, WAITING, WHOLE, listed, message
from tests.genesys.test_shapes import CONVERSATION


@pytest.mark.parametrize(
    "entity", [{}, {"error": "x"}, {"id": None}, {"id": 5}, {"id": "m-zz", "direction": "inbound"}]
)
async def test_a_bulk_answer_about_others_alone_is_no_answer(
    cloud: Cloud, client: Client, entity: dict[str, Any]
) -> None:
    cloud.at("POST", BULK, {"entities": [entity, entity]})
    with pytest.raises(Unavailable, match="is not Genesys Cloud") as raised:
        await client.lookup.find(CONVERSATION, frozenset({"m-1", "m-2"}))
    assert not isinstance(raised.value, NotYet)
    cloud.at("POST", BULK, {"entities": [entity, message("m-2")]})
    assert (await client.lookup.find(CONVERSATION, frozenset({"m-1", "m-2"}))).keys() == {"m-2"}
    cloud.at("POST", BULK, {"entities": []})
    assert await client.lookup.find(CONVERSATION, frozenset({"m-1", "m-2"})) == {}


@pytest.mark.parametrize("other", [{}, {"id": "a-2"}, {"id": None}])
async def test_the_status_of_another_upload_is_no_answer(
    cloud: Cloud, client: Client, other: dict[str, str | None]
) -> None:
    cloud.at("GET", MEDIA, {"status": "invalid"} | other)
    with pytest.raises(Unavailable, match="is not Genesys Cloud") as raised:
        await client.lookup.locate(WAITING)
    assert not isinstance(raised.value, NotYet)


@pytest.mark.parametrize("named", [{}, {"id": CONVERSATION}])
async def test_a_conversation_without_participants_is_no_answer(
    cloud: Cloud, client: Client, named: dict[str, str]
) -> None:
    cloud.at("GET", WHOLE, {"participants": []} | named)
    with pytest.raises(Unavailable, match="is not Genesys Cloud") as raised:
        await listed(client)
    assert not isinstance(raised.value, NotYet)
    cloud.at("GET", WHOLE, {"participants": [{"purpose": "customer"}]} | named)
    assert await listed(client) == {}


async def test_conversations_that_are_counted_and_not_listed_are_no_answer(cloud: Cloud, client: Client) -> None:
    cloud.at("POST", ANALYTICS, {"totalHits": 137})
    with pytest.raises(Unavailable, match="does not list"):
        await client.api.conversations({"paging": {"pageSize": 100, "pageNumber": 2}})
    assert await client.api.conversations({"paging": {"pageSize": 100, "pageNumber": 3}}) == []
    cloud.at("POST", ANALYTICS, {})
    assert await client.api.conversations({"paging": {"pageSize": 100, "pageNumber": 1}}) == []

"""What the tests of outages ask of the emulator: that it counts deliveries, and fails one conversation alone."""

from dataclasses import replace

import httpx
import pytest

from consumer.sandbox.emulator import Emulator
from consumer.sandbox.emulator_faults import FAULTS
from consumer.sandbox.world import World
from tests.outages.ill import KINDS
from tests.sandbox.worlds import CONVERSATION, MESSAGE, file_of, talk_with

TALKS = "/api/v2/conversations"


async def test_each_delivery_that_began_is_counted() -> None:
    file = file_of("cut_once")
    async with Emulator(World([talk_with(file)])) as emulator, httpx.AsyncClient() as http:
        link = emulator.state.signed_link(file)
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get(link)
        for _ in range(2):
            assert (await http.get(link)).content == file.body
        assert emulator.state.progress[file.download_id, "delivered"] == 3


async def test_a_failing_conversation_answers_500_and_nothing_else_does() -> None:
    talk = replace(talk_with(file_of("genuine")), failing=True)
    async with Emulator(World([talk])) as emulator:
        headers = {"Authorization": f"Bearer {emulator.state.new_token()}"}
        async with httpx.AsyncClient(base_url=emulator.api_url, headers=headers) as http:
            assert (await http.get(f"{TALKS}/{CONVERSATION}")).status_code == 500
            bulk = f"{TALKS}/messages/{CONVERSATION}/messages/bulk"
            assert (await http.post(bulk, json=[MESSAGE])).status_code == 500
            assert (await http.get("/api/v2/tokens/me")).status_code == 200


def test_the_twelve_kinds_of_the_long_run_are_faults_of_the_emulator() -> None:
    assert len(set(KINDS)) == 12
    assert set(KINDS) <= FAULTS.keys()

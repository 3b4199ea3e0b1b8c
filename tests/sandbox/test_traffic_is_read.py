"""What the generator writes, the service's own decoder reads as it was meant: nothing more, nothing less."""

from datetime import UTC, datetime

import pytest

from consumer.model import DeadReason, Direction, Event
from consumer.sandbox.expectation import value_id
from consumer.sandbox.traffic import Traffic, plan_traffic
from consumer.sandbox.world import OTHER_ORGANIZATION_ID
from consumer.wire.events import Noise, UnreadableEvent, decode


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    return plan_traffic(1_000, 5, datetime(2026, 2, 3, tzinfo=UTC))


def test_exactly_the_records_that_name_nothing_of_ours_are_dead_for_the_expected_reason(traffic: Traffic) -> None:
    found = {}
    for record in traffic.records:
        for item in decode(record.value):
            if isinstance(item, UnreadableEvent):
                found[value_id(item.value)] = item.reason.value
            elif isinstance(item, Event) and item.organization_id == OTHER_ORGANIZATION_ID:
                found[value_id(item.value)] = DeadReason.OTHER_ORGANIZATION.value
    assert found == {answer.id: answer.reason for answer in traffic.expectation.answers if answer.id[:4] == "sha2"}


def test_every_message_of_the_world_is_announced(traffic: Traffic) -> None:
    announced, conversations = set(), set()
    for record in traffic.records:
        for item in decode(record.value):
            if isinstance(item, Event):
                announced |= {message.message_id for message in item.messages}
                conversations |= {item.conversation_id} if not item.messages else set()
    for message in traffic.world.messages.values():
        if message.direction is not Direction.OUTBOUND:
            assert message.message_id in announced or message.conversation_id in conversations


def test_events_name_only_what_the_world_holds(traffic: Traffic) -> None:
    for record in traffic.records:
        for item in decode(record.value):
            if isinstance(item, Event) and item.conversation_id and item.organization_id != OTHER_ORGANIZATION_ID:
                assert item.conversation_id in traffic.world.conversations


def test_the_ids_of_announced_files_give_the_expected_identities(traffic: Traffic) -> None:
    known = {
        file.identity(message.conversation_id, message.message_id)
        for message in traffic.world.messages.values()
        for file in (*message.files, *message.ghosts)
    }
    seen = 0
    for record in traffic.records:
        for item in decode(record.value):
            if isinstance(item, Event) and item.conversation_id in traffic.world.conversations:
                given = [one.identity for message in item.messages for one in message.attachments]
                seen += len(given)
                assert {one for one in given if one is not None} <= known
    assert seen > 500


def test_noise_is_a_tenth_and_of_several_kinds(traffic: Traffic) -> None:
    items = [item for record in traffic.records for item in decode(record.value)]
    kinds = {item.kind for item in items if isinstance(item, Noise)}
    assert kinds == {"heartbeat", "receipt", "event_message", "no_attachment"}
    started = [item for item in items if isinstance(item, Event) and (item.topic_name or "").endswith("customer.start")]
    assert sum(isinstance(item, Noise) for item in items) + len(started) == 100

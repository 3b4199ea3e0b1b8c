"""What was decoded a moment ago is not decoded again, and what is kept for that is bounded."""

from __future__ import annotations

import orjson
import pytest

from consumer.wire import remembered
from consumer.wire.events import decode
from consumer.wire.remembered import decoded


@pytest.fixture(autouse=True)
def nothing_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_events", {})


def event(number: int, attachments: int = 1, padding: int = 0) -> bytes:
    media = [{"id": f"a{index}", "url": f"https://files.example/{index}"} for index in range(attachments)]
    said = {"messageId": f"m{number}", "media": media, "text": "x" * padding}
    return orjson.dumps({"id": f"c{number}", "participants": [{"messages": [{"messages": [said]}]}]})


def test_an_event_is_decoded_once_for_equal_bytes() -> None:
    value = event(1)
    first = decoded(value)
    assert first == decode(value)
    assert decoded(bytes(bytearray(value)))[0] is first[0]


def test_the_oldest_goes_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "MOST", 3)
    first = [decoded(event(number)) for number in range(4)]
    assert len(remembered._events) == 3
    assert decoded(event(3))[0] is first[3][0]
    assert decoded(event(0))[0] is not first[0][0]


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"no JSON",
        orjson.dumps({"topicName": "channel.metadata", "eventBody": {"message": "WebSocket Heartbeat"}}),
        b"[" + event(1) + b"," + event(2) + b"]",
        event(1, attachments=remembered.PARTS),
        event(1, padding=remembered.LARGEST),
    ],
)  # fmt: skip
def test_what_is_large_and_what_no_judge_reads_is_not_kept(value: bytes | None) -> None:
    assert decoded(value) == decode(value)
    assert not remembered._events

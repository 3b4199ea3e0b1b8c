"""A record's word is a hint: whatever one says, the true event behind it gets its answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import anyio
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.attempts import Attempts
from consumer.model import Message, Source
from tests.judge.home import CONVERSATION, NOW, NOW_MS, Home, at_home, attachment, event, message

FILES = ("a1", "a2")
M1 = message("m1", *map(attachment, FILES), time=NOW)
TRUE = event(list(FILES))
OURS, THEIRS = "32aa07aa-db1b-4987-abd0-9483601ec29d", "5846bd38-fc14-4ee9-9bab-68a6818f4a9e"
OLD = (NOW - timedelta(days=36)).isoformat()


def forged(organization: str | None = None, **fields: Any) -> bytes:
    """The true event, with something else in its message."""
    raw = orjson.loads(TRUE)
    raw["participants"][0]["messages"][0]["messages"][0].update(fields)
    if organization is None:
        return orjson.dumps(raw)
    source = f"aws.partner/genesys.com/cloud/{organization}/bus"
    return orjson.dumps({"detail-type": "t", "source": source, "detail": {"topicName": "t", "eventBody": raw}})


class Ours:
    id: str | None = OURS


async def judged_after(*records: bytes, genesys: Message = M1) -> Home:
    async with at_home(genesys) as home:
        home.judge = replace(home.judge, organization=Ours())
        for record in records:
            await home.take(record)
            home.commit()
        await home.take(TRUE)
        assert home.verdicts == list(FILES)
        return home


SKIPPED = {
    "outbound": forged(direction="outbound"),
    "sent": forged(messageStatus="sent"),
    "too old": forged(messageTime=OLD),
}


@pytest.mark.parametrize("record", SKIPPED.values(), ids=SKIPPED)
async def test_what_a_record_calls_outbound_or_too_old_costs_no_call_and_leaves_no_mark(record: bytes) -> None:
    async with at_home(M1) as home:
        await home.take(record)
        assert (home.genesys.calls, home.verdicts, home.letters) == (0, [], [])
        assert sum(home.skipped.values()) == len(FILES)
        assert len(home._ledger) == 0
    await judged_after(record, record)


async def test_what_a_record_calls_removed_is_asked_for() -> None:
    home = await judged_after(forged(messageStatus="removed"))
    assert not any(answer.decision.attachment.removed for answer in home.published if answer.decision)


async def test_what_genesys_calls_removed_too_is_rejected_as_that() -> None:
    shown = message("m1", *(attachment(name, removed=True) for name in FILES), removed=True)
    home = await judged_after(forged(messageStatus="removed"), genesys=shown)
    assert all(answer.decision.attachment.removed for answer in home.published if answer.decision)


async def test_another_organisation_s_id_decides_nothing_by_itself() -> None:
    async with at_home(M1) as home:
        home.judge = replace(home.judge, organization=Ours())
        await home.take(forged(THEIRS))
        assert (home.verdicts, home.letters) == (list(FILES), [])
        assert True not in home.reports.of("foreign")


async def test_what_is_another_organisation_s_is_asked_for_once_and_its_letter_names_the_record() -> None:
    async with at_home() as home:
        home.judge = replace(home.judge, organization=Ours())
        for _ in range(2):
            await home.take(forged(THEIRS))
            await home.take(orjson.dumps({**orjson.loads(forged(THEIRS)), "detail": {"conversationId": CONVERSATION}}))
        assert home.letters == [("other_organization", "bytes", 1)]
        assert home.waited == []
        assert home.reports.of("foreign").count(True) == 2
        home.genesys.messages["m1"] = M1
        await home.take(TRUE)
        assert home.verdicts == list(FILES)


async def test_a_forged_count_takes_no_answer_away_from_a_file_that_is_slow() -> None:
    finish = anyio.Event()

    async def hold(name: str | None, attempt: Attempts) -> None:
        await finish.wait()

    many = [{"contentType": "Attachment"}] * 9
    async with at_home(M1) as home, anyio.create_task_group() as group:
        home.inspecting.before = hold
        group.start_soon(home.take, forged(messageMetadata={"type": "Text", "content": many}))
        await anyio.wait_all_tasks_blocked()
        assert home.letters == [("not_found", "m1", 1)], "the count is never reached"
        finish.set()
        await anyio.wait_all_tasks_blocked()
        assert home.verdicts == list(FILES)
        home.genesys.messages["m1"] = replace(M1, attachments=(*M1.attachments, attachment("a3")))
        await home.take(event(["a3"]))
        assert home.verdicts == [*FILES, "a3"], "and what comes later is judged"


async def test_the_record_s_own_age_leaves_no_mark_where_genesys_tells_no_time() -> None:
    old = Source("events", 0, 1, NOW_MS - 36 * 24 * 3_600_000)
    async with at_home(replace(M1, time=None)) as home:
        await home.take(TRUE, source=old)
        assert (home.verdicts, home.skipped) == ([], {"beyond_horizon": 2})
        await home.take(TRUE)
        assert home.verdicts == list(FILES)


# ---- a search over what a record may say

NAMES = [
    "messageStatus", "direction", "messageTime", "media", "messageMetadata", "attachments", "content", "status",
    "normalizedMessage", "stickers", "message", "messageURI", "type", "id",
]  # fmt: skip
VALUES: list[Any] = [
    None, "", "removed", "outbound", "Outbound", "inbound", "sent", "failed", "read", "delivery-success", OLD, 0, -1,
    "9999-12-31T00:00:00Z", [], {}, [{}], [{"id": "a1"}], [{"id": "a1", "url": "https://x.invalid/a1"}],
    [{"id": "a1", "mediaType": "Link"}], [{"id": "a1", "status": "invalid"}], {"type": "Receipt"}, {"type": "Event"},
    {"type": "Text", "content": []}, {"type": "Unknown"}, {"id": "m1"}, {"id": "m2"},
    {"content": [{"contentType": "Attachment", "attachment": {"id": "a1", "mediaType": "Link"}}]},
]  # fmt: skip
forgeries = st.builds(
    lambda fields, organization: forged(organization, **fields),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), max_size=4),
    st.sampled_from([None, OURS, THEIRS]),
)


def around(record: bytes, how: str) -> bytes:
    """Words of the conversation and of the communication around the message."""
    raw = orjson.loads(record)
    body = raw["detail"]["eventBody"] if "detail" in raw else raw
    if how == "outbound communication":
        body["participants"][0]["messages"][0]["direction"] = "outbound"
    elif how == "other conversation":
        body["conversationId"] = CONVERSATION.replace("1", "2")
    elif how == "no conversation":
        del body["id"]
    return orjson.dumps(raw)


WAYS = st.sampled_from(["as it is", "outbound communication", "other conversation", "no conversation"])


@given(st.lists(st.builds(around, forgeries, WAYS), max_size=3))
def test_no_record_takes_the_answers_of_the_true_event_away(records: list[bytes]) -> None:
    async def run() -> None:
        home = await judged_after(*records)
        assert [name for _, name, _ in home.letters if name in FILES] == []

    anyio.run(run)

"""`explain` on a real broker: where a customer's file is, in each state that there is."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from anyio import to_thread
from typer.testing import Result

from consumer.kafka import dead_letters
from consumer.kafka.client import partition_of
from consumer.kafka.dead_letters import Fate, Filter
from consumer.kafka.groups import look_at
from consumer.kafka.topics import connected
from consumer.model import AnswerKind, Attachment, Direction, Headers, LedgerEntry, Replay, Source, Task
from consumer.sandbox.cases import BAD, LINK
from consumer.sandbox.check import OutputReader
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.traffic import InputRecord
from consumer.sandbox.world import Conversation
from consumer.service.whereabouts.stories import State
from consumer.settings.model import KafkaSettings, Settings, TopicSettings
from consumer.wire.entries import encode_entry
from consumer.wire.tasks import encode_task
from tests.cli.conftest import Command
from tests.judge.home import event
from tests.outages.crafted import GOOD, STUCK, Maker, announced, traffic_of
from tests.service.composed import Kept, changed, serving, settings_for, until, until_true, write

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

GROUPS = ("", "-intake", "-notify")
MACROS = next(case for case in BAD if case.name == "macros")
NOISE = {"topicName": "channel.metadata", "eventBody": {"message": "WebSocket Heartbeat"}}


@dataclass(frozen=True)
class Explain:
    """The command, for one set-up. `seen`: each state that it told of."""

    command: Command
    env: dict[str, str]
    seen: set[State]

    @classmethod
    def of(cls, command: Command, kafka: KafkaSettings, topics: TopicSettings, **env: str) -> Explain:
        given = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "KAFKA__GROUP": kafka.group,
            "TOPICS__EVENTS": topics.events,
            "TOPICS__PREFIX": topics.prefix,
            "TOPICS__PARTITIONS": str(topics.partitions),
            "GENESYS_CLIENT_ID": "",
            "GENESYS_CLIENT_SECRET": "",
        }
        return cls(command, given | env, set())

    async def __call__(self, *arguments: str) -> Result:
        """As people see it: one screen of 80 columns."""
        result = await self._run(*arguments)
        lines = result.stdout.splitlines()
        assert max(map(len, lines), default=0) <= 80
        assert len(lines) <= 50
        return result

    async def _run(self, *arguments: str) -> Result:
        """Beside a service in this very process, whose log a command takes over."""
        root = logging.getLogger()
        handlers, level = root.handlers[:], root.level
        try:
            result: Result = await to_thread.run_sync(partial(self.command, "explain", *arguments, **self.env))
            return result
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)

    async def stories(self, *arguments: str) -> list[dict[str, Any]]:
        result = await self._run("--json", *arguments)
        document = json.loads(result.stdout)
        assert (result.exit_code == 0) is document["found"] is bool(document["stories"])
        self.seen.update(State(story["state"]) for story in document["stories"])
        stories: list[dict[str, Any]] = document["stories"]
        return stories

    async def story(self, *arguments: str) -> dict[str, Any]:
        (story,) = await self.stories(*arguments)
        return story

    async def until(self, state: State, *arguments: str) -> dict[str, Any]:
        with anyio.fail_after(60):
            while True:
                (story,) = await self.stories(*arguments)
                if story["state"] == state:
                    return story


def said(talk: Conversation) -> InputRecord:
    """An event that describes the files of the conversation's message."""
    message = talk.messages[0]
    files = [file.attachment_id for file in message.files if file.attachment_id]
    value = json.loads(event(files, message.message_id, talk.conversation_id))
    if message.direction is Direction.OUTBOUND:
        value["participants"][0]["messages"][0]["messages"][0]["messageStatus"] = "delivery-success"
    return InputRecord(b"", json.dumps(value).encode(), slot=0)


def attachment_of(talk: Conversation, number: int = 0) -> str:
    attachment_id = talk.messages[0].files[number].attachment_id
    assert attachment_id is not None
    return attachment_id


def what(story: dict[str, Any]) -> list[str]:
    return [step["what"] for step in story["steps"]]


async def commit(kafka: KafkaSettings, group: str, topic: str, partitions: int) -> None:
    """Moves a group to the end of a topic, as its member would have done."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        every = [TopicPartition(topic, number) for number in range(partitions)]
        consumer.assign(every)
        await consumer.commit(await consumer.end_offsets(every))
    finally:
        await consumer.stop()


async def take_away(kafka: KafkaSettings, topic: str, partitions: int) -> None:
    """As retention does with what is too old."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        everything = RecordsToDelete(before_offset=-1)
        await admin.delete_records({TopicPartition(topic, number): everything for number in range(partitions)})
    finally:
        await admin.close()


async def put(
    kafka: KafkaSettings,
    topic: str,
    value: bytes,
    key: bytes | None = None,
    partition: int | None = None,
    headers: Headers = (),
) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
    await producer.start()
    try:
        await producer.send_and_wait(topic, value, key, partition, headers=list(headers))
    finally:
        await producer.stop()


async def test_each_state_of_an_attachment_is_told_on_one_screen(
    command: Command, kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    maker = Maker("explained", topics.partitions)
    good, two, link, failing, stuck = (
        maker.talk(GOOD),
        maker.talk(GOOD, MACROS),
        maker.talk(LINK),
        maker.talk(GOOD, failing=True),
        maker.talk(STUCK),
    )
    gone = maker.talk(GOOD)
    gone = replace(gone, messages=(replace(gone.messages[0], removed=True),))
    sent = maker.talk(GOOD)
    sent = replace(sent, messages=(replace(sent.messages[0], direction=Direction.OUTBOUND),))
    traffic = traffic_of([good, two, link, gone, sent, failing, stuck])
    score = Kept(traffic.expectation)
    explain = Explain.of(command, kafka_settings, topics)
    async with Emulator(traffic.world) as emulator, OutputReader(kafka_settings, topics) as reader:
        service = settings_for(emulator, kafka_settings, topics, tmp_path)
        service = changed(changed(service, "attempts", attempts=2, over_s=0.2), "kafka", drain_s=0.5)

        nothing = await explain(good.conversation_id)
        assert nothing.exit_code == 1
        assert f"{topics.accepted}: no records\n" in nothing.stdout
        assert "the service does not run" in nothing.stdout

        await write(service, [said(good)])
        story = await explain.story(attachment_of(good))
        assert (story["state"], what(story), story["toDo"]) == (State.ANNOUNCED, ["event"], "Start the service.")
        assert story["conversationId"] == good.conversation_id

        others = [said(two), announced(gone), said(sent), announced(failing)]
        mention = InputRecord(b"", json.dumps({**NOISE, "about": "mentioned-1"}).encode(), slot=1)
        async with serving(service) as running:
            await write(service, [*others, mention])
            await until(reader, score, lambda: len(score.records) == 5)
            await write(service, [said(stuck), announced(stuck)])
            await until_true(lambda: emulator.state.calls["file"] >= 4)
            url = f"127.0.0.1:{running.metrics_port}"
            waiting = await explain.until(State.WAITING, attachment_of(stuck), "--status", url)
            assert any(one.startswith(f"{url} has its partition: ") for one in waiting["waitsFor"])
            assert (await explain(attachment_of(stuck), "--status", url)).exit_code == 0

            await its_file_is_named(explain, good, service)
            await a_rejection_is_explained(explain, two, kafka_settings, topics)
            assert (await explain.story(gone.conversation_id))["state"] == State.REMOVED
            await a_dead_letter_says_what_to_do(explain, failing)
            assert set(await groups_of(kafka_settings)) == {f"{kafka_settings.group}{of}" for of in GROUPS}

        fates = [fate async for _, fate in dead_letters.replay(kafka_settings, topics, Filter(), rate=100)]
        assert fates == [Fate.WRITTEN]
        again = await explain.story(failing.conversation_id)
        assert (again["state"], what(again)[-1]) == (State.REPLAYED, "replay")
        assert again["toDo"] == "Start the service."
        traffic.world.conversations[failing.conversation_id] = replace(failing, failing=False)
        async with serving(service):
            await until(reader, score, lambda: len(score.records) == 6)
            after = await explain.story(failing.conversation_id)
            assert (after["state"], what(after)) == (
                State.ACCEPTED,
                ["event", "task", "dead letter", "replay", "verdict"],
            )

    await what_asked_for_no_answer(explain, sent, link)
    for value in (b"\xff", b'"%b"', b'{"id": "no hex", "conversationId": "%b", "source": [], "replayOf": 1}'):
        await put(kafka_settings, topics.accepted, value.replace(b"%b", good.conversation_id.encode()))
    assert (await explain.story(good.conversation_id))["state"] == State.ACCEPTED
    await take_away(kafka_settings, topics.accepted, topics.partitions)
    assert (await explain.story(attachment_of(good)))["state"] == State.ANSWERED
    assert explain.seen == set(State)


async def groups_of(kafka: KafkaSettings) -> list[str]:
    """The groups that there are of this service, none of them with more members than the one process that runs."""
    async with connected(kafka) as admin:
        names = [name for name, _ in await admin.list_consumer_groups() if name.startswith(kafka.group)]
        standings = [await look_at(admin, name, []) for name in names]
    assert max(standing.members for standing in standings) == 1
    return names


async def its_file_is_named(explain: Explain, talk: Conversation, service: Settings) -> None:
    story = await explain.story(talk.conversation_id)
    assert (story["state"], what(story), story["name"]) == (State.ACCEPTED, ["event", "task", "verdict"], None)
    assert story["storageUri"].startswith("file:///") or story["storageUri"].startswith(service.storage.url)
    identity = story["id"]
    for other in (attachment_of(talk), talk.messages[0].message_id, identity):
        assert (await explain.story(other))["id"] == identity
    shown = (await explain(talk.conversation_id, "--names")).stdout
    assert "ACCEPTED" in shown
    assert talk.messages[0].files[0].name in shown


async def a_rejection_is_explained(
    explain: Explain, talk: Conversation, kafka: KafkaSettings, topics: TopicSettings
) -> None:
    both = await explain.stories(talk.conversation_id)
    assert {story["state"] for story in both} == {State.ACCEPTED, State.REJECTED}
    rejected = await explain.story(attachment_of(talk, 1))
    assert rejected["because"][0].startswith("macros: ")
    assert rejected["because"][1].startswith("found macros")
    assert rejected["told"] == "no: notify has never worked here"
    await commit(kafka, f"{kafka.group}-notify", topics.rejected, topics.partitions)
    assert (await explain.story(attachment_of(talk, 1)))["told"].startswith("notify has come to it")
    assert "REJECTED" in (await explain(talk.conversation_id)).stdout


async def a_dead_letter_says_what_to_do(explain: Explain, talk: Conversation) -> None:
    story = await explain.story(talk.conversation_id)
    assert (story["state"], what(story)) == (State.DEAD_LETTER, ["event", "task", "dead letter"])
    assert story["because"][0].startswith("unavailable: ")
    assert story["because"][1].startswith("settled by the call messages: down")
    assert story["toDo"] == f"Judge it once more: `dlq replay --id {story['id']}`."


async def what_asked_for_no_answer(explain: Explain, sent: Conversation, link: Conversation) -> None:
    assert (await explain.story(sent.conversation_id))["state"] == State.NOT_JUDGED
    mentioned = await explain.story("mentioned-1", "--since", "1h")
    assert (mentioned["state"], what(mentioned)) == (State.NOTHING, ["event"])
    assert "heartbeat" in mentioned["meaning"]


async def test_what_somebody_forged_is_doubtful_and_never_the_answer(
    command: Command, kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    """By who may write every topic and has no key, for a file that was judged and for one that was not."""
    maker = Maker("forged", topics.partitions)
    judged, waiting, bait = maker.talk(GOOD), maker.talk(GOOD), maker.talk(GOOD)
    traffic, secret = traffic_of([judged]), "k" * 32
    score = Kept(traffic.expectation)
    explain = Explain.of(command, kafka_settings, topics, SIGNATURES__MODE="require", SIGNATURES__KEY=secret)
    async with Emulator(traffic.world) as emulator, OutputReader(kafka_settings, topics) as reader:
        service = settings_for(emulator, kafka_settings, topics, tmp_path)
        service = changed(service, "signatures", mode="require", key=secret)
        async with serving(service):
            await write(service, [said(judged)])
            await until(reader, score, lambda: len(score.records) == 1)
    (true,) = score.records
    lie = json.loads(true.value or b"") | {"verdict": "rejected", "reason": "macros", "detail": "a lie"}
    await put(kafka_settings, topics.rejected, json.dumps(lie).encode(), judged.conversation_id.encode())
    await write(service, [said(replace(bait, messages=judged.messages))])

    story = await explain.story(judged.conversation_id)
    assert story["state"] == State.ACCEPTED
    stories = await explain.stories(attachment_of(judged))
    assert State.ACCEPTED in [story["state"] for story in stories], "an event names it in another conversation"
    shown = (await explain(judged.conversation_id)).stdout
    assert f"doubtful   {topics.rejected}" in shown

    told = lie | {"conversationId": waiting.conversation_id, "id": waiting.messages[0].identity.hex()}
    await put(kafka_settings, topics.rejected, json.dumps(told).encode(), waiting.conversation_id.encode())
    home = partition_of(waiting.conversation_id.encode(), topics.partitions)
    name = attachment_of(waiting)
    file = Attachment(waiting.conversation_id, waiting.messages[0].message_id, name, f"id:{name}")
    assert file.identity is not None
    entry = encode_entry(LedgerEntry(file.identity, AnswerKind.VERDICT))
    source = encode_task(Task(Source(topics.events, 0, 0, 0), None, replay=Replay(file.identity, 1)))
    await put(kafka_settings, topics.ledger, entry[1], entry[0], home)
    await put(kafka_settings, topics.tasks, said(waiting).value or b"", waiting.conversation_id.encode(), home, source)
    document = json.loads((await explain._run("--json", waiting.conversation_id)).stdout)
    assert [story["state"] for story in document["stories"]] == [State.WAITING]
    assert {(one["what"], one["why"], one["counts"]) for one in document["doubtful"]} == {
        ("task", "unsigned", False),
        ("verdict", "not_in_ledger", False),
        ("ledger entry", "unsigned", False),
    }


async def test_brokers_that_are_away_end_with_3_and_what_can_be_no_id_with_2(command: Command) -> None:
    for asked, code in (("c-1", 3), (" ", 2), ("xx yy", 2), ("a\nb", 2), ("\x1b[31m", 2), ("x" * 257, 2)):
        result = await to_thread.run_sync(partial(command, "explain", asked))
        assert (result.exit_code, result.stdout) == (code, "")
        assert ("is no id" in result.stderr) is (code == 2)
        assert "\x1b" not in result.stderr
    for option, value, told in (
        ("--since", "yesterday", "'yesterday' is no time: write 2026-11-23T09:30Z, or 90m, 2h, 7d ago\n"),
        ("--status", "ftp://one", "'ftp://one': no address of a process: host:port, or http://host:port\n"),
    ):
        result = await to_thread.run_sync(partial(command, "explain", "c-1", option, value))
        assert (result.exit_code, result.stderr) == (2, told)

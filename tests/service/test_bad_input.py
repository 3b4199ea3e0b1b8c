"""Any bytes in the events topic, all of them in one run: each record is settled or dead with its own bytes, nothing
breaks, nothing is written outside the storage, and what is genuine between them is judged as ever."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import anyio
import orjson
import pytest
from aiohttp import web
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from consumer.kafka import dead_letters
from consumer.kafka.topic_rules import wanted
from consumer.model import Condition
from consumer.sandbox.check import Headers, OutputReader
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.expectation import Expectation
from consumer.sandbox.files import dice
from consumer.sandbox.plan import GENUINE_CASE, Dealer
from consumer.sandbox.world import Conversation, SentFile, SentMessage, World
from consumer.service.life import Running
from consumer.settings.model import KafkaSettings, Settings, TopicSettings
from consumer.wire.results import Output
from tests import raw_names
from tests.service.composed import LONGEST_S, Kept, Published, changed, serving, settings_for, unsettled, until
from tests.wire.test_events_properties import HOSTILE, records

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

EXAMPLES = 400
GENUINE, GENUINE_MESSAGE = "genuine-conversation", "genuine-message"  # which no hostile event names
MB = 1_000_000
LARGEST = 6 * MB  # that the events topic takes
BIDI = "\u202e\u2066gnp.exe"
IDS = [
    *HOSTILE,
    "../../../../etc/cron.d/x",
    "a/../../b",
    "%2e%2e%2f",
    "\u0000",
    BIDI,
    "..",
    "-",
    "x" * 201,
    0,
    {},
    [[]],
]


@dataclass(frozen=True, slots=True)
class Sent:
    key: bytes | None
    value: bytes | None
    headers: Headers


def event_with(conversation: object, message: object, attachment: object) -> bytes:
    media = {"id": attachment, "name": BIDI, "mediaType": "image/png", "url": f"https://api-downloads.x/{attachment}"}
    entry = {"messageId": message, "media": [media], "messageMetadata": {"content": [{"contentType": "Attachment"}]}}
    body = {"id": conversation, "participants": [{"messages": [entry]}]}
    return orjson.dumps({"topicName": "v2.users.u.conversations.messages", "eventBody": body})


def by_hand() -> list[bytes | None]:
    """What chance would not find, and what is too large for it."""
    ids = [event_with(*places) for hostile in IDS for places in _places(hostile)]
    return [
        *ids,
        None,
        b"",
        b"\xff\xfe",
        b"\x00" * 100,
        b"null",
        b"[]",
        b'{"conversationId":"\\ud800"}',
        b"[" * 200_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"\xff" * (5 * MB),
        b"[" + b"0," * (2 * MB) + b"0]",
        orjson.dumps({"conversationId": "c-3", "note": "x" * (5 * MB)}),
        b"[" * (5 * MB),
    ]


def _places(hostile: object) -> list[tuple[object, object, object]]:
    return [(hostile, "m-1", "a"), ("c-1", hostile, "a"), ("c-2", "m-2", hostile), (hostile, hostile, hostile)]


def drawn() -> list[Sent]:
    """Examples of hypothesis's, collected: each is a record of the same run."""
    collected: list[Sent] = []
    written = records.map(_dumped)
    cut = st.tuples(written, st.integers(0, 200)).map(lambda pair: pair[0][: pair[1]])
    values = st.binary(max_size=200) | written | cut | st.text(max_size=50).map(lambda text: text.encode("utf-16"))
    names = st.sampled_from(["dlq.id", "dlq.reason", "task.replay", "task.source", "ce_id", "h", ""])
    headers = st.lists(st.tuples(names, st.none() | st.binary(max_size=20)), max_size=3)
    keys = st.none() | st.binary(max_size=300)

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(keys, values, headers)
    def collect(key: bytes | None, value: bytes, carried: list[tuple[str, bytes | None]]) -> None:
        collected.append(Sent(key, value, tuple(carried)))

    collect()
    return collected


def _dumped(raw: Any) -> bytes:
    try:
        return orjson.dumps(raw)
    except TypeError:  # a lone surrogate, or deeper than it writes
        return json.dumps(raw).encode()


def hostile_talk() -> tuple[Conversation, tuple[SentFile, ...]]:
    """A conversation that Genesys knows, whose files are fine and whose names and ids are not."""
    names = ["../../../../tmp/evil.png", "/etc/passwd", "a\x00b.png", f"{BIDI}.png", "x" * 1_000 + ".png"]
    fine = Dealer(dice("bad input")).file(GENUINE_CASE, "png")
    files = tuple(
        replace(fine, attachment_id=f"{name[:200]}#{n}" if name.isprintable() else None, name=name, download_id=f"d{n}")
        for n, name in enumerate(names)
    )
    message = SentMessage(GENUINE, GENUINE_MESSAGE, files)
    return Conversation(GENUINE, "communication", "customer", "agent", (message,)), files


@dataclass
class Paths:
    """Of all requests that reach the emulator."""

    asked: Counter[str] = field(default_factory=Counter)

    def heard(self, request: web.Request) -> None:
        self.asked[request.raw_path.partition("?")[0]] += 1


async def send_all(service: Settings, sent: list[Sent]) -> dict[tuple[int, int], Sent]:
    """By partition and offset."""
    producer = AIOKafkaProducer(bootstrap_servers=service.kafka.bootstrap_servers, max_request_size=LARGEST)
    await producer.start()
    try:
        topic = service.topics.events
        acknowledged = [
            (await producer.send(topic, one.value, one.key, headers=list(one.headers)), one) for one in sent
        ]
        places = [(await future, one) for future, one in acknowledged]
        return {(at.partition, at.offset): one for at, one in places}
    finally:
        await producer.stop()


def is_json(value: bytes) -> bool:
    with suppress(ValueError, RecursionError):
        json.loads(value.decode("utf-8-sig"))
        return True
    return False


@pytest.mark.parametrize("metadata", ["api", "event"])
async def test_any_bytes_end_as_a_dead_letter_or_settled(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path, metadata: str
) -> None:
    talk, files = hostile_talk()
    genuine = {file.identity(GENUINE, GENUINE_MESSAGE).hex() for file in files}
    paths, home = Paths(), tmp_path / "home"
    home.mkdir()
    rubbish = drawn() + [Sent(b"k", value, ()) for value in by_hand()]
    announced = Sent(None, orjson.dumps({"conversationId": GENUINE, "messageId": GENUINE_MESSAGE}), ())
    async with Emulator(World([talk])) as emulator:
        emulator.state.listeners.append(paths.heard)
        service = changed(settings_for(emulator, kafka_settings, topics, home), "genesys", metadata=metadata)
        score = Kept(Expectation(0, 0, ()))
        async with OutputReader(service.kafka, service.topics) as reader:
            async with serving(service) as running:
                sent = await send_all(service, [*rubbish, announced])
                await until(reader, score, lambda: genuine <= ids_of(score.records))
                await settled(service, running, reader, score)
            await reader.catch_up(score)
    dead = [record for record in score.records if record.output is Output.DEAD_LETTER]
    assert {record.ours["dlq.reason"] for record in dead}.isdisjoint({b"bug"})
    check_bytes(sent, dead)
    check_unreadable(sent, dead)
    assert {path for path in paths.asked if ".." in unquote(path) or not unquote(path).isprintable()} == set()
    check_files(tmp_path, home / "attachments", len(files))


async def test_a_record_whose_header_names_are_no_text_is_dead_once_in_whichever_topic_it_is(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    talk, files = hostile_talk()
    genuine = {file.identity(GENUINE, GENUINE_MESSAGE).hex() for file in files}
    announced = orjson.dumps({"conversationId": GENUINE, "messageId": GENUINE_MESSAGE})
    named: tuple[raw_names.Header, ...] = ((b"\xff\xfe", b"\xff"), (b"\xc3", None))
    shown = (("\\xff\\xfe", b"\xff"), ("\\xc3", None))
    servers, score = kafka_settings.bootstrap_servers, Kept(Expectation(0, 0, ()))
    async with Emulator(World([talk])) as emulator:
        service = settings_for(emulator, kafka_settings, topics, tmp_path)
        before, behind = (b"k", b"before", ()), (None, b"behind", ())
        between = (b"k", b"of events", named)
        await raw_names.write(servers, topics.events, 0, before, between, behind, (None, announced, ()), compression=3)
        await raw_names.write(servers, topics.events, 1, (None, b"of another partition", ()))
        await raw_names.write(servers, topics.tasks, 1, (None, b"of tasks", named))
        await raw_names.write(servers, topics.dead_letter, 0, (None, b"of dead letters", named))
        async with OutputReader(service.kafka, service.topics) as reader, serving(service) as running:
            await until(reader, score, lambda: genuine <= ids_of(score.records))
            await settled(service, running, reader, score)
        found = [one async for one in dead_letters.read(service.kafka, service.topics)]
    letters = [one.letter for one in found if one.letter]
    assert sorted((letter.value or b"", letter.headers) for letter in letters) == [
        (b"before", ()),
        (b"behind", ()),
        (b"of another partition", ()),
        (b"of events", shown),
        (b"of tasks", shown),
    ]
    assert len(found) == len(letters) + 1, "the foreign record is read as well"


async def test_of_an_event_that_is_larger_than_the_topics_take_a_dead_letter_tells_the_hash(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    await narrow(kafka_settings, topics, 100_000)
    score, large = Kept(Expectation(0, 0, ())), Sent(b"k", b"{" * 300_000, (("h", None),))
    async with Emulator(World([])) as emulator:
        service = settings_for(emulator, kafka_settings, topics, tmp_path)
        await send_all(service, [large])
        async with OutputReader(service.kafka, service.topics) as reader, serving(service):
            await until(reader, score, lambda: bool(score.records))
    (letter,) = score.records
    assert (letter.output, letter.value, letter.headers[0]) == (Output.DEAD_LETTER, None, ("h", None))
    assert letter.ours["dlq.value-omitted"] == b"true"
    assert letter.ours["dlq.value-sha256"].decode() == hashlib.sha256(large.value or b"").hexdigest()


async def narrow(kafka: KafkaSettings, topics: TopicSettings, max_message_bytes: int) -> None:
    """The topics for foreign records as an operator may have made them."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        for topic in wanted(topics):
            if topic.name in (topics.tasks, topics.dead_letter):
                configs = {**topic.configs, "max.message.bytes": str(max_message_bytes)}
                await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, configs)])
    finally:
        await admin.close()


def ids_of(records: list[Published]) -> set[str]:
    return {orjson.loads(record.value or b"{}")["id"] for record in records if record.output is Output.ACCEPTED}


async def settled(service: Settings, running: Running, reader: OutputReader, score: Kept) -> None:
    """Until nothing that is in the topics is still to be done, while the service is there and has no complaint."""
    with anyio.fail_after(LONGEST_S):
        while await unsettled(service):
            await reader.poll(score)
            assert {held.condition for held in running.conditions.held} <= {Condition.EVENTS_BELIEVED}
    assert running.health.ready


def check_bytes(sent: dict[tuple[int, int], Sent], dead: list[Published]) -> None:
    """Each dead letter is of a record that was sent: its key, its headers, and its bytes or their hash."""
    for letter in dead:
        ours = letter.ours
        original = sent[int(ours["dlq.source.partition"]), int(ours["dlq.source.offset"])]
        begins = max(n for n, (name, _) in enumerate(letter.headers) if name == "dlq.id")
        assert letter.headers[:begins] == tuple(original.headers)
        if ours["dlq.source.path"]:
            continue  # an element of an array, written anew
        assert ours["dlq.value-sha256"].decode() == hashlib.sha256(original.value or b"").hexdigest()
        assert letter.value == original.value


def check_unreadable(sent: dict[tuple[int, int], Sent], dead: list[Published]) -> None:
    """What is no JSON in any reader's eyes is dead, once."""
    letters = Counter(
        (int(one.ours["dlq.source.partition"]), int(one.ours["dlq.source.offset"]))
        for one in dead
        if not one.ours["dlq.source.path"]
    )
    no_json = {at for at, one in sent.items() if one.value is not None and not is_json(one.value)}
    assert len(no_json) > EXAMPLES / 10
    assert {at: (letters[at], sent[at]) for at in no_json if letters[at] != 1} == {}


def check_files(root: Path, storage: Path, count: int) -> None:
    everything = [path for path in root.rglob("*") if path.is_file() or path.is_symlink()]
    assert len(everything) == count
    for path in everything:
        assert path.parent.parent == storage, path
        assert all(character in "0123456789abcdef-" for character in path.parent.name + path.name)

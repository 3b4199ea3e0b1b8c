"""From the last release to this one and back again: settings, policy, tasks and ledger go along."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from aiokafka import TopicPartition

from consumer.errors import Malformed
from consumer.inspection.policy.policy import Policy
from consumer.kafka.client import consumer_options
from consumer.model import AnswerKind, Condition, Source
from consumer.sandbox.check import OutputReader, read_to_end
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.expectation import Expectation
from consumer.sandbox.traffic import InputRecord, Traffic, plan_traffic
from consumer.settings.model import KafkaSettings, TopicSettings
from consumer.stream.ledger import Ledger
from consumer.stream.restore import restore
from consumer.stream.trust import Distrusted, Trust
from consumer.wire.entries import decode_entry
from consumer.wire.envelopes import leaves
from consumer.wire.signatures import Signatures
from consumer.wire.tasks import decode_task
from tests.chaos.workers import Workers
from tests.released import install, last, records
from tests.service.composed import Kept, settings_for, until, write
from tests.service.test_restart import CATCH_UP_S, GRACE_S, variables

RELEASE = last()
EVENTS, SEED = 240, 11
SIGNING = {"SIGNATURES__MODE": "sign", "SIGNATURES__KEY": "k" * 32}


def test_the_policy_of_the_last_release_is_still_one() -> None:
    assert Policy.load(RELEASE / "policy.toml").version.startswith("1+")


def test_each_entry_in_the_ledger_of_the_last_release_is_still_an_answer() -> None:
    entries = [decode_entry(record.key, record.value) for record in records.read(RELEASE / "ledger.jsonl")]
    assert len(entries) > 100
    assert {entry.kind for entry in entries} == set(AnswerKind)


def test_each_task_of_the_last_release_is_still_one() -> None:
    tasks = [
        decode_task(record.value, record.headers, Source("tasks", 0, place, record.timestamp_ms))
        for place, record in enumerate(records.read(RELEASE / "tasks.jsonl"))
    ]
    assert len(tasks) > 50
    assert {task.source.topic for task in tasks} == {"genesys.conversations.events"}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> tuple[str]:
    """The command line of the last release."""
    try:
        return (str(install(RELEASE, tmp_path_factory.mktemp("released") / "venv")),)
    except subprocess.CalledProcessError:
        pytest.skip("the packages of the last release: the package registry does not answer")


def unpacked(records: Iterable[InputRecord]) -> Iterator[InputRecord]:
    """As a source sends them that the last release understands: it knows fewer envelopes than this one."""
    for record in records:
        try:
            events = [orjson.dumps(leaf.node) if leaf.envelope else leaf.value for leaf in leaves(record.value or b"")]
        except (Malformed, TypeError):
            yield record
        else:
            yield from (replace(record, value=event, events=1) for event in events)


def of_both(traffic: Traffic) -> Expectation:
    """The last release names the file in a dead letter of what was announced too early, this one its announcement."""
    by_announcement = {
        ghost.announcement(*ids).hex(): ghost.identity(*ids).hex()
        for talk in traffic.world.conversations.values()
        for message in talk.messages
        for ghost in message.ghosts
        for ids in [(message.conversation_id, message.message_id)]
    }
    answers = [
        replace(one, covers=(*one.covers, by_announcement[one.id])) if one.id in by_announcement else one
        for one in traffic.expectation.answers
    ]
    return replace(traffic.expectation, answers=tuple(answers))


@pytest.mark.kafka
@pytest.mark.timeout(300)
async def test_each_event_is_answered_once_while_the_service_is_upgraded_and_rolled_back(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path, released: tuple[str]
) -> None:
    """Each part of the traffic is begun by one version and finished by the next. What the verdicts are may differ. This
    version signs what it writes, and reads what the other does not sign."""
    traffic = plan_traffic(EVENTS, SEED)
    sent = list(unpacked(traffic.records))
    third = len(sent) // 3
    async with Emulator(traffic.world) as emulator, OutputReader(kafka_settings, topics) as reader:
        settings = settings_for(emulator, kafka_settings, topics, tmp_path)
        score = Kept(of_both(traffic))
        with Workers(1, variables(emulator, settings) | SIGNING, tmp_path, program=released) as workers:
            (worker,) = workers.all
            await write(settings, sent[:third])
            await until(reader, score, lambda: len(score.records) > 0)
            worker.send(signal.SIGTERM)
            assert worker.wait(GRACE_S) == 0
            await reader.catch_up(score)

            worker.start()  # this version
            await write(settings, sent[third : 2 * third])
            begun = len(score.records)
            await until(reader, score, lambda: len(score.records) > begun + third / 2)
            worker.send(signal.SIGTERM)
            assert worker.wait(GRACE_S) == 0

            worker.start(released)
            await write(settings, sent[2 * third :])
            await read_to_end(reader, score, patience_s=CATCH_UP_S)
            worker.send(signal.SIGTERM)
            assert worker.wait(GRACE_S) == 0
        await reader.catch_up(score)
    tally = score.tally()
    assert (tally.missing, tally.duplicated) == (0, 0), tally
    await check_who_signed(kafka_settings, topics)


async def check_who_signed(kafka: KafkaSettings, topics: TopicSettings) -> None:
    """Both versions wrote to the ledger: what this one wrote verifies. Where the other did, signatures can't be
    required yet, or its answers would be given once more."""
    signatures, verified = Signatures([SIGNING["SIGNATURES__KEY"].encode()], required=True), 0
    for number in range(topics.partitions):
        ledger, trust = Ledger(topics.ledger_days), Trust(signatures, topics.ledger, number, topics.ledger_days)
        odd = await restore(ledger, trust, TopicPartition(topics.ledger, number), consumer_options(kafka))
        assert set(odd.doubted) <= {"unsigned"}
        with pytest.raises(Distrusted) if odd.doubted else nullcontext() as refused:
            trust.check()
        assert refused is None or refused.value.condition is Condition.SIGNATURES_MISSING
        verified += len(ledger)
    assert verified > EVENTS / 10

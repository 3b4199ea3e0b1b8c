"""On a real broker: what was aborted is not read, and the end is found behind the marks of transactions."""

from __future__ import annotations

import orjson
from aiokafka import AIOKafkaProducer

from consumer.sandbox.cases import ExpectedOutcome
from consumer.sandbox.check import OutputReader, Score, read_to_end
from consumer.sandbox.expectation import Expectation, Expected
from consumer.settings.model import KafkaSettings, TopicSettings


async def test_only_committed_answers_count(kafka_settings: KafkaSettings, topics: TopicSettings) -> None:
    answers = [Expected(f"{number:032x}", ExpectedOutcome.ACCEPTED, None, "genuine") for number in range(3)]
    bodies = [orjson.dumps({"id": answer.id, "verdict": "accepted", "reason": None}) for answer in answers]
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka_settings.bootstrap_servers, transactional_id=f"{topics.prefix}-writer"
    )
    score = Score(Expectation(3, 1, tuple(answers)))
    async with producer:
        async with producer.transaction():
            await producer.send_and_wait(topics.accepted, bodies[0])
        await producer.begin_transaction()
        await producer.send_and_wait(topics.accepted, bodies[0])
        await producer.send_and_wait(topics.accepted, bodies[1])
        await producer.abort_transaction()
        async with OutputReader(kafka_settings, topics) as reader:
            await read_to_end(reader, score, patience_s=3)
            assert (score.tally().published, score.tally().missing, score.tally().duplicated) == (1, 2, 0)
            async with producer.transaction():
                await producer.send_and_wait(topics.accepted, bodies[1])
                await producer.send_and_wait(topics.accepted, bodies[2])
            await read_to_end(reader, score, patience_s=30)
    assert score.tally().good


async def test_the_end_is_what_the_topics_hold_and_not_where_a_poll_brings_nothing(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    """One fetch brings a megabyte of a partition at most, or one record that is larger."""
    padding, score = "x" * 900_000, Score(Expectation(0, 0, ()))
    async with AIOKafkaProducer(bootstrap_servers=kafka_settings.bootstrap_servers) as producer:
        for number in range(20):
            body = orjson.dumps({"id": f"{number:032x}", "verdict": "accepted", "padding": padding})
            await producer.send_and_wait(topics.accepted, body, partition=0)
    async with OutputReader(kafka_settings, topics) as reader:
        await reader.catch_up(score)
        assert score.tally().published == 20

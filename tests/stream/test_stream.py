"""The second loop on real Kafka: each attachment is answered once."""

import anyio
import pytest

from consumer.settings.model import KafkaSettings, TopicSettings
from tests.stream.harness import Answered, NamesJudge, make_stream, running, write_tasks

pytestmark = pytest.mark.kafka


async def test_repeats_within_and_between_tasks_are_answered_once(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    tasks = [(f"conversation-{n % 20}", f"a{n % 50} b{n % 50}") for n in range(200)]
    tasks = [(f"c{n % 50}", names) for n, (_, names) in enumerate(tasks)]
    expected = {name for _, names in tasks for name in names.split()}
    await write_tasks(kafka_settings, topics, tasks)
    judge = NamesJudge()

    async with Answered(kafka_settings, topics) as answered, running(make_stream(judge, kafka_settings, topics)):
        names = await answered.until(expected)

    assert names == dict.fromkeys(expected, 1)
    assert judge.begun == dict.fromkeys(expected, 1)


async def test_a_stuck_attachment_holds_back_no_other(kafka_settings: KafkaSettings, topics: TopicSettings) -> None:
    stuck = anyio.Event()

    async def inspect(name: str, resting: object) -> None:
        if name == "stuck":
            await stuck.wait()

    tasks = [("c", "stuck"), *((f"c{n}", f"a{n}") for n in range(100))]
    await write_tasks(kafka_settings, topics, tasks)

    async with (
        Answered(kafka_settings, topics) as answered,
        running(make_stream(NamesJudge(inspect), kafka_settings, topics)),
    ):
        names = await answered.until({f"a{n}" for n in range(100)})
        assert "stuck" not in names
        stuck.set()
        names = await answered.until({"stuck"})

    assert set(names.values()) == {1}
    assert len(names) == 101


async def test_a_restart_takes_up_where_the_last_run_stopped(
    kafka_settings: KafkaSettings, topics: TopicSettings
) -> None:
    first, second = NamesJudge(), NamesJudge()
    async with Answered(kafka_settings, topics) as answered:
        await write_tasks(kafka_settings, topics, [(f"c{n}", f"a{n}") for n in range(50)])
        async with running(make_stream(first, kafka_settings, topics)):
            await answered.until({f"a{n}" for n in range(50)})
        repeats = [(f"c{n}", f"a{n}") for n in range(50)]
        await write_tasks(kafka_settings, topics, [*repeats, *((f"c{n}", f"b{n}") for n in range(50))])
        async with running(make_stream(second, kafka_settings, topics)):
            names = await answered.until({f"b{n}" for n in range(50)})

    assert set(names.values()) == {1}
    assert set(second.begun) == {f"b{n}" for n in range(50)}

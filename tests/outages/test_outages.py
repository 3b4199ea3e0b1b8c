"""Each dependency goes away under load for longer than all attempts take, and comes back: as if nothing had been."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from consumer.sandbox.emulator import Emulator
from consumer.sandbox.traffic import plan_traffic
from consumer.settings.model import KafkaSettings, TopicSettings
from tests.brokers import create_topics, private_broker
from tests.outages.dependencies import Outage, clamd, clamd_is_there, of_genesys, of_kafka, s3_server
from tests.outages.ill import run_ill
from tests.outages.later import Planned, with_later
from tests.outages.run import run
from tests.outages.scene import SHORT

EVENTS, SEED, A_SECOND = 500, 3, 40.0
PARTITIONS = TopicSettings().partitions

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


@pytest.fixture
def planned() -> Planned:
    return with_later(plan_traffic(EVENTS, SEED), PARTITIONS)


@pytest.fixture
async def emulator(planned: Planned) -> AsyncIterator[Emulator]:
    async with Emulator(planned[0].world) as emulator:
        yield emulator


@pytest.mark.parametrize(
    ("part", "how"),
    [
        ("login", "unavailable"),
        ("login", "drop"),
        ("api", "unavailable"),
        ("api", "hang"),
        ("files", "unavailable"),
        ("files", "hang"),
    ],
)
async def test_genesys_away_is_waited_out(
    part: str,
    how: str,
    planned: Planned,
    emulator: Emulator,
    kafka_settings: KafkaSettings,
    topics: TopicSettings,
    tmp_path: Path,
) -> None:
    outage = of_genesys(emulator, part, how)
    report = await run(outage, *planned, emulator, kafka_settings, topics, tmp_path, SHORT, A_SECOND)
    assert not report.problems(outage, SHORT), report


async def test_a_storage_that_is_away_is_waited_out(
    planned: Planned, emulator: Emulator, kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    async with s3_server() as outage:
        report = await run(outage, *planned, emulator, kafka_settings, topics, tmp_path, SHORT, A_SECOND)
        assert not report.problems(outage, SHORT), report


async def test_an_antivirus_that_is_away_is_waited_out(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    if not clamd_is_there():
        pytest.skip("clamd is not installed (Debian: clamav-daemon)")
    planned = with_later(plan_traffic(EVENTS, SEED, antivirus=True), PARTITIONS)
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(Emulator(planned[0].world))
        outage = await stack.enter_async_context(clamd(tmp_path))
        report = await run(outage, *planned, emulator, kafka_settings, topics, tmp_path, SHORT, A_SECOND)
        assert not report.problems(outage, SHORT), report


@pytest.mark.parametrize("how", ["stop", "freeze"])
async def test_a_broker_that_is_away_is_waited_out(
    how: str, planned: Planned, emulator: Emulator, tmp_path: Path
) -> None:
    topics = TopicSettings(partitions=4, replication=1)
    with private_broker() as broker:
        await create_topics(broker.bootstrap_servers, topics)
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, session_timeout_ms=6_000, heartbeat_ms=300)
        outage: Outage = of_kafka(broker, how)
        report = await run(outage, *planned, emulator, kafka, topics, tmp_path, SHORT, A_SECOND)
        assert not report.problems(outage, SHORT), report


async def test_ill_answers_in_front_of_traffic_make_no_wrong_answer(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    kinds = ("api-200-html", "api-403-not-authorized", "files-404-html", "login-200-html")
    planned = with_later(plan_traffic(EVENTS, SEED), topics.partitions)
    async with Emulator(planned[0].world) as emulator:
        seen, problems = await run_ill(
            *planned, emulator, kafka_settings, topics, tmp_path, kinds=kinds, each_s=6.0, a_second=A_SECOND / 3
        )
    assert not problems, seen

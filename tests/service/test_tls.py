"""Login, API and files over TLS with a private authority: with it everything works, with another nothing is sent."""

from __future__ import annotations

import json
import ssl
from pathlib import Path

import anyio
import httpx
import pytest
import trustme

from consumer.sandbox.check import OutputReader, read_to_end
from consumer.sandbox.emulator import Emulator, Endpoint
from consumer.sandbox.traffic import InputRecord, plan_traffic
from consumer.service.life import Running
from consumer.settings.model import KafkaSettings, Settings, TopicSettings
from tests.outages.later import Planned, read_on, with_later
from tests.service.composed import LONGEST_S, Kept, changed, serving, settings_for, until_true, write

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

EVENTS, SEED = 30, 11
SEPARATE = (0, 0, 0)  # a port each for login, API and files


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    return pem_of(authority, tmp_path / "ca.pem")


@pytest.fixture
def planned() -> Planned:
    return with_later(plan_traffic(EVENTS, SEED), TopicSettings().partitions)


def pem_of(authority: trustme.CA, file: Path) -> Path:
    authority.cert_pem.write_to_path(str(file))
    return file


async def answered(settings: Settings, score: Kept, later: tuple[InputRecord, ...]) -> None:
    async with OutputReader(settings.kafka, settings.topics) as reader:
        await read_on(reader, score, later, settings, patience_s=30)


async def health_of(running: Running) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://127.0.0.1:{running.metrics_port}/readyz")).text


async def test_a_private_authority_is_trusted_by_login_api_and_files(
    kafka_settings: KafkaSettings,
    topics: TopicSettings,
    tls: ssl.SSLContext,
    ca_file: Path,
    planned: Planned,
    tmp_path: Path,
) -> None:
    async with Emulator(planned[0].world, Endpoint(ports=SEPARATE, tls=tls)) as emulator:
        settings = changed(settings_for(emulator, kafka_settings, topics, tmp_path), "genesys", ca_file=ca_file)
        assert {str(settings.genesys.login_url)[:8], str(settings.genesys.api_url)[:8]} == {"https://"}
        score = Kept(planned[0].expectation)
        await write(settings, planned[0].records)
        async with serving(settings):
            await answered(settings, score, planned[1])
        assert score.tally().good, score.tally()
        asked = {part.partition(" ")[0] for part, count in emulator.state.answers.items() if count}
    assert asked == {"login", "api", "files"}


@pytest.mark.parametrize("given", ["another authority", "none"])
async def test_a_certificate_of_an_unknown_authority_is_refused_before_anything_is_sent(
    kafka_settings: KafkaSettings,
    topics: TopicSettings,
    tls: ssl.SSLContext,
    planned: Planned,
    tmp_path: Path,
    given: str,
) -> None:
    other = pem_of(trustme.CA(), tmp_path / "other.pem") if given == "another authority" else None
    async with Emulator(planned[0].world, Endpoint(ports=SEPARATE, tls=tls)) as emulator:
        settings = changed(settings_for(emulator, kafka_settings, topics, tmp_path), "genesys", ca_file=other)
        score = Kept(planned[0].expectation)
        await write(settings, planned[0].records)
        async with serving(settings) as running:
            await until_true(lambda: len(running.conditions.held) >= 2)
            said = await health_of(running)
            async with OutputReader(settings.kafka, settings.topics) as reader:
                await read_to_end(reader, score, patience_s=3)
        assert not emulator.state.answers, "neither secret nor question got there"
        secret = settings.genesys.client_secret.get_secret_value()
    told = json.loads(said)
    assert not told["ready"]
    details = {one["condition"]: one["detail"] for one in told["conditions"]}
    assert {"login_refused", "files_refused"} <= details.keys()
    for host in ("login", "file"):
        assert any(f"the certificate of the {host} host is not trusted" in detail for detail in details.values())
    assert all("GENESYS__CA_FILE" in detail for detail in details.values())
    assert secret not in said
    assert [record for record in score.records if not _is_unreadable(record.ours)] == [], "an outage costs no answer"


@pytest.mark.parametrize("part", ["file", "api"])
async def test_a_host_with_the_certificate_of_another_name_is_waited_out(
    part: str,
    kafka_settings: KafkaSettings,
    topics: TopicSettings,
    authority: trustme.CA,
    tls: ssl.SSLContext,
    ca_file: Path,
    planned: Planned,
    tmp_path: Path,
) -> None:
    async with Emulator(planned[0].world, Endpoint(ports=SEPARATE, tls=tls)) as emulator:
        settings = changed(settings_for(emulator, kafka_settings, topics, tmp_path), "genesys", ca_file=ca_file)
        if part == "file":
            elsewhere = emulator.files_url.replace("127.0.0.1", "localhost")
            emulator.state.files_url = elsewhere
            settings = changed(settings, "download", allowed_origins=(elsewhere, emulator.api_url))
        else:
            settings = changed(settings, "genesys", api_url=emulator.api_url.replace("127.0.0.1", "localhost"))
        score = Kept(planned[0].expectation)
        await write(settings, planned[0].records)
        async with serving(settings) as running:
            await until_true(lambda: running.conditions.stopped)
            said = await health_of(running)
            reached = {part for part, count in emulator.state.answers.items() if count and not part.startswith("login")}
            assert not any(one.startswith(part) for one in reached), "nothing was sent to a host of another name"
            authority.issue_cert("127.0.0.1", "localhost").configure_cert(tls)  # the operator mends it
            with anyio.fail_after(LONGEST_S):
                await answered(settings, score, planned[1])
        assert score.tally().good, score.tally()
    details = [one["detail"] for one in json.loads(said)["conditions"]]
    assert any(f"the certificate of the {part} host is not trusted" in detail for detail in details)
    assert "Signature" not in said


def _is_unreadable(headers: dict[str, bytes]) -> bool:
    return headers.get("dlq.stage") == b"decode"

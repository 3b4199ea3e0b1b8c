"""What brings each condition about, on the real part, and what ends it; some end only with the process."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import anyio
import orjson
import trustme

from consumer.attempts import Crowd
from consumer.inspection.workers.pool import Bounds, Workers
from consumer.intake.notices import NOTICES, Notices
from consumer.kafka.topics import create
from consumer.model import Condition, Source
from consumer.sandbox.emulator import Emulator, Endpoint
from consumer.sandbox.emulator_state import PERMISSIONS
from consumer.sandbox.kafka import KafkaBroker
from consumer.sandbox.traffic import plan_traffic
from consumer.sandbox.world import World
from consumer.service import canary, life
from consumer.service.canary import Canary
from consumer.settings.model import KafkaSettings, LimitSettings
from consumer.storage.writer import PROBE
from consumer.stream.room import Room
from tests.antivirus.conftest import needs_clamd, running_clamd
from tests.brokers import create_topics
from tests.conditions import entries
from tests.conditions.lives import crash_loop
from tests.conditions.stage import Stage, at_rest, emulated, shared
from tests.conditions.workers import workers_killed, workers_not_starting, workers_unconfined
from tests.conditions.yara_rules import rules_not_reloaded
from tests.ill import clock
from tests.ill.cloud import JSON, Cloud, Reply, json
from tests.ill.scene import Scene, event_of, playing
from tests.service import test_canary
from tests.service.composed import write
from tests.stream.grants import grant

Provoker = Callable[[Stage], Awaitable[None]]


def switched(ill: Mapping[str, Any], well: Mapping[str, Any]) -> Provoker:
    """The emulator answers so, from before the start of the service until it does no more."""

    async def provoke(stage: Stage) -> None:
        async with emulated() as emulator:
            settings = stage.settings(emulator)
            emulator.state.switch(dict(ill))
            async with stage.service(settings) as running:
                await stage.until_it_holds(running)
                emulator.state.switch(dict(well))
                await stage.until_over(running)

    return provoke


def outage(of: str) -> Provoker:
    return switched({"outage": {of: "unavailable"}}, {"outage": {of: "off"}})


def set_so(**groups: Mapping[str, Any]) -> Provoker:
    """The settings alone do it; it ends with the process."""

    async def provoke(stage: Stage) -> None:
        async with emulated() as emulator, stage.service(stage.settings(emulator, more=groups)) as running:
            await stage.until_it_holds(running)

    return provoke


async def files_refused(stage: Stage) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    async with (
        Emulator(World([]), Endpoint(ports=(0, 0, 0), tls=tls)) as emulator,
        stage.service(stage.settings(emulator)) as running,
    ):
        await stage.until_it_holds(running)


# ---- storage and antivirus


async def storage_away(stage: Stage) -> None:
    async with emulated() as emulator:
        settings = stage.settings(emulator)
        in_the_way = Path(settings.storage.url) / PROBE
        in_the_way.mkdir(parents=True)
        async with stage.service(settings) as running:
            await stage.until_it_holds(running)
            in_the_way.rmdir()
            await stage.until_over(running)


async def storage_refused(stage: Stage) -> None:
    """A server of S3 that knows no such bucket."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = b"<?xml version='1.0'?><Error><Code>NoSuchBucket</Code><Message>No.</Message></Error>"
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, emulated() as emulator:
        options = {
            "endpoint": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}",
            "allow_http": "true",
            "access_key_id": "a",
            "secret_access_key": "b",
            "region": "us-east-1",
        }
        bucket = {"url": "s3://nowhere/x", "options": options}
        async with stage.service(stage.settings(emulator, more={"storage": bucket})) as running:
            await stage.until_it_holds(running)


def socket_of(stage: Stage) -> dict[str, dict[str, str]]:
    return {"antivirus": {"address": f"unix://{stage.folder}/av/s"}}


async def antivirus_away(stage: Stage) -> None:
    needs_clamd()
    (stage.folder / "av").mkdir()
    async with emulated() as emulator, stage.service(stage.settings(emulator, more=socket_of(stage))) as running:
        await stage.until_it_holds(running)
        with running_clamd(stage.folder / "av"):
            await stage.until_over(running)


async def antivirus_refused(stage: Stage) -> None:
    """A web server stands where clamd should."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n\0")
        await writer.drain()
        writer.close()

    needs_clamd()
    (stage.folder / "av").mkdir()
    server = await asyncio.start_unix_server(answer, stage.folder / "av" / "s")
    async with emulated() as emulator, stage.service(stage.settings(emulator, more=socket_of(stage))) as running:
        await stage.until_it_holds(running)
        server.close()
        (stage.folder / "av" / "s").unlink()
        with running_clamd(stage.folder / "av"):
            await stage.until_over(running)


async def scanner_blind(stage: Stage) -> None:
    needs_clamd()
    (stage.folder / "av").mkdir()
    other = {"other.hdb": "00000000000000000000000000000000:68:Test.OTHER"}
    with running_clamd(stage.folder / "av", "", other):
        async with emulated() as emulator, stage.service(stage.settings(emulator, more=socket_of(stage))) as running:
            await stage.until_it_holds(running)


# ---- Kafka


async def topics_wrong(stage: Stage) -> None:
    kafka = shared(stage)
    topics = stage.topics()
    async with emulated() as emulator, stage.service(stage.settings(emulator, kafka, topics)) as running:
        await stage.until_it_holds(running)
        await create(kafka, topics, events_partitions=1)
        await stage.until_over(running)
        await at_rest(stage, running)


async def topics_weak(stage: Stage) -> None:
    kafka = shared(stage)
    topics = stage.topics()
    await create(kafka, topics, events_partitions=1)
    weak = topics.model_copy(update={"replication": 2})
    async with emulated() as emulator, stage.service(stage.settings(emulator, kafka, weak)) as running:
        await stage.until_it_holds(running)
        await at_rest(stage, running)


async def kafka_away(stage: Stage) -> None:
    """Frozen, idle, and then not."""
    await frozen(stage)


async def lag_unknown(stage: Stage) -> None:
    await frozen(stage)


async def frozen(stage: Stage) -> None:
    broker: KafkaBroker = stage.request.getfixturevalue("own")
    kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, group=f"held-{os.urandom(3).hex()}")
    topics = stage.topics()
    await create(kafka, topics, events_partitions=1)
    async with emulated() as emulator, stage.service(stage.settings(emulator, kafka, topics)) as running:
        await stage.until(lambda: bool(running.health.facts["assignedPartitions"]))
        broker.freeze()
        try:
            await stage.until_it_holds(running)
        finally:
            broker.thaw()
        await stage.until_over(running)


async def partition_waits(stage: Stage) -> None:
    """An answer is there, and no broker takes it."""
    broker: KafkaBroker = stage.request.getfixturevalue("own")
    kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers, group=f"held-{os.urandom(3).hex()}")
    topics = stage.topics()
    await create(kafka, topics, events_partitions=1)
    traffic = plan_traffic(20, 5)
    async with Emulator(traffic.world) as emulator:
        settings = stage.settings(emulator, kafka, topics)
        async with stage.service(settings) as running:
            await stage.until(lambda: running.health.ready)
            emulator.state.switch({"outage": {"files": "unavailable"}})
            await write(settings, traffic.records)
            await stage.until(lambda: Condition.FILES_AWAY in [held.condition for held in running.conditions.held])
            broker.freeze()
            try:
                emulator.state.switch({"outage": {"files": "off"}})
                await stage.until_it_holds(running)
            finally:
                broker.thaw()
            await stage.until_over(running)


async def kafka_refused(stage: Stage) -> None:
    broker: KafkaBroker = stage.request.getfixturevalue("guarded")
    topics = stage.topics()
    await create_topics(broker.internal_servers, topics, 1)
    await grant(broker.internal_servers, "svc", "topic", topics.prefix)
    await grant(broker.internal_servers, "svc", "id", topics.prefix)
    login = {
        "bootstrap_servers": broker.bootstrap_servers,
        "group": topics.prefix,
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_username": "svc",
        "sasl_password": "secret",
    }
    kafka = KafkaSettings.model_validate(login)
    async with emulated() as emulator, stage.service(stage.settings(emulator, kafka, topics)) as running:
        await stage.until_it_holds(running)
        await grant(broker.internal_servers, "svc", "group", topics.prefix)
        await stage.until_over(running)
        await at_rest(stage, running)


async def draining(stage: Stage) -> None:
    kafka = shared(stage)
    topics = stage.topics()
    await create(kafka, topics, events_partitions=1)

    async def leaving(running: life.Running) -> None:
        await stage.until_it_holds(running)

    async with emulated() as emulator, stage.service(stage.settings(emulator, kafka, topics), leaving) as running:
        await stage.until(lambda: running.health.ready)


# ---- policy, canary


async def policy_not_reloaded(stage: Stage) -> None:
    await with_policy(stage, before=SHIPPED, ill="types = 3", well=SHIPPED)


async def policy_unclear(stage: Stage) -> None:
    await with_policy(stage, before=SHIPPED, ill='version = "1"\n[types]\n"application/gzip" = "2 MiB"\n', well=SHIPPED)


SHIPPED = (Path(canary.__file__).parents[1] / "inspection" / "policy" / "policy.toml").read_text()


async def with_policy(stage: Stage, before: str, ill: str, well: str) -> None:
    file = stage.folder / "policy.toml"
    file.write_text(before)
    async with emulated() as emulator:
        settings = stage.settings(emulator, more={"inspection": {"policy_file": str(file)}})
        async with stage.service(settings) as running:
            file.write_text(ill)
            running.policies.reload()
            await stage.until_it_holds(running)
            file.write_text(well)
            running.policies.reload()
            await stage.until_over(running)


def known_files(examiner: Any) -> Provoker:
    """Through a reader that is ill, and then through real workers."""

    async def provoke(stage: Stage) -> None:
        reporter, conditions, metrics = stage.part()
        await Canary(examiner, None, lambda: test_canary.POLICY, reporter).fly()
        stage.look(conditions, metrics)
        async with Workers(1, bounds=Bounds(deadline_s=20.0), reports=reporter) as workers:
            await Canary(workers, None, lambda: test_canary.POLICY, reporter).fly()
        assert not stage.holds(conditions)

    return provoke


async def canary_late(stage: Stage) -> None:
    patch = stage.request.getfixturevalue("monkeypatch")
    patch.setattr(canary, "LATE_S", 0.05)
    reporter, conditions, metrics = stage.part()
    await Canary(test_canary.Stuck(), None, lambda: test_canary.POLICY, reporter).fly()
    stage.look(conditions, metrics)
    patch.undo()
    async with Workers(1, bounds=Bounds(deadline_s=20.0), reports=reporter) as workers:
        await Canary(workers, None, lambda: test_canary.POLICY, reporter).fly()
    assert not stage.holds(conditions)


# ---- what the judge meets, on a clock of its own


def judged(cloud: Callable[[], Cloud], events: list[bytes], ends: bool = False) -> Provoker:
    """The real judge, login, API, limiter and gates against an ill cloud; an hour costs milliseconds."""

    async def provoke(stage: Stage) -> None:
        async def main() -> None:
            async with playing(cloud()) as scene:
                stage.parts.append(scene.conditions)
                await meet(stage, scene)

        async def meet(stage: Stage, scene: Scene) -> None:
            async with asyncio.TaskGroup() as group:
                for event in events:
                    await scene.take(group, event)
                for _ in range(400):
                    if scene.holds(stage.condition):
                        break
                    await anyio.sleep(1)
                stage.look(scene.conditions, scene.metrics)
            assert not (ends and scene.holds(stage.condition))

        await anyio.to_thread.run_sync(clock.run, main)

    return provoke


def plain(count: int, kind: str = "plain") -> Callable[[], Cloud]:
    return lambda: Cloud({str(number): kind for number in range(count)})


def elsewhere() -> Cloud:
    reply = json({"url": "https://prod-media.s3.us-east-1.amazonaws.com/x?X-Amz-Signature=x"})
    return Cloud({"1": "plain"}, ill=lambda call: reply if call == "download" else None)


def pages_for_a_while() -> Cloud:
    given = [Reply(200, b"<html>no file", {"content-type": "text/html"})] * 20
    return Cloud({"1": "plain", "2": "plain"}, ill=lambda call: given.pop() if call == "file" and given else None)


def limited_once() -> Cloud:
    given: list[Reply] = [Reply(429, b'{"code": "too.many.requests", "status": 429}', JSON | {"retry-after": "3600"})]
    return Cloud({"1": "plain"}, ill=lambda call: given.pop() if call == "bulk" and given else None)


def with_a_bug() -> Cloud:
    def ill(call: str) -> Reply | None:
        if call == "bulk":
            raise LookupError
        return None

    return Cloud({str(number): "plain" for number in range(30)}, ill=ill)


def foreign(number: int) -> bytes:
    """As EventBridge brings it: the organisation stands in the source."""
    detail = orjson.loads(event_of(str(number), "plain"))
    source = "aws.partner/genesys.com/cloud/org-2/bus"
    return orjson.dumps({"detail-type": "t", "source": source, "detail": detail})


def notice(condition: Condition) -> Provoker:
    async def provoke(stage: Stage) -> None:
        reporter, conditions, metrics = stage.part()
        clock_now = [time.time()]
        notices = Notices(reporter, lambda: clock_now[0])
        (kind,) = [kind for kind, (told, _) in NOTICES.items() if told is condition]
        notices.hear(kind, Source("events", 0, 7, int(clock_now[0] * 1000)))
        stage.look(conditions, metrics)
        clock_now[0] += 3_601
        notices.end()
        assert not stage.holds(conditions)

    return provoke


async def too_many_rest(stage: Stage) -> None:
    """All of them for what ends by itself: so none is given up."""
    reporter, conditions, metrics = stage.part()
    room = Room(LimitSettings(resting=2), Crowd(), reporter)
    seats = [room.started(b"%d" % number, 1) for number in range(3)]
    for seat in seats:
        seat.works(-1)
    room.look()
    stage.look(conditions, metrics)
    room.ended(seats[0])
    room.look()
    assert not stage.holds(conditions)


PROVOKERS: Mapping[Condition, Provoker] = {
    Condition.LOGIN_AWAY: outage("login"),
    Condition.API_AWAY: outage("api"),
    Condition.FILES_AWAY: outage("files"),
    Condition.STORAGE_AWAY: storage_away,
    Condition.ANTIVIRUS_AWAY: antivirus_away,
    Condition.LOGIN_REFUSED: switched({"client_secret": "another"}, {"client_secret": "sandbox-secret"}),
    Condition.API_REFUSED: switched({"permissions": []}, {"permissions": PERMISSIONS}),
    Condition.FILES_REFUSED: files_refused,
    Condition.STORAGE_REFUSED: storage_refused,
    Condition.ANTIVIRUS_REFUSED: antivirus_refused,
    Condition.TOPICS_WRONG: topics_wrong,
    Condition.TOPICS_WEAK: topics_weak,
    Condition.KAFKA_AWAY: kafka_away,
    Condition.KAFKA_REFUSED: kafka_refused,
    Condition.PARTITION_WAITS: partition_waits,
    Condition.WORKERS_UNCONFINED: workers_unconfined,
    Condition.WORKERS_NOT_STARTING: workers_not_starting,
    Condition.WORKERS_KILLED: workers_killed,
    Condition.CONFINEMENT_OFF: set_so(inspection={"confinement": "none"}),
    Condition.CRASH_LOOP: crash_loop,
    Condition.BUGS: judged(with_a_bug, [event_of(str(number), "plain") for number in range(30)]),
    Condition.FOREIGN_TOPIC: judged(Cloud, [foreign(number) for number in range(100, 130)]),
    Condition.API_LIMITED: judged(limited_once, [event_of("1", "plain")], ends=True),
    Condition.MANY_FORBIDDEN: judged(plain(30, "forbidden"), [event_of(str(number), "plain") for number in range(30)]),
    Condition.STILL_FAILING: judged(pages_for_a_while, [event_of("1", "plain"), event_of("2", "plain")], ends=True),
    Condition.TOO_MANY_REST: too_many_rest,
    Condition.HOST_NOT_ALLOWED: judged(elsewhere, [event_of("1", "plain")]),
    Condition.POLICY_NOT_RELOADED: policy_not_reloaded,
    Condition.RULES_NOT_RELOADED: rules_not_reloaded,
    Condition.POLICY_UNCLEAR: policy_unclear,
    Condition.LEDGER_ODD: entries.ledger_odd,
    Condition.SIGNATURES_MISSING: entries.without_signature,
    Condition.SIGNATURES_WRONG: entries.with_a_key_that_is_lost,
    Condition.EVENTS_BELIEVED: set_so(genesys={"metadata": "event"}),
    Condition.NO_LONGER_SUBSCRIBED: notice(Condition.NO_LONGER_SUBSCRIBED),
    Condition.SOCKET_CLOSING: notice(Condition.SOCKET_CLOSING),
    Condition.LAG_UNKNOWN: lag_unknown,
    Condition.CANARY_WRONG: known_files(test_canary.Credulous()),
    Condition.CANARY_LATE: canary_late,
    Condition.SCANNER_BLIND: scanner_blind,
    Condition.DRAINING: draining,
}

"""Traces: what is in them, what never is, and that off is off."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest
from aiokafka import AIOKafkaProducer
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from prometheus_client import CollectorRegistry

from consumer.model import Dependency, Headers, Source
from consumer.sandbox.check import OutputReader
from consumer.sandbox.emulator import Emulator
from consumer.service.conditions import Conditions
from consumer.settings.model import KafkaSettings, TopicSettings, TracingSettings
from consumer.telemetry.metrics import Metrics
from consumer.telemetry.reporter import Reporter
from consumer.telemetry.spans import Counting
from consumer.telemetry.tracing import reporting
from tests.cli.test_run import ENV, process
from tests.outages.crafted import GOOD, Maker, announced, traffic_of
from tests.service.composed import Kept, all_settled, changed, serving, settings_for, until
from tests.surface.collector import Collector, attributes, collecting

AT = Source("events", 2, 17, 1_795_460_000_000)
TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
FOREIGN = f"00-{TRACE_ID}-{SPAN_ID}-01"
SECRET = "https://files.example/a?X-Amz-Signature=s3cret"
OFF = """
import sys, anyio
from consumer.service.life import run
from consumer.settings.load import fixed_credentials, load

async def main():
    settings, shutdown = load(), anyio.Event()
    await run(settings, fixed_credentials(settings), shutdown, lambda running: shutdown.set())

anyio.run(main)
print(sorted(name for name in sys.modules if name.startswith("opentelemetry")))
"""
NOT_INSTALLED = """
import sys
sys.modules["opentelemetry.sdk"] = None
from consumer.__main__ import main
sys.argv = ["attachment-consumer", "check-config"]
main()
"""


def wanted(collector: Collector, **fields: object) -> TracingSettings:
    return TracingSettings.model_validate({"exporter": "otlp", "endpoint": collector.url} | fields)


def new_metrics() -> Metrics:
    return Metrics(CollectorRegistry())


def count(metrics: Metrics, fate: str) -> float:
    value = metrics.registry.get_sample_value("attachment_consumer_spans_total", {"fate": fate})
    assert value is not None
    return value


def pass_through(reporter: Reporter, headers: Headers = ()) -> str | None:
    """A record, its task, a stage and the commit, as both loops report them."""
    with reporter.passing_on(AT, headers) as trace:
        pass
    with reporter.judging(Source("tasks", 1, 3, 0), trace, headers):
        with reporter.timed("fetch"):
            reporter.attempt_failed(Dependency.FILES)
        reporter.given(1)
    with reporter.committing(1):
        pass
    return trace


@pytest.mark.kafka
@pytest.mark.timeout(120)
async def test_one_attachment_is_one_trace_through_both_loops(
    kafka_settings: KafkaSettings, topics: TopicSettings, tmp_path: Path
) -> None:
    talk = Maker("traced", topics.partitions).talk(GOOD)
    traffic = traffic_of([talk])
    score = Kept(traffic.expectation)
    record = announced(talk)
    async with (
        collecting() as collector,
        Emulator(traffic.world) as emulator,
        OutputReader(kafka_settings, topics) as reader,
    ):
        service = settings_for(emulator, kafka_settings, topics, tmp_path)
        service = changed(service, "tracing", exporter="otlp", endpoint=collector.url)
        async with serving(service) as running:
            producer = AIOKafkaProducer(bootstrap_servers=kafka_settings.bootstrap_servers)
            await producer.start()
            headers = [("traceparent", FOREIGN.encode())]
            await producer.send_and_wait(topics.events, record.value, record.key, headers=headers)
            await producer.stop()
            await until(reader, score, lambda: len(score.records) == 1)
            await all_settled(service)
        assert score.tally().good, score.tally()
        metrics = running.metrics
    assert count(metrics, "ended") == count(metrics, "taken") == len(collector.spans)
    (taken_in,) = collector.named(f"process {topics.events}")
    (task,) = collector.named(f"process {topics.tasks}")
    (commit,) = collector.named("commit")
    (inspect,) = collector.named("inspect")
    assert {span.trace_id for span in collector.spans} == {taken_in.trace_id}
    assert taken_in.trace_id.hex() != TRACE_ID, "a foreign context is no parent"
    assert [(link.trace_id.hex(), link.span_id.hex()) for link in taken_in.links] == [(TRACE_ID, SPAN_ID)]
    assert (taken_in.parent_span_id, task.parent_span_id) == (b"", taken_in.span_id)
    assert [link.span_id for link in task.links] == [taken_in.span_id]
    assert [link.span_id for link in commit.links] == [task.span_id]
    stages = {span.name: span.parent_span_id for span in collector.spans if span.name in ("metadata", "fetch", "store")}
    assert stages == {"metadata": task.span_id, "fetch": inspect.span_id, "store": inspect.span_id}
    assert_documented(collector.spans)
    assert collector.resource["service.name"] == "attachment-consumer"
    told = json.dumps([str(span) for span in collector.spans])
    file = talk.messages[0].files[0]
    for word in (talk.conversation_id, talk.messages[0].message_id, file.attachment_id, file.name, "127.0.0.1"):
        assert str(word) not in told


def assert_documented(spans: Sequence[Span]) -> None:
    """deploy/tracing.md names every span and every attribute that there is."""
    page = (Path(__file__).parents[2] / "deploy" / "tracing.md").read_text()
    named = {name for span in spans for name in attributes(span.attributes)}
    assert named
    assert [name for name in sorted(named) if f"`{name}`" not in page] == []
    assert [span.name for span in spans if f"`{span.name.split(' ')[0]}" not in page] == []


@pytest.mark.parametrize(("ratio", "flag", "spans"), [(0.0, "01", 0), (1.0, "00", 4)])
async def test_nobody_s_flag_decides_what_is_sampled(ratio: float, flag: str, spans: int) -> None:
    metrics = new_metrics()
    async with collecting() as collector:
        async with reporting(metrics, Conditions(metrics, 20), wanted(collector, ratio=ratio)) as reporter:
            trace = pass_through(reporter, (("traceparent", f"{FOREIGN[:-2]}{flag}".encode()),))
            assert trace is not None
            with reporter.judging(AT, f"{trace[:-2]}{flag}", ()):
                pass
        assert len(collector.spans) == (spans + 1 if spans else 0)
    assert count(metrics, "taken") == len(collector.spans)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("traceparent", None),),
        (("traceparent", b"\xff"),),
        (("traceparent", FOREIGN.upper().encode()),),
        (("traceparent", f"{FOREIGN}-more".encode()),),
        (("traceparent", f"01{FOREIGN[2:]}".encode()),),
        (("traceparent", f"00-{'0' * 32}-{SPAN_ID}-01".encode()),),
        (("traceparent", FOREIGN.encode()), ("traceparent", FOREIGN.encode())),
    ],
    ids=range(8),
)
async def test_what_is_no_context_of_a_trace_is_nothing(headers: Headers) -> None:
    metrics = new_metrics()
    async with collecting() as collector:
        async with reporting(metrics, Conditions(metrics, 20), wanted(collector)) as reporter:
            pass_through(reporter, headers)
            with reporter.judging(AT, "nonsense", headers):
                pass
        assert not any(span.links for span in collector.named("process events"))


async def test_of_what_went_wrong_a_span_has_the_kind_and_no_text() -> None:
    metrics = new_metrics()
    async with collecting() as collector:
        async with reporting(metrics, Conditions(metrics, 20), wanted(collector)) as reporter:
            with pytest.raises(ValueError, match="s3cret"), reporter.judging(AT, None, ()), reporter.timed("fetch"):
                raise ValueError(SECRET)
        for span in collector.spans:
            assert (span.status.code, span.status.message) == (Status.STATUS_CODE_ERROR, "")
            assert attributes(span.attributes)["error.type"] == "ValueError"
        assert [span.name for span in collector.spans] == ["fetch", "process events"]
        assert "s3cret" not in str(collector.spans)


async def test_answers_of_a_commit_that_failed_are_linked_by_the_next_one() -> None:
    metrics = new_metrics()
    async with collecting() as collector:
        async with reporting(metrics, Conditions(metrics, 20), wanted(collector)) as reporter:
            for offset in range(2):
                with reporter.judging(Source("tasks", 1, offset, 0), None, ()):
                    reporter.given(1)
            with pytest.raises(OSError, match="gone"), reporter.committing(1):
                raise OSError("gone")
            with reporter.committing(1):
                pass
            with reporter.committing(1):
                pass
        tasks = [span.span_id for span in collector.named("process tasks")]
        assert [[link.span_id for link in span.links] for span in collector.named("commit")] == [tasks, tasks]


async def test_stages_that_no_trace_follows_make_no_spans() -> None:
    metrics = new_metrics()
    async with (
        collecting() as collector,
        reporting(metrics, Conditions(metrics, 20), wanted(collector)) as reporter,
    ):
        with reporter.timed("examine"), reporter.inspecting():
            pass
    assert count(metrics, "ended") == 0


async def test_a_collector_that_hangs_holds_up_no_end(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Left to itself the SDK waits for half a minute, and for the collector after that."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "600")
    metrics = new_metrics()
    async with collecting() as collector:
        collector.let_go = anyio.Event()
        with anyio.fail_after(20):
            async with reporting(metrics, Conditions(metrics, 20), wanted(collector, shutdown_s=0.2)) as reporter:
                pass_through(reporter)
            await collector.until(lambda: collector.asked == 1)
        assert (count(metrics, "ended"), count(metrics, "taken")) == (4, 0)
        assert "the last spans are lost: the collector did not take them in 0.2 s" in caplog.messages
        collector.let_go.set()
        await collector.until(lambda: len(collector.spans) == 4)


class Answering(SpanExporter):
    """Exports to nobody, with the results that a test wants."""

    def __init__(self, *results: SpanExportResult) -> None:
        self._results = list(results)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._results.pop(0)


def test_a_collector_that_takes_nothing_is_said_once_and_once_that_it_does_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    metrics, good, bad = new_metrics(), SpanExportResult.SUCCESS, SpanExportResult.FAILURE
    exporter = Counting(Answering(good, bad, bad, good), metrics.spans)
    for _ in range(4):
        exporter.export([ReadableSpan("one")])
    assert caplog.messages == [
        "the collector takes no spans: they are lost, and nothing else is",
        "the collector takes spans again",
    ]
    assert count(metrics, "taken") == 2


def test_off_means_that_nothing_of_it_is_imported(tmp_path: Path) -> None:
    with process("-c", OFF, cwd=tmp_path) as service:
        out, error = service.communicate(timeout=60)
    assert (service.returncode, out) == (0, "[]\n"), error


def test_without_the_extra_it_is_a_wrong_setting(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NOT_INSTALLED],
        env=ENV | {"TRACING__EXPORTER": "otlp"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "TRACING__EXPORTER needs the extra [otel]" in done.stderr

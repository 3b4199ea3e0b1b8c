"""The spans of a trace, made by hand: record, task, each stage, commit. The only module that knows OpenTelemetry.

The task of a record goes on with the record's trace, by a `traceparent` in its headers, and links to it. One that came
with the original record is somebody else's word: it becomes a link, never a parent. And nobody's flag decides what is
sampled: each loop counts that anew, from the id of the trace.
No id of Genesys, no name of a file and no text of an exception is in a span: topic, partition and offset name a record.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager

import anyio
from anyio import to_thread
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    Tracer,
    get_current_span,
    set_span_in_context,
    use_span,
)
from opentelemetry.util.types import AttributeValue

from consumer import __version__
from consumer.model import TRACEPARENT, Dependency, Headers, Source
from consumer.telemetry.counters import Total
from consumer.telemetry.labels import SpanFate, Stage
from consumer.telemetry.metrics import Metrics
from consumer.telemetry.reporter import HeldConditions, Reporter

log = logging.getLogger(__name__)

TRACES = "v1/traces"
WRITTEN = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
MOST_LINKS = 128  # of a span, as the SDK keeps them
ALONE = Context()  # of a span that begins a trace


class TracingReporter(Reporter):
    """Reports as ever, and makes spans besides."""

    def __init__(self, metrics: Metrics, conditions: HeldConditions, tracer: Tracer) -> None:
        super().__init__(metrics, conditions)
        self._tracer = tracer
        # Of each partition: the spans of tasks whose answers wait for its next commit, by their ids.
        self._given: defaultdict[int, dict[int, SpanContext]] = defaultdict(dict)

    @contextmanager
    def passing_on(self, at: Source, headers: Headers) -> Iterator[str | None]:
        span = self._processing(at, ALONE, _foreign(headers))
        with _until_it_ends(span):
            yield _written(span.get_span_context())

    @contextmanager
    def judging(self, at: Source, trace: str | None, headers: Headers) -> Iterator[None]:
        parent = _read(trace) if trace else None
        if parent is None:
            span = self._processing(at, ALONE, _foreign(headers))
        else:
            span = self._processing(at, set_span_in_context(NonRecordingSpan(parent), ALONE), [Link(parent)])
        with _until_it_ends(span), _current(span):
            yield

    def _processing(self, at: Source, context: Context, links: Sequence[Link]) -> Span:
        attributes = _messaging("process", "process", at.partition) | {
            "messaging.destination.name": at.topic,
            "messaging.kafka.offset": at.offset,
        }
        return self._tracer.start_span(f"process {at.topic}", context, SpanKind.CONSUMER, attributes, links)

    def timed(self, stage: Stage) -> AbstractContextManager[object]:
        return self._within(stage, super().timed(stage))

    def inspecting(self) -> AbstractContextManager[object]:
        return self._within("inspect", super().inspecting())

    @contextmanager
    def _within(self, name: str, reported: AbstractContextManager[object]) -> Iterator[None]:
        with reported:
            if not get_current_span().get_span_context().is_valid:  # nothing that a trace follows
                yield
                return
            span = self._tracer.start_span(name)
            with _until_it_ends(span), _current(span):
                yield

    def attempt_failed(self, dependency: Dependency) -> None:
        super().attempt_failed(dependency)
        get_current_span().add_event("attempt failed", {"attachment_consumer.dependency": dependency.value})

    def given(self, partition: int) -> None:
        context = get_current_span().get_span_context()
        given = self._given[partition]
        if context.trace_flags.sampled and len(given) < MOST_LINKS:
            given[context.span_id] = context

    @contextmanager
    def committing(self, partition: int) -> Iterator[None]:
        """The span belongs to the first trace whose answers it publishes, and links to all of them."""
        with super().committing(partition):
            given = list(self._given[partition].values())
            if not given:
                yield
                return
            attributes = _messaging("commit", "settle", partition) | {"messaging.batch.message_count": len(given)}
            first = set_span_in_context(NonRecordingSpan(given[0]), ALONE)
            span = self._tracer.start_span("commit", first, SpanKind.CLIENT, attributes, list(map(Link, given)))
            with _until_it_ends(span):
                yield
        for context in given:  # not those of a commit that failed: they are in the next
            self._given[partition].pop(context.span_id, None)

    def left(self, partition: int) -> None:
        super().left(partition)
        self._given.pop(partition, None)


@contextmanager
def _until_it_ends(span: Span) -> Iterator[None]:
    """Of what went wrong only the kind is told: the text may hold anything."""
    try:
        yield
    except BaseException as error:
        span.set_status(StatusCode.ERROR)
        span.set_attribute("error.type", type(error).__name__)
        raise
    finally:
        span.end()


def _current(span: Span) -> AbstractContextManager[Span]:
    return use_span(span, end_on_exit=False, record_exception=False, set_status_on_exception=False)


def _messaging(name: str, kind: str, partition: int) -> dict[str, AttributeValue]:
    return {
        "messaging.system": "kafka",
        "messaging.operation.name": name,
        "messaging.operation.type": kind,
        "messaging.destination.partition.id": str(partition),
    }


# ---- from record to record


def _foreign(headers: Headers) -> list[Link]:
    """What came with a record of somebody else's trace, if it is written as it has to be."""
    values = [value for name, value in headers if name == TRACEPARENT and value is not None]
    context = _read(values[0].decode("latin-1")) if len(values) == 1 else None
    return [Link(context)] if context else []


def _read(traceparent: str) -> SpanContext | None:
    found = WRITTEN.fullmatch(traceparent)
    if found is None:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags & TraceFlags.SAMPLED))
    return context if context.is_valid else None


def _written(context: SpanContext) -> str | None:
    if not context.is_valid:  # the SDK is switched off
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


# ---- out to the collector


@asynccontextmanager
async def exporting(metrics: Metrics, endpoint: str, ratio: float, shutdown_s: float) -> AsyncIterator[Tracer]:
    """Sends spans in the background, and for at most `shutdown_s` the last ones on the way out, whatever is there."""
    exporter = Counting(OTLPSpanExporter(f"{endpoint.rstrip('/')}/{TRACES}"), metrics.spans)
    provider = TracerProvider(sampler=_sampler(ratio), resource=_resource(), shutdown_on_exit=False)
    provider.add_span_processor(CountingProcessor(exporter, metrics.spans))
    try:
        yield provider.get_tracer("attachment-consumer", __version__)
    finally:
        # A thread that ends with the process: the SDK waits for 30 s, and for a collector that hangs in the middle.
        last = threading.Thread(target=provider.shutdown, daemon=True)
        last.start()
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(last.join, shutdown_s)
        if last.is_alive():
            log.warning("the last spans are lost: the collector did not take them in %g s", shutdown_s)


def _sampler(ratio: float) -> ParentBased:
    """By the id of the trace, also for the second loop: it is the same there, and a flag is somebody's word."""
    by_id = TraceIdRatioBased(ratio)
    return ParentBased(by_id, remote_parent_sampled=by_id, remote_parent_not_sampled=by_id)


def _resource() -> Resource:
    """What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say comes first."""
    ours = Resource({"service.name": "attachment-consumer", "service.version": __version__, "process.pid": os.getpid()})
    return ours.merge(OTELResourceDetector().detect())


class CountingProcessor(BatchSpanProcessor):
    def __init__(self, exporter: SpanExporter, spans: Mapping[SpanFate, Total]) -> None:
        super().__init__(exporter)
        self._ended = spans["ended"]

    def on_end(self, span: ReadableSpan) -> None:
        if span.context and span.context.trace_flags.sampled:
            self._ended.inc()
        super().on_end(span)


class Counting(SpanExporter):
    """Tells once that the collector takes nothing, and once that it does again. In the SDK's own thread."""

    def __init__(self, exporter: SpanExporter, spans: Mapping[SpanFate, Total]) -> None:
        self._exporter, self._taken = exporter, spans["taken"]
        self._fails = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        fails = result is not SpanExportResult.SUCCESS
        if not fails:
            self._taken.inc(len(spans))
        if fails and not self._fails:
            log.warning("the collector takes no spans: they are lost, and nothing else is")
        if self._fails and not fails:
            log.info("the collector takes spans again")
        self._fails = fails
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)

"""The envelopes that shippers of logs put around events, one row each: a line of a log, or a request that was logged.

Sources: CloudWatch Logs' subscriptions, Lambda's logs in JSON, Elastic Beats and Logstash, Fluentd and Fluent Bit,
OpenTelemetry's protocol in JSON, Datadog, New Relic, Vector, Splunk's events and its HTTP event collector, Cloud
Logging, journald's export, syslog-ng, rsyslog, GELF 1.1, Loki's push and query APIs, the logs of Kong and APISIX.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from consumer.errors import Malformed
from consumer.wire.fields import Json, may_be_json
from consumer.wire.payloads import (
    MAX_EVENTS,
    Broken,
    Envelope,
    Nothing,
    Payload,
    Several,
    at,
    base64_at,
    each_of,
    few,
    field_of,
    has_any,
    lacks,
    one_has,
    opened,
)
from consumer.wire.typed_values import listed, of_opentelemetry

_OF_LOGS = frozenset({
    "@timestamp", "_p", "attrs", "container_id", "container_name", "date", "docker", "kubernetes", "logtag", "source",
    "stream", "tag", "time",
})  # fmt: skip
_OF_SPLUNK = frozenset({"fields", "host", "index", "source", "sourcetype", "time"})
_SCOPES = ("scopeLogs", "instrumentationLibraryLogs", "scope_logs", "instrumentation_library_logs")
_DESCRIBE = frozenset({
    "instrumentationLibrary", "instrumentation_library", "resource", "schemaUrl", "schema_url", "scope",
})  # fmt: skip
_RECORDS = ("logRecords", "log_records", "logs")


def _logged(node: Json) -> Payload:
    """A control message says that the subscription works."""
    if node["messageType"] == "CONTROL_MESSAGE":
        return Nothing("bookkeeping")
    return Several([field_of(event, "message") for event in few(node["logEvents"])])


def _is_logged_request(node: Json) -> bool:
    """Of an API gateway that logs what was sent to it."""
    request = node["request"]
    return isinstance(request.get("body"), str) and "method" in request and ("url" in request or "uri" in request)


def _gelf(node: Json) -> Payload:
    """Its messages are for people, and fields of one's own begin with a line. Of those two may hold JSON, and one of
    them what a customer wrote."""
    said = [*filter(may_be_json, (node.get("full_message"), node["short_message"]))]
    own = [value for name, value in node.items() if name.startswith("_") and may_be_json(value)]
    return (said or (own if len(own) == 1 else [node["short_message"]]))[0]


def _journald(node: Json) -> Payload:
    """What is not all printable comes as the numbers of its bytes."""
    message = node["MESSAGE"]
    if isinstance(message, str):
        return message
    try:
        return bytes(message)
    except (TypeError, ValueError):
        raise Malformed("a message of journald that is neither a text nor bytes") from None


def _lines(streams: list[Any]) -> Payload:
    """Of Loki: each is a time and a line, and maybe labels; or an object of these."""
    if sum(len(_lines_in(stream)) for stream in few(streams)) > MAX_EVENTS:
        raise Malformed(f"more than {MAX_EVENTS} lines in one record")
    return Several([_line(line) for stream in streams for line in _lines_in(stream)])


def _lines_in(stream: Any) -> list[Any]:
    return stream.get("values", stream.get("entries")) if _is_stream(stream) else [stream]


def _line(line: Any) -> Payload:
    return line[1] if isinstance(line, list) and len(line) > 1 else field_of(line, "line")


def _some_are_streams(streams: Any) -> bool:
    return isinstance(streams, list) and any(map(_is_stream, streams[:MAX_EVENTS]))


def _is_stream(raw: Any) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("values", raw.get("entries")), list)


# ---- OpenTelemetry


def _log_bodies(node: Json) -> Payload:
    """As its protocol writes them in JSON, in its names of today and of before."""
    scopes = [each for resource in listed(node["resourceLogs"]) for each in _held(resource, _SCOPES, _of_resource)]
    records = [each for scope in scopes for each in _held(scope, _RECORDS, _of_scope)]
    return Several([opened(record, _body, _of_record) for record in few(records)])


def _held(raw: Any, names: tuple[str, ...], around: Callable[[Any], Json]) -> list[Any]:
    """What stands at one of these names; none where there is nothing but what describes it."""
    if isinstance(raw, Broken):
        return [raw]
    inside = _first(raw, names)
    if inside is None and not (isinstance(raw, dict) and raw.keys() <= _DESCRIBE):
        return [Broken(around(raw), Malformed("what stands in place of the log records of OpenTelemetry"))]
    return listed(inside) if inside is not None else []


def _of_resource(raw: Any) -> Json:
    return {"resourceLogs": [raw]}


def _of_scope(raw: Any) -> Json:
    return _of_resource({"scopeLogs": [raw]})


def _of_record(raw: Any) -> Json:
    return _of_scope({"logRecords": [raw]})


def _body(record: Any) -> Payload:
    if isinstance(record, Broken):
        return record
    return of_opentelemetry(record.get("body") if isinstance(record, dict) else None)


def _first(node: Any, names: tuple[str, ...]) -> Any:
    return next((node[name] for name in names if name in node), None) if isinstance(node, dict) else None


LOGS = (
    Envelope("CloudWatch Logs", {"messageType": str, "logGroup": str, "logStream": str, "logEvents": list}, _logged),
    Envelope(
        "CloudWatch Logs", {"awslogs": dict}, base64_at("awslogs", "data"), frozenset(),
        holds=lambda node: isinstance(node["awslogs"].get("data"), str),
    ),
    Envelope(
        "Lambda's log", dict.fromkeys(("timestamp", "level", "requestId"), str) | {"message": (dict, list, str)},
        at("message"), frozenset({"logger", "tenantId"}),
    ),
    Envelope("Beats", {"@timestamp": str, "@metadata": dict, "message": str}, at("message"), holds=lacks("@version")),
    Envelope("Beats", {"@timestamp": str, "@metadata": dict, "json": dict}, at("json"), holds=lacks("message")),
    Envelope(
        "Beats", {"@timestamp": str, "agent": dict, "message": str}, at("message"),
        holds=lacks("@metadata", "@version"),
    ),
    Envelope("Logstash", {"@timestamp": str, "@version": str, "message": str}, at("message")),
    Envelope(
        "Logstash", {"@timestamp": str, "@version": str, "event": dict}, at("event", "original"),
        holds=lambda node: "message" not in node and isinstance(node["event"].get("original"), str),
    ),
    Envelope("Fluentd", {"message": (dict, str), "tag": str, "time": (str, int, float)}, at("message")),
    Envelope("OpenTelemetry", {"resourceLogs": list}, _log_bodies, frozenset()),
    Envelope("Datadog", {"message": str, "ddsource": str}, at("message")),
    Envelope("Fluent Bit", {"log": (dict, str)}, at("log"), holds=has_any(_OF_LOGS)),
    Envelope("Vector", {"message": (dict, str), "source_type": str}, at("message")),
    Envelope("Splunk", {"_raw": str, "_time": (int, float, str)}, at("_raw")),
    Envelope(
        "New Relic", {"logs": list}, each_of("logs", lambda log: field_of(log, "message")), frozenset({"common"}),
        one_has("logs", "message"),
    ),
    Envelope("Splunk", {"event": (dict, str)}, at("event"), _OF_SPLUNK, has_any({"host", "index", "sourcetype"})),
    Envelope("Cloud Logging", {"insertId": str, "logName": str, "jsonPayload": dict}, at("jsonPayload")),
    Envelope("Cloud Logging", {"insertId": str, "logName": str, "textPayload": str}, at("textPayload")),
    Envelope("gateway's log", {"request": dict, "response": dict}, at("request", "body"), holds=_is_logged_request),
    Envelope("journald", {"MESSAGE": (str, list), "__REALTIME_TIMESTAMP": str}, _journald),
    Envelope(
        "syslog-ng", {"MESSAGE": str, "HOST": str, "PROGRAM": str}, at("MESSAGE"), holds=lacks("__REALTIME_TIMESTAMP")
    ),
    Envelope("syslog", {"message": str, "rawMessage": str, "remoteAddress": str}, at("message")),
    Envelope("rsyslog", {"msg": str, "rawmsg": str, "syslogtag": str}, at("msg")),
    Envelope("GELF", {"version": str, "host": str, "short_message": str}, _gelf),
    Envelope(
        "Loki", {"streams": list}, lambda node: _lines(node["streams"]), frozenset(),
        lambda node: _some_are_streams(node["streams"]),
    ),
    Envelope(
        "Loki", {"status": str, "data": dict}, lambda node: _lines(node["data"]["result"]),
        holds=lambda node: (
            node["data"].get("resultType") == "streams" and _some_are_streams(node["data"].get("result"))
        ),
    ),
)  # fmt: skip

"""The envelopes of change data capture, one row each: how pipelines bring a row of a table, and what stands in it.

Sources: Debezium's connectors, its outbox and its converter for CloudEvents, MongoDB's change streams, the targets of
Amazon DMS, Maxwell, Canal, Oracle GoldenGate, Qlik Replicate and Airbyte, Singer's and Airbyte's messages, DynamoDB's
streams, TiCDC's Canal-JSON, Debezium, simple and open protocols, changefeeds of CockroachDB, both formats of wal2json,
Google Datastream, Couchbase's connector for Kafka, Flink's formats, webhooks of Hasura and Supabase, Sequin, Striim.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from consumer.errors import Malformed
from consumer.wire.coded import of_base64
from consumer.wire.fields import Json, holds_nothing
from consumer.wire.payloads import (
    Envelope,
    Nothing,
    Payload,
    Several,
    at,
    few,
    has,
    json_or_base64_at,
    json_or_base64_or_itself,
    list_at,
    none_of,
    one_has_or_none,
)
from consumer.wire.rows import NO_TABLE, opened_row
from consumer.wire.typed_values import of_dynamodb

DELETED = (
    "d", "D", "t", "T", "delete", "deletion", "DELETE", "REMOVE", "drop", "expiration", "truncate", "true",
    "UPDATE-DELETE",
)  # fmt: skip
WRITTEN = (
    "c", "C", "r", "u", "U", "i", "I", "insert", "INSERT", "mutation", "update", "UPDATE", "replace", "MODIFY", "read",
)  # fmt: skip
WITHOUT_ROW = "a row was written, and the change does not hold it as it is now: let it carry whole rows"
BOOTSTRAP = ("bootstrap-start", "bootstrap-complete")

_ROW = (dict, str, type(None))
_OF_COCKROACH = frozenset({"after", "before", "cursor", "key", "mvcc_timestamp", "resolved", "topic", "updated"})
_OF_GOLDENGATE = frozenset({"csn", "current_ts", "op_ts", "op_type", "pos", "primary_keys", "table", "tokens", "xid"})
_OF_MAXWELL = {
    "bootstrap": {"database_name", "table_name", "where_clause", "is_complete"},
    "heartbeats": {"server_id", "client_id", "heartbeat"},
}
_OF_WAL2JSON = frozenset({"nextlsn", "origin", "timestamp", "xid"})


def row_at(row: Callable[[Json], Any], operation: Callable[[Json], Any]) -> Callable[[Json], Payload]:
    """The row as it is now; none once it is deleted."""

    def payload(node: Json) -> Payload:
        if operation(node) in BOOTSTRAP:
            return Nothing("bookkeeping")
        now = None if operation(node) in DELETED else row(node)
        if now is None and operation(node) in WRITTEN:
            raise Malformed(WITHOUT_ROW)
        if now is None:
            return Nothing("no_value")
        return Several([opened_row(each) for each in few(now)]) if isinstance(now, list) else opened_row(now)

    return payload


def _message_or_nothing(node: Json) -> Payload:
    """What was written into the log of the database alone, that a table was emptied, or a watermark of TiCDC's."""
    if node["op"] == "t":
        return Nothing("no_value")
    message = node.get("message")
    if message is None and node["source"].get("connector") == "TiCDC":
        return Nothing("bookkeeping")
    return of_base64(message.get("content") if isinstance(message, dict) else None)


def item(node: Json) -> Payload:
    """Of DynamoDB, whose values say their types, but for what Redpanda Connect makes of them."""
    image, plain = node["dynamodb"].get("NewImage"), node["dynamodb"].get("newImage")
    if node["eventName"] == "REMOVE":
        return Nothing("no_value")
    if isinstance(plain, dict):
        return opened_row(plain)
    if not isinstance(image, dict):
        raise Malformed(WITHOUT_ROW)
    return opened_row({name: of_dynamodb(each) for name, each in image.items()})


def columns(names: list[Any], values: list[Any]) -> Payload:
    return opened_row({str(name): value for name, value in zip(names, values, strict=False)})


def _wal2json_change(node: Json) -> Payload:
    return columns(node["columnnames"], node["columnvalues"])


def _wal2json_tuple(node: Json) -> Payload:
    if node["action"] in DELETED:
        return Nothing("no_value")
    told = [each for each in node.get("columns") or () if isinstance(each, dict)]
    return columns([each.get("name") for each in told], [each.get("value") for each in told])


def _cockroach_row(node: Json) -> Payload:
    """With what the changefeed says of it beside its columns."""
    return opened_row({name: value for name, value in node.items() if name != "__crdb__"})


def _maxwell_row(node: Json) -> Payload:
    """It writes into tables of its own, and reads them as it reads all others."""
    own, row = _OF_MAXWELL.get(node["table"]), node["data"]
    if own is not None and isinstance(row, dict) and row.keys() >= own and holds_nothing(row):
        return Nothing("bookkeeping")
    return row_at(at("data"), at("type"))(node)


def _goldengate_row(node: Json) -> Any:
    """Its columns may stand beside what is said of the change."""
    if "after" in node or "before" in node:
        return node.get("after")
    return {name: value for name, value in node.items() if name not in _OF_GOLDENGATE} or None


def _ticdc_row(node: Json) -> Payload:
    return columns([*node["u"]], [column["v"] for column in node["u"].values()])


def _are_columns(key: str) -> Callable[[Json], bool]:
    """Whether each has its type and its value, as TiCDC's open protocol writes them."""
    return lambda node: (
        bool(node[key])
        and all(isinstance(column, dict) and column.keys() >= {"t", "v"} for column in node[key].values())
    )


def _is_of_dms(kind: str) -> Callable[[Json], bool]:
    return lambda node: bool(node["metadata"].get("record-type") == kind)


def _writes(node: Json) -> bool:
    return node["type"] in ("INSERT", "UPDATE", "insert", "update")


_flattened = row_at(at("payload"), at("__deleted"))

CHANGES = (
    Envelope("Debezium", {"op": str, "source": dict, "after": _ROW}, row_at(at("after"), at("op"))),
    Envelope(
        "Debezium", {"op": str, "source": dict}, _message_or_nothing,
        holds=lambda node: node["op"] in ("t", "m") and "after" not in node,
    ),
    Envelope(
        "Debezium", {"payload": dict}, at("payload"), frozenset(),
        lambda node: isinstance(node["payload"].get("source"), dict) and "ts_ms" in node["payload"],
    ),
    Envelope("Debezium", {"after": _ROW, "op": str}, row_at(at("after"), at("op")), frozenset({"before"})),
    Envelope("GoldenGate", {"after": _ROW, "op_type": str}, row_at(at("after"), at("op_type")), frozenset({"before"})),
    Envelope("Canal", {"data": (list, dict), "type": str}, row_at(at("data"), at("type")), frozenset({"old"}), _writes),
    Envelope("Debezium", {"before": _ROW, "after": _ROW}, row_at(at("after"), lambda node: ""), frozenset()),
    *(
        Envelope("Debezium", {mark: (int, str), "payload": (dict, str)}, _flattened, holds=NO_TABLE.isdisjoint)
        for mark in ("__op", "__deleted", "__table", "__lsn", "__ts_ms", "__source_ts_ms")  # those that were asked for
    ),
    Envelope(
        "outbox", dict.fromkeys(("aggregatetype", "aggregateid", "type"), str) | {"payload": (dict, str)},
        json_or_base64_at("payload"),
    ),
    Envelope(
        "MongoDB", {"operationType": str, "ns": dict, "documentKey": (dict, str)},
        row_at(at("fullDocument"), at("operationType")),
    ),
    Envelope(
        "DMS", {"data": dict, "metadata": dict}, row_at(at("data"), at("metadata", "operation")), frozenset(),
        _is_of_dms("data"),
    ),
    Envelope("DMS", {"metadata": dict}, none_of("bookkeeping"), frozenset({"control", "data"}), _is_of_dms("control")),
    Envelope(
        "Maxwell", {"database": str, "table": str, "type": str, "ts": int, "data": (dict, list, type(None))},
        _maxwell_row,
    ),
    Envelope(
        "GoldenGate", dict.fromkeys(("table", "op_type", "op_ts", "pos"), str), row_at(_goldengate_row, at("op_type"))
    ),
    Envelope(
        "Qlik Replicate", {"magic": str, "type": str, "message": dict},
        row_at(at("message", "data"), at("message", "headers", "operation")), holds=has(magic="atMSG"),
    ),
    Envelope(
        "DynamoDB", {"eventName": str, "eventSource": str, "dynamodb": dict}, item,
        holds=has(eventSource="aws:dynamodb"),
    ),
    Envelope(
        "Couchbase", {"event": str, "key": str, "bySeqno": int, "cas": int},
        row_at(lambda node: json_or_base64_or_itself(node.get("content")), at("event")),
    ),
    Envelope(
        "Airbyte", {"_airbyte_stream": str, "_airbyte_emitted_at": (int, str), "_airbyte_data": dict},
        at("_airbyte_data"),
    ),
    Envelope(
        "Airbyte", {"_airbyte_raw_id": str, "_airbyte_extracted_at": (int, str), "_airbyte_data": (dict, str)},
        at("_airbyte_data"),
    ),
    Envelope(
        "Airbyte", {"type": str, "record": dict}, row_at(at("record", "data"), lambda node: ""), frozenset(),
        lambda node: node["type"] == "RECORD" and node["record"].keys() >= {"stream", "data", "emitted_at"},
    ),
    Envelope(
        "CockroachDB", {"after": (dict, type(None))}, row_at(at("after"), lambda node: ""), _OF_COCKROACH,
        lambda node: "before" not in node or len(node) > len(("before", "after")),
    ),
    Envelope(
        "CockroachDB", {"after": _ROW, "op": str, "ts_ns": int}, row_at(at("after"), at("op")),
        frozenset({"before", "key"}),
    ),
    Envelope(
        "CockroachDB", {"topic": str, "value": dict}, at("value"), frozenset({"key"}),
        lambda node: isinstance(node.get("key"), list),
    ),
    Envelope("CockroachDB", {"__crdb__": dict}, _cockroach_row, holds=lambda node: len(node) > 1),
    Envelope("CockroachDB's webhook", {"payload": list, "length": int}, list_at("payload"), frozenset()),
    Envelope("wal2json", {"change": list}, list_at("change"), _OF_WAL2JSON, one_has_or_none("change", "kind")),
    Envelope(
        "wal2json", {"kind": str, "table": str, "columnnames": list, "columnvalues": list}, _wal2json_change
    ),
    Envelope(
        "wal2json", {"kind": str, "table": str}, none_of("no_value"),
        holds=lambda node: node["kind"] in DELETED and "columnnames" not in node,
    ),
    Envelope("wal2json", {"kind": str, "prefix": str, "content": str}, at("content"), holds=has(kind="message")),
    Envelope("wal2json", {"action": str, "table": str, "columns": list}, _wal2json_tuple),
    Envelope(
        "wal2json", {"action": str, "table": str}, none_of("no_value"),
        holds=lambda node: node["action"] in ("D", "T") and "columns" not in node,
    ),
    Envelope(
        "wal2json", {"action": str, "table": str, "identity": list}, row_at(lambda node: None, at("action")),
        holds=lambda node: node["action"] in WRITTEN and "columns" not in node,
    ),
    Envelope("wal2json", {"transactional": bool, "prefix": str, "content": str}, at("content")),
    Envelope(
        "TiCDC", {"version": int, "type": str, "commitTs": int, "buildTs": int, "schemaVersion": int},
        row_at(at("data"), at("type")),
    ),
    Envelope("TiCDC", {"u": dict}, _ticdc_row, frozenset({"p"}), _are_columns("u")),
    Envelope("TiCDC", {"d": dict}, none_of("no_value"), frozenset(), _are_columns("d")),
    Envelope(
        "Datastream",
        dict.fromkeys(("uuid", "read_method", "object"), str) | {"source_metadata": dict, "payload": dict},
        row_at(at("payload"), at("source_metadata", "change_type")),
    ),
    Envelope(
        "Hasura", {"table": dict, "trigger": dict, "event": dict},
        row_at(at("event", "data", "new"), at("event", "op")),
        holds=lambda node: "name" in node["table"] and "op" in node["event"],
    ),
    Envelope(
        "Supabase", {"type": str, "table": str, "schema": str, "record": _ROW, "old_record": _ROW},
        row_at(at("record"), at("type")),
    ),
    Envelope(
        "Sequin", {"record": dict, "action": str, "metadata": dict}, row_at(at("record"), at("action")),
        holds=lambda node: "table_name" in node["metadata"],
    ),
    Envelope(
        "Striim", {"metadata": dict, "data": _ROW, "before": _ROW}, row_at(at("data"), at("metadata", "OperationName")),
        holds=lambda node: node["metadata"].keys() >= {"OperationName", "TableName"},
    ),
    Envelope("Singer", {"type": str, "stream": str, "record": dict}, at("record"), holds=has(type="RECORD")),
)  # fmt: skip

"""What transports write for themselves among the events, one row each: by its own word it is nobody's event.

Sources: Debezium's heartbeats, transaction metadata, schema changes, notifications and signals, Maxwell's bootstraps
and definitions, confirmations of SNS, SMN, S3 and Genesys's notification socket, CockroachDB's resolved timestamps, the
messages of Airbyte and Singer, wal2json's transactions, TiCDC's definitions and watermarks, MongoDB's change events
that are about no document.
"""

from __future__ import annotations

from consumer.wire.fields import Json
from consumer.wire.payloads import Envelope, has, lacks, none_of

_NONE = frozenset[str]()
_WORD = (str, type(None))
_CLOCK = "0123456789."
_OF_MONGODB = frozenset({
    "_id", "clusterTime", "collectionUUID", "lsid", "ns", "nsType", "operationDescription", "operationType", "to",
    "txnNumber", "wallTime",
})  # fmt: skip
_DEFINED_IN_MONGODB = (
    "create", "createIndexes", "drop", "dropDatabase", "dropIndexes", "invalidate", "modify",
    "refineCollectionShardKey", "rename", "reshardCollection", "shardCollection",
)  # fmt: skip
_DEFINED_IN_TIDB = (
    "ALTER", "BOOTSTRAP", "CINDEX", "CREATE", "DINDEX", "ERASE", "QUERY", "RENAME", "TRUNCATE", "WATERMARK",
)  # fmt: skip
# Not `log`, whose data is anybody's text.
_SIGNALS = (
    "execute-snapshot", "pause-snapshot", "resume-snapshot", "schema-changes", "snapshot-window-close",
    "snapshot-window-open", "stop-snapshot",
)  # fmt: skip


def _of(name: str, requires: dict[str, type | tuple[type, ...]], **signature: object) -> Envelope:
    return Envelope(name, requires, none_of("bookkeeping"), **signature)  # type: ignore[arg-type]


def _of_airbyte(word: str) -> Envelope:
    """Each type of message has a field of its own."""
    name, field = word.lower().replace("_", " "), "connectionStatus" if word == "CONNECTION_STATUS" else word.lower()
    return _of(f"Airbyte's {name}", {"type": str, field: dict}, allows=_NONE, holds=has(type=word))


def _is_of_no_document(node: Json) -> bool:
    """By the name of its operation. Its connector for Kafka can write all fields, and null where there is nothing."""
    return node["operationType"] in _DEFINED_IN_MONGODB and all(node[key] is None for key in node.keys() - _OF_MONGODB)


BOOKKEEPING = (
    _of("Debezium's heartbeat", {"ts_ms": int}, allows=_NONE),
    _of(
        "Debezium's transaction", {"status": str, "id": str, "event_count": (int, type(None)), "ts_ms": int},
        allows=frozenset({"data_collections"}), holds=has(status=("BEGIN", "END")),
    ),
    _of("Debezium's schema change", {"source": dict, "ddl": _WORD, "tableChanges": list}),
    _of("Maxwell's definition", {"type": str, "database": str, "ts": int, "sql": str}, holds=lacks("data")),
    _of(
        "SNS's confirmation", dict.fromkeys(("Type", "MessageId", "TopicArn", "Token", "SubscribeURL"), str),
        holds=has(Type=("SubscriptionConfirmation", "UnsubscribeConfirmation")),
    ),
    _of(
        "notification socket's answer", {"result": str, "status": str}, allows=frozenset({"correlationId"}),
        holds=has(result="200", status=("subscribed", "unsubscribed")),
    ),
    _of(
        "SMN's confirmation", dict.fromkeys(("topic_urn", "type", "subscribe_url"), str),
        holds=has(type=("SubscriptionConfirmation", "UnsubscribeConfirmation")),
    ),
    _of("S3's test", {"Service": str, "Event": str, "Bucket": str}, holds=has(Event="s3:TestEvent")),
    _of(
        "CockroachDB's timestamp", {"resolved": str}, allows=_NONE,
        holds=lambda node: not node["resolved"].strip(_CLOCK),
    ),
    _of("CockroachDB's timestamp", {"__crdb__": dict}, allows=_NONE, holds=lambda node: "resolved" in node["__crdb__"]),
    _of_airbyte("STATE"),
    _of_airbyte("LOG"),
    _of_airbyte("TRACE"),
    _of_airbyte("CONTROL"),
    _of_airbyte("CATALOG"),
    _of_airbyte("DESTINATION_CATALOG"),
    _of_airbyte("SPEC"),
    _of_airbyte("CONNECTION_STATUS"),
    _of("Singer's state", {"type": str, "value": dict}, allows=_NONE, holds=has(type="STATE")),
    _of("Singer's schema", {"type": str, "stream": str, "schema": dict}, holds=has(type="SCHEMA")),
    _of(
        "Singer's version", {"type": str, "stream": str, "version": int}, allows=_NONE,
        holds=has(type="ACTIVATE_VERSION"),
    ),
    _of(
        "wal2json's transaction", {"action": str}, allows=frozenset({"lsn", "nextlsn", "origin", "timestamp", "xid"}),
        holds=has(action=("B", "C")),
    ),
    _of("TiCDC's definition", {"q": str, "t": int}, allows=_NONE),
    _of(
        "TiCDC's definition", {"version": int, "type": str, "commitTs": int, "buildTs": int},
        allows=frozenset({"preTableSchema", "sql", "tableSchema"}), holds=has(type=_DEFINED_IN_TIDB),
    ),
    _of(
        "MongoDB's definition", {"_id": (dict, str), "operationType": str}, holds=_is_of_no_document,
    ),
    _of(
        "Debezium's notification", {"id": str, "aggregate_type": str, "type": str},
        allows=frozenset({"additional_data", "timestamp"}),
        holds=has(aggregate_type=("Initial Snapshot", "Incremental Snapshot")),
    ),
    _of(
        "Debezium's signal", {"type": str}, allows=frozenset({"_id", "data", "id", "payload"}),
        holds=has(type=_SIGNALS),
    ),
)  # fmt: skip

"""What transports write for themselves among the events, one row each: by its own word it is nobody's event.

Sources: Debezium's heartbeats, transaction metadata and schema changes, Maxwell's bootstraps and definitions, SNS's and
S3's confirmations, CockroachDB's resolved timestamps, the messages of Airbyte and Singer, wal2json's transactions,
TiCDC's definitions.
"""

from __future__ import annotations

from consumer.wire.payloads import Envelope, has, lacks, none_of

_NONE = frozenset[str]()
_WORD = (str, type(None))
_CLOCK = "0123456789."


def _of(name: str, requires: dict[str, type | tuple[type, ...]], **signature: object) -> Envelope:
    return Envelope(name, requires, none_of("bookkeeping"), **signature)  # type: ignore[arg-type]


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
    _of("S3's test", {"Service": str, "Event": str, "Bucket": str}, holds=has(Event="s3:TestEvent")),
    _of(
        "CockroachDB's timestamp", {"resolved": str}, allows=_NONE,
        holds=lambda node: not node["resolved"].strip(_CLOCK),
    ),
    _of("CockroachDB's timestamp", {"__crdb__": dict}, allows=_NONE, holds=lambda node: "resolved" in node["__crdb__"]),
    _of("Airbyte's state", {"type": str, "state": dict}, allows=_NONE, holds=has(type="STATE")),
    _of("Airbyte's log", {"type": str, "log": dict}, allows=_NONE, holds=has(type="LOG")),
    _of("Airbyte's trace", {"type": str, "trace": dict}, allows=_NONE, holds=has(type="TRACE")),
    _of("Singer's state", {"type": str, "value": dict}, allows=_NONE, holds=has(type="STATE")),
    _of("Singer's schema", {"type": str, "stream": str, "schema": dict}, holds=has(type="SCHEMA")),
    _of(
        "wal2json's transaction", {"action": str}, allows=frozenset({"lsn", "nextlsn", "origin", "timestamp", "xid"}),
        holds=has(action=("B", "C")),
    ),
    _of("TiCDC's definition", {"q": str, "t": int}, allows=_NONE),
)  # fmt: skip

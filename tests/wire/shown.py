"""More of what carriers put around an event: records as clients and consoles show them, and what clouds hand on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.wire.carriers import AT, coded, kafka_record, kinesis, sqs, text


def numbers(raw: object) -> dict[str, Any]:
    """As Node.js writes bytes."""
    return {"type": "Buffer", "data": [*text(raw).encode()]}


SHOWN: dict[str, Callable[[Any], Any]] = {
    "rpk": lambda raw: {"topic": "t", "key": "k", "value": text(raw), "timestamp": 1, "partition": 0, "offset": 1},
    "Kafka record": lambda raw: {
        "key": "k", "value": raw, "partition": 0, "offset": 1, "timestamp": 1, "headers": {}
    },
    "Kafka record, base64": lambda raw: {"partition": 0, "offset": 1, "value": coded(raw)},
    "Strimzi's bridge, text": lambda raw: {"topic": "t", "key": None, "value": text(raw), "partition": 0, "offset": 0},
    "Strimzi's bridge, headers": lambda raw: {
        "topic": "t", "key": None, "value": raw, "partition": 0, "offset": 0, "timestamp": 1,
        "headers": [{"key": "a", "value": "Yg=="}],
    },
    "kafka-node": lambda raw: {
        "topic": "t", "value": text(raw), "offset": 37, "partition": 0, "highWaterOffset": 38, "key": None,
        "timestamp": AT,
    },
    "node-rdkafka": lambda raw: {
        "value": numbers(raw), "size": 10, "key": None, "topic": "t", "offset": 1, "partition": 0, "timestamp": 1
    },
    "Oracle's Streaming": lambda raw: {
        "stream": "s", "partition": "0", "key": None, "value": coded(raw), "offset": 1, "timestamp": 1
    },
    "KafkaJS, a message": lambda raw: {
        "magicByte": 2, "attributes": 0, "timestamp": "1", "offset": "2", "key": None, "value": numbers(raw),
        "headers": {}, "isControlRecord": False, "batchContext": {"firstOffset": "0"},
    },
    "Kafdrop": lambda raw: {
        "partition": 0, "offset": 1, "message": text(raw), "key": None, "headers": {}, "timestamp": AT
    },
    "Kafka Connect, a row that JDBC read": lambda raw: {
        "schema": {"type": "struct", "fields": [], "optional": False, "name": "events"},
        "payload": {"id": 1, "payload": text(raw), "created_at": 1},
    },
    "Kafka Connect, Google's Pub/Sub": lambda raw: {
        "schema": {
            "type": "struct", "optional": False,
            "fields": [
                {"type": "bytes", "optional": False, "field": "message"},
                {"type": "string", "optional": False, "field": "origin"},
            ],
        },
        "payload": {"message": coded(raw), "origin": "genesys"},
    },
    "DynamoDB by Redpanda Connect": lambda raw: {
        "tableName": "t", "eventID": "a1", "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {"keys": {"id": "1"}, "newImage": {"id": "1", "payload": text(raw)}, "sequenceNumber": "1"},
    },
    "Redis": lambda raw: {"id": "1-0", "stream": "s", "body": {"event": text(raw)}},
    "Redis, several fields": lambda raw: {"id": "1-0", "stream": "s", "body": {"payload": text(raw), "at": "1"}},
    "kaf": lambda raw: {"partition": 0, "offset": 1, "key": "k", "headers": {}, "payload": text(raw), "timestamp": AT},
    "SQS by a pipe": lambda raw: {**sqs(raw), "body": raw},
    "Kinesis by a pipe, parsed": lambda raw: {**kinesis(raw)["kinesis"], "data": raw, "eventSource": "aws:kinesis"},
    "Kafka by a pipe": lambda raw: {**kafka_record(raw), "eventSource": "aws:kafka", "eventSourceKey": "t-0"},
    "Kafka by a pipe, parsed": lambda raw: {**kafka_record(raw), "value": raw, "eventSource": "aws:kafka"},
    "Debezium, flattened, with its table": lambda raw: {"id": 1, "payload": text(raw), "__table": "t"},
    "Debezium, flattened, with its time": lambda raw: {"id": 1, "payload": text(raw), "__ts_ms": 1},
    "confluent-kafka-dotnet": lambda raw: {
        "Topic": "t", "Partition": {"Value": 0, "IsSpecial": False}, "Offset": {"Value": 1, "IsSpecial": False},
        "Message": {"Key": None, "Value": text(raw), "Timestamp": {}, "Headers": []}, "IsPartitionEOF": False,
    },
    "Logic Apps, JSON": lambda raw: {"ContentData": raw, "Properties": {}, "SystemProperties": {}},
    "Argo Events": lambda raw: {
        "context": {"id": "1", "source": "s", "specversion": "1.0", "type": "kafka", "subject": "x", "time": AT},
        "data": coded(raw),
    },
    "Argo Events, a webhook": lambda raw: {
        "context": {"id": "1", "source": "s", "specversion": "1.0", "type": "webhook", "subject": "x", "time": AT},
        "data": {"header": {"Host": ["x"]}, "body": raw},
    },
    "SMN": lambda raw: {
        "signature": "x", "topic_urn": "urn:smn:r:1:t", "message_id": "10bb", "signature_version": "v1",
        "type": "Notification", "message": text(raw), "signing_cert_url": "u", "timestamp": AT,
    },
    "CMQ": lambda raw: {
        "TopicOwner": "1", "topicName": "t", "subscriptionName": "s", "msgId": "6942", "msgBody": text(raw),
        "publishTime": "1",
    },
    "Lambda's log": lambda raw: {"timestamp": AT, "level": "INFO", "requestId": "79b4", "message": raw},
    "Debezium, flattened, with a column": lambda raw: {"id": 1, "payload": text(raw), "__deleted": "false"},
    "Nakadi": lambda raw: {
        "metadata": {"eid": "1", "occurred_at": AT, "event_type": "e"}, "data_op": "C", "data_type": "t", "data": raw
    } if isinstance(raw, dict) else raw,
    "Hermes": lambda raw: {"metadata": {"id": "u", "timestamp": 1}, "message": raw}
    if isinstance(raw, dict) else raw,
}  # fmt: skip

SHOWN_BATCHES: dict[str, Callable[[list[Any]], Any]] = {
    "OpenWhisk": lambda raws: {
        "messages": [{"topic": "t", "partition": 0, "offset": 1, "key": None, "value": raw} for raw in raws]
    },
    "Yandex's queue": lambda raws: {
        "messages": [
            {
                "event_metadata": {"event_id": "e", "event_type": "yandex.cloud.events.messagequeue.QueueMessage"},
                "details": {"queue_id": "q", "message": {"message_id": "cce7", "body": text(raw), "attributes": {}}},
            }
            for raw in raws
        ]
    },
    "Nakadi": lambda raws: {
        "cursor": {"partition": "0", "offset": "1"},
        "events": [
            {"metadata": {"eid": "1", "occurred_at": AT}, "data_op": "C", "data_type": "t", "data": raw}
            for raw in raws
        ],
    },
}  # fmt: skip

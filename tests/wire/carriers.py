"""What carriers put around an event: a record of each, and the pieces that several share."""

from __future__ import annotations

import base64
from typing import Any

import orjson

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/genesys"


def text(raw: object) -> str:
    return orjson.dumps(raw).decode()


def coded(raw: object) -> str:
    return base64.b64encode(orjson.dumps(raw)).decode()


def sqs(raw: object) -> dict[str, Any]:
    return {
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": text(raw),
        "attributes": {"ApproximateReceiveCount": "1", "SenderId": "AIDAIENQZJOLO23YVJ4VO"},
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:genesys",
        "awsRegion": "us-east-1",
    }


def sns(raw: object) -> dict[str, Any]:
    return {
        "Type": "Notification",
        "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:genesys",
        "Subject": "TestInvoke",
        "Message": text(raw),
        "Timestamp": "2026-02-03T10:16:41.000Z",
        "SignatureVersion": "1",
    }


def kinesis(raw: object) -> dict[str, Any]:
    told = {"kinesisSchemaVersion": "1.0", "partitionKey": "p", "sequenceNumber": "4959033827149025660855969253836157"}
    record = {**told, "data": coded(raw), "approximateArrivalTimestamp": 1649237504.9}
    return {"kinesis": record, "eventSource": "aws:kinesis", "eventName": "aws:kinesis:record", "eventSourceARN": ARN}


def kafka_record(raw: object) -> dict[str, Any]:
    told = {"topic": "t", "partition": 0, "offset": 15, "timestamp": 1545084650987, "timestampType": "CREATE_TIME"}
    return {**told, "key": "", "value": coded(raw), "headers": []}


def event_grid(data: object) -> dict[str, Any]:
    return {
        "id": "831e1650-001e-001b-66ab-eeb76e069631",
        "topic": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.EventGrid/topics/t",
        "subject": "genesysCloud/sendEvent",
        "data": data,
        "eventType": "GenesysCloudEvent",
        "eventTime": "2026-02-03T10:16:41.000Z",
        "metadataVersion": "1",
        "dataVersion": "1.0",
    }


def cloud_event(**data: object) -> dict[str, Any]:
    return {"specversion": "1.0", "id": "1", "type": "genesys", "source": "/x", **data}


def celery(body: object) -> dict[str, Any]:
    return {
        "body": coded(body),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": "genesys.handle", "id": "1", "argsrepr": "()"},
        "properties": {"correlation_id": "1", "body_encoding": "base64", "delivery_tag": "9"},
    }


def typed(raw: object) -> Any:
    """As DynamoDB writes a value."""
    if isinstance(raw, dict):
        return {"M": {name: typed(value) for name, value in raw.items()}}
    if isinstance(raw, list):
        return {"L": [typed(value) for value in raw]}
    if isinstance(raw, bool) or raw is None:
        return {"NULL": True} if raw is None else {"BOOL": raw}
    return {"S": raw} if isinstance(raw, str) else {"N": str(raw)}


def any_value(raw: object) -> Any:
    """As OpenTelemetry writes one."""
    if isinstance(raw, dict):
        return {"kvlistValue": {"values": [{"key": name, "value": any_value(value)} for name, value in raw.items()]}}
    if isinstance(raw, list):
        return {"arrayValue": {"values": [any_value(value) for value in raw]}}
    return {"stringValue": raw} if isinstance(raw, str) else {"intValue": str(raw)}


def image(raw: object) -> Any:
    """What DynamoDB keeps of a thing: its attributes, or one that holds it as a text."""
    return typed(raw)["M"] if isinstance(raw, dict) else {"pk": {"S": "1"}, "payload": {"S": text(raw)}}


OUTBOX = {"id": "7b3f", "aggregatetype": "conversation", "aggregateid": "1", "type": "genesys"}
DEBEZIUM = {"op": "c", "source": {"connector": "postgresql", "db": "d", "table": "t"}, "ts_ms": 1}
CANAL = {
    "id": 0, "database": "d", "table": "t", "pkNames": ["id"], "isDdl": False, "es": 1, "ts": 1, "sql": "",
    "sqlType": {"id": 4}, "mysqlType": {"id": "int"},
}  # fmt: skip
QLIK = {"magic": "atMSG", "type": "DT", "headers": None, "messageSchemaId": None, "messageSchema": None}
SALESFORCE = {"CreatedDate": "2026-02-03T10:16:41Z", "CreatedById": "005xx0000001"}
AT = "2026-02-03T10:16:41.000Z"


def gateway(body: str, is_base64: bool) -> dict[str, Any]:
    return {
        "resource": "/events",
        "httpMethod": "POST",
        "headers": {"Content-Type": "application/json"},
        "requestContext": {"stage": "prod"},
        "body": body,
        "isBase64Encoded": is_base64,
    }


STRING_SCHEMA = {"type": "string", "optional": False}

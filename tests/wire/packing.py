"""Events as transports bring them: each envelope in the shape that its own documentation gives."""

from __future__ import annotations

import base64
from collections.abc import Callable
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

ENVELOPES: dict[str, Callable[[Any], Any]] = {
    "JSON in a string": text,
    "SQS": sqs,
    "SQS as its API gives it": lambda raw: {"MessageId": "m", "ReceiptHandle": "r", "Body": text(raw)},
    "SNS": sns,
    "Kinesis": kinesis,
    "Kinesis by a pipe": lambda raw: {**kinesis(raw)["kinesis"], "eventSource": "aws:kinesis", "awsRegion": "r"},
    "Kinesis as its API gives it": lambda raw: {"SequenceNumber": "1", "PartitionKey": "p", "Data": coded(raw)},
    "Kafka record of Lambda": kafka_record,
    "Firehose record of Lambda": lambda raw: {
        "recordId": "4954", "approximateArrivalTimestamp": 1495072949453, "data": coded(raw)
    },
    "API Gateway": lambda raw: gateway(text(raw), False),
    "API Gateway, base64": lambda raw: gateway(coded(raw), True),
    "Event Grid": event_grid,
    "Event Grid, Genesys's blueprint": lambda raw: event_grid({"message": raw}),
    "CloudEvents": lambda raw: cloud_event(data=raw, datacontenttype="application/json"),
    "CloudEvents, text": lambda raw: cloud_event(data=text(raw)),
    "CloudEvents, base64": lambda raw: cloud_event(data_base64=coded(raw)),
    "Kafka Connect, text": lambda raw: {"schema": STRING_SCHEMA, "payload": text(raw)},
    "Kafka Connect, object": lambda raw: {"schema": {"type": "struct", "fields": []}, "payload": raw},
    "Kafka Connect, bytes": lambda raw: {"schema": {"type": "bytes", "optional": False}, "payload": coded(raw)},
    "Kafka Connect, no schema": lambda raw: {"schema": None, "payload": raw},
    "Pub/Sub push": lambda raw: {
        "message": {"data": coded(raw), "messageId": "136969346945", "publishTime": "2026-02-03T10:16:41Z"},
        "subscription": "projects/p/subscriptions/s",
    },
    "JMS": lambda raw: {
        "messageID": "ID:414d", "messageType": "text", "deliveryMode": 2, "text": text(raw), "bytes": None
    },
    "Amazon MQ": lambda raw: {"messageID": "ID:1", "messageType": "jms/text-message", "data": coded(raw)},
    "Splunk": lambda raw: {"time": 1, "sourcetype": "_json", "event": raw},
    "Fluent Bit": lambda raw: {"date": 1.5, "log": text(raw)},
    "Vector": lambda raw: {"message": text(raw), "source_type": "http_server"},
    "Cloud Logging": lambda raw: {"insertId": "i", "logName": "projects/p/logs/l", "textPayload": text(raw)},
    "Logic Apps": lambda raw: {"ContentData": coded(raw), "Properties": {}},
    "Mule": lambda raw: {"payload": raw, "attributes": {}},
    "guest socket": lambda raw: {"type": "message", "class": "StructuredMessage", "code": 200, "body": raw},
}  # fmt: skip

BATCHES: dict[str, Callable[[list[Any]], Any]] = {
    "array": list,
    "SQS to Lambda": lambda raws: {"Records": [sqs(raw) for raw in raws]},
    "SNS to Lambda": lambda raws: {
        "Records": [
            {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": ARN, "Sns": sns(raw)}
            for raw in raws
        ]
    },
    "SNS over SQS to Lambda": lambda raws: {"Records": [sqs(sns(raw)) for raw in raws]},
    "Kinesis to Lambda": lambda raws: {"Records": [kinesis(raw) for raw in raws]},
    "Kafka to Lambda": lambda raws: {
        "eventSource": "aws:kafka", "records": {"t-0": [kafka_record(raw) for raw in raws], "t-1": []}
    },
    "Firehose to Lambda": lambda raws: {
        "invocationId": "i",
        "deliveryStreamArn": ARN,
        "region": "us-east-1",
        "records": [{"recordId": "4954", "approximateArrivalTimestamp": 1, "data": coded(raw)} for raw in raws],
    },
    "Firehose to HTTP": lambda raws: {
        "requestId": "r", "timestamp": 1578090901599, "records": [{"data": coded(raw)} for raw in raws]
    },
    "Event Grid": lambda raws: [event_grid({"message": raw}) for raw in raws],
    "listing": lambda raws: {"entities": raws, "pageSize": 25, "pageNumber": 1},
    "listing of conversations": lambda raws: {"conversations": raws, "totalHits": len(raws)},
}  # fmt: skip

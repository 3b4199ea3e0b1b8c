"""How one event reaches Kafka: the ways of packing that people use between Genesys and a topic."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from typing import Any

from consumer.sandbox.world import ORGANIZATION_ID
from consumer.wire.fields import Json

USER_ID = "155200d1-5d3b-44a5-8000-0000000000aa"
QUEUE_ID = "155200d1-5d3b-44a5-8000-0000000000bb"
TOPICS = {
    "user": f"v2.users.{USER_ID}.conversations",
    "queue": f"v2.routing.queues.{QUEUE_ID}.conversations",
    "user_messages": f"v2.users.{USER_ID}.conversations.messages",
    "queue_messages": f"v2.routing.queues.{QUEUE_ID}.conversations.messages",
}


def notification(topic: str, body: Json, correlation: str) -> Json:
    return {"topicName": topic, "version": "2", "eventBody": body, "metadata": {"CorrelationId": correlation}}


def detail(event: Json, time: str) -> Json:
    return {**event, "timestamp": time}


def event_bridge(event: Json, time: str, correlation: str, organization: str = ORGANIZATION_ID) -> Json:
    template = _template(event["topicName"])
    return {
        "version": "0",
        "id": correlation,
        "detail-type": template,
        "source": f"aws.partner/genesys.com/cloud/{organization}/attachments",
        "account": "123456789012",
        "time": time,
        "region": "us-east-1",
        "resources": [],
        "detail": detail(event, time),
    }


def sqs(event: Any, correlation: str) -> Json:
    return {
        "Records": [
            {
                "messageId": correlation,
                "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
                "body": json.dumps(event),
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:genesys-events",
                "awsRegion": "us-east-1",
            }
        ]
    }


def sns(event: Any, time: str, correlation: str) -> Json:
    return {
        "Type": "Notification",
        "MessageId": correlation,
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:genesys-events",
        "Message": json.dumps(event),
        "Timestamp": time,
    }


def kinesis(event: Any, correlation: str) -> Json:
    """As Lambda hands on what a stream holds."""
    record = {"kinesisSchemaVersion": "1.0", "partitionKey": correlation, "sequenceNumber": "4959033827149025660855969"}
    data = base64.b64encode(json.dumps(event).encode()).decode()
    return {
        "Records": [
            {
                "kinesis": {**record, "data": data, "approximateArrivalTimestamp": 1770113800.9},
                "eventSource": "aws:kinesis",
                "eventName": "aws:kinesis:record",
            }
        ]
    }


def event_grid(event: Any, time: str, correlation: str) -> list[Json]:
    return [
        {
            "id": correlation,
            "topic": "/subscriptions/s/resourceGroups/r/providers/Microsoft.EventGrid/topics/t",
            "subject": "genesysCloud/sendEvent",
            "data": {"message": event},
            "eventType": "GenesysCloudEvent",
            "eventTime": time,
            "metadataVersion": "1",
            "dataVersion": "1.0",
        }
    ]


def cloud_event(event: Any, correlation: str) -> Json:
    return {"specversion": "1.0", "id": correlation, "type": "genesys", "source": "/genesys", "data": event}


def connect(event: Any) -> Json:
    """As Kafka Connect writes a text with its schema."""
    return {"schema": {"type": "string", "optional": False}, "payload": json.dumps(event)}


def packed(event: Json, time: str, rng: random.Random) -> Any:
    """The event in one of the packings that suit it: the ones without a topic name have no use for some."""
    correlation = str(random_uuid(rng))
    bridged: list[Callable[[], Any]] = []
    if "topicName" in event:
        bridged = [
            lambda: event_bridge(event, time, correlation),
            lambda: event_bridge(event, time, correlation),
            lambda: detail(event, time),
            lambda: event["eventBody"],
            lambda: sqs(event_bridge(event, time, correlation), correlation),
        ]
    ways = [
        lambda: event,
        lambda: event,
        lambda: sqs(event, correlation),
        lambda: sns(event, time, correlation),
        lambda: sqs(sns(event, time, correlation), correlation),
        lambda: kinesis(event, correlation),
        lambda: event_grid(event, time, correlation),
        lambda: cloud_event(event, correlation),
        lambda: connect(event),
        *bridged,
    ]
    return rng.choice(ways)()


def random_uuid(rng: random.Random) -> str:
    raw = rng.randbytes(16).hex()
    return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-8{raw[17:20]}-{raw[20:]}"


def _template(topic: str) -> str:
    return ".".join("{id}" if part.count("-") == 4 else part for part in topic.split("."))

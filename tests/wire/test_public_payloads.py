"""Payloads as Genesys's SDKs and the public code of others have them, each with what is to be made of it.

Nothing is dropped but on proof, nothing is a dead letter that names what it is about.
Fields and values: the models of Genesys's SDKs. Envelopes: the documentation of what writes them (Debezium, MongoDB's
and Amazon's change streams, Maxwell, CloudWatch Logs, Lambda's destinations, Event Hubs, Elastic's shippers, kcat,
Confluent's REST Proxy, Google's Pub/Sub and Eventarc, Dapr).
"""

from __future__ import annotations

import gzip
from base64 import b64encode, encodebytes, urlsafe_b64encode
from typing import Any

import orjson
import pytest

from consumer.model import Event
from consumer.wire.events import Noise, UnreadableEvent, decode
from consumer.wire.snake_case import in_camel_case
from tests.wire.carriers import coded, text

CONVERSATION, MESSAGE = "f3d0ab2e-7f1c-4f0b-9a55-1f0c8d1f2a10", "5c1f9f8d0a4b6a0f2f1c0f1f3a9d7e21"
TOPIC = "v2.routing.queues.155200d1-0000-4000-8000-2ae576232893.conversations.messages"
LINK = "https://api-downloads.usw2.pure.cloud/api/v2/downloads/30c5bf36123e95ee"
FILE = {"id": "8b36304e", "mediaType": "File", "url": LINK, "mime": "application/pdf", "filename": "claim.pdf"}
MEDIA = {"id": "8b36304e", "url": LINK, "mediaType": "application/pdf", "name": "claim.pdf"}
ONE_FILE = [{"contentType": "Attachment", "subType": "File"}]
AT = "2026-02-03T10:16:40.021Z"

Told = tuple[str, ...]
READ: Told = ("event", CONVERSATION, f"{MESSAGE} 1")
ASKED: Told = ("event", CONVERSATION, f"{MESSAGE} 0")
BARE: Told = ("event", CONVERSATION)


def snapshot(media: Any = (MEDIA,), status: str = "received", metadata: Any = None, **more: Any) -> dict[str, Any]:
    said = {"message": {"id": MESSAGE}, "messageTime": AT, "messageStatus": status, "messageMetadata": metadata}
    entry = said | ({"media": list(media)} if media is not None else {}) | more
    customer = {"id": "p", "purpose": "customer", "state": "connected", "direction": "inbound", "messages": [entry]}
    return notification({"id": CONVERSATION, "participants": [customer]})


def only_metadata(type_: str, *contents: str) -> dict[str, Any]:
    listed = [{"contentType": content} for content in contents]
    return snapshot(None, metadata={"type": type_, "content": listed})


def notification(body: Any, topic: str = TOPIC) -> dict[str, Any]:
    return {"topicName": topic, "version": "2", "eventBody": body, "metadata": {"CorrelationId": "c"}}


def message(*contents: Any, type_: str = "Structured", **more: Any) -> dict[str, Any]:
    """`MessageData`, as the API and some bridges give it."""
    channel = {"id": "i", "platform": "Whatsapp", "type": "Private", "messageId": "wamid.HBg=", "time": AT}
    said = {"id": MESSAGE, "type": type_, "direction": "Inbound", "channel": channel, "content": list(contents)} | more
    return {"id": MESSAGE, "timestamp": AT, "direction": "inbound", "messengerType": "whatsapp", "status": "received",
            "normalizedMessage": said, "conversationId": CONVERSATION}  # fmt: skip


def content(type_: str, **fields: Any) -> dict[str, Any]:
    return {"contentType": type_, **fields}


def posted(**fields: Any) -> dict[str, Any]:
    """What middleware posts to open messaging: its own addresses name the kind, so it has no type."""
    sender = {"id": "customer@example", "idType": "Opaque"}
    return {"channel": {"messageId": MESSAGE, "from": sender, "to": {"id": "i"}, "time": AT}, **fields}


def row(**columns: Any) -> dict[str, Any]:
    return {"id": 7, "conversation_id": CONVERSATION, "message_id": MESSAGE, "created_at": 1_700_000_000, **columns}


def debezium(after: Any, op: str = "c", connector: str = "postgresql") -> dict[str, Any]:
    source = {"version": "2.5.0", "connector": connector, "name": "n", "ts_ms": 1, "db": "d", "table": "t"}
    return {"before": None, "after": after, "source": source, "op": op, "ts_ms": 1, "transaction": None}


SEEN = snapshot()
BRIDGED = {"version": "0", "id": "i", "detail-type": "v2.x", "source": "aws.partner/genesys.com/cloud/o/b",
           "time": "2026-02-03T10:16:41Z", "resources": [], "detail": SEEN}  # fmt: skip
LOGS = {"owner": "1", "logGroup": "/aws/events/genesys", "logStream": "s", "subscriptionFilters": ["f"]}
OUTBOX = {"id": "u", "aggregatetype": "conversation", "aggregateid": CONVERSATION, "type": "MessageReceived"}
SNAKE_FILE = {"id": "8b36304e", "media_type": "File", "url": LINK, "content_size_bytes": 5, "filename": "claim.pdf"}

ENVELOPES: dict[str, tuple[Any, Told]] = {
    "Debezium, a row": (debezium({"conversationId": CONVERSATION, "messageId": MESSAGE}), ASKED),
    "Debezium, columns in snake_case": (debezium(row(), op="r", connector="mysql"), ASKED),
    "Debezium with its schema": ({"schema": {"type": "struct"}, "payload": debezium(row())}, ASKED),
    "Debezium, a document": (debezium(text(SEEN), connector="mongodb"), READ),
    "Debezium, a deleted row": (debezium(None, op="d"), ("dropped", "no_value")),
    "Debezium, an outbox": (debezium({**OUTBOX, "payload": text(SEEN)}), READ),
    "an outbox's row alone": ({**OUTBOX, "payload": SEEN}, READ),
    "Debezium, an outbox of bytes": (debezium({**OUTBOX, "payload": coded(SEEN)}), READ),
    "MongoDB": ({"_id": {"_data": "82"}, "operationType": "insert", "ns": {"db": "d", "coll": "c"},
                 "fullDocument": {"_id": {"$oid": "6"}, **SEEN}, "documentKey": {"_id": {"$oid": "6"}}}, READ),
    "MongoDB, deleted": ({"operationType": "delete", "ns": {"db": "d"}, "documentKey": {"_id": 1}},
                         ("dropped", "no_value")),
    "DMS": ({"data": row(), "metadata": {"record-type": "data", "operation": "insert", "table-name": "t"}}, ASKED),
    "Maxwell": ({"database": "d", "table": "t", "type": "insert", "ts": 1, "xid": 1, "data": row()}, ASKED),
    "Canal": ({"database": "d", "table": "t", "type": "INSERT", "ts": 1, "isDdl": False, "data": [row()]}, ASKED),
    "CloudWatch Logs": ({"messageType": "DATA_MESSAGE", **LOGS,
                         "logEvents": [{"id": "1", "timestamp": 1, "message": text(BRIDGED)}]}, READ),
    "CloudWatch Logs, control": ({"messageType": "CONTROL_MESSAGE", **LOGS,
                                  "logEvents": [{"id": "", "timestamp": 1, "message": "CWL CONTROL MESSAGE"}]},
                                 ("dropped", "bookkeeping")),
    "Lambda's destination": ({"version": "1.0", "timestamp": AT, "requestContext": {"condition": "RetriesExhausted"},
                              "requestPayload": SEEN, "responsePayload": {"errorMessage": "x"}}, READ),
    "Eventarc": ({"specversion": "1.0", "type": "google.cloud.pubsub.topic.v1.messagePublished", "source": "//p",
                  "id": "1", "data": {"message": {"data": coded(SEEN), "messageId": "1"}, "subscription": "s"}}, READ),
    "Pub/Sub, pulled": ({"receivedMessages": [{"ackId": "a", "message": {"data": coded(SEEN)}}]}, READ),
    "Dapr": ({"id": "1", "source": "app", "type": "com.dapr.event.sent", "specversion": "1.0", "topic": "t",
              "pubsubname": "p", "datacontenttype": "application/json", "data": SEEN}, READ),
    "Beats": ({"@timestamp": AT, "@metadata": {"beat": "filebeat"}, "message": text(SEEN), "log": {}}, READ),
    "Logstash": ({"@timestamp": AT, "@version": "1", "message": text(SEEN)}, READ),
    "Logstash, read as JSON": ({"@timestamp": AT, "@version": "1", **SEEN}, READ),
    "kcat": ({"topic": "t", "partition": 0, "offset": 1, "tstype": "create", "ts": 1, "broker": 1, "key": None,
              "payload": text(SEEN)}, READ),
    "REST Proxy": ([{"topic": "t", "key": None, "value": SEEN, "partition": 0, "offset": 1}], READ),
    "REST Proxy, binary": ({"topic": "t", "key": "a", "value": coded(SEEN), "partition": 0, "offset": 1}, READ),
    "Pub/Sub, a message alone": ({"data": coded(SEEN), "attributes": {}, "messageId": "2070443601311540",
                                  "publishTime": AT}, READ),
    "SQS, without what deletes it": ({"messageId": "19dd0b57", "eventSource": "aws:sqs", "body": text(SEEN)}, READ),
    "Service Bus": ({"messageId": "abc", "sequenceNumber": 1, "body": SEEN}, READ),
    "Event Grid as CloudEvents": ({"id": "831e", "source": "/subscriptions/s", "specversion": "1.0",
                                   "type": "GenesysCloudEvent", "subject": "genesysCloud/sendEvent", "time": AT,
                                   "data": {"message": BRIDGED}}, READ),
    "Event Grid, its data alone": ({"message": BRIDGED, "topic": "t"}, READ),
    "Event Hubs": ({"SequenceNumber": 1, "Offset": "0", "EnqueuedTimeUtc": AT, "Properties": {}, "Body": text(SEEN)},
                   READ),
    "EventBridge, replayed": ({**BRIDGED, "replay-name": "r"}, READ),
    "EventBridge, put on another bus": ({**BRIDGED, "detail-type": "e", "source": "my.app", "detail": BRIDGED}, READ),
    "EventBridge, put there as a text": ({"detail-type": "e", "source": "my.app", "detail": text(BRIDGED)}, READ),
    "EventBridge, made smaller": ({"time": AT, "detail": SEEN}, READ),
    "EventBridge, another's": ({**BRIDGED, "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}},
                               ("dead letter", "names no conversation")),
    "EventBridge's own entries": ({"Entries": [{"Source": BRIDGED["source"], "DetailType": "v2.x",
                                               "Detail": text(SEEN), "EventBusName": "b"}]}, READ),
    "CloudWatch Logs, as Lambda has them": ({"awslogs": {"data": b64encode(gzip.compress(b"{}")).decode()}},
                                            ("dead letter", "gzip")),
    "SNS, to be confirmed": ({"Type": "SubscriptionConfirmation", "MessageId": "165545c9", "Token": "t",
                              "TopicArn": "arn:aws:sns:us-east-1:1:t", "Message": "You have chosen to subscribe",
                              "SubscribeURL": "https://sns.invalid"}, ("dropped", "bookkeeping")),
    "Event Grid, to be validated": ([{"id": "1", "topic": "t", "subject": "", "eventTime": AT,
                                      "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
                                      "data": {"validationCode": "512d", "validationUrl": "https://x.invalid"}}],
                                    ("dropped", "bookkeeping")),
    "JMS": ({"messageID": "ID:414d", "messageType": "text", "timestamp": 1, "deliveryMode": 2, "redelivered": False,
             "text": text(SEEN), "bytes": None, "map": None}, READ),
    "JMS, as bytes": ({"messageID": "ID:414d", "messageType": "bytes", "text": None, "bytes": coded(SEEN)}, READ),
    "JMS, of Lenses": ({"message_id": "ID:414d", "redelivered": False, "mode": 1, "bytes_payload": coded(SEEN)}, READ),
    "Amazon MQ": ({"eventSource": "aws:mq", "eventSourceArn": "a", "messages": [
        {"messageID": "ID:1", "messageType": "jms/text-message", "data": coded(SEEN), "redelivered": False}]}, READ),
    "Amazon MQ, by another name": ({"eventSource": "aws:amq", "eventSourceArn": "a", "messages": [
        {"messageID": "ID:1", "messageType": "jms/text-message", "data": coded(SEEN), "connectionId": "c"}]}, READ),
    "Kafka, run by oneself": ({"eventSource": "aws:SelfManagedKafka", "bootstrapServers": "b:9092", "records": {"t-0": [
        {"topic": "t", "partition": 0, "offset": 15, "timestamp": 1, "timestampType": "CREATE_TIME",
         "value": coded(SEEN), "headers": []}]}}, READ),
    "API Gateway, of before": ({"resource": "/events", "httpMethod": "POST", "headers": {}, "requestContext": {},
                                "body": text(SEEN)}, READ),
    "Kinesis analytics": ({"recordId": "4954", "lambdaDeliveryRecordMetadata": {"retryHint": 0}, "data": coded(SEEN)},
                          READ),
    "a record of Kafka on a web socket": (
        {"partition": 0, "offset": 1, "timestamp": 1, "timestampType": "CREATE_TIME", "serializedValueSize": 100,
         "headers": [], "key": "k", "value": SEEN, "leaderEpoch": 0, "deliveryCount": 1}, READ),
    "EMQX, from Pub/Sub": ({"message_id": "1679665968238", "publishing_time": AT, "topic": "t", "attributes": {},
                            "value": text(SEEN)}, READ),
    "MQTT, of a client": ({"clientid": "c", "username": "u", "topic": "g/x", "payload": text(SEEN), "qos": 1}, READ),
    "Watermill": ({"destination_topic": "t", "uuid": "u", "payload": coded(SEEN), "metadata": {}}, READ),
    "Couchbase, deleted": ({"event": "deletion", "bucket": "b", "partition": 7, "key": "k", "cas": 1, "bySeqno": 1,
                            "revSeqno": 2}, ("dropped", "no_value")),
    "CockroachDB, enriched": ({"after": {"id": 7, "payload": SEEN}, "op": "c", "ts_ns": 1743792394409866000}, READ),
    "CockroachDB, deleted": ({"before": {"id": 7}, "after": None, "op": "d", "ts_ns": 1743792394409866000},
                             ("dropped", "no_value")),
    "CockroachDB, through Pub/Sub": ({"key": [7], "value": {"after": {"payload": SEEN}}, "topic": "t"}, READ),
    "Svix": ({"id": "msg_1", "eventType": "t", "eventId": "e", "payload": SEEN, "channels": [], "timestamp": AT}, READ),
    "RudderStack, a request": ({"method": "POST", "url": "/", "proto": "HTTP/1.1", "headers": {}, "body": text(SEEN),
                                "query_parameters": {}}, READ),
    "S3, an object": ({"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
                                    "s3": {"bucket": {"name": "b"}, "object": {}}}]}, ("dead letter", "in S3")),
    "SQS, too large": ({"s3BucketName": "b", "s3Key": "k"}, ("dead letter", "in S3")),
    "SQS, through Confluent's connector": (
        {"ApproximateFirstReceiveTimestamp": 1569859344138, "ApproximateReceiveCount": 1, "SenderId": "AIDA",
         "SentTimestamp": 1569858932274, "MessageDeduplicationId": None, "MessageGroupId": None,
         "SequenceNumber": None, "Body": text(BRIDGED)}, READ),
    "Pub/Sub, through Confluent's connector": ({"MessageData": text(SEEN), "AttributesMap": {}}, READ),
    "syslog, through Confluent's connector": (
        {"date": 1065910455003, "facility": 4, "host": "h", "level": 2, "message": text(SEEN), "rawMessage": "<34>1",
         "remoteAddress": "192.168.208.1", "type": "RFC5424", "version": 1}, READ),
    "Amazon MQ, RabbitMQ": ({"eventSource": "aws:rmq", "rmqMessagesByQueue": {"q::/": [
        {"basicProperties": {"contentType": "text/plain"}, "redelivered": False, "data": coded(SEEN)}]}}, READ),
    "SQS, received": ({"Messages": [{"MessageId": "m", "ReceiptHandle": "r", "Body": text(SEEN)}]}, READ),
    "Kinesis, read": ({"Records": [{"SequenceNumber": "4", "PartitionKey": "p", "Data": coded(SEEN)}],
                       "NextShardIterator": "A", "MillisBehindLatest": 0}, READ),
    "Firehose, transformed": ({"records": [{"recordId": "1", "result": "Ok", "data": coded(SEEN)}]}, READ),
    "CloudEvents 0.3": ({"specversion": "0.3", "id": "1", "type": "t", "source": "/", "data": coded(SEEN),
                         "datacontentencoding": "base64"}, READ),
    "Splunk": ({"time": 1, "host": "h", "source": "s", "sourcetype": "_json", "event": SEEN}, READ),
    "Fluent Bit": ({"date": 1.5, "log": text(SEEN)}, READ),
    "Fluent Bit, of Kubernetes": ({"log": text(SEEN), "stream": "stdout", "time": AT, "kubernetes": {}}, READ),
    "Vector": ({"message": text(SEEN), "timestamp": AT, "source_type": "http_server", "path": "/"}, READ),
    "Cloud Logging": ({"insertId": "i", "logName": "projects/p/logs/l", "jsonPayload": SEEN, "timestamp": AT}, READ),
    "Logic Apps": ({"ContentData": coded(SEEN), "Properties": {}, "SystemProperties": {}}, READ),
    "Event Hubs, its bytes": ({"SequenceNumber": 1, "EnqueuedTimeUtc": AT, "Body": coded(SEEN)}, READ),
    "REST Proxy, produced as bytes": ({"records": [{"value": coded(SEEN)}]}, READ),
    "REST Proxy, produced": ({"records": [{"key": "k", "value": SEEN}]}, READ),
    "Mule": ({"payload": SEEN, "attributes": {"headers": {}}}, READ),
    "a schema registry's frame, JSON": (b"\0\0\0\0\7" + text(SEEN).encode(), READ),
    "a schema registry's frame, Avro": (b"\0\0\0\0\7\x02H" + CONVERSATION.encode(), ("dead letter", "Confluent")),
    "a frame with a long id, JSON": (b"\0" + (7).to_bytes(8) + text(SEEN).encode(), READ),
    "a frame with a long id that looks like a blank": (b"\0" + (10).to_bytes(8) + text(SEEN).encode(), READ),
    "a frame with a long id, Avro": (b"\0" + (7).to_bytes(8) + b"\2H", ("dead letter", "Apicurio")),
    "gzip": (gzip.compress(text(SEEN).encode()), ("dead letter", "gzip")),
    "gzip inside of Kinesis": ({"partitionKey": "p", "sequenceNumber": "1",
                                "data": b64encode(gzip.compress(text(SEEN).encode())).decode()},
                               ("dead letter", "gzip")),
    "Event Hubs, with a mark of UTF-8": (
        {"SequenceNumber": 1, "EnqueuedTimeUtc": AT, "Body": "\ufeff" + text(SEEN)}, READ),
    "base64 in lines": ({"partitionKey": "p", "sequenceNumber": "1",
                         "data": encodebytes(text(SEEN).encode()).decode().replace("\n", "\r\n")}, READ),
    "base64 for URLs, not filled up": (
        {"partitionKey": "p", "sequenceNumber": "1",
         "data": urlsafe_b64encode(text({**SEEN, "a": "\u00ff\u00fe?>"}).encode()).decode().rstrip("=")}, READ),
    "words in place of base64": ({"partitionKey": "p", "sequenceNumber": "1", "data": "hello world"},
                                 ("dead letter", "not base64")),
    "JSON in place of base64": ({"recordId": "1", "data": text(SEEN)}, READ),
    "a body that is a text": ({"eventBody": text(SEEN["eventBody"])}, READ),
    "numbers that are none, of Python": (text(SEEN).encode()[:-1] + b',"a":NaN,"b":[-Infinity,"NaN"]}', READ),
    "ids that are no numbers": (b'{"conversationId":"%b","messageId":NaN}' % CONVERSATION.encode(), BARE),
    "UTF-16 without a mark": (text(SEEN).encode("utf-16-le"), ("dead letter", "UTF-16")),
    "UTF-16 the other way round": (text(SEEN).encode("utf-16-be"), ("dead letter", "UTF-16")),
    "a line of syslog": (b"<34>1 2026-02-03T10:16:41Z h app - - - " + text(SEEN).encode(), ("dead letter", "syslog")),
    "XML": (b"<event/>", ("dead letter", "XML")),
    "a text of C": (text(SEEN).encode() + b"\0", READ),
    "a line of C": (text(SEEN).encode() + b"\n\0\n", READ),
    "a mark of UTF-8 in front": (b"\xef\xbb\xbf" + text(SEEN).encode(), READ),
    "base64 that a forwarder left": (coded(SEEN).encode(), READ),
    "nothing": (b"", ("dead letter", "not JSON")),
}  # fmt: skip

SDK: dict[str, Any] = {"enqueuedTimeUtc": AT, "partitionKey": None, "applicationProperties": {}}
CLIENTS: dict[str, tuple[Any, Told]] = {
    "KafkaJS": ({"topic": "t", "partition": 0, "message": {
        "key": "k", "value": text(SEEN), "headers": {}, "timestamp": "1", "offset": "7"}}, READ),
    "KafkaJS, its bytes": ({"topic": "t", "partition": 0, "message": {
        "key": None, "value": {"type": "Buffer", "data": [*text(SEEN).encode()]}, "offset": "7"}}, READ),
    "KafkaJS, a tombstone": ({"topic": "t", "partition": 0, "message": {"key": "k", "value": None, "offset": "7"}},
                             ("dropped", "no_value")),
    "Node.js, what is no bytes": ({"type": "Buffer", "data": [256]}, ("dead letter", "Buffer")),
    "confluent-kafka-go": ({"TopicPartition": {"Topic": "t", "Partition": 0, "Offset": "1"}, "Value": coded(SEEN),
                            "Key": "aw==", "Timestamp": AT, "Headers": None}, READ),
    "sarama": ({"Headers": None, "Timestamp": AT, "Key": "aw==", "Value": coded(SEEN), "Topic": "t", "Partition": 0,
                "Offset": 1}, READ),
    "kafka-python": ({"topic": "t", "partition": 0, "offset": 1, "timestamp": 1, "timestamp_type": 0, "key": None,
                      "value": text(SEEN), "headers": [], "checksum": None, "serialized_key_size": -1,
                      "serialized_value_size": 9, "serialized_header_size": -1, "leader_epoch": 1}, READ),
    "RabbitMQ's connector": ({"consumerTag": "amq.ctag", "envelope": {"deliveryTag": 1, "isRedeliver": False,
                              "exchange": "", "routingKey": "q"}, "basicProperties": {"contentType": None,
                              "headers": {}, "messageId": None}, "body": coded(SEEN)}, READ),
    "Kafka Connect's bytes, without their schema": (coded(SEEN), READ),
    "a list of Kafka Connect's bytes": ([coded(SEEN)], READ),
    "a text that may be base64": ("hellohello==", ("dead letter", "not JSON")),
    "Strimzi's bridge, its bytes": ([{"topic": "t", "key": "k", "value": coded(SEEN), "partition": 0, "offset": 1,
                                      "timestamp": 1, "headers": []}], READ),
    "Confluent's console": ([{"timestamp": 1, "offset": 1, "partition": 0, "key": "k", "value": SEEN,
                              "exceededFields": None}], READ),
    "Lenses": ({"key": "k", "value": SEEN, "metadata": {"offset": 1, "partition": 0, "timestamp": 1}}, READ),
    "MQTT, its bytes": ({"topic": "a/b", "payload": coded(SEEN), "qos": 1}, READ),
    "Conduit": ({"position": "cG9z", "operation": "create", "metadata": {"opencdc.version": "v1"}, "key": None,
                 "payload": {"before": None, "after": SEEN}}, READ),
    "Conduit, its bytes": ({"position": "cG9z", "operation": "snapshot", "metadata": {"opencdc.version": "v1"},
                            "key": "aw==", "payload": {"before": None, "after": coded(SEEN)}}, READ),
    "Conduit, deleted": ({"position": "cG9z", "operation": "delete", "metadata": {"opencdc.version": "v1"},
                          "payload": {"before": SEEN, "after": None}}, ("dropped", "no_value")),
    "Conduit, without its row": ({"position": "cG9z", "operation": "update", "metadata": {"opencdc.version": "v1"},
                                  "payload": {"before": None, "after": None}}, ("dead letter", "whole rows")),
    "Cloudflare's queue": ({"body": text(SEEN), "id": "b01b", "timestamp_ms": 1, "attempts": 1, "metadata": {},
                            "lease_id": "l"}, READ),
    "Cloudflare's queue, pulled": (
        {"success": True, "errors": [], "messages": [], "result": {"message_backlog_count": 1, "messages": [
            {"body": coded(SEEN), "id": "b01b", "timestamp_ms": 1, "attempts": 1, "lease_id": "l"}]}}, READ),
    "Azure's queue": ({"messageId": "i", "insertedOn": AT, "popReceipt": "p", "dequeueCount": 1,
                       "messageText": coded(SEEN)}, READ),
    "Azure's queue, of before": ({"MessageId": "i", "PopReceipt": "p", "MessageText": text(SEEN)}, READ),
    "Event Hubs, of its client": ({"body": SEEN, "offset": "0", "sequenceNumber": 1, "properties": {}, **SDK}, READ),
    "Service Bus, of its client": ({"body": SEEN, "messageId": "x", "deliveryCount": 0, **SDK}, READ),
    "Step Functions": ({"executionArn": "arn:aws:states:x", "name": "n", "status": "SUCCEEDED", "input": text(SEEN)},
                       READ),
    "EventBridge's pipe": ({"context": {"condition": "RetriesExhausted"}, "version": "1.0", "timestamp": AT,
                            "payload": text(SEEN)}, READ),
    "JSON-RPC": ({"jsonrpc": "2.0", "method": "notify", "params": SEEN}, READ),
    "Moleculer": ({"ver": "4", "sender": "node-1", "id": "i", "event": "genesys", "data": SEEN, "groups": ["g"],
                   "broadcast": False, "meta": {}, "level": 1, "needAck": False}, READ),
    "KurrentDB": ({"eventId": "u", "eventType": "genesys", "eventNumber": 0, "data": SEEN, "metadata": {},
                   "streamId": "s"}, READ),
    "OpenShift's logs": ({"@timestamp": AT, "message": text(SEEN), "level": "info", "log_type": "application",
                          "kubernetes": {}, "openshift": {"sequence": 1}, "hostname": "h"}, READ),
    "Hookdeck": ({"body": SEEN, "headers": {}, "path": "/", "query": "", "parsed_query": {},
                  "is_large_payload": False}, READ),
    "Webhook Relay": ({"type": "webhook", "meta": {"input_name": "x"}, "headers": {}, "query": "", "body": text(SEEN),
                       "method": "POST"}, READ),
    "a guest's own frame": ({"token": "t", "action": "configureSession", "deploymentId": "d"},
                            ("dropped", "guest_session")),
    "a guest's own message": ({"token": "t", "action": "onMessage", "message": {"type": "Text", "content": [
        content("Attachment", attachment={"id": "a"})]}}, ("dead letter", "names no")),
}  # fmt: skip

SNAKE_CASE: dict[str, tuple[Any, Told]] = {
    "ids": ({"conversation_id": CONVERSATION, "message_id": MESSAGE}, ASKED),
    "a conversation": ({"conversation_id": CONVERSATION}, BARE),
    "the SDK's MessageData": (
        {"id": MESSAGE, "direction": "inbound", "messenger_type": "whatsapp", "conversation_id": CONVERSATION,
         "normalized_message": {"type": "Text", "content": [{"content_type": "Attachment", "attachment": SNAKE_FILE}]}},
        READ),
    "a notification": (
        {"topic_name": TOPIC, "event_body": {"id": CONVERSATION, "participants": [{"messages": [
            {"message": {"id": MESSAGE}, "message_status": "received", "media": [{**MEDIA, "content_length_bytes": 5}],
             "message_metadata": {"type": "Text", "content": [{"content_type": "Attachment"}]}}]}]}},
        READ),
    "ids of .NET": ({"ConversationId": CONVERSATION, "MessageId": MESSAGE, "Extra": 1}, ASKED),
    "ids of Go": ({"ConversationID": CONVERSATION, "MessageID": MESSAGE}, ASKED),
    "an id in capitals": ({"conversationID": CONVERSATION}, BARE),
    "ids of Postgres": ({"conversationid": CONVERSATION, "messageid": MESSAGE, "at": 1}, ASKED),
    "a row of Postgres": (debezium({"conversationid": CONVERSATION, "messageid": MESSAGE}), ASKED),
    "a notification of Hive": ({"topicname": TOPIC, "version": "2", "eventbody": text(SEEN["eventBody"])}, READ),
    "a carrier's id": ({"MessageId": "95df01b4"}, ("dead letter", "names no")),
    "a carrier's id in small letters": ({"messageid": "95df01b4"}, ("dead letter", "names no")),
    "a notification of .NET": ({"TopicName": TOPIC, "Version": "2", "EventBody": SEEN["eventBody"]}, READ),
    "EventBridge, of .NET": ({"Version": "0", "Id": "i", "DetailType": "v2.x", "Source": BRIDGED["source"],
                              "Account": "1", "Time": AT, "Region": "r", "Resources": [], "Detail": SEEN}, READ),
    "EventBridge, without its source": ({"detail-type": TOPIC, "detail": SEEN["eventBody"]}, READ),
    "ids of an event bus": ({**BRIDGED, "detail": {"conversation_id": CONVERSATION}}, BARE),
}  # fmt: skip

NO_FILE: Told = ("dropped", "no_attachment")
RECEIPT, TYPING = ("dropped", "receipt"), ("dropped", "event_message")

SHAPES: dict[str, tuple[Any, Told]] = {
    "a deleted message": (snapshot(None, status="removed"), ASKED),
    "what a bot connector is asked": (
        {"botId": "b", "botSessionId": "s", "messageId": "aa30d0f5-a7de-4949-a59d-b527eddb7a78",
         "inputMessage": {"type": "Structured", "content": [content("Attachment", attachment=FILE)]},
         "genesysConversationId": CONVERSATION}, BARE),
    "a message by its own address": (
        {"id": MESSAGE, "selfUri": f"/api/v2/conversations/messages/{CONVERSATION}/messages/{MESSAGE}"}, ASKED),
    "a topic that ends in its conversation": (
        notification({"textBody": "a"}, f"v2.conversations.messages.{CONVERSATION}"), BARE),
    "a conversation that is empty": ({"conversationId": "", "message": {"id": MESSAGE}},
                                     ("event", "", f"{MESSAGE} 0")),
    "fields that are null": (snapshot(None, errorInfo=None, stickers=None), ASKED),
    "a file that its metadata alone names": (snapshot(None, metadata={"type": "Text", "content": ONE_FILE}), ASKED),
    "a conversation cut down to its id": (notification({"id": CONVERSATION}, "v2.users.u.conversations"), BARE),
    "no list of participants": (notification({"id": CONVERSATION, "participants": None}), BARE),
    "a participant without messages": (notification({"id": CONVERSATION, "participants": [{"messages": None}]}),
                                       NO_FILE),
    "participants alone": ({"id": CONVERSATION, "participants": [{"id": "p", "purpose": "customer"}]}, BARE),
    "a content that is a text": ({"conversationId": CONVERSATION, "direction": "inbound", "content": "hi"}, BARE),
    "a message whose content is a text": (
        {"conversationId": CONVERSATION, "messageId": MESSAGE, "direction": "inbound", "content": "hi"}, ASKED),
    "messages between agents": (
        notification({"id": CONVERSATION, "participants": [{"internalMessages": [{"messages": [{"media": [MEDIA]}]}]}]},
                     "v2.users.u.conversations"), NO_FILE),
    "a story": (only_metadata("Structured", "Story"), NO_FILE),
    "a story with a file": (snapshot(metadata={"type": "Structured", "content": [content("Story")]}), READ),
    "reactions": (only_metadata("Structured", "Reactions"), NO_FILE),
    "a quick reply": (only_metadata("Structured", "ButtonResponse"), NO_FILE),
    "what helps on the road": (only_metadata("Structured", "RoadsideAssistance"), NO_FILE),
    "content that Genesys does not know": (only_metadata("Structured", "Unknown"), ASKED),
    "content that is newer than we are": (only_metadata("Structured", "Text", "Document"), ASKED),
    "a type that says nothing": (only_metadata("Message"), ASKED),
    "typing": (only_metadata("Event"), TYPING),
    "a receipt": (only_metadata("Receipt"), RECEIPT),
    "MessageData": (message(content("Attachment", attachment=FILE)), READ),
    "a card and a file": (message(content("Card", card={"image": "https://x.invalid/y"}),
                                  content("Attachment", attachment=FILE)), READ),
    "in small letters": (message(content("attachment", attachment=FILE)), READ),
    "a file without an id": (message(content("Attachment", attachment={**FILE, "id": None})), READ),
    "a file without a link": (message(content("Attachment", attachment={**FILE, "url": None})), READ),
    "a link without a host": (message(content("Attachment", attachment={"url": "/api/v2/downloads/30c5"})), READ),
    "a file of an unknown kind": (message(content("Attachment", attachment={**FILE, "mediaType": "Hologram"})), READ),
    "a size that is a text": (message(content("Attachment", attachment={**FILE, "contentSizeBytes": "18"})), READ),
    "a file that is not described": (message(content("Attachment", attachment=None)), ASKED),
    "a mention in a story": (message(content("Story", story={"type": "Mention", "url": "https://x.invalid"})), NO_FILE),
    "what a queue holds": ({"id": "b1", "messages": [{"id": "1", "body": text(SEEN)}]}, ("dead letter", "carrier's")),
    "messages by their ids": ({"id": CONVERSATION, "messages": [{"id": MESSAGE}]}, ASKED),
    "MessageData with files by another name": (
        message() | {"normalizedMessage": {"type": "Text", "files": [FILE]}}, ASKED),
    "MessageData that is not normalized": (message() | {"normalizedMessage": {}}, ASKED),
    "a text of nobody's": ({"type": "text", "direction": "receive", "text": text(SEEN)}, ("dead letter", "names no")),
    "MessageData of unknown content": (message(content("Unknown")), ASKED),
    "MessageData of newer content": (message(content("Document", document={"url": "https://x.invalid"})), ASKED),
    "a reaction to a message with a file": (
        message(content("Reactions", reactions=[]),
                relatedMessages=[{"id": "m", "content": [content("Attachment", attachment=FILE)]}]), NO_FILE),
    "a form": (message(content("Form", form={"url": "https://x.invalid"})), NO_FILE),
    "receipts of a message": ({**message(type_="Text"), "normalizedReceipts": [{"type": "Receipt"}]}, NO_FILE),
    "posted, a text": (posted(text="hello"), NO_FILE),
    "posted, typing": (posted(events=[{"eventType": "Typing", "typing": {"type": "On"}}]), TYPING),
    "posted, a receipt": (posted(status="Delivered", isFinalReceipt=True), RECEIPT),
    "posted, a button": (posted(text="Yes", content=[content("ButtonResponse", buttonResponse={"id": "1"})]), NO_FILE),
    "posted, a date": (posted(direction="Inbound", buttonResponse={"type": "DatePicker", "text": AT}), NO_FILE),
    "posted, a file": (posted(content=[content("Attachment", attachment={**FILE, "id": None})]),
                       ("event", "", f"{MESSAGE} 1")),
    "sent, a text": (posted(id=MESSAGE, type="Text", text="hi", direction="Outbound", conversationId=CONVERSATION),
                     NO_FILE),
    "sent, the end": (posted(id=MESSAGE, type="Event", events=[{"eventType": "Presence"}]), TYPING),
    "a guest's cards": ({"type": "message", "class": "StructuredMessage", "code": 200,
                         "body": {"id": MESSAGE, "type": "Structured", "direction": "Outbound", "text": "Hi",
                                  "content": [content("Carousel", carousel={"cards": [{"image": "i"}]})]}}, NO_FILE),
    "a guest's echo": ({"type": "response", "class": "StructuredMessage", "code": 200,
                        "body": {"text": "ping", "type": "Text", "direction": "Inbound", "id": "echo_id",
                                 "metadata": {"customMessageId": "SGVhbHRoQ2hlY2tNZXNzYWdlSWQ="}}}, NO_FILE),
    "a guest's presence": ({"entities": [{"id": "m", "type": "Event", "direction": "Inbound",
                                          "events": [{"eventType": "Presence"}]}], "pageSize": 1}, TYPING),
    "a text that names what it is about": (
        {"conversationId": CONVERSATION, "messageId": MESSAGE, "type": "Text", "direction": "inbound", "text": "hi"},
        ASKED),
    "an analytics detail before its sessions": (
        {"conversationId": CONVERSATION, "conversationStart": AT, "participants": [{"purpose": "customer"}]}, BARE),
    "an analytics detail of nobody yet": (
        {"conversationId": CONVERSATION, "conversationStart": AT, "participants": []}, BARE),
    "numbers that are texts": ({"conversationId": CONVERSATION, "messageId": MESSAGE, "eventTime": "1649237444949"},
                               ASKED),
    "a file by itself": ({**MEDIA, "status": "valid", "conversationId": CONVERSATION, "communicationId": "c"}, BARE),
    "a recording": ([{"conversationId": CONVERSATION, "media": "message", "messagingTranscript": [
        {"id": MESSAGE, "contentType": "Attachment", "messageMediaAttachments": [MEDIA]}]}], READ),
    "a chat as it was once": (
        notification({"id": "m", "conversation": {"id": CONVERSATION}, "sender": {"id": "s"}, "body": "hi"},
                     f"v2.conversations.chats.{CONVERSATION}.messages"), BARE),
    "voice": (notification({"conversationId": CONVERSATION, "mediaType": "VOICE"},
                           f"v2.detail.events.conversation.{CONVERSATION}.customer.start"), ("dropped", "other_media")),
}  # fmt: skip

EVERY = [
    pytest.param(raw, told, id=f"{kind}: {name}")
    for kind, cases in (("envelope", ENVELOPES), ("client", CLIENTS), ("snake_case", SNAKE_CASE), ("shape", SHAPES))
    for name, (raw, told) in cases.items()
]


@pytest.mark.parametrize(("raw", "told"), EVERY)
def test_what_others_write_is_read_as_what_it_is(raw: Any, told: Told) -> None:
    (item,) = decode(raw if isinstance(raw, bytes) else orjson.dumps(raw))
    match item:
        case Event():
            found = [f"{one.message_id} {len(one.attachments)}" for one in item.messages]
            assert ("event", item.conversation_id or "", *found) == told
        case Noise():
            assert ("dropped", item.kind) == told
        case UnreadableEvent():
            assert told[0] == "dead letter", item.detail
            assert told[1] in item.detail


def test_numbers_that_bridges_write_as_texts_are_numbers() -> None:
    (item,) = decode(orjson.dumps(SHAPES["numbers that are texts"][0]))
    assert isinstance(item, Event)
    assert item.time is not None
    assert item.time.year == 2022
    (item,) = decode(orjson.dumps(SHAPES["a size that is a text"][0]))
    assert isinstance(item, Event)
    assert item.messages[0].attachments[0].declared_size == 18


def test_names_in_snake_case_are_read_where_they_are_names() -> None:
    typed = text({"conversation_id": "forged", "message_id": "forged"})
    read = in_camel_case({"conversation_id": CONVERSATION, "text": typed, "content_type": '"message_id":'})
    assert read == {"conversationId": CONVERSATION, "text": typed, "contentType": '"message_id":'}


def test_a_conversation_as_the_sdk_for_python_shows_it_is_read() -> None:
    shown = {"message_id": MESSAGE, "message_status": "received", "media": [SNAKE_FILE]}
    listed = {"id": "t", "messages": [shown]}
    talk = {"id": CONVERSATION, "participants": [{"purpose": "customer", "messages": [listed]}]}
    for value in (talk, {"entities": [talk], "page_size": 1}):
        (item,) = decode(orjson.dumps(value))
        assert isinstance(item, Event)
        assert [(message.message_id, len(message.attachments)) for message in item.messages] == [(MESSAGE, 1)]


def test_what_a_transport_writes_for_itself_holds_no_message() -> None:
    shown = {
        "id": MESSAGE,
        "normalizedMessage": {"content": [{"contentType": "Attachment", "attachment": {"id": "a"}}]},
    }
    for own in (
        {"source": {}, "ddl": "x", "tableChanges": []},
        {"Service": "S3", "Event": "s3:TestEvent", "Bucket": "b"},
    ):
        (item,) = decode(orjson.dumps({**own, **shown}))
        assert not isinstance(item, Noise), own


def test_names_in_snake_case_may_stand_around_anything() -> None:
    around = b'{"conversation_id": "%b", "inner": %b}' % (CONVERSATION.encode(), b"[" * 900 + b"]" * 900)
    (item,) = decode(around)
    assert isinstance(item, UnreadableEvent)
    assert item.value == around

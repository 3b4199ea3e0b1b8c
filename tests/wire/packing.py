"""Events as transports bring them: each envelope in the shape that its own documentation gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.wire.carriers import (
    ARN,
    AT,
    CANAL,
    DEBEZIUM,
    OUTBOX,
    QLIK,
    SALESFORCE,
    STRING_SCHEMA,
    any_value,
    celery,
    cloud_event,
    coded,
    event_grid,
    gateway,
    image,
    kafka_record,
    kinesis,
    sns,
    sqs,
    text,
)
from tests.wire.shown import SHOWN, SHOWN_BATCHES

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
    "Debezium's outbox": lambda raw: {**DEBEZIUM, "before": None, "after": {**OUTBOX, "payload": text(raw)}},
    "Debezium's table of events": lambda raw: {**DEBEZIUM, "after": {"id": 1, "payload": text(raw)}},
    "Debezium as CloudEvents": lambda raw: cloud_event(
        data={"schema": {"type": "struct"}, "payload": {"before": None, "after": {**OUTBOX, "payload": text(raw)}}}
    ),
    "Debezium's table of events, as JSON": lambda raw: {**DEBEZIUM, "after": {"id": 1, "payload": raw}},
    "Debezium, flattened": lambda raw: {"id": 1, "payload": text(raw), "__op": "c"},
    "Debezium's logical message": lambda raw: {
        "op": "m", "source": {}, "message": {"prefix": "genesys", "content": coded(raw)}
    },
    "GoldenGate": lambda raw: {
        "table": "G.E", "op_type": "I", "op_ts": AT, "current_ts": AT, "pos": "1", "after": {"payload": text(raw)}
    },
    "Qlik Replicate": lambda raw: {
        **QLIK, "message": {"data": {"payload": text(raw)}, "beforeData": None, "headers": {"operation": "INSERT"}}
    },
    "DynamoDB": lambda raw: {
        "eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": {"NewImage": image(raw)}
    },
    "Airbyte": lambda raw: {
        "_airbyte_ab_id": "a", "_airbyte_stream": "s", "_airbyte_emitted_at": 1, "_airbyte_data": raw
    } if isinstance(raw, dict) else raw,
    "Cloud Functions": lambda raw: {
        "context": {"eventId": "1", "timestamp": AT, "eventType": "google.pubsub.topic.publish", "resource": {}},
        "data": {"@type": "type.googleapis.com/google.pubsub.v1.PubsubMessage", "data": coded(raw)},
    },
    "Pub/Sub message in snake case": lambda raw: {
        "message_id": "1", "publish_time": AT, "data": coded(raw), "attributes": {}
    },
    "Pub/Sub pull in snake case": lambda raw: {"ack_id": "a", "message": {"data": coded(raw), "message_id": "1"}},
    "Logic Apps, content": lambda raw: {"$content-type": "application/json", "$content": coded(raw)},
    "HTTP message": lambda raw: {"headers": {"Host": "x"}, "body": raw},
    "n8n": lambda raw: {"headers": {}, "params": {}, "query": {}, "body": raw, "webhookUrl": "u", "executionMode": "p"},
    "webhook": lambda raw: {"type": "genesys", "timestamp": AT, "data": raw} if isinstance(raw, dict) else raw,
    "Salesforce": lambda raw: {
        "schema": "dffQ2QLzDNHqwB8_sHMxdA", "payload": {**SALESFORCE, "Body__c": text(raw)}, "event": {"replayId": 1}
    },
    "Salesforce by Kafka Connect": lambda raw: {**SALESFORCE, "ReplayId": "1", "Body__c": text(raw)},
    "Logstash, ECS": lambda raw: {
        "@timestamp": AT, "@version": "1", "event": {"original": text(raw)}, "host": {"ip": "1"}
    },
    "Filebeat": lambda raw: {
        "@timestamp": AT, "message": text(raw), "agent": {"type": "filebeat"}, "ecs": {"version": "8"}
    },
    "Filebeat, JSON": lambda raw: {"@timestamp": AT, "@metadata": {"beat": "filebeat"}, "json": raw}
    if isinstance(raw, dict) else raw,
    "Fluentd": lambda raw: {"message": text(raw), "tag": "genesys", "time": 1_770_113_801},
    "Datadog": lambda raw: {"message": text(raw), "ddsource": "x", "ddtags": "a:b", "hostname": "h", "service": "s"},
    "Elasticsearch": lambda raw: {"_index": "i", "_id": "1", "_source": raw} if isinstance(raw, dict) else raw,
    "RabbitMQ": lambda raw: {
        "payload": text(raw), "payload_encoding": "string", "routing_key": "k", "exchange": "", "redelivered": False
    },
    "RabbitMQ, base64": lambda raw: {
        "payload": coded(raw), "payload_encoding": "base64", "routing_key": "k", "exchange": ""
    },
    "Spring": lambda raw: {"payload": raw, "headers": {"id": "u", "timestamp": 1}},
    "MassTransit": lambda raw: {
        "messageId": "08dc0000-aaaa", "conversationId": "08dc0000-bbbb", "sourceAddress": "rabbitmq://h/x",
        "messageType": ["urn:message:Contoso:Event"], "message": raw, "sentTime": AT, "headers": {}, "host": {},
    } if isinstance(raw, dict) else raw,
    "NiFi": lambda raw: {
        "key": None, "value": raw, "headers": {}, "metadata": {"topic": "t", "partition": 0, "offset": 1}
    },
    "Spark": lambda raw: {
        "key": None, "value": coded(raw), "topic": "t", "partition": 0, "offset": 1, "timestamp": AT, "timestampType": 0
    },
    "Fluent Bit, CRI": lambda raw: {"_p": "F", "log": text(raw)},
    "Kong": lambda raw: {"body": text(raw), "body_args": raw if isinstance(raw, dict) else {}},
    "Kong, what it read": lambda raw: {"body_args": raw, "method": "POST", "uri": "/hook", "headers": {}}
    if isinstance(raw, dict) else raw,
    "Kong, base64": lambda raw: {"body": coded(raw), "body_base64": True},
    "Kong, with all that it forwards": lambda raw: {
        "method": "POST", "headers": {"host": "x"}, "uri": "/hook", "uri_args": {}, "body": text(raw)
    },
    "APISIX": lambda raw: {
        "request": {"method": "POST", "url": "https://x/hook", "uri": "/hook", "headers": {}, "body": text(raw)},
        "response": {"status": 200, "headers": {}}, "route_id": "1", "start_time": 1,
    },
    "journald": lambda raw: {"MESSAGE": text(raw), "__REALTIME_TIMESTAMP": "1", "_HOSTNAME": "h", "PRIORITY": "6"},
    "journald, bytes": lambda raw: {"MESSAGE": [*text(raw).encode()], "__REALTIME_TIMESTAMP": "1"},
    "Fluent Bit, parsed": lambda raw: {"date": 1.5, "log": raw} if isinstance(raw, dict) else raw,
    "YugabyteDB": lambda raw: {
        "op": "c", "source": {"connector": "yugabytedb"}, "before": None,
        "after": {"id": {"value": 1, "set": True}, "payload": {"value": text(raw), "set": True}},
    },
    "Fluent Bit, with labels": lambda raw: {"date": 1.5, "log": text(raw), "hostname": "h", "cluster": {"name": "c"}},
    "GELF, a longer message": lambda raw: {
        "version": "1.1", "host": "h", "short_message": "received", "full_message": text(raw), "_source": "x"
    },
    "GELF, a field": lambda raw: {"version": "1.1", "host": "h", "short_message": "received", "_event": text(raw)},
    "syslog-ng": lambda raw: {"MESSAGE": text(raw), "HOST": "h", "PROGRAM": "genesys", "PRIORITY": "info"},
    "GELF": lambda raw: {"version": "1.1", "host": "h", "short_message": text(raw), "timestamp": 1.5, "level": 6},
    "Airbyte 2": lambda raw: {
        "_airbyte_raw_id": "u", "_airbyte_extracted_at": 1, "_airbyte_meta": {}, "_airbyte_data": raw
    } if isinstance(raw, dict) else raw,
    "Airbyte's protocol": lambda raw: {
        "type": "RECORD", "record": {"stream": "s", "emitted_at": 1, "data": raw}
    } if isinstance(raw, dict) else raw,
    "CockroachDB": lambda raw: {"after": {"id": 1, "payload": text(raw)}},
    "CockroachDB, bare": lambda raw: {"id": 1, "payload": text(raw), "__crdb__": {"updated": "1.0"}},
    "Debezium, a document": lambda raw: {
        "op": "c", "source": {"connector": "mongodb"}, "after": text({"_id": 1, "payload": text(raw)}), "ts_ms": 1
    },
    "GoldenGate, columns": lambda raw: {
        "table": "T", "op_type": "I", "op_ts": AT, "current_ts": AT, "pos": "1", "id": 1, "payload": text(raw)
    },
    "Airbyte's protocol, a row": lambda raw: {
        "type": "RECORD", "record": {"stream": "s", "emitted_at": 1, "data": {"id": 1, "payload": text(raw)}}
    },
    "wal2json 2": lambda raw: {
        "action": "I", "schema": "public", "table": "t",
        "columns": [{"name": "id", "type": "integer", "value": 1}, {"name": "payload", "value": text(raw)}],
    },
    "wal2json's message": lambda raw: {
        "action": "M", "transactional": True, "prefix": "genesys", "content": text(raw)
    },
    "TiCDC, simple": lambda raw: {
        "version": 1, "database": "d", "table": "t", "tableID": 148, "type": "INSERT", "commitTs": 1, "buildTs": 1,
        "schemaVersion": 1, "data": {"id": 1, "payload": text(raw)},
    },
    "TiCDC as Debezium": lambda raw: {"payload": {**DEBEZIUM, "before": None, "after": {"payload": text(raw)}}},
    "kcat, Avro": lambda raw: {
        "topic": "t", "partition": 0, "offset": 1, "tstype": "create", "ts": 1, "broker": 1, "key": None, "payload": raw
    },
    "MongoDB's connector, with a schema": lambda raw: {
        "_id": text({"_data": "8263"}), "operationType": "insert", "ns": {"db": "d", "coll": "c"}, "to": None,
        "fullDocument": text({"_id": 1, "payload": text(raw)}), "documentKey": text({"_id": 1}), "clusterTime": "1",
    },
    "MNS, a topic": lambda raw: {
        "TopicOwner": "1", "TopicName": "t", "Subscriber": "1", "SubscriptionName": "s", "MessageId": "6CC4",
        "Message": text(raw), "MessageMD5": "F1", "MessageTag": "x", "PublishTime": "1449556920975",
    },
    "MNS by EventBridge": lambda raw: cloud_event(
        data={"requestId": "606E", "messageId": "C6DB60D1", "messageBody": coded(raw)}
    ),
    "MNS as its API gives it": lambda raw: {
        "messageId": "C6DB60D1", "messageBody": coded(raw), "receiptHandle": "1-2", "enqueueTime": 1
    },
    "MNS as its API writes it": lambda raw: {"MessageId": "C6DB", "MessageBody": text(raw), "ReceiptHandle": "1-2"},
    "Firehose's failure": lambda raw: {
        "attemptsMade": 4, "arrivalTimestamp": 1, "errorCode": "Lambda.FunctionError", "errorMessage": "m",
        "attemptEndingTimestamp": 2, "rawData": coded(raw), "lambdaArn": ARN,
    },
    "Lambda's failure": lambda raw: {
        "requestContext": {"condition": "RetriesExhausted"}, "responseContext": {}, "version": "1.0", "timestamp": AT,
        "KafkaBatchInfo": {"batchSize": 1}, "payload": text(raw),
    },
    "Service Bus by Confluent's connector": lambda raw: {
        "deliveryCount": 1, "enqueuedTimeUtc": 1, "lockedUntilUtc": 1, "sequenceNumber": 1, "messageBody": coded(raw),
    },
    "Pub/Sub by Confluent's connector": lambda raw: {"MessageData": coded(raw), "AttributeMap": {}},
    "track call": lambda raw: {
        "type": "track", "event": "Message", "messageId": "ajs-next-1", "userId": "u", "channel": "server",
        "properties": raw, "context": {},
    } if isinstance(raw, dict) else raw,
    "HTTP source": lambda raw: {"key": "k", "value": text(raw), "timestamp": 1},
    "Node-RED": lambda raw: {"_msgid": "a1", "payload": raw, "topic": "x"},
    "n8n item": lambda raw: {"json": raw, "pairedItem": {"item": 0}} if isinstance(raw, dict) else raw,
    "EMQX": lambda raw: {
        "id": "0005", "clientid": "c", "username": "u", "topic": "t", "payload": text(raw), "qos": 1,
        "event": "message.publish", "timestamp": 1,
    },
    "EMQX's source, RabbitMQ": lambda raw: {
        "event": "$bridges/rabbitmq:s", "metadata": {"rule_id": "r"}, "node": "emqx@127.0.0.1", "timestamp": 1,
        "payload": raw,
    },
    "EMQX's source, Kafka": lambda raw: {
        "topic": "t", "offset": 2, "ts": 1, "ts_type": "create", "key": "k", "headers": {}, "value": text(raw),
    },
    "Kafka record of Confluent's console": lambda raw: {
        "topic": "t", "partition": 0, "offset": 1, "timestamp": 1655827670272, "timestampType": "CREATE_TIME",
        "headers": [], "key": None, "value": raw, "__confluent_index": 0,
    },
    "Kafka record, as text": lambda raw: {
        "topic": "t", "partition": 0, "offset": 1, "timestamp": 1655827670272, "timestampType": "CREATE_TIME",
        "headers": [], "key": None, "value": text(raw), "__confluent_index": 0,
    },
    "BigQuery": lambda raw: {
        "subscription_name": "projects/p/subscriptions/s", "message_id": "7", "publish_time": "2026-02-03 10:16:41 UTC",
        "data": text(raw), "attributes": "{}",
    },
    "Pulsar": lambda raw: {
        "messageId": "CAMQADAA", "payload": coded(raw), "properties": {}, "publishTime": "2021-10-29T16:01:38Z",
        "redeliveryCount": 0,
    },
    "Couchbase": lambda raw: {
        "event": "mutation", "bucket": "b", "partition": 7, "vBucketUuid": 1, "key": "k", "cas": 1, "bySeqno": 1,
        "revSeqno": 1, "expiration": 0, "flags": 0, "lockTime": 0, "content": coded(raw),
    },
    "Dapr's entry": lambda raw: {
        "entryId": "ae6bf7c6", "event": raw, "contentType": "application/json", "metadata": {},
    },
    "VPC Lattice": lambda raw: {
        "raw_path": "/events", "method": "POST", "headers": {}, "body": coded(raw), "is_base64_encoded": True,
    },
    "MQTT": lambda raw: {"topic": "g/x", "payload": text(raw), "qos": 1, "retain": False},
    "JetStream": lambda raw: {
        "type": "io.nats.jetstream.api.v1.stream_msg_get_response", "message": {"subject": "g", "data": coded(raw)}
    },
    "NServiceBus": lambda raw: {"Headers": {"NServiceBus.MessageId": "m"}, "Body": coded(raw), "S3BodyKey": None},
    "HTTP message, base64": lambda raw: {"headers": {"rbs2-msg-id": "m"}, "body": coded(raw)},
    "HTTP message, properties": lambda raw: {"headers": {}, "properties": {}, "body": text(raw)},
    "Pipedream": lambda raw: {
        "method": "POST", "path": "/", "query": {}, "client_ip": "1.2.3.4", "url": "u", "headers": {}, "body": raw
    },
    "Snowflake": lambda raw: {"RECORD_METADATA": {"offset": 1}, "RECORD_CONTENT": raw}
    if isinstance(raw, dict) else raw,
    "Splunk, raw": lambda raw: {"_raw": text(raw), "_time": 1.5, "source": "s", "cribl_pipe": "p"},
    "Vector, parsed": lambda raw: {"message": raw, "source_type": "kafka"} if isinstance(raw, dict) else raw,
    "Debezium of Oracle": lambda raw: {**DEBEZIUM, "before": None, "after": {"ID": 1, "PAYLOAD": text(raw)}},
    "Hasura": lambda raw: {
        "id": "i", "created_at": AT, "table": {"schema": "public", "name": "t"}, "trigger": {"name": "x"},
        "event": {"session_variables": None, "op": "INSERT", "data": {"old": None, "new": {"payload": text(raw)}}},
    },
    "Supabase": lambda raw: {
        "type": "INSERT", "table": "t", "schema": "public", "record": {"payload": text(raw)}, "old_record": None
    },
    "Sequin": lambda raw: {
        "record": {"payload": text(raw)}, "changes": None, "action": "insert", "metadata": {"table_name": "t"}
    },
    "Striim": lambda raw: {
        "metadata": {"TableName": "T", "OperationName": "INSERT"}, "data": {"ID": 1, "PAYLOAD": text(raw)},
        "before": None, "userdata": None,
    },
    "Datastream": lambda raw: {
        "uuid": "u", "read_timestamp": AT, "source_timestamp": AT, "object": "t", "read_method": "postgresql-cdc",
        "stream_name": "s", "schema_key": "k", "sort_keys": [1], "payload": {"id": 1, "payload": text(raw)},
        "source_metadata": {"schema": "public", "table": "t", "is_deleted": False, "change_type": "INSERT"},
    },
    "Dapr": lambda raw: {
        "topic": "t", "pubsubname": "p", "traceid": "00-113a", "tracestate": "", "data": raw, "id": "5929",
        "specversion": "1.0", "datacontenttype": "application/json", "source": "s", "type": "com.dapr.event.sent",
        "time": AT, "traceparent": "00-113a",
    },
    "Wolverine": lambda raw: {
        "Id": "018f", "Data": coded(raw), "MessageType": "genesys", "SentAt": AT, "ContentType": "application/json",
        "Attempts": 0, "Headers": {}, "ConversationId": "018f", "Source": "s",
    },
    "CAP": lambda raw: {"Headers": {"cap-msg-id": "1", "cap-msg-name": "n"}, "Value": raw}
    if isinstance(raw, dict | str) else raw,
    "Salesforce, streamed": lambda raw: {
        "data": {"schema": "s", "payload": {**SALESFORCE, "Body__c": text(raw)}, "event": {"replayId": 2}},
        "channel": "/event/Genesys__e",
    },
    "Salesforce, generic": lambda raw: {
        "clientId": "a1", "data": {"event": {"createdDate": AT, "replayId": 55}, "payload": text(raw)},
        "channel": "/u/genesys",
    },
    "kafka-ui, saved": lambda raw: {
        "Value": text(raw), "Offset": 1, "Key": None, "Partition": 0, "Headers": {}, "Timestamp": AT
    },
    "kafka-ui": lambda raw: {
        "partition": 0, "offset": 1, "timestamp": AT, "timestampType": "CREATE_TIME", "key": "k", "headers": {},
        "value": text(raw), "keySerde": "String", "valueSerde": "String",
    },
    "kafka-ui, before": lambda raw: {
        "partition": 0, "offset": 1, "timestamp": AT, "timestampType": "CREATE_TIME", "key": "k", "headers": {},
        "content": text(raw), "valueFormat": "JSON",
    },
    "AKHQ": lambda raw: {
        "topic": {"name": "t", "internal": False}, "partition": 0, "offset": 1, "timestamp": AT, "keySchemaId": None,
        "valueSchemaId": None, "headers": [], "exceptions": [], "key": "k", "value": text(raw),
    },
    "Redpanda Console": lambda raw: {
        "partitionID": 0, "offset": 1, "timestamp": 1, "compression": "none", "isTransactional": False, "headers": [],
        "key": {"payload": "k", "encoding": "text"},
        "value": {"payload": raw, "encoding": "json", "isPayloadNull": False},
    },
    **SHOWN,
    "Azure Functions": lambda raw: {
        "Offset": 364, "Partition": 0, "Topic": "t", "Timestamp": AT, "Value": text(raw), "Headers": []
    },
    "IoT Hub": lambda raw: {"EnqueuedTimeUtc": AT, "Properties": {}, "SystemProperties": {}, "Body": coded(raw)},
    "Celery": lambda raw: celery([[text(raw)], {}, {"callbacks": None, "chain": None}]),
    "Celery, by name": lambda raw: celery([["tenant"], {"event": text(raw), "retry": 3}, {}]),
    "Celery of before": lambda raw: celery({"task": "t", "id": "1", "args": [text(raw)], "kwargs": {}}),
    "Dramatiq": lambda raw: {
        "queue_name": "default", "actor_name": "handle", "args": [text(raw)], "kwargs": {}, "options": {},
        "message_id": "059f36b4-87a3-44ab-83d2-661975830a7d", "message_timestamp": 1,
    },
    "Axon": lambda raw: {
        "type": "Call", "aggregateIdentifier": "a", "sequenceNumber": 0, "identifier": "i", "timestamp": AT,
        "payloadType": "org.example.Event", "payload": text(raw), "metaData": {},
    },
    "Axon's table, by Debezium": lambda raw: {
        **DEBEZIUM, "before": None,
        "after": {"global_index": 1, "payload": coded(raw), "payload_type": "org.example.Event"},
    },
    "NestJS": lambda raw: {"pattern": "genesys.event", "data": text(raw), "id": "1"},
    "Eventuate": lambda raw: {
        "payload": text(raw), "headers": {"ID": "1", "PARTITION_ID": "1", "DATE": "x", "event-type": "t"}
    },
    "rsyslog": lambda raw: {"msg": text(raw), "rawmsg": "<13>x", "hostname": "h", "syslogtag": "x", "pri": "13"},
    "Snowplow": lambda raw: {"schema": "iglu:com.acme/genesys/jsonschema/1-0-0", "data": raw}
    if isinstance(raw, dict) else raw,
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
    "Dapr": lambda raws: {
        "id": "b", "metadata": {}, "topic": "t", "pubsubname": "p", "type": "com.dapr.event.sent.bulk",
        "entries": [{"entryId": "1", "event": cloud_event(data=raw), "contentType": "x"} for raw in raws],
    },
    "Dapr, raw": lambda raws: {
        "id": "b", "metadata": {}, "topic": "t", "pubsubname": "p", "type": "com.dapr.event.sent.bulk",
        "entries": [{"entryId": "1", "event": coded(raw), "contentType": "x"} for raw in raws],
    },
    "Event Grid": lambda raws: [event_grid({"message": raw}) for raw in raws],
    "OpenTelemetry": lambda raws: {
        "resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": text(raw)}} for raw in raws]}]}]
    },
    "OpenTelemetry, values": lambda raws: {
        "resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": any_value(raw)} for raw in raws]}]}]
    },
    "OpenTelemetry of before": lambda raws: {
        "resourceLogs": [
            {"instrumentationLibraryLogs": [{"logRecords": [{"body": {"stringValue": text(raw)}} for raw in raws]}]}
        ]
    },
    "OpenTelemetry, one scope, in snake case": lambda raws: {
        "resourceLogs": [{"scope_logs": {"log_records": [{"body": {"string_value": text(raw)}} for raw in raws]}}]
    },
    "CloudWatch Logs of another type": lambda raws: {
        "messageType": "DATA", "logGroup": "g", "logStream": "l", "logEvents": [{"message": text(raw)} for raw in raws]
    },
    "Loki, entries": lambda raws: {
        "streams": [{"labels": "{}", "entries": [{"ts": AT, "line": text(raw)} for raw in raws]}]
    },
    "Loki, asked": lambda raws: {
        "status": "success", "data": {
            "resultType": "streams", "result": [{"stream": {}, "values": [["1", text(raw)] for raw in raws]}]
        },
    },
    "Pub/Sub pull in snake case": lambda raws: {
        "received_messages": [{"ack_id": "a", "message": {"data": coded(raw), "message_id": "1"}} for raw in raws]
    },
    "Canal": lambda raws: {
        **CANAL, "type": "INSERT", "data": [{"id": "1", "payload": text(raw)} for raw in raws], "old": None
    },
    "wal2json": lambda raws: {
        "change": [
            {"kind": "insert", "schema": "public", "table": "t", "columnnames": ["id", "payload"],
             "columntypes": ["integer", "jsonb"], "columnvalues": [1, text(raw)]}
            for raw in raws
        ]
    },
    "CockroachDB's webhook": lambda raws: {
        "payload": [
            {"after": {"id": 1, "payload": text(raw)}, "key": [1], "topic": "t", "updated": "1.0"} for raw in raws
        ],
        "length": len(raws),
    },
    "Loki": lambda raws: {"streams": [{"stream": {"app": "x"}, "values": [["1", text(raw)] for raw in raws]}]},
    "Kafka REST": lambda raws: {"records": [{"key": "k", "value": raw} for raw in raws]},
    "Azure's records": lambda raws: {"records": [{"detail-type": "t", "source": "s", "detail": raw} for raw in raws]},
    "Event Grid, pulled": lambda raws: {
        "value": [{"brokerProperties": {"lockToken": "t"}, "event": cloud_event(data=raw)} for raw in raws]
    },
    "Firehose, read by Kinesis analytics": lambda raws: {
        "invocationId": "i", "applicationArn": "arn", "streamArn": "arn",
        "records": [
            {"recordId": "4", "kinesisStreamRecordMetadata": {"shardId": "s"}, "data": coded(raw)} for raw in raws
        ],
    },
    "Firehose, transformed": lambda raws: {
        "records": [{"recordId": "1", "result": "Ok", "data": coded(raw)} for raw in raws]
    },
    "SQS as its API gives it": lambda raws: {
        "Messages": [{"MessageId": "m", "ReceiptHandle": "r", "Body": text(raw)} for raw in raws]
    },
    "Kinesis as its API gives it": lambda raws: {
        "Records": [{"SequenceNumber": "1", "PartitionKey": "p", "Data": coded(raw)} for raw in raws],
        "MillisBehindLatest": 0,
    },
    "RabbitMQ to Lambda": lambda raws: {
        "eventSource": "aws:rmq", "rmqMessagesByQueue": {
            "q::/": [{"basicProperties": {}, "redelivered": False, "data": coded(raw)} for raw in raws]
        },
    },
    "ActiveMQ to Lambda": lambda raws: {
        "eventSource": "aws:mq",
        "messages": [{"messageID": "ID:1", "messageType": "jms/text-message", "data": coded(raw)} for raw in raws],
    },
    "EventBridge's entries": lambda raws: {
        "Entries": [{"Source": "genesys", "DetailType": "t", "Detail": text(raw)} for raw in raws]
    },
    "Pub/Sub pull": lambda raws: {
        "receivedMessages": [{"ackId": "a", "message": {"data": coded(raw), "messageId": "1"}} for raw in raws]
    },
    "New Relic": lambda raws: {"common": {}, "logs": [{"timestamp": 1, "message": text(raw)} for raw in raws]},
    "Elasticsearch": lambda raws: {
        "took": 1, "hits": {"hits": [{"_index": "i", "_id": "1", "_source": raw} for raw in raws]}
    },
    "Ably": lambda raws: {
        "source": "channel.message", "appId": "a", "channel": "c", "site": "eu", "ruleId": "r",
        "messages": [{"id": "vgQp:0:0", "timestamp": 1, "data": text(raw), "encoding": "json"} for raw in raws],
    },
    "Ably, base64": lambda raws: {
        "source": "channel.message", "appId": "a", "channel": "c", "site": "eu", "ruleId": "r",
        "messages": [{"id": "vgQp:0:0", "data": coded(raw), "encoding": "json/utf-8/base64"} for raw in raws],
    },
    "Ably, an item of a batch": lambda raws: {
        "channelId": "c", "site": "eu", "messages": [{"id": "vgQp:0:0", "data": text(raw)} for raw in raws]
    },
    **SHOWN_BATCHES,
    "listing": lambda raws: {"entities": raws, "pageSize": 25, "pageNumber": 1},
    "listing of conversations": lambda raws: {"conversations": raws, "totalHits": len(raws)},
}  # fmt: skip

"""The envelopes that transports put around events, one row each."""

from __future__ import annotations

from consumer.wire.bookkeeping import BOOKKEEPING
from consumer.wire.changes import CHANGES
from consumer.wire.clients import CLIENTS
from consumer.wire.logs import LOGS
from consumer.wire.payloads import (
    ANY_VALUE,
    Envelope,
    at,
    base64_at,
    base64_in,
    cloud_event,
    each_of,
    encoded_payload,
    event_grid,
    gateway_body,
    guest_body,
    has,
    is_of_blueprint,
    is_of_masstransit,
    is_rest_value,
    json_or_base64,
    json_or_base64_at,
    kong_body,
    lacks,
    lattice_body,
    list_at,
    lists_in,
    none_of,
    one_has,
    one_has_or_none,
    or_tombstone,
    produced,
    put_event,
    rest_value,
    text_or_bytes,
)
from consumer.wire.pubsub import background, is_published, published
from consumer.wire.rows import connect, is_connect_schema
from consumer.wire.salesforce import platform_event
from consumer.wire.services import SERVICES

_OF_LAMBDA_S_KAFKA = frozenset({
    "headers", "key", "keySchemaMetadata", "timestamp", "value", "valueSchemaMetadata",
})  # fmt: skip
# What Amazon's gateway says, which the guest's socket stands behind ("Gateway response types" of its guide).
_OF_THE_GATEWAY = (
    "Bad Request", "Endpoint request timed out", "Forbidden", "Internal server error", "Limit Exceeded",
    "Missing Authentication Token", "Service Unavailable", "Too Many Requests", "Unauthorized",
)  # fmt: skip
_OF_FIREHOSE = frozenset({
    "approximateArrivalEpoch", "approximateArrivalTimestamp", "kinesisRecordMetadata", "kinesisStreamRecordMetadata",
    "lambdaDeliveryRecordMetadata", "metadata", "result",
})  # fmt: skip
_BATCH = frozenset({
    "ChildShards", "MillisBehindLatest", "NextShardIterator", "eventSourceARN", "isFinalInvokeForWindow",
    "isWindowTerminatedEarly", "shardId", "state", "window",
})  # fmt: skip
_OF_REQUESTS = frozenset({
    "bodyRaw", "client_ip", "command", "cookies", "executionMode", "host", "hostname", "ip", "is_large_payload", "meta",
    "method", "params", "parsed_query", "path", "properties", "proto", "protocol", "queries", "query",
    "query_parameters", "statusCode", "type", "uri", "uri_args", "url", "webhookUrl",
})  # fmt: skip
_OF_KONG = frozenset({"body_args", "body_base64", "headers", "method", "uri", "uri_args"})
_OF_GUESTS = frozenset({
    "attachmentId", "deploymentId", "errorsAsJson", "fileName", "fileSize", "fileType", "journeyContext", "startNew",
    "tracingId",
})  # fmt: skip
_PAGES = frozenset({
    "pageSize", "pageNumber", "pageCount", "total", "totalHits", "firstUri", "lastUri", "nextUri", "previousUri",
    "selfUri", "cursor", "startId", "page_size", "page_number", "page_count", "total_hits", "first_uri", "last_uri",
    "next_uri", "previous_uri", "self_uri", "aggregations", "dataAvailabilityDate",
})  # fmt: skip

ENVELOPES = (
    # Amazon: "Using AWS Lambda with …", "Amazon SNS message formats", the API references of SQS, Kinesis and Firehose.
    Envelope("Lambda batch", {"Records": list}, list_at("Records"), _BATCH),
    Envelope("SQS batch", {"Messages": list}, list_at("Messages"), frozenset({"ResponseMetadata"})),
    Envelope("SQS", {"messageId": str, "receiptHandle": str, "body": (dict, list, str)}, at("body")),
    Envelope("SQS", {"MessageId": str, "ReceiptHandle": str, "Body": str}, at("Body")),
    Envelope("SQS", {"ApproximateReceiveCount": (int, str), "SentTimestamp": (int, str), "Body": str}, at("Body")),
    Envelope(
        "SQS", {"messageId": str, "eventSource": str, "body": (dict, list, str)}, at("body"),
        holds=has(eventSource="aws:sqs"),
    ),
    Envelope(
        "SNS", {"Type": str, "MessageId": str, "TopicArn": str, "Message": str}, at("Message"),
        holds=has(Type="Notification"),
    ),
    Envelope("Lambda SNS record", {"EventSource": str, "Sns": dict}, at("Sns"), holds=has(EventSource="aws:sns")),
    Envelope(
        "Kinesis", {"kinesis": dict, "eventSource": str}, base64_at("kinesis", "data"),
        holds=has(eventSource="aws:kinesis"),
    ),
    Envelope(  # by a pipe of EventBridge's it may be parsed, as its own records of queues and Kafka are
        "Kinesis", {"partitionKey": str, "sequenceNumber": str, "data": (dict, list, str)}, json_or_base64_at("data")
    ),
    Envelope("Kinesis", {"PartitionKey": str, "SequenceNumber": str, "Data": str}, base64_at("Data")),
    Envelope(
        "Firehose", {"requestId": str, "timestamp": int, "records": list},
        each_of("records", base64_in("data")), holds=one_has_or_none("records", "data"),
    ),
    Envelope(
        "Firehose", {"invocationId": str, "records": list}, list_at("records"),
        holds=one_has_or_none("records", "recordId", "data"),
    ),
    Envelope(
        "Firehose", {"records": list}, list_at("records"), frozenset(),
        holds=one_has("records", "recordId", "result", "data"),
    ),
    Envelope(
        "Firehose record", {"recordId": str, "result": str}, none_of("bookkeeping"), frozenset(), has(result="Dropped")
    ),
    Envelope("Firehose record", {"recordId": str, "data": str}, base64_at("data"), _OF_FIREHOSE),
    Envelope(
        "Lambda Kafka batch", {"eventSource": str, "records": dict}, lists_in("records"),
        holds=has(eventSource=("aws:kafka", "aws:SelfManagedKafka", "SelfManagedKafka")),
    ),
    Envelope(
        "Lambda Kafka record",
        {"topic": str, "partition": int, "offset": int, "timestampType": str, "value": (dict, list, str)},
        json_or_base64_at("value"),
    ),
    Envelope(
        "Lambda Kafka record", {"topic": str, "partition": int, "offset": int, "timestampType": str},
        none_of("no_value"), _OF_LAMBDA_S_KAFKA, holds=lambda node: node.get("value") is None,
    ),
    Envelope(
        "Lambda MQ batch", {"eventSource": str, "messages": list}, list_at("messages"),
        holds=has(eventSource=("aws:amq", "aws:mq")),
    ),
    Envelope("Amazon MQ", {"messageID": str, "messageType": str, "data": str}, base64_at("data")),
    Envelope(
        "Lambda MQ batch", {"eventSource": str, "rmqMessagesByQueue": dict}, lists_in("rmqMessagesByQueue"),
        holds=has(eventSource="aws:rmq"),
    ),
    Envelope("Amazon MQ", {"basicProperties": dict, "data": str}, base64_at("data")),
    Envelope("EventBridge's entries", {"Entries": list}, list_at("Entries"), frozenset({"EndpointId"})),
    Envelope("EventBridge's entry", {"Source": str, "DetailType": str, "Detail": (dict, str)}, put_event),
    Envelope("API Gateway", {"requestContext": dict, "body": str, "isBase64Encoded": bool}, gateway_body),
    Envelope(
        "API Gateway", {"requestContext": dict, "body": str, "httpMethod": str}, at("body"),
        holds=lacks("isBase64Encoded"),
    ),
    Envelope("VPC Lattice", {"raw_path": str, "method": str, "body": str, "is_base64_encoded": bool}, lattice_body),
    # Event Grid's event schema, CloudEvents 1.0 (structured mode), Kafka Connect's JsonConverter, Pub/Sub's push.
    Envelope(
        "Event Grid", dict.fromkeys(("id", "subject", "eventType", "eventTime"), str) | {"data": (dict, list, str)},
        event_grid,
    ),
    Envelope("Event Grid's data", {"message": dict}, at("message"), frozenset({"topic"}), is_of_blueprint),
    Envelope("CloudEvents", dict.fromkeys(("specversion", "id", "type", "source"), str), cloud_event),
    Envelope(
        "Kafka Connect", {"schema": (dict, type(None)), "payload": (dict, list, str, type(None))}, connect,
        frozenset(), is_connect_schema,
    ),
    Envelope(
        "Pub/Sub push", {"message": dict, "subscription": str}, published("message"),
        holds=lambda node: is_published(node["message"]),
    ),
    Envelope("Pub/Sub pull", {"receivedMessages": list}, list_at("receivedMessages"), frozenset()),
    Envelope(
        "Pub/Sub message", {"ackId": str, "message": dict}, published("message"),
        holds=lambda node: is_published(node["message"]),
    ),
    Envelope("Pub/Sub message", {"messageId": str, "publishTime": str}, published(), holds=is_published),
    Envelope("Pub/Sub pull", {"received_messages": list}, list_at("received_messages"), frozenset()),
    Envelope(
        "Pub/Sub message", {"ack_id": str, "message": dict}, published("message"),
        holds=lambda node: is_published(node["message"]),
    ),
    Envelope("Pub/Sub message", {"message_id": str, "publish_time": str}, published(), holds=is_published),
    Envelope("Cloud Functions", {"context": dict, "data": dict}, published("data"), frozenset(), background),
    # Amazon: destinations of Lambda. Azure: Event Hubs Capture.
    Envelope(
        "Lambda destination", {"requestContext": dict, "requestPayload": (dict, list), "timestamp": str},
        at("requestPayload"),
    ),
    Envelope(
        "Event Hubs", {"SequenceNumber": int, "EnqueuedTimeUtc": str, "Body": (dict, list, str)},
        json_or_base64_at("Body"),
    ),
    Envelope(
        "Service Bus", {"messageId": str, "sequenceNumber": (int, str), "body": (dict, list, str)},
        json_or_base64_at("body"),
    ),
    Envelope(
        "Logic Apps", {"ContentData": (dict, list, str), "Properties": dict}, json_or_base64_at("ContentData")
    ),
    Envelope("Azure's records", {"records": list}, list_at("records"), frozenset(), one_has("records", "detail")),
    # JMS, as the connectors of Confluent and IBM, and of Lenses, write it.
    Envelope(
        "JMS", {"messageID": str, "messageType": str, "text": (str, type(None)), "bytes": (str, type(None))},
        text_or_bytes,
    ),
    Envelope("JMS", {"message_id": str, "redelivered": bool, "bytes_payload": str}, base64_at("bytes_payload")),
    # Records of Kafka: kcat -J, Confluent's REST Proxy.
    Envelope("Elasticsearch", {"_index": str, "_id": str, "_source": dict}, at("_source")),
    Envelope(
        "kcat", {"topic": str, "partition": int, "offset": int, "tstype": str, "payload": ANY_VALUE},
        or_tombstone("payload"),
    ),
    Envelope(
        "Kafka REST", {"records": list},
        each_of("records", produced),
        frozenset({"key_schema_id", "value_schema_id"}), one_has("records", "value"),
    ),
    Envelope(
        "Kafka REST", {"value": dict}, rest_value, frozenset({"key", "headers", "partition_id", "timestamp"}),
        is_rest_value,
    ),
    Envelope(
        "Kafka REST", {"key": dict, "value": type(None)}, none_of("no_value"),
        frozenset({"headers", "partition_id", "timestamp"}), lambda node: node["key"].keys() == {"type", "data"},
    ),
    # An API gateway: Kong's plugin for Kafka.
    Envelope("Kong", {"body": str, "body_args": dict}, kong_body, _OF_KONG),
    Envelope("Kong", {"body": str, "body_base64": bool}, kong_body, _OF_KONG),
    Envelope(
        "Kong", {"body_args": dict, "method": str, "uri": str}, at("body_args"), _OF_KONG | {"body"},
        lambda node: node.get("body") is None,
    ),
    Envelope("Mule", {"payload": (dict, list, str), "attributes": dict}, at("payload"), frozenset({"vars"})),
    # Brokers and frameworks: RabbitMQ's management API and a connector, Spring Integration, MassTransit, NiFi, Spark.
    Envelope(
        "RabbitMQ", {"payload": str, "payload_encoding": str, "routing_key": str, "exchange": str}, encoded_payload
    ),
    Envelope(
        "RabbitMQ", {"consumerTag": str, "envelope": dict, "basicProperties": dict, "body": str},
        json_or_base64_at("body"), frozenset(),
    ),
    Envelope(
        "Spring", {"payload": (dict, list, str), "headers": dict}, at("payload"), frozenset(),
        lambda node: node["headers"].keys() >= {"id", "timestamp"},
    ),
    Envelope(
        "MassTransit", {"messageType": (list, str), "message": (dict, list, str)}, at("message"),
        holds=is_of_masstransit, shares=frozenset({"conversationId"}),
    ),
    Envelope(
        "MassTransit", {"message": (dict, list, str), "sourceAddress": str, "host": dict}, at("message"),
        shares=frozenset({"conversationId"}),
    ),
    Envelope(
        "NiFi", {"metadata": dict, "headers": dict, "value": ANY_VALUE}, or_tombstone("value"), frozenset({"key"}),
        lambda node: node["metadata"].keys() >= {"topic", "partition", "offset"},
    ),
    Envelope(
        "Spark", {"topic": str, "partition": int, "offset": int, "timestampType": int, "value": (str, type(None))},
        lambda node: json_or_base64(or_tombstone("value")(node)),
    ),
    # Requests of HTTP, as automations hand them on (Logic Apps, n8n, Camel); webhooks as their standard has them.
    Envelope("HTTP message", {"headers": dict, "body": (dict, list, str)}, json_or_base64_at("body"), _OF_REQUESTS),
    Envelope("HTTP message", {"header": dict, "body": (dict, list, str)}, json_or_base64_at("body"), frozenset()),
    Envelope("Logic Apps", {"$content-type": str, "$content": str}, base64_at("$content"), frozenset()),
    Envelope("webhook", {"type": str, "timestamp": (str, int), "data": dict}, at("data"), frozenset()),
    Envelope(
        "Salesforce", {"schema": str, "payload": dict, "event": dict}, platform_event,
        holds=lambda node: node["payload"].keys() >= {"CreatedDate", "CreatedById"},
    ),
    Envelope(
        "Salesforce", {"CreatedDate": (str, int), "CreatedById": str, "ReplayId": (str, int)}, platform_event
    ),
    Envelope(
        "Snowplow", {"schema": str, "data": dict}, at("data"), frozenset(),
        lambda node: node["schema"].startswith("iglu:"),
    ),
    *SERVICES,
    *CLIENTS,
    *LOGS,
    *CHANGES,
    *BOOKKEEPING,
    # Genesys: the guest's socket of web messaging, and what its APIs list.
    Envelope(
        "guest socket", {"type": str, "class": str, "code": int, "body": (dict, str, type(None))}, guest_body,
        holds=has(type=("message", "response")),
    ),
    Envelope(
        "guest socket", {"type": str, "class": str, "code": int}, none_of("guest_session"), frozenset({"tracingId"}),
        has(type="response"),
    ),
    Envelope(
        "guest socket", {"message": str, "connectionId": str, "requestId": str}, none_of("guest_session"), frozenset(),
        has(message=_OF_THE_GATEWAY),
    ),
    Envelope(
        "guest socket", {"token": str, "action": str}, none_of("guest_session"), _OF_GUESTS,
        has(action=("configureSession", "deleteAttachment", "getAttachment", "getJwt", "onAttachment")),
    ),
    Envelope("listing", {"entities": list}, list_at("entities"), _PAGES),
    Envelope("listing", {"conversations": list}, list_at("conversations"), _PAGES),
)  # fmt: skip

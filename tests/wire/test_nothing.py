"""What by its carrier's own word holds no event is dropped, and nothing that may hold one is."""

from typing import Any

import orjson
import pytest

from consumer.wire.events import Item, Noise, UnreadableEvent, decode
from tests.wire.carriers import AT, CANAL, DEBEZIUM, QLIK, cloud_event, coded, event_grid, image, text

OTHER = "2f7bf00a-0fc2-4d6a-9b56-92238191433e"
BARE = {"conversationId": OTHER}


def one(raw: object) -> Item:
    (item,) = decode(orjson.dumps(raw))
    return item


GONE_FROM_ITS_TABLE: list[dict[str, Any]] = [
    {"op": "d", "source": {}, "before": BARE, "after": None},
    {"op": "t", "source": {"db": "d"}, "ts_ms": 1},
    cloud_event(data={"before": BARE, "after": None}),
    {"id": 1, "payload": text(BARE), "__op": "d", "__deleted": "true"},
    {"table": "G.E", "op_type": "D", "op_ts": AT, "current_ts": AT, "pos": "1", "before": BARE},
    {**QLIK, "message": {"data": BARE, "beforeData": None, "headers": {"operation": "DELETE"}}},
    {**CANAL, "type": "DELETE", "data": [{"id": "1", "payload": text(BARE)}], "old": None},
    {"after": None, "updated": "1.0"},
    {"after": None, "key": [1], "topic": "t"},
    {"after": None},
    {"kind": "truncate", "schema": "public", "table": "t"},
    {"kind": "delete", "schema": "public", "table": "t", "oldkeys": {"keynames": ["id"], "keyvalues": [1]}},
    {"action": "D", "schema": "public", "table": "t", "identity": [{"name": "id", "value": 1}]},
    {"action": "T", "schema": "public", "table": "t"},
    {"d": {"id": {"t": 3, "h": True, "f": 11, "v": 1}}},
    {
        "uuid": "u",
        "read_method": "mysql-cdc",
        "object": "t",
        "payload": {"id": 1, "payload": text(BARE)},
        "source_metadata": {"is_deleted": True, "change_type": "DELETE"},
    },
    {"eventName": "REMOVE", "eventSource": "aws:dynamodb", "dynamodb": {"OldImage": image(BARE)}},
    {"table": {"name": "t"}, "trigger": {}, "event": {"op": "DELETE", "data": {"old": {"id": 1}, "new": None}}},
    {"type": "DELETE", "table": "t", "schema": "public", "record": None, "old_record": {"payload": text(BARE)}},
    {"record": {"payload": text(BARE)}, "changes": None, "action": "delete", "metadata": {"table_name": "t"}},
    {"metadata": {"OperationName": "DELETE", "TableName": "T"}, "data": {"PAYLOAD": text(BARE)}, "before": None},
    {"before": BARE, "after": None, "op": "d"},
    {"before": BARE, "after": None, "op_type": "D"},
    {**CANAL, "type": "CREATE", "isDdl": True, "data": None, "old": None},
    {**CANAL, "type": "TIDB_WATERMARK", "data": None, "old": None, "_tidb": {"watermarkTs": 1}},
    {"version": 1, "database": "d", "table": "t", "tableID": 1, "type": "DELETE", "commitTs": 1, "buildTs": 1,
     "schemaVersion": 1, "old": {"id": 1, "payload": text(BARE)}},
]  # fmt: skip
TOMBSTONES: list[dict[str, Any]] = [
    {"topic": "t", "partition": 0, "offset": 1, "tstype": "create", "ts": 1, "broker": 1, "key": "k", "payload": None},
    {"topic": "t", "partition": 0, "offset": 1, "timestamp": 1, "timestampType": "CREATE_TIME", "key": "aw==",
     "headers": []},
    {"topic": "t", "partition": 0, "offset": 1, "timestamp": 1, "timestampType": "CREATE_TIME", "value": None},
    {"topic": "t", "key": "aw==", "value": None, "partition": 0, "offset": 1},
    {"topic": "t", "key": "k", "value": None, "timestamp": 1, "partition": 0, "offset": 1},
    {"records": [{"key": "k", "value": None}]},
    {"key": {"type": "BINARY", "data": "aw=="}, "value": None},
    {"key": "aw==", "value": None, "topic": "t", "partition": 0, "offset": 1, "timestamp": AT, "timestampType": 0},
    {"key": "k", "value": None, "headers": {}, "metadata": {"topic": "t", "partition": 0, "offset": 1}},
    {"message": {"attributes": {"kind": "test"}, "messageId": "1", "publishTime": AT}, "subscription": "s"},
    {"message": {"attributes": {"kind": "test"}, "data": "", "messageId": "1", "publishTime": AT}, "subscription": "s"},
    {"ackId": "a", "message": {"attributes": {"kind": "test"}, "messageId": "1", "publishTime": AT}},
    {"messageId": "1", "publishTime": AT, "attributes": {"kind": "test"}, "orderingKey": "o"},
    {"message_id": "1", "publish_time": AT, "attributes": {}},
]  # fmt: skip


@pytest.mark.parametrize("raw", [*GONE_FROM_ITS_TABLE, *TOMBSTONES])
def test_a_row_that_is_no_longer_there_has_no_value(raw: dict[str, Any]) -> None:
    assert one(raw) == Noise("no_value")


TOKEN, NAMESPACE = {"_data": "8263"}, {"db": "d", "coll": "c"}
ITS_OWN: list[dict[str, Any]] = [
    {"ts_ms": 1_770_113_801_000},
    {"schema": {"type": "struct", "fields": []}, "payload": {"ts_ms": 1_770_113_801_000}},
    {"status": "BEGIN", "id": "571:53195829", "event_count": None, "data_collections": None, "ts_ms": 1},
    {"status": "END", "id": "571:53195832", "event_count": 2, "data_collections": [], "ts_ms": 1},
    {"source": {}, "ts_ms": 1, "databaseName": "d", "schemaName": None, "ddl": "CREATE …", "tableChanges": []},
    {"database": "d", "table": "t", "type": "bootstrap-start", "ts": 1, "data": {}},
    {"database": "d", "table": "t", "type": "bootstrap-complete", "ts": 1, "data": {}},
    {"type": "table-create", "database": "d", "table": "t", "def": {}, "ts": 1, "sql": "create table t"},
    {
        "Type": "SubscriptionConfirmation", "MessageId": "1", "Token": "x", "TopicArn": "arn", "Message": "You have …",
        "SubscribeURL": "https://sns", "Timestamp": AT, "SignatureVersion": "1",
    },
    event_grid({"validationCode": "x", "validationUrl": "u"})
    | {"eventType": "Microsoft.EventGrid.SubscriptionValidationEvent"},
    {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": AT, "Bucket": "b", "RequestId": "1", "HostId": "h"},
    {"resolved": "1686322800000000000.0000000000"},
    {"__crdb__": {"resolved": "1686322800000000000.0000000000"}},
    {"type": "STATE", "state": {"type": "STREAM", "stream": {}}},
    {"type": "LOG", "log": {"level": "INFO", "message": text(BARE)}},
    {"type": "TRACE", "trace": {"type": "ESTIMATE", "emitted_at": 1}},
    {"type": "STATE", "value": {"bookmarks": {}}},
    {"type": "SCHEMA", "stream": "s", "schema": {}, "key_properties": ["id"]},
    {"action": "B", "xid": 5},
    {"action": "C", "xid": 5, "timestamp": AT},
    {"q": "CREATE TABLE t", "t": 3},
    {"metadata": {"record-type": "control", "operation": "create-table"}, "control": {}},
    {
        "messageType": "CONTROL_MESSAGE", "logGroup": "g", "logStream": "l",
        "logEvents": [{"id": "", "message": "CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."}],
    },
    {"result": "200", "status": "subscribed"},
    {"_id": TOKEN, "operationType": "invalidate", "clusterTime": {"$timestamp": {"t": 1, "i": 1}}, "wallTime": {}},
    {"_id": TOKEN, "operationType": "drop", "clusterTime": {}, "ns": NAMESPACE, "collectionUUID": {"$uuid": "u"}},
    {"_id": TOKEN, "operationType": "dropDatabase", "clusterTime": {"$timestamp": {}}, "ns": {"db": "d"}},
    {"_id": TOKEN, "operationType": "rename", "clusterTime": {}, "ns": NAMESPACE, "to": NAMESPACE,
     "operationDescription": {"to": NAMESPACE, "dropTarget": {"$uuid": "u"}}},
    {"_id": TOKEN, "operationType": "create", "ns": NAMESPACE, "nsType": "collection", "operationDescription": {}},
    {"_id": TOKEN, "operationType": "createIndexes", "ns": NAMESPACE, "operationDescription": {"indexes": [{"v": 2}]}},
    {"_id": TOKEN, "operationType": "shardCollection", "ns": NAMESPACE, "operationDescription": {"shardKey": {}}},
    {"_id": text(TOKEN), "operationType": "drop", "fullDocument": None, "ns": NAMESPACE, "to": None,
     "documentKey": None, "updateDescription": None, "clusterTime": "1", "txnNumber": None, "lsid": None},
    {"type": "ACTIVATE_VERSION", "stream": "s", "version": 1_674_486_431_563},
    {"type": "CONTROL", "control": {"type": "CONNECTOR_CONFIG", "emitted_at": 1.5, "connectorConfig": {"config": {}}}},
    {"type": "CATALOG", "catalog": {"streams": [{"name": "s", "json_schema": {}}]}},
    {"type": "SPEC", "spec": {"connectionSpecification": {"properties": {}}}},
    {"type": "CONNECTION_STATUS", "connectionStatus": {"status": "FAILED", "message": text(BARE)}},
    {"id": "5563ae14", "aggregate_type": "Initial Snapshot", "type": "STARTED",
     "additional_data": {"connector_name": "c"}, "timestamp": "1695817046353"},
    {"id": "6d82a3ec", "aggregate_type": "Incremental Snapshot", "type": "TABLE_SCAN_COMPLETED",
     "additional_data": {"data_collection": "t", "total_rows_scanned": "100", "status": "SUCCEEDED"}, "timestamp": 1},
    {"id": "a9468204", "aggregate_type": "Incremental Snapshot", "type": "RESUMED", "additional_data": None},
    {"type": "execute-snapshot", "data": {"data-collections": ["public.t"], "type": "INCREMENTAL"}},
    {**DEBEZIUM, "after": {"id": "1-open", "type": "snapshot-window-open", "data": None}},
    {**DEBEZIUM, "after": {"id": "ad-hoc", "type": "stop-snapshot", "data": text({"data-collections": ["t"]})}},
    {**DEBEZIUM, "after": text({"_id": "1-close", "type": "snapshot-window-close", "payload": ""})},
    {"version": 1, "type": "WATERMARK", "commitTs": 449_124_136_247_197_696, "buildTs": 1_713_252_379_000},
    {"version": 1, "type": "BOOTSTRAP", "commitTs": 0, "buildTs": 1, "tableSchema": {"schema": "d", "columns": []}},
    {"version": 1, "type": "ALTER", "sql": "ALTER TABLE t …", "commitTs": 1, "buildTs": 1, "tableSchema": {},
     "preTableSchema": {}},
    {"payload": {"source": {"connector": "TiCDC", "commit_ts": 1, "cluster_id": "c"}, "ts_ms": 1, "transaction": None,
                 "op": "m"}},
    {"database": "maxwell", "table": "bootstrap", "type": "insert", "ts": 1, "xid": 1, "commit": True,
     "data": {"id": 1, "database_name": "d", "table_name": "t", "where_clause": None, "is_complete": 0}},
    {"database": "maxwell", "table": "heartbeats", "type": "update", "ts": 1,
     "data": {"server_id": 1, "client_id": "maxwell", "heartbeat": 1}, "old": {"heartbeat": 0}},
]  # fmt: skip


@pytest.mark.parametrize("raw", ITS_OWN)
def test_what_a_transport_writes_for_itself_is_dropped(raw: dict[str, Any]) -> None:
    assert one(raw) == Noise("bookkeeping")


@pytest.mark.parametrize("raw", [raw for raw in ITS_OWN if "schema" not in raw and "data" not in raw])
def test_what_names_an_event_beside_it_is_not_dropped(raw: dict[str, Any]) -> None:
    assert one(raw | BARE) != Noise("bookkeeping")


NOT_KNOWN_TO_BE_NOTHING: list[dict[str, Any]] = [
    {"eventSource": "aws:kafka", "records": {"t-0": {"topic": "t", "value": coded(BARE)}}},
    {"streams": [{"stream": {}}]},
    {"status": "END", "id": "1", "event_count": 1, "ts_ms": 1, "order": {"a": 1}},
    {"action": "U", "schema": "public", "table": "t", "identity": [{"name": "id", "value": 1}]},
    {"_id": TOKEN, "operationType": "drop", "ns": NAMESPACE, "fullDocumentBeforeChange": {"payload": text(BARE)}},
    {"_id": TOKEN, "operationType": "insert", "ns": NAMESPACE},
    {"operationType": "drop", "ns": NAMESPACE},
    {"result": "400", "status": "failure", "message": "no"},
    {"type": "DELETE", "data": {"text": "words"}},
    {"type": "ACTIVATE_VERSION", "stream": "s", "version": 1, "record": BARE},
    {"type": "BATCH", "stream": "s", "encoding": {}, "manifest": ["s3://b/1.json.gz"]},
    {"id": "1", "aggregate_type": "conversation", "type": "STARTED", "additional_data": {}, "timestamp": 1},
    {**DEBEZIUM, "after": {"id": "1", "type": "log", "data": text({"message": "m"})}},
    {**DEBEZIUM, "after": {"id": "1", "type": "stop-snapshot", "data": None, "body": text(BARE)}},
    {"version": 1, "type": "INSERT", "commitTs": 1, "buildTs": 1, "claimCheckLocation": "s3://b/1"},
    {"version": 1, "type": "WATERMARK", "commitTs": 1, "buildTs": 1, "data": {"a": 1}},
    {**CANAL, "type": "INSERT", "data": None, "old": None},
    {"database": "shop", "table": "bootstrap", "type": "insert", "ts": 1, "data": {"id": 1, "name": "n"}},
    {"database": "maxwell", "table": "heartbeats", "type": "update", "ts": 1,
     "data": {"server_id": 1, "client_id": "m", "heartbeat": 1, "event": text(BARE)}},
    {"topic": "t", "partition": 0, "offset": 1, "tstype": "create", "payload": None, "body": text(BARE)},
    {"topic": "t", "partition": 0, "offset": 1, "timestampType": 0, "value": None, "body": text(BARE)},
    {"records": [{"key": "k", "value": None, "body": text(BARE)}]},
    {"messageId": "1", "publishTime": AT, "attributes": {}, "body": text(BARE)},
    {"message": {"attributes": {}, "messageId": "1"}, "subscription": "s", "body": text(BARE)},
    {"message": {"attributes": {"event": text(BARE)}, "messageId": "1", "publishTime": AT}, "subscription": "s"},
    {"messageId": "1", "publishTime": AT, "attributes": {"conversationId": OTHER}},
    {"topic": "t", "partition": 0, "offset": 1, "timestampType": "CREATE_TIME", "value": None, "body": text(BARE)},
]  # fmt: skip


@pytest.mark.parametrize("raw", NOT_KNOWN_TO_BE_NOTHING)
def test_what_is_of_an_unknown_form_is_not_dropped_for_what_it_resembles(raw: dict[str, Any]) -> None:
    assert not isinstance(one(raw), Noise)


@pytest.mark.parametrize("raw", [{"change": []}, {**CANAL, "type": "TIDB_WATERMARK", "data": None, "old": None}])
def test_what_holds_no_row_is_none(raw: dict[str, Any]) -> None:
    assert isinstance(one(raw), Noise)


NAMED = {"conversationId": "c", "messageId": "m"}


def test_an_empty_list_is_no_proof_where_more_stands_beside_it() -> None:
    """As interfaces answer that always have a list `messages`, of what they have to say."""
    (found,) = decode(orjson.dumps({"success": True, "messages": [], "result": {"messages": [{"body": text(NAMED)}]}}))
    assert isinstance(found, UnreadableEvent)
    assert decode(orjson.dumps({"conversationId": "c", "messages": []})) == [Noise("no_attachment")]


def test_an_empty_list_and_a_medium_without_a_conversation_prove_nothing() -> None:
    for key, value in {"messages": [], "mediaType": "video"}.items():
        (found,) = decode(orjson.dumps({key: value, "data": coded(NAMED)}))
        assert isinstance(found, UnreadableEvent)


@pytest.mark.parametrize("type_", ["Event", "receipt", "Text", None])
@pytest.mark.parametrize("around", [{"channel": {"name": "g"}}, {"channel": None}, {"direction": "inbound"}])
def test_what_is_posted_with_more_than_genesys_says_of_a_message_is_no_noise(
    around: dict[str, Any], type_: str | None
) -> None:
    (found,) = decode(orjson.dumps({"type": type_, "text": "hi", **around, "data": NAMED}))
    assert not isinstance(found, Noise)
    metadata = {"metadata": {"customAttributes": {"a": {"b": 1}}}, "reasons": [{"code": "x"}]}
    if type_ == "Text":
        assert decode(orjson.dumps({"type": type_, "text": "hi", **around, **metadata})) == [Noise("no_attachment")]

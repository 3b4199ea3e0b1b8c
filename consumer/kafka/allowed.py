"""What the brokers allow whoever is logged in, as they tell it themselves: nothing is written, no group is joined.

The answers hold one bit for each operation (KIP-430). aiokafka knows older forms of both questions, so they are here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import anyio
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    IncompatibleBrokerVersion,
    NoError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.admin import DescribeGroupsResponse_v3
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Schema, String

from consumer.kafka.client import client_options
from consumer.kafka.closing import close
from consumer.kafka.grants import Grant, Operation, Resource, doctor_id
from consumer.kafka.groups import COMING, RETRY_S
from consumer.settings.model import KafkaSettings, TopicSettings

BITS = {
    Operation.READ: 3,
    Operation.WRITE: 4,
    Operation.CREATE: 5,
    Operation.DESCRIBE: 8,
    Operation.DESCRIBE_CONFIGS: 10,
}
UNTOLD = -(2**31)
HIDDEN: frozenset[Operation] = frozenset()  # it may not even be described
TEXT = String("utf-8")
TRANSACTION_TIMEOUT_MS = 10_000

Allowed = Mapping[str, frozenset[Operation] | None]  # name → operations; None: the broker does not tell


class LayoutResponse(Response):
    API_KEY, API_VERSION = 3, 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", Array(("node_id", Int32), ("host", TEXT), ("port", Int32), ("rack", TEXT))),
        ("cluster_id", TEXT),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("topic", TEXT),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline", Array(Int32)),
                    ),
                ),
                ("authorized_operations", Int32),
            ),
        ),
        ("authorized_operations", Int32),
    )


class LayoutStruct(RequestStruct):
    API_KEY, API_VERSION, RESPONSE_TYPE = 3, 8, LayoutResponse
    SCHEMA = Schema(
        ("topics", Array(TEXT)), ("creates", Boolean), ("tells_of_cluster", Boolean), ("tells_of_topics", Boolean)
    )


class LayoutRequest(Request[LayoutStruct]):
    """Asks for topics by name, creates none of them, and wants to know what is allowed."""

    API_KEY = 3

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics = list(topics)

    def build(self, request_struct_class: type[LayoutStruct]) -> LayoutStruct:
        return request_struct_class(self._topics, False, False, True)


class GroupsStruct(RequestStruct):
    API_KEY, API_VERSION, RESPONSE_TYPE = 15, 3, DescribeGroupsResponse_v3
    SCHEMA = Schema(("groups", Array(TEXT)), ("tells", Boolean))


class GroupsRequest(Request[GroupsStruct]):
    API_KEY = 15

    def __init__(self, group: str) -> None:
        self._group = group

    def build(self, request_struct_class: type[GroupsStruct]) -> GroupsStruct:
        return request_struct_class([self._group], True)


async def on_topics(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, frozenset[Operation] | None]:
    """Of those that exist, and of those that may not even be described. What is not there is not in it."""
    try:
        answer: Any = await admin._send_request(LayoutRequest(names))
    except (IncompatibleBrokerVersion, NotImplementedError):
        return dict.fromkeys(names)
    told: dict[str, frozenset[Operation] | None] = {}
    for topic in answer.to_object()["topics"]:
        if topic["error_code"] == TopicAuthorizationFailedError.errno:
            told[topic["topic"]] = HIDDEN
        elif topic["error_code"] != UnknownTopicOrPartitionError.errno:
            told[topic["topic"]] = _operations(topic["authorized_operations"])
    return told


async def on_group(admin: AIOKafkaAdminClient, name: str) -> frozenset[Operation] | None:
    """Of a new cluster the first question makes the coordinator: whoever calls has the deadline."""
    while True:
        try:
            answer: Any = await admin._send_request(GroupsRequest(name), await admin.find_coordinator(name))
            (group,) = answer.to_object()["groups"]
            if (error := for_code(group["error_code"])) is NoError:
                return _operations(group["authorized_operations"])
            raise error
        except GroupAuthorizationFailedError:
            return HIDDEN
        except (IncompatibleBrokerVersion, NotImplementedError):
            return None
        except COMING:
            await anyio.sleep(RETRY_S)


async def may_begin_transactions(kafka: KafkaSettings, topics: TopicSettings) -> bool:
    """By a producer of the doctor's own id, which takes nothing from anybody: a transaction without a record."""
    producer = AIOKafkaProducer(
        **client_options(kafka), transactional_id=doctor_id(topics), transaction_timeout_ms=TRANSACTION_TIMEOUT_MS
    )
    try:
        await producer.start()
        await producer.begin_transaction()
        await producer.abort_transaction()
    except TransactionalIdAuthorizationFailed:
        return False
    finally:
        await close(producer)
    return True


async def told_of(admin: AIOKafkaAdminClient, grants: Iterable[Grant]) -> dict[Grant, bool | None]:
    """Whether each grant on a topic or group is there; None where nobody tells. A topic that is missing tells nothing,
    and transactional ids have no such question."""
    wanted = [grant for grant in grants if grant.resource is not Resource.TRANSACTIONS]
    topics = await on_topics(admin, dict.fromkeys(grant.name for grant in wanted if grant.resource is Resource.TOPIC))
    groups: dict[str, frozenset[Operation] | None] = {}

    async def ask(group: str) -> None:
        groups[group] = await on_group(admin, group)

    async with anyio.create_task_group() as tasks:
        for name in dict.fromkeys(grant.name for grant in wanted if grant.resource is Resource.GROUP):
            tasks.start_soon(ask, name)
    return {grant: _holds(grant, topics if grant.resource is Resource.TOPIC else groups) for grant in wanted}


def _holds(grant: Grant, told: Allowed) -> bool | None:
    operations = told.get(grant.name)
    if operations == HIDDEN and grant.operation is Operation.DESCRIBE_CONFIGS:
        return None  # which another right shows, and that one is missing
    return None if operations is None else grant.operation in operations


def _operations(bits: int) -> frozenset[Operation] | None:
    if bits == UNTOLD:
        return None
    return frozenset(operation for operation, bit in BITS.items() if bits & (1 << bit))

"""Granting to and taking from a user of a guarded broker."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any, NamedTuple

from anyio.to_thread import run_sync
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType

from consumer.kafka.grants import Grant, Operation
from consumer.settings.model import KafkaSettings, TopicSettings


class Login(NamedTuple):
    """Settings of a user that may do everything it needs, of the superuser, and topics."""

    ours: KafkaSettings
    root: KafkaSettings
    topics: TopicSettings


OPERATIONS = {
    Operation.READ: AclOperation.READ,
    Operation.WRITE: AclOperation.WRITE,
    Operation.CREATE: AclOperation.CREATE,
    Operation.DESCRIBE: AclOperation.DESCRIBE,
    Operation.DESCRIBE_CONFIGS: AclOperation.DESCRIBE_CONFIGS,
}
ALLOW, DENY = AclPermissionType.ALLOW, AclPermissionType.DENY
RESOURCES = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP, "id": ResourceType.TRANSACTIONAL_ID}


async def grant_all(internal_servers: str, user: str, prefix: str) -> None:
    """Everything on topics, groups and transactional ids whose names begin with `prefix`."""
    for resource in RESOURCES:
        await grant(internal_servers, user, resource, prefix)


async def grant(
    internal_servers: str, user: str, resource: str, prefix: str, operation: AclOperation = AclOperation.ALL
) -> None:
    await run_sync(_add, internal_servers, [AclBinding(*_pattern(user, resource, prefix), operation, ALLOW)])


async def deny(internal_servers: str, user: str, resource: str, name: str, operation: AclOperation) -> None:
    """Whatever else was granted. `revoke` ends it."""
    await run_sync(_add, internal_servers, [AclBinding(*_pattern(user, resource, name), operation, DENY)])


async def revoke(internal_servers: str, user: str, resource: str, prefix: str) -> None:
    """Takes back what `grant` gave, and what `deny` took."""
    anything = AclBindingFilter(*_pattern(user, resource, prefix), AclOperation.ANY, AclPermissionType.ANY)
    await run_sync(_remove, internal_servers, [anything])


async def give(internal_servers: str, user: str, grants: Iterable[Grant]) -> None:
    """Exactly these."""
    await run_sync(_add, internal_servers, [AclBinding(*_of(grant, user), ALLOW) for grant in grants])


async def take(internal_servers: str, user: str, grants: Iterable[Grant]) -> None:
    await run_sync(_remove, internal_servers, [AclBindingFilter(*_of(grant, user), ALLOW) for grant in grants])


def _of(grant: Grant, user: str) -> tuple[ResourceType, str, ResourcePatternType, str, str, AclOperation]:
    resource = {"topic": "topic", "group": "group", "transactionalId": "id"}[grant.resource]
    pattern = ResourcePatternType.PREFIXED if grant.prefixed else ResourcePatternType.LITERAL
    return RESOURCES[resource], grant.name, pattern, f"User:{user}", "*", OPERATIONS[grant.operation]


def _pattern(user: str, resource: str, prefix: str) -> tuple[ResourceType, str, ResourcePatternType, str, str]:
    return RESOURCES[resource], prefix, ResourcePatternType.PREFIXED, f"User:{user}", "*"


def _add(internal_servers: str, bindings: list[AclBinding]) -> None:
    """Until the broker goes by them: it answers as soon as they are written, which is a little earlier."""
    admin = AdminClient({"bootstrap.servers": internal_servers})
    _done(admin.create_acls(bindings))
    while not all(admin.describe_acls(_exactly(one)).result(10) for one in bindings):
        pass


def _exactly(it: AclBinding) -> AclBindingFilter:
    resource = it.restype, it.name, it.resource_pattern_type
    return AclBindingFilter(*resource, it.principal, it.host, it.operation, it.permission_type)


def _remove(internal_servers: str, filters: list[AclBindingFilter]) -> None:
    """Until the broker goes by it."""
    admin = AdminClient({"bootstrap.servers": internal_servers})
    _done(admin.delete_acls(filters))
    while any(admin.describe_acls(one).result(10) for one in filters):
        pass


def _done(futures: dict[Any, Future[Any]]) -> None:
    for future in futures.values():
        future.result(10)

"""Granting to and taking from a user of a guarded broker."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, NamedTuple

import anyio.to_thread
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
RESOURCES = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP, "id": ResourceType.TRANSACTIONAL_ID}


async def grant_all(internal_servers: str, user: str, prefix: str) -> None:
    """Everything on topics, groups and transactional ids whose names begin with `prefix`."""
    for resource in RESOURCES:
        await grant(internal_servers, user, resource, prefix)


async def grant(
    internal_servers: str, user: str, resource: str, prefix: str, operation: AclOperation = AclOperation.ALL
) -> None:
    binding = AclBinding(*_pattern(user, resource, prefix), operation, AclPermissionType.ALLOW)
    await anyio.to_thread.run_sync(_until_done, internal_servers, lambda admin: admin.create_acls([binding]))


async def deny(internal_servers: str, user: str, resource: str, name: str, operation: AclOperation) -> None:
    """Whatever else was granted. `revoke` ends it."""
    binding = AclBinding(*_pattern(user, resource, name), operation, AclPermissionType.DENY)
    await anyio.to_thread.run_sync(_until_done, internal_servers, lambda admin: admin.create_acls([binding]))


async def revoke(internal_servers: str, user: str, resource: str, prefix: str) -> None:
    """Takes back what `grant` gave, and what `deny` took."""
    binding = AclBindingFilter(*_pattern(user, resource, prefix), AclOperation.ANY, AclPermissionType.ANY)
    await anyio.to_thread.run_sync(_until_done, internal_servers, lambda admin: admin.delete_acls([binding]))


async def give(internal_servers: str, user: str, grants: Iterable[Grant]) -> None:
    """Exactly these."""
    bindings = [AclBinding(*_of(grant, user), AclPermissionType.ALLOW) for grant in grants]
    await anyio.to_thread.run_sync(_until_done, internal_servers, lambda admin: admin.create_acls(bindings))


async def take(internal_servers: str, user: str, grants: Iterable[Grant]) -> None:
    bindings = [AclBindingFilter(*_of(grant, user), AclPermissionType.ALLOW) for grant in grants]
    await anyio.to_thread.run_sync(_until_done, internal_servers, lambda admin: admin.delete_acls(bindings))


def _of(grant: Grant, user: str) -> tuple[ResourceType, str, ResourcePatternType, str, str, AclOperation]:
    resource = {"topic": "topic", "group": "group", "transactionalId": "id"}[grant.resource]
    pattern = ResourcePatternType.PREFIXED if grant.prefixed else ResourcePatternType.LITERAL
    return RESOURCES[resource], grant.name, pattern, f"User:{user}", "*", OPERATIONS[grant.operation]


def _pattern(user: str, resource: str, prefix: str) -> tuple[ResourceType, str, ResourcePatternType, str, str]:
    return RESOURCES[resource], prefix, ResourcePatternType.PREFIXED, f"User:{user}", "*"


def _until_done(internal_servers: str, change: Callable[[AdminClient], dict[Any, Future[Any]]]) -> None:
    admin = AdminClient({"bootstrap.servers": internal_servers})
    for future in change(admin).values():
        future.result(10)

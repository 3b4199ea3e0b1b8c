"""`topics acls`: the least that a role has to be allowed, as Kafka's own tool or Strimzi takes it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import groupby
from pathlib import Path

from consumer.cli.loading import quiet_settings
from consumer.cli.outcome import Exit, data, ended
from consumer.kafka.grants import Grant, Resource, Role, groups, least
from consumer.text import printable


class AclFormat(StrEnum):
    CLI = "cli"
    STRIMZI = "strimzi"


NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")  # RFC 1123
NAME_LENGTH = 253
OPTIONS = {Resource.TOPIC: "--topic", Resource.GROUP: "--group", Resource.TRANSACTIONS: "--transactional-id"}


def print_acls(config: Path | None, principal: str, role: Role, group: str | None, form: AclFormat) -> None:
    """`principal` as Kafka writes it, `User:name`; `group` in place of the one in the settings."""
    if why := _what_is_wrong_with(principal, form):
        raise ended(Exit.USAGE, why)
    settings = quiet_settings(config)
    if role is Role.READER and group in {None, *groups(settings.kafka)}:
        raise ended(Exit.USAGE, "--role reader needs --group, a group of its own: in the service's it could skip tasks")
    kafka = settings.kafka.model_copy(update={"group": group}) if group else settings.kafka
    grants = least(role, kafka, settings.topics)
    lines = _commands(grants, principal, kafka.bootstrap_servers) if form is AclFormat.CLI else _user(grants, principal)
    for line in lines:
        data(line)


def _what_is_wrong_with(principal: str, form: AclFormat) -> str | None:
    """A rule for what nobody is called is taken by Kafka, and never applies; one for `*` holds for everybody."""
    kind, colon, name = principal.partition(":")
    shown = printable(principal, 200)
    if form is AclFormat.STRIMZI:
        called = _user_name(principal)
        if NAME.fullmatch(called) is None or len(called) > NAME_LENGTH:
            return f"{shown!r} is no KafkaUser: Kubernetes names it with small letters, digits, - and ."
        return None
    if not colon:
        return f"{shown!r} is no principal: Kafka writes it with its kind, User:{shown}"
    if not kind.strip() or not name.strip() or not principal.isprintable():
        return f"{shown!r} names nobody: Kafka writes a principal as User:name"
    if name == "*":
        return f"{shown!r} is everybody: name the one that these rules are for"
    if kind != "User" and kind.lower() == "user":
        return f"{shown!r} is nobody to Kafka, which tells capitals from small letters: User:{printable(name, 200)}"
    return None


def _user_name(principal: str) -> str:
    return principal.removeprefix("User:").removeprefix("CN=")


def _by_resource(grants: Iterable[Grant]) -> Iterator[tuple[Grant, list[str]]]:
    """One of the grants on each resource, with the operations of all of them."""

    def place(grant: Grant) -> tuple[str, str, bool]:
        return grant.resource, grant.name, grant.prefixed

    for _, same in groupby(sorted(grants, key=place), key=place):
        several = list(same)
        yield several[0], [str(grant.operation) for grant in several]


def _commands(grants: Iterable[Grant], principal: str, servers: str) -> Iterator[str]:
    """For `kafka-acls.sh`: one for each resource."""
    for grant, operations in _by_resource(grants):
        words = ["kafka-acls.sh", "--bootstrap-server", servers, "--add", "--allow-principal", principal]
        for operation in operations:
            words += ["--operation", operation]
        if grant.prefixed:
            words += ["--resource-pattern-type", "prefixed"]
        yield shlex.join([*words, OPTIONS[grant.resource], grant.name])


def _user(grants: Iterable[Grant], principal: str) -> Iterator[str]:
    """A KafkaUser. Each line is YAML, with its texts as JSON has them."""
    name = _user_name(principal)
    yield "apiVersion: kafka.strimzi.io/v1"
    yield "kind: KafkaUser"
    yield f"metadata: {{name: {json.dumps(name)}, labels: {{strimzi.io/cluster: YOUR-CLUSTER}}}}"
    yield "spec:"
    yield "  authorization:"
    yield "    type: simple"
    yield "    acls:"
    for grant, operations in _by_resource(grants):
        pattern = "prefix" if grant.prefixed else "literal"
        resource = f"{{type: {grant.resource}, name: {json.dumps(grant.name)}, patternType: {pattern}}}"
        yield f"      - resource: {resource}"
        yield f"        operations: [{', '.join(operations)}]"

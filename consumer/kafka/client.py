"""The arguments that every aiokafka client of this service shares: where the brokers are, and how to log in there."""

from __future__ import annotations

import ssl
from functools import lru_cache
from typing import Any

from aiokafka.partitioner import DefaultPartitioner, murmur2

from consumer.errors import Refused
from consumer.kafka.brokers import use_for_all_clients
from consumer.kafka.records import read_any_header_name
from consumer.model import Dependency
from consumer.settings.model import KafkaSettings

METADATA_MS = 30_000  # within which a loop finds that a topic has other partitions
KEYS = 4_096  # that are remembered; the intake and the judge ask for the same ones
NEVER_MS = 2**31 - 1  # max_poll_interval only watches idleness, and an outage may last: `/livez` watches loops


def client_options(settings: KafkaSettings) -> dict[str, Any]:
    """Keyword arguments for aiokafka's consumer, producer and admin client. Raises `Refused` for a bad CA file."""
    use_for_all_clients()
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap_servers,
        "client_id": settings.group,
        "security_protocol": settings.security_protocol,
    }
    if settings.security_protocol in ("SSL", "SASL_SSL"):
        options["ssl_context"] = _trust(settings)
    if settings.security_protocol in ("SASL_PLAINTEXT", "SASL_SSL"):
        assert settings.sasl_password is not None, "the settings refuse SASL without a password"
        options["sasl_mechanism"] = settings.sasl_mechanism
        options["sasl_plain_username"] = settings.sasl_username
        options["sasl_plain_password"] = settings.sasl_password.get_secret_value()
    return options


def consumer_options(settings: KafkaSettings) -> dict[str, Any]:
    """The same, for consumers: none of them stops at a header's name."""
    read_any_header_name()
    return client_options(settings) | {"check_crcs": settings.checks_crcs}


def _trust(settings: KafkaSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError:  # ssl.SSLError is one as well: the file is there and holds no certificate
        raise Refused(
            Dependency.KAFKA, f"KAFKA__CA_FILE {settings.ca_file} is not a readable PEM file of certificates"
        ) from None


@lru_cache(KEYS)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key as Kafka's own default partitioner counts it, whatever client writes."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


def partitioned(key: bytes | None, partitions: list[int], available: list[int]) -> int:
    """For a producer: as aiokafka's own, which counts a key's hash in Python each time."""
    if key is None:
        return int(DefaultPartitioner()(None, partitions, available))
    return partitions[partition_of(key, len(partitions))]

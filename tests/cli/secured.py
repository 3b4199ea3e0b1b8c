"""A real broker with TLS, logins and an authorizer, whose certificate can be replaced while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import trustme
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from consumer.sandbox.kafka import KafkaBroker
from tests.brokers import private_broker

USER, PASSWORD = "svc", "secret"
LISTENER = "listener.name.client"
KEYSTORE = f"{LISTENER}.ssl.keystore.location"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Secured:
    broker: KafkaBroker
    authority: trustme.CA
    folder: Path
    stores: list[Path] = field(default_factory=list)

    @property
    def ca_file(self) -> Path:
        file = self.folder / "ca.pem"
        self.authority.cert_pem.write_to_path(str(file))
        return file

    def use_certificate(self, not_after: datetime | None = None) -> None:
        """From the next connection on, or soon after: the broker reads it in the background."""
        store = keystore(self.authority, self.folder / f"store-{len(self.stores)}.pem", not_after)
        self.stores.append(store)
        entry = ConfigEntry(KEYSTORE, str(store), incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ConfigResource.Type.BROKER, "1", incremental_configs=[entry])
        admin = AdminClient({"bootstrap.servers": self.broker.internal_servers})
        for done in admin.incremental_alter_configs([resource]).values():
            done.result(10)


@contextmanager
def secured_broker(folder: Path) -> Iterator[Secured]:
    """SASL_SSL with PLAIN for one user, which may do nothing. `internal_servers` lets in whoever connects, as root."""
    authority = trustme.CA()
    login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    properties = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "sasl.enabled.mechanisms": "PLAIN",
        f"{LISTENER}.plain.sasl.jaas.config": f'{login} user_{USER}="{PASSWORD}";',
        f"{LISTENER}.ssl.keystore.type": "PEM",
        KEYSTORE: str(keystore(authority, folder / "store.pem", None)),
        "ssl.allow.dn.changes": "true",
        "ssl.allow.san.changes": "true",
    }
    with private_broker(properties, protocol="SASL_SSL") as broker:
        yield Secured(broker, authority, folder)


def keystore(authority: trustme.CA, file: Path, not_after: datetime | None) -> Path:
    """Key and chain as a broker takes them: PKCS#8, which is not what trustme writes."""
    issued = authority.issue_cert("127.0.0.1", not_after=not_after)
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    as_pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(as_pkcs8 + b"".join(one.bytes() for one in issued.cert_chain_pems))
    return file

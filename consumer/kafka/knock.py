"""Why a broker can't be talked with, found out on a connection of its own: aiokafka's clients only say that they can't.

A client of aiokafka tries all brokers and keeps the last reason to itself; one connection raises what went wrong.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from aiokafka import errors
from aiokafka.conn import collect_hosts
from aiokafka.protocol.admin import SaslHandShakeRequest
from aiokafka.protocol.metadata import MetadataRequest

from consumer.errors import Refused, Unavailable
from consumer.kafka.brokers import Connection
from consumer.kafka.client import client_options
from consumer.model import Dependency
from consumer.settings.model import KafkaSettings

Step = Literal["address", "connection", "tls", "login"]
MECHANISM = re.compile(r"[A-Z0-9_-]{1,20}")  # RFC 4422
MOST_MECHANISMS = 10
MOST_ASKED = 3

EXPIRED, NOT_YET_VALID = 10, 9
UNKNOWN_ISSUER = frozenset({2, 18, 19, 20, 21})  # X509_V_ERR_… of OpenSSL: issuer not found, self-signed, no chain
ANOTHER_NAME = frozenset({62, 64})  # host name, address


@dataclass(frozen=True, slots=True)
class Cause:
    """What came of it, in which step, and what to do. `away`: waiting may help, else somebody has to change it."""

    step: Step
    came: str
    remedy: str
    away: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """A broker that let us in, and all brokers of its cluster as it names them."""

    brokers: tuple[str, ...]  # host:port


class BrokersRefuse(Refused):
    """The brokers refuse this service what it needs, be it the login or a grant. `detail` says what to change."""


def nobody_answers(settings: KafkaSettings) -> str:
    return f"no broker of {settings.bootstrap_servers} answers as {settings.security_protocol}"


async def why_not(settings: KafkaSettings) -> BrokersRefuse | Unavailable:
    """Why no broker of the settings lets us in. As long as one of them is only away, waiting may help."""
    came = [await knock(settings, server) for server in servers_of(settings)[:MOST_ASKED]]
    causes = [cause for cause in came if isinstance(cause, Cause)]
    told = "; ".join(dict.fromkeys(f"{cause.came}: {cause.remedy}" for cause in causes)) or "one does now"
    detail = f"{nobody_answers(settings)}: {told}"
    if causes and not any(cause.away for cause in causes):
        return BrokersRefuse(Dependency.KAFKA, detail)
    return Unavailable(Dependency.KAFKA, detail)


async def silence(settings: KafkaSettings) -> str:
    """Why none of the brokers answers; "" where one does, or refuses us. Raises as `knock`."""
    came = [await knock(settings, server) for server in servers_of(settings)[:MOST_ASKED]]
    causes = [cause for cause in came if isinstance(cause, Cause) and cause.away]
    if len(causes) < len(came):
        return ""
    return f"{nobody_answers(settings)}: {'; '.join(dict.fromkeys(cause.came for cause in causes))}"


def servers_of(settings: KafkaSettings) -> list[str]:
    return [f"{host}:{port}" for host, port, _ in sorted(collect_hosts(settings.bootstrap_servers))]


async def knock(settings: KafkaSettings, server: str) -> Answered | Cause:
    """Connects to one `host:port`, logs in as the service would, and asks for the cluster. Raises `Refused` for a
    file of the settings that can't be used."""
    host, _, port = server.rpartition(":")
    options = client_options(settings)
    del options["bootstrap_servers"]
    connection = Asking(host.strip("[]"), int(port), **options)  # type: ignore[no-untyped-call]
    try:
        await connection.connect()
        layout = await connection.send(MetadataRequest([]))
        return Answered(tuple(f"{host}:{port}" for _, host, port, *_ in layout.brokers))
    except Exception as error:  # noqa: BLE001 # each is told in our own words
        return cause_of(error, settings, connection.mechanisms, logged_in=connection.logged_in)
    finally:
        connection.close()  # type: ignore[no-untyped-call]


class Asking(Connection):
    """Keeps which mechanisms the broker offers, and whether it got as far as a question."""

    mechanisms: tuple[str, ...] = ()
    logged_in = False

    async def connect(self) -> Any:
        result = await super().connect()
        self.logged_in = True
        return result

    def send(self, request: Any, expect_response: bool = True) -> Any:
        answer = super().send(request, expect_response)
        return self._noted(answer) if isinstance(request, SaslHandShakeRequest) else answer

    async def _noted(self, answer: Coroutine[Any, Any, Any]) -> Any:
        told = await answer
        self.mechanisms = tuple(told.enabled_mechanisms)
        return told


def cause_of(error: Exception, settings: KafkaSettings, mechanisms: tuple[str, ...], *, logged_in: bool) -> Cause:
    """In the order in which it can go wrong."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error.verify_code)
    if isinstance(error, socket.gaierror):
        away = error.errno != socket.EAI_NONAME  # the name server itself does not answer
        came = "the name can't be looked up" if away else "the name is not known here"
        return Cause("address", came, "check KAFKA_BOOTSTRAP_SERVERS, and the name server of this host", away)
    if isinstance(error, ssl.SSLError):
        return Cause(
            "tls",
            "it does not speak TLS as this client does, or wants a certificate of the client",
            "check the port, KAFKA__SECURITY_PROTOCOL, and the client's certificate",
        )
    if isinstance(error, TimeoutError | errors.RequestTimedOutError | asyncio.TimeoutError):
        return Cause("connection", "no answer in 5 s", "check address, port and firewall, or the broker", away=True)
    if known := _LOGIN.get(type(error)):
        return _with_mechanisms(known, mechanisms, settings)
    if isinstance(error, ConnectionRefusedError):
        return Cause("connection", "nobody listens there", "start the broker, or check address and port", away=True)
    if isinstance(error, OSError) and not isinstance(error, ConnectionError):
        return Cause("connection", "it can't be reached", "check address, port and network", away=True)
    return _closed(settings, logged_in)


def _certificate(code: int) -> Cause:
    if code in UNKNOWN_ISSUER:
        return Cause(
            "tls",
            "its certificate is of an authority (CA) that is not trusted here",
            "set KAFKA__CA_FILE to the authority that issued the brokers' certificates",
        )
    if code == EXPIRED:
        return Cause("tls", "its certificate has expired", "renew the broker's certificate; check this host's clock")
    if code == NOT_YET_VALID:
        return Cause("tls", "its certificate is not valid yet", "check this host's clock, and the broker's certificate")
    if code in ANOTHER_NAME:
        return Cause(
            "tls",
            "its certificate is for another host name",
            "use a name of the certificate in KAFKA_BOOTSTRAP_SERVERS and advertised.listeners, or have one issued",
        )
    return Cause("tls", f"its certificate is not valid (OpenSSL's code {code})", "renew the broker's certificate")


_LOGIN: Mapping[type[Exception], Cause] = {
    errors.UnsupportedSaslMechanismError: Cause(
        "login", "it does not offer {mechanism}", "set KAFKA__SASL_MECHANISM to one of: {offered}"
    ),
    errors.IllegalSaslStateError: Cause(
        "login", "it asks for no login", "set KAFKA__SECURITY_PROTOCOL to one without SASL, or check the port"
    ),
    errors.SaslAuthenticationFailed: Cause(
        "login",
        "it does not accept the login",
        "check KAFKA__SASL_USERNAME and KAFKA__SASL_PASSWORD, and that the brokers know this user for {mechanism}",
    ),
}


def _with_mechanisms(known: Cause, mechanisms: tuple[str, ...], settings: KafkaSettings) -> Cause:
    offered = [name for name in mechanisms if MECHANISM.fullmatch(name)][:MOST_MECHANISMS]
    words = {
        "mechanism": settings.sasl_mechanism,
        "offered": ", ".join(offered) or "those of its sasl.enabled.mechanisms",
    }
    return Cause(known.step, known.came.format(**words), known.remedy.format(**words))


def _closed(settings: KafkaSettings, logged_in: bool) -> Cause:
    """It hung up, and its protocol has no word for why."""
    protocol = settings.security_protocol
    if logged_in and protocol.startswith("SASL"):
        return Cause("login", "it closes the connection after the login", "check the login, and the brokers' log")
    if logged_in:
        return Cause("login", "it asks for a login", "set KAFKA__SECURITY_PROTOCOL to SASL_PLAINTEXT or SASL_SSL")
    if protocol in ("PLAINTEXT", "SASL_PLAINTEXT"):
        came = "it closes the connection at the first word"
        return Cause("tls", came, "if the port speaks TLS, set KAFKA__SECURITY_PROTOCOL to SSL or SASL_SSL")
    return Cause(
        "tls",
        "it closes the connection during TLS",
        "check that the port speaks TLS, and whether it wants a certificate of the client",
    )

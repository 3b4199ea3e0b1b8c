"""Every setting, frozen and checked once. Sources, first wins: environment, `.env`, TOML file, secrets directory.

Nested names are joined by `__` (`KAFKA__SECURITY_PROTOCOL`); the names that people know work as well
(`KAFKA_BOOTSTRAP_SERVERS`, `GENESYS_CLIENT_ID`, …: `KNOWN_NAMES`). `deploy/env.example` explains each one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, SecretStr, model_validator

from consumer.model import Reason

MIB = 1024 * 1024

KNOWN_NAMES = {
    "KAFKA_BOOTSTRAP_SERVERS": ("kafka", "bootstrap_servers"),
    "GENESYS_CLIENT_ID": ("genesys", "client_id"),
    "GENESYS_CLIENT_SECRET": ("genesys", "client_secret"),
    "GENESYS_REGION": ("genesys", "region"),
}


class Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _readable(file: Path) -> Path:
    try:
        file.open("rb").close()
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}") from None
    return file


def _servers(text: str) -> str:
    for server in text.split(","):
        if not re.fullmatch(r"\s*(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):\d{1,5}\s*", server):
            raise ValueError(f"{server.strip()!r} is not host:port")
    return text


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.port or text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError(f"{text!r} is not scheme://address:port")
    return text


def _storage(text: str) -> str:
    schemes = ("s3", "s3a", "gs", "az", "azure", "adl", "abfs", "abfss", "file")
    if "://" in text and not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise ValueError("must be a folder, or begin with s3://, gs:// or az://")
    return text


def _clamd(text: str) -> str:
    if not re.fullmatch(r"tcp://(\[[0-9a-fA-F:.]+\]|[^\s:/]+):\d{1,5}|unix:///.+", text):
        raise ValueError("must be tcp://host:port or unix:///path")
    return text


def _host(text: str) -> str:
    if not re.fullmatch(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+", text.lower()):
        raise ValueError(f"{text!r} is no exact host name")
    return text.lower()


ReadableFile = Annotated[Path, AfterValidator(_readable)]
Servers = Annotated[str, AfterValidator(_servers)]
Origin = Annotated[str, AfterValidator(_origin)]
StorageUrl = Annotated[str, AfterValidator(_storage)]
ClamdAddress = Annotated[str, AfterValidator(_clamd)]
Host = Annotated[str, AfterValidator(_host)]


class KafkaSettings(Group):
    bootstrap_servers: Servers
    group: str = "attachment-consumer"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ca_file: ReadableFile | None = None
    session_timeout_ms: int = Field(10_000, ge=1_000, le=1_800_000)
    heartbeat_ms: int = Field(500, ge=50)
    tick_ms: int = Field(100, ge=1, description="Time between two commits of a partition; 10 ms × partitions if longer")
    transaction_timeout_ms: int = Field(15_000, ge=10_000, le=900_000)
    drain_s: float = Field(10.0, gt=0, le=60, description="How long running inspections may finish on revoke and stop")
    check_crcs: bool = True
    check_topics: bool = True

    @model_validator(mode="after")
    def _login_is_complete(self) -> Self:
        if self.security_protocol.startswith("SASL") and not (self.sasl_username and self.sasl_password):
            raise ValueError(f"{self.security_protocol} needs KAFKA__SASL_USERNAME and KAFKA__SASL_PASSWORD")
        if self.heartbeat_ms * 3 > self.session_timeout_ms:
            raise ValueError("KAFKA__HEARTBEAT_MS must be at most a third of KAFKA__SESSION_TIMEOUT_MS")
        return self


class TopicSettings(Group):
    """Names: `events` is the customer's own; the rest is `{prefix}.{accepted|rejected|dead-letter|tasks|ledger}`."""

    events: str = "genesys.conversations.events"
    prefix: str = "genesys.attachments"
    partitions: int = Field(12, ge=1, le=1_000, description="Of tasks and ledger, chosen once")
    replication: int = Field(3, ge=1)
    horizon_days: int = Field(35, ge=1, description="How far back the ledger reaches")
    tasks_retention_days: int = Field(7, ge=1)
    results_retention_days: int = Field(30, ge=1)
    dead_letter_retention_days: int = Field(30, ge=1)

    @property
    def accepted(self) -> str:
        return f"{self.prefix}.accepted"

    @property
    def rejected(self) -> str:
        return f"{self.prefix}.rejected"

    @property
    def dead_letter(self) -> str:
        return f"{self.prefix}.dead-letter"

    @property
    def tasks(self) -> str:
        return f"{self.prefix}.tasks"

    @property
    def ledger(self) -> str:
        return f"{self.prefix}.ledger"

    @property
    def ledger_days(self) -> int:
        """A task may wait for its whole retention, and what it repeats be as old as the horizon when it was taken."""
        return self.horizon_days + self.tasks_retention_days

    @model_validator(mode="after")
    def _horizon_covers_tasks(self) -> Self:
        if self.tasks_retention_days > self.horizon_days:
            raise ValueError(
                "TOPICS__TASKS_RETENTION_DAYS must not exceed TOPICS__HORIZON_DAYS, or repeats come out twice"
            )
        return self


class GenesysSettings(Group):
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = Field(min_length=1)
    region: Host = Field("mypurecloud.com", description="The region's domain, as in https://apps.{region}")
    login_url: HttpUrl | None = Field(None, description="Base URL of the login host, if not https://login.{region}")
    api_url: HttpUrl | None = Field(None, description="Base URL of the API, if not https://api.{region}")
    organization_id: str | None = Field(None, description="Events that name another organisation become dead letters")
    ca_file: ReadableFile | None = None
    calls_per_minute: int = Field(300, ge=1, description="To begin with; the API's own headers adjust it")
    metadata: Literal["api", "event"] = Field("api", description="event: trust complete event media, save the call")
    bare_events: tuple[str, ...] = Field(
        ("*.customer.end", "*.user.end", "*.acd.end", "*.flow.end"),
        description="Topic patterns of events with a conversation id and no message that cause a look at the API; "
        "an event without a topic name always does",
    )


class DownloadSettings(Group):
    allowed_hosts: tuple[Host, ...] = Field((), description="Exact hosts outside the region that files may come from")
    allowed_origins: tuple[Origin, ...] = Field(
        (), description="scheme://address:port taken as part of the region: for an emulator, never in production"
    )
    proxy: HttpUrl | None = None
    connections: int = Field(64, ge=1, description="Files at once, from the download until they are judged and stored")
    max_bytes_in_memory: int = Field(256 * MIB, ge=MIB)
    connect_timeout_s: float = Field(10.0, gt=0)
    read_timeout_s: float = Field(30.0, gt=0, description="Between two pieces of a body")
    deadline_s: float = Field(300.0, gt=0, description="For one whole body")
    host_patience_s: float = Field(600.0, gt=0, description="How long a host outside the region may stay away")


class StorageSettings(Group):
    url: StorageUrl = Field("./attachments", description="A folder, or s3://, gs://, az:// with bucket and prefix")
    options: dict[str, str] = Field(default_factory=dict, description="Handed to obstore: region, endpoint, keys")
    quarantine_url: StorageUrl | None = Field(
        None, description="Where rejected files are kept as samples; off when unset"
    )


class AntivirusSettings(Group):
    address: ClamdAddress | None = Field(None, description="tcp://host:port or unix:///path of clamd; off when unset")
    connections: int = Field(4, ge=1)
    timeout_s: float = Field(60.0, gt=0)


class InspectionSettings(Group):
    policy_file: ReadableFile | None = Field(
        None, description="Policy TOML; the shipped one when unset; reloaded on change"
    )
    workers: int = Field(2, ge=1)
    deadline_s: float = Field(2.0, gt=0, description="For one examination; the worker is killed after it")
    address_space_bytes: int = Field(1024 * MIB, ge=128 * MIB)


class LimitSettings(Group):
    tasks: int = Field(1_024, ge=1, description="Tasks in flight")
    task_bytes: int = Field(64 * MIB, ge=MIB)
    window: int = Field(16_384, ge=1, description="Offsets per partition above the committed one")
    outbox_bytes: int = Field(4 * MIB, ge=1024, description="Answers of a partition that wait for the next commit")


class AttemptSettings(Group):
    attempts: int = Field(8, ge=1)
    over_s: float = Field(600.0, gt=0, description="At least this long, from the first attempt to the last")
    gate_failures: int = Field(
        5, ge=2, description="Failures in a row that close a dependency's gate; one tells nothing"
    )
    probe_s: float = Field(1.0, gt=0, description="First probe of a closed gate; doubles")
    probe_max_s: float = Field(30.0, gt=0)
    bug_ceiling: int = Field(20, ge=1, description="Bugs in a row that stop the intake")


class NotifySettings(Group):
    channel: Literal["off", "message", "attributes"] = Field("off", description="How `notify` tells of rejected files")
    language: str | None = Field(
        None,
        pattern="^[a-z]{2,3}$",
        description="Of what customers are told, as in the policy's [sentences.*]; unset: the customer's own where the "
        "policy has it, else the policy's",
    )
    silent: tuple[Reason, ...] = Field((Reason.REMOVED,), description="Reasons that nobody is told of")


class WebSettings(Group):
    host: str = "0.0.0.0"  # noqa: S104 # Prometheus and the kubelet come from outside
    port: int = Field(9464, ge=0, le=65_535)


class LogSettings(Group):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"


class Settings(Group):
    """The whole of it. `settings_load.load()` reads the sources; tests build it directly."""

    kafka: KafkaSettings
    genesys: GenesysSettings
    topics: TopicSettings = TopicSettings()
    download: DownloadSettings = DownloadSettings()
    storage: StorageSettings = StorageSettings()
    antivirus: AntivirusSettings = AntivirusSettings()
    inspection: InspectionSettings = InspectionSettings()
    limits: LimitSettings = LimitSettings()
    attempts: AttemptSettings = AttemptSettings()
    notify: NotifySettings = NotifySettings()
    web: WebSettings = WebSettings()
    log: LogSettings = LogSettings()

    @classmethod
    def of(cls, values: dict[str, Any]) -> Settings:
        return cls.model_validate(values)

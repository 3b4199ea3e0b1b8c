"""Every setting by group, frozen, each with its bounds. `deploy/env.example` explains each one."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, HttpUrl

from consumer.model import Reason
from consumer.model.units import MIB
from consumer.settings.scanners import FORMS
from consumer.settings.types import (
    AntivirusAddress,
    BaseUrl,
    CertificateFile,
    Filled,
    FilledGuid,
    Host,
    Origin,
    ReadableFile,
    Secret,
    Servers,
    SigningKey,
    StorageUrl,
    TopicName,
    TopicPrefix,
)


class Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class KafkaSettings(Group):
    bootstrap_servers: Servers
    group: Filled = "attachment-consumer"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: Filled | None = None
    sasl_password: Secret | None = None
    ca_file: CertificateFile | None = None
    session_timeout_ms: int = Field(10_000, ge=1_000, le=1_800_000)
    heartbeat_ms: int = Field(500, ge=50)
    tick_ms: int = Field(
        100,
        ge=1,
        description="Time between two commits of a partition; longer with many, and up to 1 s under load",
    )
    transaction_timeout_ms: int = Field(15_000, ge=10_000, le=900_000)
    drain_s: float = Field(10.0, gt=0, le=60, description="How long running inspections may finish on revoke and stop")

    @property
    def checks_crcs(self) -> bool:
        """Whether each record's checksum is looked at: always, but with the broker of the sandbox."""
        return True

    @property
    def topics_are_checked(self) -> bool:
        """Whether the topics are looked at before the start: always, but with the broker of the sandbox."""
        return True

    @property
    def tells_time(self) -> bool:
        """Whether the broker says when it took a record: always, but with the broker of the sandbox."""
        return True


class TopicSettings(Group):
    """Names: `events` is the customer's own; the rest is `{prefix}.{accepted|rejected|dead-letter|tasks|ledger}`."""

    events: TopicName = "genesys.conversations.events"
    prefix: TopicPrefix = "genesys.attachments"
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

    @property
    def ours(self) -> tuple[str, ...]:
        return self.accepted, self.rejected, self.dead_letter, self.tasks, self.ledger


class SignatureSettings(Group):
    """HMACs over what this service writes for itself: tasks and ledger."""

    mode: Literal["off", "sign", "require"] = Field(
        "off", description="sign: write them, believe all; require: believe only what verifies"
    )
    key: SigningKey | None = Field(None, description="Signs, and verifies")
    other_key: SigningKey | None = Field(None, description="Verifies as well: the next key, then the last one")
    forged_since: AwareDatetime | None = Field(
        None, description="Ledger entries since then that do not verify are known to be forged, and stop nothing"
    )

    @property
    def keys(self) -> tuple[bytes, ...]:
        """None where nothing is signed; else the first one signs, and each verifies."""
        given = () if self.mode == "off" else (self.key, self.other_key)
        return tuple(key.get_secret_value().encode() for key in given if key is not None)


class GenesysSettings(Group):
    client_id: Filled
    client_secret: Secret
    region: Host = Field("mypurecloud.com", description="The region's domain, as in https://apps.{region}")
    login_url: BaseUrl | None = Field(None, description="Base URL of the login host, if not https://login.{region}")
    api_url: BaseUrl | None = Field(None, description="Base URL of the API, if not https://api.{region}")
    organization_id: FilledGuid | None = Field(None, description="Events of another organisation become dead letters")
    ca_file: CertificateFile | None = None
    proxy: HttpUrl | None = Field(None, description="For login and API")
    calls_per_minute: int = Field(300, ge=1, description="To begin with; the API's own headers adjust it")
    calls_at_once: int = Field(64, ge=1, description="Calls to the API that are under way at the same time")
    metadata: Literal["api", "event"] = Field(
        "api",
        description="event: believe complete event media, save the call; whoever may write events can then take "
        "answers away from customers",
    )
    bare_events: tuple[str, ...] = Field(
        ("*.customer.end", "*.user.end", "*.acd.end", "*.flow.end"),
        description="Topic patterns of events with a conversation id and no message that cause a look at the API; "
        "an event without a topic name always does, and so does one whose topic is none of Genesys's",
    )


class DownloadSettings(Group):
    allowed_hosts: tuple[Host, ...] = Field((), description="Exact hosts outside the region that files may come from")
    allowed_origins: tuple[Origin, ...] = Field(
        (), description="scheme://address:port taken as part of the region: for an emulator, never in production"
    )
    proxy: HttpUrl | None = None
    connections: int = Field(64, ge=1, description="Files at once, until they are judged or take long to be")
    max_bytes_in_memory: int = Field(256 * MIB, ge=MIB)
    connect_timeout_s: float = Field(10.0, gt=0)
    read_timeout_s: float = Field(
        30.0, gt=0, description="Between two pieces of a file; for all of an answer of the API, if less than 30"
    )
    deadline_s: float = Field(300.0, gt=0, description="For one whole body")
    host_patience_s: float = Field(600.0, gt=0, description="How long a host outside the region may stay away")


class StorageSettings(Group):
    url: StorageUrl = Field("./attachments", description="A folder, or s3://, gs://, az:// with bucket and prefix")
    options: dict[str, str] = Field(default_factory=dict, description="Handed to obstore: region, endpoint, keys")
    credentials: Literal["options", "ambient"] = Field(
        "options", description="Of a cloud. ambient: those of the platform, not of STORAGE__OPTIONS"
    )
    mode: str = Field(
        "0640", pattern="^0?[0-7]{3}$", description="Of files in a folder; their folders can be entered by the same"
    )
    durable: bool = Field(
        True, description="Files are on the disk before they are answered; false where the file system promises that"
    )
    quarantine_url: StorageUrl | None = Field(
        None, description="Where rejected files are kept as samples; off when unset"
    )

    @property
    def file_mode(self) -> int:
        return int(self.mode, 8)


class AntivirusSettings(Group):
    address: AntivirusAddress | None = Field(None, description=f"{FORMS}; off when unset")
    connections: int = Field(4, ge=1, description="Scans at once")
    timeout_s: float = Field(60.0, gt=0, description="For one scan, connecting included")
    ca_file: CertificateFile | None = Field(
        None, description="Authorities of an icaps:// scanner, PEM; the public ones when unset"
    )


class InspectionSettings(Group):
    policy_file: ReadableFile | None = Field(
        None, description="Policy TOML; the shipped one when unset; reloaded on change"
    )
    yara_rules: ReadableFile | None = Field(
        None, description="YARA rules of your own; off when unset; reloaded on change"
    )
    workers: int = Field(2, ge=1)
    confinement: Literal["full", "seccomp", "none"] = Field(
        "seccomp",
        description="What has to hold workers in: the filter and Landlock, the filter, or (by this name only) nothing; "
        "with less than that no tasks are taken",
    )
    files_per_worker: int = Field(80, ge=1, description="Then a worker is replaced: what took it over is gone")
    cpu_s: float = Field(1.0, gt=0, description="CPU time for one examination, whatever the size of the file")
    cpu_s_per_mib: float = Field(0.2, ge=0, description="CPU time on top, for each MiB of the file")
    deadline_s: float = Field(10.0, gt=0, description="By the clock, for one examination on a machine that is busy")
    address_space_bytes: int = Field(1024 * MIB, ge=128 * MIB)


class LimitSettings(Group):
    tasks: int = Field(1_024, ge=1, description="Tasks in flight")
    task_bytes: int = Field(64 * MIB, ge=MIB)
    resting: int = Field(8_192, ge=1, description="Tasks that only wait, beside those in flight")
    resting_bytes: int = Field(64 * MIB, ge=MIB)
    ahead: int = Field(
        16_384, ge=1, description="Tasks that may wait in Kafka for this process before it takes in more events"
    )
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
    host: Filled = "0.0.0.0"  # noqa: S104 # Prometheus and the kubelet come from outside
    port: int = Field(9464, ge=0, le=65_535)


class StatusSettings(Group):
    port: int | None = Field(
        None, ge=0, le=65_535, description="Of the status page on 127.0.0.1, for a browser; off when unset"
    )


class TracingSettings(Group):
    exporter: Literal["off", "otlp"] = Field("off", description="otlp: spans go to a collector, by the extra [otel]")
    endpoint: HttpUrl = Field(HttpUrl("http://localhost:4318"), description="Of the collector: OTLP over HTTP")
    ratio: float = Field(1.0, ge=0, le=1, description="Of the records, how many are traced")
    shutdown_s: float = Field(3.0, gt=0, le=10, description="For the last spans, after the drain")


class LogSettings(Group):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"

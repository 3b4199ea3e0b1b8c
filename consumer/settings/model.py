"""Every setting, frozen and checked once. Sources, first wins: environment, `.env`, TOML file, secrets directory.

Nested names are joined by `__` (`KAFKA__SECURITY_PROTOCOL`); the names that people know work as well
(`KAFKA_BOOTSTRAP_SERVERS`, `GENESYS_CLIENT_ID`, …: `KNOWN_NAMES`). `deploy/env.example` explains each one.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

from pydantic import model_validator

from consumer.settings.groups import (
    AntivirusSettings,
    AttemptSettings,
    DownloadSettings,
    GenesysSettings,
    Group,
    InspectionSettings,
    KafkaSettings,
    LimitSettings,
    LogSettings,
    NotifySettings,
    SignatureSettings,
    StatusSettings,
    StorageSettings,
    TopicSettings,
    TracingSettings,
    WebSettings,
)
from consumer.settings.regions import DOMAINS, REGIONS

__all__ = [
    "KNOWN_NAMES",
    "RULES",
    "AntivirusSettings",
    "AttemptSettings",
    "DownloadSettings",
    "GenesysSettings",
    "Group",
    "InspectionSettings",
    "KafkaSettings",
    "LimitSettings",
    "LogSettings",
    "NotifySettings",
    "Settings",
    "SignatureSettings",
    "StatusSettings",
    "StorageSettings",
    "TopicSettings",
    "TracingSettings",
    "WebSettings",
    "broken",
]

KNOWN_NAMES = {
    "KAFKA_BOOTSTRAP_SERVERS": ("kafka", "bootstrap_servers"),
    "GENESYS_CLIENT_ID": ("genesys", "client_id"),
    "GENESYS_CLIENT_SECRET": ("genesys", "client_secret"),
    "GENESYS_REGION": ("genesys", "region"),
    "OTEL_EXPORTER_OTLP_ENDPOINT": ("tracing", "endpoint"),
}


class Settings(Group):
    """The whole of it. `settings.load` reads the sources; tests build it directly."""

    kafka: KafkaSettings
    genesys: GenesysSettings
    topics: TopicSettings = TopicSettings()
    signatures: SignatureSettings = SignatureSettings()
    download: DownloadSettings = DownloadSettings()
    storage: StorageSettings = StorageSettings()
    antivirus: AntivirusSettings = AntivirusSettings()
    inspection: InspectionSettings = InspectionSettings()
    limits: LimitSettings = LimitSettings()
    attempts: AttemptSettings = AttemptSettings()
    notify: NotifySettings = NotifySettings()
    web: WebSettings = WebSettings()
    status: StatusSettings = StatusSettings()
    log: LogSettings = LogSettings()
    tracing: TracingSettings = TracingSettings()

    @model_validator(mode="after")
    def _is_of_one_mind(self) -> Self:
        if problems := broken(RULES, self):
            raise ValueError("; ".join(problems))
        return self

    @classmethod
    def of(cls, values: dict[str, Any]) -> Settings:
        return cls.model_validate(values)


Rule = Callable[[Settings], Iterable[str]]


def broken(rules: Iterable[Rule], settings: Settings) -> list[str]:
    """What the rules have against the settings, each in a sentence. A setting that is wrong by itself may be left out
    of them: a rule that asks for it says nothing.
    """
    problems: list[str] = []
    for rule in rules:
        with contextlib.suppress(AttributeError):
            problems += rule(settings)
    return problems


def _user(settings: Settings) -> Iterator[str]:
    protocol = settings.kafka.security_protocol
    if protocol.startswith("SASL") and settings.kafka.sasl_username is None:
        yield f"KAFKA__SASL_USERNAME is not set, and {protocol} needs it"


def _password(settings: Settings) -> Iterator[str]:
    protocol = settings.kafka.security_protocol
    if protocol.startswith("SASL") and settings.kafka.sasl_password is None:
        yield f"KAFKA__SASL_PASSWORD is not set, and {protocol} needs it"


def _heartbeat(settings: Settings) -> Iterator[str]:
    if settings.kafka.heartbeat_ms * 3 > settings.kafka.session_timeout_ms:
        yield "KAFKA__HEARTBEAT_MS must be at most a third of KAFKA__SESSION_TIMEOUT_MS"


def _horizon(settings: Settings) -> Iterator[str]:
    if settings.topics.tasks_retention_days > settings.topics.horizon_days:
        yield "TOPICS__TASKS_RETENTION_DAYS must not exceed TOPICS__HORIZON_DAYS, or repeats come out twice"


def _events(settings: Settings) -> Iterator[str]:
    if settings.topics.events in settings.topics.ours:
        yield f"TOPICS__EVENTS is {settings.topics.events}, which this service writes itself: events without end"


def _region(settings: Settings) -> Iterator[str]:
    region, genesys = settings.genesys.region, settings.genesys
    base_urls = [getattr(genesys, name, "given, and wrong") for name in ("login_url", "api_url")]
    if region not in DOMAINS and None in base_urls:  # else the client's secret could go to whoever owns a misspelt name
        close = difflib.get_close_matches(region, sorted(DOMAINS), n=3)
        near = [REGIONS[region]] if region in REGIONS else close or sorted(DOMAINS)
        yield f"GENESYS_REGION: {region!r} is no region of Genesys Cloud; did you mean {' or '.join(near)}?"


def _probes(settings: Settings) -> Iterator[str]:
    if settings.attempts.probe_s > settings.attempts.probe_max_s:
        yield "ATTEMPTS__PROBE_S must not exceed ATTEMPTS__PROBE_MAX_S"


def _signing_key(settings: Settings) -> Iterator[str]:
    mode = settings.signatures.mode
    if mode != "off" and settings.signatures.key is None:
        yield f"SIGNATURES__KEY is not set, and SIGNATURES__MODE={mode} needs it"


def _other_key(settings: Settings) -> Iterator[str]:
    if settings.signatures.key is not None and settings.signatures.key == settings.signatures.other_key:
        yield "SIGNATURES__OTHER_KEY is SIGNATURES__KEY once more"


RULES: tuple[Rule, ...] = (
    _user,
    _password,
    _heartbeat,
    _horizon,
    _events,
    _region,
    _probes,
    _signing_key,
    _other_key,
)

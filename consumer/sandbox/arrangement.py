"""The settings that make the service talk to the sandbox instead of Genesys Cloud."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from consumer.inspection.workers.pool import offered
from consumer.sandbox.cases import AWAY_HOST
from consumer.sandbox.emulator import Emulator
from consumer.sandbox.world import ORGANIZATION_ID, REGION
from consumer.settings.model import KafkaSettings, Settings, TopicSettings

EMBEDDED_EVENTS = 2_500  # for each partition: the embedded broker keeps 5 MiB of one and drops what is older


class EmbeddedKafkaSettings(KafkaSettings):
    """Of the embedded broker, which takes no admin calls, whose control records carry no checksum, and which says of
    each record that it came a second after the epoch began."""

    @property
    def checks_crcs(self) -> bool:
        return False

    @property
    def topics_are_checked(self) -> bool:
        return False

    @property
    def tells_time(self) -> bool:
        return False


def environment(emulator: Emulator, *, base_url: str | None = None) -> dict[str, str]:
    """Environment variables for `attachment-consumer run` beside an emulator; `base_url` is where it is reached."""
    origins = sorted({base_url} if base_url else {emulator.login_url, emulator.api_url, emulator.files_url})
    return {
        "GENESYS_CLIENT_ID": emulator.state.client_id,
        "GENESYS_CLIENT_SECRET": emulator.state.switches.client_secret,
        "GENESYS_REGION": REGION,
        "GENESYS__LOGIN_URL": base_url or emulator.login_url,
        "GENESYS__API_URL": base_url or emulator.api_url,
        "GENESYS__ORGANIZATION_ID": ORGANIZATION_ID,
        "DOWNLOAD__ALLOWED_ORIGINS": json.dumps(origins),
        "DOWNLOAD__ALLOWED_HOSTS": json.dumps([AWAY_HOST]),
    }


def reaching(emulator: Emulator) -> dict[str, dict[str, Any]]:
    """The groups of settings that lead to the emulator and to nobody else."""
    return {
        "genesys": {
            "client_id": emulator.state.client_id,
            "client_secret": emulator.state.switches.client_secret,
            "region": REGION,
            "login_url": emulator.login_url,
            "api_url": emulator.api_url,
            "organization_id": ORGANIZATION_ID,
            "calls_per_minute": 1_000_000,
        },
        "download": {
            "allowed_hosts": [AWAY_HOST],
            "allowed_origins": sorted({emulator.login_url, emulator.api_url, emulator.files_url}),
        },
    }


def demo_settings(emulator: Emulator, bootstrap_servers: str, folder: Path, events: int, *, embedded: bool) -> Settings:
    groups: dict[str, Any] = demo_groups(emulator, bootstrap_servers, folder, events)
    kafka = EmbeddedKafkaSettings if embedded else KafkaSettings
    return Settings.of(groups | {"kafka": kafka(**groups["kafka"])})


def demo_groups(emulator: Emulator, bootstrap_servers: str, folder: Path, events: int) -> dict[str, dict[str, Any]]:
    """As an operator would set them, but for shorter waits: nobody wants to see ten minutes of attempts in a demo."""
    there = reaching(emulator)
    return {
        "kafka": {"bootstrap_servers": bootstrap_servers, "session_timeout_ms": 6_000, "drain_s": 5.0},
        "topics": {"partitions": partitions_for(events), "replication": 1},
        "genesys": there["genesys"],
        "download": {**there["download"], "host_patience_s": 3.0},
        "storage": {"url": str(folder / "attachments")},
        "inspection": {"confinement": offered().value},
        "attempts": {"attempts": 5, "over_s": 2.0, "probe_s": 0.2, "probe_max_s": 2.0},
        "web": {"host": "127.0.0.1", "port": 0},
        "status": {"port": 0},
    }


def as_toml(groups: Mapping[str, Mapping[str, Any]]) -> str:
    """For commands beside the service. Texts, numbers and lists of texts are written in TOML as in JSON."""
    lines: list[str] = []
    for group, values in groups.items():
        lines += [f"[{group}]", *(f"{name} = {json.dumps(value)}" for name, value in values.items()), ""]
    return "\n".join(lines)


def partitions_for(events: int) -> int:
    return 4 + events // EMBEDDED_EVENTS


def topic_partitions(events: int) -> dict[str, int]:
    """Every topic of the demo with its number of partitions, for a broker that takes no admin calls."""
    topics, count = TopicSettings(), partitions_for(events)
    ours = (topics.accepted, topics.rejected, topics.dead_letter, topics.tasks, topics.ledger)
    return dict.fromkeys((topics.events, *ours), count)

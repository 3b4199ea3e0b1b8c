"""What the emulator remembers and what can be switched on it: tokens, progress of each file, calls, outages, limits."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote, urlencode

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, field_validator

from consumer.sandbox.emulator_faults import FAULTS
from consumer.sandbox.world import SentFile, SentMessage, World

Outage = Literal["off", "unavailable", "hang", "drop"]
PERMISSIONS = (
    "conversation:communication:view",
    "conversation:message:view",
    "conversation:webmessaging:view",
    "conversation:messageMedia:view",
    "conversation:message:create",
    "analytics:conversationDetail:view",
)
UNLIMITED = 1_000_000  # calls a minute that the headers tell when no limit is enforced


class EmulatedOutages(BaseModel):
    model_config = ConfigDict(extra="forbid")
    login: Outage = "off"
    api: Outage = "off"
    files: Outage = "off"


class Switches(BaseModel):
    """What `POST /_control` takes; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)
    outage: EmulatedOutages = EmulatedOutages()
    faults: tuple[str, ...] = Field(
        (), description="Names of `emulator_faults.FAULTS`: ill answers in place of good ones"
    )
    limit_per_minute: int | None = Field(None, ge=1, description="None: the headers are there, nothing is refused")
    token_lifetime_s: int = Field(86_399, ge=1)
    link_lifetime_s: int = Field(600, ge=0)
    permissions: tuple[str, ...] = PERMISSIONS
    compares_conversations: bool = Field(
        True, description="Whether a message is found in its own conversation alone, and not in any that is asked for"
    )
    client_secret: str = "sandbox-secret"  # noqa: S105 # of an emulator on loopback
    organization_id: str

    @field_validator("faults")
    @classmethod
    def _are_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(names) - FAULTS.keys())
        if unknown:
            raise ValueError(f"no such fault: {', '.join(unknown)}; there are {', '.join(sorted(FAULTS))}")
        return names


@dataclass
class Minute:
    """The window in which a token's calls are counted."""

    started: float
    calls: int = 0


@dataclass
class EmulatorState:
    world: World
    switches: Switches
    files_url: str = ""
    client_id: str = "sandbox"
    now: Callable[[], float] = time.time
    listeners: list[Callable[[web.Request], None]] = field(default_factory=list)  # told each request as it came
    tokens: dict[str, float] = field(default_factory=dict)  # token → when it ends
    minutes: dict[str, Minute] = field(default_factory=dict)  # by token
    calls: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)  # "api 429" → how many
    progress: Counter[tuple[str, str]] = field(
        default_factory=Counter
    )  # (file, what) → how often it went wrong already, or was "delivered"
    faults_met: Counter[str] = field(default_factory=Counter)
    first_asked: dict[str, float] = field(default_factory=dict)
    sent: list[dict[str, Any]] = field(default_factory=list)  # agentless messages
    attributes: list[dict[str, Any]] = field(default_factory=list)  # changes of participants' attributes
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def clock(self, message: SentMessage) -> datetime:
        """When a message was sent; a young one at the moment in which it was first asked for."""
        if not message.young:
            return self.world.now - timedelta(seconds=message.age_s)
        return datetime.fromtimestamp(self.first_asked.setdefault(message.message_id, self.now()), UTC)

    def asked(self, *messages: SentMessage) -> None:
        """Counts an answer about these messages: unfinished uploads come nearer to their end."""
        for message in messages:
            for file in message.files:
                self.progress[file.download_id, "asked"] += 1

    def uploaded(self, file: SentFile) -> bool:
        delivery = file.case.delivery
        finished = delivery.uploading == 0 or self.progress[file.download_id, "asked"] > delivery.uploading
        return finished and not delivery.upload_fails

    def link(self, file: SentFile) -> str | None:
        """What metadata says; None while the upload is not finished."""
        return file.link if self.uploaded(file) else None

    def goes_wrong(self, file: SentFile, what: str, times: int) -> bool:
        """True the first `times` times."""
        if self.progress[file.download_id, what] >= times:
            return False
        self.progress[file.download_id, what] += 1
        return True

    def signed_link(self, file: SentFile) -> str:
        """A fresh link, good for `link_lifetime_s`, unless the file's case hands out expired ones first."""
        late = self.goes_wrong(file, "expired", file.case.delivery.expired_links)
        expires = int(self.now()) + (-60 if late else self.switches.link_lifetime_s)
        path = f"/attachments/{file.download_id}"
        query = urlencode(
            {
                "response-content-disposition": f'attachment;filename="{quote(file.name)}"',
                "Expires": expires,
                "Signature": self.signature(path, str(expires)),
                "Key-Pair-Id": "KSANDBOX",
            }
        )
        return f"{self.files_url}{path}?{query}"

    def signature(self, path: str, expires: str) -> str:
        digest = hmac.digest(self.key, f"{path}?{expires}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def new_token(self) -> str:
        token = secrets.token_urlsafe(48)
        self.tokens[token] = self.now() + self.switches.token_lifetime_s
        return token

    def count_call(self, token: str) -> tuple[int, int]:
        """Calls of this token in its minute, this one included, and the seconds until the next minute begins."""
        minute = self.minutes.get(token)
        if minute is None or self.now() - minute.started >= 60:
            minute = self.minutes[token] = Minute(self.now())
        minute.calls += 1
        return minute.calls, max(1, round(minute.started + 60 - self.now()))

    def switch(self, changes: dict[str, Any]) -> None:
        """Raises `pydantic.ValidationError` for what can't be switched."""
        if changes.pop("expire_tokens", False):
            self.tokens = dict.fromkeys(self.tokens, 0.0)
        merged = self.switches.model_dump()
        merged["outage"] |= changes.pop("outage", {})
        self.switches = Switches.model_validate(merged | changes)

    def report(self) -> dict[str, Any]:
        return {
            "calls": dict(self.calls),
            "answers": dict(self.answers),
            "faultsMet": dict(self.faults_met),
            "tokens": len(self.tokens),
            "sent": self.sent,
            "attributes": self.attributes,
            "switches": self.switches.model_dump(exclude={"client_secret"}),
        }

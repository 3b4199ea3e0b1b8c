"""`check-config` and `check-url`: what the settings amount to, before anything is contacted."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from pydantic import ValidationError

from consumer.cli.loading import checked
from consumer.cli.outcome import Exit, data_json, ended, show
from consumer.download.addresses import Lookup, system_lookup, why_not_public
from consumer.download.urls import UrlRules, judge_url
from consumer.log import mask
from consumer.settings import DownloadSettings, GenesysSettings, Settings
from consumer.settings_load import Loaded, SettingsProblem, given
from consumer.text import printable

if TYPE_CHECKING:
    from rich.table import Table

LONGEST_URL = 4_096


def check_config(config: Path | None, as_json: bool) -> None:
    """Prints every setting with its source, and what an operator should think twice about."""
    try:
        loaded = checked(config)
    except SettingsProblem as problem:
        if as_json:
            data_json({"ok": False, "problems": problem.problems})
            raise ended(Exit.USAGE) from None
        raise
    warnings = [*loaded.unknown, *warnings_about(loaded.settings)]
    if as_json:
        told = {shown.name: {"value": shown.value, "from": shown.origin} for shown in loaded.shown()}
        data_json({"ok": True, "problems": [], "warnings": warnings, "settings": told})
        return
    show(_settings_table(loaded))
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)  # noqa: T201 # what a command says is its work


def warnings_about(settings: Settings) -> Iterator[str]:
    """What is allowed, and rarely meant in production."""
    download, genesys = settings.download, settings.genesys
    for origin in download.allowed_origins:
        yield f"DOWNLOAD__ALLOWED_ORIGINS: {origin} is taken as Genesys itself, past every check of its address"
    for name, url in (("GENESYS__LOGIN_URL", genesys.login_url), ("GENESYS__API_URL", genesys.api_url)):
        if url is not None and url.scheme == "http":
            yield f"{name}: the client's secret or its token travels unencrypted"
    if settings.kafka.security_protocol in ("PLAINTEXT", "SASL_PLAINTEXT"):
        yield f"KAFKA__SECURITY_PROTOCOL: {settings.kafka.security_protocol} sends everything unencrypted"
    if settings.antivirus.address is None:
        yield "ANTIVIRUS__ADDRESS is not set: files are judged by their structure alone, and results say scanned: false"
    if genesys.organization_id is None:
        yield "GENESYS__ORGANIZATION_ID is not set: events of another organisation are not told apart"
    if settings.storage.quarantine_url is not None and settings.storage.quarantine_url == settings.storage.url:
        yield "STORAGE__QUARANTINE_URL is where accepted files go: rejected ones would lie among them"
    if not settings.kafka.check_topics:
        yield "KAFKA__CHECK_TOPICS is off: topics that lose or repeat answers are not noticed"


@dataclass(frozen=True, slots=True)
class Asked:
    """One URL and what the service would do with it."""

    url: str
    allowed: bool
    reason: str
    host: str | None
    port: int | None
    addresses: tuple[str, ...] | None = None  # None: not resolved

    def as_json(self) -> dict[str, Any]:
        told = {
            "url": self.url,
            "allowed": self.allowed,
            "reason": self.reason,
            "host": self.host,
            "port": self.port,
        }
        return told if self.addresses is None else told | {"addresses": list(self.addresses)}


def check_urls(
    urls: Sequence[str], config: Path | None, as_json: bool, resolve: bool, lookup: Lookup = system_lookup
) -> None:
    """Prints for each URL whether this service may connect to it; `-` reads them from stdin, one a line."""
    rules = _rules(config)
    asked = [_judged(url, rules) for url in _each(urls)]
    if resolve:
        asked = anyio.run(_resolved, asked, rules, lookup)
    if as_json:
        for one in asked:
            data_json(one.as_json(), only_ascii=True)
    elif asked:
        show(_urls_table(asked))
    if not all(one.allowed for one in asked):
        raise ended(Exit.NEGATIVE)


def _judged(url: str, rules: UrlRules) -> Asked:
    judgement = judge_url(url, rules)
    return Asked(url, judgement.allowed, judgement.reason, judgement.host, judgement.port)


async def _resolved(asked: Sequence[Asked], rules: UrlRules, lookup: Lookup) -> list[Asked]:
    """The same, with what the name service says now of those that are allowed so far."""
    trusted = {origin.host for origin in rules.allowed_origins}
    return [
        one if not one.allowed or one.host is None or one.host in trusted else await _with_addresses(one, lookup)
        for one in asked
    ]


async def _with_addresses(one: Asked, lookup: Lookup) -> Asked:
    assert one.host is not None, "an allowed URL has a host"
    try:
        addresses = tuple(dict.fromkeys(await lookup(one.host, one.port or 443)))
    except OSError:
        return replace(one, allowed=False, reason="the name does not resolve", addresses=())
    for address in addresses:
        if what := why_not_public(address):
            return replace(one, allowed=False, reason=f"leads to {address}: {what}", addresses=addresses)
    return replace(one, addresses=addresses)


def _rules(config: Path | None) -> UrlRules:
    """Only what these rules need has to be set, so that a URL can be asked about without any credentials."""
    values = given(config)
    try:
        download = DownloadSettings.model_validate(values["download"])
        region = values["genesys"].get("region", GenesysSettings.model_fields["region"].default)
        return UrlRules.of(region, download.allowed_hosts, download.allowed_origins)
    except ValidationError as invalid:
        raise SettingsProblem([f"DOWNLOAD: {error['msg']}" for error in invalid.errors()]) from None
    except ValueError as invalid:
        raise SettingsProblem([str(invalid)]) from None


def _each(urls: Iterable[str]) -> Iterator[str]:
    for url in urls:
        if url == "-":
            for line in sys.stdin.buffer:
                if text := line.decode("utf-8", "surrogateescape").rstrip("\r\n"):
                    yield text
        else:
            yield url


def _without_secrets(url: str) -> str:
    return mask(printable(url, LONGEST_URL))


def _settings_table(loaded: Loaded) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold")
    for column in ("setting", "value", "from"):
        table.add_column(column, overflow="fold")
    for shown in loaded.shown():
        style = "dim" if shown.origin == "default" else ""
        table.add_row(Text(shown.name), Text(printable(shown.value, 200)), Text(shown.origin), style=style)
    return table


def _urls_table(asked: Iterable[Asked]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold")
    for column in ("url", "answer", "why"):
        table.add_column(column, overflow="fold")
    for one in asked:
        answer = Text("allowed", "green") if one.allowed else Text("refused", "red")
        told = f"{one.reason} ({', '.join(one.addresses)})" if one.addresses else one.reason
        table.add_row(Text(_without_secrets(one.url)), answer, Text(told))
    return table

"""`check-config` and `check-url`: what settings and policy amount to, before anything is contacted."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import anyio

from consumer.cli.loading import checked
from consumer.cli.outcome import Cell, Exit, data, data_json, ended, show
from consumer.http.addresses import Resolve, system_lookup
from consumer.http.check import CheckedUrl, check_url
from consumer.http.urls import UrlRules
from consumer.inspection.policy.difference import differences
from consumer.inspection.policy.model import shown_size
from consumer.inspection.policy.names import reader_of
from consumer.inspection.policy.policy import Policy, PolicyError
from consumer.inspection.readers.unseen import unseen
from consumer.inspection.yara.rules import REJECT, TELL, load
from consumer.settings.load import Loaded, SettingsProblem, load_part
from consumer.settings.model import Settings
from consumer.telemetry.log import mask
from consumer.text import printable

LONGEST_URL = 4_096
NOT_SET = "not set"


def check_config(config: Path | None, as_json: bool) -> None:
    """Prints every setting with its source, and what an operator should think twice about."""
    loaded = checked(config)
    policy = Policy.load(loaded.settings.inspection.policy_file)
    rules = load(file) if (file := loaded.settings.inspection.yara_rules) else None
    warnings = [*loaded.unknown, *warnings_about(loaded.settings), *policy.warnings, *(rules.warnings if rules else ())]
    if as_json:
        told = {shown.name: {"value": shown.value, "from": shown.origin} for shown in loaded.shown()}
        read = {kind: {"reader": reader, "unseen": blind} for kind, _, reader, blind in _looked_into(policy)}
        by_rule = {rule.name: REJECT if rule.rejects else TELL for rule in rules.rules} if rules else {}
        data_json({"ok": True, "problems": [], "warnings": warnings, "settings": told, "types": read, "rules": by_rule})
        return
    show(("setting", "value", "from"), _settings(loaded))
    types = ((kind, size, reader or "none", blind) for kind, size, reader, blind in _looked_into(policy))
    show(("type", "at most", "looked into by", "what is not seen"), types)
    if rules:
        rejecting = sum(rule.rejects for rule in rules.rules)
        data(f"YARA rules {rules.version}: {rejecting} of {len(rules.rules)} reject, the others are told")
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)  # noqa: T201 # what a command says is its work


def _looked_into(policy: Policy) -> Iterator[tuple[str, str, str | None, str]]:
    """Of each type in force its name, its largest size, the module that looks inside, and what that does not see."""
    for kind, allowed in policy.types.items():
        reader = reader_of(kind)
        blind = "anything: the type alone decides" if reader is None or allowed.type_only else unseen(kind)
        yield kind, shown_size(allowed.size), reader, blind


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
    if settings.topics.replication > 1 and "," not in settings.kafka.bootstrap_servers:
        yield "KAFKA_BOOTSTRAP_SERVERS names one broker: while that one is away, no process can start"
    if settings.antivirus.address is None:
        yield "ANTIVIRUS__ADDRESS is not set: files are judged by their structure alone, and results say scanned: false"
    if settings.storage.quarantine_url is not None and settings.storage.quarantine_url == settings.storage.url:
        yield "STORAGE__QUARANTINE_URL is where accepted files go: rejected ones would lie among them"


def compare_policies(old: Path, new: Path, as_json: bool) -> None:
    """Prints what the policy in `new` would judge otherwise than the one in `old`; ends with 1 if it is anything."""
    found = differences(*_policies(old, new))
    if as_json:
        told = [{"type": one.kind, "rule": one.rule, "old": one.old, "new": one.new} for one in found]
        data_json({"ok": True, "same": not found, "differences": told})
    elif found:
        rows = ((one.kind or "all", one.rule, one.old, one.new) for one in found)
        show(("type", "rule", "old", "new"), rows)
    else:
        data("no difference")
    if found:
        raise ended(Exit.NEGATIVE)


def _policies(*files: Path) -> list[Policy]:
    policies, problems = [], []
    for file in files:
        try:
            policies.append(Policy.load(file))
        except PolicyError as error:
            problems += str(error).splitlines()
    if problems:
        raise ended(Exit.USAGE, "\n".join(problems))
    return policies


def check_urls(
    urls: Sequence[str], config: Path | None, as_json: bool, resolve: bool, lookup: Resolve = system_lookup
) -> None:
    """Prints for each URL whether this service may connect to it; `-` reads them from stdin, one a line."""
    checked_urls = anyio.run(_checked, list(_each(urls)), _rules(config), resolve, lookup)
    if as_json:
        for one in checked_urls:
            data_json(_as_json(one), only_ascii=True)
    elif checked_urls:
        show(("url", "answer", "why"), _answers(checked_urls))
    if not all(one.allowed for one in checked_urls):
        raise ended(Exit.NEGATIVE)


async def _checked(urls: Sequence[str], rules: UrlRules, resolve: bool, lookup: Resolve) -> list[CheckedUrl]:
    return [await check_url(url, rules, resolve=resolve, lookup=lookup) for url in urls]


def _as_json(one: CheckedUrl) -> dict[str, Any]:
    told = {"url": one.url, "allowed": one.allowed, "reason": one.reason, "host": one.host, "port": one.port}
    if one.addresses is None:
        return told
    return told | {"addresses": [address.address for address in one.addresses]}


def _rules(config: Path | None) -> UrlRules:
    """Only what these rules need has to be set, so that a URL can be asked about without any credentials."""
    base_urls = ("genesys.login_url", "genesys.api_url")  # with both of them any region is taken
    settings = load_part("genesys.region", *base_urls, "download", toml=config)
    try:
        return UrlRules.of(settings.genesys.region, settings.download.allowed_hosts, settings.download.allowed_origins)
    except ValueError as wrong:
        raise SettingsProblem(str(wrong).split("; ")) from None


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


def _settings(loaded: Loaded) -> Iterator[Sequence[Cell]]:
    for shown in loaded.shown():
        style = "dim" if shown.origin == "default" else ""
        yield [(text, style) for text in (shown.name, printable(shown.value, 200) or NOT_SET, shown.origin)]


def _answers(asked: Iterable[CheckedUrl]) -> Iterator[Sequence[Cell]]:
    for one in asked:
        answer = ("allowed", "green") if one.allowed else ("refused", "red")
        addresses = ", ".join(address.address for address in one.addresses or ())
        told = f"{one.reason} ({addresses})" if addresses else one.reason
        yield _without_secrets(one.url), answer, told

"""What `check-url` shows: the decision about each URL and, if asked, about each address that its name leads to."""

from __future__ import annotations

from dataclasses import dataclass

from consumer.http.addresses import Resolve, is_literal, system_lookup, why_not_public
from consumer.http.urls import UrlRules, judge_url


@dataclass(frozen=True, slots=True)
class CheckedAddress:
    address: str
    allowed: bool
    reason: str  # "public", what it is in place of that, or "an allowed origin"


@dataclass(frozen=True, slots=True)
class CheckedUrl:
    """One row. `addresses` is None where nothing was resolved: not asked for, or the URL is refused anyway."""

    url: str
    allowed: bool
    reason: str
    host: str | None
    port: int | None
    addresses: tuple[CheckedAddress, ...] | None = None


async def check_url(url: str, rules: UrlRules, *, resolve: bool = False, lookup: Resolve = system_lookup) -> CheckedUrl:
    """Connects to nothing, and resolves only with `resolve`. Never raises for what a URL or a name server says."""
    judged = judge_url(url, rules)
    row = CheckedUrl(url, judged.allowed, judged.reason, judged.host, judged.port)
    if not resolve or not judged.allowed or judged.host is None or judged.port is None:
        return row
    trusted = any((host, port) == (judged.host, judged.port) for _, host, port in rules.allowed_origins)
    try:
        found = [judged.host] if is_literal(judged.host) else await lookup(judged.host, judged.port)
    except (OSError, UnicodeError):
        found = []
    addresses = tuple(_checked(address, trusted) for address in dict.fromkeys(found))
    if not addresses:
        return CheckedUrl(url, False, "its name could not be resolved", judged.host, judged.port, ())
    for address in addresses:
        if not address.allowed:
            reason = f"its name leads to {address.address}: {address.reason}"
            return CheckedUrl(url, False, reason, judged.host, judged.port, addresses)
    return CheckedUrl(url, True, judged.reason, judged.host, judged.port, addresses)


def _checked(address: str, trusted: bool) -> CheckedAddress:
    if trusted:
        return CheckedAddress(address, True, "an allowed origin")
    problem = why_not_public(address)
    return CheckedAddress(address, problem is None, problem or "public")

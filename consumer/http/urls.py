"""Where a link may point. One function decides, for links of events, for each redirect, and for `check-url`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple
from urllib.parse import urljoin

REGION_HOSTS = ("api", "login", "apps", "api-downloads")
LONGEST_URL = 8_192  # what servers take in a request line
DEFAULT_PORTS = {"https": 443, "http": 80}

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)")
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]*)(?::(?P<port>[0-9]{1,5}))?")
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # a host that ends in one is an address to some parser


class Origin(NamedTuple):
    scheme: str
    host: str  # lower case; an IPv6 address in its shortest form, without brackets
    port: int


@dataclass(frozen=True)
class UrlRules:
    """What an operator allows. Build it with `of`, which checks the words of the settings."""

    region: str
    allowed_hosts: frozenset[str] = frozenset()
    allowed_origins: frozenset[Origin] = frozenset()

    @classmethod
    def of(cls, region: str, allowed_hosts: Iterable[str] = (), allowed_origins: Iterable[str] = ()) -> UrlRules:
        """Raises `ValueError` that names each setting which can't be meant."""
        hosts = [host.lower() for host in allowed_hosts]
        origins = {text: _origin_alone(text) for text in allowed_origins}
        problems = [] if _is_name(region) else [f"GENESYS_REGION: {region!r} is no domain"]
        problems += [f"DOWNLOAD__ALLOWED_HOSTS: {host!r} is no exact host name" for host in hosts if not _is_name(host)]
        problems += [
            f"DOWNLOAD__ALLOWED_ORIGINS: {text!r} is not scheme://address:port"
            for text, got in origins.items()
            if not got
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return cls(region, frozenset(hosts), frozenset(origin for origin in origins.values() if origin))

    @cached_property
    def region_hosts(self) -> frozenset[str]:
        return frozenset(f"{name}.{self.region}" for name in REGION_HOSTS)

    @property
    def login_host(self) -> str:
        return f"login.{self.region}"


@dataclass(frozen=True, slots=True)
class UrlJudgement:
    """`reason` is our own sentence, without any part of the URL. `host` and `port` as far as they could be read."""

    allowed: bool
    reason: str
    host: str | None = None
    port: int | None = None
    region: bool = False  # one of the region's own hosts: its outages close the gate of the file hosts


def judge_url(url: str, rules: UrlRules) -> UrlJudgement:
    """Whether this service may connect to where `url` points, and why. Pure; never raises.

    An allow-list of exact hosts decides. The checks before it keep out every spelling on which two parsers could
    disagree, and name what is wrong for the person who asks.
    """
    where = _read(url)
    return where if isinstance(where, UrlJudgement) else _judge_origin(where, rules)


def origin_of(url: str) -> Origin | None:
    """Where `url` points, read as `judge_url` reads it; None for every URL of which nothing can be certain."""
    where = _read(url)
    return where.origin if isinstance(where, _Written) else None


def redirect_target(url: str, location: str) -> str:
    """Where an answer to `url` leads, as text for `judge_url`. Never raises."""
    if _problem_of_text(location):
        return location  # joining would quietly drop some of what is wrong with it
    try:
        return urljoin(url, location)
    except ValueError:
        return location


@dataclass(frozen=True, slots=True)
class _Written:
    origin: Origin
    literal: bool  # an address in place of a name


def _read(url: str) -> _Written | UrlJudgement:
    """The origin in its plain spelling, or the judgement about every other one."""
    if problem := _problem_of_text(url):
        return UrlJudgement(False, problem)
    parts = _URL.match(url)
    if parts is None:
        return UrlJudgement(False, "not an absolute URL with a host")
    return _origin(*parts.groups())


@lru_cache(maxsize=256)  # a service asks a few hosts, again and again
def _origin(written_scheme: str, written_authority: str) -> _Written | UrlJudgement:
    scheme, authority = written_scheme.lower(), written_authority.lower()
    if problem := _problem_of_authority(authority):
        return UrlJudgement(False, problem)
    split = _AUTHORITY.fullmatch(authority)
    if split is None:
        return UrlJudgement(False, "host and port can't be told apart")
    host, literal = _host_of(split["host"])
    if host is None:
        return UrlJudgement(False, _odd_host(split["host"]))
    port = int(split["port"]) if split["port"] else DEFAULT_PORTS.get(scheme)
    if port is None or not 0 < port < 65_536:
        return UrlJudgement(False, "only https is allowed" if port is None else "not a port", host)
    return _Written(Origin(scheme, host, port), literal)


def _problem_of_text(url: str) -> str | None:
    if not url:
        return "empty"
    if len(url) > LONGEST_URL:
        return f"longer than {LONGEST_URL} characters"
    if not url.isprintable() or " " in url:  # the only white space that counts as printable
        return "white space or a control character in it"
    if "\\" in url:
        return "a backslash in it"
    return None


def _problem_of_authority(authority: str) -> str | None:
    if not authority:
        return "no host"
    if "@" in authority:
        return "a user name or password in front of the host"
    if not authority.isascii():
        return "a host with characters beyond ASCII, which can look like another"
    if "%" in authority:
        return "a percent sign in the host"
    return None


def _judge_origin(where: _Written, rules: UrlRules) -> UrlJudgement:
    scheme, host, port = where.origin

    def refused(reason: str) -> UrlJudgement:
        return UrlJudgement(False, reason, host, port)

    if where.origin in rules.allowed_origins:
        return UrlJudgement(True, "an allowed origin", host, port, region=True)
    if scheme != "https":
        return refused("only https is allowed")
    if where.literal:
        return refused("an address in place of a name")
    in_region = host in rules.region_hosts
    if not in_region and host not in rules.allowed_hosts:
        return refused("a host that is neither one of the region's nor allowed by name")
    if port != 443:
        return refused("a port other than 443")
    return UrlJudgement(True, "a host of the region" if in_region else "a host allowed by name", host, port, in_region)


def _host_of(written: str) -> tuple[str | None, bool]:
    """(host, whether it is an address); no host for every spelling but the plain one."""
    try:
        if written.startswith("["):
            return ipaddress.IPv6Address(written[1:-1]).compressed, True
        return ipaddress.IPv4Address(written).compressed, True
    except ValueError:
        return (written, False) if _is_name(written) else (None, False)


def _is_name(host: str) -> bool:
    return _NAME.fullmatch(host) is not None and _NUMBER.fullmatch(host.rpartition(".")[2]) is None


def _odd_host(written: str) -> str:
    if written.startswith("["):
        return "not an IPv6 address between the brackets"
    if _NUMBER.fullmatch(written.rstrip(".").rpartition(".")[2]):
        return "an address in an unusual spelling"
    if written.endswith("."):
        return "a dot at the end of the host"
    return "not a host name"


def _origin_alone(text: str) -> Origin | None:
    """`scheme://address:port`, nothing behind it; the port may be left out."""
    origin = origin_of(text) if _URL.fullmatch(text.removesuffix("/")) else None
    return origin if origin and origin.scheme in DEFAULT_PORTS else None

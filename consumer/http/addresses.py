"""Which internet addresses a file may come from, and the resolver that hands out no others."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import anyio
from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]  # name and port → addresses; raises `OSError`

# Written out: what the standard library calls global has changed between its patch releases.
NOT_PUBLIC = tuple(
    (ipaddress.ip_network(network), what)
    for network, what in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by carriers"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local, cloud metadata"),
        ("168.63.129.16/32", "cloud metadata"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved, cloud metadata"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "reserved"),
        ("192.52.193.0/24", "reserved"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "reserved"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "IPv4 mapped into IPv6"),
        ("::/96", "IPv4 inside IPv6"),
        ("::ffff:0:0:0/96", "IPv4 translated into IPv6"),
        ("64:ff9b::/96", "NAT64"),
        ("64:ff9b:1::/48", "NAT64"),
        ("100::/64", "discard"),
        ("2001::/32", "Teredo"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("2620:4f:8000::/48", "reserved"),
        ("3ffe::/16", "reserved"),
        ("3fff::/20", "documentation"),
        ("fc00::/7", "private, cloud metadata"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
ISATAP = (0x00005EFE, 0x02005EFE)  # upper half of an interface identifier that carries an IPv4 address


def why_not_public(address: str) -> str | None:
    """What `address` (of one host, without a port) is if it is no public one; None for a public one. Never raises."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "not an address"
    for network, what in NOT_PUBLIC:
        if ip.version == network.version and ip in network:
            return what
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id is not None:
            return "bound to one link"
        if ip not in GLOBAL_UNICAST:
            return "reserved"
        if int(ip) >> 32 & 0xFFFFFFFF in ISATAP:
            return "IPv4 inside IPv6"
    return None


class NameNotAllowed(Exception):
    """Something asked for the addresses of a host that its client has no business with."""


class AddressNotAllowed(Exception):
    """A name leads to an address that is not public; the text names neither."""


async def system_lookup(host: str, port: int) -> Sequence[str]:
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@dataclass(frozen=True, slots=True)
class Reach:
    """Where one client may connect: names that must resolve to public addresses, and hosts whose address is trusted."""

    public_names: frozenset[str] = frozenset()
    trusted_hosts: frozenset[str] = frozenset()  # names or literals from the settings, never from an event


class CheckedResolver(AbstractResolver):
    """Resolves once, checks every address, and lets the socket go to the checked ones only.

    One bad address among good ones refuses the name: an honest host has none.
    """

    def __init__(self, reach: Reach, lookup: Resolve = system_lookup) -> None:
        self._reach = reach
        self._lookup = lookup
        self._trusted = {host for host in reach.trusted_hosts if is_literal(host)}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        trusted = host in self._reach.trusted_hosts
        if not trusted and host not in self._reach.public_names:
            raise NameNotAllowed
        addresses = list(dict.fromkeys(await self._lookup(host, port)))
        if not addresses:
            raise OSError("the name has no address")
        if trusted:
            self._trusted.update(addresses)
        elif any(why_not_public(address) for address in addresses):
            raise AddressNotAllowed
        return [_result(host, port, address) for address in addresses]

    def open_socket(self, info: AddrInfoType) -> socket.socket:
        """The last look: aiohttp asks for a socket with the very address that it connects next.

        A literal in a URL never sees the resolver, and comes by here all the same.
        """
        family, kind, protocol, _, target = info
        address = str(target[0])
        if address not in self._trusted and why_not_public(address):
            raise PermissionError(errno.EACCES, "not an address that may be connected to")
        return socket.socket(family, kind, protocol)

    async def close(self) -> None:
        return None


def is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _result(host: str, port: int, address: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=flags)

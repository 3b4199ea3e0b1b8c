import ipaddress
import socket
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.http.addresses import AddressNotAllowed, CheckedResolver, NameNotAllowed, Reach, why_not_public
from tests.download.hostile import HOSTILE_ANSWERS

PUBLIC = ["8.8.8.8", "93.184.216.34", "52.0.0.1", "100.63.255.255", "172.32.0.1", "192.169.0.1", "2606:4700::1111"]


@pytest.mark.parametrize("answer", HOSTILE_ANSWERS)
def test_a_bad_address_is_named(answer: tuple[str, ...]) -> None:
    assert any(why_not_public(address) for address in answer)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_fine(address: str) -> None:
    assert why_not_public(address) is None


@given(st.one_of(st.ip_addresses(), st.sampled_from(["10.0.0.0", "127.0.0.0"]).map(ipaddress.ip_address)))
def test_what_the_standard_library_calls_private_is_never_public_here(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if address.is_private or address.is_multicast or address.is_reserved or address.is_loopback:
        assert why_not_public(str(address))


@given(st.integers(0, 2**32 - 1), st.sampled_from(["::ffff:0:0", "::", "64:ff9b::", "::ffff:0:0:0", "64:ff9b:1::"]))
def test_no_ipv4_address_comes_in_inside_an_ipv6_one(inner: int, prefix: str) -> None:
    assert why_not_public(str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) + inner)))


@given(st.integers(0, 2**32 - 1), st.sampled_from([0x2002 << 112, 0x20010000 << 96]))
def test_neither_by_6to4_nor_by_teredo(inner: int, prefix: int) -> None:
    for shift in (0, 80):
        if prefix == 0x2002 << 112 or shift == 0:
            assert why_not_public(str(ipaddress.IPv6Address(prefix + (inner << shift))))


@given(st.text())
def test_text_that_is_no_address_is_not_public(text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        assert why_not_public(text) == "not an address"


def resolver(reach: Reach, *addresses: str) -> CheckedResolver:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return addresses

    return CheckedResolver(reach, lookup)


NAMED = Reach(public_names=frozenset({"cdn.example.org"}), trusted_hosts=frozenset({"emulator", "10.9.9.9"}))


@pytest.mark.parametrize("answer", HOSTILE_ANSWERS)
async def test_a_name_that_leads_to_one_bad_address_is_refused(answer: tuple[str, ...]) -> None:
    with pytest.raises(AddressNotAllowed):
        await resolver(NAMED, *answer).resolve("cdn.example.org", 443)


async def test_good_addresses_are_handed_on_as_they_are_each_once() -> None:
    answer = resolver(NAMED, "93.184.216.34", "2606:4700::1111", "93.184.216.34")
    results = await answer.resolve("cdn.example.org", 443)
    assert [(result["host"], result["port"], result["family"]) for result in results] == [
        ("93.184.216.34", 443, socket.AF_INET),
        ("2606:4700::1111", 443, socket.AF_INET6),
    ]


async def test_a_name_that_nobody_allowed_is_not_even_looked_up() -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        raise AssertionError("looked up")

    with pytest.raises(NameNotAllowed):
        await CheckedResolver(NAMED, lookup).resolve("evil.example", 443)


async def test_a_trusted_name_may_lead_anywhere_and_only_there() -> None:
    trusting = resolver(NAMED, "127.0.0.5")
    await trusting.resolve("emulator", 80)
    trusting.open_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.5", 80))).close()
    with pytest.raises(PermissionError):
        trusting.open_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.6", 80)))


@pytest.mark.parametrize("answer", [answer for answer in HOSTILE_ANSWERS if len(answer) == 1])
def test_no_socket_is_made_for_a_bad_address_that_never_saw_the_resolver(answer: tuple[str]) -> None:
    family = socket.AF_INET6 if ":" in answer[0] else socket.AF_INET
    with pytest.raises(PermissionError):
        resolver(NAMED).open_socket((family, socket.SOCK_STREAM, 0, "", (answer[0], 443)))


def test_an_address_of_the_settings_gets_its_socket() -> None:
    resolver(NAMED).open_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("10.9.9.9", 443))).close()


async def test_a_name_without_an_address_is_an_error_of_the_network() -> None:
    with pytest.raises(OSError):
        await resolver(NAMED).resolve("cdn.example.org", 443)

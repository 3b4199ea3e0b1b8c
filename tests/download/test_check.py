import socket
from collections.abc import Sequence

import pytest

from consumer.http.check import CheckedAddress, CheckedUrl, check_url
from consumer.http.urls import UrlRules
from tests.download.hostile import HOSTILE_ANSWERS, HOSTILE_URLS, R

RULES = UrlRules.of("mypurecloud.com", allowed_origins=["http://127.0.0.1:8080", "http://emulator:8081"])
LINK = f"https://{R}/file"


async def never(host: str, port: int) -> Sequence[str]:
    raise AssertionError("resolved")


async def no_such_name(host: str, port: int) -> Sequence[str]:
    raise socket.gaierror(socket.EAI_NONAME, "no such name")


async def test_resolves_nothing_unless_asked() -> None:
    assert await check_url(LINK, RULES, lookup=never) == CheckedUrl(LINK, True, "a host of the region", R, 443)


@pytest.mark.parametrize("url", [urls[0] for urls in HOSTILE_URLS.values()])
async def test_a_refused_url_is_not_resolved_even_when_asked(url: str) -> None:
    row = await check_url(url, RULES, resolve=True, lookup=never)
    assert (row.allowed, row.addresses) == (False, None)


async def test_tells_of_each_address_what_is_decided_about_it() -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return ["93.184.216.34", "10.0.0.1"]

    row = await check_url(LINK, RULES, resolve=True, lookup=lookup)
    assert (row.allowed, row.reason) == (False, "its name leads to 10.0.0.1: private")
    assert row.addresses == (
        CheckedAddress("93.184.216.34", True, "public"),
        CheckedAddress("10.0.0.1", False, "private"),
    )


@pytest.mark.parametrize("answer", HOSTILE_ANSWERS)
async def test_a_hostile_answer_refuses_the_url(answer: tuple[str, ...]) -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return answer

    assert not (await check_url(LINK, RULES, resolve=True, lookup=lookup)).allowed


async def test_public_addresses_leave_it_allowed() -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return ["93.184.216.34"]

    row = await check_url(LINK, RULES, resolve=True, lookup=lookup)
    assert (row.allowed, row.reason) == (True, "a host of the region")


async def test_a_name_that_does_not_resolve_is_refused_with_that_reason() -> None:
    row = await check_url(LINK, RULES, resolve=True, lookup=no_such_name)
    assert (row.allowed, row.reason, row.addresses) == (False, "its name could not be resolved", ())


async def test_an_allowed_origin_may_be_private() -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return ["172.18.0.3"]

    by_name = await check_url("http://emulator:8081/x", RULES, resolve=True, lookup=lookup)
    by_address = await check_url("http://127.0.0.1:8080/x", RULES, resolve=True, lookup=never)
    assert by_name.addresses == (CheckedAddress("172.18.0.3", True, "an allowed origin"),)
    assert by_address.addresses == (CheckedAddress("127.0.0.1", True, "an allowed origin"),)
    assert by_name.allowed
    assert by_address.allowed

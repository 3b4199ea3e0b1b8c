import ipaddress
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from consumer.http.urls import Origin, UrlRules, judge_url, redirect_target
from tests.download.hostile import HOSTILE_URLS, R

RULES = UrlRules.of(
    "mypurecloud.com",
    allowed_hosts=["cdn.example.org"],
    allowed_origins=["http://127.0.0.1:8080", "https://[::1]:8443", "http://emulator:8081"],
)


@pytest.mark.parametrize(("reason", "url"), [(reason, url) for reason, urls in HOSTILE_URLS.items() for url in urls])
def test_a_hostile_url_is_refused_for_what_is_wrong_with_it(reason: str, url: str) -> None:
    judgement = judge_url(url, RULES)
    assert (judgement.allowed, judgement.reason) == (False, reason)


@pytest.mark.parametrize(
    ("url", "host", "port", "region"),
    [
        (f"https://{R}/a/b.pdf?Expires=1&Signature=a~b-c_&Key-Pair-Id=K", R, 443, True),
        (f"https://{R}:443/", R, 443, True),
        (f"https://{R}", R, 443, True),
        (f"https://{R}?Signature=x", R, 443, True),
        (f"https://{R}#x", R, 443, True),
        (f"HTTPS://{R.upper()}/x", R, 443, True),
        ("https://api.mypurecloud.com/api/v2/downloads/30c5bf36123e95ee", "api.mypurecloud.com", 443, True),
        ("https://apps.mypurecloud.com/platform/api/v2/downloads/1", "apps.mypurecloud.com", 443, True),
        ("https://login.mypurecloud.com/", "login.mypurecloud.com", 443, True),
        ("https://cdn.example.org/Gr\u00fc\u00dfe.pdf?x=%2F@:", "cdn.example.org", 443, False),
        ("https://cdn.example.org/a//b/../c;d,e!'()*[]{}|^`\"<>", "cdn.example.org", 443, False),
        ("http://127.0.0.1:8080/x", "127.0.0.1", 8080, True),
        ("https://[0:0::1]:8443/x", "::1", 8443, True),
        ("http://emulator:8081/x", "emulator", 8081, True),
    ],
)
def test_what_is_allowed(url: str, host: str, port: int, region: bool) -> None:
    judgement = judge_url(url, RULES)
    assert (judgement.allowed, judgement.host, judgement.port, judgement.region) == (True, host, port, region)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8081/",
        "https://127.0.0.1:8080/",
        "http://127.0.0.1/",
        "http://localhost:8080/",
        "http://127.1:8080/",
        "http://[::ffff:127.0.0.1]:8080/",
        "http://[::1]:8443/",
        "http://emulator./",
        "http://emulator:8080/",
        "http://user@emulator:8081/",
    ],
)
def test_an_allowed_origin_is_exactly_its_scheme_address_and_port(url: str) -> None:
    assert not judge_url(url, RULES).allowed


@pytest.mark.parametrize(
    "domain",
    ["mypurecloud.ie", "mypurecloud.com.au", "usw2.pure.cloud", "use2.us-gov-pure.cloud", "edee1.eusc-pure.cloud"],
)
def test_only_the_configured_region_counts(domain: str) -> None:
    rules = UrlRules.of(domain)
    assert judge_url(f"https://api-downloads.{domain}/x", rules).allowed
    assert not judge_url(f"https://{R}/x", rules).allowed
    assert not judge_url(f"https://api-downloads.evil-{domain}/x", rules).allowed


@pytest.mark.parametrize(
    ("region", "hosts", "origins", "named"),
    [
        ("https://mypurecloud.com", [], [], "GENESYS_REGION"),
        ("", [], [], "GENESYS_REGION"),
        ("127.0.0.1", [], [], "GENESYS_REGION"),
        ("mypurecloud.com", ["*.example.org"], [], "DOWNLOAD__ALLOWED_HOSTS"),
        ("mypurecloud.com", ["https://example.org"], [], "DOWNLOAD__ALLOWED_HOSTS"),
        ("mypurecloud.com", ["example.org:443"], [], "DOWNLOAD__ALLOWED_HOSTS"),
        ("mypurecloud.com", [], ["127.0.0.1:80"], "DOWNLOAD__ALLOWED_ORIGINS"),
        ("mypurecloud.com", [], ["http://127.0.0.1:80/path"], "DOWNLOAD__ALLOWED_ORIGINS"),
        ("mypurecloud.com", [], ["http://127.1:80"], "DOWNLOAD__ALLOWED_ORIGINS"),
        ("mypurecloud.com", [], ["http://127.0.0.1:0"], "DOWNLOAD__ALLOWED_ORIGINS"),
        ("mypurecloud.com", [], ["ftp://127.0.0.1:80"], "DOWNLOAD__ALLOWED_ORIGINS"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named(region: str, hosts: list[str], origins: list[str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        UrlRules.of(region, hosts, origins)


def test_origins_are_kept_in_one_spelling() -> None:
    rules = UrlRules.of("mypurecloud.com", allowed_origins=["HTTP://Emulator", "https://[0:0::1]/"])
    assert rules.allowed_origins == {Origin("http", "emulator", 80), Origin("https", "::1", 443)}


PIECES = st.one_of(
    st.text(max_size=3),
    st.sampled_from(["@", ":", ":443", "/", "\\", "?", "#", "%", ".", "..", "//", "[", "]", ";", "&", "0x7f"]),
    st.sampled_from(["\r\n", "\t", "\x00", "\u3002", "\uff0f", "xn--", "evil.example"]),
)
ALMOST_RIGHT = st.tuples(
    st.sampled_from(["https://", "HTTPS://", "http://"]),
    st.sampled_from([R, R.upper(), f"{R}:443", "cdn.example.org", "127.0.0.1:8080", "[0:0::1]:8443", "emulator:8081"]),
    st.one_of(st.just(""), PIECES),
    st.sampled_from(["", "/", "?", "#", "/a/../b/"]),
    st.lists(PIECES, max_size=4).map("".join),
).map("".join)
URLS = st.one_of(st.text(), ALMOST_RIGHT)


def plain(host: str | None) -> str | None:
    return str(ipaddress.ip_address(host)) if host and ":" in host else host


@given(URLS)
@example(f"https://{R}\\@evil.example/")
@example(f"https://{R}/x")
def test_never_raises_and_what_it_allows_every_parser_reads_alike(url: str) -> None:
    judgement = judge_url(url, RULES)
    if not judgement.allowed:
        return
    ours, theirs, standard = httpx.URL(url), URL(str(httpx.URL(url)), encoded=True), urlsplit(url)
    assert {plain(ours.host), plain(theirs.raw_host), plain(standard.hostname)} == {judgement.host}
    assert {ours.port, theirs.explicit_port, standard.port} <= {None, judgement.port}


@given(URLS)
def test_what_it_allows_it_allows_again_as_the_client_spells_it(url: str) -> None:
    judgement = judge_url(url, RULES)
    if judgement.allowed:
        assert judge_url(str(httpx.URL(url)), RULES) == judgement


@given(URLS)
def test_the_reason_holds_nothing_of_the_url(url: str) -> None:
    assert judge_url(url, RULES).reason in {
        *HOSTILE_URLS,
        "a host of the region",
        "a host allowed by name",
        "an allowed origin",
    }


@given(URLS)
def test_a_redirect_leads_somewhere_or_is_refused_but_never_raises(location: str) -> None:
    target = redirect_target(f"https://{R}/a/b?c", location)
    if judge_url(target, RULES).allowed:
        assert urlsplit(target).hostname


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/x?y", f"https://{R}/x?y"),
        ("x", f"https://{R}/a/x"),
        ("//evil.example/x", "https://evil.example/x"),
        ("https://evil.example/", "https://evil.example/"),
        ("http://[::1", "http://[::1"),
    ],
)
def test_where_a_redirect_leads(location: str, target: str) -> None:
    assert redirect_target(f"https://{R}/a/b?c", location) == target

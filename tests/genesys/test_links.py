"""Which links are our API's own: told apart by exact origin, path and query, whatever the spelling tries."""

import pytest

from consumer.genesys.hosts import Hosts
from consumer.genesys.links import bearer_id
from consumer.http.urls import UrlRules, judge_url

DOMAIN = "mypurecloud.de"
OURS = Hosts.of(DOMAIN).link_origins
RULES = UrlRules.of(DOMAIN)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://api-downloads.mypurecloud.de/api/v2/downloads/30c5bf36123e95ee", "30c5bf36123e95ee"),
        ("https://apps.mypurecloud.de/platform/api/v2/downloads/x1/", "x1"),
        ("https://API.mypurecloud.de:443/api/v2/downloads/x1?contentDisposition=attachment", "x1"),
        ("https://api-downloads.mypurecloud.de/api/v2/downloads/x1?Expires=1&Signature=s&Key-Pair-Id=k", None),
        ("https://api-downloads.mypurecloud.de/api/v2/downloads/x1?X-Amz-Signature=s", None),
        ("https://api-downloads.mypurecloud.de/some/object?Expires=1", None),
        ("https://api-downloads.mypurecloud.de/api/v2/downloads/../x1", None),
        ("https://api-downloads.mypurecloud.de/api/v2/downloads/x1/more", None),
        ("http://api.mypurecloud.de/api/v2/downloads/x1", None),
        ("https://api.mypurecloud.de:444/api/v2/downloads/x1", None),
        ("https://api.mypurecloud.com/api/v2/downloads/x1", None),
        ("https://api.mypurecloud.de.evil.example/api/v2/downloads/x1", None),
        ("https://login.mypurecloud.de/api/v2/downloads/x1", None),
    ],
)
def test_links_of_our_api_are_told_by_origin_path_and_signature(url: str, found: str | None) -> None:
    assert bearer_id(url, OURS) == found


@pytest.mark.parametrize(
    "url",
    [
        "https://api.mypurecloud.de./api/v2/downloads/x1",
        "https://api.mypurecloud.de../api/v2/downloads/x1",
        " https://api.mypurecloud.de/api/v2/downloads/x1",
        "https://api.mypure\tcloud.de/api/v2/downloads/x1",
        "https://api.mypurecloud.de/api/v2/down\nloads/x1",
        "\0https://api.mypurecloud.de/api/v2/downloads/x1",
        "https://u@api.mypurecloud.de/api/v2/downloads/x1",
        "https://api.mypurecloud.de\\@evil.example/api/v2/downloads/x1",
        "https://api.mypurecloud.dé/api/v2/downloads/x1",
        "https://[::1/api/v2/downloads/x1",
        "//api.mypurecloud.de/api/v2/downloads/x1",
        "https:///api/v2/downloads/x1",
        "",
    ],
)
def test_what_the_url_rules_refuse_is_no_link_of_ours(url: str) -> None:
    assert not judge_url(url, RULES).allowed
    assert bearer_id(url, OURS) is None


def test_a_query_without_end_is_taken_as_signed() -> None:
    """The token then goes nowhere: the URL is fetched as it is, or refused."""
    assert bearer_id("https://api.mypurecloud.de/api/v2/downloads/x1?" + "&".join(["a=b"] * 101), OURS) is None

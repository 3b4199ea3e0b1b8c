import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from consumer.genesys.hosts import Hosts
from consumer.genesys.links import bearer_id
from consumer.settings.regions import DOMAINS, REGIONS


def test_the_regions_are_those_of_the_official_sdk() -> None:
    spec = find_spec("PureCloudPlatformClientV2")  # read, not imported: that takes seconds
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).with_name("purecloud_region_hosts.py").read_text()
    known = set(re.findall(r"https://api\.([a-z0-9.-]+)", source))
    assert known == DOMAINS
    assert len(REGIONS) == len(DOMAINS) == 18


@pytest.mark.parametrize("domain", sorted(DOMAINS))
def test_a_region_has_its_hosts(domain: str) -> None:
    hosts = Hosts.of(domain)
    assert (hosts.login_url, hosts.api_url) == (f"https://login.{domain}", f"https://api.{domain}")
    for host in ("api", "api-downloads"):
        assert bearer_id(f"https://{host}.{domain}/api/v2/downloads/x1", hosts.link_origins) == "x1"
    assert bearer_id(f"https://apps.{domain}/platform/api/v2/downloads/x1", hosts.link_origins) == "x1"
    assert bearer_id(f"https://apps.evil-{domain}/platform/api/v2/downloads/x1", hosts.link_origins) is None


def test_both_base_urls_can_be_set_apart() -> None:
    hosts = Hosts.of("mypurecloud.com", login_url="http://127.0.0.1:1", api_url="http://127.0.0.1:2/gateway")
    assert (hosts.login_url, hosts.api_url) == ("http://127.0.0.1:1", "http://127.0.0.1:2/gateway")
    assert bearer_id("http://127.0.0.1:2/api/v2/downloads/x1", hosts.link_origins) == "x1"
    assert bearer_id("http://127.0.0.1:1/api/v2/downloads/x1", hosts.link_origins) is None


def test_an_emulators_files_may_have_an_origin_of_their_own() -> None:
    hosts = Hosts.of("mypurecloud.com", extra_origins=frozenset({"http://127.0.0.1:3"}))
    assert bearer_id("http://127.0.0.1:3/api/v2/downloads/x1", hosts.link_origins) == "x1"

"""The 18 regions of Genesys Cloud, and the hosts of each."""

from __future__ import annotations

from dataclasses import dataclass

from consumer.download.urls import Origin, origin_of

# AWS region → domain. Compared as a whole: a suffix would let `evil-pure.cloud` in, and miss the two sovereign clouds.
REGIONS = {
    "us-east-1": "mypurecloud.com",
    "us-east-2": "use2.us-gov-pure.cloud",
    "us-west-2": "usw2.pure.cloud",
    "ca-central-1": "cac1.pure.cloud",
    "mx-central-1": "mxc1.pure.cloud",
    "sa-east-1": "sae1.pure.cloud",
    "eu-west-1": "mypurecloud.ie",
    "eu-west-2": "euw2.pure.cloud",
    "eu-central-1": "mypurecloud.de",
    "eu-central-2": "euc2.pure.cloud",
    "eusc-de-east-1": "edee1.eusc-pure.cloud",
    "me-central-1": "mec1.pure.cloud",
    "ap-south-1": "aps1.pure.cloud",
    "ap-southeast-1": "apse1.pure.cloud",
    "ap-southeast-2": "mypurecloud.com.au",
    "ap-northeast-1": "mypurecloud.jp",
    "ap-northeast-2": "apne2.pure.cloud",
    "ap-northeast-3": "apne3.pure.cloud",
}
DOMAINS = frozenset(REGIONS.values())


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where a region is reached. The two base URLs can be set apart from it (a gateway, an emulator)."""

    login_url: str
    api_url: str
    link_origins: frozenset[Origin]  # whose /api/v2/downloads/{id} are links to our API

    @classmethod
    def of(
        cls,
        domain: str,
        *,
        login_url: str | None = None,
        api_url: str | None = None,
        extra_origins: frozenset[str] = frozenset(),
    ) -> Hosts:
        api_url = api_url or f"https://api.{domain}"
        own = {f"https://{name}.{domain}" for name in ("api", "api-downloads", "apps")} | {api_url} | extra_origins
        return cls(
            login_url=login_url or f"https://login.{domain}",
            api_url=api_url,
            link_origins=frozenset(origin for url in own if (origin := origin_of(url))),
        )

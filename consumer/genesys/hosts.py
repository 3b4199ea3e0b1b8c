"""The hosts of a region of Genesys Cloud."""

from __future__ import annotations

from dataclasses import dataclass

from consumer.http.urls import Origin, origin_of


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

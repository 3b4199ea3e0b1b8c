"""An emulated Genesys that answers as each test says, and our side connected to it."""

from collections.abc import AsyncIterator

import pytest

from tests.genesys.cloud import Client, Cloud, connected, serving


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with serving(Cloud()) as cloud:
        yield cloud


@pytest.fixture
async def client(cloud: Cloud) -> AsyncIterator[Client]:
    async with connected(cloud) as client:
        yield client

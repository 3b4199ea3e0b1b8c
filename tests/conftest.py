import pytest


@pytest.fixture
def anyio_backend() -> str:
    """aiokafka and aiohttp are asyncio libraries, so no other backend is tried."""
    return "asyncio"

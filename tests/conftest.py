import gc

import pytest
from hypothesis import HealthCheck, settings

# How fast a machine draws examples says nothing about the code: a busy one would fail the suite in a fresh clone.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

pytest_plugins = ["tests.left_out", "tests.quick", "tests.kafka_fixtures", "pytester"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "kafka: needs a real Apache Kafka, which the tests start themselves")


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()  # thousands of tests and modules are no garbage, and need not be looked through again and again


@pytest.fixture
def anyio_backend() -> str:
    """aiokafka and aiohttp are asyncio libraries, so no other backend is tried."""
    return "asyncio"

"""Who gives no answer has found nothing clean, whatever is spoken with him."""

from __future__ import annotations

import pytest

from consumer.errors import Unavailable
from consumer.inspection.antivirus import open_scanner
from consumer.model import Dependency
from consumer.settings.model import AntivirusSettings
from tests.antivirus.conftest import MIB, scanned
from tests.antivirus.sick import hangs_up, says_nothing, talking
from tests.loopback import Talk

SPOKEN = ("tcp", "icap")


async def is_unavailable(address: str, timeout_s: float) -> None:
    scanner = open_scanner(AntivirusSettings(address=address, timeout_s=timeout_s))
    assert scanner is not None
    with pytest.raises(Unavailable) as caught:
        await scanned(scanner, bytes(4 * MIB))
    assert caught.value.dependency is Dependency.ANTIVIRUS
    await scanner.aclose()


@pytest.mark.parametrize("scheme", SPOKEN)
@pytest.mark.parametrize("talk", [hangs_up, says_nothing])
async def test_no_answer_is_never_clean(talk: Talk, scheme: str) -> None:
    async with talking(talk, scheme) as address:
        await is_unavailable(address, timeout_s=0.5)


@pytest.mark.parametrize("scheme", SPOKEN)
async def test_nobody_there_is_unavailable(scheme: str) -> None:
    async with talking(hangs_up, scheme) as address:
        pass
    await is_unavailable(address, timeout_s=10)


async def test_no_socket_there_is_unavailable() -> None:
    await is_unavailable("unix:///nowhere/clamd.sock", timeout_s=10)

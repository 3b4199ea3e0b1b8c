"""Each is judged by a real worker within its deadline, in an address space that has little room above its own."""

import sys

import pytest

from consumer.inspection.detection import Detector
from consumer.inspection.examination import examine
from consumer.inspection.policy.policy import Policy
from consumer.inspection.workers.pool import Bounds, Workers
from consumer.inspection.workers.process import Template
from consumer.inspection.workers.starting import default_command
from consumer.inspection.workers.worker import Plan
from consumer.model import Reason
from tests.inspection import bombs
from tests.inspection.files import BENIGN, MemoryBody, attachment, ooxml
from tests.inspection.measured import cost, status
from tests.inspection.slow import LARGEST, SLOW
from tests.inspection.tally import Tally

MIB = 1024 * 1024
MORE = 64 * MIB
HEAVY_REASONS = {
    "content types": Reason.ARCHIVE_LIMITS,
    "parts kept whole": Reason.ARCHIVE_LIMITS,
    "relationships": Reason.ARCHIVE_LIMITS,
    "external relationships": Reason.ARCHIVE_LIMITS,
    "deep XML": Reason.MALFORMED,
    "long attribute": Reason.MALFORMED,
    "PDF stream": Reason.ARCHIVE_LIMITS,
    "PDF streams": Reason.ARCHIVE_LIMITS,
    "PDF stream packed twice": Reason.ARCHIVE_LIMITS,
    "PDF names in escapes": Reason.ARCHIVE_LIMITS,
}
"""The rest is large in nothing but its own bytes."""


@pytest.fixture(scope="module")
async def room() -> int:
    """Bytes of address space: what an idle worker maps, and 64 MiB."""
    if sys.platform != "linux":
        pytest.skip("what a process maps is told by /proc")
    template = await Template.start(default_command())
    worker = template.fork(Plan(1024 * MIB))
    await worker.ready()
    mapped = status(worker.pid, "VmSize")
    await template.close()
    return mapped + MORE


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


async def judged(data: bytes, room: int) -> Reason | None:
    """By a real worker in that much room, which has to survive it."""
    tally = Tally()
    async with Workers(
        1, bounds=Bounds(deadline_s=60.0, address_space_bytes=room, cpu_s=20.0), reports=tally
    ) as workers:
        with MemoryBody(data) as body:
            facts = await workers.examine(body, attachment(None))
    assert not tally.ended
    assert not tally.failures
    return Policy.load().decide(attachment(None), facts)


@pytest.mark.parametrize("name", bombs.BOMBS)
async def test_a_bomb_is_rejected_by_its_structure_in_little_memory(name: str, room: int) -> None:
    assert await judged(bombs.BOMBS[name](), room) in (Reason.ARCHIVE_LIMITS, Reason.IMAGE_TOO_LARGE)


@pytest.mark.parametrize("name", bombs.HEAVY)
async def test_what_is_made_to_cost_much_costs_little(name: str, room: int) -> None:
    assert await judged(bombs.HEAVY[name](), room) is HEAVY_REASONS.get(name)


@pytest.mark.parametrize("name", SLOW)
async def test_what_is_made_to_take_long_fits_into_the_same_room(name: str, room: int) -> None:
    await judged(SLOW[name](LARGEST), room)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's count of a process's memory is asked")
@pytest.mark.parametrize("name", bombs.BOMBS)
async def test_a_bomb_fills_no_memory(name: str) -> None:
    assert (await cost(bombs.BOMBS[name]())).extra < MORE


def test_an_entry_that_is_larger_than_it_says_is_a_lie() -> None:
    seen = examine(bombs.lying_size(), Detector())
    assert seen.has(Reason.ARCHIVE_LIMITS)


def test_documents_in_documents_are_fine_archives_without_end_are_not() -> None:
    inner = ooxml("xlsx")
    for depth in range(5):
        seen = examine(inner, Detector())
        assert seen.has(Reason.ARCHIVE_LIMITS) == (depth > 3)
        inner = ooxml("docx", {"word/embeddings/inner.docx": inner})


def test_ordinary_files_meet_no_limit() -> None:
    for data in BENIGN.values():
        assert examine(data, Detector()).findings == []

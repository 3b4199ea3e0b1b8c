"""Each is judged by a real worker, in an address space that has little room above its own."""

import sys
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from consumer.inspection.detection import Detector
from consumer.inspection.examination import examine
from consumer.inspection.readers.seen import Work
from consumer.inspection.workers.process import Template
from consumer.inspection.workers.worker import Plan
from consumer.model import Reason
from tests.inspection import bombs
from tests.inspection.files import BENIGN, ooxml
from tests.inspection.measured import PLAN, cost, is_over, spent, started, status
from tests.inspection.slow import LARGEST, SLOW

MIB = 1024 * 1024
MORE = 64 * MIB
DETECTOR = Detector()
BUDGET = Work().left
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
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def template() -> AsyncIterator[Template]:
    if sys.platform != "linux":
        pytest.skip("what a process maps is told by /proc")
    async with started() as template:
        yield template


@pytest.fixture(scope="module")
async def small(template: Template) -> Plan:
    """Of a worker with as much address space as an idle one maps, and 64 MiB."""
    worker = template.fork(PLAN)
    await worker.ready()
    mapped = status(worker.pid, "VmSize")
    await worker.end(kill=False)
    return replace(PLAN, address_space_bytes=mapped + MORE)


@pytest.mark.parametrize("name", bombs.BOMBS)
async def test_a_bomb_is_rejected_by_its_structure_early_and_in_little_memory(
    name: str, template: Template, small: Plan
) -> None:
    data = bombs.BOMBS[name]()
    found = await cost(data, template, small)
    assert found.reason in (Reason.ARCHIVE_LIMITS, Reason.IMAGE_TOO_LARGE)
    assert found.extra < MORE
    assert spent(data, examine(data, DETECTOR)) < 0.7 * Work.of(len(data)).left


@pytest.mark.parametrize("name", bombs.HEAVY)
async def test_what_is_made_to_cost_much_costs_little(name: str, template: Template, small: Plan) -> None:
    assert (await cost(bombs.HEAVY[name](), template, small)).reason is HEAVY_REASONS.get(name)


@pytest.mark.parametrize("name", SLOW)
async def test_what_is_made_to_take_long_is_paid_for_each_time_and_fits_into_the_same_room(
    name: str, template: Template, small: Plan
) -> None:
    data = SLOW[name](LARGEST)
    await cost(data, template, small)
    seen = examine(data, DETECTOR)
    assert is_over(seen) or len(data) < spent(data, seen) <= BUDGET or seen.has(Reason.MALFORMED)
    assert seen.has(Reason.ARCHIVE_LIMITS) or not is_over(seen)


def test_an_entry_that_is_larger_than_it_says_is_a_lie() -> None:
    seen = examine(bombs.lying_size(), DETECTOR)
    assert seen.has(Reason.ARCHIVE_LIMITS)


def test_documents_in_documents_are_fine_archives_without_end_are_not() -> None:
    inner = ooxml("xlsx")
    for depth in range(5):
        seen = examine(inner, DETECTOR)
        assert seen.has(Reason.ARCHIVE_LIMITS) == (depth > 3)
        inner = ooxml("docx", {"word/embeddings/inner.docx": inner})


def test_ordinary_files_meet_no_limit() -> None:
    for data in BENIGN.values():
        assert examine(data, DETECTOR).findings == []

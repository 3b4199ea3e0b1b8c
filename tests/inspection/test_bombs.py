"""Each is judged by a real worker within its deadline, in an address space that has little room above its own."""

from collections.abc import Callable

import pytest

from consumer.inspection.detection import Detector
from consumer.inspection.examination import examine
from consumer.inspection.policy import Policy
from consumer.inspection.workers import Workers
from consumer.model import Reason
from tests.inspection import bombs
from tests.inspection.files import BENIGN, MemoryBody, attachment, ooxml

MIB = 1024 * 1024
ROOM = 192 * MIB  # an idle worker maps 80 to 110 of them


@pytest.mark.parametrize("name", bombs.BOMBS)
async def test_a_bomb_is_rejected_by_its_structure_in_little_memory(name: str) -> None:
    causes: list[str] = []
    async with Workers(1, 20.0, ROOM, on_restart=causes.append) as workers:
        with MemoryBody(bombs.BOMBS[name]()) as body:
            facts = await workers.examine(body, attachment(None))
    assert Policy.load().decide(attachment(None), facts) in (Reason.ARCHIVE_LIMITS, Reason.IMAGE_TOO_LARGE)
    assert causes == []


@pytest.mark.parametrize("make", [bombs.pdf_objects, bombs.chunks], ids=["pdf objects", "png chunks"])
async def test_what_expands_but_is_never_expanded_costs_nothing(make: Callable[[], bytes]) -> None:
    async with Workers(1, 20.0, ROOM) as workers:
        with MemoryBody(make()) as body:
            facts = await workers.examine(body, attachment(None))
    assert Reason.UNDETECTABLE not in {finding.code for finding in facts.findings}


def test_an_entry_that_is_larger_than_it_says_is_a_lie() -> None:
    seen = examine(bombs.lying_size(), Detector())
    assert seen.has(Reason.ARCHIVE_LIMITS)


def test_documents_in_documents_are_fine_archives_without_end_are_not() -> None:
    inner = ooxml("xlsx")
    for depth in range(5):
        seen = examine(inner, Detector())
        assert seen.has(Reason.ARCHIVE_LIMITS) == (depth > 2)
        inner = ooxml("docx", {"word/embeddings/inner.docx": inner})


def test_ordinary_files_meet_no_limit() -> None:
    for data in BENIGN.values():
        assert examine(data, Detector()).findings == []

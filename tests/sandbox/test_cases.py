"""What a case promises about its bytes is what the inspection says about them, at the shipped policy."""

from collections.abc import AsyncIterator

import pytest

from consumer.download.body import Body
from consumer.inspection.policy.policy import Policy
from consumer.inspection.workers.pool import Workers
from consumer.model import Attachment, Direction, Reason
from consumer.sandbox.cases import CASES, Case, ExpectedOutcome
from consumer.sandbox.files import GENUINE, dice
from consumer.sandbox.plan import GENUINE_CASE, Dealer
from consumer.sandbox.world import SentFile
from tests.reports import Recorder
from tests.sandbox.worlds import CONVERSATION, MESSAGE, file_of

BEFORE_THE_BYTES = {
    Reason.UPLOAD_FAILED,
    Reason.NO_LONGER_AVAILABLE,
    Reason.URL_NOT_ALLOWED,
    Reason.TRUNCATED,
    Reason.HTML_PAGE,
    Reason.TOO_LARGE,
    Reason.TYPE_NOT_ALLOWED,
}
JUDGED_BY_BYTES = [
    case
    for case in CASES
    if case.answer.outcome in (ExpectedOutcome.ACCEPTED, ExpectedOutcome.REJECTED)
    and case.answer.reason not in BEFORE_THE_BYTES
]


def declared(file: SentFile) -> Attachment:
    return Attachment(
        conversation_id=CONVERSATION,
        message_id=MESSAGE,
        attachment_id=file.attachment_id,
        key="id:x",
        name=file.name,
        declared_type=file.mime,
        declared_size=file.declared_size,
        declared_sha256=file.declared_sha256,
        direction=Direction.INBOUND,
    )


async def reason_for(file: SentFile, workers: Workers, policy: Policy) -> str | None:
    attachment = declared(file)
    before = policy.before_download(attachment)
    if before is not None:
        return before
    with Body.of(file.body) as body:
        return policy.decide(attachment, await workers.examine(body, attachment))


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def workers() -> AsyncIterator[Workers]:
    async with Workers(1, reports=Recorder()) as workers:
        yield workers


@pytest.mark.parametrize("case", JUDGED_BY_BYTES, ids=lambda case: case.name)
async def test_the_bytes_get_the_promised_answer(case: Case, workers: Workers) -> None:
    assert await reason_for(file_of(case.name), workers, Policy.load()) == case.answer.reason


@pytest.mark.parametrize("name", ["too_large_declared", "video"])
def test_what_is_rejected_by_its_declaration_is_rejected_before_any_download(name: str) -> None:
    file = file_of(name)
    assert Policy.load().before_download(declared(file)) == file.case.answer.reason


@pytest.mark.parametrize("recipe", GENUINE)
async def test_many_genuine_files_are_all_accepted(recipe: str, workers: Workers) -> None:
    dealer, policy = Dealer(dice("many", recipe)), Policy.load()
    for _ in range(10):
        file = dealer.file(GENUINE_CASE, recipe)
        assert await reason_for(file, workers, policy) is None

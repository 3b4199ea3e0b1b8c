"""What a file host's answer means."""

from datetime import UTC, datetime

import pytest

from consumer.download.body import Body
from consumer.download.budget import Budget
from consumer.download.fetch import Fetcher
from consumer.errors import NotYet, Unavailable
from consumer.http.clients import file_client
from consumer.http.urls import UrlRules
from consumer.model import Expired, Reason
from tests.download.fetching import CAP, REGION, at, fetching_from, head
from tests.download.servers import answering


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "gzip, gzip", "GZIP", "x-unknown"])
async def test_an_encoded_body_is_refused_undecoded(encoding: str) -> None:
    answer = head(f"Content-Encoding: {encoding}", "Content-Length: 3") + b"abc"
    async with answering(answer) as port, fetching_from(port) as fetcher:
        assert await fetcher.fetch(at(port), CAP, None) is Reason.CONTENT_NOT_ALLOWED


@pytest.mark.parametrize(
    ("answered", "declared", "html_page"),
    [
        ("text/html; charset=utf-8", "application/pdf", True),
        ("Text/HTML", None, True),
        ("application/xhtml+xml", "image/png", True),
        ("text/html", "text/html", False),
        ("text/plain", "application/pdf", False),
        ("binary/octet-stream", "image/png", False),
    ],
)
async def test_a_web_page_is_never_a_file_that_claims_to_be_something_else(
    answered: str, declared: str | None, html_page: bool
) -> None:
    answer = head(f"Content-Type: {answered}", "Content-Length: 3") + b"abc"
    async with answering(answer) as port, fetching_from(port) as fetcher:
        got = await fetcher.fetch(at(port), CAP, declared)
    if html_page:
        assert got is Reason.HTML_PAGE
    else:
        assert isinstance(got, Body)
        got.close()


@pytest.mark.parametrize(
    ("status", "media_type"),
    [
        (401, "text/html"),
        (403, "application/xml"),
        (404, "application/json"),
        (410, "text/plain"),
        (400, "application/xml"),
        (400, "text/xml; charset=utf-8"),
    ],
)
async def test_a_link_that_is_over_is_told_so_that_a_new_one_is_asked_for(status: int, media_type: str) -> None:
    answer = head(f"Content-Type: {media_type}", "Content-Length: 0", status=f"{status} No")
    async with answering(answer) as port, fetching_from(port) as fetcher:
        assert await fetcher.fetch(at(port), CAP, None) == Expired(status)


@pytest.mark.parametrize(
    ("status", "retry_after", "seconds"),
    [
        (429, "7", 7.0),
        (503, "Mon, 23 Nov 2026 12:00:30 GMT", 30.0),
        (503, "Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        (500, None, None),
        (502, "soon", None),
        (504, "-1", None),
        (503, "9" * 5_000, 999_999_999.0),
        (503, "Mon, 23 Nov 99999999999 12:00:30 GMT", None),
        (599, "\u0661", None),
    ],
)
async def test_a_host_that_says_later_is_unavailable_until_then(
    status: int, retry_after: str | None, seconds: float | None
) -> None:
    lines = ["Content-Length: 0"] + ([f"Retry-After: {retry_after}"] if retry_after else [])
    async with answering(head(*lines, status=f"{status} No")) as port:
        rules = UrlRules.of(REGION, allowed_origins=[f"http://127.0.0.1:{port}"])
        async with file_client(rules) as client:
            fetcher = Fetcher(client, rules, Budget(CAP), now=lambda: datetime(2026, 11, 23, 12, tzinfo=UTC))
            with pytest.raises(Unavailable) as caught:
                await fetcher.fetch(at(port), CAP, None)
    assert not isinstance(caught.value, NotYet)
    assert caught.value.retry_after_s == seconds
    assert caught.value.host is None


@pytest.mark.parametrize("status", [201, 204, 206, 300, 304, 400, 405, 418])
async def test_an_answer_that_no_file_host_should_give_closes_no_gate(status: int) -> None:
    async with answering(head("Content-Length: 0", status=f"{status} Odd")) as port, fetching_from(port) as fetcher:
        with pytest.raises(NotYet, match=f"answered {status}") as caught:
            await fetcher.fetch(at(port), CAP, None)
    assert caught.value.final is None

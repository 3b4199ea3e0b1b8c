"""What a file host's answer means."""

from datetime import UTC, datetime

import pytest

from consumer.download.answers import REFUSAL_CAP, XML, NotTheStore, judge_refusal
from consumer.download.body import Body
from consumer.download.budget import Budget
from consumer.download.fetch import Fetcher
from consumer.errors import Doubtful, NotYet, Unavailable
from consumer.http.clients import file_client
from consumer.http.urls import UrlRules
from consumer.model import Expired, Reason
from tests.download.fetching import ANY, CAP, REGION, at, fetching_from, head
from tests.download.servers import answering
from tests.inspection.files import attachment
from tests.reports import Recorder


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "gzip, gzip", "GZIP", "x-unknown"])
async def test_an_encoded_body_is_refused_undecoded(encoding: str) -> None:
    answer = head(f"Content-Encoding: {encoding}", "Content-Length: 3") + b"abc"
    async with answering(answer) as port, fetching_from(port) as fetcher:
        with pytest.raises(Doubtful) as raised:
            await fetcher.fetch(at(port), CAP, ANY)
    assert raised.value.final is Reason.CONTENT_NOT_ALLOWED


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
    answer = head(f"Content-Type: {answered}", "Content-Length: 3") + b"a\0c"
    async with answering(answer) as port, fetching_from(port) as fetcher:
        if html_page:
            with pytest.raises(Doubtful) as raised:
                await fetcher.fetch(at(port), CAP, attachment(declared_type=declared))
            assert raised.value.final is Reason.HTML_PAGE, "once the host has delivered another"
        else:
            got = await fetcher.fetch(at(port), CAP, attachment(declared_type=declared))
            assert isinstance(got, Body)
            got.close()


S3 = b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>%s</Code><Message>Request has expired</Message><RequestId>1</RequestId></Error>"""
GOOGLE = b'{"error": {"code": %d, "message": "%b", "errors": [{"domain": "global", "reason": "%b"}]}}'
GUEST = b'{"code": "resource.not.found", "status": 404, "message": "The requested resource was not found."}'


async def fetched(status: int, body: bytes, *lines: str) -> object:
    answer = head(f"Content-Length: {len(body)}", *lines, status=f"{status} No") + body
    async with answering(answer) as port, fetching_from(port) as fetcher:
        try:
            return await fetcher.fetch(at(port), CAP, ANY)
        except Unavailable as failure:
            return failure


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (403, S3 % b"AccessDenied", "AccessDenied"),
        (403, b"<Error><Code>MissingKey</Code></Error>", "MissingKey"),
        (404, S3 % b"NoSuchKey", "NoSuchKey"),
        (404, S3 % b"NoSuchVersion", "NoSuchVersion"),
        (404, b"\xef\xbb\xbf" + S3 % b"BlobNotFound", "BlobNotFound"),
        (404, b"\r\n" + S3 % b"NoSuchKey", "NoSuchKey"),
        (403, S3 % b"NoSuchBucket", "NoSuchBucket"),
        (404, GUEST, "resource.not.found"),
        (410, b'{"code": "gone", "status": 410}', "gone"),
        (400, S3 % b"ExpiredToken", "ExpiredToken"),
        (404, b'{"code": "NOT_FOUND", "status": 404, "contextId": "1"}', "not.found"),
        (404, GOOGLE % (404, b"No such object: b/o", b"notFound"), "notFound"),
        (403, GOOGLE % (403, b"Anonymous caller does not have access", b"forbidden"), "forbidden"),
        (401, GOOGLE % (401, b"Invalid credentials", b"authError"), "authError"),
    ],
)
async def test_a_link_that_is_over_in_the_stores_own_words_is_asked_for_anew(
    status: int, body: bytes, code: str
) -> None:
    got = await fetched(status, body)
    assert isinstance(got, Expired)
    assert (got.status, got.code, got.host) == (status, code, None)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>blocked by policy</body></html>",
        b"<html><Error><Code>AccessDenied</Code></Error></html>",
        b'{"message": "Forbidden"}',
        b'{"code": "not.found", "status": 999}',
        b"<Error><Message>no code</Message></Error>",
        b"x" * 200_000,
    ],
)
async def test_a_refusal_in_other_words_is_not_the_stores(status: int, body: bytes) -> None:
    got = await fetched(status, body)
    assert isinstance(got, Doubtful)
    assert got.final is (Reason.NO_LONGER_AVAILABLE if status in (404, 410) else None)
    assert got.asked is not None
    assert got.asked.of.endswith("/file")


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize(
    "body",
    [
        S3 % b"NoSuchBucket",
        S3 % b"ContainerNotFound",
        S3 % b"AccessDenied",
        S3 % b"XNoSuchKey",
        b'{"error": {"code": %d, "message": "The bucket does not exist.", "errors": [{"reason": "notFound"}]}}',
        b'{"error": {"code": %d, "message": "no", "errors": []}}',
        b'{"code": "something.new", "status": %d}',
        b'{"code": "not.found.now", "status": %d}',
        b'{"code": "route.not.found", "status": %d}',
        b'{"code": "kong.route.not.found", "status": %d}',
        b'{"code": "SERVICE_NOT_FOUND", "status": %d}',
        b'{"code": "NOT_FOUND", "status": %d, "message": "No service for this route"}',
        b'{"code": "application.not.found", "status": %d}',
        b'{"code": "account.gone", "status": %d}',
        b'{"code": "bucket.gone", "status": %d}',
    ],
)
async def test_a_store_that_does_not_speak_of_the_file_leaves_it_in_doubt(status: int, body: bytes) -> None:
    got = await fetched(status, body.replace(b"%d", b"%d" % status))
    assert isinstance(got, Doubtful)
    assert got.final is Reason.NO_LONGER_AVAILABLE, "once the host has delivered another"


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("code", [b"SlowDown", b"InternalError", b"ServiceUnavailable", b"ServerBusy"])
async def test_a_store_that_can_t_now_says_nothing_about_the_file(status: int, code: bytes) -> None:
    assert type(await fetched(status, S3 % code)) is Unavailable


async def test_genesys_that_can_t_now_says_nothing_about_the_file() -> None:
    assert type(await fetched(404, b'{"code": "service.unavailable", "status": 404}')) is Unavailable


@pytest.mark.parametrize("piece", [b"\n", b" ", b"<", b"<?xml", b"<?xml ", b"<Error ", b"<Error><Code>", b"<Code>\n"])
@pytest.mark.parametrize("begin", [b"", b"<?xml?>", b"<Error>", b"<Error><Code>", b"<Error><Code>x"])
def test_a_refusal_of_one_repeated_piece_is_not_the_stores(begin: bytes, piece: bytes) -> None:
    body = (begin + piece * REFUSAL_CAP)[:REFUSAL_CAP]
    assert isinstance(judge_refusal(403, body), NotTheStore)


def test_blanks_in_front_of_a_refusal_are_read_once() -> None:
    """The expression takes none: two repeats of them in a row would cost the square of their number."""
    assert XML.match(b" " + S3 % b"AccessDenied") is None
    assert isinstance(judge_refusal(403, b"\n" * 60_000 + S3 % b"AccessDenied"), Expired)


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
            fetcher = Fetcher(
                client, rules, Budget(CAP), reports=Recorder(), now=lambda: datetime(2026, 11, 23, 12, tzinfo=UTC)
            )
            with pytest.raises(Unavailable) as caught:
                await fetcher.fetch(at(port), CAP, ANY)
    assert not isinstance(caught.value, NotYet)
    assert caught.value.retry_after_s == seconds
    assert caught.value.host is None


@pytest.mark.parametrize("status", [201, 204, 206, 300, 304, 405, 407, 418, 451])
async def test_an_answer_that_no_file_host_should_give_is_not_the_stores(status: int) -> None:
    async with answering(head("Content-Length: 0", status=f"{status} Odd")) as port, fetching_from(port) as fetcher:
        with pytest.raises(Doubtful, match=f"answered {status}") as caught:
            await fetcher.fetch(at(port), CAP, ANY)
    assert caught.value.final is None

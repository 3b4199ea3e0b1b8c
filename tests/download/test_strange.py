"""What comes in place of a file with a 200, whatever its headers call it."""

from __future__ import annotations

import asyncio
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.download.answers import HEAD, Arrived, Coming, RequestedFile, strange
from consumer.download.body import Body
from consumer.download.fetch import Fetcher
from consumer.download.sizes import Feed
from consumer.errors import Doubtful, Strange, Unavailable
from consumer.model import Attachment, Reason, Resolved
from consumer.sandbox.emulator_faults import CLOUDFRONT, ENVOY, MAINTENANCE, OTHER, PORTAL
from tests.download.fetching import CAP, DATA, at, fetching_from, head
from tests.download.servers import answering
from tests.inspection.files import attachment
from tests.loopback import listening
from tests.reports import Recorder

WORDS = "it sent words in place of such a file"
PAGE = "it sent a web page"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def requested(declared: str | None, size: int | None = None, **more: object) -> RequestedFile:
    return RequestedFile(CAP, Feed("files", None, declared), "c", size, **more)  # type: ignore[arg-type] # any field


def code(body: bytes, wanted: RequestedFile, told: Coming | None = None) -> str | None:
    found = strange(Arrived(body[:HEAD], len(body), digest(body)), told or Coming(len(body)), wanted)
    return None if found is None else found.code


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def why(body: bytes, declared: str | None, size: int | None = None, told: Coming | None = None) -> str | None:
    found = strange(Arrived(body[:HEAD], len(body), digest(body)), told or Coming(len(body)), requested(declared, size))
    return None if found is None else found.what


@pytest.mark.parametrize("declared", [None, "application/octet-stream", "text/plain", "image/png", "application/json"])
@pytest.mark.parametrize(
    "page",
    [
        MAINTENANCE,
        PORTAL,
        CLOUDFRONT,
        b"\xef\xbb\xbf\r\n<HTML>",
        PORTAL.decode().encode("utf-16"),
        PORTAL.decode().encode("utf-16-le"),
        b"<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0'>",
        b"<!-- a portal's --> <!-- and more --><html>",
        b"<script>location='/'</script>",
        b"<meta http-equiv='refresh' content='0'>",
    ],
)
def test_a_page_is_strange_whatever_was_declared_but_a_page(page: bytes, declared: str | None) -> None:
    assert why(page, declared) == why(page, declared, size=77) == PAGE
    assert why(page, "text/html") is None


@pytest.mark.parametrize("words", [ENVOY, OTHER, b"Blocked.", b"<Error><Code>X</Code></Error>", "gesperrt é".encode()])
def test_words_are_strange_where_no_file_of_the_type_is_words(words: bytes) -> None:
    for declared in ("image/png", "application/pdf", "application/zip", "video/mp4"):
        assert why(words, declared) == WORDS
    for textual in ("text/plain", "text/csv", "image/svg+xml", "application/rtf", "application/vnd.ms-excel", None):
        assert why(words, textual) is None
    assert why(words, None, size=5_000) == why(words, "application/octet-stream", size=5_000) == WORDS


@pytest.mark.parametrize(
    ("file", "declared"),
    [
        (PNG, "image/png"),
        (b"%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\nendobj", "application/pdf"),
        (b"PK\x03\x04\x14\0", "application/zip"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (b"<?xml version='1.0'?><!-- made by hand --><svg/>", "image/svg+xml"),
        (b"<abc>", "text/plain"),
        (b"a,b\r\n1,2\r\n", "text/csv"),
    ],
)
def test_a_file_is_not_strange(file: bytes, declared: str) -> None:
    for size in (None, 77):
        assert why(file, declared, size) is None


@given(st.binary(max_size=200), st.sampled_from([None, "image/png", "text/plain", "application/pdf"]))
def test_as_many_bytes_as_genesys_says_are_the_file(body: bytes, declared: str | None) -> None:
    assert why(body, declared, len(body)) is None
    assert code(body, requested(declared, 0, sizes_tell=True, believed=digest(body)), Coming(None)) is None
    assert code(body, requested(declared, 0, sizes_tell=True, declared_sha256=digest(body)), Coming(None)) is None


@given(st.binary(max_size=200), st.sampled_from([None, "image/png", "text/plain", "application/pdf"]))
def test_other_bytes_than_genesys_says_are_strange_where_its_word_is_known_to_hold(
    body: bytes, declared: str | None
) -> None:
    assert code(body, requested(declared, len(body) + 1, sizes_tell=True)) is not None
    assert code(body, requested(declared, len(body), sizes_tell=True, declared_sha256="0" * 64)) == "hash"
    assert code(body, requested(declared, len(body), declared_sha256="0" * 64)) is None


async def test_more_than_a_file_may_have_is_too_large_at_once_only_where_it_may_be_the_file() -> None:
    for lines in ([], ["Content-Length: 2000"]):
        async with answering(head(*lines) + b" " * 2_000) as port, fetching_from(port) as fetcher:
            small, unknown = (attachment(declared_type="text/plain", declared_size=size) for size in (30, None))
            for wanted in [small] if lines else [small, unknown, PICTURE]:
                with pytest.raises(Doubtful) as told:
                    await fetcher.fetch(at(port), 1_000, wanted)
                assert told.value.final is Reason.TOO_LARGE
            if lines:
                assert await fetcher.fetch(at(port), 1_000, unknown) is Reason.TOO_LARGE, "whoever says so knows"
            assert (fetcher.running, fetcher.bytes_in_memory) == (0, 0)


@pytest.mark.parametrize("header", ["Content-Type: text/html", "Content-Encoding: gzip"])
async def test_what_a_store_calls_a_file_tells_nothing_where_its_size_fits(header: str) -> None:
    """Stores keep what whoever uploaded it told them."""
    async with answering(head(f"Content-Length: {len(PNG)}", header) + PNG) as port, fetching_from(port) as fetcher:
        for size in (None, len(PNG) + 1):
            with pytest.raises(Doubtful):
                await fetcher.fetch(at(port), CAP, attachment(declared_type="image/png", declared_size=size))
        got = await fetcher.fetch(at(port), CAP, attachment(declared_type="image/png", declared_size=len(PNG)))
        assert isinstance(got, Body)
        got.close()


@pytest.mark.parametrize("label", ["base64", "aws-chunked", "UTF-8", "binary", "identity, base64", "none"])
async def test_what_names_no_coding_of_bytes_tells_nothing(label: str) -> None:
    """Stores give back what whoever uploaded a file wrote there, and programs write how they held it."""
    for lines in ([f"Content-Length: {len(PNG)}"], []):
        async with answering(head(f"Content-Encoding: {label}", *lines) + PNG) as port, fetching_from(port) as fetcher:
            got = await fetcher.fetch(at(port), CAP, attachment(declared_type="image/png", declared_size=None))
            assert isinstance(got, Body)
            got.close()


async def test_a_page_that_is_called_one_is_strange_though_its_size_fits() -> None:
    answer = head(f"Content-Length: {len(PORTAL)}", "Content-Type: text/html") + PORTAL
    async with answering(answer) as port, fetching_from(port) as fetcher:
        with pytest.raises(Strange):
            await fetcher.fetch(at(port), CAP, AS_LARGE)


def test_nothing_is_strange_unless_nothing_was_declared() -> None:
    assert why(b"", "image/png") == why(b"", None, 5) == "it sent nothing"
    assert why(b"", "image/png", 0) is None


def test_less_than_the_file_has_is_strange_from_who_did_not_say_how_much_comes() -> None:
    """A connection that is closed early looks like the end then."""
    short = "it sent less than the file has, and did not say how much comes"
    assert why(PNG, "image/png", 5_000, Coming(None)) == short
    for size, told in ((5_000, Coming(len(PNG))), (3, Coming(None)), (None, Coming(None))):
        assert why(PNG, "image/png", size, told) is None


PICTURE = attachment(declared_type="image/png")
AS_LARGE = attachment(declared_type="image/png", declared_size=len(PORTAL))


def delivered(fetcher: Fetcher) -> int:
    reports = fetcher._deliveries._reports
    assert isinstance(reports, Recorder)
    return len(reports.of("delivered"))


@pytest.mark.parametrize("header", ["", "Content-Type: text/plain", "Content-Type: binary/octet-stream"])
async def test_a_strange_body_is_no_file_until_it_is_known_to_be_this_ones(header: str) -> None:
    lines = [f"Content-Length: {len(PORTAL)}", *filter(None, [header])]
    async with answering(head(*lines) + PORTAL) as port, fetching_from(port) as fetcher:
        for declared in (None, "image/png", "text/plain"):
            with pytest.raises(Strange):
                await fetcher.fetch(at(port), CAP, attachment(declared_type=declared))
        assert (fetcher.running, fetcher.bytes_in_memory, delivered(fetcher)) == (0, 0, 0)
        for wrong in ("", digest(b"another page")):
            with pytest.raises(Strange):
                await fetcher.fetch(at(port), CAP, PICTURE, wrong)
        got = await fetcher.fetch(at(port), CAP, PICTURE, digest(PORTAL))
        assert isinstance(got, Body)
        got.close()
        assert delivered(fetcher) == 0, "nor does it prove anything then"
        got = await fetcher.fetch(at(port), CAP, AS_LARGE)
        assert isinstance(got, Body), "a copy of what was believed is no stranger's"
        got.close()


async def test_a_body_of_the_right_size_is_the_file_unless_it_came_in_place_of_others() -> None:
    answer = head(f"Content-Length: {len(PORTAL)}") + PORTAL
    async with answering(answer) as port, fetching_from(port) as fetcher:
        for _ in range(2):
            got = await fetcher.fetch(at(port), CAP, AS_LARGE)
            assert isinstance(got, Body)
            got.close()
        assert delivered(fetcher) == 1, "what comes once more may come from a cache"
    async with answering(answer) as port, fetching_from(port) as fetcher:
        for wanted in (PICTURE, AS_LARGE):
            with pytest.raises(Strange):
                await fetcher.fetch(at(port), CAP, wanted)
        assert (fetcher.running, fetcher.bytes_in_memory, delivered(fetcher)) == (0, 0, 0)


async def test_a_body_of_another_size_than_genesys_says_is_strange_in_its_own_store() -> None:
    async with answering(head("Content-Length: 5") + b"words") as port, fetching_from(port) as fetcher:
        for size in (None, 5):
            wanted = attachment(declared_type="text/plain", declared_size=size)
            got = await fetcher.fetch(f"http://127.0.0.1:{port}/{size}", CAP, wanted)
            assert isinstance(got, Body)
            got.close()
        for _ in range(4):
            for name in "ab":
                with pytest.raises(Strange):
                    await fetcher.fetch(f"http://127.0.0.1:{port}/{name}", CAP, of_another_size())
        assert delivered(fetcher) == 2, "the same for everybody proves nothing"


def of_another_size() -> Attachment:
    return attachment(declared_type="text/plain", declared_size=1_000)


async def test_where_sizes_never_fit_and_each_file_has_bytes_of_its_own_they_tell_nothing() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        body = b"this is " + asked.split()[1]
        writer.write(head(f"Content-Length: {len(body)}", "Connection: close") + body)
        await writer.drain()

    async with listening(talk) as port, fetching_from(port) as fetcher:
        for _ in range(2):
            for name in "abc":
                with pytest.raises(Strange):
                    await fetcher.fetch(f"http://127.0.0.1:{port}/{name}", CAP, of_another_size())
        assert delivered(fetcher) == 3, "nobody else's answer comes again and again for one file alone"
        for name in "abcd":
            got = await fetcher.fetch(f"http://127.0.0.1:{port}/{name}", CAP, of_another_size())
            assert isinstance(got, Body)
            got.close()


async def test_one_file_that_no_longer_comes_does_not_tell_that_its_host_is_away() -> None:
    """It asks for the latest first, and for the ones before that."""
    bodies = {"a": DATA, "b": DATA[1:], "c": DATA[2:]}

    async def renew(link: Resolved) -> Resolved | None:
        return None

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        body = bodies[asked.decode().partition("/")[2][0]]
        writer.write(head(f"Content-Length: {len(body)}", "Connection: close") + body)
        await writer.drain()

    async with listening(talk) as port, fetching_from(port) as fetcher:
        for name in "abc":
            got = await fetcher.fetch(f"http://127.0.0.1:{port}/{name}?Signature=x", CAP, PICTURE)
            assert isinstance(got, Body)
            got.close()
        bodies["c"] = bodies["b"] = PORTAL
        await fetcher.prove(["127.0.0.1"], renew)
        bodies["a"] = PORTAL
        with pytest.raises(Unavailable):
            await fetcher.prove(["127.0.0.1"], renew)

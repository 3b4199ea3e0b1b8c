"""Against servers that are no ICAP server, or a sick one, and the meaning of each answer."""

import asyncio
import ssl
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import anyio
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from consumer.download.body import Body
from consumer.errors import Unavailable
from consumer.inspection.antivirus.icap import Icap
from consumer.inspection.antivirus.icap_answers import NO_NAME, NOT_ALL_READ, REPLACED, answer_of, infection_of
from consumer.model import Dependency, Facts, Finding, Reason
from consumer.settings.scanners import address_of
from tests.antivirus import sick
from tests.loopback import Talk

FILE = bytes(range(256)) * 4_000
OPTIONS = (
    b'ICAP/1.0 200 OK\r\nMethods: RESPMOD\r\nService: Fake 1\r\nISTag: "tag-7"\r\nPreview: 16\r\nAllow: 204\r\n\r\n'
)
NO_PREVIEW = OPTIONS.replace(b"Preview: 16\r\n", b"")
CLEAN = b"ICAP/1.0 204 No Content\r\n\r\n"
GO_ON = b"ICAP/1.0 100 Continue\r\n\r\n"
HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"


def passed_on(body: bytes, http: bytes = HTTP, chunk: int = 50_000, headers: bytes = b"") -> bytes:
    pieces = [body[at : at + chunk] for at in range(0, len(body), chunk)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    head = b"ICAP/1.0 200 OK\r\n%sEncapsulated: res-hdr=0, res-body=%d\r\n\r\n" % (headers, len(http))
    return head + http + chunks + b"0\r\n\r\n"


def talking(talk: Talk, tls: ssl.SSLContext | None = None) -> AbstractAsyncContextManager[str]:
    return sick.talking(talk, "icaps" if tls else "icap", tls)


async def request_of(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head with what it encloses, and the chunked body that follows, up to its end or the preview's."""
    head = await reader.readuntil(b"\r\n\r\n")
    if head.startswith(b"OPTIONS"):
        return head, b""
    place = int(head.split(b"-body=")[1].split(b"\r\n")[0])
    head += await reader.readexactly(place)
    return head, await rest_of(reader)


async def rest_of(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return body


def answering(answer: bytes, options: bytes = OPTIONS, asked: list[bytes] | None = None) -> Talk:
    """Reads every request in full, asks for what follows a preview, and gives `answer`."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, body = await request_of(reader)
            if asked is not None:
                asked.append(head)
            if head.startswith(b"OPTIONS"):
                writer.write(options)
                continue
            if b"\r\nPreview:" in head and len(body) == 16:
                writer.write(GO_ON)
                await rest_of(reader)
            writer.write(answer)
            await writer.drain()

    return talk


async def scan(address: str, timeout_s: float = 10.0, data: bytes = FILE, ca_file: Path | None = None) -> Facts:
    scanner = Icap(address_of(address), timeout_s=timeout_s, ca_file=ca_file)
    try:
        with Body.of(data) as body:
            return await scanner.scan(body, Facts())
    finally:
        await scanner.aclose()


async def test_204_is_clean_and_the_servers_tag_is_in_the_facts() -> None:
    async with talking(answering(CLEAN)) as address:
        assert await scan(address) == Facts(scanned=True, detectors={"icap": "Fake 1 tag-7"})


@pytest.mark.parametrize("options", [OPTIONS, NO_PREVIEW, OPTIONS.replace(b"Preview: 16", b"Preview: 0")])
@pytest.mark.parametrize("chunk", [1_000, 2_000_000])
async def test_200_with_the_same_bytes_is_clean(options: bytes, chunk: int) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(options)
        head, _ = await request_of(reader)
        if b"\r\nPreview:" in head:
            writer.write(GO_ON)
            await rest_of(reader)
        writer.write(passed_on(FILE, chunk=chunk))
        await writer.drain()

    async with talking(talk) as address:
        assert (await scan(address)).scanned


@pytest.mark.parametrize(
    "answer",
    [
        passed_on(FILE[:-1]),
        passed_on(FILE + b"x"),
        passed_on(b"x" + FILE[1:]),
        passed_on(b""),
        passed_on(b"<html>blocked</html>", b"HTTP/1.1 403 Forbidden\r\n\r\n"),
        passed_on(FILE, b"HTTP/1.1 403 Forbidden\r\n\r\n"),
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, null-body=%d\r\n\r\n%s" % (len(HTTP), HTTP),
    ],
    ids=["shorter", "longer", "another byte", "nothing", "a page", "the same as a refusal", "no body"],
)
async def test_200_with_anything_else_is_infected(answer: bytes) -> None:
    async with talking(answering(answer)) as address:
        facts = await scan(address)
    assert facts.findings == (Finding(Reason.INFECTED, REPLACED),)


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        (b"X-Infection-Found: Type=0; Resolution=2; Threat=Win.Test-1;\r\n", "Win.Test-1"),
        (b"x-infection-found: garbage\r\n", NO_NAME),
        (b"X-Virus-ID: Evil\x1b[2J\r\n", "Evil??2J"),
        (b"X-Virus-ID: \r\n", NO_NAME),
        (b"X-Violations-Found: 1\r\n\tfile\r\n\tOld.Worm\r\n\t0\r\n\t0\r\n", "Old.Worm"),
    ],
)
@pytest.mark.parametrize("status", [b"200 OK", b"204 No Content", b"403 Forbidden"])
async def test_a_header_that_names_an_infection_counts_whatever_the_rest_says(
    headers: bytes, name: str, status: bytes
) -> None:
    answer = passed_on(FILE, headers=headers) if status == b"200 OK" else b"ICAP/1.0 %s\r\n%s\r\n" % (status, headers)
    async with talking(answering(answer)) as address:
        facts = await scan(address)
    assert facts.findings == (Finding(Reason.INFECTED, name),)


@pytest.mark.parametrize(
    "answer",
    [
        b"ICAP/1.0 200 OK\r\n\r\n",
        b"ICAP/1.0 206 Partial Content\r\nEncapsulated: res-hdr=0, res-body=0\r\n\r\n0\r\n\r\n",
        b"ICAP/1.0 400 Bad Request\r\n\r\n",
        b"ICAP/1.0 500 Server Error\r\n\r\n",
        b"ICAP/1.0 503 Overloaded\r\n\r\n",
        b"ICAP/1.0 100 Continue\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"ICAP/1.0 204\r\nno header\r\n\r\n",
        b"ICAP/1.0 2040 No Content\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=999999\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nEncapsulated: nothing\r\n\r\n",
        b"\x00" * 100_000,
        b"ICAP/1.0 204 No Content\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        passed_on(FILE).replace(b"c350\r\n", b"zzzz\r\n", 1),
        passed_on(FILE).replace(b"c350\r\n", b"ffffffffff\r\n", 1),
        passed_on(FILE)[:-5] + b"0\r\n" + b"x: y\r\n" * 200,
    ],
)
async def test_all_else_is_an_outage(answer: bytes) -> None:
    async with talking(answering(answer)) as address:
        with pytest.raises(Unavailable) as caught:
            await scan(address, timeout_s=5)
    assert caught.value.dependency is Dependency.ANTIVIRUS
    assert "in time" not in str(caught.value), "what can't be an answer is not waited for"


def breaking_off(answer: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(NO_PREVIEW)
        await request_of(reader)
        writer.write(answer)
        await writer.drain()

    return talk


async def test_an_answer_that_is_cut_anywhere_is_an_outage() -> None:
    data = b"a file in two chunks, or in three"
    for whole in (CLEAN, passed_on(data, chunk=15)):
        for end in range(len(whole)):
            async with talking(breaking_off(whole[:end])) as address:
                with pytest.raises(Unavailable):
                    await scan(address, data=data)
        async with talking(breaking_off(whole)) as address:
            assert (await scan(address, data=data)).scanned


@pytest.mark.parametrize(
    "options",
    [
        b"ICAP/1.0 404 Service not found\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nMethods: OPTIONS\r\n\r\n",
        b"ICAP/1.0 200 OK\r\nMethods: RESPMOD\r\nPreview: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    ],
)
async def test_who_is_no_scanner_is_asked_nothing(options: bytes) -> None:
    asked: list[bytes] = []
    async with talking(answering(CLEAN, options, asked)) as address:
        with pytest.raises(Unavailable):
            await scan(address)
    assert [head.split()[0] for head in asked] == [b"OPTIONS"]


async def _does_not_read_the_file(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.write(NO_PREVIEW)
    await anyio.sleep(5)


async def _hangs_up_in_the_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.write(NO_PREVIEW)
    await request_of(reader)
    writer.write(passed_on(FILE)[:500_000])
    await writer.drain()


@pytest.mark.parametrize("talk", [_does_not_read_the_file, _hangs_up_in_the_answer])
async def test_half_an_answer_is_never_clean(talk: Talk) -> None:
    async with talking(talk) as address:
        with pytest.raises(Unavailable):
            await scan(address, timeout_s=0.5, data=FILE * 10)


@pytest.mark.parametrize("options", [OPTIONS, NO_PREVIEW])
async def test_clean_before_the_end_of_the_file_is_not_clean(options: bytes) -> None:
    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(options)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CLEAN)
        await writer.drain()
        await anyio.sleep(5)

    async with talking(early) as address:
        facts = await scan(address, data=FILE * 20)
    assert not facts.scanned
    assert facts.findings == (Finding(Reason.SCAN_LIMIT_EXCEEDED, NOT_ALL_READ),)


async def test_a_file_within_the_preview_is_said_to_be_all() -> None:
    async with talking(answering(CLEAN)) as address:
        assert (await scan(address, data=b"short")).scanned


async def test_a_service_that_only_changes_requests_is_sent_one() -> None:
    asked: list[bytes] = []
    async with talking(answering(CLEAN, OPTIONS.replace(b"RESPMOD", b"REQMOD"), asked)) as address:
        assert (await scan(address)).scanned
    assert asked[1].startswith(b"REQMOD icap://127.0.0.1:")
    assert b"POST http://attachment.invalid/file HTTP/1.1\r\n" in asked[1]
    assert b"Allow: 204\r\n" in asked[1]


async def test_a_service_for_requests_that_answers_with_a_page_has_blocked_the_file() -> None:
    answer = passed_on(FILE)
    async with talking(answering(answer, OPTIONS.replace(b"RESPMOD", b"REQMOD"))) as address:
        assert [finding.code for finding in (await scan(address)).findings] == [Reason.INFECTED]
    same = b"POST http://attachment.invalid/file HTTP/1.1\r\n\r\n"
    answer = answer.replace(b"res-hdr=0, res-body=%d" % len(HTTP), b"req-hdr=0, req-body=%d" % len(same))
    answer = answer.replace(HTTP, same)
    async with talking(answering(answer, OPTIONS.replace(b"RESPMOD", b"REQMOD"))) as address:
        assert (await scan(address)).scanned


async def test_a_connection_is_used_again_and_one_that_was_closed_is_not() -> None:
    connections = 0

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await answering(passed_on(b"page") if connections == 2 else CLEAN)(reader, writer)

    async with talking(counted) as address:
        scanner = Icap(address_of(address), connections=1)
        with Body.of(FILE) as body:
            for _ in range(3):
                assert (await scanner.scan(body, Facts())).scanned
            assert connections == 1
        await scanner.aclose()


async def test_a_server_that_closes_after_each_answer_is_used_all_the_same() -> None:
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, body = await request_of(reader)
        close = b"\r\nConnection: close\r\n\r\n"
        if not head.startswith(b"OPTIONS") and len(body) == 16:
            writer.write(GO_ON)
            await rest_of(reader)
        writer.write((OPTIONS if head.startswith(b"OPTIONS") else CLEAN).replace(b"\r\n\r\n", close))
        await writer.drain()

    async with talking(one) as address:
        scanner = Icap(address_of(address))
        with Body.of(FILE) as body:
            for _ in range(2):
                assert (await scanner.scan(body, Facts())).scanned
        await scanner.aclose()


@pytest.mark.parametrize("answer", [CLEAN, b"ICAP/1.0 200 OK\r\nX-Virus-ID: Evil\r\n\r\n"])
async def test_bytes_behind_an_answer_are_no_answer_to_what_is_asked_next(answer: bytes) -> None:
    async with talking(answering(answer + OPTIONS)) as address:
        scanner = Icap(address_of(address), connections=1)
        with Body.of(FILE) as body:
            for _ in range(3):
                assert bool((await scanner.scan(body, Facts())).findings) is (answer != CLEAN)
        await scanner.aclose()


async def test_a_connection_with_a_file_half_sent_is_not_used_again() -> None:
    connections = 0

    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await request_of(reader)
        writer.write(NO_PREVIEW)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CLEAN)
        await reader.read()

    async with talking(early) as address:
        scanner = Icap(address_of(address), connections=1, timeout_s=5)
        with Body.of(FILE * 20) as body:
            for expected in (1, 2):
                assert not (await scanner.scan(body, Facts())).scanned
                assert connections == expected
        await scanner.aclose()


async def test_icaps_verifies_who_answers(tmp_path: Path) -> None:
    authority, other = trustme.CA(), trustme.CA()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    other.cert_pem.write_to_path(str(tmp_path / "other.pem"))
    async with talking(answering(passed_on(FILE * 5)), tls) as address:
        assert (await scan(address, data=FILE * 5, ca_file=tmp_path / "ca.pem")).scanned
        for untrusted in (tmp_path / "other.pem", None):
            with pytest.raises(Unavailable, match="ANTIVIRUS__CA_FILE"):
                await scan(address, ca_file=untrusted)


@given(st.binary(max_size=200))
def test_no_header_of_a_server_ends_in_anything_but_a_finding_or_an_outage(raw: bytes) -> None:
    try:
        answer = answer_of(b"ICAP/1.0 200 OK\r\n" + raw)
    except Unavailable:
        return
    finding = infection_of(answer)
    assert finding is None or finding.detail.isprintable()

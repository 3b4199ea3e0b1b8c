"""Against servers that are no clamd, or a sick one, and the meaning of each reply."""

import asyncio
from functools import partial

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.download.body import Body
from consumer.errors import Refused, Unavailable
from consumer.inspection.antivirus.clamd import Clamd, finding_of
from consumer.model import Dependency, Facts, Finding, Reason
from tests.antivirus import sick
from tests.loopback import Talk

talking = partial(sick.talking, scheme="tcp")


def clamd_that_answers(reply: bytes) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"zVERSION\0")
        writer.write(b"1: ClamAV 1.4.6/27000/Mon Nov 23\0")
        await reader.readuntil(b"zINSTREAM\0")
        while size := int.from_bytes(await reader.readexactly(4), "big"):
            await reader.readexactly(size)
        writer.write(reply)
        await writer.drain()

    return talk


async def scan(address: str, timeout_s: float = 10.0) -> Facts:
    scanner = Clamd(address, timeout_s=timeout_s)
    try:
        with Body.of(b"x" * 1_000_000) as body:
            return await scanner.scan(body, Facts())
    finally:
        await scanner.aclose()


async def test_the_version_of_the_signatures_is_in_the_facts() -> None:
    async with talking(clamd_that_answers(b"2: stream: OK\0")) as address:
        facts = await scan(address)
    assert facts == Facts(scanned=True, detectors={"clamav": "1.4.6/27000/Mon Nov 23"})


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"2: stream: OK",
        b"\x00",
        b"OK\x00",
        b"2: stream: ok\x00",
        b"2: other: OK\x00",
        b"\xff\xfe\x00",
        b"x" * 100000 + b"\x00",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"2: UNKNOWN COMMAND\x00",
        b"2: Can't allocate memory ERROR\x00",
    ],
)
async def test_garbage_is_never_clean(reply: bytes) -> None:
    async with talking(clamd_that_answers(reply)) as address:
        with pytest.raises(Unavailable) as caught:
            await scan(address)
    assert caught.value.dependency is Dependency.ANTIVIRUS


async def _is_something_else(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\0")
    await reader.read()


async def _does_not_even_read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"zVERSION\0")
    writer.write(b"1: ClamAV 1.4.6\0")
    await anyio.sleep(5)


@pytest.mark.parametrize(("talk", "means"), [(_is_something_else, Refused), (_does_not_even_read, Unavailable)])
async def test_who_is_no_clamd_or_does_not_read_is_never_clean(talk: Talk, means: type[Exception]) -> None:
    async with talking(talk) as address:
        with pytest.raises(means):
            await scan(address, timeout_s=0.2)


async def test_an_answer_before_the_end_of_the_body_counts() -> None:
    async def too_much(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"zVERSION\0")
        writer.write(b"1: ClamAV 1.4.6\0")
        await reader.readuntil(b"zINSTREAM\0")
        writer.write(b"2: INSTREAM size limit exceeded. ERROR\0")
        await writer.drain()
        await reader.read()

    async with talking(too_much) as address:
        facts = await scan(address)
    assert [finding.code for finding in facts.findings] == [Reason.SCAN_LIMIT_EXCEEDED]


@pytest.mark.parametrize(
    ("reply", "finding"),
    [
        ("stream: OK", None),
        ("stream: Win.Test.EICAR_HDB-1 FOUND", Finding(Reason.INFECTED, "Win.Test.EICAR_HDB-1")),
        ("stream: Evil\x1b[2J\u202e FOUND", Finding(Reason.INFECTED, "Evil??2J?")),
        ("stream: " + "x" * 500 + " FOUND", Finding(Reason.INFECTED, "x" * 100)),
        ("stream: OK FOUND", Finding(Reason.INFECTED, "OK")),
        (
            "stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND",
            Finding(Reason.SCAN_LIMIT_EXCEEDED, "Heuristics.Limits.Exceeded.MaxFileSize"),
        ),
        ("stream: Heuristics.Encrypted.Zip FOUND", Finding(Reason.ENCRYPTED, "Heuristics.Encrypted.Zip")),
        (
            "stream: Heuristics.Phishing.Email.SpoofedDomain FOUND",
            Finding(Reason.INFECTED, "Heuristics.Phishing.Email.SpoofedDomain"),
        ),
        ("INSTREAM size limit exceeded. ERROR", Finding(Reason.SCAN_LIMIT_EXCEEDED, "larger than clamd takes")),
        (
            "stream: Time limit reached ERROR",
            Finding(Reason.SCAN_LIMIT_EXCEEDED, "clamd ran out of its time for one file"),
        ),
    ],
)
def test_what_each_reply_means(reply: str, finding: Finding | None) -> None:
    assert finding_of(reply) == finding


@given(st.text())
def test_only_one_reply_means_clean(reply: str) -> None:
    try:
        finding = finding_of(reply)
    except Unavailable:
        return
    assert finding is not None or reply == "stream: OK"


@pytest.mark.parametrize(
    "address",
    ["", "clamd", "tcp://host", "tcp://:3310", "tcp://host:99999", "unix://path", "http://host:1", "tcp://[:1"],
)
def test_an_address_that_cannot_be_meant_is_named(address: str) -> None:
    with pytest.raises(ValueError, match="tcp://host:port"):
        Clamd(address)

"""What a program for mail takes out of a mail is judged, however its parts say what they are: Python's own is asked."""

from __future__ import annotations

import email
from email.message import Message

import pytest

from consumer.model import Reason
from tests.inspection import wide
from tests.inspection.files import program
from tests.inspection.test_mail import HEAD, LETTER, PLAIN, part, several

PROGRAM = part(program(), "application/octet-stream")
CARRIES = several(LETTER, PROGRAM, boundary="in")
BARE = several(PROGRAM, boundary="in", head="")


def taken_out(data: bytes) -> list[Message]:
    return [found for found in email.message_from_bytes(data).walk() if not found.is_multipart()]


def message(kind: str, mail: bytes) -> bytes:
    return several(LETTER, f"Content-Type: {kind}\r\n\r\n{mail.decode()}")


@pytest.mark.parametrize(
    "mail",
    [
        message('message/rfc822; name="a.txt"', CARRIES),
        message("message/rfc822\r\nContent-Disposition: attachment; filename=a.csv", CARRIES),
        message("message/news", CARRIES),
        message("message/global", CARRIES),
        message("message/rfc822", BARE),
        several(f"\r\n{CARRIES.decode()}", kind="digest"),
        several(f"Content-Disposition: inline\r\n\r\n{BARE.decode()}", kind="digest"),
        several(LETTER, f"Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\n{BARE.decode()}\r\n--d--\r\n"),
    ],
)
def test_a_mail_in_a_mail_is_one_whatever_it_is_called(mail: bytes) -> None:
    assert any(found.get_payload(decode=True) == program() for found in taken_out(mail))
    assert wide.reason(mail, "a.eml") is Reason.EMBEDDED_EXECUTABLE


def test_mails_and_reports_in_a_mail_are_ordinary() -> None:
    status = "Reporting-MTA: dns; a.example\r\n\r\nFinal-Recipient: rfc822; b@example.com\r\nAction: failed\r\n"
    for kind in ("message/delivery-status", "message/disposition-notification", "message/feedback-report"):
        assert wide.reason(message(kind, status.encode()), "a.eml") is None
    assert wide.reason(message("message/rfc822; name=a.txt", PLAIN.encode()), "a.eml") is None
    assert wide.reason(several(f"\r\n{PLAIN}", f"\r\n{PLAIN}", kind="digest"), "a.eml") is None


@pytest.mark.parametrize(
    "said",
    [
        'filename="a.js"; filename="a.txt"',
        'filename="a.txt"; filename="a.js"',
        "filename*=utf-8''a.js; filename=\"a.txt\"",
        "filename=\"a.txt\"; filename*=utf-8''a.js",
        'filename*1="js"; filename*0="a."',
        "filename*10*=s; filename*9*=j; filename*8*=utf-8''a.",
        'filename="a.txt"\r\nContent-Disposition: attachment; filename="a.js"',
        'filename="=?utf-16le?B?YQAuAGoAcwA=?="',
        'filename="=?utf-7?Q?a+AC4-js?="',
    ],
)
def test_each_name_that_a_reader_may_take_is_looked_at(said: str) -> None:
    mail = several(LETTER, f"Content-Type: text/plain\r\nContent-Disposition: attachment; {said}\r\n\r\nalert(1)")
    assert wide.reason(mail, "a.eml") is Reason.EMBEDDED_EXECUTABLE


def test_where_readers_differ_in_what_the_parts_are_nobody_can_tell() -> None:
    outer = "--one\r\n" + PROGRAM + "\r\n--one--\r\n--two\r\n" + LETTER + "\r\n--two--\r\n"
    for first, second in (("one", "two"), ("two", "one")):
        mail = f"{HEAD}Content-Type: multipart/mixed; boundary={first}; boundary={second}\r\n\r\n{outer}"
        assert wide.reason(mail.encode(), "a.eml") is Reason.MALFORMED
    twice = CARRIES.replace(b'boundary="in"', b'boundary="in"; boundary=in').replace(b"octet-stream", b"pdf")
    assert wide.reason(twice, "a.eml") is Reason.EMBEDDED_EXECUTABLE


def test_a_name_stands_behind_no_more_parameters_than_are_read() -> None:
    for count, expected in ((200, Reason.EMBEDDED_EXECUTABLE), (300, Reason.ARCHIVE_LIMITS)):
        more = "".join(f"; x{number}=1" for number in range(count))
        named = f"Content-Disposition: attachment{more}; filename=a.js\r\n\r\nalert(1)"
        assert wide.reason(several(LETTER, named), "a.eml") is expected

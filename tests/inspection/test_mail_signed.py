"""Signed mails and files: what is signed is judged, by whatever it is written; only what is encrypted can't be."""

import base64
import datetime
from collections.abc import Callable
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from consumer.inspection.readers.mail import signed
from consumer.inspection.readers.seen import Work
from consumer.model import Reason
from tests.inspection import wide
from tests.inspection.files import archive, pdf, program
from tests.inspection.test_mail import HEAD, LETTER, part, reason, several

PAGE = part(b"<script>alert(1)</script>", "text/html", encoding="7bit")
INVOICE = b'<?xml version="1.0"?><p:FatturaElettronica xmlns:p="urn:a"/>'
SEALED = "application/pkcs7-mime; smime-type={}"


def element(kind: int, content: bytes, known: bool = True) -> bytes:
    if not known:
        return bytes([kind, 0x80]) + content + b"\0\0"
    size = len(content).to_bytes(4, "big")
    return bytes([kind, 0x84]) + size + content


def message(content: bytes | None, known: bool = True, piece: int = 0) -> bytes:
    """By BER, in pieces of that size if there is one."""
    octets = b""
    if content is not None:
        pieces = (
            b"".join(element(4, content[at : at + piece]) for at in range(0, len(content), piece or 1))
            if piece
            else b""
        )
        octets = element(0xA0, element(0x24, pieces, known) if piece else element(4, content), known)
    data = bytes.fromhex("06092a864886f70d010701")
    inner = element(0x30, b"\2\1\1" + element(0x31, b"") + element(0x30, data + octets, known), known)
    return element(0x30, signed.SIGNED_DATA + element(0xA0, inner, known), known)


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Anna")])
    now = datetime.datetime(2026, 1, 1)
    return (x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=9))).sign(
        key, hashes.SHA256()
    )


def by_cryptography(content: bytes) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate(key), key, hashes.SHA256())
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])


@cache
def encrypted(content: bytes) -> bytes:
    key = rsa.generate_private_key(65537, 2048)
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(content).add_recipient(certificate(key))
    return builder.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])


WAYS: dict[str, Callable[[bytes], bytes]] = {
    "DER": message,
    "BER in one piece": lambda content: message(content, known=False),
    "BER in pieces": lambda content: message(content, known=False, piece=100),
    "pieces of a known length": lambda content: message(content, piece=7),
    "cryptography": by_cryptography,
    "letters": lambda content: base64.encodebytes(message(content)),
    "PEM": lambda content: b"-----BEGIN PKCS7-----\n" + base64.encodebytes(message(content)) + b"-----END PKCS7-----\n",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_signed_mail_is_judged_like_any_other(way: str) -> None:
    for inner, expected in (
        (LETTER, None), (PAGE, Reason.EMBEDDED_EXECUTABLE),
        (part(program(), "image/png", "a.png"), Reason.EMBEDDED_EXECUTABLE),
        (several(LETTER, part(program(), name="a.exe"), head="").decode(), Reason.EMBEDDED_EXECUTABLE),
        (several(LETTER, part(pdf(), "application/pdf", "a.pdf"), head="").decode(), None),
        (part(encrypted(b"words"), SEALED.format("enveloped-data"), "smime.p7m"), Reason.ENCRYPTED),
    ):  # fmt: skip
        body = part(WAYS[way](inner.encode()), SEALED.format("signed-data"), "smime.p7m")
        assert reason((HEAD + body).encode()) is expected
        assert reason(several(LETTER, body)) is expected


@pytest.mark.parametrize("kind", ["application/pkcs7-mime", "application/x-pkcs7-mime", "application/octet-stream"])
@pytest.mark.parametrize("way", WAYS)
def test_a_signed_file_is_judged_by_what_is_signed(way: str, kind: str) -> None:
    write = WAYS[way]
    for name, content, expected in (
        ("IT01234567890_FPR01.xml.p7m", write(INVOICE), None),
        ("offer.pdf.p7m.P7M", write(write(pdf())), None),
        ("offer.exe.p7m", write(b"words"), Reason.EMBEDDED_EXECUTABLE),
        ("offer.pdf.p7m", write(program()), Reason.EMBEDDED_EXECUTABLE),
        ("offer.pdf.p7m.p7m", write(write(program())), Reason.EMBEDDED_EXECUTABLE),
        ("offer.zip.p7m", write(archive({"a.exe": program()})), Reason.EMBEDDED_EXECUTABLE),
        ("offer.htm.p7m", write(b"<script>alert(1)</script>"), Reason.EMBEDDED_EXECUTABLE),
    ):
        assert reason(several(LETTER, part(content, kind, name))) is expected, name


def test_certificates_alone_are_a_file_that_is_attached() -> None:
    data = several(LETTER, part(message(None), SEALED.format("certs-only"), "smime.p7c"))
    assert wide.codes(data, "a.eml") == {Reason.EMBEDDED_FILES}
    assert reason(data) is None


@pytest.mark.parametrize(
    "content",
    [
        b"words", b"", encrypted(b"words"), message(b"words")[:-1], message(b"words", known=False)[:40],
        message(b"words").replace(b"\4\x84\0\0\0\5words", b"\x30\x84\0\0\0\5words"),
        element(0x30, signed.SIGNED_DATA), b"\x30\xff" + bytes(300), b"\x30\x84\xff\xff\xff\xff" + bytes(90),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_as_good_as_encrypted(content: bytes) -> None:
    for kind, name in (("application/pkcs7-mime", "smime.p7m"), ("application/octet-stream", "a.pdf.p7m")):
        assert reason(several(LETTER, part(content, kind, name))) is Reason.ENCRYPTED


def test_files_that_are_signed_for_ever_are_too_much() -> None:
    content = b"words"
    for _ in range(40):
        content = message(content)
    name = "a.txt" + 40 * ".p7m"
    assert reason(several(LETTER, part(content, "application/pkcs7-mime", name))) is Reason.ARCHIVE_LIMITS


def test_what_is_signed_is_read_whoever_wrote_it() -> None:
    for content in (b"", b"words", bytes(1000)):
        for write in WAYS.values():
            assert signed.content_of(write(content), Work()) == content

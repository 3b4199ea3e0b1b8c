"""What one value of the settings has to look like. Each error says what it should have been."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, HttpUrl, SecretStr

from consumer.settings.scanners import address_of

SHORTEST_KEY = 32  # characters: as many hexadecimal digits have 128 bits
LONGEST_TOPIC = 249  # of Kafka's
LONGEST_SUFFIX = len(".dead-letter")


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _filled_secret(secret: SecretStr) -> SecretStr:
    _filled(secret.get_secret_value())
    return secret


def _signing_key(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value().strip()) < SHORTEST_KEY:
        raise ValueError(f"must have at least {SHORTEST_KEY} characters, as of `openssl rand -hex 32`")
    return secret


def _readable(file: Path) -> Path:
    try:
        file.open("rb").close()
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}") from None
    return file


def _certificates(file: Path) -> Path:
    try:
        ssl.create_default_context(cafile=_readable(file))
    except ssl.SSLError:
        raise ValueError(f"{file} is not a PEM file of certificates") from None
    return file


def _is_port(text: str) -> bool:
    return re.fullmatch("[0-9]{1,5}", text) is not None and 0 < int(text) < 65_536


def _servers(text: str) -> str:
    if "@" in text:  # not repeated: what stands before it may be a password
        raise ValueError("servers are host:port, without a user; that goes into KAFKA__SASL_USERNAME and _PASSWORD")
    for server in text.split(","):
        parts = re.fullmatch(r"\s*(?:\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):(\d+)\s*", server)
        if parts is None or not _is_port(parts[1]):
            raise ValueError(f"{server.strip()!r} is not host:port")
    return text


def _antivirus(text: str) -> str:
    address_of(text)
    return text


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.port or text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError(f"{text!r} is not scheme://address:port")
    return text


def _base(url: HttpUrl) -> HttpUrl:
    if (url.query, url.fragment, url.username, url.password) != (None, None, None, None):
        raise ValueError("must be scheme, host and path: no query, no fragment, no user")
    return url


def _storage(text: str) -> str:
    schemes = ("s3", "s3a", "gs", "az", "azure", "adl", "abfs", "abfss", "file")
    if "://" in text and not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise ValueError("must be a folder, or begin with s3://, gs:// or az://")
    return text


def _host(text: str) -> str:
    if not re.fullmatch(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+", text.lower()):
        raise ValueError(f"{text!r} is no exact host name")
    return text.lower()


def _topic(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9._-]+", text) or text in (".", "..") or len(text) > LONGEST_TOPIC:
        raise ValueError(f"a topic's name has letters, digits, '.', '_' and '-', at most {LONGEST_TOPIC}")
    return text


def _prefix(text: str) -> str:
    if len(_topic(text)) > LONGEST_TOPIC - LONGEST_SUFFIX:
        raise ValueError(f"at most {LONGEST_TOPIC - LONGEST_SUFFIX} characters: a topic's name takes {LONGEST_TOPIC}")
    return text


Filled = Annotated[str, AfterValidator(_filled)]
FilledGuid = Annotated[Filled, AfterValidator(str.lower)]
Secret = Annotated[SecretStr, AfterValidator(_filled_secret)]
SigningKey = Annotated[SecretStr, AfterValidator(_signing_key)]
ReadableFile = Annotated[Path, AfterValidator(_readable)]
CertificateFile = Annotated[Path, AfterValidator(_certificates)]
Servers = Annotated[str, AfterValidator(_servers)]
AntivirusAddress = Annotated[str, AfterValidator(_antivirus)]
Origin = Annotated[str, AfterValidator(_origin)]
BaseUrl = Annotated[HttpUrl, AfterValidator(_base)]
StorageUrl = Annotated[str, AfterValidator(_storage)]
Host = Annotated[str, AfterValidator(_host)]
TopicName = Annotated[str, AfterValidator(_topic)]
TopicPrefix = Annotated[str, AfterValidator(_prefix)]

"""What an ICAP server's answers mean. RFC 3507; the headers about infections are of
draft-stecher-icap-subid, and `X-Virus-ID` is what older servers say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from consumer.errors import Unavailable
from consumer.inspection.antivirus.outcome import away, printable
from consumer.model import Finding, Reason

WHO = "ICAP server"
LONGEST_HEAD = 32 * 1024
LARGEST_PREVIEW = 64 * 1024
NO_NAME = "the scanner gives it no name"
REPLACED = "the scanner puts something else in its place"
NOT_ALL_READ = "the scanner judges it without reading all of it"

_STATUS = re.compile(r"ICAP/1\.[0-9] ([1-5][0-9]{2})(?: .*)?")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):[ \t]*(.*)")
_ENCLOSED = re.compile(r"(?:(req)-hdr=0, *)?(?:(res)-hdr=([0-9]{1,6}), *)?(req|res|opt|null)-body=([0-9]{1,6})")


def nonsense() -> Unavailable:
    return away(WHO, "its answer is not that of an ICAP server")


@dataclass(frozen=True, slots=True)
class IcapResponse:
    status: int
    headers: Mapping[str, str]  # by name in lower case; a folded line keeps its breaks

    @property
    def closes(self) -> bool:
        return "close" in self.headers.get("connection", "").lower()


@dataclass(frozen=True, slots=True)
class Options:
    """What the service at the address can do."""

    method: str  # RESPMOD where it has it: a file on its way to somebody
    preview: int | None  # bytes that it wants to see first; None: all at once
    version: str


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What an answer encloses: `head_bytes` of HTTP heads, and a body or none. `response_at`: the response's head."""

    head_bytes: int
    response_at: int | None
    has_body: bool


def answer_of(head: bytes) -> IcapResponse:
    """Of the lines before the empty one. Raises `Unavailable`."""
    first, *lines = head.decode("latin-1").split("\r\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise nonsense()
    headers: dict[str, str] = {}
    name = ""
    for line in lines:
        if line[:1] in (" ", "\t") and name:
            headers[name] += "\n" + line.strip()
            continue
        parts = _HEADER.fullmatch(line)
        if parts is None:
            raise nonsense()
        name = parts[1].lower()
        headers[name] = f"{headers[name]}, {parts[2].strip()}" if name in headers else parts[2].strip()
    return IcapResponse(int(status[1]), headers)


def options_of(answer: IcapResponse) -> Options:
    """Raises `Unavailable` for a service that changes neither requests nor responses."""
    methods = {method.strip().upper() for method in answer.headers.get("methods", "").split(",")}
    method = next((method for method in ("RESPMOD", "REQMOD") if method in methods), None)
    if method is None:
        raise nonsense()
    return Options(method, _preview(answer), _version(answer))


def _preview(answer: IcapResponse) -> int | None:
    wanted = answer.headers.get("preview")
    if wanted is None or "*" in answer.headers.get("transfer-complete", ""):
        return None
    if not re.fullmatch("[0-9]{1,9}", wanted):
        raise nonsense()
    return min(int(wanted), LARGEST_PREVIEW)


def _version(answer: IcapResponse) -> str:
    """What it calls itself, and its tag, which changes with its signatures."""
    told = (answer.headers.get("service", ""), answer.headers.get("istag", "").strip('"'))
    return printable(" ".join(part for part in told if part))


def enclosed_of(answer: IcapResponse) -> Enclosed:
    parts = _ENCLOSED.fullmatch(answer.headers.get("encapsulated", ""))
    if parts is None or int(parts[5]) > LONGEST_HEAD:
        raise nonsense()
    response_at = int(parts[3]) if parts[2] else None
    if response_at is not None and response_at > int(parts[5]):
        raise nonsense()
    return Enclosed(int(parts[5]), response_at, parts[4] != "null")


def is_untouched(head: bytes, enclosed: Enclosed, method: str) -> bool:
    """Whether it is the file's own way that goes on, and no page that a server puts there."""
    if method == "REQMOD":
        return enclosed.response_at is None
    at = enclosed.response_at
    return at is not None and re.match(rb"HTTP/1\.[01] 200[ \r]", head[at:]) is not None


def infection_of(answer: IcapResponse) -> Finding | None:
    """What the headers say of an infection, whatever the status."""
    headers = answer.headers
    if "x-infection-found" in headers:
        threat = re.search(r"Threat=([^;]*)", headers["x-infection-found"], re.IGNORECASE)
        return _infected(threat[1] if threat else "")
    if "x-virus-id" in headers:
        return _infected(headers["x-virus-id"])
    if "x-violations-found" in headers:
        lines = headers["x-violations-found"].split("\n")
        return _infected(lines[2] if len(lines) > 2 else "")
    return None


def _infected(name: str) -> Finding:
    return Finding(Reason.INFECTED, printable(name.strip()) or NO_NAME)

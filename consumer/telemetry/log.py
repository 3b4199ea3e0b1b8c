"""Logs: one JSON object a line on stderr, or colours on a terminal. Ours and the libraries' go the same way.

Whatever is logged, bearer tokens, passwords, and the queries of URLs (which sign links) are masked on the way out, and
control characters are escaped. Normal operation is quiet, and a library that repeats itself is heard once in a while.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Callable
from typing import Protocol, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from consumer.model.secrets import MASK
from consumer.text import printable

TEXT_LIMIT = 4_000
LINES_LIMIT = 200  # of a traceback
DEPTH_LIMIT = 4
REPEAT_S = 10.0
REPEATS_KEPT = 1_000

# Libraries whose every request, rebalance or retry is a line at "info".
QUIET = (
    "aiokafka",
    "kafka",
    "aiohttp",
    "httpx",
    "httpcore",
    "asyncio",
    "urllib3",
    "botocore",
    "moto",
    "werkzeug",
    "opentelemetry",
)

_SECRET_KEY = re.compile(r"(?i)(authorization|password|passwd|secret|token|cookie|credential)")
_BEARER = re.compile(r"(?i)\b(bearer|basic)(\s+|%20)[A-Za-z0-9._~+/=-]{12,}")
_URL = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*:(?:\\*/){2})([^\s/?#@\"'<>]*@)?([^\s?#\"'<>]*)([?#][^\s\"'<>]*)?")
_PAIR = re.compile(
    r"(?i)\b([\w-]*(?:signature|secret|token|password|credential)|sig|policy|key-pair-id)([\"']?\s*[=:]\s*[\"']?)[^\s&\"',;}]+"
)


class LoggingOptions(Protocol):
    """What is logged, and how: the part of the settings that this module knows."""

    @property
    def level(self) -> str:
        """ "debug", "info", "warning" or "error"."""

    @property
    def format(self) -> str:
        """ "json", "console", or "auto": for people on a terminal, else JSON."""


def setup(settings: LoggingOptions, stream: TextIO | None = None) -> None:
    """Routes structlog and the standard library's logging to `stream`, stderr by default. A later call replaces it."""
    stream = stream or sys.stderr
    shared = _shared()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                _renderer(settings, stream),
            ],
        )
    )
    handler.addFilter(BrokersAwayFilter(shown=settings.level == "debug"))
    handler.addFilter(RepeatFilter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    logging.captureWarnings(True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.DEBUG if settings.level == "debug" else logging.WARNING)


def _shared() -> list[Processor]:
    """What our own lines and those of libraries go through."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,  # plain: the pretty one prints local variables, secrets among them
    ]


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Masks secrets in every value, however deep, and leaves nothing that the renderer would have to make into text."""
    return {printable(str(name), 200): _clean(str(name), value, DEPTH_LIMIT) for name, value in event.items()}


def mask(text: str) -> str:
    """`text` without bearer tokens, passwords in URLs, queries of URLs and values that are named like secrets."""
    text = _BEARER.sub(rf"\1 {MASK}", text)
    text = _URL.sub(_mask_url, text)
    return _PAIR.sub(rf"\1\2{MASK}", text)


class BrokersAwayFilter(logging.Filter):
    """What aiokafka says of brokers that are away is no news: a condition of ours begins and ends in one line each. Its
    own lines are for debugging, except for an error that is none of Kafka's or of the network."""

    def __init__(self, *, shown: bool) -> None:
        super().__init__()
        self._shown = shown

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(("aiokafka", "opentelemetry")) or _is_unforeseen(record):
            return True
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        return self._shown


def _is_unforeseen(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return error is not None and not isinstance(error, OSError) and type(error).__module__ != "aiokafka.errors"


class RepeatFilter(logging.Filter):
    """Lets a library's line through once in ten seconds, with how often it was held back: a dead broker costs aiokafka
    hundreds of lines a second. Our own lines all pass."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._seen: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(QUIET):
            return True
        line = (record.name, record.levelno, str(record.msg))
        last, held_back = self._seen.get(line, (float("-inf"), 0))
        now = self._now()
        if now - last < REPEAT_S:
            self._seen[line] = (last, held_back + 1)
            return False
        if len(self._seen) >= REPEATS_KEPT:
            self._seen.clear()
        self._seen[line] = (now, 0)
        if held_back:
            record.held_back = held_back
        return True


def _renderer(settings: LoggingOptions, stream: TextIO) -> Processor:
    if settings.format == "console" or (settings.format == "auto" and stream.isatty()):
        return structlog.dev.ConsoleRenderer(colors=stream.isatty())
    return structlog.processors.JSONRenderer(serializer=_to_json)


def _to_json(event: EventDict, **_: object) -> str:
    return orjson.dumps(event, option=orjson.OPT_NON_STR_KEYS).decode()


def _clean(name: str, value: object, depth: int) -> object:
    if value is None or isinstance(value, bool | float):
        return value
    if _SECRET_KEY.search(name) and not isinstance(value, int):
        return MASK
    if isinstance(value, int):
        return value if abs(value) < 2**63 else str(value)
    if isinstance(value, dict) and depth:
        return {printable(str(key), 200): _clean(str(key), item, depth - 1) for key, item in list(value.items())[:100]}
    if isinstance(value, list | tuple | set | frozenset) and depth:
        return [_clean(name, item, depth - 1) for item in list(value)[:100]]
    lines = mask(str(value)).split("\n")
    return "\n".join(printable(line, TEXT_LIMIT) for line in lines[-LINES_LIMIT:])


def _mask_url(url: re.Match[str]) -> str:
    scheme, user, address, query = url.groups()
    return f"{scheme}{MASK + '@' if user else ''}{address}{query[0] + MASK if query else ''}"

"""A PDF as its objects, the streams of which come out as they were before they were compressed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from consumer.inspection.readers.pdf import document
from consumer.inspection.reduction.parts import Part, deflated, inflated

_OBJECT = re.compile(rb"\d{1,10}[ \t\r\n]+\d{1,5}[ \t\r\n]+obj\b")
_STREAM = re.compile(rb"stream\r?\n")
_LENGTH = re.compile(rb"/Length[ \t\r\n]+\d+(?![ \t\r\n]+\d+[ \t\r\n]+R)")
END_OBJECT, END_STREAM = b"endobj", b"endstream"


@dataclass(frozen=True, slots=True)
class StreamLayout:
    """Of a part: its name is the dictionary, its content what the stream holds."""

    packed: bool
    tail: bytes


def begins(data: bytes) -> bool:
    return data.startswith(document.HEADER)


def split(data: bytes) -> Sequence[Part]:
    return tuple(_parts(data))


def _parts(data: bytes) -> Iterator[Part]:
    """Objects, their streams beside them, and what stands between."""
    at = 0
    while (begin := _OBJECT.search(data, at)) is not None:
        if begin.start() > at:
            yield Part(None, data[at : begin.start()])
        end = data.find(END_OBJECT, begin.end())
        stream = _STREAM.search(data, begin.end(), end if end >= 0 else len(data))
        if stream is not None:
            stop = data.find(END_STREAM, stream.end())
            end = data.find(END_OBJECT, stop if stop >= 0 else stream.end())
        end = end + len(END_OBJECT) if end >= 0 else len(data)
        if stream is not None and stop >= 0:
            yield _stream(data[begin.start() : stream.end()], data[stream.end() : stop], data[stop:end])
        else:
            yield Part(None, data[begin.start() : end])
        at = end
    if at < len(data):
        yield Part(None, data[at:])


def _stream(dictionary: bytes, content: bytes, tail: bytes) -> Part:
    plain = inflated(content.rstrip(b"\r\n")) if b"/FlateDecode" in dictionary else None
    if plain is None:
        plain = inflated(content) if b"/FlateDecode" in dictionary else None
    return Part(StreamLayout(plain is not None, tail), content if plain is None else plain, dictionary)


def join(parts: Sequence[Part]) -> bytes:
    made = bytearray()
    for part in parts:
        if not isinstance(part.keep, StreamLayout):
            made += part.content
            continue
        content = deflated(part.content) + b"\n" if part.keep.packed else part.content
        length = len(content) - part.keep.packed
        made += _LENGTH.sub(b"/Length %d" % length, part.name) + content + part.keep.tail
    return bytes(made)

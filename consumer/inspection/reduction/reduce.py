"""Makes a file smaller and neutral for as long as it shows what it showed. Whoever asks says what that is.

Delta debugging: what can go without a change goes, largest first; what has to stay says nothing if it can. A format
that is known is taken apart, and its parts are treated in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from consumer.inspection.reduction.neutral import neutral, words
from consumer.inspection.reduction.parts import Part
from consumer.inspection.reduction.shapes import DEEPEST, FileShape, shape_of, views

T = TypeVar("T")

Shows = Callable[[bytes], Awaitable[bool]]
"""Whether these bytes still show it."""

FINEST = 512  # pieces that a part is cut into, to leave one out
_TAG = re.compile(rb"<(/?)([A-Za-z_][\w:.-]*)[^<>]*?(/?)>")
_BETWEEN_TAGS = re.compile(rb">[^<>]+<")
_VALUE = re.compile(rb'"[^"<>]*"')


class SpentOut(Exception):
    """As many tries as were allowed."""


@dataclass(slots=True)
class Reducer:
    """One for a file. `tries` counts how often it was asked."""

    shows: Shows
    most_tries: int
    goes_on: Callable[[], bool]
    tries: int = 0
    best: bytes = b""  # the smallest and most neutral that still shows it
    finished: bool = True  # False: the tries were spent first

    @property
    def left(self) -> list[bytes]:
        """Words that can still be read in it, in whatever is compressed as well."""
        return list(dict.fromkeys(word for view in views(self.best) for word in words(view)))

    async def reduce(self, data: bytes) -> bytes:
        """`best`, which is `data` itself if nothing can go. Ends early when the tries are spent."""
        self.best = data
        try:
            await self._reduced(data, self._shows, 0)
        except SpentOut:
            self.finished = False
        return self.best

    async def _shows(self, data: bytes) -> bool:
        if self.tries >= self.most_tries or not self.goes_on():
            raise SpentOut
        self.tries += 1
        shows = await self.shows(data)
        if shows:
            self.best = data
        return shows

    async def _reduced(self, data: bytes, shows: Shows, depth: int) -> bytes:
        shape = shape_of(data) if depth < DEEPEST else None
        parts = tuple(shape.split(data)) if shape else ()
        if shape is None or not parts or not await shows(shape.join(parts)):
            return await self._leaf(data, shows)
        parts = await _without(parts, lambda rest: shows(shape.join(rest)))
        for index in sorted(range(len(parts)), key=lambda index: -len(parts[index].content)):
            parts = await self._part(parts, index, shape, shows, depth)
        return shape.join(parts)

    async def _part(
        self, parts: Sequence[Part], index: int, shape: FileShape, shows: Shows, depth: int
    ) -> tuple[Part, ...]:
        def with_it(part: Part) -> bytes:
            return shape.join([*parts[:index], part, *parts[index + 1 :]])

        part = parts[index]
        content = await self._reduced(part.content, lambda new: shows(with_it(replace(part, content=new))), depth + 1)
        part = replace(part, content=content)
        if part.name:
            part = replace(part, name=await self._leaf(part.name, lambda new: shows(with_it(replace(part, name=new)))))
        return (*parts[:index], part, *parts[index + 1 :])

    async def _leaf(self, data: bytes, shows: Shows) -> bytes:
        if not data:
            return data
        for blank in (b"", bytes(len(data)), neutral(data)):
            if await shows(blank):
                data = blank
                break
        if data.strip(b"\0"):
            data = await _shorter(await _with_less_markup(data, shows), shows)
            data = await _quieter(data, shows)
        return data


async def _without(parts: Sequence[T], shows: Callable[[Sequence[T]], Awaitable[bool]]) -> tuple[T, ...]:
    """Those that have to be there: halves are left out first, then smaller groups, then each by itself."""
    parts = tuple(parts)
    size = max(1, len(parts) // 2)
    while True:
        at = 0
        while at < len(parts):
            rest = parts[:at] + parts[at + size :]
            if await shows(rest):
                parts = rest
            else:
                at += size
        if size == 1:
            return parts
        size //= 2


async def _shorter(data: bytes, shows: Shows) -> bytes:
    size = len(data) // 2
    finest = max(1, len(data) // FINEST)
    while size >= finest:
        at = 0
        while at < len(data):
            rest = data[:at] + data[at + size :]
            if await shows(rest):
                data = rest
            else:
                at += size
        size //= 2
    return data


async def _with_less_markup(data: bytes, shows: Shows) -> bytes:
    """Of markup whole elements are left out, and words and values made neutral at once: cut anywhere, it is none."""
    if not _TAG.search(data):
        return data
    for level in range(1, 12):
        pieces, removable = _elements(data, level)
        if not removable:
            break

        async def shown(left: Sequence[int], pieces: list[bytes] = pieces, removable: list[int] = removable) -> bool:
            gone = set(removable) - set(left)
            return await shows(b"".join(piece for at, piece in enumerate(pieces) if at not in gone))

        left = set(await _without(removable, shown))
        data = b"".join(piece for at, piece in enumerate(pieces) if at in left or at not in removable)
    for pattern in (_BETWEEN_TAGS, _VALUE):
        quiet = pattern.sub(lambda match: neutral(match.group()), data)
        if quiet != data and await shows(quiet):
            data = quiet
    return data


def _elements(data: bytes, level: int) -> tuple[list[bytes], list[int]]:
    """Cut at the elements that stand `level` elements deep, and which of the pieces these are."""
    pieces: list[bytes] = []
    removable: list[int] = []
    depth, begin, done = 0, 0, 0
    for tag in _TAG.finditer(data):
        closes, alone = bool(tag[1]), bool(tag[3])
        if not closes:
            depth += 1
            begin = tag.start() if depth == level + 1 else begin
        if (closes or alone) and depth == level + 1:
            pieces += [data[done:begin], data[begin : tag.end()]]
            removable.append(len(pieces) - 1)
            done = tag.end()
        depth -= closes or alone
    return [*pieces, data[done:]], removable


async def _quieter(data: bytes, shows: Shows) -> bytes:
    """Zeros where no text is, since anything else may be a part of something compressed; then neutral letters."""
    if not _is_text(data):
        data = await _replaced(data, lambda piece: bytes(len(piece)), shows)
    return await _replaced(data, neutral, shows)


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    return all(character >= " " or character in "\t\r\n\f" for character in text)


async def _replaced(data: bytes, quiet: Callable[[bytes], bytes], shows: Shows) -> bytes:
    """In as large pieces as it can be."""
    ranges = [(0, len(data))]
    while ranges:
        begin, stop = ranges.pop()
        piece = data[begin:stop]
        silent = quiet(piece)
        if silent == piece:
            continue
        if await shows(data[:begin] + silent + data[stop:]):
            data = data[:begin] + silent + data[stop:]
        elif stop - begin > 1:
            half = (begin + stop) // 2
            ranges += [(half, stop), (begin, half)]
    return data

"""Whether the size that Genesys says of a file tells anything about what comes. Pure.

It tells a stranger's body from the file, unless Genesys says wrong sizes of a whole kind of files, as for what it
converted. That is learnt from files that were believed, as their host delivered others meanwhile; and where no size
ever fitted, also from files that come with bytes of their own every time, which hardly anybody else's answer does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

K = TypeVar("K")
V = TypeVar("V")

ENOUGH = 3  # files of another size, before sizes are held to tell nothing
COUNTED = 64  # of each that count: sizes that told for long may become wrong, and the other way round
KNOWN_FILES = 4_096
KNOWN_FEEDS = 256


class Feed(NamedTuple):
    """Files of which Genesys says the size in one way."""

    host: str
    messenger: str | None
    declared_type: str | None


@dataclass(slots=True)
class _Seen:
    agreed: int = 0
    others: set[str] = field(default_factory=set)  # SHA-256 of files that have another size than Genesys says


class Sizes:
    def __init__(self) -> None:
        self._feeds: dict[Feed, _Seen] = {}
        self._untold: dict[str, int] = {}  # host → files without a size that tells, since one of its sizes fitted
        self._came: dict[str, str] = {}  # file → SHA-256 of what came for it last, with another size
        self._whose: dict[str, str] = {}  # SHA-256 → the file that it came for; "" for several

    def tell(self, feed: Feed) -> bool:
        seen = self._feeds.get(feed)
        return seen is None or len(seen.others) < ENOUGH or len(seen.others) <= seen.agreed

    def fit(self, host: str) -> bool:
        """Whether Genesys says the sizes of files there, and rightly, as far as was seen lately."""
        return self._untold.get(host, COUNTED) < COUNTED

    def untold(self, host: str) -> None:
        """A file came of which no size is said, or one that is known to tell nothing."""
        self._untold[host] = self._untold.get(host, COUNTED) + 1

    def agreed(self, feed: Feed) -> None:
        remember(self._untold, feed.host, 0, KNOWN_FEEDS)
        seen = self._seen(feed)
        seen.agreed = min(seen.agreed + 1, COUNTED)

    def believed(self, feed: Feed, sha256: str) -> None:
        """It is known to be the file, and has another size."""
        others = self._seen(feed).others
        if len(others) <= COUNTED:
            others.add(sha256)

    def differs(self, feed: Feed, file: str, sha256: str) -> bool:
        """Whether it proves that its host delivers: it came twice, for no other, and no size of the host fitted."""
        own, seen = self.is_own(file, sha256), self._seen(feed)
        if not self._whose[sha256]:
            seen.others.discard(sha256)
        if seen.agreed or not own or self.fit(feed.host):
            return False
        self.believed(feed, sha256)
        return True

    def is_own(self, file: str, sha256: str) -> bool:
        """Whether the same bytes came for the file before, and for no other."""
        again = self._came.get(file) == sha256
        remember(self._came, file, sha256, KNOWN_FILES)
        remember(self._whose, sha256, file if self._whose.get(sha256, file) == file else "", KNOWN_FILES)
        return again and bool(self._whose[sha256])

    def _seen(self, feed: Feed) -> _Seen:
        seen = self._feeds.get(feed) or _Seen()
        remember(self._feeds, feed, seen, KNOWN_FEEDS)
        return seen


def remember(known: dict[K, V], key: K, value: V, most: int) -> bool:
    """Whether the key is new. Of too many the oldest is forgotten."""
    new = key not in known
    known[key] = value
    if len(known) > most:
        del known[next(iter(known))]
    return new

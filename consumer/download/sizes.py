"""Whether the size that Genesys says of a file tells anything about what comes. Pure.

It tells a stranger's body from the file, unless Genesys says wrong sizes of a whole kind of files, as for what it
converted. That is learnt from files that were believed, as their host delivered others meanwhile; and where no size
ever fitted, also from files that come with bytes of their own every time, which hardly anybody else's answer does.
Where sizes fitted before, such files have to come for half a day: no outage is known that gave each file bytes of its
own for so long, and Genesys may change what it says for good.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from consumer.model.latest import remember

ENOUGH = 3  # files of another size, before sizes are held to tell nothing
COUNTED = 64  # files of a feed that count, the latest: sizes that told for long may become wrong, or right again
KNOWN_FILES = 16_384  # more than may wait
KNOWN_FEEDS = 256
CHANGED_S = 12 * 3_600.0  # so long the same bytes have to come where sizes fitted before
PAUSE_S = 3_600.0  # what comes again after a longer one begins anew


class Feed(NamedTuple):
    """Files of which Genesys says the size in one way."""

    host: str
    messenger: str | None
    declared_type: str | None


FITS = ""


def _latest() -> deque[str]:
    return deque(maxlen=COUNTED)


@dataclass(slots=True)
class _Seen:
    """Of each of the latest files `FITS`, or the SHA-256 of what has another size than Genesys says."""

    latest: deque[str] = field(default_factory=_latest)

    @property
    def agreed(self) -> int:
        return self.latest.count(FITS)

    @property
    def others(self) -> int:
        return len(self.latest) - self.agreed

    def forget_fits(self) -> None:
        self.latest = deque((one for one in self.latest if one != FITS), maxlen=COUNTED)


@dataclass(slots=True)
class _Waiting:
    """A file that comes with the same bytes, of another size, since it came so first."""

    host: str
    sha256: str
    first: float  # seconds of a monotonic clock
    last: float


class Sizes:
    def __init__(self) -> None:
        self._feeds: dict[Feed, _Seen] = {}
        self._untold: dict[str, int] = {}  # host → files without a size that tells, since one of its sizes fitted
        self._came: dict[str, str] = {}  # file → SHA-256 of what came for it last, with another size
        self._whose: dict[str, str] = {}  # SHA-256 → the file that it came for; "" for several
        self._waiting: dict[str, _Waiting] = {}  # by file

    def tell(self, feed: Feed) -> bool:
        seen = self._feeds.get(feed)
        return seen is None or seen.others < ENOUGH or seen.others <= seen.agreed

    def fit(self, host: str) -> bool:
        """Whether Genesys says the sizes of files there, and rightly, as far as was seen lately."""
        return self._untold.get(host, COUNTED) < COUNTED

    def untold(self, host: str) -> None:
        """A file came of which no size is said, or one that is known to tell nothing."""
        remember(self._untold, host, self._untold.get(host, COUNTED) + 1, KNOWN_FEEDS)

    def agreed(self, feed: Feed) -> None:
        remember(self._untold, feed.host, 0, KNOWN_FEEDS)
        self._seen(feed).latest.append(FITS)
        for file in [file for file, waiting in self._waiting.items() if waiting.host == feed.host]:
            del self._waiting[file]

    def believed(self, feed: Feed, sha256: str) -> None:
        """It is known to be the file, and has another size."""
        seen = self._seen(feed)
        if sha256 not in seen.latest:
            seen.latest.append(sha256)

    def differs(self, feed: Feed, file: str, sha256: str, now: float) -> bool:
        """Whether it proves that its host delivers: it came twice, for no other, and no size of the host fitted, or
        none does any more. `now`: seconds of a monotonic clock."""
        own, seen = self.is_own(file, sha256), self._seen(feed)
        self.came(file, sha256)
        if not self._whose[sha256] and sha256 in seen.latest:
            seen.latest.remove(sha256)
        if not own:
            return False
        if seen.agreed or self.fit(feed.host):
            if not self._changed(feed.host, file, sha256, now):
                return False
            seen.forget_fits()
        self.believed(feed, sha256)
        return True

    def is_own(self, file: str, sha256: str) -> bool:
        """Whether these bytes are what came for the file last, and came for no other."""
        return self._came.get(file) == sha256 and self._whose.get(sha256) == file

    def came(self, file: str, sha256: str) -> None:
        remember(self._came, file, sha256, KNOWN_FILES)
        remember(self._whose, sha256, file if self._whose.get(sha256, file) == file else "", KNOWN_FILES)

    def _changed(self, host: str, file: str, sha256: str, now: float) -> bool:
        """Whether several files of the host came with their own bytes for so long that this is how it is now."""
        waiting = self._waiting.get(file)
        if waiting is None or waiting.sha256 != sha256 or now - waiting.last > PAUSE_S:
            waiting = _Waiting(host, sha256, now, now)
        waiting.last = now
        if file not in self._waiting and len(self._waiting) >= COUNTED:
            self._waiting = {file: one for file, one in self._waiting.items() if now - one.last <= PAUSE_S}
        if file in self._waiting or len(self._waiting) < COUNTED:
            self._waiting[file] = waiting
        if now - waiting.first < CHANGED_S:
            return False
        others = (one for one in self._waiting.values() if one.host == host and self._whose.get(one.sha256))
        return sum(now - one.last <= PAUSE_S and now - one.first >= CHANGED_S for one in others) >= ENOUGH

    def _seen(self, feed: Feed) -> _Seen:
        seen = self._feeds.get(feed) or _Seen()
        remember(self._feeds, feed, seen, KNOWN_FEEDS)
        return seen

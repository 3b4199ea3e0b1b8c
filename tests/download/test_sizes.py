"""When the sizes that Genesys says tell the file from a stranger's body."""

from __future__ import annotations

from consumer.download.sizes import CHANGED_S, COUNTED, ENOUGH, KNOWN_FEEDS, KNOWN_FILES, PAUSE_S, Feed, Sizes

FEED = Feed("files", "whatsapp", "image/jpeg")
OTHER = Feed("files", "whatsapp", "application/pdf")


def learnt(sizes: Sizes, files: int, first: int = 0) -> None:
    for number in range(first, first + files):
        for _ in range(2):
            sizes.differs(FEED, f"file {number}", f"hash {number}", 0.0)


def test_sizes_tell_until_a_few_files_came_twice_as_they_are() -> None:
    sizes = Sizes()
    for number in range(2 * ENOUGH):
        assert not sizes.differs(FEED, f"file {number}", f"hash {number}", 0.0)
    assert sizes.tell(FEED), "once is nothing"
    learnt(sizes, ENOUGH - 1, first=100)
    assert sizes.tell(FEED)
    learnt(sizes, 1, first=200)
    assert (sizes.tell(FEED), sizes.tell(OTHER)) == (False, True)


def test_where_sizes_of_a_host_fit_elsewhere_only_files_that_were_believed_show_that_a_feed_s_lie() -> None:
    sizes = Sizes()
    assert [sizes.differs(FEED, "file", "hash", 0.0) for _ in range(2)] == [False, True]
    sizes.agreed(OTHER)
    assert [sizes.differs(FEED, "file 2", "hash 2", 0.0) for _ in range(2)] == [False, False]
    learnt(sizes, 10 * ENOUGH, first=10)
    assert sizes.tell(FEED)
    for number in range(ENOUGH):
        sizes.believed(FEED, f"hash {number}")
    assert not sizes.tell(FEED)


def test_what_comes_for_several_files_is_none_of_them() -> None:
    sizes = Sizes()
    for number in range(100):
        for _ in range(2):
            sizes.differs(FEED, f"file {number}", "one page", 0.0)
    for number in range(100):
        assert not sizes.differs(FEED, f"file {number}", "one page", 0.0)
    assert sizes.tell(FEED)


def test_what_is_another_each_time_is_no_file() -> None:
    sizes = Sizes()
    for number in range(100):
        assert not sizes.differs(FEED, f"file {number % 3}", f"page {number}", 0.0)
    assert sizes.tell(FEED)


def test_where_a_size_fitted_only_files_that_were_believed_show_that_sizes_became_wrong() -> None:
    sizes = Sizes()
    for _ in range(10 * COUNTED):
        sizes.agreed(FEED)
    learnt(sizes, 10 * COUNTED)
    assert not sizes.differs(FEED, "file 1", "hash 1", 0.0), "somebody may answer so for hours"
    for number in range(COUNTED // 2):
        sizes.believed(FEED, f"hash {number}")
        sizes.believed(FEED, f"hash {number}")
    assert sizes.tell(FEED), "of the latest as many fitted"
    sizes.believed(FEED, "one more")
    assert not sizes.tell(FEED)


def test_sizes_that_lied_for_long_tell_again_when_most_of_the_latest_fit() -> None:
    sizes = Sizes()
    for number in range(10 * COUNTED):
        sizes.believed(FEED, f"hash {number}")
    for _ in range(COUNTED // 2 - 1):
        sizes.agreed(FEED)
    assert not sizes.tell(FEED)
    sizes.agreed(FEED)
    assert sizes.tell(FEED)


EVERY_S = 600.0


def waited(sizes: Sizes, files: int, seconds: float, began: float = 0.0, every_s: float = EVERY_S) -> float | None:
    """How long that many files came with the same bytes until that was held to be no outage."""
    for number in range(int(seconds / every_s)):
        now = began + number * every_s
        for file in range(files):
            if sizes.differs(FEED, f"file {file}", f"hash {file}", now):
                return now - began
    return None


def fitted() -> Sizes:
    sizes = Sizes()
    for feed in (FEED, OTHER):
        for _ in range(COUNTED):
            sizes.agreed(feed)
    return sizes


def test_where_all_sizes_become_wrong_at_once_files_that_stay_the_same_for_half_a_day_show_it() -> None:
    sizes = fitted()
    found = waited(sizes, 2 * COUNTED, 2 * CHANGED_S)
    assert found is not None
    assert CHANGED_S <= found <= CHANGED_S + 2 * EVERY_S
    for file in range(1, ENOUGH):
        assert sizes.tell(FEED)
        assert sizes.differs(FEED, f"file {file}", f"hash {file}", found)
    assert not sizes.tell(FEED)
    assert (sizes.tell(OTHER), sizes.fit("files")) == (True, True), "that of others fitted is not forgotten for it"


def test_fewer_files_or_a_pause_or_one_that_fits_meanwhile_show_nothing() -> None:
    assert waited(fitted(), ENOUGH - 1, 3 * CHANGED_S) is None
    assert waited(fitted(), 2 * ENOUGH, 3 * CHANGED_S, every_s=2 * PAUSE_S) is None
    sizes = fitted()
    assert waited(sizes, 2 * ENOUGH, CHANGED_S - EVERY_S) is None
    sizes.agreed(OTHER)
    assert waited(sizes, 2 * ENOUGH, CHANGED_S - EVERY_S, began=CHANGED_S) is None


def test_bytes_that_become_others_meanwhile_show_nothing() -> None:
    sizes = fitted()
    for part in range(5):
        for _ in range(8):
            for file in range(2 * ENOUGH):
                now = part * CHANGED_S / 2
                assert not sizes.differs(FEED, f"file {file}", f"hash {file} {part}", now)


def test_a_feed_that_is_used_is_not_forgotten_for_many_that_are_new() -> None:
    """A customer names the type of a file as he likes."""
    sizes = fitted()
    for number in range(10 * KNOWN_FEEDS):
        sizes.believed(Feed("files", None, f"x/{number}"), "hash")
        sizes.agreed(FEED)
    assert sizes._feeds[FEED].agreed == COUNTED


def test_it_forgets_what_is_oldest() -> None:
    sizes = Sizes()
    for number in range(2 * KNOWN_FILES):
        sizes.differs(Feed("files", str(number), None), str(number), str(number), 0.0)
    assert (len(sizes._feeds), len(sizes._came), len(sizes._whose)) == (KNOWN_FEEDS, KNOWN_FILES, KNOWN_FILES)

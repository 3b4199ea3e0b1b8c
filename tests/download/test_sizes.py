"""When the sizes that Genesys says tell the file from a stranger's body."""

from __future__ import annotations

from consumer.download.sizes import COUNTED, ENOUGH, KNOWN_FEEDS, KNOWN_FILES, Feed, Sizes

FEED = Feed("files", "whatsapp", "image/jpeg")
OTHER = Feed("files", "whatsapp", "application/pdf")


def learnt(sizes: Sizes, files: int, first: int = 0) -> None:
    for number in range(first, first + files):
        for _ in range(2):
            sizes.differs(FEED, f"file {number}", f"hash {number}")


def test_sizes_tell_until_a_few_files_came_twice_as_they_are() -> None:
    sizes = Sizes()
    for number in range(2 * ENOUGH):
        assert not sizes.differs(FEED, f"file {number}", f"hash {number}")
    assert sizes.tell(FEED), "once is nothing"
    learnt(sizes, ENOUGH - 1, first=100)
    assert sizes.tell(FEED)
    learnt(sizes, 1, first=200)
    assert (sizes.tell(FEED), sizes.tell(OTHER)) == (False, True)


def test_where_sizes_of_a_host_fit_elsewhere_only_files_that_were_believed_show_that_a_feed_s_lie() -> None:
    sizes = Sizes()
    assert [sizes.differs(FEED, "file", "hash") for _ in range(2)] == [False, True]
    sizes.agreed(OTHER)
    assert [sizes.differs(FEED, "file 2", "hash 2") for _ in range(2)] == [False, False]
    learnt(sizes, 10 * ENOUGH, first=10)
    assert sizes.tell(FEED)
    for number in range(ENOUGH):
        sizes.believed(FEED, f"hash {number}")
    assert not sizes.tell(FEED)


def test_what_comes_for_several_files_is_none_of_them() -> None:
    sizes = Sizes()
    for number in range(100):
        for _ in range(2):
            sizes.differs(FEED, f"file {number}", "one page")
    for number in range(100):
        assert not sizes.differs(FEED, f"file {number}", "one page")
    assert sizes.tell(FEED)


def test_what_is_another_each_time_is_no_file() -> None:
    sizes = Sizes()
    for number in range(100):
        assert not sizes.differs(FEED, f"file {number % 3}", f"page {number}")
    assert sizes.tell(FEED)


def test_where_a_size_fitted_only_files_that_were_believed_show_that_sizes_became_wrong() -> None:
    sizes = Sizes()
    for _ in range(10 * COUNTED):
        sizes.agreed(FEED)
    learnt(sizes, 10 * COUNTED)
    assert not sizes.differs(FEED, "file 1", "hash 1"), "somebody may answer so for hours"
    for number in range(COUNTED):
        sizes.believed(FEED, f"hash {number}")
    assert sizes.tell(FEED), "as many fitted"
    sizes.believed(FEED, "one more")
    assert not sizes.tell(FEED)
    sizes.agreed(FEED)
    assert not sizes.tell(FEED)


def test_it_forgets_what_is_oldest() -> None:
    sizes = Sizes()
    for number in range(2 * KNOWN_FILES):
        sizes.differs(Feed("files", str(number), None), str(number), str(number))
    assert (len(sizes._feeds), len(sizes._came), len(sizes._whose)) == (KNOWN_FEEDS, KNOWN_FILES, KNOWN_FILES)

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.download.body import Body, Spool, anonymous_file, unlinked_file
from consumer.model import Reason

DATA = bytes(range(256)) * 3


@given(st.lists(st.binary(max_size=50)), st.integers(1, 60))
def test_counts_hashes_and_gives_back_what_arrived(pieces: list[bytes], size: int) -> None:
    whole = b"".join(pieces)
    with Spool() as spool:
        for piece in pieces:
            spool.write(piece)
        body = spool.seal()
    with body:
        assert (body.size, body.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
        assert b"".join(body.chunks(size)) == whole
        assert all(len(chunk) <= size for chunk in body.chunks(size))


def test_two_readers_do_not_disturb_each_other() -> None:
    with Body.of(DATA) as body:
        one, other = body.chunks(100), body.chunks(100)
        pairs = list(zip(one, other, strict=True))
    assert b"".join(first for first, _ in pairs) == DATA
    assert all(first == second for first, second in pairs)


@pytest.mark.parametrize("open_file", [anonymous_file, unlinked_file])
def test_nobody_with_the_descriptor_can_change_a_sealed_body(open_file: type) -> None:
    with Spool(open_file) as spool:
        spool.write(DATA)
        body = spool.seal()
    with body:
        for change in (
            lambda: os.pwrite(body.fileno(), b"X", 0),
            lambda: os.pwrite(body.fileno(), b"X", body.size),
            lambda: os.ftruncate(body.fileno(), 0),
        ):
            with pytest.raises(OSError):
                change()
        assert b"".join(body.chunks()) == DATA


def test_closing_gives_its_memory_back_once() -> None:
    released: list[bool] = []
    with Spool() as spool:
        spool.write(DATA)
        body = spool.seal(lambda: released.append(True))
    fd = body.fileno()
    with body:
        pass
    body.close()
    assert released == [True]
    with pytest.raises(OSError):
        os.fstat(fd)
    with pytest.raises(ValueError):
        body.fileno()


def test_a_spool_that_is_not_sealed_leaves_no_descriptor_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(RuntimeError), Spool() as spool:
        spool.write(DATA)
        raise RuntimeError
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_file_on_disk_becomes_a_body_up_to_the_cap(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(DATA)
    body = Body.from_path(path, cap=len(DATA))
    assert isinstance(body, Body)
    with body:
        assert b"".join(body.chunks()) == DATA
    assert Body.from_path(path, cap=len(DATA) - 1) is Reason.TOO_LARGE


def test_an_endless_file_on_disk_is_cut() -> None:
    assert Body.from_path(Path("/dev/zero"), cap=1_000_000) is Reason.TOO_LARGE

"""Workers that would not fit into the container's memory are fewer or smaller, and the log says so."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.model.units import MIB
from consumer.service.memory import SERVICE, SMALLEST, allowed, fitted, workers_that_fit
from consumer.settings.model import Settings

GIB = 1024 * MIB


def test_without_a_limit_there_is_what_was_asked_for() -> None:
    assert fitted(8, GIB, 256 * MIB, None) == (8, GIB)


def test_with_room_there_is_what_was_asked_for() -> None:
    assert fitted(2, GIB, 256 * MIB, 5 * GIB) == (2, GIB)


def test_they_are_smaller_first() -> None:
    assert fitted(2, GIB, 256 * MIB, 2 * GIB) == (2, (2048 - 256 - 384) // 4 * MIB)


def test_then_there_are_fewer() -> None:
    assert fitted(8, GIB, 256 * MIB, 640 * MIB + 3 * 2 * SMALLEST) == (3, SMALLEST)


def test_one_is_left_in_any_case() -> None:
    assert fitted(2, GIB, 256 * MIB, 100 * MIB) == (1, SMALLEST)


@given(st.integers(1, 64), st.integers(128, 4096), st.integers(1, 4096), st.integers(0, 65_536))
def test_all_of_it_fits_unless_one_smallest_does_not(workers: int, space: int, bodies: int, most: int) -> None:
    count, each = fitted(workers, space * MIB, bodies * MIB, most * MIB)
    assert 1 <= count <= workers
    assert min(SMALLEST, space * MIB) <= each <= space * MIB
    if count > 1 or each > SMALLEST:
        assert 2 * count * each + bodies * MIB + SERVICE <= most * MIB


def test_the_limit_is_the_least_of_all_groups_above(tmp_path: Path) -> None:
    own = tmp_path / "cgroup"
    own.write_text("0::/pods/one\n")
    inner = tmp_path / "pods" / "one"
    inner.mkdir(parents=True)
    assert allowed(own, tmp_path) is None
    (inner / "memory.max").write_text("max\n")
    (tmp_path / "pods" / "memory.max").write_text(f"{2 * GIB}\n")
    assert allowed(own, tmp_path) == 2 * GIB
    (inner / "memory.max").write_text(f"{GIB}\n")
    assert allowed(own, tmp_path) == GIB


def test_inside_a_container_the_own_group_is_the_root(tmp_path: Path) -> None:
    own = tmp_path / "cgroup"
    own.write_text("0::/\n")
    (tmp_path / "memory.max").write_text(f"{GIB}\n")
    assert allowed(own, tmp_path) == GIB


def test_the_first_version_of_cgroups_is_understood(tmp_path: Path) -> None:
    own = tmp_path / "cgroup"
    own.write_text("5:cpu,cpuacct:/x\n4:memory:/x\n")
    folder = tmp_path / "memory" / "x"
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    assert allowed(own, tmp_path) is None
    (folder / "memory.limit_in_bytes").write_text(f"{GIB}\n")
    assert allowed(own, tmp_path) == GIB


def test_less_than_was_asked_for_is_said(caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings.of(
        {"genesys": {"client_id": "a", "client_secret": "b"}, "kafka": {"bootstrap_servers": "k:9092"}}
    )
    with caplog.at_level(logging.WARNING):
        assert workers_that_fit(settings, 8 * GIB) == (2, GIB)
        assert not caplog.records
        assert workers_that_fit(settings, 2 * GIB) == (2, 352 * MIB)
    assert "2 workers with two processes of 1024 MiB each do not fit into the 2048 MiB" in caplog.text

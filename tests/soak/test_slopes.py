"""What a soak takes for growth: a leak is found under noise, and noise alone is none."""

import random

import pytest

from tests.soak.slopes import GROUP_S, slope

HOUR = 3_600


def measured(a_second: float, noise: float, seed: int = 1) -> list[tuple[float, float]]:
    rng = random.Random(seed)
    return [(at, 100 + a_second * at + rng.gauss(0, noise)) for at in range(0, HOUR, 2)]


def test_a_straight_line_is_told_as_it_is() -> None:
    found = slope(measured(0.01, 0))
    assert found.an_hour == pytest.approx(36)
    assert found.growth == pytest.approx(36, rel=0.01)
    assert found.error == pytest.approx(0, abs=1e-6)
    assert not found.is_flat(allowed=30)


@pytest.mark.parametrize("seed", range(20))
def test_a_leak_is_found_under_noise_and_noise_is_no_leak(seed: int) -> None:
    assert not slope(measured(8 / HOUR, 5, seed)).is_flat(allowed=3)
    assert slope(measured(0, 5, seed)).is_flat(allowed=3)


def test_what_falls_is_flat() -> None:
    assert slope(measured(-1, 5)).is_flat(allowed=0)


def test_a_moment_tells_nothing() -> None:
    with pytest.raises(ValueError, match="too few"):
        slope([(at, 1.0) for at in range(int(GROUP_S))])

"""How near a process is to what it can do."""

from collections.abc import Sequence

import pytest

from consumer.service.capacity import fullness


@pytest.mark.parametrize(
    ("downloads", "processor", "full"),
    [
        (0.0, (0.0, 0.0), 0.0),
        (0.5, (0.0, 0.0), 0.0),
        (0.75, (0.0, 0.0), 0.5),
        (1.0, (0.1, 0.1), 1.0),
        (0.1, (0.9, 0.95), 0.9),
        (0.1, (0.2, 0.95), 0.2),
        (0.1, (0.95, 0.2), 0.2),
        (0.1, (1.3, 1.2), 1.0),
    ],
    ids=[
        "idle",
        "hosts outside hold their half",
        "half of the other half",
        "all downloads",
        "a processor that has nothing left",
        "it became busy a second ago",
        "it was busy until a second ago",
        "threads beside the loop",
    ],
)
def test_a_process_is_as_full_as_its_downloads_or_its_processor_for_two_seconds(
    downloads: float, processor: Sequence[float], full: float
) -> None:
    assert fullness(downloads, processor) == pytest.approx(full)

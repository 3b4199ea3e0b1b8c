"""Whether the workers fit into the memory that this process may use; if not, how many do, and how large."""

from __future__ import annotations

import logging
from pathlib import Path

from consumer.model.units import MIB
from consumer.settings.model import Settings

log = logging.getLogger(__name__)

SERVICE = 384 * MIB  # the process itself with its ledger's share, and the template
SMALLEST = 256 * MIB  # address space of a worker that has room for any file that ends well
PROCESSES = 2  # of a worker: the one that runs, and one that stands still meanwhile with a file that takes long
CGROUPS = Path("/sys/fs/cgroup")


def allowed(own: Path = Path("/proc/self/cgroup"), root: Path = CGROUPS) -> int | None:
    """Bytes that the cgroup of this process and those above it leave it; None without a limit."""
    try:
        groups = [line.split(":", 2) for line in own.read_text().splitlines()]
    except OSError:
        return None
    limits = []
    for _, controllers, path in groups:
        unified = controllers == ""
        if not unified and "memory" not in controllers.split(","):
            continue
        folder, name = (root, "memory.max") if unified else (root / "memory", "memory.limit_in_bytes")
        place = folder / path.strip("/")
        limits += [_limit(above / name) for above in (place, *place.parents) if above.is_relative_to(folder)]
    return min((limit for limit in limits if limit is not None), default=None)


def _limit(file: Path) -> int | None:
    try:
        said = file.read_text().strip()
    except OSError:
        return None
    return int(said) if said.isdigit() and int(said) < 1 << 62 else None  # version 1 says "none" by a huge number


def fitted(workers: int, address_space: int, bodies: int, most: int | None) -> tuple[int, int]:
    """How many workers, and the address space of each process in bytes, so that all of it is at most `most` bytes.

    Smaller ones first, then fewer; one of the smallest is left in any case.
    """
    if most is None:
        return workers, address_space
    room = max(most - bodies - SERVICE, 0) // PROCESSES
    count = max(min(workers, room // min(SMALLEST, address_space)), 1)
    return count, min(address_space, max(room // count // MIB * MIB, min(SMALLEST, address_space)))


def workers_that_fit(settings: Settings, most: int | None) -> tuple[int, int]:
    """Of what the settings ask for, what has room. Says so if that is less."""
    inspection, bodies = settings.inspection, settings.download.max_bytes_in_memory
    asked = inspection.workers, inspection.address_space_bytes
    got = fitted(*asked, bodies, most)
    if got != asked:
        log.warning(
            "%d workers with two processes of %d MiB each do not fit into the %d MiB that the cgroup allows, beside "
            "%d MiB of files and %d MiB of the service: there are %d of %d MiB",
            asked[0], asked[1] // MIB, (most or 0) // MIB, bodies // MIB, SERVICE // MIB, got[0], got[1] // MIB,
        )  # fmt: skip
    return got

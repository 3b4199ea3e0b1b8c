"""What is shown of a secret."""

from __future__ import annotations

MASK = "********"  # in its place, however long it is

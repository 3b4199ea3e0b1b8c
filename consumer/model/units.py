"""Units that several rooms count in."""

from __future__ import annotations

MIB = 1024 * 1024  # bytes
DAY_MS = 24 * 60 * 60 * 1000

"""Who is next, wherever something is scarce: workers, downloads, memory, calls."""

from consumer.turns.slots import LongWork, Slots
from consumer.turns.turn import LONG, SHORT, SHORT_FILE, Turn

__all__ = ["LONG", "SHORT", "SHORT_FILE", "LongWork", "Slots", "Turn"]

"""Who is next, wherever something is scarce: workers, downloads, memory, calls."""

from consumer.turns.slots import Slots, Work
from consumer.turns.turn import LONG, SHORT, Turn

__all__ = ["LONG", "SHORT", "Slots", "Turn", "Work"]

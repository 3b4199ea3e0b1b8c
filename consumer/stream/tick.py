"""How long answers wait for the next commit of their partition. Pure."""

BUSY_TICKS = 3  # as long a tick as otherwise, in a process that can do no more
SHARE, LONGEST_S = 0.4, 1.0  # of a task's stay, then
TRANSACTIONS_A_SECOND = 100  # that a broker bears from one process


def tick_s(shortest_s: float, partitions: int, load: float, stay_s: float) -> float:
    """A transaction costs some ms of CPU here and at the broker, however much is in it. So more partitions commit less
    often, and so does a fuller process (`load`, up to 1), whose tasks wait anyway: one that was committed lately took
    `stay_s` from taken to committed."""
    busy_s = max(BUSY_TICKS * shortest_s, min(SHARE * stay_s, LONGEST_S))
    return max(shortest_s, partitions / TRANSACTIONS_A_SECOND, busy_s * load)

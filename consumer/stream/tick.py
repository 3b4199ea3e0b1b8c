"""How long answers wait for the next commit of their partition. Pure."""

LONGEST_S = 1.0  # in a process that can do no more
FULL = 0.75  # of what it can do: it takes tasks in batches, and some of them end before the next one
TRANSACTIONS_A_SECOND = 100  # that a broker bears from one process


def tick_s(shortest_s: float, partitions: int, load: float) -> float:
    """A transaction is five requests and some ms of CPU, here and at the broker, however much is in it. So more
    partitions commit less often, and so does a fuller process (`load`, up to 1), whose tasks wait anyway: steeply, so
    that one that is half full answers nearly as soon as an empty one."""
    fullness = min(load / FULL, 1.0)
    return max(shortest_s, partitions / TRANSACTIONS_A_SECOND, LONGEST_S * fullness**4)

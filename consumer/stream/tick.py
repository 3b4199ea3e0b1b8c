"""How long answers wait for the next commit of their partition. Pure."""

LONGEST_S = 1.0  # in a process that can do no more
TRANSACTIONS_A_SECOND = 100  # that a broker bears from one process


def tick_s(shortest_s: float, partitions: int, load: float) -> float:
    """A transaction is five requests and some ms of CPU, here and at the broker, however much is in it. So more
    partitions commit less often, and so does a fuller process (`load`, up to 1), whose tasks wait anyway: by the
    square, so that one that is half full answers nearly as soon as an empty one."""
    return max(shortest_s, partitions / TRANSACTIONS_A_SECOND, LONGEST_S * load * load)

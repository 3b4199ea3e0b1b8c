"""The embedded broker: librdkafka's own mock cluster, which comes inside the confluent-kafka wheel.

with EmbeddedBroker({"events": 4}) as broker:
    print(broker.bootstrap_servers)
"""

import ctypes
from collections.abc import Mapping
from typing import Final

from confluent_kafka import cimpl

PRODUCER: Final = 0
NOTHING_LOGGED: Final = b"0"
ERROR_BYTES: Final = 512


class EmbeddedBroker:
    """One broker in this process that speaks the real wire protocol on loopback, for the demo and for smoke tests.

    What it cannot do, so that nobody takes a green run on it for a proof:

    - no admin calls: topics are the ones given here (others appear with 4 partitions when they are first asked for),
      and the start checks of topics and offsets have to be off;
    - no fencing of an older transactional producer, and `read_committed` hides nothing;
    - one member a group: a second one that joins is refused;
    - no compaction, no retention by time; a partition keeps its last 5 MiB and silently drops what is older;
    - the control records of transactions carry no checksum: consumers need `check_crcs=False`;
    - acknowledgements say that each record came 1.234 s after the epoch began;
    - connections are accepted five at a time, so that many clients at once wait a second.

    Everything that the service promises about "exactly once" is tested on a real broker (`consumer.sandbox.kafka`).
    """

    def __init__(self, partitions: Mapping[str, int]) -> None:
        self._partitions = dict(partitions)

    def __enter__(self) -> "EmbeddedBroker":
        self._library = _library()
        self._client = _client(self._library)
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._client, 1)
        for topic, count in self._partitions.items():
            if error := self._library.rd_kafka_mock_topic_create(self._cluster, topic.encode(), count, 1):
                raise RuntimeError(f"the embedded broker refused topic {topic}: librdkafka error {error}")
        # A group waits three seconds for members that may follow; here none can.
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)
        return self

    def __exit__(self, *_: object) -> None:
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._client)

    @property
    def bootstrap_servers(self) -> str:
        address: bytes = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster)
        return address.decode()


def _library() -> ctypes.CDLL:
    """librdkafka, found through the extension module that is linked against it, whatever its file is called."""
    library = ctypes.CDLL(cimpl.__file__)
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    signatures = {
        "rd_kafka_conf_new": (pointer, []),
        "rd_kafka_conf_set": (number, [pointer, text, text, text, ctypes.c_size_t]),
        "rd_kafka_new": (pointer, [number, pointer, text, ctypes.c_size_t]),
        "rd_kafka_destroy": (None, [pointer]),
        "rd_kafka_mock_cluster_new": (pointer, [pointer, number]),
        "rd_kafka_mock_cluster_destroy": (None, [pointer]),
        "rd_kafka_mock_cluster_bootstraps": (text, [pointer]),
        "rd_kafka_mock_topic_create": (number, [pointer, text, number, number]),
        "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, [pointer, ctypes.c_int32]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _client(library: ctypes.CDLL) -> int:
    """A client that never connects: the mock cluster runs in one's thread."""
    error = ctypes.create_string_buffer(ERROR_BYTES)
    settings = library.rd_kafka_conf_new()
    library.rd_kafka_conf_set(settings, b"log_level", NOTHING_LOGGED, error, ERROR_BYTES)
    client: int | None = library.rd_kafka_new(PRODUCER, settings, error, ERROR_BYTES)
    if client is None:
        raise RuntimeError(f"the embedded broker did not start: {error.value.decode()}")
    return client

"""Tasks as records of the tasks topic: the event's own bytes, and headers that say where they came from.

The original record's headers travel under a prefix, so none of them can pass for one of ours: only the producer of a
tasks record (intake, its owner's transaction, `dlq replay`) can name a replay.
"""

from __future__ import annotations

from dataclasses import replace

from consumer.errors import Malformed
from consumer.model import TRACEPARENT, Attachment, Event, Headers, Replay, Source, Task
from consumer.wire.fields import read_id
from consumer.wire.results import record_size

SOURCE = "task.source"  # topic, partition, offset, timestamp in ms, path; joined by a space
KEY = "task.source-key"
SHA256 = "task.value-sha256"  # set when the value was too large to be carried
LEFT_OUT = "task.left-out"  # what else was
REPLAY = "task.replay"  # identity in hex, generation
CONVERSATION = "task.conversation"  # of an event that names only a message, once a call told it
GIVEN_UP = "task.given-up"  # identity in hex and generation of each dead letter, joined by spaces
MOVES = "task.moves"
TRIED = "task.tried"  # identities in hex, joined by a space
CARRIED = "task.header."  # + the original header's name
# They change what is judged, or is told of it; the rest only says where it came from.
ON_TRUST = {REPLAY, CONVERSATION, GIVEN_UP, MOVES, TRIED, TRACEPARENT}
TRACE_BYTES = record_size(None, None, ((TRACEPARENT, b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-00"),))


def key_of(event: Event) -> bytes:
    """The conversation id; of an event that names only a message, that message's id until its conversation is known."""
    named = event.conversation_id or event.messages[0].message_id
    return named.encode("utf-8", "surrogatepass")


def unreadable_key(source: Source) -> bytes:
    return f"{source.topic}/{source.partition}/{source.offset}{source.path}".encode()


def encode_task(task: Task) -> Headers:
    """The headers of a task's record; its value is the task's value."""
    source = task.source
    place = f"{source.topic} {source.partition} {source.offset} {source.timestamp_ms} {source.path}".rstrip()
    headers: list[tuple[str, bytes | None]] = [(SOURCE, place.encode())]
    if task.key is not None:
        headers.append((KEY, task.key))
    if task.value_sha256 is not None:
        headers.append((SHA256, task.value_sha256.encode()))
    if task.left_out:
        headers.append((LEFT_OUT, " ".join(sorted(task.left_out)).encode()))
    if task.replay is not None:
        headers.append((REPLAY, f"{task.replay.identity.hex()} {task.replay.generation}".encode()))
    if task.conversation_id is not None:
        headers.append((CONVERSATION, task.conversation_id.encode("utf-8", "surrogatepass")))
    if task.given_up:
        named = " ".join(f"{letter.identity.hex()} {letter.generation}" for letter in task.given_up)
        headers.append((GIVEN_UP, named.encode()))
    if task.moves:
        headers.append((MOVES, str(task.moves).encode()))
    if task.tried:
        headers.append((TRIED, " ".join(sorted(identity.hex() for identity in task.tried)).encode()))
    headers.extend(traced(task.trace))
    headers.extend((CARRIED + name, value) for name, value in task.headers)
    return tuple(headers)


def encoded_at(path: str, headers: Headers) -> Headers:
    """Those of a task of a whole record, for the event at `path` in it: thousands share all but their place."""
    return ((SOURCE, b"%s %s" % (headers[0][1], path.encode())), *headers[1:]) if path else headers


def traced(traceparent: str | None) -> Headers:
    """The header by which the second loop goes on with the trace of the first; none where nothing is traced."""
    return () if traceparent is None else ((TRACEPARENT, traceparent.encode("ascii")),)


def decode_task(value: bytes | None, headers: Headers, at: Source) -> Task:
    """The task of a record at `at` in the tasks topic. Raises `Malformed` for one that nobody of us wrote."""
    ours = {name: content for name, content in headers if content is not None}
    try:
        return Task(
            source=_source(ours[SOURCE]),
            value=value,
            key=ours.get(KEY),
            headers=tuple((name.removeprefix(CARRIED), v) for name, v in headers if name.startswith(CARRIED)),
            value_sha256=ours[SHA256].decode("ascii") if SHA256 in ours else None,
            left_out=frozenset(ours.get(LEFT_OUT, b"").decode("ascii").split()),
            replay=_replay(ours[REPLAY]) if REPLAY in ours else None,
            conversation_id=read_id(_text(ours.get(CONVERSATION)), "conversation id"),
            given_up=_letters(ours.get(GIVEN_UP, b"")),
            moves=_number(ours.get(MOVES, b"0")),
            tried=frozenset(map(bytes.fromhex, ours.get(TRIED, b"").decode("ascii").split())),
            trace=ours[TRACEPARENT].decode("ascii") if TRACEPARENT in ours else None,
            taken_ms=at.timestamp_ms,
        )
    except (KeyError, ValueError, UnicodeDecodeError):
        raise Malformed("a record of the tasks topic that this service did not write") from None


def unproven(headers: Headers) -> Headers:
    """Of a record that may be anybody's, what a task may still be made of."""
    return tuple(header for header in headers if header[0] not in ON_TRUST)


def moved(task: Task, conversation_id: str) -> Task:
    return replace(task, conversation_id=conversation_id, moves=task.moves + 1)


def tried(task: Task, attachment: Attachment) -> Task:
    """At home in its conversation, as it is by now."""
    assert attachment.identity is not None, "only an attachment with a key is inspected"
    return replace(task, conversation_id=attachment.conversation_id, tried=task.tried | {attachment.identity})


def _letters(header: bytes) -> tuple[Replay, ...]:
    parts = header.decode("ascii").split()
    return tuple(_replay(f"{one} {two}".encode()) for one, two in zip(parts[::2], parts[1::2], strict=True))


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("utf-8", "surrogatepass")


def _source(header: bytes) -> Source:
    topic, partition, offset, timestamp_ms, *path = header.decode().split(" ", 4)
    return Source(topic, _number(partition), _number(offset), _number(timestamp_ms), path[0] if path else "")


def _replay(header: bytes) -> Replay:
    identity, generation = header.decode("ascii").split(" ")
    return Replay(bytes.fromhex(identity), _number(generation))


def _number(written: bytes | str) -> int:
    """Of at most 64 bits, as Kafka's are. Raises `ValueError`."""
    number = int(written)
    if abs(number) >= 2**63:
        raise ValueError("too large")
    return number

"""Answers in the topics of results and dead letters that the ledger does not bear out. Pure.

A result carries no signature. Its entry in the ledger does, and is written in the same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from consumer.kafka.client import partition_of
from consumer.kafka.ledger import Recollection
from consumer.kafka.seen import DoubtfulRecord, SeenLetter, SeenRecords, SeenResult
from consumer.model import OF_VERDICT

A = TypeVar("A", SeenResult, SeenLetter)

TOGETHER = timedelta(minutes=1)  # no transaction is open for longer


def answers_in(seen: SeenRecords, partitions: int, kept_since: datetime) -> Mapping[int, AbstractSet[bytes]]:
    """The identities that were answered since `kept_since`, by the partitions that may know them: of a dead letter
    that names no conversation any."""
    wanted: defaultdict[int, set[bytes]] = defaultdict(set)
    for result in seen.results:
        if _is_kept(result, kept_since):
            wanted[_home(result.text("conversationId") or "", partitions)].add(result.identity)
    for found in seen.letters:
        if _is_kept(found, kept_since):
            named = found.letter.conversation_id
            for partition in (_home(named, partitions),) if named else range(partitions):
                wanted[partition].add(found.letter.identity)
    return wanted


def without_unknown(seen: SeenRecords, memory: Recollection, kept_since: datetime) -> SeenRecords:
    """What was seen, without what the ledger should know and does not: that is doubtful."""
    results, false_results = _told_apart(seen.results, memory, kept_since)
    letters, false_letters = _told_apart(seen.letters, memory, kept_since)
    unknown = [DoubtfulRecord("verdict", one.place, "not_in_ledger") for one in false_results]
    unknown += [DoubtfulRecord("dead letter", one.place, "not_in_ledger") for one in false_letters]
    return replace(seen, results=results, letters=letters, doubtful=[*seen.doubtful, *memory.doubtful, *unknown])


def _told_apart(answers: Sequence[A], memory: Recollection, kept_since: datetime) -> tuple[list[A], list[A]]:
    """Those that the ledger bears out, or no longer has to; and the others. Of several the one that came with the
    entry is true."""
    said: defaultdict[tuple[bytes, int], list[A]] = defaultdict(list)
    believed: list[A] = []
    for one in answers:
        if _is_kept(one, kept_since):
            said[_names(one)].append(one)
        else:
            believed.append(one)
    for name, same in said.items():
        noted = memory.times.get(name, ())
        apart = [(abs(when - one.place.at), n) for n, one in enumerate(same) for when in noted if one.place.at]
        if apart and min(apart)[0] <= TOGETHER:
            believed.append(same.pop(min(apart)[1]))
    return [one for one in answers if one in believed], [one for same in said.values() for one in same]


def _names(one: SeenResult | SeenLetter) -> tuple[bytes, int]:
    if isinstance(one, SeenResult):
        return one.identity, OF_VERDICT
    return one.letter.identity, one.letter.generation


def _is_kept(one: SeenResult | SeenLetter, kept_since: datetime) -> bool:
    """Whether the ledger still has to know it. The broker's time counts, which nobody who writes can choose."""
    return one.place.at is not None and one.place.at > kept_since


def _home(conversation_id: str, partitions: int) -> int:
    return partition_of(conversation_id.encode("utf-8", "surrogatepass"), partitions)

"""64 bits leave a worker for a file. Whatever they are, they mean something out of a closed list, or nothing."""

from __future__ import annotations

import builtins
import ctypes.util
import math
import re
import struct
import zlib
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.inspection.readers.seen import Seen
from consumer.inspection.readers.table import canonical
from consumer.inspection.workers import codes
from consumer.inspection.workers.codes import FAILURES, FLAGS, REASONS, SENTENCES, TYPES, Unheard, closed, opened
from consumer.inspection.workers.frames import ANSWER
from consumer.inspection.yara.rules import MOST_RULES
from consumer.model import Reason
from consumer.telemetry.labels import ReaderException

READERS = Path(codes.__file__).parents[1]
FOUND = st.lists(st.sampled_from(REASONS), unique=True)


def seen(kind: str | None, reasons: list[Reason], flags: list[str]) -> Seen:
    found = Seen(kind)
    for number, reason in enumerate(reasons):
        found.find(reason, f"a sentence of a reader, {number}")
    for number, reason in enumerate(reasons[:9]):  # an examination keeps 40 findings
        found.find(reason, f"and a second one for the same reason, {number}")
    for flag in flags:
        found.flag(flag)
    return found


@given(st.sampled_from(TYPES), FOUND, st.lists(st.sampled_from(FLAGS), unique=True))
def test_type_flags_and_reasons_come_through_and_those_that_came_first_come_first(
    kind: str | None, reasons: list[Reason], flags: list[str]
) -> None:
    raw = closed(seen(kind, reasons, flags))
    answer = opened(raw)
    assert len(raw) == 8
    assert answer.detected_type == kind
    assert [finding.code for finding in answer.findings][:2] == reasons[:2]
    assert [finding.code for finding in answer.findings][2:] == sorted(reasons[2:], key=REASONS.index)
    assert all(finding.detail == SENTENCES[finding.code] for finding in answer.findings)
    assert set(answer.flags) == set(flags)


@given(st.integers(0, 2**64 - 1))
def test_any_64_bits_are_words_of_closed_lists_or_nothing(word: int) -> None:
    try:
        answer = opened(ANSWER.pack(word))
    except Unheard:
        return
    assert answer.detected_type in TYPES
    assert set(answer.flags) <= set(FLAGS)
    assert {finding.code for finding in answer.findings} <= set(REASONS)
    assert all(finding.detail in SENTENCES.values() or answer.failure in FAILURES for finding in answer.findings)


@pytest.mark.parametrize("name", FAILURES)
def test_the_class_of_an_exception_comes_through(name: str) -> None:
    kind = {"struct.error": struct.error, "zlib.error": zlib.error, "another exception": StopIteration}.get(name)
    found = Seen()
    codes.failed(found, (kind or getattr(builtins, name))())
    answer = opened(closed(found))
    assert answer.failure == name
    assert [finding.code for finding in answer.findings] == [Reason.UNDETECTABLE]


def test_a_reason_that_no_list_names_rejects_whatever_a_policy_says() -> None:
    found = seen("text/plain", [Reason.INFECTED, Reason.SCRIPT], [])
    assert [finding.code for finding in opened(closed(found)).findings] == [Reason.SCRIPT, Reason.UNDETECTABLE]


def test_a_type_that_no_list_names_is_bytes_of_no_known_type() -> None:
    assert opened(closed(Seen("application/x-unheard-of"))).detected_type == "application/octet-stream"


def test_the_lists_fit_into_their_bits() -> None:
    assert len(TYPES) <= 1 << codes.TYPE_BITS
    assert len(FLAGS) <= codes.FLAG_BITS
    assert len(REASONS) <= codes.REASON_BITS
    assert max(len(REASONS), len(FAILURES)) < 1 << codes.PLACE_BITS
    assert codes.TYPE_BITS + codes.FLAG_BITS + codes.REASON_BITS + 2 * codes.PLACE_BITS == 64


def test_with_the_place_of_a_rule_no_more_than_64_bits_leave_a_worker_for_a_file() -> None:
    """Answers that mean different things: a type, any flags, a set of reasons, and which two of them came first."""
    count = len(REASONS)
    pairs = count * (count - 1) * 2 ** (count - 2)
    reasons = 1 + count + len(FAILURES) + pairs
    assert math.log2(len(TYPES) * 2 ** len(FLAGS) * reasons) + math.log2(MOST_RULES + 1) <= 64


def test_every_flag_and_reason_of_a_reader_has_its_place() -> None:
    source = "".join(file.read_text() for file in READERS.joinpath("readers").rglob("*.py"))
    assert set(re.findall(r'\.flag\("([a-z_]+)"\)', source)) <= set(FLAGS)
    named = {Reason[name] for name in re.findall(r"\bReason\.([A-Z_]+)\b", source)}
    assert named <= set(SENTENCES)


def test_every_name_of_the_installed_libmagic_has_its_place() -> None:
    database = next(
        (path for path in (Path("/usr/lib/file/magic.mgc"), Path("/usr/share/misc/magic.mgc")) if path.is_file()), None
    )
    if database is None or ctypes.util.find_library("magic") is None:
        pytest.skip("no database of libmagic at its usual place")
    tops = b"application|text|image|audio|video|message|model|font"
    names = re.findall(rb"(?<![!-~])((?:" + tops + rb")/[A-Za-z0-9][A-Za-z0-9!#&^_.+-]*)(?=\0)", database.read_bytes())
    assert len(names) > 500
    assert {canonical(name.decode().lower()) for name in names} <= set(TYPES)


def test_the_classes_of_exceptions_are_those_of_the_metric() -> None:
    assert get_args(ReaderException) == codes.FAILURES


def test_a_wide_answer_is_checked_as_well() -> None:
    found = seen("text/plain", [Reason.SCRIPT], ["form"])
    found.find(Reason.SECOND_FORMAT, "a PDF inside the text", at=7, opener="pdf")
    assert codes.opened_wide(codes.wide(found)[4:]).findings == tuple(found.findings)
    assert codes.opened_wide(codes.wide(found)[4:]).evidence == tuple(found.evidence)
    for wrong in (b"", b"[]", b'{"detected": 7, "findings": [], "flags": []}', b'{"detected": "A B"}',
                  b'{"detected": null, "findings": [["no", "", null, ""]], "flags": []}',
                  b'{"detected": null, "findings": [["script", "", -1, ""]], "flags": []}',
                  b'{"detected": null, "findings": [["script", "", true, ""]], "flags": []}',
                  b'{"detected": null, "findings": [["script", "", 1, "nobody we know"]], "flags": []}',
                  b'{"detected": null, "findings": [["script", "\\u0007", null, ""]], "flags": []}',
                  b'{"detected": null, "findings": [], "flags": ["A B"]}', b"[" * 100_000):  # fmt: skip
        with pytest.raises(Unheard):
            codes.opened_wide(wrong)


def test_none_but_a_command_by_hand_asks_for_wide_answers() -> None:
    wide = re.compile(r"Bounds\([^)]*\bwide=")
    source = READERS.parent
    asking = {file.relative_to(source).parts[0] for file in source.rglob("*.py") if wide.search(file.read_text())}
    assert asking == {"cli"}

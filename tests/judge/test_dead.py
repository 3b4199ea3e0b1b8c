"""What can't be judged: dead letters with their reasons, and bugs of ours, none of which ends the service."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

import orjson
import pytest

from consumer.attempts import Attempts
from consumer.errors import Malformed, NotJudged, Unavailable
from consumer.judge.boundary import VERBATIM_BYTES
from consumer.model import DeadReason, Dependency
from consumer.model.heard import Asked
from consumer.wire.dead_letters import decode_dead_letter
from tests.judge.home import CONVERSATION, Inspecting, at_home, attachment, event, message

BARE = orjson.dumps({"conversationId": CONVERSATION})
M1 = message("m1", attachment("a1"), attachment("a2"))


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (NotJudged(DeadReason.FORBIDDEN, "not this one"), "forbidden"),
        (Malformed("odd"), "unreadable"),
        (Unavailable(Dependency.FILES, "away", host="elsewhere.example"), "host_unavailable"),
        (KeyError("a secret"), "bug"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else None,
)
async def test_what_can_t_be_judged_is_a_dead_letter_with_its_reason(failure: Exception, reason: str) -> None:
    async def fails(name: str | None, attempt: Attempts) -> None:
        async def step() -> None:
            raise failure

        if name == "a1":
            await attempt(step)

    async with at_home(M1) as home:
        home.inspecting.before = fails
        await home.take(event(["a1", "a2"]))
        await home.take(event(["a1", "a2"]))

        assert home.letters == [(reason, "a1", 1)]
        assert home.verdicts == ["a2"]
        letter = next(a.letter for a in home.published if a.letter)
        assert "secret" not in letter.detail
        assert letter.value == event(["a1", "a2"])
        assert home.bugs.count(True) == (reason == "bug")


async def test_failures_that_count_end_in_a_dead_letter_while_the_dependency_answers_others() -> None:
    async def fails(name: str | None, attempt: Attempts) -> None:
        async def step() -> None:
            home.gates[Dependency.FILES].answered(Asked("files", "another"))
            raise Unavailable(Dependency.FILES, "away")

        if name == "a1":
            await attempt(step)

    async with at_home(M1) as home:
        home.inspecting.before = fails
        await home.take(event(["a1", "a2"]))

        assert home.letters == [("unavailable", "a1", 1)]
        assert home.waited == [1, 1, 2, 4]


@pytest.mark.parametrize(
    ("value", "reason"),
    [(b"\xff\xfe", "unreadable"), (b"[]x", "unreadable"), (None, "unreadable"), (b'{"a": 1}', "no_ids")],
)
async def test_bytes_that_nothing_can_be_read_from_are_dead_once(value: bytes | None, reason: str) -> None:
    async with at_home() as home:
        await home.take(value)
        await home.take(value)

        assert home.letters == [(reason, "bytes", 1)]
        assert home.genesys.calls == 0


def fail_with_a_bug(*_: object) -> NoReturn:
    raise KeyError("a secret")


async def test_a_dead_letter_tells_what_of_its_record_the_task_could_not_carry() -> None:
    async with at_home() as home:
        await home.take(None, value_sha256="ab" * 32, left_out=frozenset({"headers"}))
        home.commit()

        (answer,) = home.published
        assert answer.outgoing is not None
        told = dict(answer.outgoing.headers)
        assert (told["dlq.value-sha256"], told["dlq.value-omitted"]) == (b"ab" * 32, b"true")
        assert (told["dlq.headers-omitted"], told["dlq.key-omitted"]) == (b"true", b"false")


class Buggy:
    @property
    def id(self) -> str | None:
        return fail_with_a_bug()


class BuggyBehindTheVerdict(Inspecting):
    @property
    def policy_version(self) -> str:  # type: ignore[override]
        return fail_with_a_bug()


async def test_a_bug_before_anything_is_known_of_an_event_is_its_dead_letter_and_the_next_one_is_judged() -> None:
    async with at_home(M1) as home:
        judge, home.judge = home.judge, replace(home.judge, organization=Buggy())
        await home.take(event(["a1"]))
        home.judge = judge
        await home.take(event(["a2"]))

        assert home.letters == [("bug", "bytes", 1)]
        assert home.verdicts == ["a1", "a2"]
        assert home.bugs.count(True) == 1


async def test_a_bug_behind_the_verdict_is_the_attachment_s_dead_letter() -> None:
    """In the flight that other tasks may share: an error that escaped from there would end the service."""
    async with at_home(message("m1", attachment("a1"))) as home:
        home.judge = replace(home.judge, inspector=BuggyBehindTheVerdict())
        await home.take(event(["a1"]))

        assert home.letters == [("bug", "a1", 1)]
        assert home.verdicts == []


async def test_all_the_bugs_of_one_task_count_as_one() -> None:
    """A message may have as many files as bugs in a row stop the service."""

    async def fails(name: str | None, attempt: Attempts) -> None:
        fail_with_a_bug()

    names = [f"a{n}" for n in range(30)]
    async with at_home(message("m1", *map(attachment, names))) as home:
        home.inspecting.before = fails
        await home.take(event(names))
        assert len(home.letters) == 30
        assert home.bugs == [True]


async def test_only_a_verdict_ends_a_row_of_bugs() -> None:
    """The metadata of a file whose inspection fails by a bug is read without one."""

    async def fails(name: str | None, attempt: Attempts) -> None:
        if name != "good":
            fail_with_a_bug()

    async with at_home(*(message(f"m{n}", attachment(f"a{n}", message=f"m{n}")) for n in range(3))) as home:
        home.inspecting.before = fails
        for n in range(3):
            await home.take(event([f"a{n}"], message=f"m{n}"))
        assert home.bugs == [True] * 3

        home.genesys.messages["m9"] = message("m9", attachment("good", message="m9"))
        await home.take(event(["good"], message="m9"))
        assert home.bugs == [True] * 3 + [False]


# ---- a record that names much of what does not exist


@pytest.mark.parametrize("what", ["attachments", "messages", "elements"])
async def test_dead_letters_of_one_record_repeat_few_of_its_bytes_however_many_they_are(what: str) -> None:
    names = [f"made up {number}" for number in range(300)]
    padding = "x" * 200_000
    raw = orjson.loads(event(names if what == "attachments" else ["a1"])) | {"padding": padding}
    if what == "messages":
        listed = [{"messageId": name.replace(" ", "-"), "media": [{"id": name}]} for name in names]
        raw["participants"][0]["messages"][0]["messages"] = listed
    value = orjson.dumps(raw)
    if what == "elements":
        value = orjson.dumps([{"conversationId": CONVERSATION, "messageId": f"e-{n}"} for n in range(300)])
    async with at_home(message("m1", attachment("a1"))) as home:
        await home.take(value)
        home.commit()
        letters = [answer.outgoing for answer in home.published if answer.letter and answer.outgoing]
        assert len(letters) == 300
        whole = [letter for letter in letters if letter.value is not None]
        assert letters[0] in whole
        assert sum(letter.size for letter in letters) < VERBATIM_BYTES + 300 * 2_000
        for letter in letters:
            told = decode_dead_letter(letter.key, letter.value, letter.headers)
            assert (told.value_sha256 is None) is (letter in whole)
        assert (len(whole) == 300) is (what == "elements")

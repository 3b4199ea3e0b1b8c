"""Trying again: what counts as an attempt, how long is waited, and whose gate stops whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from itertools import count

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.attempts import Attempts, Backoff, Gates, Patience, Probe, Repeats
from consumer.errors import Doubtful, Failure, NotYet, Refused, Throttled, Unavailable
from consumer.model import Dependency, Reason, Settled
from consumer.model.heard import Asked
from tests.reports import Recorder

API, FILES, LOGIN = Dependency.API, Dependency.FILES, Dependency.LOGIN


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await anyio.lowlevel.checkpoint()


class World:
    def __init__(self, attempts: int = 4, failures: int = 3, probes: dict[Dependency, Probe] | None = None) -> None:
        self.clock = Clock()
        self.recorder = Recorder()
        self.gates = Gates(
            failures=failures,
            probe_s=1,
            probe_max_s=8,
            probes=probes or {},
            now=lambda: self.clock.now,
            sleep=self.clock.sleep,
            reports=self.recorder,
        )
        self.repeats = Repeats(lambda: 1_000_000)
        backoff = Backoff(attempts=attempts, over_s=7, jitter=lambda: 0.0)
        self.patience = Patience(
            self.gates, backoff, 20, self.repeats, self.recorder, sleep=self.clock.sleep, clock=lambda: self.clock.now
        )


class Step:
    """Fails in the given ways, one after the other, and then answers."""

    def __init__(self, *failures: Failure, before: Callable[[], None] | None = None) -> None:
        self.failures = list(failures)
        self.before = before
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        await anyio.lowlevel.checkpoint()
        if self.before is not None:
            self.before()
        if self.failures:
            raise self.failures.pop(0)
        return "answered"


def away(dependency: Dependency = FILES, **fields: float) -> Unavailable:
    return Unavailable(dependency, "away", retry_after_s=fields.get("retry_after_s"))


# ---- backoff


@given(
    attempts=st.integers(2, 12),
    over_s=st.floats(0.1, 10_000),
    jitters=st.lists(st.floats(0, 1), min_size=11, max_size=11),
)
def test_the_last_attempt_comes_at_least_over_s_after_the_first_and_at_most_half_later(
    attempts: int, over_s: float, jitters: list[float]
) -> None:
    given_jitters = iter(jitters)
    backoff = Backoff(attempts, over_s, jitter=lambda: next(given_jitters))
    waits = [backoff.wait_s(failed) for failed in range(1, attempts)]

    assert sum(waits) >= over_s * 0.999_999
    assert sum(waits) <= over_s * 1.500_001


def test_each_wait_is_about_twice_the_one_before_and_never_below_what_was_asked_for() -> None:
    backoff = Backoff(4, 7, jitter=lambda: 0.0)
    assert [backoff.wait_s(failed) for failed in (1, 2, 3)] == [1, 2, 4]
    assert [backoff.wait_s(failed, retry_after_s=3) for failed in (1, 2, 3)] == [3, 3, 4]


# ---- attempts


def others_answered(world: World) -> None:
    world.gates[FILES].answered(Asked("files", "another"))


async def test_attempts_that_ran_out_raise_the_last_failure_after_all_waits() -> None:
    world = World(failures=100)
    step = Step(*(away() for _ in range(5)), before=lambda: others_answered(world))
    with pytest.raises(Unavailable, match="away"):
        await world.patience.attempts(nullcontext)(step)

    assert step.calls == 5
    assert world.clock.slept == [1, 1, 2, 4], "the first failure proves nothing: others may fail as well"


async def test_an_attempt_that_is_answered_ends_it_and_those_that_counted_are_counted() -> None:
    world = World()
    attempts = world.patience.attempts(nullcontext)
    step = Step(away(retry_after_s=30), away(), before=lambda: others_answered(world))
    assert await attempts(step) == "answered"

    assert attempts.made == 2
    assert world.clock.slept == [30, 1]


async def test_what_others_were_answered_to_another_call_counts_for_nobody() -> None:
    """The metadata comes, and every download link fails: it is no attempt of any file."""
    world = World(failures=100)
    failures = [Unavailable(API, "down", asked=Asked("download", "c-1")) for _ in range(50)]
    step = Step(*failures, before=lambda: world.gates[API].answered(Asked("messages", "c-2")))
    attempts = world.patience.attempts(nullcontext)
    assert await attempts(step, API) == "answered"
    assert attempts.made == 1


async def test_what_the_same_conversation_was_answered_proves_nothing_about_it() -> None:
    world = World(failures=100)
    failures = [Unavailable(API, "down", asked=Asked("messages", "c-1")) for _ in range(50)]
    step = Step(*failures, before=lambda: world.gates[API].answered(Asked("messages", "c-1")))
    assert await world.patience.attempts(nullcontext)(step, API) == "answered"


async def test_a_gate_that_one_call_closed_is_opened_by_no_other_call() -> None:
    world = World(failures=1)
    gate = world.gates[API]
    gate.failed(Unavailable(API, "down", asked=Asked("messages", "c-1")))
    gate.answered(Asked("download", "c-2"))
    assert gate.closed
    gate.answered(Asked("messages", "c-2"))
    assert not gate.closed


async def test_throttling_waits_as_long_as_asked_and_counts_as_no_attempt() -> None:
    world = World()
    attempts = world.patience.attempts(nullcontext)
    step = Step(*(Throttled(API, "slow down", retry_after_s=5) for _ in range(20)))
    assert await attempts(step, API) == "answered"

    assert attempts.made == 1
    assert world.clock.slept == [5] * 20
    assert not world.gates.closed


async def test_not_yet_is_an_answer_of_the_dependency_and_counts() -> None:
    world = World()
    step = Step(*(NotYet(API, "not there yet") for _ in range(10)))
    with pytest.raises(NotYet):
        await world.patience.attempts(nullcontext)(step, API)

    assert step.calls == 4
    assert not world.gates.closed


def page(file: str = "f-1") -> Doubtful:
    settled = Settled("file", "not_the_store", "html")
    return Doubtful("a page", final=Reason.HTML_PAGE, asked=Asked("files", file), settled=settled)


def ill(code: str) -> Unavailable:
    return Unavailable(API, "ill", asked=Asked("download", "c-1"), settled=Settled("download", "not_genesys", code))


def all_others_answered(world: World) -> None:
    for gate, call in ((FILES, "files"), (API, "download")):
        world.gates[gate].answered(Asked(call, "another"))


@pytest.mark.parametrize("other", [ill("200"), away(API), NotYet(API, "no link")])
async def test_what_one_kind_of_answer_counted_is_never_finished_by_another(other: Failure) -> None:
    """The page is the file's own and comes for ever. What else was met on the way settles nothing."""
    world = World(failures=100)
    failures: list[Failure] = [page() for _ in range(4)]  # the first tells nothing, three count
    step = Step(*failures, other, other, *(page() for _ in range(9)), before=lambda: all_others_answered(world))
    with pytest.raises(Doubtful):
        await world.patience.attempts(nullcontext)(step)
    assert step.calls == 7


async def test_one_that_fails_in_turns_in_two_ways_ends_all_the_same() -> None:
    world = World(failures=100)
    gone = Doubtful("gone", final=Reason.NO_LONGER_AVAILABLE, asked=Asked("files", "f-1"))
    failures = [failure for _ in range(50) for failure in (page(), gone)]
    with pytest.raises(Doubtful):
        await world.patience.attempts(nullcontext)(Step(*failures, before=lambda: all_others_answered(world)))


async def test_one_whose_link_has_another_path_each_time_ends_all_the_same() -> None:
    world = World(failures=100)
    failures = [page(f"f-{number}") for number in range(50)]
    with pytest.raises(Doubtful):
        await world.patience.attempts(nullcontext)(Step(*failures, before=lambda: all_others_answered(world)))


async def test_the_patience_with_a_host_ends_by_what_it_said_for_all_of_it() -> None:
    """A host that was away for long and then shows a page, once, has not said that the page is the file."""
    world = World(failures=100)
    gone = [Unavailable(FILES, "away", host="files.example", asked=Asked("files.example", "f-1")) for _ in range(7)]
    html = Doubtful("a page", final=Reason.HTML_PAGE, host="files.example", asked=Asked("files.example", "f-1"))
    host = Asked("files.example", "another")
    step = Step(*gone, html, *gone, before=lambda: world.gates.heard.answered(host))
    with pytest.raises(Unavailable) as raised:
        await world.patience.attempts(nullcontext)(step)
    assert not isinstance(raised.value, Doubtful)


# ---- gates


async def test_an_outage_counts_for_nobody_and_all_wait_behind_one_gate() -> None:
    """Of five tasks none runs out of its four attempts, however long the dependency is away."""
    down = [True]
    probed = [0]

    async def probe() -> None:
        probed[0] += 1
        if probed[0] == 10:
            down[0] = False
        if down[0]:
            raise away()

    async def step() -> str:
        await anyio.lowlevel.checkpoint()
        if down[0]:
            raise away()
        return "answered"

    world = World(probes={FILES: probe})
    answers = []

    async def task() -> None:
        answers.append(await world.patience.attempts(nullcontext)(step, FILES))

    async with anyio.create_task_group() as group:
        group.start_soon(world.gates.run)
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(task)
        group.cancel_scope.cancel()

    assert answers == ["answered"] * 5
    assert [s for s in world.clock.slept if s > 2][:8] == [4, 8, 8, 8, 8, 8, 8, 8], "probes double up to the bound"
    assert world.recorder.of("gate_changed") == [(FILES, True, False), (FILES, False, False)]


async def test_a_gate_closes_after_failures_in_a_row_only() -> None:
    world = World(failures=3)
    gate = world.gates[FILES]
    for _ in range(5):
        gate.failed(away())
        gate.failed(away())
        gate.answered()
    assert world.gates.closed == []
    for _ in range(3):
        gate.failed(away())

    assert gate.closed_since == 0.0
    assert [g.dependency for g in world.gates.closed] == [FILES]


async def test_what_failed_before_the_probe_was_answered_closes_no_gate_again_and_what_did_not_does() -> None:
    world = World(failures=2)
    gate = world.gates[FILES]
    for number in (1, 2):
        gate.failed(away(), Asked("files", f"f-{number}"), work=f"w-{number}")
    gate.probed(None)
    assert (gate.closed, gate.still_failing) == (False, 0)
    for _ in range(10):
        gate.failed(away(), Asked("files", "f-1"), work="w-1")
    assert (gate.closed, gate.doubted, gate.still_failing) == (False, True, 1)
    gate.failed(away(), Asked("files", "f-3"), work="w-3")
    assert (gate.closed, gate.still_failing) == (False, 1), "one file that arrived broken is no outage"
    gate.failed(away(), Asked("files", "f-4"), work="w-4")
    assert gate.closed
    gate.left("w-1")
    assert (gate.closed, gate.still_failing) == (True, 0)


async def test_a_gate_that_closes_again_before_anything_was_answered_is_probed_as_seldom_as_before() -> None:
    async def probe() -> None:
        await anyio.lowlevel.checkpoint()

    world = World(failures=1, probes={FILES: probe})
    gate = world.gates[FILES]
    async with anyio.create_task_group() as group:
        group.start_soon(world.gates.run)
        for number in range(6):
            gate.failed(away(), Asked("files", f"f-{number}"), work=f"w-{number}")
            await gate.wait_open()
        gate.answered(Asked("files", "f-9"))
        gate.failed(away(), Asked("files", "f-7"), work="w-7")
        await gate.wait_open()
        group.cancel_scope.cancel()
    assert world.clock.slept == [1, 2, 4, 8, 8, 8, 1]


async def limited(world: World, others: Callable[[int], None], tries: int) -> tuple[str, int]:
    """What becomes of work that meets a limit so often. `others`: what happens before each of its tries."""
    calls = count()
    throttled = [Throttled(API, "slow down", asked=Asked("bulk", "c-1")) for _ in range(tries)]
    step = Step(*throttled, before=lambda: others(next(calls)))
    try:
        return await world.patience.attempts(nullcontext)(step), step.calls
    except Unavailable as failure:
        return type(failure).__name__, step.calls


async def test_what_alone_meets_a_limit_while_others_are_answered_is_given_up_after_its_attempts() -> None:
    world = World(attempts=4)
    heard = world.gates.heard
    told = await limited(world, lambda call: heard.answered(Asked("bulk", f"other {call}")), 1_000)
    assert told == ("Throttled", 5)
    assert sum(world.clock.slept) >= 7
    assert not world.gates.closed


@pytest.mark.parametrize("others", ["nobody else asks", "others are limited too", "only other calls are answered"])
async def test_a_limit_that_may_be_everybodys_counts_as_no_attempt_however_long_it_lasts(others: str) -> None:
    world = World(attempts=4)
    heard = world.gates.heard

    def happens(call: int) -> None:
        if others == "others are limited too":
            heard.answered(Asked("bulk", f"other {call}"))
            heard.limited(Asked("bulk", f"another {call}"))
        elif others == "only other calls are answered":
            heard.answered(Asked("conversation", f"other {call}"))

    assert await limited(world, happens, 50) == ("answered", 51)
    assert min(world.clock.slept[4:]) >= 4, "and it is asked for no hotter than the backoff"


async def test_the_gate_of_one_dependency_stops_no_other() -> None:
    world = World()
    for _ in range(3):
        world.gates[FILES].failed(away())

    assert await world.patience.attempts(nullcontext)(Step(), API) == "answered"


async def test_refused_closes_at_once_and_is_waited_out_behind_its_own_gate() -> None:
    """The call was to the API; what is wrong is the login."""
    world = World()
    step = Step(Refused(LOGIN, "the client id is unknown"))
    attempts = world.patience.attempts(nullcontext)
    async with anyio.create_task_group() as group:
        group.start_soon(attempts, step, API)
        await anyio.wait_all_tasks_blocked()
        gate = world.gates[LOGIN]
        assert (gate.closed, gate.refused, gate.detail) == (True, True, "the client id is unknown")
        assert not world.gates[API].closed
        assert step.calls == 1
        gate.answered()

    assert step.calls == 2
    assert attempts.made == 1


async def test_who_comes_while_a_gate_is_closed_does_not_even_try() -> None:
    world = World()
    for _ in range(3):
        world.gates[API].failed(away(API))
    step = Step()
    async with anyio.create_task_group() as group:
        group.start_soon(world.patience.attempts(nullcontext), step, API)
        await anyio.wait_all_tasks_blocked()
        assert step.calls == 0
        world.gates[API].answered()

    assert step.calls == 1


# ---- hosts outside the region


async def test_a_host_outside_the_region_gets_patience_by_the_clock_and_closes_no_gate() -> None:
    world = World(attempts=3)
    step = Step(*(Unavailable(FILES, "away", host="files.example") for _ in range(1_000)))
    with pytest.raises(Unavailable):
        await world.patience.attempts(nullcontext)(step)

    assert sum(world.clock.slept) == pytest.approx(20, abs=0.02)
    assert not world.gates.closed


# ---- what only waits may be cancelled


async def test_every_wait_is_resting_and_no_call_is() -> None:
    resting = [0]
    seen: list[tuple[str, int]] = []

    @contextmanager
    def rest() -> Iterator[None]:
        resting[0] += 1
        try:
            yield
        finally:
            resting[0] -= 1

    world = World()

    async def sleep(seconds: float) -> None:
        seen.append(("wait", resting[0]))
        await anyio.lowlevel.checkpoint()

    failures = [away(), Throttled(FILES, "slow down"), Unavailable(FILES, "away", host="files.example")]

    async def step() -> None:
        seen.append(("call", resting[0]))
        if failures:
            raise failures.pop(0)

    patience = replace(world.patience, sleep=sleep, clock=lambda: 0.0)
    await Attempts(patience, rest)(step)

    assert seen == [("call", 0), ("wait", 1)] * 3 + [("call", 0)]

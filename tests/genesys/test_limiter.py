"""The pace of calls, without a clock; and that calls wait for it."""

from dataclasses import dataclass, field

import anyio
import anyio.lowlevel
from hypothesis import example, given
from hypothesis import strategies as st

from consumer.genesys.holds import TRY_S, RateLimit
from consumer.genesys.limiter import Begun, Limiter
from consumer.genesys.pace import Pace
from tests.reports import Recorder


@dataclass
class Window:
    """An API that counts the calls of each minute, of all who call it."""

    allowed: int
    began: float = 0.0
    count: int = 0
    refused: int = 0

    def call(self, now: float) -> dict[str, str]:
        while now >= self.began + 60:
            self.began, self.count = self.began + 60, 0
        self.count += 1
        self.refused += self.count > self.allowed
        reset = int(self.began + 60 - now) + 1
        return {
            "inin-ratelimit-count": str(self.count),
            "inin-ratelimit-allowed": str(self.allowed),
            "inin-ratelimit-reset": str(reset),
        }


@dataclass
class Caller:
    """A process with always something to ask; each call takes `latency` seconds."""

    pace: Pace
    latency: float = 0.2
    begun: list[float] = field(default_factory=list)
    answers: list[tuple[float, dict[str, str]]] = field(default_factory=list)

    def step(self, now: float, window: Window) -> None:
        while self.answers and self.answers[0][0] <= now:
            self.pace.answered(now, self.answers.pop(0)[1])
        while self.pace.take(now) == 0.0:
            self.begun.append(now)
            self.answers.append((now + self.latency, window.call(now)))


def run(callers: list[Caller], window: Window, seconds: int) -> None:
    for tick in range(seconds * 20):
        for caller in callers:
            caller.step(tick / 20, window)


def most_in_a_minute(times: list[float]) -> int:
    return max(sum(begin <= t < begin + 60 for t in times) for begin in times)


def test_a_backlog_uses_most_of_the_allowance_and_never_more_than_nine_tenths_in_any_minute() -> None:
    caller, window = Caller(Pace(300, 0.0)), Window(300)
    run([caller], window, 300)
    assert window.refused == 0
    assert most_in_a_minute(caller.begun) <= 271
    assert len(caller.begun) >= 0.79 * 300 * 5


def test_the_api_says_what_is_allowed() -> None:
    caller, window = Caller(Pace(300, 0.0)), Window(180)
    run([caller], window, 180)
    assert window.refused == 0
    assert most_in_a_minute(caller.begun[40:]) <= 0.91 * 180


def test_a_larger_allowance_is_used() -> None:
    caller, window = Caller(Pace(300, 0.0)), Window(3_000)
    run([caller], window, 120)
    assert len(caller.begun) > 0.75 * 3_000 * 2 * 0.95


def test_two_processes_share_one_allowance() -> None:
    callers, window = [Caller(Pace(300, 0.0)), Caller(Pace(300, 0.0))], Window(300)
    run(callers, window, 600)
    total = sum(len(caller.begun) for caller in callers)
    assert window.refused <= total / 100
    assert total >= 0.85 * 300 * 10


def test_others_who_use_all_of_it_leave_nothing_to_us() -> None:
    pace = Pace(300, 0.0)
    assert pace.take(0.0) == 0.0
    pace.answered(0.1, {"inin-ratelimit-count": "290", "inin-ratelimit-allowed": "300", "inin-ratelimit-reset": "42"})
    assert pace.take(0.1) == 42.0
    assert pace.take(42.1) == 0.0


def test_an_answer_that_comes_late_does_not_count_in_the_new_window() -> None:
    pace = Pace(300, 0.0)
    assert pace.take(0.0) == pace.take(0.0) == 0.0
    pace.answered(5.0, {"inin-ratelimit-count": "1", "inin-ratelimit-allowed": "300", "inin-ratelimit-reset": "60"})
    pace.answered(5.0, {"inin-ratelimit-count": "299", "inin-ratelimit-allowed": "300", "inin-ratelimit-reset": "1"})
    assert pace.take(5.0) == 0.0


@given(
    st.dictionaries(
        st.sampled_from(["inin-ratelimit-count", "inin-ratelimit-allowed", "inin-ratelimit-reset"]),
        st.text(max_size=9) | st.integers(-5, 10**9).map(str),
    )
)
@example({"inin-ratelimit-count": "1", "inin-ratelimit-allowed": "1", "inin-ratelimit-reset": "9999999"})
def test_wrong_headers_never_stop_the_calls_for_long(headers: dict[str, str]) -> None:
    pace = Pace(300, 0.0)
    assert pace.take(0.0) == 0.0
    pace.answered(0.0, headers)
    now = 0.0
    for _ in range(10):
        now += (wait := pace.take(now))
        if wait == 0.0:
            break
    assert pace.take(now) == 0.0 or now <= 300


async def test_calls_get_their_turn_in_the_order_in_which_they_asked() -> None:
    now: list[float] = [0.0]
    recorder = Recorder()
    turns: list[int] = []

    async def sleep(seconds: float) -> None:
        now[0] += seconds
        await anyio.lowlevel.checkpoint()

    limiter = Limiter(60, now=lambda: now[0], sleep=sleep, reports=recorder)

    async def ask(number: int) -> None:
        await limiter.turn("conversation", "c-1")
        turns.append(number)

    async with anyio.create_task_group() as tg:
        for number in range(10):
            tg.start_soon(ask, number)
    assert turns == list(range(10))
    assert sum(recorder.of("waited_for_the_limit")) == now[0] > 0


async def test_a_call_for_another_conversation_is_next_however_many_one_has_waiting() -> None:
    now: list[float] = [0.0]
    turns: list[str] = []

    async def sleep(seconds: float) -> None:
        now[0] += seconds
        await anyio.lowlevel.checkpoint()

    limiter = Limiter(60, now=lambda: now[0], sleep=sleep, reports=Recorder())

    async def ask(conversation: str) -> None:
        begun = await limiter.turn("conversation", conversation)
        turns.append(conversation)
        limiter.lost(begun)

    async with anyio.create_task_group() as tg:
        for _ in range(40):
            tg.start_soon(ask, "flood")
        while len(turns) < 20:
            await anyio.lowlevel.checkpoint()
        for _ in range(3):
            tg.start_soon(ask, "other")
    assert turns[20:28].count("other") == 3  # who is new begins where the others stand, and goes by turns
    assert turns.count("flood") == 40


async def test_no_more_calls_than_that_are_under_way_at_once_and_each_end_lets_one_more_begin() -> None:
    limiter = Limiter(60_000, at_once=3, reports=Recorder())
    begun: list[Begun] = []

    async def ask() -> None:
        begun.append(await limiter.turn("conversation", "c-1"))

    async with anyio.create_task_group() as tg:
        for _ in range(6):
            tg.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        assert len(begun) == 3
        limiter.answered("conversation", begun[0], {}, good=True)
        await anyio.wait_all_tasks_blocked()
        assert len(begun) == 4
        limiter.lost(begun[1])
        limiter.lost(begun[2])
        await anyio.wait_all_tasks_blocked()
        assert len(begun) == 6


async def test_calls_that_a_limit_holds_take_no_place_from_others() -> None:
    now: list[float] = [0.0]

    async def sleep(seconds: float) -> None:
        await anyio.sleep_forever()

    limiter = Limiter(60_000, at_once=1, now=lambda: now[0], sleep=sleep, reports=Recorder())
    limiter.limited("download", RateLimit("conversations/x"), 3_600.0)
    now[0] = TRY_S  # a try of another name teaches whom the limit concerns
    limiter.answered("conversation", await limiter.turn("conversation", "c-1"), {}, good=True)

    async with anyio.create_task_group() as tg:
        for _ in range(3):
            tg.start_soon(limiter.turn, "download", "c-1")
        await anyio.wait_all_tasks_blocked()
        await limiter.turn("conversation", "c-1")
        tg.cancel_scope.cancel()


async def test_who_is_cancelled_while_waiting_leaves_the_place_to_others() -> None:
    now: list[float] = [0.0]

    async def sleep(seconds: float) -> None:
        await anyio.sleep_forever()

    limiter = Limiter(60, at_once=1, now=lambda: now[0], sleep=sleep, reports=Recorder())
    for _ in range(6):  # the burst
        limiter.lost(await limiter.turn("conversation", "c-1"))
    async with anyio.create_task_group() as tg:
        tg.start_soon(limiter.turn, "conversation", "c-1")
        await anyio.wait_all_tasks_blocked()
        tg.cancel_scope.cancel()
    now[0] = 60.0
    await limiter.turn("conversation", "c-1")

"""Gates and attempts by themselves: what closes, what opens, what counts, and that nothing waits for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field

import anyio
import anyio.lowlevel
import pytest

from consumer.attempts import RETRY_AFTER_MAX_S, Attempts, Backoff, Gates, Patience, Repeats
from consumer.errors import Failure, NotJudged, Refused, Unavailable
from consumer.http.clients import file_client
from consumer.http.urls import UrlRules
from consumer.model import DeadReason, Dependency
from consumer.service.file_host import ask_file_host
from consumer.settings.model import Settings
from tests.reports import Recorder

ATTEMPTS = 4
ROUNDS = 1_000  # of a loop that ends much earlier, or never would


@dataclass
class Scene:
    """A dependency whose probe and whose tasks are answered as `probe` and the steps say; nobody really sleeps."""

    probe: Callable[[], Awaitable[object]]
    failures: int = 5
    slept: list[float] = field(default_factory=list)
    recorder: Recorder = field(default_factory=Recorder)

    @property
    def changes(self) -> list[tuple[bool, bool]]:
        """Of each change of the gate: closed, refused."""
        return [(closed, refused) for _, closed, refused in self.recorder.of("gate_changed")]

    def __post_init__(self) -> None:
        self.gates = Gates(
            failures=self.failures,
            probe_s=1.0,
            probe_max_s=30.0,
            probes={Dependency.STORAGE: self.probe},
            sleep=self.sleep,
            reports=self.recorder,
        )
        self.gate = self.gates[Dependency.STORAGE]
        backoff = Backoff(ATTEMPTS, 60.0, jitter=lambda: 0.0)
        self.patience = Patience(self.gates, backoff, 60.0, Repeats(lambda: 1_000_000), self.recorder, self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        assert len(self.slept) < ROUNDS, "it goes round and round"
        await anyio.lowlevel.checkpoint()

    def attempts(self) -> Attempts:
        return self.patience.attempts(nullcontext)


@asynccontextmanager
async def running(scene: Scene) -> AsyncIterator[Scene]:
    async with anyio.create_task_group() as group:
        group.start_soon(scene.gates.run)
        with anyio.fail_after(20):
            yield scene
        group.cancel_scope.cancel()


async def answers() -> str:
    await anyio.lowlevel.checkpoint()
    return "here"


class Away:
    """Raises until it was asked so often."""

    def __init__(self, times: int, failure: Failure | None = None) -> None:
        self.left = times
        self.failure = failure or Unavailable(Dependency.STORAGE, "away")

    async def __call__(self) -> str:
        await anyio.lowlevel.checkpoint()
        self.left -= 1
        if self.left >= 0:
            raise self.failure
        return "here"


def ends(times: float) -> Callable[[], Awaitable[object]]:
    async def probe() -> object:
        nonlocal times
        times -= 1
        if times >= 0:
            raise Unavailable(Dependency.STORAGE, "away")
        return None

    return probe


async def test_an_outage_is_waited_out_however_long_it_lasts() -> None:
    """Fifty probes fail, and nobody's attempts run out."""
    async with running(Scene(ends(50))) as scene:
        results: list[str] = []
        down = Away(12)

        async def work() -> None:
            results.append(await scene.attempts()(down, Dependency.STORAGE))

        async with anyio.create_task_group() as group:
            for _ in range(12):
                group.start_soon(work)

        assert results == ["here"] * 12
        assert max(scene.slept) == 30.0, "the waits between probes double up to their bound"


async def test_a_probe_that_is_answered_in_an_outage_makes_no_dead_letters() -> None:
    """The file host's front answers, and each file behind it fails: nobody is answered, so nothing counts."""
    async with running(Scene(answers)) as scene:
        down = Away(300)
        done = 0

        async def work() -> None:
            nonlocal done
            await scene.attempts()(down, Dependency.STORAGE)
            done += 1

        async with anyio.create_task_group() as group:
            for _ in range(100):
                group.start_soon(work)

        assert done == 100


@pytest.mark.parametrize("failures", [1, 5])
@pytest.mark.parametrize(
    "poison", [Unavailable(Dependency.STORAGE, "500"), Refused(Dependency.STORAGE, "not this one")]
)
async def test_what_fails_alone_ends_and_leaves_the_gate_open(failures: int, poison: Failure) -> None:
    """Others are answered, and so is the probe."""
    async with running(Scene(answers, failures)) as scene:

        async def fails() -> None:
            with suppress(Unavailable):
                await scene.attempts()(Away(10**6, poison), Dependency.STORAGE)
            poisoned.cancel_scope.cancel()

        async with anyio.create_task_group() as poisoned:
            for _ in range(3):
                poisoned.start_soon(fails)
            while True:
                await scene.attempts()(answers, Dependency.STORAGE)
                await anyio.lowlevel.checkpoint()

        await scene.gate.wait_open()
        assert not scene.gate.closed
        assert len(scene.slept) < 60


async def test_many_that_fail_end_together_not_one_after_the_other() -> None:
    """A hundred tasks of one broken conversation: as many rounds as attempts, and a few more."""
    async with running(Scene(answers)) as scene:
        ended = 0

        async def fails() -> None:
            nonlocal ended
            with suppress(Unavailable):
                await scene.attempts()(Away(10**6), Dependency.STORAGE)
            ended += 1

        async def goes_on() -> None:
            while ended < 100:
                await scene.attempts()(answers, Dependency.STORAGE)
                await anyio.lowlevel.checkpoint()

        async with anyio.create_task_group() as group:
            group.start_soon(goes_on)
            for _ in range(100):
                group.start_soon(fails)
        closings = sum(closed for closed, _ in scene.changes)
        assert closings <= 3 * ATTEMPTS


async def test_between_two_failures_of_the_same_work_a_gate_stays_open_long_enough_for_others() -> None:
    """Nobody else is in flight: new tasks must get their chance, or one that is refused would stop the intake."""
    async with running(Scene(answers, failures=1)) as scene:
        assert await scene.attempts()(Away(4), Dependency.STORAGE) == "here"
        rests = [seconds for seconds in scene.slept if seconds not in (1.0, 2.0, 4.0, 8.0)]  # of probes
        assert rests == [scene.patience.backoff.wait_s(failed) for failed in (1, 2, 3)]


async def test_what_fails_with_nobody_else_there_ends_by_the_answers_of_its_own_probe() -> None:
    async with running(Scene(answers)) as scene:
        attempts = scene.attempts()
        with pytest.raises(Unavailable):
            await attempts(Away(10**6), Dependency.STORAGE)
        assert attempts.made == ATTEMPTS


async def test_two_that_fail_prove_nothing_to_each_other() -> None:
    """Behind a front that answers all may be down: only what is answered for somebody else counts."""
    async with running(Scene(answers)) as scene:
        async with anyio.create_task_group() as group:
            for _ in range(2):
                group.start_soon(scene.attempts(), Away(40), Dependency.STORAGE)
        assert len(scene.slept) >= 40


async def test_who_is_refused_alone_gets_a_dead_letters_failure() -> None:
    async with running(Scene(answers)) as scene:
        attempts = scene.attempts()

        async def refused_alone() -> str:
            scene.gate.answered()  # somebody else, meanwhile
            raise Refused(Dependency.STORAGE, "not this one")

        with pytest.raises(Unavailable) as caught:
            await attempts(refused_alone, Dependency.STORAGE)
        assert caught.value.detail == "not this one"
        assert attempts.made == ATTEMPTS


async def test_what_refuses_everybody_is_waited_out() -> None:
    probe = Away(30, Refused(Dependency.STORAGE, "no"))
    async with running(Scene(probe)) as scene:
        assert await scene.attempts()(Away(2, Refused(Dependency.STORAGE, "no")), Dependency.STORAGE) == "here"


async def test_an_outage_that_turns_into_a_refusal_says_so_and_back() -> None:
    """What `/readyz` tells follows what the probe is told last."""
    scene = Scene(answers, failures=1)
    scene.gate.failed(Unavailable(Dependency.STORAGE, "away"))
    scene.gate.failed(Refused(Dependency.STORAGE, "no"))
    scene.gate.failed(Refused(Dependency.STORAGE, "no"))
    scene.gate.failed(Unavailable(Dependency.STORAGE, "away"))
    scene.gate.answered()
    assert scene.changes == [(True, False), (True, True), (True, False), (False, False)]


async def test_a_probe_that_fails_in_an_unforeseen_way_keeps_the_gate_closed_and_the_service_alive() -> None:
    """The API forbids even to ask whose token it is."""
    probe = Away(3, NotJudged(DeadReason.FORBIDDEN, "403"))
    async with running(Scene(probe, failures=1)) as scene:
        assert await scene.attempts()(Away(4), Dependency.STORAGE) == "here"
        assert probe.left < 0


async def test_a_probe_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumer.attempts.gates.PROBE_DEADLINE_S", 0.05)
    asked = 0

    async def hangs_once() -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            await anyio.sleep_forever()

    async with running(Scene(hangs_once, failures=1)) as scene:
        assert await scene.attempts()(Away(1), Dependency.STORAGE) == "here"
        assert asked == 2


async def test_no_host_makes_a_task_sleep_for_years() -> None:
    async with running(Scene(answers)) as scene:
        asks = Unavailable(Dependency.STORAGE, "503", retry_after_s=999_999_999.0)
        assert await scene.attempts()(Away(1, asks)) == "here"
        assert scene.slept == [RETRY_AFTER_MAX_S]


async def test_a_file_host_that_leads_to_a_private_address_is_away_for_its_probe_too() -> None:
    """Split-horizon DNS: anything else than a failure of ours would end the service at its start."""

    async def private(host: str, port: int) -> Sequence[str]:
        return ["10.0.0.7"]

    settings = Settings.of(
        {"kafka": {"bootstrap_servers": "127.0.0.1:1"}, "genesys": {"client_id": "c", "client_secret": "s"}}
    )
    async with file_client(UrlRules.of(settings.genesys.region), lookup=private) as files:
        with pytest.raises(Unavailable, match="not public"):
            await ask_file_host(files, f"https://api-downloads.{settings.genesys.region}")

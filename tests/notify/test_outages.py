"""What is waited out for ever, what a few times, and what is said of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import anyio.lowlevel
import pytest

from consumer.attempts import Gates
from consumer.errors import Failure, Malformed, NotJudged, NotYet, Refused, Throttled, Unavailable
from consumer.genesys.api import Missing
from consumer.model import DeadReason, Dependency
from consumer.notify.outages import Outages
from tests.reports import Recorder

ATTEMPTS, LONG = 4, 500
AWAY = Unavailable(Dependency.API, "away")
LOGIN_AWAY = Unavailable(Dependency.LOGIN, "away")
WRONG_SECRET = Refused(Dependency.LOGIN, "wrong secret")
NO_PERMISSION = Refused(Dependency.API, "no permission")


def answering(failures: Iterator[Failure]) -> Callable[[], Awaitable[str]]:
    """Raises them one after the other, and then answers."""

    async def step() -> str:
        await anyio.lowlevel.checkpoint()
        if (failure := next(failures, None)) is not None:
            raise failure
        return "here"

    return step


@dataclass
class Scene:
    slept: list[float] = field(default_factory=list)
    recorder: Recorder = field(default_factory=Recorder)

    @property
    def shown(self) -> list[tuple[Dependency, bool, bool]]:
        """Each change of a gate: whose it is, closed, refused."""
        return self.recorder.of("gate_changed")

    def outages(self, *probe: Failure) -> Outages:
        gates = Gates(
            failures=1,
            probe_s=1.0,
            probe_max_s=30.0,
            probes={},
            reports=self.recorder,
        )
        probed = answering(iter(probe))
        return Outages(gates, probed, attempts=ATTEMPTS, first_s=1.0, longest_s=30.0, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await anyio.lowlevel.checkpoint()


async def test_an_outage_is_waited_out_however_long_and_said_once() -> None:
    scene = Scene()
    assert await scene.outages(*[AWAY] * LONG)(answering(iter([AWAY] * LONG))) == "here"
    assert scene.slept[:7] == [1, 2, 4, 8, 16, 30, 30]
    assert scene.shown == [(Dependency.API, True, False), (Dependency.API, False, False)]


@pytest.mark.parametrize("refusal", [WRONG_SECRET, NO_PERMISSION])
async def test_a_refusal_is_waited_out_whatever_the_probe_says(refusal: Refused) -> None:
    scene = Scene()
    assert await scene.outages()(answering(iter([refusal] * LONG))) == "here"
    assert scene.shown == [(refusal.dependency, True, True), (refusal.dependency, False, False)]


async def test_what_fails_alone_gets_a_few_attempts_and_closes_nothing() -> None:
    scene, tried = Scene(), 0

    async def fails() -> None:
        nonlocal tried
        tried += 1
        raise AWAY

    with pytest.raises(Unavailable):
        await scene.outages()(fails)
    assert (tried, scene.shown) == (ATTEMPTS, [])


@pytest.mark.parametrize(
    "failure",
    [Missing(Dependency.API, "404"), NotJudged(DeadReason.FORBIDDEN, "403"), Malformed("no id")],
)
async def test_what_no_waiting_mends_is_raised_at_once(failure: Failure) -> None:
    scene = Scene()
    with pytest.raises(type(failure)):
        await scene.outages()(answering(iter([failure])))
    assert (scene.slept, scene.shown) == ([], [])


async def test_a_page_in_place_of_every_answer_is_an_outage() -> None:
    scene, page = Scene(), NotYet(Dependency.API, "no JSON")
    assert await scene.outages(*[page] * 9)(answering(iter([page] * 9))) == "here"
    assert scene.shown[0] == (Dependency.API, True, False)


async def test_a_probe_that_is_denied_is_no_answer_to_others() -> None:
    denied = NotJudged(DeadReason.FORBIDDEN, "403")
    assert await Scene().outages(*[denied] * 9)(answering(iter([AWAY] * 9))) == "here"


async def test_the_rate_limit_is_waited_for_as_long_as_it_says_and_closes_nothing() -> None:
    scene, limited = Scene(), Throttled(Dependency.API, "slower", retry_after_s=17)
    assert await scene.outages()(answering(iter([limited] * 9))) == "here"
    assert (min(scene.slept), scene.shown) == (17, [])


async def test_it_says_what_it_waits_for_now() -> None:
    scene = Scene()
    assert await scene.outages(AWAY, LOGIN_AWAY)(answering(iter([AWAY, AWAY, WRONG_SECRET]))) == "here"
    assert scene.shown == [
        (Dependency.API, True, False),
        (Dependency.API, False, False),
        (Dependency.LOGIN, True, False),
        (Dependency.LOGIN, True, True),
        (Dependency.LOGIN, False, False),
    ]

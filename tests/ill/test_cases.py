"""Ill answers as they were met, word for word, from `cases/`: what the service does in and after each of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import anyio
import httpx
import orjson
import pytest

from consumer.model import Condition
from consumer.sandbox.emulator_faults import FAULTS
from tests.ill import clock
from tests.ill.cloud import FILES, Cloud, Ill, Reply, call_of, error, json
from tests.ill.scene import HOST_PATIENCE_S, Scene, event_of, playing

CASES = {
    path.stem: orjson.loads(path.read_bytes()) for path in sorted((Path(__file__).parent / "cases").glob("*.json"))
}
WELL_S, ILL_S = 60.0, 900.0  # longer than all attempts and all patience take
KINDS = {"1": "plain", "2": "plain", "3": "uploading", "4": "bare", "5": "details"}
WAITS = {
    "api-200-html": Condition.API_AWAY,
    "api-400-html": Condition.API_AWAY,
    "api-403-cloudfront": Condition.API_AWAY,
    "api-403-not-authorized": Condition.API_REFUSED,
    "login-200-html": Condition.LOGIN_AWAY,
    "login-400-rate-limit": Condition.LOGIN_AWAY,
}


def reply_of(name: str) -> Reply:
    case = CASES[name]
    is_text = isinstance(case["body"], str)
    headers = {"content-type": "text/html" if is_text else "application/json"} | case.get("headers", {})
    body = case["body"].encode() if is_text else orjson.dumps(case["body"])
    return Reply(case["status"], body, {key.lower(): value for key, value in headers.items()})


def ill_by(name: str) -> Ill:
    """In place of the calls that the case names."""
    on, reply, given = CASES[name]["on"], reply_of(name), [False]

    def ill(call: str) -> Reply | None:
        if on.startswith("POST {login}"):
            return reply if call == "token" else None
        if on.startswith("every /api/v2 call"):
            return None if call in ("token", "file", "front") else reply
        if on.startswith("GET /api/v2/downloads"):
            return reply if call == "download" else None
        assert on.endswith("messages/bulk, once"), on
        first, given[0] = call == "bulk" and not given[0], given[0] or call == "bulk"
        return reply if first else None

    return ill


async def play(cloud: Cloud, ill: Ill, lasts: Condition | None) -> Scene:
    """One event while all is well, the others in front of the ill answers. `lasts` is what must be said meanwhile."""
    async with playing(cloud) as scene, asyncio.TaskGroup() as group:
        await scene.take(group, event_of("1", KINDS["1"]))
        await anyio.sleep(WELL_S)
        cloud.ill = ill
        cloud.tokens.clear()  # so that the login is asked as well
        others = group.create_task(_take_others(scene, group))
        await anyio.sleep(ILL_S)
        if lasts is not None:
            assert [held.condition for held in scene.conditions.held] == [lasts]
            assert [number for number, _ in scene.answers] == ["1"], "nothing is answered while it lasts"
        cloud.ill = lambda call: None
        await others
    return scene


async def _take_others(scene: Scene, group: asyncio.TaskGroup) -> None:
    for number, kind in list(KINDS.items())[1:]:
        await scene.take(group, event_of(number, kind))


def all_accepted(scene: Scene) -> bool:
    return sorted(scene.answers) == [(number, "accepted") for number in KINDS]


def test_each_case_is_a_fault_of_the_emulator_and_has_its_test() -> None:
    assert {name: case["status"] for name, case in CASES.items()} == {name: FAULTS[name].status for name in CASES}
    alone = {"429-retry-after-3600", "login-no-expires_in", "resolve-amazonaws"}
    assert WAITS.keys() | alone == CASES.keys()


@pytest.mark.parametrize("name", WAITS)
def test_it_is_waited_out_and_said(name: str) -> None:
    scene = clock.run(lambda: play(Cloud(dict(KINDS)), ill_by(name), WAITS[name]))
    assert all_accepted(scene)


def test_a_rate_limit_of_the_login_does_not_blame_the_credentials() -> None:
    async def main() -> None:
        cloud = Cloud({"1": "plain"}, ill=ill_by("login-400-rate-limit"))
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            await scene.take(group, event_of("1", "plain"))
            await anyio.sleep(ILL_S)
            assert not scene.holds(Condition.LOGIN_REFUSED)
            assert "too many logins" in str(scene.conditions.held)
            cloud.ill = lambda call: None
        assert scene.answers == [("1", "accepted")]

    clock.run(main)


def test_a_permission_that_one_conversation_lacks_is_its_own_dead_letter() -> None:
    reply = reply_of("api-403-not-authorized")

    async def main() -> None:
        cloud = Cloud({"1": "plain", "2": "plain"})
        cloud.ill_of = {(call, "1"): reply for call in ("bulk", "message", "conversation", "download")}
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            for number in "12":
                await scene.take(group, event_of(number, "plain"))
        assert dict(scene.answers) == {"1": "dead forbidden", "2": "accepted"}

    clock.run(main)


def test_a_token_without_its_end_is_a_token() -> None:
    async def main() -> None:
        cloud = Cloud(dict(KINDS))
        cloud.tokens.add("tok")
        cloud.ill = ill_by("login-no-expires_in")
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            for number, kind in KINDS.items():
                await scene.take(group, event_of(number, kind))
                await anyio.sleep(600)
        assert all_accepted(scene)
        assert cloud.calls["token"] == 1, "it is used for 3,600 s"

    clock.run(main)


def test_an_hour_that_nobody_knows_is_told_and_tried() -> None:
    scene = clock.run(lambda: play(Cloud(dict(KINDS)), ill_by("429-retry-after-3600"), None))
    assert all_accepted(scene)
    assert not scene.holds(Condition.API_LIMITED)


def test_files_behind_a_host_that_is_not_allowed_are_letters_to_replay_and_no_verdicts() -> None:
    async def main() -> None:
        cloud = Cloud({"1": "plain"}, ill=ill_by("resolve-amazonaws"))
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            await scene.take(group, event_of("1", "plain"))
            await anyio.sleep(1)
            assert scene.holds(Condition.HOST_NOT_ALLOWED)
            await anyio.sleep(HOST_PATIENCE_S - 60)
            assert not scene.answers
        assert scene.answers == [("1", "dead host_unavailable")]
        assert cloud.calls["file"] == 0, f"nothing but {FILES} is asked"

    clock.run(main)


def test_credentials_that_became_another_organisation_s_make_nothing_unknown() -> None:
    class Rotated(Cloud):
        other = False

        async def answer(self, request: httpx.Request) -> Reply:
            call = call_of(request)
            if not self.other or call in ("token", "file", "front"):
                return await super().answer(request)
            return json({"organization": {"id": "org-2"}}) if call == "tokens_me" else error(404, "not.found")

    async def main() -> None:
        cloud = Rotated({"1": "plain", "2": "plain"})
        async with playing(cloud) as scene, asyncio.TaskGroup() as group:
            await scene.judge.organization.probe([])  # type: ignore[attr-defined] # as at the start
            await scene.judged(event_of("1", "plain"))
            await anyio.sleep(500)
            cloud.other = True
            cloud.tokens.clear()
            await scene.take(group, event_of("2", "plain"))
            await anyio.sleep(1_000)
            assert scene.holds(Condition.API_REFUSED)
            cloud.other = False
            cloud.tokens.clear()
        assert scene.answers == [("1", "accepted"), ("2", "accepted")]

    clock.run(main)
